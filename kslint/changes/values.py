"""Values as they are shown: what they are, and what made them so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import Value
from kslint.source.nodes import Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import JsonValue, Node, Origin, Span

HIDDEN = "(not shown)"
_SECRET = ("data", "stringData")


def value_of(node: Node | None, kind: str, path: str) -> Value | None:
    """A value and where it comes from. What a Secret holds is not shown."""
    if node is None:
        return None
    hidden = kind == "Secret" and path.partition(".")[0].partition("[")[0] in _SECRET
    value: JsonValue = HIDDEN if hidden else node.plain()
    origin = _origin(node)
    if origin is None:
        return Value(value, span=_place(node))
    root = origin.root
    return Value(value, root.text, reference_of(origin), root.span or origin.span)


def reference_of(origin: Origin) -> str:
    """The upstream source that says why: that of the last cause which has one."""
    found = origin.reference
    while origin.cause is not None:
        origin = origin.cause
        found = origin.reference or found
    return found


def _origin(node: Node) -> Origin | None:
    """The origin of a value; of a block that of its first value."""
    if node.origin is not None or isinstance(node, Scalar):
        return node.origin
    leaves = [each for each in walk(node) if isinstance(each, Scalar)]
    return leaves[0].origin if leaves and _place(node) is None else None


def _place(node: Node) -> Span | None:
    return next((each.place for each in walk(node) if each.place is not None), None)


def places(node: Node) -> Iterator[tuple[Span | None, str]]:
    """The values that stand in a tree, each with its place as `value_of` tells it."""
    for each in walk(node):
        if isinstance(each, Scalar):
            yield _place(each), each.text
