"""Where a written value ends up in what KServe creates: the way back from objects to files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve.rendering import created
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.source.nodes import Node, Span

MAX_SERVICES = 200
"""More are not gone through to answer one hover."""
_WHOLE = "resources"
"""The block that is shown as a whole for any value in it: requests and limits explain another."""


class Use(NamedTuple):
    """A value of an object that KServe creates. `shown` is it, or the block it is shown in."""

    kind: str
    name: str
    path: str
    shown: Node


def uses(services: Iterable[InferenceService]) -> dict[str, list[tuple[Span, Use]]]:
    """Every place that has a say in a value, by file, with the value."""
    found: dict[str, list[tuple[Span, Use]]] = {}
    for service, _ in zip(services, range(MAX_SERVICES), strict=False):
        for body in created(service):
            kind, name = body.string("kind") or "", body.string("metadata", "name") or ""
            for path, node, block in _values(body, "", None):
                shown = (
                    Use(kind, name, block[0], block[1]) if block else Use(kind, name, path, node)
                )
                for span in _places(node):
                    found.setdefault(span.file, []).append((span, shown))
    return found


def _values(
    node: Node, path: str, block: tuple[str, Node] | None
) -> Iterator[tuple[str, Node, tuple[str, Node] | None]]:
    """Every value with its path, and the block of which it is shown as a part."""
    yield path, node, block
    for name, child in node.items():
        below = f"{path}.{name}" if path else name
        yield from _values(child, below, (below, child) if name == _WHOLE else block)
    for index, child in enumerate(node.elements()):
        yield from _values(child, f"{path}[{index}]", block)


def _places(node: Node) -> Iterator[Span]:
    """The key and the text of a written value, and what its origin points at. One line each."""
    places = [node.key.span] if node.key is not None else []
    if isinstance(node, Scalar):
        places.append(node.span)
    origin = node.origin
    while origin is not None:
        places.append(origin.span)
        origin = origin.cause
    yield from {place for place in places if place is not None and place.line == place.end_line}


def at(entries: Iterable[tuple[Span, Use]], line: int, column: int) -> list[Use]:
    """The uses of what stands at a place, each once."""
    found: dict[tuple[str, str, str], Use] = {}
    for span, use in entries:
        if span.line == line and span.column <= column <= span.end_column:
            found.setdefault(use[:3], use)
    return list(found.values())
