"""The bytes of one input, and the text and the lines they are."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate

_LINE_BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")
_OTHER_BREAKS = (b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_ESCAPED = re.compile(rb"\\[xuU\r\n\xc2\xe2]")
"""A backslash that may stand for any letter, or for nothing where a line goes on."""
_ESCAPED_SIGN = re.compile(rb"\\[xuU\r\n\xc2\xe2 /\\\"]")
"""Or for one of the signs that can be written so."""
_SIGNS = frozenset(' /\\"')
_REMEMBERED = 200
"""Texts of which it is remembered whether a file holds them: its objects ask for the same ones."""
_LARGE = 256 * 1024
"""Bytes from which a text is not kept in lines for the sake of one."""


class Source:
    """One input: its name as shown to the user (relative, with `/`) and its bytes.

    `path` is the regular file they were read from; "" for a pipe, and what was never a file.
    `named` says that the user asked for it; another was come upon in a directory, and may be
    anything. What is `context` tells of the rest, and nothing is reported about it.
    """

    __slots__ = (
        "_escapes", "_held", "_lines", "_starts", "context", "data", "name", "named", "path",
    )  # fmt: skip

    def __init__(
        self, name: str, data: bytes, path: str = "", named: bool = True, context: bool = False
    ) -> None:
        self.name = name
        self.data = data
        self.path = path
        self.named = named
        self.context = context
        self._escapes: list[bool] | None = None
        self._held: dict[str, bool] | None = None
        self._lines: list[str] | None = None
        self._starts: array[int] | None = None

    def text(self) -> str:
        return self.data.decode(encoding_of(self.data), errors="replace")

    def may_hold(self, text: str) -> bool:
        """False only if a text of ASCII certainly stands in no value: an escape may hide one."""
        if self._held is None:
            self._held = {}
        held = self._held.get(text)
        if held is None:
            held = self._searched(text)
            if len(self._held) < _REMEMBERED:
                self._held[text] = held
        return held

    def _searched(self, text: str) -> bool:
        data = self.data
        if text.encode() in data or encoding_of(data).startswith("utf-16"):
            return True
        if self._escapes is None:
            patterns = (_ESCAPED, _ESCAPED_SIGN) if b"\\" in data else ()
            self._escapes = [pattern.search(data) is not None for pattern in patterns]
        return any(self._escapes) if not _SIGNS.isdisjoint(text) else any(self._escapes[:1])

    def line(self, number: int) -> str:
        """The text of a 1-based line without its break; "" beyond the end."""
        if self._starts is not None or (
            self._lines is None and len(self.data) > _LARGE and _has_plain_lines(self.data)
        ):
            return self._cut(number)
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def _cut(self, number: int) -> str:
        """The same of a large text."""
        if self._starts is None:
            lengths = (len(line) + 1 for line in self.data.split(b"\n"))
            self._starts = array("I", accumulate(lengths, initial=0))
            self._starts.pop()  # behind the last line
        starts = self._starts
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.data)
        return self.data[starts[number - 1] : end].decode("utf-8", "replace")

    @property
    def lines(self) -> list[str]:
        """All lines, as `line` gives them."""
        if self._lines is None:
            self._lines = split_lines(self.text())
        return self._lines

    def end_of_text(self, start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
        """Where a block's text ends: the parser's mark stands at what follows it.

        Lines and columns count from 0. Blanks, empty lines and comments are left out.
        """
        line, column = end
        while line > start[0]:
            text = self.line(line + 1)[:column].rstrip()
            if text and not text.lstrip().startswith("#"):
                return line, len(text)
            line -= 1
            column = len(self.line(line + 1))
        return line, max(len(self.line(line + 1)[:column].rstrip()), start[1])

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


def encoding_of(data: bytes) -> str:
    """UTF-8 unless a byte order mark, or the zero bytes of ASCII in UTF-16, say otherwise."""
    if data[:3] == b"\xef\xbb\xbf":
        return "utf-8-sig"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(data) > 3 and data[0] == 0 != data[1] and data[2] == 0:
        return "utf-16-be"
    if len(data) > 3 and data[1] == 0 != data[0] and data[3] == 0:
        return "utf-16-le"
    return "utf-8"


def _has_plain_lines(data: bytes) -> bool:
    """Is it UTF-8 with line feeds only?"""
    return encoding_of(data) == "utf-8" and not any(mark in data for mark in _OTHER_BREAKS)


def split_lines(text: str) -> list[str]:
    """Lines as libyaml counts them; `str.splitlines` knows breaks that YAML does not."""
    if any(mark in text for mark in "\r\x85\u2028\u2029"):
        for line_break in _LINE_BREAKS:
            text = text.replace(line_break, "\n")
    return text.split("\n")
