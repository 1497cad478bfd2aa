"""Runs the rules over the model. A rule that breaks becomes a finding; the others go on."""

from __future__ import annotations

from importlib import import_module
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.config import matcher
from kslint.findings import (
    HELM_VALUES,
    KUSTOMIZATION,
    SEVERITIES,
    Finding,
    Label,
    Result,
    Subject,
    Summary,
)
from kslint.findings.wording import filled, filled_in_part
from kslint.model.cel.protocol import StoppedError
from kslint.resources import is_kustomization, is_object
from kslint.rulebook import matching
from kslint.running import context
from kslint.source.files import display
from kslint.source.nodes import Node, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from kslint.config import Config
    from kslint.custom.verdicts import Judged
    from kslint.findings import Fix, Problem
    from kslint.findings.suppressions import Excuse
    from kslint.fixes.draft import Offers
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.rulebook import Rule
    from kslint.source.load import Input, Trouble

    Located = tuple[Finding, Hashable]
    """A finding, and what tells the object it is about from all others; None if it is of none."""

INTERNAL_ERROR = "internal-error"
WHOLE, OBJECTS = "model", "objects"
"""Subjects of rules that are called with the model: as a whole, or with a share to judge."""
OFF = "off"
"""In place of a severity: the rule does not run."""


class Verdict(NamedTuple):
    """What rules have to say of an input or of a share of it: nothing sorted, nothing excused."""

    found: list[Located]
    broken: list[Finding]
    """Rules that broke, as findings."""
    unknown_versions: list[tuple[str, str]]
    """What `Model` says of the input as a whole; nothing of a share."""


def run(
    loaded: Input,
    rules: Iterable[Rule],
    config: Config,
    all_rules: Iterable[Rule],
    model: Model | None = None,
) -> Result:
    """Check an input. `all_rules` holds the reserved ones, which no selection switches off.

    `model` is that of the input, where the caller has a use for it too. Raises RulebookError if
    the configuration names a rule that does not exist, and MistakesError if custom rules cannot
    be evaluated.
    """
    from kslint.findings.suppressions import excuses
    from kslint.model.model import Model
    from kslint.resources import object_troubles
    from kslint.source.load import NO_MANIFEST, Other

    rules, book = list(rules), list(all_rules)
    model = model or Model.of(loaded, config)
    verdict = judge(model, rules, book)
    given = list(excuses(loaded.files, model.resources))
    troubles = [*loaded.troubles, *object_troubles(loaded.files, model.graph.scopes.taken)]
    skipped = {s.file: s.reason for s in loaded.skipped}
    for file in loaded.files:
        if isinstance(file, Other):
            troubles += file.troubles
            if not file.is_used:
                skipped.setdefault(file.source.name, NO_MANIFEST)
    files = len({*skipped, *(file.source.name for file in loaded.files)})
    around = context.files(loaded)
    objects = sum(resource.file not in around for resource in model.graph.resources)
    read = Read(files, objects, troubles, skipped, around)
    return conclude(verdict, given, read, rules, config, book)


def judge(model: Model, rules: Iterable[Rule], book: Iterable[Rule]) -> Verdict:
    """What rules find in what a model judges.

    Raises MistakesError if custom rules cannot be evaluated.
    """
    internal = next(rule for rule in book if rule.name == INTERNAL_ERROR)
    running = [rule for rule in rules if not rule.reserved]
    verdict = Verdict([], [], model.unknown_versions if model.share is None else [])
    judged = _judged([rule for rule in running if rule.custom], model)
    fixes = _Fixes(model)
    for rule in running:
        broken: list[Exception] = []
        try:
            own = _own(rule, judged, model) if rule.custom else _check(rule, model, fixes, broken)
            verdict.found.extend(own)
        except Exception as error:  # noqa: BLE001  (one broken rule must not hide the others)
            broken.append(error)
        verdict.broken.extend(_broken(rule, error, internal) for error in broken)
    return verdict


class Read(NamedTuple):
    """What is to be said of the input itself: counts, what could not be read, what was skipped.

    `skipped` has the files that were passed over, in part or as a whole, each with the reason.
    `context` are those of the files that tell of the others, and of which nothing is to be said.
    """

    files: int
    resources: int
    troubles: list[Trouble]
    skipped: dict[str, str]
    context: AbstractSet[str] = frozenset()


def conclude(
    verdict: Verdict,
    given: Iterable[Excuse],
    read: Read,
    rules: Iterable[Rule],
    config: Config,
    book: list[Rule],
) -> Result:
    """The result of a run: excused what is excused, sorted, counted.

    Raises RulebookError if the configuration names a rule that does not exist.
    """
    from kslint.findings.suppressions import applied
    from kslint.source.load import CHART_TEMPLATE, TEMPLATE

    reserved = {rule.name: rule for rule in book if rule.reserved}
    findings = [_input_finding(trouble, reserved[trouble.rule]) for trouble in read.troubles]
    findings += verdict.broken
    failed = bool(findings)
    findings += applied(
        _configured(_narrowest(verdict.found, book), config, book),
        given,
        book,
        {rule.name for rule in rules if not rule.reserved},
        reason_required=config.require_reason,
    )
    findings = _once(context.without(findings, read.context))
    skipped = {file: why for file, why in read.skipped.items() if file not in read.context}
    unrendered = sum(reason in (CHART_TEMPLATE, TEMPLATE) for reason in skipped.values())
    files, around = read.files - len(read.context), len(read.context)
    summary = Summary(
        files, read.resources, skipped=len(skipped), unrendered=unrendered, context=around
    )
    return Result(
        findings,
        summary.of(findings),
        failed,
        sorted(skipped.items()),
        tuple(verdict.unknown_versions),
    )


def _narrowest(found: list[Located], book: list[Rule]) -> list[Located]:
    """Less what rules that yield say where another rule reports an error."""
    yielding = {rule.name for rule in book if rule.yields}
    taken = {one.span for one, _ in found if one.severity == "error" and one.name not in yielding}
    return [pair for pair in found if pair[0].name not in yielding or pair[0].span not in taken]


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted, and one of those that a rule has to say of one place.

    An object that several overlays emit is checked for each of them, and the user has one line to
    change. Where values of the overlays make the messages differ, the one that stays names them.
    """
    seen: dict[object, Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.span, finding.message), finding)
    places: dict[object, dict[str, list[Finding]]] = {}
    for finding in seen.values():
        place = (finding.rule, finding.span, finding.suppressed is None, bool(finding.overlay))
        places.setdefault(place, {}).setdefault(finding.overlay, []).append(finding)
    result = [
        _joined([one for one in several if one is not None])
        for overlays in places.values()
        for several in zip_longest(*overlays.values())
    ]
    return sorted(result, key=lambda finding: finding.order)


def _joined(several: list[Finding]) -> Finding:
    """One finding for what several overlays make of a place: the worst of them."""
    first, *others = sorted(several, key=lambda finding: SEVERITIES.index(finding.severity))
    if not others:
        return first
    named = [f"`{finding.overlay}`" for finding in others[:_NAMED]]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    likewise = f"(in overlay `{first.overlay}`; likewise in {', '.join(named)}{more})"
    return first._replace(message=f"{first.message} {likewise}")


_NAMED = 3
"""Overlays that a finding names beside its own."""


def choose(
    book: list[Rule], config: Config, select: list[str] | None = None, ignore: Iterable[str] = ()
) -> list[Rule]:
    """The rules to run. `select` and `ignore` are the command line's.

    `select` stands in for the configuration's, and what it names outright runs even if the
    configuration ignores it; `ignore` adds. Raises RulebookError on a name that means no rule.
    """
    wanted = select or config.select
    chosen = [rule for rule in book if not wanted]
    for selector in wanted:
        chosen += [rule for rule in matching(book, selector) if rule not in chosen]
    off = [rule for selector in config.ignore for rule in matching(book, selector)]
    severities = _severities(config, book)
    off += [rule for rule in book if severities.get(rule.name) == OFF]
    named = set(select or ())
    off = [rule for rule in off if not named.intersection((rule.id, rule.name, *rule.aliases))]
    off += [rule for selector in ignore for rule in matching(book, selector)]
    return [rule for rule in chosen if rule not in off]


def _severities(config: Config, book: list[Rule]) -> dict[str, str]:
    """The configured severities by rule name; a selector of fewer rules wins over one of more."""
    told = [(matching(book, selector), severity) for selector, severity in config.severity]
    told.sort(key=lambda one: -len(one[0]))
    return {rule.name: severity for rules, severity in told for rule in rules}


def _configured(found: list[Located], config: Config, book: list[Rule]) -> Iterator[Located]:
    """The findings of rules, with the configured severities and without its exceptions by file."""
    severities = _severities(config, book)
    exceptions = [
        (
            matcher(config, [exception.glob]),
            {rule.name for selector in exception.ignore for rule in matching(book, selector)},
        )
        for exception in config.per_path
    ]
    for finding, subject in found:
        severity = severities.get(finding.name, OFF)
        if any(
            finding.name in names and matches(finding.span.file, False)
            for matches, names in exceptions
        ):
            continue
        yield finding if severity == OFF else finding._replace(severity=severity), subject


def subjects(kind: str, model: Model) -> list[Any]:
    """What a rule's check is called with, one by one: the front matter's `subject`."""
    if kind == "component":
        return [c for service in model.inference_services for c in service.components]
    if kind in (WHOLE, OBJECTS):
        return [model]
    plural: list[Any] = getattr(model, kind + "s")
    return plural


class _Fixes:
    """The fixes of a run. What makes them is imported for the first finding that may have one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._offers: Offers | None = None

    def of(
        self, rule: Rule, problem: Problem, subject: Any, concerned: set[Resource]
    ) -> Fix | None:
        if self._offers is None:
            from kslint.fixes.draft import Offers

            self._offers = Offers(self._model)
        return self._offers.offer(rule, problem, subject, concerned)


def _check(rule: Rule, model: Model, fixes: _Fixes, broken: list[Exception]) -> Iterator[Located]:
    """The findings of one rule. A fix that cannot be drafted is missing, and why is in `broken`."""
    asked = subjects(rule.subject, model)
    if not asked:  # no need to import the check
        return
    topic, _, function = rule.check.partition(".")
    check: Callable[..., Iterator[Problem]] = getattr(
        import_module(f"kslint.checks.{topic}"), function
    )
    found = [
        (subject, problem, _object_of(subject, problem))
        for subject in asked
        for problem in check(subject, **rule.params)
    ]
    same: dict[Span | None, set[Resource]] = {}
    for _, problem, about in found:
        same.setdefault(problem.at.place, set()).update([about] if about else [])
    for subject, problem, resource in found:
        finding = _finding(rule, problem, resource, model)
        if rule.fix is not None:
            try:
                fix = fixes.of(rule, problem, subject, same[problem.at.place])
                finding = finding._replace(fix=fix)
            except Exception as error:  # noqa: BLE001  (a broken fix must not hide the finding)
                broken.append(error)
        yield finding, resource


def _judged(rules: list[Rule], model: Model) -> Judged | None:
    """The verdicts of custom rules; None where there are no such rules."""
    if not rules:
        return None
    from kslint.custom.verdicts import judge

    return judge(rules, model)


def _own(rule: Rule, judged: Judged | None, model: Model) -> Iterator[Located]:
    assert judged is not None
    for problem in judged.of(rule):
        yield _finding(rule, problem, problem.about, model), problem.about


def _object_of(subject: Any, problem: Problem) -> Resource | None:
    """The Kubernetes object a problem is about."""
    found = problem.about or getattr(subject, "resource", None)
    if found is None and hasattr(subject, "owner"):
        found = subject.owner.resource
    resource: Resource | None = found
    return resource


def _finding(rule: Rule, problem: Problem, resource: Resource | None, model: Model) -> Finding:
    span = problem.at.place
    if span is None and resource is not None:
        span = (resource.body.at("metadata", "name") or resource.body).place
    assert span is not None, f"{rule.name} points at a node that stands nowhere"
    template = rule.messages.get(problem.variant, rule.messages.get("default", rule.title))
    places = [(_place(where), text) for where, text in problem.related]
    related = tuple(Label(place, text) for place, text in places if place not in (None, span))
    subject, path = _subject(span.file, problem.at, resource, model)
    return Finding(
        rule.id,
        rule.name,
        problem.severity or rule.severity,
        filled(template, problem.facts),
        span,
        subject,
        path or "",
        filled_in_part(rule.symptom, problem.facts),
        filled_in_part(rule.help, problem.facts),
        related,
        overlay="" if resource is None else resource.emitter,
    )


def _subject(
    file: str, node: Node, resource: Resource | None, model: Model
) -> tuple[Subject, str | None]:
    """What a finding at a node speaks of, and the path to the node in that."""
    if resource is None:
        return _holder(file, node, model)
    path = model.path_to(resource.body, node)
    if resource.group == "argoproj.io":
        if path is not None and path.endswith(".helm.values"):
            return Subject(HELM_VALUES), path
        holder, inside = _holder(file, node, model) if path is None else (Subject(), None)
        if holder.kind == HELM_VALUES:
            return holder, inside
    namespace = model.graph.namespace_of(resource)
    return Subject(resource.kind, namespace or "", resource.name), path


def _holder(file: str, node: Node, model: Model) -> tuple[Subject, str | None]:
    """What a node stands in that belongs to no object in question, and its path there."""
    roots = model.graph.documents.get(file, [])
    for root in roots:
        path = model.path_to(root, node)
        if path is None:
            continue
        if is_kustomization(root, file):
            return Subject(KUSTOMIZATION), path
        if is_object(root):
            names = (root.string("metadata", field) or "" for field in ("namespace", "name"))
            return Subject(root.string("kind") or "", *names), path
        return Subject("" if any(map(is_object, roots)) else HELM_VALUES), path
    return Subject(), None


def _place(where: Node | Span | None) -> Span | None:
    return where.place if isinstance(where, Node) else where


def _input_finding(trouble: Trouble, rule: Rule) -> Finding:
    return Finding(
        rule.id,
        rule.name,
        rule.severity,
        trouble.message,
        trouble.span,
        symptom=rule.symptom,
        help=trouble.help or rule.help,
        related=tuple(Label(span, text) for span, text in trouble.related),
    )


def _broken(rule: Rule, error: Exception, internal: Rule) -> Finding:
    """A crash of a rule, with the place in our code that a bug report needs; or its page."""
    if isinstance(error, StoppedError):
        message = internal.messages["custom"].format(rule=rule.name, error=error)
        place = Span(display(rule.file), 1, 1, 1, 1)
    else:
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rpartition('kslint/')[2]}:{last.lineno}"
        said = f"{type(error).__name__}: {error} ({where})"
        message = internal.messages["default"].format(rule=rule.name, error=said)
        place = Span("<kslint>", 1, 1, 1, 1)
    return Finding(
        internal.id, internal.name, internal.severity, message, place, help=internal.help
    )
