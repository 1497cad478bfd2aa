"""The lines of a file around a place, for reports that draw code frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kslint.source.files import Source
    from kslint.source.nodes import Span

MAX_WIDTH = 240
"""Characters of a line that are shown; a line may be a whole file."""


class FrameLine(NamedTuple):
    """One line in three parts: before the place, the place, and after it. All are printable."""

    number: int
    before: str
    marked: str
    after: str


def frame(
    span: Span, sources: Mapping[str, Source], before: int = 2, after: int = 0
) -> list[FrameLine]:
    """The first line of a span with its neighbours; nothing if the file is not at hand.

    Of a span over several lines the first line is marked to its end.
    """
    source = sources.get(span.file)
    if source is None or not source.line(span.line).strip():
        return []
    last = min(span.line + after, len(source.lines))
    while last > span.line and not source.line(last).strip():
        last -= 1
    return [
        _marked(source.line(number), span)
        if number == span.line
        else FrameLine(number, _shown(source.line(number)), "", "")
        for number in range(max(1, span.line - before), last + 1)
    ]


def _marked(line: str, span: Span) -> FrameLine:
    start = min(max(span.column, 1), len(line) + 1) - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    end = min(max(end, start + 1), len(line), start + MAX_WIDTH)
    first = max(0, start - MAX_WIDTH // 2) if start >= MAX_WIDTH else 0
    last = max(end, first + MAX_WIDTH)
    before = "…" * (first > 0) + printable(line[first:start])
    after = printable(line[end:last]) + "…" * (last < len(line))
    return FrameLine(span.line, before, printable(line[start:end]) or " ", after)


def _shown(line: str) -> str:
    return printable(line[:MAX_WIDTH]) + "…" * (len(line) > MAX_WIDTH)
