"""Comments that excuse findings: where one may go, and writing them for many findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.characters import is_json
from kslint.source.comments import directives
from kslint.source.edits import Edit, EditError, applied, line_break
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Scalar, Span, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.findings import Finding
    from kslint.source.load import ParsedFile

_NAMES = re.compile(r"#\s*kslint:\s*ignore\[[^\[\]]*(?=\])")


class Ignored(NamedTuple):
    """What adding comments made of the sources.

    `changed` holds each changed source as it is then, by name; `numbers` how many findings its
    comments excuse; `left` the findings for which no comment could be written.
    """

    changed: dict[str, Source]
    numbers: dict[str, int]
    left: list[Finding]


def ignore(findings: Iterable[Finding], sources: dict[str, Source], reason: str) -> Ignored:
    """Write a comment for each finding, in memory."""
    changed: dict[str, Source] = {}
    numbers: dict[str, int] = {}
    left: list[Finding] = []
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.span.file, []).append(finding)
    for name, found in by_file.items():
        source = sources.get(name)
        after, rest = (None, found) if source is None else _at_ends(found, source, reason)
        if after is not None:
            after, rest = _one_by_one(rest, after, reason)
        left += rest
        if after is not None and after is not source:
            changed[name] = after
            numbers[name] = len(found) - len(rest)
    return Ignored(changed, numbers, left)


def _at_ends(found: list[Finding], source: Source, reason: str) -> tuple[Source, list[Finding]]:
    """The source with comments where a line's end takes one, and the findings that need another."""
    parsed = None if is_json(source.data) else _parsed(source)
    if parsed is None:
        return source, found
    there = {directive.span.line for directive in directives([parsed])}
    texts = _texts(parsed)
    names: dict[int, set[str]] = {}
    for finding in found:
        line = finding.span.line
        if line not in texts and there.isdisjoint((line - 1, line)):
            names.setdefault(line, set()).add(finding.name)
    edits = [
        _at_end(source, line, _comment(*sorted(of), reason=reason)) for line, of in names.items()
    ]
    try:
        after = _edited(source, edits)
    except EditError:
        return source, found
    read = _parsed(after)
    if read is None or not _same(parsed, read):
        return source, found
    valid = [d for d in directives([read]) if not d.until and d.first == d.last]
    covered = {(name, directive.first) for directive in valid for name in directive.names}
    return after, [one for one in found if (one.name, one.span.line) not in covered]


def _one_by_one(found: list[Finding], source: Source, reason: str) -> tuple[Source, list[Finding]]:
    """The source with a comment for each finding, upward from its end, and those without one."""
    left = []
    waiting = sorted(found, key=lambda one: (one.span.line, one.name))
    while waiting:
        finding = waiting.pop()
        parsed = _parsed(source)
        if parsed is not None and _covers(parsed, finding, finding.span.line):
            continue
        edit = comment_for(finding, source, reason)
        if edit is None:
            left.append(finding)
            continue
        lines, line = edit.new_text.count("\n"), edit.span.line
        source = _edited(source, [edit])
        waiting = [_moved(one, lines) if one.span.line >= line else one for one in waiting]
    return source, left


def _moved(finding: Finding, lines: int) -> Finding:
    span = finding.span
    span = span._replace(line=span.line + lines, end_line=span.end_line + lines)
    return finding._replace(span=span)


def comment_for(finding: Finding, source: Source, reason: str = "") -> Edit | None:
    """The edit that writes a comment which excuses a finding; None if there is no place for one."""
    if is_json(source.data):
        return None
    return next(
        (e for e in _comments(finding, source, reason) if _excuses(e, finding, source)), None
    )


def _comments(finding: Finding, source: Source, reason: str) -> Iterator[Edit]:
    """Where a comment may go: into one that is there, at the line's end, on a line above."""
    file, line = finding.span.file, finding.span.line
    comment = _comment(finding.name, reason=reason)
    for number in (line, line - 1):
        there = _NAMES.search(source.line(number))
        if there is not None:
            column = there.end() + 1
            yield Edit(Span(file, number, column, number, column), f", {finding.name}")
    yield _at_end(source, line, comment)
    for above in (line, _first_line(source, line)):
        text = source.line(above)
        indent = text[: len(text) - len(text.lstrip())]
        yield Edit(Span(file, above, 1, above, 1), f"{indent}{comment}{line_break(source)}")


def _comment(*names: str, reason: str) -> str:
    return f"# kslint: ignore[{', '.join(names)}] {reason}".rstrip()


def _at_end(source: Source, line: int, comment: str) -> Edit:
    text = source.line(line)
    end = len(text.rstrip()) + 1
    return Edit(Span(source.name, line, end, line, len(text) + 1), f"  {comment}")


def _texts(parsed: ParsedFile) -> set[int]:
    """The lines that texts of several lines stand on."""
    return {
        line
        for document in parsed.documents
        for node in walk(document.root)
        if isinstance(node, Scalar) and node.span is not None
        for line in range(node.span.line, node.span.end_line + 1)
        if node.span.line < node.span.end_line
    }


def _first_line(source: Source, line: int) -> int:
    """The line on which the text of several lines begins that a line is part of."""
    parsed = _parsed(source)
    for document in [] if parsed is None else parsed.documents:
        for node in walk(document.root):
            if isinstance(node, Scalar) and node.span is not None:
                first = node.span.line if node.place is None else node.place.line
                if first < line <= node.span.end_line:
                    return first
    return line


def _excuses(edit: Edit, finding: Finding, source: Source) -> bool:
    """Try it: afterwards the comment covers the finding's line, and all values are the same."""
    try:
        edited = _edited(source, [edit])
    except EditError:
        return False
    before, after = _parsed(source), _parsed(edited)
    if before is None or after is None or not _same(before, after):
        return False
    return _covers(after, finding, finding.span.line + edit.new_text.count("\n"))


def _edited(source: Source, edits: list[Edit]) -> Source:
    return Source(source.name, applied(source, edits), source.path, source.named)


def _same(before: ParsedFile, after: ParsedFile) -> bool:
    """Are all values the same?"""
    return [d.root.plain() for d in before.documents] == [d.root.plain() for d in after.documents]


def _covers(parsed: ParsedFile, finding: Finding, line: int) -> bool:
    """Does a comment in the file excuse the finding, if it stands on a line?"""
    return any(
        finding.name in directive.names
        and directive.covers(parsed.source.name, line)
        and not directive.until  # it may have run out
        for directive in directives([parsed])
    )


def _parsed(source: Source) -> ParsedFile | None:
    """The file's documents; None if any of it cannot be read."""
    result = Input([], [], [])
    load_source(source, result)
    return result.files[0] if result.files and not result.troubles else None
