"""Places inside one scalar: the line and column of a word within a block, folded or quoted text.

Blanks are what YAML changes when it reads text (indentation, folding, line breaks), so the
characters that are not blank are counted in the value and in the file, and matched one to one.
Where they do not match (a value that was rewritten, a template), the scalar's own span stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.nodes import Mark, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node

_PROPERTIES = re.compile(r"^(?:[&!]\S*\s+)*")
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}


_Written = tuple[str, int, int, int]
"""A character of a value as the file spells it: zero-based line and column, and width there."""


class Parts:
    """Makes nodes for parts of one scalar. Aligns value and file once, when first asked."""

    __slots__ = ("_before", "_node", "_text", "_written")

    def __init__(self, node: Node) -> None:
        self._node = node
        self._text = node.text or ""
        self._written: list[_Written] | None = None
        self._before: list[int] = []

    def part(self, start: int, end: int) -> Scalar:
        """The node for `text[start:end]` of the scalar's text; offsets count characters."""
        text = self._text[start:end]
        made = Scalar(text, plain_style=False)
        made.source, made.origin = self._node.source, self._node.origin
        made.start, made.end = self._node.start, self._node.end
        if self._written is None:
            self._align()
        begin = start + len(text) - len(text.lstrip())
        stop = start + len(text.rstrip())
        if self._written and begin < stop:
            _, line, column, _ = self._written[self._before[begin]]
            made.start = Mark(line, column)
            _, line, column, width = self._written[self._before[stop - 1]]
            made.end = Mark(line, column + width)
        return made

    def _align(self) -> None:
        """Pair the value's non-blank characters with the file's, or give up."""
        count = 0
        for character in self._text:
            self._before.append(count)
            count += not character.isspace()
        written = list(_written(self._node))[:count]
        solid = "".join(self._text.split())
        same = "".join([item[0] for item in written]) == solid
        self._written = written if same else []


def part(node: Node, text: str, start_at: int = 0) -> Scalar:
    """The node for the first `text` at or after offset `start_at` of a scalar's text.

    Its span points at those characters in the file; at the whole scalar if they cannot be found.
    """
    found = (node.text or "").find(text, start_at)
    if found < 0 or not text:
        place = Scalar(text, plain_style=False)
        place.source, place.origin = node.source, node.origin
        place.start, place.end = node.start, node.end
        return place
    return Parts(node).part(found, found + len(text))


def _written(node: Node) -> Iterator[_Written]:
    """The non-blank characters of a scalar as the file spells them, quotes and header left out."""
    lines = _lines(node)
    if not lines:
        return iter(())
    style = lines[0][2][:1]
    if style in ("|", ">"):
        return _unquoted(lines[1:])
    if style == "'":
        return _single_quoted(lines)
    if style == '"':
        return _double_quoted(lines)
    return _unquoted(lines)


def _lines(node: Node) -> list[tuple[int, int, str]]:
    """Line number, column and text of each line of a scalar, from its value's first character."""
    if node.source is None or node.start is None or node.end is None:
        return []
    lines: list[tuple[int, int, str]] = []
    for number in range(node.start.line, node.end.line + 1):
        column = node.start.column if number == node.start.line else 0
        text = node.source.line(number + 1)
        if number == node.end.line:
            text = text[: node.end.column]
        text = text[column:]
        if not lines:  # an anchor or a tag stands before the value
            rest = _PROPERTIES.sub("", text + " ", count=1).strip()
            at = text.rfind(rest) if rest else len(text)
            column, text = column + at, text[at:]
            if not text:
                continue
        lines.append((number, column, text))
    return lines


def _unquoted(lines: list[tuple[int, int, str]]) -> Iterator[_Written]:
    for number, column, text in lines:
        for index, character in enumerate(text):
            if not character.isspace():
                yield (character, number, column + index, 1)


def _single_quoted(lines: list[tuple[int, int, str]]) -> Iterator[_Written]:
    opened = False
    for number, column, text in lines:
        index = 0 if opened else 1
        opened = True
        while index < len(text):
            character, width = text[index], 1
            if character == "'":
                if text[index + 1 : index + 2] != "'":
                    return
                width = 2
            if not character.isspace():
                yield (character, number, column + index, width)
            index += width


def _double_quoted(lines: list[tuple[int, int, str]]) -> Iterator[_Written]:
    opened = False
    for number, column, text in lines:
        index = 0 if opened else 1
        opened = True
        while index < len(text):
            if text[index] == '"':
                return
            character, width = _escape(text, index) if text[index] == "\\" else (text[index], 1)
            if character and not character.isspace():
                yield (character, number, column + index, width)
            index += width


def _escape(text: str, index: int) -> tuple[str, int]:
    """The character an escape stands for ("" for an escaped line break), and its width."""
    letter = text[index + 1 : index + 2]
    digits = _HEX.get(letter, 0)
    if not digits:
        return _ESCAPES.get(letter, letter), 2
    try:
        return chr(int(text[index + 2 : index + 2 + digits], 16)), 2 + digits
    except (ValueError, OverflowError):
        return "", 2 + digits
