"""The way from a document's root to a value, such as `spec.containers[0].name`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Union

from kslint.source.nodes import Deferred, Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node


class _Step(NamedTuple):
    """A key or an index, and the way to what holds it."""

    above: _Step | None
    name: str | int


_Way = Union[_Step, None]


class Paths:
    """Every path of one tree, found once: a tree may have as many findings as values.

    Two nodes at the same place count as the same one: an effective tree shares the written
    nodes, but may have copied them. What stands inside a text (the JSON in a ConfigMap) has the
    path of the text.
    """

    def __init__(self, root: Node) -> None:
        self._root = root  # nodes are known by identity, so the tree must stay
        self._by_node: dict[int, _Way] = {}
        self._by_place: dict[object, _Way] = {}
        self._blocks: list[tuple[Scalar, _Way]] = []
        self._texts: dict[int, list[tuple[Scalar, _Way]]] = {}
        self._index()

    def to(self, target: Node) -> str | None:
        """The path to the very node `target`, "" for the root; None if it is not in the tree."""
        place = (target.source, target.start, target.end)
        if id(target) in self._by_node:
            return _joined(self._by_node[id(target)])
        if target.start is not None and place in self._by_place:
            return _joined(self._by_place[place])
        if target.start is None:
            return None
        around = (*self._texts.get(target.start.line, ()), *self._blocks)
        return next((_joined(way) for text, way in around if _holds(text, target)), None)

    def _index(self) -> None:
        """Note the first way to each node, in the file's order; shared parts once."""
        shared: set[int] = set()
        stack: list[tuple[Node, _Way]] = [(self._root, None)]
        while stack:
            node, way = stack.pop()
            self._by_node.setdefault(id(node), way)
            if node.start is not None:
                self._by_place.setdefault((node.source, node.start, node.end), way)
            if isinstance(node, Scalar):
                self._note_text(node, way)
                continue
            if isinstance(node, Deferred):  # nothing in it was looked at
                continue
            content = _content(node)
            if content not in shared:
                shared.add(content)
                stack.extend(reversed([(child, _Step(way, step)) for step, child in _below(node)]))

    def _note_text(self, text: Scalar, way: _Way) -> None:
        """Texts on one line by that line, for there may be many."""
        if text.start is None or text.end is None:
            return
        same = text.start.line == text.end.line
        held = self._texts.setdefault(text.start.line, []) if same else self._blocks
        held.append((text, way))


def path_to(root: Node, target: Node) -> str | None:
    """The path from `root` to a node of its tree; see `Paths`."""
    return Paths(root).to(target)


def _content(node: Node) -> int:
    """What aliases of a mapping or a list have in common."""
    if isinstance(node, Map):
        return id(node.entries)
    return id(node.children) if isinstance(node, Seq) else id(node)


def _below(node: Node) -> Iterator[tuple[str | int, Node]]:
    yield from node.items()
    yield from enumerate(node.elements())


def _joined(way: _Way) -> str:
    steps: list[str] = []
    while way is not None:
        steps.append(_step(way.name))
        way = way.above
    return "".join(reversed(steps)).removeprefix(".")


def _step(name: str | int) -> str:
    if isinstance(name, int):
        return f"[{name}]"
    is_plain = name.isidentifier() or name.replace("-", "").isalnum()
    return f".{name}" if is_plain else f'["{name}"]'


def _holds(text: Scalar, target: Node) -> bool:
    """Does a node lie between the marks of a text?"""
    if target.source is None or text.source is not target.source:
        return False
    marks = (text.start, target.start, target.end, text.end)
    places = [(mark.line, mark.column) for mark in marks if mark is not None]
    return len(places) == len(marks) and places == sorted(places)
