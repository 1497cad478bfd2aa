"""What the API server says to Jobs and CronJobs.

Source: k8s.io/kubernetes v1.34 pkg/apis/batch/validation/validation.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    present,
    printed,
    word,
)
from kslint.model.kubernetes.admission.schedules import schedule_error
from kslint.model.kubernetes.admission.workloads import template
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
    "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_ZONE = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_LONGEST_CRON_JOB = 52


def job_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Job. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    selector = spec.get("selector")
    chosen = isinstance(selector, Map) and any(map(_holds, selector.entries.values()))
    if selector is not None and chosen and spec.boolean("manualSelector") is not True:
        detail = "`selector` not auto-generated"
        errors.invalid("spec.selector", selector.plain(), detail, selector, "job-selector")
    _job(errors, spec, "spec")
    return errors.failures


def _holds(node: Node) -> bool:
    return bool(node.plain())


def cron_job_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a CronJob. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    text = errors.needed("spec", spec, "schedule", "no-schedule")
    where = child(spec, "schedule")
    if text:
        problem = schedule_error(text)
        if problem:
            errors.invalid("spec.schedule", text, problem, where, "invalid-schedule")
        if "TZ" in text:
            detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
            errors.invalid("spec.schedule", text, detail, where, "zone-in-schedule")
    errors.not_negative("spec", spec, "startingDeadlineSeconds")
    _time_zone(errors, spec)
    errors.one_of("spec", spec, "concurrencyPolicy", ("Allow", "Forbid", "Replace"))
    job = spec.at("jobTemplate", "spec")
    if isinstance(job, Map):
        _job(errors, job, "spec.jobTemplate.spec")
        selector = job.get("selector")
        if isinstance(selector, Map):
            detail, path = "`selector` will be auto-generated", "spec.jobTemplate.spec.selector"
            errors.invalid(path, selector.plain(), detail, selector, "job-selector")
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        errors.not_negative("spec", spec, field)
    name = word(body.at("metadata", "name"))
    if name and len(name) > _LONGEST_CRON_JOB:
        detail, node = "must be no more than 52 characters", body.nearest("metadata", "name")
        errors.invalid("metadata.name", name, detail, node, "name-too-long")
    return errors.failures


def _time_zone(errors: FieldErrors, spec: Map) -> None:
    """As validateTimeZone."""
    node = spec.get("timeZone")
    text = None if node is None or node.is_null else word(node)
    if node is None or text is None:
        return
    unknown = f"unknown time zone {text}"
    if not text:
        detail = "timeZone must be nil or non-empty string"
        errors.invalid("spec.timeZone", text, detail, node, "invalid-time-zone")
    elif any(p in (".", "..") or p[:1] == "-" or not _ZONE.fullmatch(p) for p in text.split("/")):
        errors.invalid("spec.timeZone", text, unknown, node, "invalid-time-zone")
    elif text.lower() == "local":
        detail = (
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        )
        errors.invalid("spec.timeZone", text, detail, node, "invalid-time-zone")
    elif not _is_zone(text):
        errors.invalid("spec.timeZone", text, unknown, node, "invalid-time-zone")


def _is_zone(text: str) -> bool:
    """Is it a time zone? So it is taken where the machine has no list of them."""
    from zoneinfo import available_timezones

    known = available_timezones()
    return not known or text in known


def _job(errors: FieldErrors, spec: Map, path: str) -> None:
    """As validateJobSpec."""
    for field in _COUNTS:
        errors.not_negative(path, spec, field)
    mode, where = word(spec.get("completionMode")), child(spec, "completionMode")
    errors.one_of(path, spec, "completionMode", ("NonIndexed", "Indexed"))
    most = spec.integer("maxFailedIndexes")
    if most is not None and not present(spec, "backoffLimitPerIndex"):
        detail, node = "when maxFailedIndexes is specified", child(spec, "maxFailedIndexes")
        at = f"{path}.backoffLimitPerIndex"
        errors.required(at, node, "no-backoff-per-index", detail)
    if mode == "Indexed":
        count = spec.integer("completions")
        if not present(spec, "completions"):
            detail = "when completion mode is Indexed"
            errors.required(f"{path}.completions", where, "no-completions", detail)
        elif count is not None and most is not None and most > count:
            detail, node = (
                "must be less than or equal to completions",
                child(spec, "maxFailedIndexes"),
            )
            errors.invalid(f"{path}.maxFailedIndexes", most, detail, node, "too-many-failures")
    elif mode in ("", "NonIndexed"):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            value = spec.integer(field)
            if value is not None:
                detail, node = "requires indexed completion mode", child(spec, field)
                errors.invalid(f"{path}.{field}", value, detail, node, "not-indexed")
    _failure_policy(errors, spec, f"{path}.podFailurePolicy")
    kinds = ("Failed",) if present(spec, "podFailurePolicy") else ("Failed", "TerminatingOrFailed")
    errors.one_of(path, spec, "podReplacementPolicy", kinds)
    pods = spec.get("template")
    template(errors, pods, f"{path}.template")
    if isinstance(pods, Map):
        _restart_policy(errors, spec, pods, f"{path}.template.spec.restartPolicy")


def _restart_policy(errors: FieldErrors, spec: Map, node: Map, path: str) -> None:
    pod = node.get("spec")
    policy = None if pod is None else word(pod.get("restartPolicy"))
    if pod is None or policy is None:
        return
    where = child(pod, "restartPolicy")
    if policy in ("", "Always"):
        detail = 'valid values: "OnFailure", "Never"'
        errors.required(path, where, "restart-policy", detail)
    elif policy not in ("OnFailure", "Never"):
        errors.unsupported(path, policy, ("OnFailure", "Never"), where, "restart-policy")
    elif policy != "Never" and present(spec, "podFailurePolicy"):
        detail = 'only "Never" is supported when podFailurePolicy is specified'
        errors.invalid(path, policy, detail, where, "restart-policy")


def _failure_policy(errors: FieldErrors, spec: Map, path: str) -> None:
    """As validatePodFailurePolicy."""
    pod = spec.at("template", "spec")
    servers = [*containers(pod), *init_containers(pod)]
    names = [word(server.get("name")) for server in servers]
    for index, rule in each(spec.get("podFailurePolicy"), "rules"):
        here = f"{path}.rules[{index}]"
        action, where = word(rule.get("action")), child(rule, "action")
        if action == "":
            valid = " ".join(printed(name) for name in _ACTIONS)
            errors.required(f"{here}.action", where, "no-action", f"valid values: [{valid}]")
        elif action == "FailIndex" and not present(spec, "backoffLimitPerIndex"):
            detail = "requires the backoffLimitPerIndex to be set"
            errors.invalid(f"{here}.action", action, detail, where, "no-backoff-per-index")
        errors.one_of(here, rule, "action", _ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.listed("onPodConditions")
        if isinstance(codes, Map):
            _exit_codes(errors, codes, f"{here}.onExitCodes", names)
        if present(rule, "onExitCodes") == bool(conditions):
            what = "both" if conditions else "one of"
            end = "not supported" if conditions else "required"
            detail = f"specifying {what} OnExitCodes and OnPodConditions is {end}"
            errors.add(f"{here}: Invalid value: {detail}", rule, "failure-rule")


def _exit_codes(errors: FieldErrors, codes: Map, path: str, names: list[str | None]) -> None:
    errors.one_of(path, codes, "operator", ("In", "NotIn"))
    name = word(codes.get("containerName"))
    if name and name not in names and None not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        node = child(codes, "containerName")
        errors.invalid(f"{path}.containerName", name, detail, node, "no-such-container")
    values, where = codes.listed("values"), child(codes, "values")
    if not values:
        detail = "at least one value is required"
        errors.invalid(f"{path}.values", [], detail, where, "no-exit-codes")
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
