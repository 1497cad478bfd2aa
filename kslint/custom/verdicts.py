"""Rules that users write, judged over a model: problems like those that checks yield."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from kslint.custom.pages import BROKEN, COMPUTED, CONTAINER, PageError, complaint, definition
from kslint.custom.sight import Sights
from kslint.findings import Problem
from kslint.model.cel.evaluator import SECONDS, Evaluator, Expression
from kslint.model.cel.protocol import ERROR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.custom.pages import Definition
    from kslint.custom.sight import Sight
    from kslint.model.cel.evaluator import Verdict
    from kslint.model.cel.protocol import StoppedError
    from kslint.model.model import Model
    from kslint.rulebook import Rule

_BATCH = 100
"""Subjects that travel to the evaluating process together."""


class Judged(NamedTuple):
    """The problems by rule name, and the rules whose evaluation was ended."""

    problems: dict[str, list[Problem]]
    stopped: dict[str, StoppedError]

    def of(self, rule: Rule) -> list[Problem]:
        """The problems of a rule. Raises StoppedError if it was not judged to its end."""
        if rule.name in self.stopped:
            raise self.stopped[rule.name]
        return self.problems[rule.name]


def judge(rules: Iterable[Rule], model: Model) -> Judged:
    """Judge every object of a model by custom rules.

    Raises PageError where expressions do not compile, and ExtraError.
    """
    defined = {rule.name: (rule, definition(rule)) for rule in rules}
    problems: dict[str, list[Problem]] = {name: [] for name in defined}
    evaluator = Evaluator({name: _expression(rule) for name, (_, rule) in defined.items()}, SECONDS)
    try:
        found = evaluator.complaints().items()
        mistakes = [complaint(defined[name][0], one) for name, several in found for one in several]
        if mistakes:
            raise PageError(sorted(mistakes, key=lambda m: (m.file, m.line, m.column)))
        for sights, asked in _batches({name: rule for name, (_, rule) in defined.items()}, model):
            texts = [json.dumps(sight.values) for sight in sights]
            for name, verdict in evaluator.judge(texts, asked):
                problem = _problem(*defined[name], verdict, sights[verdict.subject])
                if problem is not None:
                    problems[name].append(problem)
    finally:
        evaluator.close()
    return Judged(problems, evaluator.stopped)


def _expression(rule: Definition) -> Expression:
    return Expression(rule.cel, rule.message, rule.variables)


def _batches(
    rules: dict[str, Definition], model: Model
) -> Iterator[tuple[list[Sight], dict[str, list[int]]]]:
    """Subjects, and the numbers of those that each rule is asked about."""
    sights = Sights(model)
    batch: list[Sight] = []
    asked: dict[str, list[int]] = {}
    for resource in model.graph.resources:
        about = {name: rule for name, rule in rules.items() if rule.matches(resource)}
        effective = any(rule.wants_effective for rule in about.values())
        for subject in {rule.subject: None for rule in about.values()}:
            first = len(batch)
            if subject == CONTAINER:
                batch += sights.containers(resource, effective)
            else:
                batch.append(sights.object(resource, effective))
            for name, rule in about.items():
                if rule.subject == subject:
                    asked.setdefault(name, []).extend(range(first, len(batch)))
        if len(batch) >= _BATCH:
            yield batch, asked
            batch, asked = [], {}
    yield batch, asked


def _problem(rule: Rule, defined: Definition, verdict: Verdict, sight: Sight) -> Problem | None:
    """The problem that a verdict is; None if the page leaves failures aside."""
    at = sight.place(defined.at)
    resource = sight.resource
    if verdict.kind == ERROR:
        if not defined.fails:
            return None
        return Problem(
            at, BROKEN, about=resource, rule=rule.name, kind=resource.kind, name=resource.name,
            error=verdict.text,
        )  # fmt: skip
    value, origin = sight.fact(defined.at)
    return Problem(
        at,
        COMPUTED if verdict.text else "default",
        about=resource,
        text=verdict.text,
        kind=resource.kind,
        name=resource.name,
        namespace=sight.namespace,
        container=sight.container,
        value=value,
        origin=origin,
    )
