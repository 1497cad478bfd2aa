"""What the API server says to effective objects: Deployments, Services, scalers, claims.

Source: k8s.io/kubernetes v1.34 pkg/apis/{apps,core,autoscaling}/validation. Messages are what
kubectl prints after `The Deployment "x" is invalid: `. What holds a template is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import field_errors as grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    opaque,
    printed,
    word,
)
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.admission.resources import quantity
from kslint.model.kubernetes.admission.scalers import scaler_failures
from kslint.model.tree import is_empty
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

__all__ = [
    "claim_failures",
    "deployment_failures",
    "pod_failures",
    "scaler_failures",
    "service_failures",
]

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def deployment_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Deployment. Never raises.

    Source: ValidateDeployment, pkg/apis/apps/validation/validation.go v1.34.
    """
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    errors.not_negative("spec", spec, "replicas")
    template = spec.get("template")
    if _selector(errors, spec) and isinstance(template, Map):
        _template(errors, template)
    _strategy(errors, spec)
    for field in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        errors.not_negative("spec", spec, field)
    deadline = spec.integer("progressDeadlineSeconds")
    ready = spec.integer("minReadySeconds") or 0
    deadline = 600 if deadline is None else deadline
    if deadline <= ready:
        field = "progressDeadlineSeconds"
        where = child(spec, field)
        if where is spec or where.place is None:
            where = child(spec, "minReadySeconds")
        detail = "must be greater than minReadySeconds"
        errors.invalid(f"spec.{field}", deadline, detail, where, "progress-deadline")
    return errors.failures


def service_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Service: names, ports. Never raises.

    Source: ValidateServiceCreate, pkg/apis/core/validation/validation.go v1.34.
    """
    errors = FieldErrors()
    errors.metadata(body, grammar.dns1035_label)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    kind = word(spec.get("type"))
    ports = spec.get("ports")
    none = ports is None or ports.is_null or (isinstance(ports, Seq) and not ports.children)
    if none and spec.string("clusterIP") != "None" and kind not in ("ExternalName", None):
        errors.required("spec.ports", spec if ports is None else ports, "no-ports")
    several = ports is not None and len(ports.elements()) > 1
    names: set[str] = set()
    for index, port in each(spec, "ports"):
        _service_port(errors, port, f"spec.ports[{index}]", several, names)
    errors.labels("spec.selector", spec.get("selector"))
    errors.one_of("spec", spec, "type", ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"))
    return errors.failures


def claim_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a new PersistentVolumeClaim. Never raises.

    Source: ValidatePersistentVolumeClaim, pkg/apis/core/validation/validation.go v1.34.
    """
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    _access_modes(errors, spec)
    path = "spec.resources[storage]"
    storage = spec.at("resources", "requests", "storage")
    if storage is None:
        where = spec.nearest("resources", "requests")
        if isinstance(where, Map):
            errors.required(path, where, "no-storage-request")
    else:
        amount = quantity(errors, storage)
        if amount is not None and amount.amount <= 0:
            detail = "must be greater than zero"
            errors.invalid(path, str(amount), detail, storage, "no-storage-request")
    storage_class = word(spec.get("storageClassName"))
    if storage_class:
        where = child(spec, "storageClassName")
        details = grammar.dns_subdomain(storage_class)
        at = "spec.storageClassName"
        errors.each_invalid(at, storage_class, details, where, "invalid-reference")
    errors.one_of("spec", spec, "volumeMode", ("Block", "Filesystem"))
    return errors.failures


def _selector(errors: FieldErrors, spec: Map) -> bool:
    """The selector, and whether it matches the template; False if the rest is not looked at."""
    selector = spec.get("selector")
    labels = spec.at("template", "metadata", "labels")
    if selector is None or selector.is_null:
        where = spec if selector is None else selector
        errors.required("spec.selector", where, "no-selector")
    elif not isinstance(selector, Map):
        return True
    else:
        before = len(errors.failures)
        errors.labels("spec.selector.matchLabels", selector.get("matchLabels"))
        if len(errors.failures) > before:
            shown = selector.plain()
            detail = "invalid label selector"
            errors.invalid("spec.selector", shown, detail, selector, "invalid-selector")
            return False
        if is_empty(selector.get("matchLabels")) and is_empty(selector.get("matchExpressions")):
            detail = "empty selector is invalid for deployment"
            errors.invalid("spec.selector", {}, detail, selector, "empty-selector")
            return True
        if any(_unreadable(selector.get(key)) for key in ("matchLabels", "matchExpressions")):
            return True
        if _unreadable(labels) or _matches(selector, labels) is not False:
            return True
    if not _unreadable(labels):
        shown_labels = None if labels is None or labels.is_null else labels.plain()
        path = "spec.template.metadata.labels"
        detail = "`selector` does not match template `labels`"
        where = spec.nearest("template", "metadata", "labels")
        errors.invalid(path, shown_labels, detail, where, "selector-does-not-match")
    return True


def _unreadable(node: Node | None) -> bool:
    """Does a value hold something no label can be, or a template?"""
    if node is None or node.is_null:
        return False
    if isinstance(node, Map):
        values = [child for _, child in node.items()]
        return any(word(v) is None for v in values) or any(opaque(k) for k, _ in node.items())
    return not isinstance(node, Seq)


def _matches(selector: Map, labels: Node | None) -> bool | None:
    """Does a label selector match? None where it cannot be known."""
    found = {k: v.text or "" for k, v in (() if labels is None else labels.items())}
    wanted = selector.get("matchLabels")
    for key, value in () if wanted is None else wanted.items():
        if found.get(key) != (value.text or ""):
            return False
    for _, expression in each(selector, "matchExpressions"):
        name, operator = word(expression.get("key")), word(expression.get("operator"))
        texts = [word(v) for v in expression.listed("values")]
        if not name or None in texts:
            return None
        fits = {
            "In": name in found and found[name] in texts,
            "NotIn": name not in found or found[name] not in texts,
            "Exists": name in found,
            "DoesNotExist": name not in found,
        }.get(operator or "")
        if not fits:
            return fits
    return True


def _template(errors: FieldErrors, template: Map) -> None:
    """ValidatePodTemplateSpecForReplicaSet, less the selector."""
    path = "spec.template"
    errors.labels(f"{path}.metadata.labels", template.at("metadata", "labels"))
    errors.annotations(f"{path}.metadata.annotations", template.at("metadata", "annotations"))
    spec = template.get("spec")
    if not isinstance(spec, Map):
        return
    errors.take(pod_failures(spec, f"{path}.spec"))
    ephemeral = spec.get("ephemeralContainers")
    if ephemeral is not None and ephemeral.elements():
        detail = "ephemeral containers not allowed in pod template"
        at = f"{path}.spec.ephemeralContainers"
        errors.forbidden(at, detail, ephemeral, "ephemeral-containers")
    policy = word(spec.get("restartPolicy"))
    if policy and policy != "Always":
        where = child(spec, "restartPolicy")
        at = f"{path}.spec.restartPolicy"
        errors.unsupported(at, policy, ("Always",), where, "restart-policy")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not deadline.is_null:
        detail = "activeDeadlineSeconds in ReplicaSet is not Supported"
        at = f"{path}.spec.activeDeadlineSeconds"
        errors.forbidden(at, detail, deadline, "active-deadline")


def _strategy(errors: FieldErrors, spec: Map) -> None:
    """ValidateDeploymentStrategy; what is absent has the API server's defaults."""
    strategy = spec.get("strategy")
    if not isinstance(strategy, Map):
        return
    kind = word(strategy.get("type"))
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None and not rolling.is_null:
            detail = "may not be specified when strategy `type` is 'Recreate'"
            at = "spec.strategy.rollingUpdate"
            errors.forbidden(at, detail, rolling, "recreate-with-rolling-update")
    elif kind in ("", "RollingUpdate"):
        if isinstance(rolling, Map):
            _rolling_update(errors, rolling, "spec.strategy.rollingUpdate")
    elif kind is not None and (rolling is None or rolling.is_null):
        value = f'{{"Type":{printed(kind)},"RollingUpdate":null}}'
        supported = 'supported values: "Recreate", "RollingUpdate"'
        text = f"spec.strategy: Unsupported value: {value}: {supported}"
        errors.add(text, child(strategy, "type"), "unsupported-strategy")


def _rolling_update(errors: FieldErrors, rolling: Map, path: str) -> None:
    gone = _int_or_percent(errors, rolling, "maxUnavailable", path)
    surge = _int_or_percent(errors, rolling, "maxSurge", path)
    where = child(rolling, "maxUnavailable")
    value = where.plain() if isinstance(where, Scalar) else None
    at = f"{path}.maxUnavailable"
    if gone == 0 and surge == 0:
        detail = "may not be 0 when `maxSurge` is 0"
        errors.invalid(at, value, detail, where, "no-surge-and-none-unavailable")
    if isinstance(value, str) and gone is not None and gone > 100:
        errors.invalid(at, value, "must not be greater than 100%", where, "over-100-percent")


def _int_or_percent(errors: FieldErrors, holder: Map, field: str, path: str) -> int | None:
    """The bare number of an int-or-percent, 25 if absent; None if it cannot be judged.

    A string that is no percentage is an error, and counts as the number it spells, else as 0.
    """
    node = holder.get(field)
    if node is None or node.is_null:
        return 25
    number = holder.integer(field)
    if number is not None:
        errors.not_negative(path, holder, field)
        return number
    text = word(node)
    if text is None:
        return None
    digits = text[:-1]
    if text.endswith("%") and digits.isascii() and digits.isdigit():
        return int(digits) if len(digits) < 10 else None
    detail = (
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  "
        "or '93%', regex used for validation is '[0-9]+%')"
    )
    errors.invalid(f"{path}.{field}", text, detail, node, "invalid-percentage")
    spelled = text.lstrip("+-")
    plain = spelled.isascii() and spelled.isdigit() and len(text) - len(spelled) < 2
    return int(text) if plain and len(text) < 10 else 0


def _service_port(
    errors: FieldErrors, port: Map, path: str, several: bool, names: set[str]
) -> None:
    name = word(port.get("name"))
    where = child(port, "name")
    if name == "" and several:
        errors.required(f"{path}.name", where, "missing-port-name")
    elif name:
        details = grammar.dns_label(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-port-name")
        if name in names:
            errors.duplicate(f"{path}.name", name, where, "duplicate-port-name")
        names.add(name)
    number = 0 if port.get("port") is None else port.integer("port")
    if number is not None:
        errors.port(f"{path}.port", number, child(port, "port"))
    errors.one_of(path, port, "protocol", ("SCTP", "TCP", "UDP"))
    target = port.get("targetPort")
    if target is None or target.is_null or target.text in ("", "0"):
        if number is not None:
            errors.port(f"{path}.targetPort", number, child(port, "port"))
    else:
        errors.port_or_name(f"{path}.targetPort", port, "targetPort")
    app = word(port.get("appProtocol"))
    if app:
        details = grammar.qualified_name(app)
        node = child(port, "appProtocol")
        errors.each_invalid(f"{path}.appProtocol", app, details, node, "invalid-app-protocol")


def _access_modes(errors: FieldErrors, spec: Map) -> None:
    path = "spec.accessModes"
    node = spec.get("accessModes")
    if node is None or node.is_null or (isinstance(node, Seq) and not node.children):
        detail = "at least 1 access mode is required"
        errors.required(path, spec if node is None else node, "no-access-mode", detail)
        return
    modes = [(word(item), item) for item in node.elements()]
    for mode, item in modes:
        if mode is not None and mode not in _ACCESS_MODES:
            errors.unsupported(path, mode, _ACCESS_MODES, item, "unsupported-value")
    known = {mode for mode, _ in modes if mode in _ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        errors.forbidden(path, detail, node, "read-write-once-pod-mixed")
