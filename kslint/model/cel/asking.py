"""Rules in CEL asked of values, and what the API server says where they do not hold.

A rule that cannot be evaluated says nothing. Source: k8s.io/apiextensions-apiserver v0.34
pkg/apiserver/schema/cel/validation.go.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.cel.protocol import FALSE
from kslint.model.cel.spoken import holds, is_spoken, speaks
from kslint.model.cel.values import shown, subjects
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.cel.ruled import Rule, Ruled
    from kslint.model.cel.values import Subject
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SECONDS, _TOTAL = 2.0, 10.0
"""Processor time of one rule in a run, and time by the clock of all."""
_BATCH = 4_000_000
"""Characters of values that are sent at once."""
_LARGEST = 4_000_000
"""Characters of the values of one object, each as often as a rule is about it or what holds it."""
_VARIABLES = ("self",)
_NO_KEY = re.compile("there is no `(.*)`", re.DOTALL)
"""An error of which is known that the API server meets it, too, and what it makes of it."""
_LACK = "\0no such key: "


class Broken(NamedTuple):
    """A rule that an object breaks: what the API server says, and the value to change."""

    message: str
    node: Node


class Question(NamedTuple):
    subject: Subject
    rule: Rule
    text: str
    """The value, as it is sent."""


Answer = tuple[Question, str]
"""A rule that does not hold, and the message that is computed for it, if one is."""


class Asked:
    """Asks rules, each of one value once."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str], str | None] = {}
        """By rule, message and value: None where the rule holds, else the message or ""."""
        self._left = _TOTAL

    def failing(self, asks: list[tuple[Resource, list[Ruled]]]) -> list[list[Answer]]:
        """For each object the rules that it breaks, with the messages computed for them.

        Those of the first schema given for an object, where the others might refuse it as well.
        """
        asked = [list(_questions(resource, forms[0], forms[1:])) for resource, forms in asks]
        self._ask([question for several in asked for question in several])
        return [
            [
                (question, answer)
                for question in questions
                if (answer := self._answers.get(_key(question))) is not None
            ]
            for questions in asked
        ]

    def _ask(self, questions: list[Question]) -> None:
        """Learn the answers to questions that were not asked before."""
        new = {
            key: question for question in questions if (key := _key(question)) not in self._answers
        }
        if not new:
            return
        from kslint.model.cel.evaluator import Evaluator, Expression, ExtraError

        names: dict[tuple[str, str], str] = {}
        for rule, message, _ in new:
            names.setdefault((rule, message), str(len(names)))
        rules = {name: Expression(*pair, _VARIABLES) for pair, name in names.items()}
        started = monotonic()
        evaluator = Evaluator(rules, _SECONDS, max(self._left, 0))
        self._answers.update(dict.fromkeys(new))
        try:
            evaluator.complaints()
            for batch in _batches(list(new)):
                texts = list({text: None for _, _, text in batch})
                places = {text: place for place, text in enumerate(texts)}
                asked: dict[str, list[int]] = {}
                for rule, message, text in batch:
                    asked.setdefault(names[rule, message], []).append(places[text])
                for name, verdict in evaluator.judge(texts, asked):
                    lack = _NO_KEY.fullmatch(verdict.text)
                    if verdict.kind == FALSE or lack:
                        pair = rules[name]
                        key = (pair.cel, pair.message, texts[verdict.subject])
                        self._answers[key] = f"{_LACK}{lack[1]}" if lack else verdict.text
        except ExtraError:
            return
        finally:
            evaluator.close()
            self._left -= monotonic() - started


def _batches(keys: list[tuple[str, str, str]]) -> Iterator[list[tuple[str, str, str]]]:
    batch: list[tuple[str, str, str]] = []
    size = 0
    for key in keys:
        batch.append(key)
        size += len(key[2])
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _key(question: Question) -> tuple[str, str, str]:
    rule = question.rule
    return rule.asked or "", rule.asked_message, question.text


def _questions(resource: Resource, form: Ruled, others: list[Ruled]) -> Iterator[Question]:
    """What is asked of an object by the rules of a schema."""
    left, kind = _LARGEST, (resource.group, resource.version, resource.kind)
    part = _open_part(form, tuple(others), kind)
    for subject in () if part is None else subjects(part, resource.body):
        text = ""
        rules = [rule for rule in subject.schema.rules if not is_spoken(*kind, rule.message)]
        if not rules or not all(_may_refuse(other.at(subject.path), kind) for other in others):
            continue
        for rule in rules:
            known = not subject.unknown or (
                "" not in subject.unknown and rule.names.isdisjoint(subject.unknown)
            )
            if not known or rule.asked is None:
                continue
            if not text:
                text = json.dumps({"self": subject.value})
                left -= len(text)
                if left < 0:
                    return
            if not holds(rule.message, text):
                yield Question(subject, rule, text)


@lru_cache(256)
def _open_part(form: Ruled, others: tuple[Ruled, ...], kind: tuple[str, str, str]) -> Ruled | None:
    """The part of a schema on the ways to rules that are asked; None if there are none.

    Only of kinds that have rules which speak elsewhere: most of their objects need not be read.
    """
    return _part(form, others, kind) if speaks(*kind) else form


def _part(
    form: Ruled | None, others: tuple[Ruled | None, ...], kind: tuple[str, str, str]
) -> Ruled | None:
    if form is None:
        return None
    asked = any(not is_spoken(*kind, rule.message) for rule in form.rules)
    if asked and all(_may_refuse(other, kind) for other in others):
        return form
    fields = {
        name: part
        for name in form.names
        if (part := _part(form.field(name), tuple(o and o.field(name) for o in others), kind))
    }
    made = form.without_rules(fields)
    for key in ("items", "values"):
        part = _part(form.part(key), tuple(o and o.part(key) for o in others), kind)
        if part is not None:
            made.raw[key] = part
    return made if fields or made.raw else None


def _may_refuse(schema: Ruled | None, kind: tuple[str, str, str]) -> bool:
    """Might a schema refuse a value by a rule that does not speak elsewhere?

    One that does not have the field might: then the release is not in use.
    """
    return schema is None or any(not is_spoken(*kind, rule.message) for rule in schema.rules)


_KINDS = {
    "FieldValueForbidden": "Forbidden",
    "FieldValueRequired": "Required value",
}


def told(question: Question, computed: str) -> Broken:
    """What the API server says to a broken rule."""
    subject, rule, _ = question
    field = re.sub(r"\['((?:\\.|[^'\\])*)'\]", r"[\1]", rule.field).removeprefix(".")
    path = shown(subject.path)
    if field and not computed.startswith(_LACK):
        path = field if path == "<nil>" else f"{path}.{field}"
    type_ = "" if subject.schema.type == "int-or-string" else subject.schema.type
    said = computed or rule.said
    if computed.startswith(_LACK):
        cause = (rule.message or rule.rule).strip()
        message = f'{path}: Invalid value: "{type_}": {computed[1:]} evaluating rule: {cause}'
    elif rule.reason in _KINDS:
        message = f"{path}: {_KINDS[rule.reason]}: {said}"
    elif rule.reason == "FieldValueDuplicate":
        message = f'{path}: Duplicate value: "{type_}"'
    else:
        message = f'{path}: Invalid value: "{type_}": {said}'
    return Broken(message, _place(subject.node, rule))


_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\['((?:\\.|[^'\\])*)'\]", re.ASCII)


def _place(node: Node, rule: Rule) -> Node:
    """The value to change: that at the rule's path, else what all that it reads has in common."""
    if rule.field:
        ways = [tuple(name or key for name, key in _STEP.findall(rule.field))]
    else:
        ways = [way for way in rule.chains if _written(node, way) is not node]
    if not ways:
        return node
    common = ways[0]
    for way in ways[1:]:
        same = next((n for n, (a, b) in enumerate(zip(common, way, strict=False)) if a != b), None)
        common = common[: min(len(common), len(way)) if same is None else same]
    return _written(node, common)


def _written(node: Node, way: tuple[str, ...]) -> Node:
    """The last value on a way that is written."""
    for step in way:
        child = node.get(step) if isinstance(node, Map) else None
        if child is None or child.place is None:
            break
        node = child
    return node
