"""Copy-on-write edits of node trees that kustomize needs; what is not touched is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kslint.source.nodes import Node


def put(root: Node | None, path: tuple[str, ...], value: Node) -> Map:
    """`root` with `value` at a path of keys. Whatever is no mapping on the way becomes one."""
    base = root if isinstance(root, Map) else Map({})
    child = put(base.get(path[0]), path[1:], value) if len(path) > 1 else value
    return base.with_entries({**base.entries, path[0]: child})


def rewrite(node: Node, path: tuple[str, ...], change: Callable[[Node], Node]) -> Node:
    """`node` with `change` applied to every value at a path; lists are gone through.

    A path that leads nowhere changes nothing.
    """
    if isinstance(node, Seq):
        children = [rewrite(child, path, change) for child in node.children]
        same = all(a is b for a, b in zip(children, node.children, strict=True))
        return node if same else node.with_children(children)
    if not path:
        return change(node)
    child = node.get(path[0])
    if child is None or not isinstance(node, Map):
        return node
    changed = rewrite(child, path[1:], change)
    return node if changed is child else node.with_entries({**node.entries, path[0]: changed})


def restated(text: str, like: Node) -> Scalar:
    """A string at the place of another value."""
    scalar = Scalar(text, False, None, like.source, like.start, like.end)
    scalar.key = like.key
    return scalar


def listing(node: Node | None, field: str) -> Sequence[Node]:
    """The elements of a list field; none if there is no such list."""
    child = None if node is None else node.get(field)
    return [] if child is None else child.elements()
