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
    present,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.job_policies import failure_policy, success_policy
from kslint.model.kubernetes.admission.schedules import schedule_error
from kslint.model.kubernetes.admission.workloads import manual_selector, template
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
    "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_ZONE = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_MOST_INDEXED = 100_000
_JOB_LABELS = ("job-name", "batch.kubernetes.io/job-name")
_LONGEST_CRON_JOB, _LONGEST_LABEL = 52, 63


def job_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Job. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    selector = spec.get("selector")
    chosen = isinstance(selector, Map) and any(map(_holds, selector.entries.values()))
    if selector is not None and chosen and spec.boolean("manualSelector") is not True:
        detail = "`selector` not auto-generated"
        errors.invalid("spec.selector", selector.plain(), detail, selector, "job-selector")
    _job(errors, spec, "spec")
    _name(errors, body, spec)
    _own_labels(errors, body, spec)
    return errors.failures


def _name(errors: FieldErrors, body: Map, spec: Map) -> None:
    """The name is a label, of the Job and of its pods; and a host name, with their index."""
    name, node = word(body.at("metadata", "name")), body.nearest("metadata", "name")
    if not name:
        return
    if spec.boolean("manualSelector") is not True:
        for path in ("metadata.labels", "spec.template.labels"):
            errors.each_invalid(path, name, grammar.label_value(name), node, "invalid-job-name")
    count = spec.integer("completions")
    if word(spec.get("completionMode")) == "Indexed" and count is not None and count > 0:
        host = f"{name}-{count - 1}"
        if grammar.dns_label(host):
            detail = f"will not able to create pod with invalid DNS label: {host}"
            errors.invalid("metadata.name", name, detail, node, "invalid-job-name")


def _own_labels(errors: FieldErrors, body: Map, spec: Map) -> None:
    """Labels that a Job gives its pods, and may not be given by others (validateGeneratedSelector).

    With a selector of its own there are none, and that has to match.
    """
    labels = spec.at("template", "metadata", "labels")
    if spec.boolean("manualSelector") is True:
        manual_selector(errors, spec)
        return
    name = word(body.at("metadata", "name"))
    for key in _JOB_LABELS:
        node = None if labels is None else labels.get(key)
        if name and node is not None and word(node) not in (None, name):
            shown = {} if labels is None else labels.plain()
            detail = f"must be '{name}'"
            at = f"spec.template.metadata.labels[{key}]"
            errors.invalid(at, shown, detail, node, "job-label")


def _holds(node: Node) -> bool:
    return bool(node.plain())


def cron_job_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a CronJob. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
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
    made = spec_of(spec, "jobTemplate")
    job = None if made is None else spec_of(made)
    if job is not None:
        path = "spec.jobTemplate.spec"
        _job(errors, job, path)
        selector = job.get("selector")
        if isinstance(selector, Map):
            detail, at = "`selector` will be auto-generated", f"{path}.selector"
            errors.invalid(at, selector.plain(), detail, selector, "job-selector")
        if job.boolean("manualSelector") is True:
            at, node = f"{path}.manualSelector", child(job, "manualSelector")
            errors.unsupported(at, True, ("nil", "false"), node, "job-selector")
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
    errors.one_of(path, spec, "completionMode", ("NonIndexed", "Indexed"), pointer=True)
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
        detail = f"must be less than or equal to {_MOST_INDEXED} when completion mode is Indexed"
        errors.within(path, spec, "parallelism", -(2**31), _MOST_INDEXED, detail)
        if count is not None and most is not None and most > count:
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
    _managed_by(errors, spec, f"{path}.managedBy")
    failure_policy(errors, spec, f"{path}.podFailurePolicy")
    success_policy(errors, spec, mode, f"{path}.successPolicy")
    kinds = ("Failed",) if present(spec, "podFailurePolicy") else ("Failed", "TerminatingOrFailed")
    errors.one_of(path, spec, "podReplacementPolicy", kinds, pointer=True)
    template(errors, spec, f"{path}.template")
    pods = spec_of(spec, "template")
    pod = None if pods is None else spec_of(pods)
    if pod is not None:
        _restart_policy(errors, spec, pod, f"{path}.template.spec.restartPolicy")


def _restart_policy(errors: FieldErrors, spec: Map, pod: Map, path: str) -> None:
    policy = word(pod.get("restartPolicy"))
    if policy is None:
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


def _managed_by(errors: FieldErrors, spec: Map, path: str) -> None:
    """Who runs the Job, if not Kubernetes: a domain and a path."""
    name, node = word(spec.get("managedBy")), child(spec, "managedBy")
    if name is None or not present(spec, "managedBy"):
        return
    errors.domain_path(path, name, node, "invalid-manager")
    if len(name) > _LONGEST_LABEL:
        errors.add(f"{path}: Too long: may not be more than 63 bytes", node, "invalid-manager")
