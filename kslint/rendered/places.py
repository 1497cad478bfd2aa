"""Giving what helm printed the places where a user would change it: values, or template lines."""

from __future__ import annotations

import json
from bisect import bisect_left
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kslint.source.nodes import Map, Mark, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.rendered.templates import Call, Line, Path, Template
    from kslint.source.files import Source
    from kslint.source.nodes import Node

T = TypeVar("T")
MAX_LOOKS = 200_000
"""Lines and calls of a template that are looked at for one document."""


class _Below(NamedTuple):
    """What the nodes below one go by: the line of its key, or the call that brings them all.

    `steps` leads from what the call brings to the node.
    """

    line: int
    call: Call | None = None
    steps: tuple[str | int, ...] = ()


def settle(root: Node, template: Template, values: Map) -> None:
    """Place every node of a rendered document in its template, or at the value it was taken from.

    What no line tells of stands where what is around it does.
    """
    _Placing(template, values).document(root)


class _Placing:
    def __init__(self, template: Template, values: Map) -> None:
        self._template = template
        self._values = values
        self._at = 0
        """The line, from 0, of what was placed last: what follows mostly stands below it."""
        self._looks = MAX_LOOKS
        self._numbers: dict[Path, dict[str, int]] = {}
        """Of the lists in the values: the first item of each kind, by what it holds."""

    def document(self, root: Node) -> None:
        first = min(
            (one.number for found in self._template.lines.values() for one in found), default=0
        )
        _put(root, self._template.source, first, (0, 0), (0, 0))
        self._below(root, (), _Below(first))

    def _below(self, node: Node, path: Path, around: _Below) -> None:
        if isinstance(node, Map):
            for name, child in node.entries.items():
                self._node(child, (*path, name), name, around)
        for number, child in enumerate(node.elements()):
            self._node(child, path, number, around)

    def _node(self, node: Node, path: Path, step: str | int, around: _Below) -> None:
        if around.call is not None:
            self._called(node, path, around._replace(steps=(*around.steps, step)))
        elif isinstance(step, int) and (item := self._item(path, node)) is not None:
            self._called(node, path, _Below(item[0].number, *item))
        elif isinstance(step, int) and not isinstance(node, Scalar):  # its keys have lines
            self._at_line(node, around.line)
            self._below(node, path, around)
        elif isinstance(step, str) and (line := self._line(path, node)) is not None:
            self._at = line.number
            _put(node, self._template.source, line.number, line.key, line.value)
            self._taken(node, line.values, ())
            whole = isinstance(node, (Map, Seq)) and len(line.pieces) > 1
            self._below(node, path, _Below(line.number, _call_of(line) if whole else None))
        else:
            parent = path[:-1] if isinstance(step, str) else path
            call_there = self._call(parent, around.line, step, node)
            if call_there is None:
                self._at_line(node, around.line)
                self._below(node, path, around)
            else:
                self._called(node, path, _Below(call_there.number, call_there, (step,)))

    def _called(self, node: Node, path: Path, around: _Below) -> None:
        assert around.call is not None
        _put(node, self._template.source, around.line, around.call.span, around.call.span)
        self._taken(node, around.call.values, around.steps)
        self._below(node, path, around)

    def _line(self, path: Path, node: Node) -> Line | None:
        """The template's line for a key: one behind what was placed last, if there is one."""
        text = node.text if isinstance(node, Scalar) else None
        lines = self._template.lines.get(path, [])
        behind = bisect_left(lines, self._at, key=lambda line: line.number)
        around = chain(range(behind, len(lines)), range(behind))
        return next((lines[at] for at in self._looked(around) if lines[at].may_be(text)), None)

    def _looked(self, things: Iterable[T]) -> Iterator[T]:
        """Things to look at, as long as a document is worth the time."""
        for thing in things:
            self._looks -= 1
            if self._looks < 0:
                return
            yield thing

    def _call(self, parent: Path, line: int, step: str | int, node: Node) -> Call | None:
        """The call that brings a node: the one whose values hold it, else one that has none."""
        holding = self._holding(parent, step, node)
        if holding is not None:
            return holding
        calls = self._looked(self._template.calls.get(parent, ()))
        behind = [call for call in calls if call.number >= line]
        return next((one for one in behind if not one.values), behind[0] if behind else None)

    def _holding(self, parent: Path, step: str | int, node: Node) -> Call | None:
        calls = self._looked(self._template.calls.get(parent, ()))
        return next((c for c in calls if self._value(node, c.values, (step,)) is not None), None)

    def _item(self, parent: Path, node: Node) -> tuple[Call, tuple[int]] | None:
        """The call that brings an item of a list, and where that stands in its own list."""
        for call in self._looked(self._template.calls.get(parent, ())):
            for path in call.values:
                number = self._numbered(path).get(_held(node))
                if number is not None and self._value(node, (path,), (number,)) is not None:
                    return call, (number,)
        return None

    def _numbered(self, path: Path) -> dict[str, int]:
        if path not in self._numbers:
            items = enumerate(self._values.listed(*path))
            found = [(_held(item), number) for number, item in items if item.place is not None]
            self._numbers[path] = dict(reversed(found))
        return self._numbers[path]

    def _at_line(self, node: Node, line: int) -> None:
        text = self._template.source.line(line + 1)
        span = (len(text) - len(text.lstrip()), len(text.rstrip()))
        _put(node, self._template.source, line, span, span)

    def _taken(self, node: Node, paths: tuple[Path, ...], steps: tuple[str | int, ...]) -> None:
        """Move a node to the value that it is, if it is one."""
        value = self._value(node, paths, steps)
        if value is not None:
            node.source, node.start, node.end = value.source, value.start, value.end
            node.key = value.key or node.key

    def _value(
        self, node: Node, paths: tuple[Path, ...], steps: tuple[str | int, ...]
    ) -> Node | None:
        for path in paths:
            value = self._values.at(*path, *steps)
            if value is not None and value.place is not None and _are_equal(value, node):
                return value
        return None


def _call_of(line: Line) -> Call:
    from kslint.rendered.templates import Call

    return Call(line.number, line.key, line.values)


def _held(node: Node) -> str:
    """The same text for nodes that hold the same."""
    if isinstance(node, Scalar):
        return f"={node.text}"
    return json.dumps(node.plain(), sort_keys=True, default=str)


def _are_equal(value: Node, node: Node) -> bool:
    if isinstance(value, Scalar) and isinstance(node, Scalar):
        return value.text == node.text
    return type(value) is type(node) and value.plain() == node.plain()


def _put(
    node: Node, source: Source, line: int, key: tuple[int, int], value: tuple[int, int]
) -> None:
    node.source, node.start, node.end = source, Mark(line, value[0]), Mark(line, value[1])
    if node.key is not None:
        own = node.key.moved(None)
        own.source, own.start, own.end = source, Mark(line, key[0]), Mark(line, key[1])
        node.key = own


def documents_at(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The `# Source:` lines of what helm prints: the line, from 0, and the template's path."""
    for number, text in enumerate(lines):
        if text.startswith("# Source: "):
            yield number, text.removeprefix("# Source: ").strip()
