"""A Helm template by its lines: at which path each key stands, and which values it takes.

Templates are text, and indentation is all that tells where in the object a line will stand. It
tells so of lines with a literal key; what a helper or `toYaml` brings belongs to the line that
calls it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.files import Source

Path = tuple[str, ...]

_MAX_LINE = 2000
_ACTION = re.compile(r"\{\{.*?\}\}")
_KEY = re.compile(
    r"([ ]*(?:-[ ]+)*)(\"[^\"{}]*\"|'[^'{}]*'|[^\s:{}\[\]#,\"'-][^\s:{}#]*):(?:\s+(.*))?$"
)
_REFERENCE = re.compile(r"(?:\$|\B)\.Values((?:\.[A-Za-z_]\w*)+)")
_BLOCK = re.compile(r"\{\{-?\s*(if|with|range|define|block|end)\b")
_DOT = re.compile(r"(?<![\w)$])\.(?=[\s|)}])")
_INDENT = re.compile(r"\bn?indent\s+(\d{1,3})")


class Line(NamedTuple):
    """A line with a literal key. Numbers and columns count from 0; ends are exclusive.

    `pieces` is the text of the value around its actions, `values` the paths in the chart's values
    that it takes, in order.
    """

    number: int
    key: tuple[int, int]
    value: tuple[int, int]
    pieces: tuple[str, ...]
    values: tuple[Path, ...]

    def may_be(self, text: str | None) -> bool:
        """May the value have been rendered as this text? None stands for a mapping or a list."""
        first, last = self.pieces[0], self.pieces[-1]
        if text is None:
            return len(self.pieces) > 1 or first[:1] in ("", "{", "[", "&", "!", "*")
        if len(self.pieces) == 1:
            return first == text or first[:1] in ("|", ">", "&", "!", "*")
        if not (text.startswith(first) and text.endswith(last)):
            return False
        position = len(first)
        for piece in self.pieces[1:-1]:
            position = text.find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        return position <= len(text) - len(last)


class Call(NamedTuple):
    """A line that is nothing but an action, which brings what stands below a path."""

    number: int
    span: tuple[int, int]
    values: tuple[Path, ...]


class Template:
    """The lines of one template, by the paths they stand at."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines: dict[Path, list[Line]] = {}
        self.calls: dict[Path, list[Call]] = {}
        above: list[tuple[int, str]] = []
        blocks: list[tuple[Path, ...]] = []
        for number, text in _content(source):
            for block in _BLOCK.findall(text):
                if block == "end":
                    del blocks[-1:]
                else:
                    blocks.append(_references(text) if block == "with" else ())
            values = _references(text) or _dotted(text, blocks)
            match = _KEY.match(text)
            if match is None:
                bare = _ACTION.sub("", text).strip()
                if not bare and not _BLOCK.search(text):
                    told = _INDENT.search(text)
                    indent = int(told[1]) if told else len(text) - len(text.lstrip())
                    start = len(text) - len(text.lstrip())
                    call = Call(number, (start, len(text.rstrip())), values)
                    # at the column of a key stand its siblings, or the dashes of its list
                    for reach in {indent, indent + 1}:
                        path = tuple(name for column, name in above if column < reach)
                        if reach == indent or any(column == indent for column, _ in above):
                            self.calls.setdefault(path, []).append(call)
                continue
            column, name = len(match[1]), match[2].strip("\"'")
            while above and above[-1][0] >= column:
                above.pop()
            above.append((column, name))
            value = _less_comment(match[3] or "")
            start = match.start(3) if match[3] else match.end()
            line = Line(
                number,
                (column, column + len(match[2])),
                (start, start + len(value)),
                tuple(_ACTION.split(_unquoted(value))),
                values,
            )
            self.lines.setdefault(tuple(name for _, name in above), []).append(line)


def _content(source: Source) -> Iterator[tuple[int, str]]:
    """The lines that may put something out, numbered from 0: no comments, and nothing endless."""
    in_comment = False
    for number, text in enumerate(source.lines):
        if "{{/*" in text or "{{- /*" in text:
            in_comment = True
        if in_comment:
            in_comment = "*/" not in text
            continue
        bare = text.strip()
        if bare and not bare.startswith(("#", "---")) and len(text) <= _MAX_LINE:
            yield number, text


def _references(text: str) -> tuple[Path, ...]:
    found = (tuple(match.strip(".").split(".")) for match in _REFERENCE.findall(text))
    return tuple(dict.fromkeys(found))


def _dotted(text: str, blocks: list[tuple[Path, ...]]) -> tuple[Path, ...]:
    """The values that `.` means within `with`."""
    is_used = any(_DOT.search(action) for action in _ACTION.findall(text))
    return blocks[-1] if is_used and blocks else ()


def _less_comment(value: str) -> str:
    return value.partition(" #")[0].rstrip() if '"' not in value else value.rstrip()


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
