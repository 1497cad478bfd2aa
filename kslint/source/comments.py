"""Suppressions written as comments: `# kslint: ignore[rule, rule] reason until=2027-01-31`.

At the end of a line the comment covers that line; on a line of its own it covers the block that
begins on the next line of content; `ignore-file` covers the file. There is no form without a
list of rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Scalar, Span, walk
from kslint.source.text import encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source.load import ParsedFile

_MARKS = (b"kslint", b"KSLINT", b"Kslint", b"KSLint", b"noqa: KS")
_COMMENT = re.compile(
    r"(?:^|(?<=\s))#\s*(?:(?P<mark>kslint(?:\s*:|[\s-]))\s*|(?=noqa:\s*KS\d))(?P<text>.*)$",
    re.IGNORECASE,
)
_IGNORE = re.compile(r"(?P<form>ignore(?:-file)?)\[(?P<names>[^\]]*)\](?P<rest>.*)$")
_OTHERWISE = re.compile(
    r"(?:(?:ignore|disable|suppress|skip|off|allow|nolint|noqa)(?:-(?:next-)?line|(?P<file>-file))?"
    r"(?![\w-])|[a-z-]+(?=\[))\s*[=:(\[]?\s*"
    r"(?P<names>(?:KS\d+|[a-z0-9]+(?:-[a-z0-9]+)+)(?:\s*,\s*(?:KS\d+|[a-z0-9]+(?:-[a-z0-9]+)+))*)?",
    re.IGNORECASE,
)
"""How other linters write it, or this one's form with a slip."""
_ID = re.compile(r"KS\d", re.IGNORECASE)
_UNTIL = re.compile(r"\buntil=(\d{4}-\d{2}-\d{2})\b")


class Directive(NamedTuple):
    """One comment. It covers the lines from `first` to `last`, both counted from 1.

    `until` is an ISO date or "". `names` is empty if the comment has no list of rules, or is not
    written as it must be; such a one covers nothing, and `meant` is how it would be written.
    """

    span: Span
    names: tuple[str, ...]
    reason: str
    until: str
    first: int
    last: int
    meant: str = ""

    def covers(self, file: str, line: int) -> bool:
        return self.span.file == file and self.first <= line <= self.last


def directives(files: Iterable[ParsedFile]) -> Iterator[Directive]:
    """Every suppression comment of the input, in order."""
    for file in files:
        data = file.source.data
        if any(mark in data for mark in _MARKS) or encoding_of(data).startswith("utf-16"):
            yield from _in_file(file)


def _in_file(file: ParsedFile) -> Iterator[Directive]:
    lines = file.source.lines
    texts: list[Span] | None = None
    blocks: list[tuple[int, int]] | None = None
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line)
        read = None if match is None else _read(match)
        if match is None or read is None:
            continue
        if texts is None:
            texts = sorted(set(_scalar_spans(file)), key=_start)
        if _is_inside(texts, number, match.start() + 1):
            continue
        span = Span(file.source.name, number, match.start() + 1, number, len(line) + 1)
        if read.form == "ignore-file":
            first, last = 1, len(lines)
        elif line[: match.start()].strip():
            first = last = number
        else:
            blocks = blocks or _blocks(lines)
            first, last = blocks[number] if number < len(blocks) else (number, number)
        meant = "" if read.is_valid else f"{read.form}[{', '.join(read.names) or 'rule'}]"
        names = read.names if read.is_valid else ()
        yield Directive(span, names, *reason_and_date(read.rest), first, last, meant)


class _Read(NamedTuple):
    """A comment taken apart: `ignore` or `ignore-file`, the rules, what follows them."""

    form: str
    names: tuple[str, ...]
    rest: str
    is_valid: bool


def _read(comment: re.Match[str]) -> _Read | None:
    """A suppression, or what was meant as one; None for prose."""
    mark, text = comment["mark"] or "", comment["text"]
    match = _IGNORE.match(text) if mark == "kslint:" else None
    if match is not None and (names := _listed(match["names"])):
        return _Read(match["form"], names, match["rest"], is_valid=True)
    otherwise = _OTHERWISE.match(text)
    if otherwise is None:
        return None
    names = _listed(otherwise["names"] or "")
    if not mark.endswith(":") and mark and not any(map(_ID.match, names)):
        return None
    return _Read("ignore-file" if otherwise["file"] else "ignore", names, "", is_valid=False)


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def reason_and_date(text: str) -> tuple[str, str]:
    """What stands behind the rules: the reason, and the ISO date of `until=`; "" where missing."""
    until = _UNTIL.search(text)
    return _UNTIL.sub("", text).strip(" :-"), until[1] if until else ""


def _scalar_spans(file: ParsedFile) -> Iterator[Span]:
    """Where text stands in which `#` is no comment: quoted and block scalars, keys included."""
    for document in file.glimpse():
        for node in walk(document.root):
            for scalar in (node, node.key):
                if isinstance(scalar, Scalar) and scalar.span is not None:
                    yield scalar.span


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _is_inside(texts: list[Span], line: int, column: int) -> bool:
    """Does a place lie within one of the spans, which are sorted and do not overlap?"""
    low, high = 0, len(texts)
    while low < high:
        middle = (low + high) // 2
        if _start(texts[middle]) <= (line, column):
            low = middle + 1
        else:
            high = middle
    if not low:
        return False
    before = texts[low - 1]
    return (line, column) < (before.end_line, before.end_column)


def _blocks(lines: list[str]) -> list[tuple[int, int]]:
    """For each line, the lines of the block that begins at it or at the next line of content.

    In one pass from the end: below a line stand the blocks that are indented more than it.
    """
    found: list[tuple[int, int]] = [(len(lines), len(lines))] * len(lines)
    below: list[tuple[int, int]] = []
    for number in range(len(lines), 0, -1):
        text = lines[number - 1]
        if _is_blank(text):
            found[number - 1] = found[number] if number < len(lines) else (number, number)
            continue
        depth, last = _indent(text), number
        while below and below[-1][0] > depth:
            last = below.pop()[1]
        below.append((depth, last))
        found[number - 1] = (number, last)
    return found


def _is_blank(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith("#")


def _indent(line: str) -> int:
    """Columns before the first key: behind the dash of a list item, so an item holds its keys."""
    return len(line) - len(line.lstrip(" "))
