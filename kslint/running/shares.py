"""An input judged share by share: on all cores, and again only where something has changed.

A share is a few files. Rules judge what stands in these and see the whole input, of which the
other files are parsed only where a rule looks into one. What that was is noted: a share's
findings hold for as long as its own files, those, and the names of all objects stay as they are.
Rules about the input as a whole run once, as if it were a share.

Only what is written as it is applied can be divided: a kustomization ties its files together.
"""

from __future__ import annotations

import gc
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.findings import (
    Finding,  # noqa: TC001  (NamedTuple fields)
    records,
)
from kslint.findings.suppressions import Excuse, excuses
from kslint.model.model import Model
from kslint.resources import (
    KUSTOMIZATIONS,
    Identity,
    Resource,
    Sketch,
    Watch,
    WatchedOther,
    object_troubles,
    outline,
    resources_of,
)
from kslint.running import engine, workers
from kslint.source.files import Source
from kslint.source.load import (
    NO_MANIFEST,
    Input,
    Other,
    ParsedFile,
    Skipped,
    Trouble,
    load_source,
    note_unread,
)
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kslint.config import Config
    from kslint.findings import Result
    from kslint.resources import Outline
    from kslint.rulebook import Rule
    from kslint.source.document import Document
    from kslint.source.files import InputProblem

SHARE = 64 * 1024
"""Bytes of a share, about: less, and what each share costs by itself counts."""
REMEMBERED = 16 * 1024 * 1024
"""Bytes whose documents a process holds until it judges them; others it parses twice."""
FEW = 1024 * 1024
"""Bytes of shares that are judged again; of more, and all is judged anew by all processes."""


class Survey(NamedTuple):
    """What there is to know of a file before any rule runs.

    `objects` is how many it holds. `outline` is None for a file that everyone has to read.
    `skipped` has the parts that are passed over: why, and their lines. `sort` is one of the words
    below.
    """

    objects: int
    outline: Outline | None
    troubles: list[Trouble]
    skipped: list[tuple[str, int, int]]
    sort: str

    @classmethod
    def of(cls, source: Source) -> tuple[Survey, list[Document]]:
        """The survey of a file, and its documents, if they have been read."""
        read = Input([], [], [])
        load_source(source, read)
        skipped = [(part.reason, part.first, part.last) for part in read.skipped]
        if not read.files:
            return cls(0, [], read.troubles, skipped, GONE), []
        (file,) = read.files
        if isinstance(file, Other):
            return cls(0, [], [], skipped, BROKEN if file.is_broken else OTHER), []
        troubles = [*read.troubles, *object_troubles(read.files)]
        found = None if troubles or skipped else outline(file)
        objects = resources_of(read.files)[0] if found is None else found
        return cls(len(objects), found, troubles, skipped, MANIFEST), file.documents

    @classmethod
    def from_plain(cls, values: Any) -> Survey:
        """A survey that went through JSON."""
        objects, found, troubles, skipped, sort = values
        return cls(
            objects,
            None if found is None else [(number, Identity(*its)) for number, its in found],
            _troubles(troubles),
            [(reason, first, last) for reason, first, last in skipped],
            sort,
        )


MANIFEST, OTHER, BROKEN, GONE = "manifest", "other", "broken", "gone"
"""Sorts of files: that may hold objects; that cannot; that cannot, and cannot be parsed either; and
of which nothing is left to read."""


def _troubles(values: Any) -> list[Trouble]:
    """Troubles that went through JSON."""
    return [
        Trouble(rule, Span(*span), message, tuple((Span(*s), text) for s, text in related), said)
        for rule, span, message, related, said in values
    ]


class Record(NamedTuple):
    """What was found in a share, or by the rules about the whole; objects go by a name.

    `opened` are the files that were read for it, its own included; `sought` are texts that no
    other file holds. `used` are those of the files that are no manifests, and `troubles` what is
    wrong with these. `unknown_versions` are those of the input as a whole.
    """

    found: list[tuple[Finding, str | None]]
    broken: list[Finding]
    excuses: list[Excuse]
    opened: list[str]
    sought: list[str]
    used: list[str]
    troubles: list[Trouble]
    unknown_versions: list[tuple[str, str]]

    @classmethod
    def from_plain(cls, values: Any) -> Record:
        """A record that went through JSON."""
        found, broken, given, opened, sought, used, troubles, unknown = values
        return cls(
            [(records.finding(one), about) for one, about in found],
            [records.finding(one) for one in broken],
            [Excuse(name, Span(*span), *rest) for name, span, *rest in given],
            opened,
            sought,
            used,
            _troubles(troubles),
            [(version, known) for version, known in unknown],
        )

    def depends_on(self, changed: Mapping[str, Source]) -> bool:
        """May any of some files, as they are now, make another record of this one?"""
        return not changed.keys().isdisjoint(self.opened) or any(
            source.may_hold(text) for text in self.sought for source in changed.values()
        )


class Kept(NamedTuple):
    """All of a run that the next one may have a use for.

    An item of `digests` and of `surveys` belongs to each file, one of `records` to each share,
    and the last one to the rules about the whole. On `common` files every record depends.
    """

    digests: list[str]
    surveys: list[Survey]
    shares: list[list[str]]
    records: list[Record]
    common: list[str]

    @classmethod
    def from_plain(cls, values: Any) -> Kept:
        """The same, after it went through JSON."""
        digests, surveys, shares, made, common = values
        return cls(
            digests,
            [Survey.from_plain(survey) for survey in surveys],
            shares,
            [Record.from_plain(record) for record in made],
            common,
        )


class _StrayError(Exception):
    """A share has something to say of a file that is not in it; others may have the same to say."""


class _Job(NamedTuple):
    """What stays the same for all shares of a run. `files` are those that could be read."""

    files: dict[str, Source]
    config: Config
    rules: list[Rule]
    book: list[Rule]


def check(
    files: Sequence[Source | InputProblem],
    config: Config,
    rules: list[Rule],
    book: list[Rule],
    processes: int,
    digests: Sequence[str] = (),
    kept: Kept | None = None,
) -> tuple[Result, Kept | None] | None:
    """What `engine.run` would find, and what is worth keeping; None if this is no input to divide.

    `digests` tell every file from itself with other bytes. `kept` comes from an earlier run over
    files of the same names, under the same rules and configuration. Raises RulebookError.
    """
    unread = Input([], [], [])
    problems = [file for file in files if not isinstance(file, Source)]
    for problem in problems:
        note_unread(problem, unread)
    job = _Job({f.name: f for f in files if isinstance(f, Source)}, config, rules, book)
    if len(job.files) + len(problems) < len(files) or not _is_divisible(job):
        return None
    told = zip(files, digests, strict=False)
    digests = [digest for file, digest in told if isinstance(file, Source)]
    found = None if kept is None or unread.troubles else _renewed(job, digests, kept)
    found = found or _anew(job, digests, processes)
    if found is None:
        return None
    verdict = engine.Verdict(
        [located for record in found.records for located in record.found],
        [broken for record in found.records for broken in record.broken],
        [pair for record in found.records for pair in record.unknown_versions],
    )
    given = [excuse for record in found.records for excuse in record.excuses]
    surveys = dict(zip(job.files, found.surveys, strict=True))
    of_files = [trouble for survey in found.surveys for trouble in survey.troubles]
    of_others = [trouble for record in found.records for trouble in record.troubles]
    used = {name for record in found.records for name in record.used}
    skipped = {part.file: part.reason for part in unread.skipped}
    skipped |= {name: reason for name, one in surveys.items() for reason, _, _ in one.skipped}
    for name, survey in surveys.items():
        if survey.sort in (OTHER, BROKEN) and name not in used:
            skipped.setdefault(name, NO_MANIFEST)
    troubles = [*unread.troubles, *of_files, *dict.fromkeys(of_others)]
    context = {name for name, source in job.files.items() if source.context}
    objects = sum(survey.objects for name, survey in surveys.items() if name not in context)
    number = len({*job.files, *(part.file for part in unread.skipped)})
    read = engine.Read(number, objects, troubles, skipped, context)
    result = engine.conclude(verdict, given, read, rules, config, book)
    return result, None if verdict.broken or unread.troubles else found


def _is_divisible(job: _Job) -> bool:
    """Is it without kustomizations, and are the rules our own?"""
    names = {name.rpartition("/")[2] for name in job.files}
    return names.isdisjoint(KUSTOMIZATIONS) and not any(rule.custom for rule in job.rules)


def _cut(files: Iterable[Source]) -> list[list[str]]:
    """Shares of about the same size, of files that follow each other."""
    shares: list[list[str]] = []
    room = 0
    for file in files:
        if room <= 0:
            shares.append([])
            room = SHARE
        shares[-1].append(file.name)
        room -= len(file.data)
    return shares


def _anew(job: _Job, digests: Sequence[str], processes: int) -> Kept | None:
    """Everything judged, by several processes; None if some share has to do with another."""
    shares = _cut(job.files.values())
    count = max(1, min(processes, len(shares)))
    ends = [len(shares) * number // count for number in range(count + 1)]
    parts = [shares[begin:end] for begin, end in pairwise(ends)]
    read: dict[str, list[Document]] = {}

    def survey(number: int) -> list[Survey]:
        found = []
        room = REMEMBERED
        for source in (job.files[name] for share in parts[number] for name in share):
            made, documents = Survey.of(source)
            found.append(made)
            room -= len(source.data)
            if room >= 0:
                read[source.name] = documents
        return found

    def judge(number: int, surveys: list[Any]) -> tuple[list[Record], list[str]]:
        own = [Survey.from_plain(one) for several in surveys for one in several]
        judge = _Judge(job, own, read)
        made = [judge.record(share) for share in parts[number]]
        if number == 0:
            made.append(judge.record(None))
        return made, judge.common

    try:
        found = workers.in_two_steps(count, survey, judge)
    except Exception:  # noqa: BLE001  (a run over the whole finds it too, and says so)
        return None
    if found is None:
        return None
    first, *others = [[Record.from_plain(one) for one in made] for _, (made, _) in found]
    *first, whole = first
    return Kept(
        list(digests),
        [Survey.from_plain(one) for several, _ in found for one in several],
        shares,
        [*first, *(record for several in others for record in several), whole],
        found[0][1][1],
    )


def _renewed(job: _Job, digests: Sequence[str], kept: Kept) -> Kept | None:
    """What was kept, and what changed judged again; None if that is no less work than all."""
    pairs = zip(job.files.values(), kept.digests, digests, strict=True)
    changed = {source.name: source for source, old, new in pairs if old != new}
    surveys = dict(zip(job.files, kept.surveys, strict=True))
    read: dict[str, list[Document]] = {}
    for name, source in changed.items():
        made, read[name] = Survey.of(source)
        if made != surveys[name] or made.outline is None or made.sort == GONE:
            return None
    shares = [*kept.shares, None]
    affected = [
        number
        for number, record in enumerate(kept.records)
        if record.depends_on(changed) or not changed.keys().isdisjoint(shares[number] or ())
    ]
    if sum(len(job.files[name].data) for n in affected for name in shares[n] or ()) > FEW:
        return None
    made_again = list(kept.records)
    try:
        judge = _Judge(job, list(surveys.values()), read)
        if not changed.keys().isdisjoint({*kept.common, *judge.common}):
            return None
        for number in affected:
            made_again[number] = judge.record(shares[number])
    except Exception:  # noqa: BLE001  (as above)
        return None
    return kept._replace(digests=list(digests), records=made_again)


class _Judge:
    """Judges shares of one input, one after the other."""

    def __init__(self, job: _Job, surveys: list[Survey], read: dict[str, list[Document]]) -> None:
        """`read` holds the documents of files that were parsed already, and is emptied."""
        self._job = job
        self._watch = Watch()
        files: list[ParsedFile] = []
        skipped: list[Skipped] = []
        whole: set[str] = set()
        self._others: list[WatchedOther] = []
        for source, survey in zip(job.files.values(), surveys, strict=True):
            skipped += [Skipped(source.name, why, source, *lines) for why, *lines in survey.skipped]
            if survey.sort in (OTHER, BROKEN):
                self._others.append(WatchedOther(source, self._watch, survey.sort == BROKEN))
                files.append(self._others[-1])
            elif survey.outline is not None and survey.sort != GONE:
                documents = read.pop(source.name, None)
                files.append(Sketch(source, survey.outline, self._watch, documents))
            elif survey.sort != GONE:
                documents = read.pop(source.name, None) or Survey.of(source)[1]
                files.append(ParsedFile(source, documents))
                whole.add(source.name)
        self._model = Model.of(Input(files, [], skipped), job.config)
        self._model.settle()
        self.common = sorted(self._watch.opened | whole)
        """Files that are read whatever is judged."""
        self._watch.renew()
        self._model.graph.forget()
        if not gc.isenabled():
            gc.freeze()  # what stays to the end is not looked through after each share

    def record(self, share: list[str] | None) -> Record:
        """Judge a share, or the whole by the rules that are about it. Raises _StrayError."""
        try:
            return self._judged(share)
        finally:
            for name in self._watch.opened.difference(self.common):  # to whose nodes others hold on
                file = self._model.graph.documents.file(name)
                if isinstance(file, (Sketch, WatchedOther)):
                    file.forget()
            self._watch.renew()
            self._model.graph.forget()
            if not gc.isenabled():  # models refer to themselves in cycles: they would stay
                gc.collect()
                gc.freeze()  # what others remember of them is not looked through again

    def _used(self) -> list[WatchedOther]:
        """The files that are no manifests and that something has used."""
        return [other for other in self._others if other.is_used]

    def _is_context(self, name: str) -> bool:
        source = self._job.files.get(name)
        return source is not None and source.context

    def _judged(self, share: list[str] | None) -> Record:
        job, graph = self._job, self._model.graph
        if share is not None:
            share = [name for name in share if not self._is_context(name)]
        rules = [rule for rule in job.rules if (rule.subject == engine.WHOLE) == (share is None)]
        model = self._model.within(share)
        verdict = engine.judge(model, rules, job.book)
        if share is not None and any(
            one.span.file not in share and not self._is_context(one.span.file)
            for one, _ in verdict.found
        ):
            raise _StrayError
        given = [] if share is None else list(excuses(model.files, model.resources))
        objects = [*(about for _, about in verdict.found), *(excuse.about for excuse in given)]
        names: dict[object, str] = {
            resource: f"{file} {number}"
            for file in {one.file for one in objects if isinstance(one, Resource)}
            for number, resource in enumerate(graph.in_file(file))
        }
        return Record(
            [(finding, names.get(about)) for finding, about in verdict.found],
            verdict.broken,
            [excuse._replace(about=names.get(excuse.about)) for excuse in given],
            sorted(self._watch.opened),
            sorted(self._watch.sought),
            [other.source.name for other in self._used()],
            [trouble for other in self._others for trouble in other.troubles],
            verdict.unknown_versions,
        )
