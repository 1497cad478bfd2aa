"""Making fixes, round after round: make those that do not collide, read again, check again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.resources import object_troubles
from kslint.source.edits import EditError, applied, collide
from kslint.source.files import Source
from kslint.source.load import Input, load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kslint.findings import Finding, Fix, Result

MAX_ROUNDS = 10
"""Fixes that give each other work end here."""


class Outcome(NamedTuple):
    """What fixing made of an input.

    `changed` holds the sources as they were read, by name, of those that are others now.
    `fixed` counts the findings that were mended, by the file that was edited.
    """

    loaded: Input
    result: Result
    changed: dict[str, Source]
    fixed: dict[str, int]


def fix(
    loaded: Input,
    result: Result,
    check: Callable[[Input], Result],
    unsafe: bool,
    keep: Collection[str] = (),
) -> Outcome:
    """Mend all that can be mended, in memory. Files named in `keep` stay as they are.

    `result` is what `check` says of `loaded`. A file in which something cannot be read is left
    alone, and so is one that could not be read after a fix.
    """
    changed: dict[str, Source] = {}
    troubles = (*loaded.troubles, *object_troubles(loaded.files))
    kept = {*keep, *(trouble.span.file for trouble in troubles)}
    fixed: dict[str, int] = {}
    for _ in range(MAX_ROUNDS):
        sources = {file.source.name: file.source for file in loaded.files}
        made = _compatible(available(result.findings, unsafe), kept)
        edited: dict[str, Source] = {}
        for name in {edit.span.file for one in made for edit in one.edits}:
            edits = [edit for one in made for edit in one.edits if edit.span.file == name]
            try:
                data = applied(sources[name], edits)
            except EditError:
                kept.add(name)
                continue
            edited[name] = Source(name, data, sources[name].path, sources[name].named)
        following = _with(loaded, edited)
        readable = {file.source.name for file in following.files}
        broken = {trouble.span.file for trouble in following.troubles} - kept
        broken |= edited.keys() - readable
        if broken:
            kept |= broken
            continue
        if not edited:
            break
        made = [one for one in made if not kept.intersection(e.span.file for e in one.edits)]
        for finding in available(result.findings, unsafe):
            if finding.fix in made:
                name = finding.fix.edits[0].span.file
                fixed[name] = fixed.get(name, 0) + 1
        for name in edited:
            changed.setdefault(name, sources[name])
        loaded, result = following, check(following)
    return Outcome(loaded, result, changed, fixed)


def available(findings: Iterable[Finding], unsafe: bool) -> list[Finding]:
    """The findings that count and can be mended."""
    return [
        finding
        for finding in findings
        if finding.suppressed is None and finding.fix and (finding.fix.safe or unsafe)
    ]


def _compatible(findings: Iterable[Finding], kept: Collection[str]) -> list[Fix]:
    """Fixes of which none touches another; the first of those that do is taken."""
    chosen: list[Fix] = []
    for finding in findings:
        one = finding.fix
        assert one is not None
        if one in chosen or any(edit.span.file in kept for edit in one.edits):
            continue
        taken = (edit for other in chosen for edit in other.edits)
        if not any(collide(mine, other) for other in taken for mine in one.edits):
            chosen.append(one)
    return chosen


def _with(loaded: Input, edited: dict[str, Source]) -> Input:
    """The input with some of its sources replaced and read again."""
    following = Input([], list(loaded.troubles), list(loaded.skipped))
    for file in loaded.files:
        source = edited.get(file.source.name)
        if source is None:
            following.files.append(file)
        else:
            load_source(source, following)
    return following
