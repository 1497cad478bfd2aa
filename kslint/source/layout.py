"""How a written value lies in its file: its style, where its text ends, and its lines.

Lines and columns count from 0 here, as the marks of nodes do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.edits import Edit
from kslint.source.nodes import Map, Mark, Scalar, Seq, Span

if TYPE_CHECKING:
    from kslint.source.files import Source
    from kslint.source.nodes import Node

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
_ALIAS = re.compile(r"\s*:\s+(?:[&!]\S+\s+)*\*[^\s,\]}]+")


class UnfitError(Exception):
    """A change that the layout of the text does not allow without touching more than it should."""


class Layout:
    """The lines of one source, and where the values in it begin and end."""

    __slots__ = ("source",)

    def __init__(self, source: Source) -> None:
        self.source = source

    def line(self, number: int) -> str:
        return self.source.line(number + 1)

    def edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> Edit:
        """Text in the place of what stands between two marks."""
        span = Span(self.source.name, start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1)
        return Edit(span, text)

    def begin(self, node: Node) -> Mark:
        """Where a value begins behind its anchor and tag."""
        start = marked(node)[0]
        match = _PROPERTIES.match(self.line(start.line), start.column)
        assert match is not None
        if match.end() == len(self.line(start.line)) and match.end() > start.column:
            raise UnfitError("its text begins on another line than its anchor")
        return Mark(start.line, match.end())

    def has_tag(self, node: Node) -> bool:
        start = marked(node)[0]
        return "!" in self.line(start.line)[start.column : self.begin(node).column]

    def style(self, node: Node) -> str:
        """The character that begins a quoted, block or flow value; "" for plain and block ones."""
        begin = self.begin(node)
        sign = self.line(begin.line)[begin.column : begin.column + 1]
        if isinstance(node, Scalar):
            return sign if sign in ("'", '"', "|", ">") and not node.plain_style else ""
        return sign if sign in ("[", "{") else ""

    def end(self, node: Node) -> tuple[int, int]:
        """Where the text of a value ends; of a block value its last line, less what follows."""
        start, end = marked(node)
        if isinstance(node, Scalar):
            if self.style(node) in ("|", ">"):
                return self._end_of_block_scalar(start, end)
            return (end.line, end.column)
        if self.style(node):
            return (end.line, end.column)
        last = self.source.end_of_text((start.line, start.column), (end.line, end.column))
        # a comment as the last line of a block scalar is none
        return max([last, *(self.end_of(child) for child in own_children(node))])

    def end_of(self, child: Node) -> tuple[int, int]:
        """`end` of a value under a key or in a list, also where an alias stands for it."""
        if not is_aliased(child):
            return self.end(child)
        assert child.key is not None
        _, end = marked(child.key)
        match = _ALIAS.match(self.line(end.line), end.column)
        if match is None:
            raise UnfitError("an alias is not where it was looked for")
        return (end.line, match.end())

    def _end_of_block_scalar(self, start: Mark, end: Mark) -> tuple[int, int]:
        line = end.line if end.column else end.line - 1
        header = self.line(start.line)[start.column :].partition("#")[0]
        while line > start.line and "+" not in header and not self.line(line).strip():
            line -= 1
        return line, len(self.line(line))

    def dash(self, child: Node) -> int:
        """The column of the dash before an item of a block list."""
        start = marked(child)[0]
        before = self.line(start.line)[: start.column].rstrip()
        if not before.endswith("-"):
            raise UnfitError("the dash of a list item is not before it")
        return len(before) - 1

    def comments(self, first: int, last: int) -> bool:
        """Is a line among these a comment and nothing else?"""
        return any(self.line(number).lstrip().startswith("#") for number in range(first, last + 1))


def marked(node: Node) -> tuple[Mark, Mark]:
    """Where a node stands. Raises UnfitError for one that stands nowhere."""
    if node.source is None or node.start is None or node.end is None:
        raise UnfitError("the value stands in no file")
    start, end = node.start, node.end
    return Mark(start.line, start.column), Mark(end.line, end.column)


def key_of(node: Node) -> str:
    """The name of the key that a value stands under; "" for an item or a part of a text."""
    return "" if node.key is None else node.key.text


def same_place(a: Node, b: Node) -> bool:
    """Are two nodes one written value? An effective tree may hold copies, and rewritten ones."""
    if type(a) is not type(b) or a.source is not b.source or a.start is None or b.start is None:
        return False
    if a.start.line != b.start.line or marked(a) != marked(b):
        return False
    return not isinstance(a, Scalar) or (isinstance(b, Scalar) and a.literal == b.literal)


def is_aliased(child: Node) -> bool:
    """Does a value under a key stand before that key, where its anchor is?"""
    key = child.key
    if key is None or key.start is None or child.start is None:
        return False
    return (child.start.line, child.start.column) < (key.start.line, key.start.column)


def own_children(node: Node) -> list[Node]:
    """The entries or items that stand in the text of a collection, in its order.

    Those that a merge key brings, and items that are aliases, stand elsewhere.
    """
    start, end = marked(node)
    low, high = (start.line, start.column), (end.line, end.column)
    found = []
    for child in node.elements() if isinstance(node, Seq) else [c for _, c in node.items()]:
        place = child.key.start if isinstance(node, Map) and child.key is not None else child.start
        if place is not None and low <= (place.line, place.column) < high:
            found.append(child)
    return sorted(found, key=lambda child: tuple(_place(child)))


def _place(child: Node) -> Mark:
    start = child.start if child.key is None else child.key.start
    assert start is not None
    return Mark(start.line, start.column)
