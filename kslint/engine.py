"""Runs the rules over the model. A rule that breaks becomes a finding; the others go on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kslint.findings import SEVERITIES, Finding, Label, Result, Subject, Summary
from kslint.graph.graph import Graph
from kslint.model.model import Model
from kslint.resources import duplicate_keys
from kslint.source.nodes import Node, Span, path_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.config import Config
    from kslint.findings import Problem
    from kslint.resources import Resource
    from kslint.rulebook import Rule
    from kslint.source.load import Input, Trouble

INTERNAL_ERROR = "internal-error"


def run(loaded: Input, rules: Iterable[Rule], config: Config, all_rules: Iterable[Rule]) -> Result:
    """Check an input. `all_rules` holds the reserved ones, which no selection switches off."""
    reserved = {rule.name: rule for rule in all_rules if rule.reserved}
    graph = Graph(loaded)
    model = Model(graph, config)
    troubles = [*loaded.troubles, *duplicate_keys(loaded.files)]
    findings = [_input_finding(trouble, reserved[trouble.rule]) for trouble in troubles]
    failed = bool(findings)
    for rule in rules:
        if rule.reserved:
            continue
        try:
            findings.extend(_check(rule, model))
        except Exception as error:  # noqa: BLE001  (one broken rule must not hide the others)
            findings.append(_broken(rule, error, reserved[INTERNAL_ERROR]))
            failed = True
    findings = sorted(set(findings), key=lambda finding: finding.order)
    counts = [sum(f.severity == severity for f in findings) for severity in SEVERITIES]
    summary = Summary(
        len(loaded.files) + len(loaded.skipped), len(graph.resources), *counts, len(loaded.skipped)
    )
    return Result(findings, summary, failed, [(s.file, s.reason) for s in loaded.skipped])


def subjects(kind: str, model: Model) -> Iterable[Any]:
    """What a rule's check is called with, one by one: the front matter's `subject`."""
    if kind == "component":
        return (c for service in model.inference_services for c in service.components)
    if kind == "model":
        return (model,)
    plural: Iterable[Any] = getattr(model, kind + "s")
    return plural


def _check(rule: Rule, model: Model) -> Iterator[Finding]:
    topic, _, function = rule.check.partition(".")
    check: Callable[..., Iterator[Problem]] = getattr(
        import_module(f"kslint.checks.{topic}"), function
    )
    for subject in subjects(rule.subject, model):
        for problem in check(subject, **rule.params):
            yield _finding(rule, problem, _object_of(subject, problem), model)


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
    path, subject = "", Subject()
    if resource is not None:
        path = path_to(resource.body, problem.at) or ""
        namespace = model.graph.namespace_of(resource)
        subject = Subject(resource.kind, namespace or "", resource.name)
    return Finding(
        rule.id,
        rule.name,
        problem.severity or rule.severity,
        template.format_map(problem.facts).strip(),
        span,
        subject,
        path,
        rule.symptom.format_map(_Lenient(problem.facts)).strip(),
        rule.help.format_map(_Lenient(problem.facts)).strip(),
        related,
    )


def _place(where: Node | Span | None) -> Span | None:
    return where.place if isinstance(where, Node) else where


class _Lenient(dict[str, object]):
    """Facts for texts that speak of every variant: a missing one shows as its name."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _input_finding(trouble: Trouble, rule: Rule) -> Finding:
    return Finding(
        rule.id,
        rule.name,
        rule.severity,
        trouble.message,
        trouble.span,
        symptom=rule.symptom,
        help=rule.help,
        related=tuple(Label(span, text) for span, text in trouble.related),
    )


def _broken(rule: Rule, error: Exception, internal: Rule) -> Finding:
    """A crash of a rule, with the place in our code that a bug report needs."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.rpartition('kslint/')[2]}:{last.lineno}"
    message = f"rule {rule.name} failed: {type(error).__name__}: {error} ({where})"
    place = Span("<kslint>", 1, 1, 1, 1)
    return Finding(
        internal.id, internal.name, internal.severity, message, place, help=internal.help
    )
