"""Checks of the validating webhook that hold for each component: replicas, logger, scaling.

Mirrors pkg/apis/serving/v1beta1/component.go:341-413 and
inference_service_validation.go:346-568 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kubernetes.admission.field_errors import child, opaque
from kslint.model.kubernetes.quantity import parse, parse_or_none
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

_KNATIVE_CLASS = "autoscaling.knative.dev/class"
_KNATIVE_HPA = "hpa.autoscaling.knative.dev"
_PERCENTAGE = "the target utilization percentage should be a [1-100] integer"
BY_MODE = frozenset(
    {
        "strategy-in-knative-mode", "unsupported-scale-metric", "scale-target-out-of-range",
        "unsupported-metric-type", "metric-without-source", "scale-metric-with-keda",
        "metric-target-type", "metric-target-too-small", "unsupported-resource-metric",
        "empty-query", "no-metric-threshold", "metric-target-missing",
    }
)  # fmt: skip
"""Refusals that hang on the deployment mode."""
_SOURCES = {"Resource": "resource", "External": "external", "PodMetric": "podmetric"}


def refused(message: str, node: Node, code: str) -> Failure:
    """A rejection by the validating webhook."""
    return Failure("webhook", message, node, code)


def given(holder: Node | None, field: str) -> Node | None:
    """A field's node unless it is absent or null."""
    node = None if holder is None else holder.get(field)
    return None if node is None or node.is_null else node


def said(holder: Node | None, field: str) -> str | None:
    """A string field: "" if absent, None if it is a template or no scalar."""
    node = given(holder, field)
    if node is None:
        return ""
    return None if node.text is None or opaque(node.text) else node.text


def extension_rejections(component: Node) -> Iterator[Failure]:
    """ComponentExtensionSpec.Validate: concurrency, replicas, logger."""
    concurrency = component.integer("containerConcurrency")
    if concurrency is not None and concurrency < 0:
        node = child(component, "containerConcurrency")
        yield refused("parallelism cannot be less than 0", node, "negative-concurrency")
    yield from _replicas(component)
    logger = given(component, "logger")
    if isinstance(logger, Map):
        yield from _logger(logger)


def _replicas(component: Node) -> Iterator[Failure]:
    at_low, at_high = child(component, "minReplicas"), child(component, "maxReplicas")
    low = component.integer("minReplicas")
    high = component.integer("maxReplicas")
    low = 1 if given(component, "minReplicas") is None else low
    high = 0 if given(component, "maxReplicas") is None else high
    if low is not None and low < 0:
        message = "'MinReplicas' cannot be less than 0"
        yield refused(message, at_low, "negative-min-replicas")
    if high is not None and high < 0:
        message = "'MaxReplicas' cannot be less than 0"
        yield refused(message, at_high, "negative-max-replicas")
    elif low is not None and high and low > high:
        node = at_low if given(component, "minReplicas") is not None else at_high
        message = "'MinReplicas' cannot be greater than MaxReplicas"
        yield refused(message, node, "min-over-max-replicas")


def _logger(logger: Map) -> Iterator[Failure]:
    mode = said(logger, "mode")
    if mode is not None and mode not in ("all", "request", "response"):
        yield refused("invalid logger type", child(logger, "mode"), "invalid-logger-mode")
    storage = given(logger, "storage")
    wanted = ("path", "parameters", "key")
    if isinstance(storage, Map) and any(given(storage, field) is None for field in wanted):
        message = "invalid logger storage configuration"
        yield refused(message, storage, "incomplete-logger-storage")


def scaling_rejections(
    annotations: Node | None, component: Node, settings: Settings
) -> Iterator[Failure]:
    """validateAutoScalingCompExtension, by the stored annotations of the InferenceService."""
    standard = names.STANDARD if settings.has("new-mode-names") else names.RAW
    mode = said(annotations, names.DEPLOYMENT_MODE)
    scaler, knative = said(annotations, names.AUTOSCALER_CLASS), said(annotations, _KNATIVE_CLASS)
    if mode == standard:
        if scaler == "hpa" or not settings.has("keda-scaler"):
            yield from _hpa(component)
        elif scaler == "keda":
            yield from _keda(component)
    elif mode is not None and knative == _KNATIVE_HPA:
        yield from _hpa(component)
    elif mode is not None and knative is not None:
        yield from _knative(component)


def _knative(component: Node) -> Iterator[Failure]:
    strategy = given(component, "deploymentStrategy")
    if strategy is not None:
        message = "customizing deploymentStrategy is only supported for raw deployment mode"
        yield refused(message, strategy, "strategy-in-knative-mode")
    metric = said(component, "scaleMetric") or "concurrency"
    if given(component, "scaleMetric") is not None and said(component, "scaleMetric") is None:
        return
    if metric not in ("concurrency", "rps"):
        message = f"[{metric}] is not a supported metric"
        yield refused(message, child(component, "scaleMetric"), "unsupported-scale-metric")
    target = component.integer("scaleTarget")
    if metric == "rps" and target is not None and target < 1:
        message = "the target for rps should be greater than 1"
        yield refused(message, child(component, "scaleTarget"), "scale-target-out-of-range")


def _hpa(component: Node) -> Iterator[Failure]:
    metric = "cpu" if given(component, "scaleMetric") is None else said(component, "scaleMetric")
    if metric is not None and metric not in ("cpu", "memory"):
        message = f"[{metric}] is not a supported metric"
        yield refused(message, child(component, "scaleMetric"), "unsupported-scale-metric")
    target = component.integer("scaleTarget")
    if target is not None:
        node = child(component, "scaleTarget")
        # over 100 is refused whatever the metric: `a && b || c` upstream
        if (metric == "cpu" and target < 1) or target > 100:
            yield refused(_PERCENTAGE, node, "scale-target-out-of-range")
        elif metric == "memory" and target < 1:
            message = "the target memory should be greater than 1 MiB"
            yield refused(message, node, "scale-target-out-of-range")
    for metric_node in _metrics(component):
        kind = said(metric_node, "type")
        if kind == "Resource":
            yield from _without_source(metric_node, kind)
        elif kind is not None:
            message = (
                f"invalid HPA metric source type with value [{kind}],"
                "valid metric source types are Resource"
            )
            yield refused(message, child(metric_node, "type"), "unsupported-metric-type")


def _keda(component: Node) -> Iterator[Failure]:
    metric = given(component, "scaleMetric")
    if metric is not None:
        message = "ScaleMetric is not supported for KEDA"
        yield refused(message, metric, "scale-metric-with-keda")
    for node in _metrics(component):
        kind = said(node, "type")
        if kind is None:
            continue
        if kind not in _SOURCES:
            message = (
                f"unknown KEDA metric type with value [{kind}]."
                "Valid types are Resource,External,PodMetric"
            )
            yield refused(message, child(node, "type"), "unsupported-metric-type")
            continue
        source = given(node, _SOURCES[kind])
        if source is None:
            yield from _without_source(node, kind)
        elif kind == "Resource":
            yield from _keda_resource(source)
        else:
            yield from _keda_query(source)


def _metrics(component: Node) -> list[Map]:
    return [m for m in component.listed("autoScaling", "metrics") if isinstance(m, Map)]


def _without_source(metric: Node, kind: str) -> Iterator[Failure]:
    if given(metric, _SOURCES[kind]) is None:
        words = {"Resource": "resource", "External": "external", "PodMetric": "pod"}
        message = f"metricSpec.{kind} is not set for {words[kind]} metric source type"
        yield refused(message, child(metric, "type"), "metric-without-source")


def _keda_resource(source: Node) -> Iterator[Failure]:
    name, target = said(source, "name"), given(source, "target") or Map({})
    form = said(target, "type")
    where = target if target.place is not None else source
    at_form = where if given(target, "type") is None else child(target, "type")
    if name is None or form is None:
        return
    if name == "cpu" and form != "Utilization":
        message = "the cpu target value type should be Utilization"
        yield refused(message, at_form, "metric-target-type")
    elif name == "memory" and form not in ("AverageValue", "Utilization"):
        message = "the memory target value type should be AverageValue or Utilization"
        yield refused(message, at_form, "metric-target-type")
    elif name == "memory" and form == "AverageValue" and _below_one_mebibyte(target):
        node = where if given(target, "averageValue") is None else child(target, "averageValue")
        message = "the memory target value should be greater than 1 MiB"
        yield refused(message, node, "metric-target-too-small")
    elif name not in ("cpu", "memory"):
        message = f"resource type {name} is not supported"
        yield refused(message, child(source, "name"), "unsupported-resource-metric")
    else:
        yield from _target(target, form, where)


def _below_one_mebibyte(target: Node) -> bool:
    """Is averageValue under 1Mi? Absent counts as 0; what is no quantity is not judged."""
    node = given(target, "averageValue")
    if node is None:
        return True
    amount = parse_or_none(node.text)
    return amount is not None and amount < parse("1Mi")


def _keda_query(source: Node) -> Iterator[Failure]:
    if said(source.get("metric"), "query") == "":
        node = given(source, "metric") or source
        yield refused("the query should not be empty", child(node, "query"), "empty-query")
    target = given(source, "target") or Map({})
    where = target if target.place is not None else source
    if given(target, "value") is None:
        message = "the target threshold value should not be empty"
        yield refused(message, where, "no-metric-threshold")
        return
    form = said(target, "type")
    if form is not None:
        yield from _target(target, form, where)


def _target(target: Node, form: str, where: Node) -> Iterator[Failure]:
    """validateScaleTarget: the field that the type names has to be there."""
    field = {"Utilization": "averageUtilization", "AverageValue": "averageValue", "Value": "value"}
    if form not in field:
        return
    if given(target, field[form]) is None:
        word = "AverageUtilization" if form == "Utilization" else form
        message = f"the {word} type should be set"
        yield refused(message, where, "metric-target-missing")
        return
    percentage = target.integer("averageUtilization")
    if form == "Utilization" and percentage is not None and not 1 <= percentage <= 100:
        yield refused(_PERCENTAGE, child(target, "averageUtilization"), "scale-target-out-of-range")
