"""Places in a text, as kslint counts them and as the client does.

We count lines as YAML does and columns in characters. The protocol knows fewer line breaks
(U+2028 is none) and counts columns in units of the encoding that was agreed on: in UTF-16 an
emoji is two.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from lsprotocol.types import Position, Range

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

    from kslint.source.files import Source
    from kslint.source.nodes import Span

_OURS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_THEIRS = re.compile("\r\n|[\n\r]")


class Positions:
    """The places of one text."""

    def __init__(self, source: Source, codec: PositionCodec) -> None:
        self._text = source.text()
        self._ours = _starts(_OURS, self._text)
        self._theirs = _starts(_THEIRS, self._text)
        self._codec = codec

    def range(self, span: Span) -> Range:
        """A span for the client."""
        start = self._position(self._offset(span.line, span.column))
        return Range(start, self._position(self._offset(span.end_line, span.end_column)))

    def place(self, position: Position) -> tuple[int, int]:
        """The line and column, both counted from 1, at a position of the client's."""
        line = min(position.line, len(self._theirs) - 1)
        text = self._line_of(line)
        inside = Position(0, position.character)
        column = self._codec.position_from_client_units([text], inside).character
        offset = self._theirs[line] + min(column, len(text))
        ours = bisect_right(self._ours, offset) - 1
        return ours + 1, offset - self._ours[ours] + 1

    def _offset(self, line: int, column: int) -> int:
        """Characters before a place of ours; the end of the text for one beyond it."""
        if line > len(self._ours):
            return len(self._text)
        return min(self._ours[line - 1] + column - 1, len(self._text))

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._theirs, offset) - 1
        before = self._text[self._theirs[line] : offset]
        return Position(line, self._codec.client_num_units(before))

    def _line_of(self, line: int) -> str:
        """The text of a line of the client's, without its break."""
        start = self._theirs[line]
        found = _THEIRS.search(self._text, start)
        return self._text[start : found.start() if found else None]


def _starts(line_break: re.Pattern[str], text: str) -> list[int]:
    return [0, *(match.end() for match in line_break.finditer(text))]
