"""Making fixes, round after round: make those that do not collide, read again, check again."""

from __future__ import annotations

from collections import Counter
from functools import partial
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
    Marks = Counter[Mark]

MAX_ROUNDS = 10
"""Fixes that give each other work end here."""
PATIENT_ROUNDS = 5
"""Rounds in which it is tried out which of many fixes brings an error to another file."""


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
    for number in range(MAX_ROUNDS):
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
        harm, strange = _harm(mended, result, after, made)
        if strange and not harm:
            trial = partial(_tried, loaded, sources, check)
            suspects = chosen if number >= PATIENT_ROUNDS else [_cause(chosen, strange, trial)]
            harm = {_place(f): Undone(f, _why(strange[0])) for f in mended if f.fix in suspects}
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


def marks(findings: Iterable[Finding]) -> Marks:
    """How many of the findings that count have each mark."""
    return Counter(mark(finding) for finding in findings if finding.suppressed is None)


def _harm(
    mended: list[Finding], before: Result, after: Result, made: Collection[Mark]
) -> tuple[dict[Mark, Undone], list[Finding]]:
    """The fixes of a round to take back, by place: those that mend nothing, or break something.

    What comes back after it was mended in a round before counts as broken. And the errors that
    came to files in which nothing was mended: any of the fixes may be their cause.
    """
    old, new = marks(before.findings), marks(after.findings)
    harm: dict[Mark, Undone] = {}
    strange: list[Finding] = []
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
            near = _nearest(found, mended)
            if not near:
                strange.append(found)
            for finding in near:
                harm.setdefault(_place(finding), Undone(finding, _why(found)))
    return harm, strange


def _why(found: Finding) -> str:
    return f"{found.rule} {found.name} was there afterwards"


def _nearest(found: Finding, mended: list[Finding]) -> list[Finding]:
    """The fixes in a finding's file that most likely brought it: in its object, near its path."""
    file = found.span.file
    near = [f for f in mended if f.fix and any(edit.span.file == file for edit in f.fix.edits)]
    near = [finding for finding in near if finding.subject == found.subject] or near
    shared = [len(commonprefix([f.path, found.path])) for f in near]  # noqa: RUF071  (letters)
    most = max(shared, default=0)
    return [finding for finding, length in zip(near, shared, strict=True) if length == most]


def _cause(chosen: list[Fix], errors: list[Finding], trial: Callable[[list[Fix]], Marks]) -> Fix:
    """The fix with which errors come that do not come with those before it alone."""
    few, many = 0, len(chosen)
    brought = marks(errors)
    while many - few > 1:
        middle = (few + many) // 2
        found = trial(chosen[:middle])
        if any(found[one] >= number for one, number in brought.items()):
            many = middle
        else:
            few = middle
    return chosen[many - 1]


def _tried(
    loaded: Input, sources: dict[str, Source], check: Callable[[Input], Result], some: list[Fix]
) -> Marks:
    """What would be found after some fixes."""
    return marks(check(_with(loaded, _edited(sources, some, set()))).findings)


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
