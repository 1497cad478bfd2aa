"""What the API server says to probes and to hooks of a container's life.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (validateProbe,
validateHandler, validateLifecycle), after the defaults of pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NUMBERS = (
    "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
    "failureThreshold",
)  # fmt: skip


def no_probes(errors: FieldErrors, container: Map, path: str) -> None:
    for field in ("lifecycle", *_PROBES):
        hook = container.get(field)
        if isinstance(hook, Map) and list(hook.entries) == ["stopSignal"]:
            continue  # dropped, but for a gate
        if present(container, field):
            detail = "may not be set for init containers without restartPolicy=Always"
            where = child(container, field)
            errors.forbidden(f"{path}.{field}", detail, where, "init-container-probe")


def probes(errors: FieldErrors, container: Map, path: str) -> None:
    """The probes of a container that may have them."""
    for field in _PROBES:
        probe = container.get(field)
        if isinstance(probe, Map):
            _probe(errors, probe, field, f"{path}.{field}")


def _probe(errors: FieldErrors, probe: Map, kind: str, path: str) -> None:
    given = [name for name in _HANDLERS if name != "sleep" and present(probe, name)]
    if not given:
        detail = "must specify a handler type"
        errors.required(path, probe, "probe-without-handler", detail)
    else:
        _handler(errors, probe, given[0], path)
    for extra in given[1:]:
        detail = "may not specify more than 1 handler type"
        errors.forbidden(f"{path}.{extra}", detail, child(probe, extra), "two-probe-handlers")
    for field in _NUMBERS:
        errors.not_negative(path, probe, field)
    grace = probe.integer("terminationGracePeriodSeconds")
    here, where = (
        f"{path}.terminationGracePeriodSeconds",
        child(probe, "terminationGracePeriodSeconds"),
    )
    if grace is not None and grace <= 0:
        errors.invalid(here, grace, "must be greater than 0", where, "negative-number")
    if grace is not None and kind == "readinessProbe":
        detail = "must not be set for readinessProbes"
        errors.invalid(here, grace, detail, where, "readiness-grace-period")
    successes = probe.integer("successThreshold")
    if kind != "readinessProbe" and successes not in (None, 0, 1):
        where = child(probe, "successThreshold")
        errors.invalid(
            f"{path}.successThreshold", successes, "must be 1", where, "probe-success-threshold"
        )


def _handler(errors: FieldErrors, probe: Map, kind: str, path: str) -> None:
    handler = probe.get(kind)
    if not isinstance(handler, Map):
        return
    if kind == "exec":
        command = handler.get("command")
        if command is None or (isinstance(command, Seq) and not command.children):
            where = child(handler, "command")
            errors.required(f"{path}.exec.command", where, "missing-command")
        return
    errors.port_or_name(f"{path}.{kind}.port", handler, "port")
    if kind == "httpGet":
        errors.one_of(f"{path}.httpGet", handler, "scheme", ("HTTP", "HTTPS"))
        for _, header in each(handler, "httpHeaders"):
            name = word(header.get("name"))
            if name is not None:
                details, node = grammar.header_name(name), child(header, "name")
                at = f"{path}.httpGet.httpHeaders"
                errors.each_invalid(at, name, details, node, "invalid-header")


def lifecycle(errors: FieldErrors, container: Map, path: str, grace: int | None) -> None:
    """As validateLifecycle; `grace` is the pod's terminationGracePeriodSeconds."""
    for hook in ("postStart", "preStop"):
        handler = container.at("lifecycle", hook)
        if not isinstance(handler, Map):
            continue
        here = f"{path}.{hook}"
        given = [name for name in _HANDLERS if name != "grpc" and present(handler, name)]
        if not given:
            detail = "must specify a handler type"
            errors.required(here, handler, "hook-without-handler", detail)
        elif given[0] != "sleep":
            _handler(errors, handler, given[0], here)
        for extra in given[1:]:
            detail = "may not specify more than 1 handler type"
            node = child(handler, extra)
            errors.forbidden(f"{here}.{extra}", detail, node, "two-hook-handlers")
        seconds = handler.integer("sleep", "seconds")
        if seconds is not None and grace is not None and not 0 <= seconds <= grace:
            detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            node = child(child(handler, "sleep"), "seconds")
            errors.invalid(f"{here}.sleep", seconds, detail, node, "sleep-too-long")
