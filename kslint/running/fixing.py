"""Making fixes, round after round: make those that do not collide, read again, check again."""

from __future__ import annotations

from collections import Counter
from os.path import commonprefix
from typing import TYPE_CHECKING, NamedTuple

from kslint.resources import object_troubles
from kslint.source.edits import EditError, applied, collide
from kslint.source.files import Source
from kslint.source.load import Input, load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kslint.findings import Finding, Fix, Result

    Mark = tuple[str, ...]
    """What findings have in common: the file, the rule and the object."""

MAX_ROUNDS = 10
"""Fixes that give each other work end here."""


class Undone(NamedTuple):
    """A fix that was taken back: the finding that it was to mend, and why."""

    finding: Finding
    why: str


class Outcome(NamedTuple):
    """What fixing made of an input.

    `changed` holds the sources as they were read, by name, of those that are others now.
    `fixed` counts the findings that are gone, by the file that was edited; `more` those that could
    be mended beside them.
    """

    loaded: Input
    result: Result
    changed: dict[str, Source]
    fixed: dict[str, int]
    undone: tuple[Undone, ...]
    more: int


def fix(
    loaded: Input,
    result: Result,
    check: Callable[[Input], Result],
    unsafe: bool,
    left_alone: Collection[Mark] = (),
) -> Outcome:
    """Mend all that can be mended, in memory, but for findings that are to be `left_alone`.

    `result` is what `check` says of `loaded`. A file in which something cannot be read is left
    alone, and so is one that could not be read after a fix. A fix after which its finding is still
    there, or there is an error that was not, is taken back.
    """
    changed: dict[str, Source] = {}
    troubles = (*loaded.troubles, *object_troubles(loaded.files))
    kept = {trouble.span.file for trouble in troubles}
    refused: dict[Mark, Undone] = {}  # by place
    made: Counter[Mark] = Counter()
    most = marks(result.findings)
    edited_for: dict[Mark, str] = {}
    for _ in range(MAX_ROUNDS):
        sources = {file.source.name: file.source for file in loaded.files}
        offers = [f for f in available(result.findings, unsafe) if mark(f) not in left_alone]
        offers = [finding for finding in offers if _place(finding) not in refused]
        chosen = _compatible(offers, kept)
        edited = _edited(sources, chosen, kept)
        following = _with(loaded, edited)
        readable = {file.source.name for file in following.files}
        broken = {trouble.span.file for trouble in following.troubles} - kept
        broken |= edited.keys() - readable
        if broken:
            kept |= broken
            continue
        if not edited:
            break
        chosen = [one for one in chosen if not kept.intersection(e.span.file for e in one.edits)]
        mended = [finding for finding in offers if finding.fix in chosen]
        after = check(following)
        harm = _harm(mended, result, after, made)
        if harm:
            refused.update(harm)
            continue
        for finding in mended:
            assert finding.fix is not None
            made[mark(finding)] += 1
            edited_for[mark(finding)] = finding.fix.edits[0].span.file
        for name in edited:
            changed.setdefault(name, sources[name])
        loaded, result = following, after
        most |= marks(result.findings)
    left = marks(result.findings)
    fixed: Counter[str] = Counter()
    for one, number in made.items():
        fixed[edited_for[one]] += min(number, most[one] - left[one])
    more = sum(mark(f) not in left_alone for f in available(result.findings, unsafe=True))
    return Outcome(loaded, result, changed, dict(+fixed), tuple(refused.values()), more)


def mark(finding: Finding) -> Mark:
    """What a finding is, whatever fixes do around it: what is missing may move from key to key."""
    return (finding.span.file, finding.rule, *finding.subject)


def marks(findings: Iterable[Finding]) -> Counter[Mark]:
    """How many of the findings that count have each mark."""
    return Counter(mark(finding) for finding in findings if finding.suppressed is None)


def _harm(
    mended: list[Finding], before: Result, after: Result, made: Collection[Mark]
) -> dict[Mark, Undone]:
    """The fixes of a round to take back, by place: those that mend nothing, or break something.

    What comes back after it was mended in a round before counts as broken.
    """
    old, new = marks(before.findings), marks(after.findings)
    harm: dict[Mark, Undone] = {}
    places = {_place(finding) for finding in after.findings}
    in_vain = set()
    for one, number in Counter(map(mark, mended)).items():
        if new[one] > old[one] - number:
            in_vain.add(one)
            same = [finding for finding in mended if mark(finding) == one]
            for finding in [f for f in same if _place(f) in places] or same:
                harm[_place(finding)] = Undone(finding, "it was still there afterwards")
    for found in after.findings:
        one = mark(found)
        worse = new[one] > old[one] and (found.severity == "error" or one in made)
        if worse and found.suppressed is None and one not in in_vain:
            why = f"{found.rule} {found.name} was there afterwards"
            for finding in _nearest(found, mended):
                harm.setdefault(_place(finding), Undone(finding, why))
    return harm


def _nearest(found: Finding, mended: list[Finding]) -> list[Finding]:
    """The fixes that most likely brought a finding: in its file, in its object, near its path."""
    near = [f for f in mended if f.fix and f.fix.edits[0].span.file == found.span.file] or mended
    near = [finding for finding in near if finding.subject == found.subject] or near
    shared = [len(commonprefix([f.path, found.path])) for f in near]  # noqa: RUF071  (letters)
    most = max(shared)
    return [finding for finding, length in zip(near, shared, strict=True) if length == most]


def _place(finding: Finding) -> Mark:
    return (*mark(finding), finding.path)


def _edited(sources: dict[str, Source], chosen: list[Fix], kept: set[str]) -> dict[str, Source]:
    """The sources that fixes change, as they are then. Those that cannot be edited are kept."""
    edited: dict[str, Source] = {}
    for name in {edit.span.file for one in chosen for edit in one.edits}:
        edits = [edit for one in chosen for edit in one.edits if edit.span.file == name]
        try:
            data = applied(sources[name], edits)
        except EditError:
            kept.add(name)
            continue
        edited[name] = Source(name, data, sources[name].path, sources[name].named)
    return edited


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
