"""What the API server says to the containers of a pod.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (validateContainers,
validateInitContainers), after the defaults of pkg/apis/core/v1/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import field_errors as grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.model.kubernetes.admission.resources import container_resources
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_NUMBERS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
_ENV_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def container_failures(
    errors: FieldErrors, pod_spec: Map, path: str, known: set[str] | None
) -> None:
    """Add what is wrong with containers and init containers.

    `known` are the names of the pod's valid volumes, None where they cannot be known.
    """
    node = pod_spec.get("containers")
    if node is None or node.is_null or (isinstance(node, Seq) and not node.children):
        where = pod_spec if node is None else node
        errors.required(f"{path}.containers", where, "no-containers")
    claims = [word(claim.get("name")) for _, claim in each(pod_spec, "resourceClaims")]
    names: set[str] = set()
    for index, container in each(pod_spec, "containers"):
        here = f"{path}.containers[{index}]"
        _common(errors, container, here, known, claims)
        _unique_name(errors, container, here, names)
        _probes(errors, container, here)
    for index, container in each(pod_spec, "initContainers"):
        here = f"{path}.initContainers[{index}]"
        _common(errors, container, here, known, claims)
        _unique_name(errors, container, here, names)
        if word(container.get("restartPolicy")) == "":
            _no_probes(errors, container, here)
        elif container.string("restartPolicy") == "Always":
            _probes(errors, container, here)


def _unique_name(errors: FieldErrors, container: Map, path: str, names: set[str]) -> None:
    name = word(container.get("name"))
    if name and name in names:
        errors.duplicate(f"{path}.name", name, child(container, "name"), "duplicate-container")
    elif name:
        names.add(name)


def _common(
    errors: FieldErrors,
    container: Map,
    path: str,
    known: set[str] | None,
    claims: list[str | None],
) -> None:
    """As validateContainerCommon."""
    name = word(container.get("name"))
    where = child(container, "name")
    if name == "":
        errors.required(f"{path}.name", where, "missing-name")
    elif name is not None:
        details = grammar.dns_label(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-container-name")
    if word(container.get("image")) == "":
        errors.required(f"{path}.image", child(container, "image"), "missing-image")
    policies = ("File", "FallbackToLogsOnError")
    errors.one_of(path, container, "terminationMessagePolicy", policies)
    _ports(errors, container, f"{path}.ports")
    _env(errors, container, f"{path}.env")
    _env_from(errors, container, f"{path}.envFrom")
    _mounts(errors, container, f"{path}.volumeMounts", known)
    errors.one_of(path, container, "imagePullPolicy", ("Always", "IfNotPresent", "Never"))
    container_resources(errors, container.get("resources"), f"{path}.resources", claims)
    context = container.get("securityContext")
    errors.ids(f"{path}.securityContext", context, ("runAsUser", "runAsGroup"))


def _ports(errors: FieldErrors, container: Map, path: str) -> None:
    names: set[str] = set()
    for index, port in each(container, "ports"):
        here = f"{path}[{index}]"
        name = word(port.get("name"))
        where = child(port, "name")
        if name:
            details = grammar.port_name(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-port-name")
            if not details and name in names:
                errors.duplicate(f"{here}.name", name, where, "duplicate-port-name")
            names.add(name)
        number = port.integer("containerPort")
        if not present(port, "containerPort") or number == 0:
            where = child(port, "containerPort")
            errors.required(f"{here}.containerPort", where, "missing-port")
        elif number is not None:
            errors.port(f"{here}.containerPort", number, child(port, "containerPort"))
        host = port.integer("hostPort")
        if host:
            errors.port(f"{here}.hostPort", host, child(port, "hostPort"))
        errors.one_of(here, port, "protocol", ("SCTP", "TCP", "UDP"))


def _env(errors: FieldErrors, container: Map, path: str) -> None:
    for index, item in each(container, "env"):
        here = f"{path}[{index}]"
        name = word(item.get("name"))
        where = child(item, "name")
        if name == "":
            errors.required(f"{here}.name", where, "missing-name")
        elif name is not None:
            details = grammar.env_name(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-env-name")
        source = item.get("valueFrom")
        if isinstance(source, Map):
            _value_from(errors, item, source, f"{here}.valueFrom")


def _value_from(errors: FieldErrors, item: Map, source: Map, path: str) -> None:
    given = [name for name in _ENV_SOURCES if present(source, name)]
    for kind in ("configMapKeyRef", "secretKeyRef"):
        reference = source.get(kind)
        if isinstance(reference, Map):
            _key_reference(errors, reference, f"{path}.{kind}")
    value = item.get("value")
    if not given:
        if not source.entries:
            detail = (
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
                "`secretKeyRef`"
            )
            errors.invalid(path, "", detail, source, "env-without-source")
    elif value is not None and not value.is_null and value.text:
        detail = "may not be specified when `value` is not empty"
        errors.invalid(path, "", detail, source, "env-value-and-source")
    elif len(given) > 1:
        detail = "may not have more than one field specified at a time"
        errors.invalid(path, "", detail, source, "env-two-sources")


def _key_reference(errors: FieldErrors, reference: Map, path: str) -> None:
    name = word(reference.get("name"))
    if name is not None:
        where = child(reference, "name")
        details = grammar.dns_subdomain(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-reference")
    key = word(reference.get("key"))
    where = child(reference, "key")
    if key == "":
        errors.required(f"{path}.key", where, "missing-key")
    elif key is not None:
        details = grammar.config_key(key)
        errors.each_invalid(f"{path}.key", key, details, where, "invalid-key")


def _env_from(errors: FieldErrors, container: Map, path: str) -> None:
    for index, item in each(container, "envFrom"):
        given = [name for name in ("configMapRef", "secretRef") if present(item, name)]
        for kind in given:
            reference = item.get(kind)
            if isinstance(reference, Map) and word(reference.get("name")) == "":
                where = child(reference, "name")
                errors.required(f"{path}[{index}].{kind}.name", where, "missing-name")
        if not given:
            detail = "must specify one of: `configMapRef` or `secretRef`"
            errors.invalid(path, "", detail, item, "env-without-source")
        elif len(given) > 1:
            detail = "may not have more than one field specified at a time"
            errors.invalid(path, "", detail, item, "env-two-sources")


def _mounts(errors: FieldErrors, container: Map, path: str, known: set[str] | None) -> None:
    points: set[str] = set()
    for index, mount in each(container, "volumeMounts"):
        here = f"{path}[{index}]"
        name, point = word(mount.get("name")), word(mount.get("mountPath"))
        where = child(mount, "name")
        if name == "":
            errors.required(f"{here}.name", where, "missing-name")
        if name is not None and known is not None and name not in known:
            errors.not_found(f"{here}.name", name, where, "mount-without-volume")
        where = child(mount, "mountPath")
        if point == "":
            errors.required(f"{here}.mountPath", where, "missing-mount-path")
        if point is not None and point in points:
            errors.invalid(f"{here}.mountPath", point, "must be unique", where, "duplicate-mount")
        if point is not None:
            points.add(point)
        for field in ("subPath", "subPathExpr"):
            _relative(errors, mount, field, path)
        if mount.string("subPath") and mount.string("subPathExpr"):
            text = mount.string("subPathExpr") or ""
            detail = "subPathExpr and subPath are mutually exclusive"
            where = child(mount, "subPathExpr")
            errors.invalid(f"{here}.subPathExpr", text, detail, where, "two-sub-paths")


def _relative(errors: FieldErrors, mount: Map, field: str, path: str) -> None:
    """validateLocalDescendingPath; the API server leaves the index out of the path."""
    text = word(mount.get(field))
    if not text:
        return
    where = child(mount, field)
    if text.startswith("/"):
        detail = "must be a relative path"
        errors.invalid(f"{path}.{field}", text, detail, where, "absolute-sub-path")
    if ".." in text.split("/"):
        errors.invalid(f"{path}.{field}", text, "must not contain '..'", where, "sub-path-up")


def _no_probes(errors: FieldErrors, container: Map, path: str) -> None:
    for field in ("lifecycle", *_PROBES):
        if present(container, field):
            detail = "may not be set for init containers without restartPolicy=Always"
            where = child(container, field)
            errors.forbidden(f"{path}.{field}", detail, where, "init-container-probe")


def _probes(errors: FieldErrors, container: Map, path: str) -> None:
    for field in _PROBES:
        probe = container.get(field)
        if isinstance(probe, Map):
            _probe(errors, probe, field, f"{path}.{field}")


def _probe(errors: FieldErrors, probe: Map, kind: str, path: str) -> None:
    given = [name for name in _HANDLERS if present(probe, name)]
    if not given:
        detail = "must specify a handler type"
        errors.required(path, probe, "probe-without-handler", detail)
    else:
        _handler(errors, probe, given[0], path)
    for extra in given[1:]:
        detail = "may not specify more than 1 handler type"
        errors.forbidden(f"{path}.{extra}", detail, child(probe, extra), "two-probe-handlers")
    for field in _PROBE_NUMBERS:
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
