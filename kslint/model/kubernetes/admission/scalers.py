"""What the API server says to a HorizontalPodAutoscaler.

Source: k8s.io/kubernetes v1.34 pkg/apis/autoscaling/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    present,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.resources import quantity
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_METRIC_SOURCES = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""Types of a metric and the field of each, in the order of validateMetricSpec."""
_WINDOW, _LONGEST, _LONGEST_PERIOD = "stabilizationWindowSeconds", 3600, 1800
_METRIC_TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")


def scaler_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a HorizontalPodAutoscaler (autoscaling/v2).

    Other scalers, such as KEDA's, are passed by. Never raises.
    Source: validateHorizontalPodAutoscalerSpec, pkg/apis/autoscaling/validation v1.34.
    """
    errors = FieldErrors()
    spec = spec_of(body)
    if body.string("kind") != "HorizontalPodAutoscaler" or spec is None:
        return []
    errors.metadata(body, grammar.dns_subdomain)
    low, high = spec.integer("minReplicas"), spec.integer("maxReplicas")
    kinds = {word(metric.get("type")) for _, metric in each(spec, "metrics")}
    external = bool(kinds & {"Object", "External", None})
    where = child(spec, "maxReplicas")
    # the gate HPAScaleToZero may be on for what scales by more than its own pods
    if low is not None and low < 1 and not (low == 0 and external):
        detail = "must be greater than or equal to 1"
        node = child(spec, "minReplicas")
        errors.invalid("spec.minReplicas", low, detail, node, "min-replicas-below-one")
    if spec.get("maxReplicas") is None:
        high = 0
    if high is not None and high < 1:
        detail = "must be greater than 0"
        errors.invalid("spec.maxReplicas", high, detail, where, "max-replicas-below-one")
    if high is not None and high < (1 if low is None else low):
        detail = "must be greater than or equal to `minReplicas`"
        errors.invalid("spec.maxReplicas", high, detail, where, "min-over-max-replicas")
    _reference(errors, spec_of(spec, "scaleTargetRef"), "spec.scaleTargetRef", True)
    for field in ("scaleUp", "scaleDown"):
        rules = spec.at("behavior", field)
        if isinstance(rules, Map):
            _behavior(errors, rules, f"spec.behavior.{field}")
    for index, metric in each(spec, "metrics"):
        _metric(errors, metric, f"spec.metrics[{index}]")
    percent = spec.integer("targetCPUUtilizationPercentage")  # of v1, read as a metric
    if percent is not None and percent < 1 and (body.string("apiVersion") or "").endswith("/v1"):
        node, detail = child(spec, "targetCPUUtilizationPercentage"), "must be greater than 0"
        at = "spec.metrics[0].resource.target.averageUtilization"
        errors.invalid(at, percent, detail, node, "metric-target")
    if low == 0 and not external:
        detail = "must specify at least one Object or External metric to support scaling to zero"
        node = child(spec, "minReplicas")
        errors.forbidden("spec.metrics", f"{detail} replicas", node, "min-replicas-below-one")
    return errors.failures


_OF_GROUPS = ("Deployment", "ReplicaSet", "StatefulSet")


def _reference(errors: FieldErrors, target: Map | None, path: str, owned: bool = False) -> None:
    """As ValidateCrossVersionObjectReference; `owned`: it has to be of an API group."""
    if target is None:
        return
    for field in ("kind", "name"):
        if errors.needed(path, target, field, "no-scale-target"):
            errors.named(path, target, field, grammar.path_segment, "invalid-reference")
    version = word(target.get("apiVersion"))
    if version and version.count("/") > 1:
        node = child(target, "apiVersion")
        detail = f"unexpected GroupVersion string: {version}"
        errors.invalid(f"{path}.apiVersion", version, detail, node, "invalid-version")
    grouped = owned and word(target.get("kind")) in _OF_GROUPS
    if version is not None and "/" not in version and grouped:
        # since 1.34; before, the autoscaler found no such target
        node, detail = child(target, "apiVersion"), "apiVersion must specify API group"
        errors.invalid(f"{path}.apiVersion", version, detail, node, "invalid-version")


def _identifier(errors: FieldErrors, metric: Map | None, path: str) -> None:
    """As validateMetricIdentifier."""
    if metric is None:
        return
    if errors.needed(path, metric, "name", "missing-name", "must specify a metric name"):
        errors.named(path, metric, "name", grammar.path_segment, "invalid-name")


def _behavior(errors: FieldErrors, rules: Map, path: str) -> None:
    """As validateScalingRules."""
    window, where = rules.integer("stabilizationWindowSeconds"), child(rules, _WINDOW)
    if window is not None and window < 0:
        detail = "must be greater than or equal to zero"
        errors.invalid(f"{path}.{_WINDOW}", window, detail, where, "scaling-window")
    if window is not None and window > _LONGEST:
        detail = f"must be less than or equal to {_LONGEST}"
        errors.invalid(f"{path}.{_WINDOW}", window, detail, where, "scaling-window")
    errors.one_of(path, rules, "selectPolicy", ("Disabled", "Max", "Min"), pointer=True)
    policies = rules.get("policies")
    if policies is not None and not policies.is_null and not policies.elements():
        detail = "must specify at least one Policy"
        errors.required(f"{path}.policies", policies, "no-scaling-policy", detail)
    for index, policy in each(rules, "policies"):
        here = f"{path}.policies[{index}]"
        kind, kinds = word(policy.get("type")), ("Percent", "Pods")
        if kind is not None and kind not in kinds:
            node = child(policy, "type")
            errors.unsupported(f"{here}.type", kind, kinds, node, "unsupported-value")
        errors.positive(here, policy, "value")
        errors.positive(here, policy, "periodSeconds")
        seconds = policy.integer("periodSeconds")
        if seconds is not None and seconds > _LONGEST_PERIOD:
            detail = f"must be less than or equal to {_LONGEST_PERIOD}"
            node = child(policy, "periodSeconds")
            errors.invalid(f"{here}.periodSeconds", seconds, detail, node, "scaling-window")


def _metric(errors: FieldErrors, metric: Map, path: str) -> None:
    """As validateMetricSpec, for the sources KServe and its users write: resources mostly."""
    kind = word(metric.get("type"))
    at_type = child(metric, "type")
    if kind == "":
        detail = "must specify a metric source type"
        errors.required(f"{path}.type", at_type, "no-metric-source", detail)
    if kind is not None and kind not in _METRIC_SOURCES:
        errors.unsupported(f"{path}.type", kind, _METRIC_TYPES, at_type, "unsupported-value")
    given = [f for f in _METRIC_SOURCES.values() if isinstance(metric.get(f), Map)]
    if given:
        _target(errors, child(metric, given[0]), given[0], f"{path}.{given[0]}")
    wanted = _METRIC_SOURCES.get(kind or "")
    if wanted and (metric.get(wanted) is None or child(metric, wanted).is_null):
        detail = "must populate information for the given metric source"
        errors.required(f"{path}.{wanted}", metric, "no-metric-source", detail)
    elif kind is not None and wanted is None:
        errors.unsupported(f"{path}.type", kind, _METRIC_TYPES, at_type, "unsupported-value")
    for extra in given if len(given) > 1 else ():
        if extra != wanted:
            detail = "must populate the given metric source only"
            node = child(metric, extra)
            errors.forbidden(f"{path}.{extra}", detail, node, "two-metric-sources")


def _target(errors: FieldErrors, source: Node, kind: str, path: str) -> None:
    """As validateMetricTarget, and what each source wants of it."""
    if not isinstance(source, Map):
        return
    if kind in ("resource", "containerResource"):
        errors.needed(path, source, "name", "missing-name", "must specify a resource name")
    else:
        _identifier(errors, spec_of(source, "metric"), f"{path}.metric")
    if kind == "containerResource":
        errors.needed(path, source, "container", "missing-name", "must specify a container")
    if kind == "object":
        described = spec_of(source, "describedObject")
        _reference(errors, described, f"{path}.describedObject")
    target = spec_of(source, "target")
    if target is None:
        return
    where = child(source, "target")
    form = word(target.get("type"))
    at = f"{path}.target"
    if form == "":
        detail = "must specify a metric target type"
        errors.required(f"{at}.type", where, "no-metric-target", detail)
    if form is not None and form not in ("Utilization", "Value", "AverageValue"):
        detail = "must be either Utilization, Value, or AverageValue"
        node = where if target.get("type") is None else child(target, "type")
        errors.invalid(f"{at}.type", form, detail, node, "unsupported-value")
    for field in ("value", "averageValue"):
        node = child(target, field)
        amount = quantity(errors, target.get(field))
        if amount is not None and amount.amount <= 0:
            errors.invalid(f"{at}.{field}", str(amount), "must be positive", node, "metric-target")
    percent = target.integer("averageUtilization")
    if percent is not None and percent < 1:
        node, detail = child(target, "averageUtilization"), "must be greater than 0"
        errors.invalid(f"{at}.averageUtilization", percent, detail, node, "metric-target")
    if kind not in ("resource", "containerResource"):
        _value(errors, target, kind, at)
        return
    given = [
        f
        for f in ("averageUtilization", "averageValue")
        if target.get(f) is not None and not child(target, f).is_null
    ]
    if not given:
        detail = "must set either a target raw value or a target utilization"
        errors.required(f"{at}.averageUtilization", where, "no-metric-target", detail)
    elif len(given) > 1:
        detail = "may not set both a target raw value and a target utilization"
        errors.forbidden(f"{at}.averageValue", detail, child(target, given[1]), "metric-target")


def _value(errors: FieldErrors, target: Map, kind: str, path: str) -> None:
    """The amount that a metric of pods, of an object or from outside is held against."""
    where, at = child(target, "averageValue"), f"{path}.averageValue"
    one, each_pod = (present(target, field) for field in ("value", "averageValue"))
    if kind == "pods":
        if not each_pod:
            detail = "must specify a positive target averageValue"
            errors.required(at, where, "no-metric-target", detail)
    elif not one and not each_pod:
        what = "value for metric or a per-pod target" if kind == "external" else None
        detail = f"must set either a target {what or 'value or averageValue'}"
        errors.required(at, where, "no-metric-target", detail)
    elif one and each_pod and kind == "external":
        detail = "may not set both a target value for metric and a per-pod target"
        errors.forbidden(f"{path}.value", detail, child(target, "value"), "metric-target")
