"""The lines of a file around a place, for code frames, and text that cannot break one."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kslint.source.files import Source
    from kslint.source.nodes import Span

MAX_WIDTH = 160
"""Cells of a line that are shown, as a terminal has them; a line may be a whole file."""


class FrameLine(NamedTuple):
    """One line in three parts: before the place, the place, and after it. All are printable."""

    number: int
    before: str
    marked: str
    after: str


def frame(
    span: Span,
    sources: Mapping[str, Source],
    before: int = 2,
    after: int = 0,
    width: int = MAX_WIDTH,
) -> list[FrameLine]:
    """The first line of a span with its neighbours; nothing if the file is not at hand.

    Of a span over several lines the first line is marked to its end. Of each line as much is
    shown as fits into `width` cells.
    """
    source = sources.get(span.file)
    if source is None or not source.line(span.line).strip():
        return []
    last = min(span.line + after, len(source.lines))
    while last > span.line and not source.line(last).strip():
        last -= 1
    return [
        _marked(source.line(number), span, width)
        if number == span.line
        else FrameLine(number, _shown(source.line(number), width), "", "")
        for number in range(max(1, span.line - before), last + 1)
    ]


def _marked(line: str, span: Span, width: int) -> FrameLine:
    start = min(max(span.column, 1), len(line) + 1) - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    first, last = _window(line, start, width)
    end = min(max(end, start + 1), last)
    before = "…" * (first > 0) + printable(line[first:start])
    after = printable(line[max(start, end) : last]) + "…" * (last < len(line))
    return FrameLine(span.line, before, printable(line[start:end]) or " ", after)


def _shown(line: str, width: int) -> str:
    stop = _window(line, 0, width)[1]
    return printable(line[:stop]) + "…" * (stop < len(line))


def _window(line: str, start: int, width: int) -> tuple[int, int]:
    """The part of a line to show, so that index `start` is in it: first index, and one too far."""
    shift = 0
    if start >= width or cells(line[: start + 1]) > width:
        shift = max(start - width // 4, 0)
    stop, left = shift, width - (shift > 0)
    most = min(len(line), shift + 2 * width)  # there may be any number of combining ones
    while stop < most and (left := left - _cell(line[stop])) >= 0:
        stop += 1
    return shift, stop


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters are shown, tabs become a blank."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cells(text: str) -> int:
    """The width of text on a terminal: wide characters take two cells, combining ones none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return len(_visible(character))
