"""What the API server says to what a Job makes of the failures and successes of its pods.

Source: k8s.io/kubernetes v1.34 pkg/apis/batch/validation/validation.go (validatePodFailurePolicy,
validateSuccessPolicy).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, printed, word
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_MOST = 20
"""Rules of a policy, and conditions of a rule."""
_MOST_CODES = 255


def failure_policy(errors: FieldErrors, spec: Map, path: str) -> None:
    """As validatePodFailurePolicy."""
    pod = spec.at("template", "spec")
    servers = [*containers(pod), *init_containers(pod)]
    names = [word(server.get("name")) for server in servers]
    _at_most(errors, spec.get("podFailurePolicy"), "rules", _MOST, f"{path}.rules")
    for index, rule in each(spec.get("podFailurePolicy"), "rules"):
        here = f"{path}.rules[{index}]"
        action, where = word(rule.get("action")), child(rule, "action")
        if action == "":
            errors.required(f"{here}.action", where, "no-action", _valid(_ACTIONS))
        elif action == "FailIndex" and not present(spec, "backoffLimitPerIndex"):
            detail = "requires the backoffLimitPerIndex to be set"
            errors.invalid(f"{here}.action", action, detail, where, "no-backoff-per-index")
        errors.one_of(here, rule, "action", _ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.listed("onPodConditions")
        if isinstance(codes, Map):
            _exit_codes(errors, codes, f"{here}.onExitCodes", names)
        _at_most(errors, rule, "onPodConditions", _MOST, f"{here}.onPodConditions")
        for number, condition in each(rule, "onPodConditions"):
            _condition(errors, condition, f"{here}.onPodConditions[{number}]")
        if present(rule, "onExitCodes") == bool(conditions):
            what = "both" if conditions else "one of"
            end = "not supported" if conditions else "required"
            detail = f"specifying {what} OnExitCodes and OnPodConditions is {end}"
            errors.add(f"{here}: Invalid value: {detail}", rule, "failure-rule")


def _exit_codes(errors: FieldErrors, codes: Map, path: str, names: list[str | None]) -> None:
    if word(codes.get("operator")) == "":
        errors.required(
            f"{path}.operator", child(codes, "operator"), "no-operator", _valid(_OPERATORS)
        )
    errors.one_of(path, codes, "operator", _OPERATORS)
    name = word(codes.get("containerName"))
    if name and name not in names and None not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        node = child(codes, "containerName")
        errors.invalid(f"{path}.containerName", name, detail, node, "no-such-container")
    values, where = codes.listed("values"), child(codes, "values")
    if not values:
        detail = "at least one value is required"
        errors.invalid(f"{path}.values", [], detail, where, "no-exit-codes")
    _at_most(errors, codes, "values", _MOST_CODES, f"{path}.values")
    before: list[int] = []
    for index, node in enumerate(values):
        number = _integer(node)
        if number is None:
            return
        if number == 0 and word(codes.get("operator")) == "In":
            detail = "must not be 0 for the In operator"
            errors.invalid(f"{path}.values[{index}]", 0, detail, node, "exit-code-zero")
        if number in before:
            at = f"{path}.values[{index}]: Duplicate value: {number}"
            errors.add(at, node, "duplicate-exit-code")
        before.append(number)
    if before != sorted(before):
        errors.invalid(f"{path}.values", list(before), "must be ordered", where, "exit-codes-order")


def _integer(node: Node) -> int | None:
    return node.integer() if isinstance(node, Scalar) else None


def _condition(errors: FieldErrors, condition: Map, path: str) -> None:
    kind, node = word(condition.get("type")), child(condition, "type")
    if kind is not None:
        details = grammar.qualified_name(kind)
        errors.each_invalid(f"{path}.type", kind, details, node, "invalid-condition")
    errors.one_of(path, condition, "status", _STATUSES)


def _valid(values: tuple[str, ...]) -> str:
    return f"valid values: [{' '.join(printed(value) for value in values)}]"


def _at_most(errors: FieldErrors, holder: Node | None, field: str, most: int, path: str) -> None:
    count = 0 if holder is None else len(holder.listed(field))
    if holder is not None and count > most:
        text = f"{path}: Too many: {count}: must have at most {most} items"
        errors.add(text, child(holder, field), "too-many")


def success_policy(errors: FieldErrors, spec: Map, mode: str | None, path: str) -> None:
    """As validateSuccessPolicy."""
    policy = spec.get("successPolicy")
    if not isinstance(policy, Map):
        return
    if mode in ("", "NonIndexed"):
        detail, node = "requires indexed completion mode", child(spec, "successPolicy")
        errors.invalid(path, policy.plain(), detail, node, "not-indexed")
        return
    if not policy.listed("rules"):
        detail = "at least one rules must be specified when the successPolicy is specified"
        errors.required(f"{path}.rules", child(policy, "rules"), "no-success-rules", detail)
    _at_most(errors, policy, "rules", _MOST, f"{path}.rules")
    for index, rule in each(policy, "rules"):
        here = f"{path}.rules[{index}]"
        if not present(rule, "succeededCount") and not present(rule, "succeededIndexes"):
            detail = "at least one of succeededCount or succeededIndexes must be specified"
            errors.required(here, rule, "empty-success-rule", detail)
        count, most = rule.integer("succeededCount"), spec.integer("completions")
        if present(rule, "succeededIndexes") and most is not None:
            _indexes(errors, rule, here, most)
        errors.not_negative(here, rule, "succeededCount")
        if count is not None and most is not None and count > most:
            detail = f"must be less than or equal to {most} (the number of specified completions)"
            node = child(rule, "succeededCount")
            errors.invalid(f"{here}.succeededCount", count, detail, node, "too-many-successes")


def _indexes(errors: FieldErrors, rule: Map, path: str, most: int) -> None:
    """A list of indexes, and that no more have to succeed than it has."""
    text, node = word(rule.get("succeededIndexes")), child(rule, "succeededIndexes")
    if text is None:
        return
    total = _count(text, most)
    if isinstance(total, str):
        detail = f"error parsing succeededIndexes: {total}"
        errors.invalid(f"{path}.succeededIndexes", text, detail, node, "invalid-indexes")
        return
    count = rule.integer("succeededCount")
    if count is not None and count > total:
        detail = (
            f"must be less than or equal to {total} (the number of indexes in the specified "
            "succeededIndexes field)"
        )
        where = child(rule, "succeededCount")
        errors.invalid(f"{path}.succeededCount", count, detail, where, "too-many-successes")


def _count(text: str, most: int) -> int | str:
    """How many indexes a list such as `1,3-5` has, or why it is none (validateIndexesFormat)."""
    total, last = 0, -1
    for interval in text.split(",") if text else ():
        parts = interval.split("-")
        if len(parts) > 2:
            return (
                f"the fragment {printed(interval)} violates the requirement that an index interval "
                "can have at most two parts separated by '-'"
            )
        ends: list[int] = []
        for part in parts:
            if not re.fullmatch("[+]?[0-9]{1,18}", part):  # 64 bits hold no more
                return f"cannot convert string to integer for index: {printed(part)}"
            if int(part) >= most:
                return f"too large index: {printed(part)}"
            ends.append(int(part))
        before = (last, *ends) if total else tuple(ends)
        for earlier, later in pairwise(before):
            if earlier >= later:
                return f"non-increasing order, previous: {earlier}, current: {later}"
        total, last = total + ends[-1] - ends[0] + 1, ends[-1]
    return total
