"""The scaler KServe creates for one component in Standard mode: an HPA or KEDA's ScaledObject.

Mirrors pkg/controller/v1beta1/inferenceservice/reconcilers/{hpa,keda} @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.metadata import autoscaler_class
from kslint.model.kserve.names import TARGET_UTILIZATION
from kslint.model.kserve.workload import controller_origin
from kslint.model.kubernetes.defaults import defaulted_scaler
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.model.tree import put
from kslint.source.nodes import Map, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node, Origin

_HPA = "reconcilers/hpa/hpa_reconciler.go"
_KEDA = "reconcilers/keda/keda_reconciler.go"


def scaler(isvc: Map, component: str, meta: Map, settings: Settings) -> Map | None:
    """The HorizontalPodAutoscaler or ScaledObject of a component, or None."""
    spec_of = isvc.at("spec", component)
    kind = autoscaler_class(meta)
    if spec_of is None or kind not in ("hpa", "keda"):
        return None
    if kind == "keda" and not settings.has("keda-scaler"):
        return None
    if kind == "hpa":
        return _hpa(meta, spec_of, settings)
    return _scaled_object(meta, spec_of, settings)


def _bounds(spec_of: Node, floor: int, origin: Origin) -> tuple[Node, Node]:
    minimum = spec_of.get("minReplicas")
    low = spec_of.integer("minReplicas")
    if minimum is None or low is None or low < floor:
        text = origin._replace(text=f"KServe, which raises minReplicas to {max(floor, 1)}")
        raised = max(floor, 1) if low is None else max(floor, low)
        minimum, low = made(raised, text if low is not None else origin), raised
    maximum = spec_of.get("maxReplicas")
    high = spec_of.integer("maxReplicas")
    if maximum is None or high is None or high < low:
        maximum = made(low, origin)
    return minimum, maximum


def _hpa(meta: Map, spec_of: Node, settings: Settings) -> Map:
    origin = controller_origin("the HPA reconciler", f"{_HPA}:61-183")
    minimum, maximum = _bounds(spec_of, 1, origin)
    body = made({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}, origin)
    body = put(body, ("metadata",), meta)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": meta.string("name") or ""}
    body = put(body, ("spec", "scaleTargetRef"), made(target, origin))
    body = put(body, ("spec", "minReplicas"), minimum)
    body = put(body, ("spec", "maxReplicas"), maximum)
    annotated = settings.has("utilization-by-annotation")
    found = _first_metric(meta, spec_of, origin) if annotated else _hpa_metrics(spec_of, origin)
    metrics = Seq(found)
    metrics.origin = origin
    if metrics.children:
        body = put(body, ("spec", "metrics"), metrics)
    return defaulted_scaler(put(body, ("spec", "behavior"), made({}, origin)))


def _first_metric(meta: Map, spec_of: Node, origin: Origin) -> list[Node]:
    """The one metric of 0.14, whose target an annotation may give."""
    told = meta.string("annotations", TARGET_UTILIZATION) or ""
    is_number = told.isascii() and told.isdigit() and len(told) < 4
    target = spec_of.get("scaleTarget") or made(int(told) if is_number else 80, origin)
    return [_utilization(spec_of.string("scaleMetric") or "cpu", target, origin)]


def _hpa_metrics(spec_of: Node, origin: Origin) -> list[Node]:
    """getHPAMetrics: autoScaling's resource metrics, else scaleMetric, else CPU at 80 %."""
    auto = spec_of.get("autoScaling")
    if auto is not None and not auto.is_null:
        found = [_hpa_metric(m, origin) for m in auto.listed("metrics")]
        return [metric for metric in found if metric is not None]
    metric = spec_of.string("scaleMetric") or "cpu"
    target = spec_of.get("scaleTarget")
    if metric == "cpu":
        return [_utilization("cpu", target or made(80, origin), origin)]
    if metric == "memory" and target is not None:
        return [_utilization("memory", target, origin)]
    return []


def _hpa_metric(metric: Node, origin: Origin) -> Node | None:
    resource = metric.get("resource")
    name = None if resource is None else resource.string("name")
    if resource is None or name not in ("cpu", "memory"):
        return None
    target = resource.get("target")
    utilization = None if target is None else target.get("averageUtilization")
    if name == "cpu":
        return _utilization("cpu", utilization or made(80, origin), origin)
    if target is not None and target.string("type") == "Utilization" and utilization is not None:
        return _utilization("memory", utilization, origin)
    body = made({"type": "Resource", "resource": {"name": name}}, origin)
    return body if target is None else put(body, ("resource", "target"), target)


def _utilization(name: str, target: Node, origin: Origin) -> Node:
    body = made(
        {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization"}}}, origin
    )
    return put(body, ("resource", "target", "averageUtilization"), target)


def _scaled_object(meta: Map, spec_of: Node, settings: Settings) -> Map:
    origin = controller_origin("the KEDA reconciler", f"{_KEDA}:187-278")
    minimum, maximum = _bounds(spec_of, 0, origin)
    body = made({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject"}, origin)
    body = put(body, ("metadata",), meta)
    body = put(body, ("spec", "scaleTargetRef", "name"), made(meta.string("name") or "", origin))
    body = put(body, ("spec", "minReplicaCount"), minimum)
    body = put(body, ("spec", "maxReplicaCount"), maximum)
    metrics = spec_of.at("autoScaling", "metrics")
    triggers = Seq(
        [
            _trigger(m, meta, (minimum, maximum), settings, origin)
            for m in ([] if metrics is None else metrics.elements())
        ]
    )
    triggers.origin = origin
    body = put(body, ("spec", "triggers"), triggers)
    if not settings.has("keda-metrics-as-written"):
        return body
    for side, setting in (
        ("scaleDown", "scaleDownStabilizationWindowSeconds"),
        ("scaleUp", "scaleUpStabilizationWindowSeconds"),
    ):
        window = spec_of.at("autoScaling", "behavior", side, "stabilizationWindowSeconds")
        configured = settings.text("autoscaler", setting)
        is_number = configured.isascii() and configured.isdigit() and len(configured) < 10
        if window is None and is_number:
            node = settings.get("autoscaler", setting)
            window = made(int(configured), (node and node.origin) or origin)
        if window is not None:
            path = ("spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", side)
            body = put(body, (*path, "stabilizationWindowSeconds"), window)
    return body


def _trigger(
    metric: Node, meta: Map, bounds: tuple[Node, Node], settings: Settings, origin: Origin
) -> Node:
    """getKedaMetrics: one trigger for one autoScaling metric."""
    as_written = settings.has("keda-metrics-as-written")
    kind = metric.string("type")
    if kind == "Resource":
        target = metric.at("resource", "target")
        form = (target and target.string("type")) or ""
        field = {"Utilization": "averageUtilization", "AverageValue": "averageValue"}.get(
            form, "value"
        )
        value = (target and target.string(field)) or (
            "80" if (form, metric.string("resource", "name")) == ("Utilization", "cpu") else "0"
        )
        return made(
            {
                "type": metric.string("resource", "name") or "",
                "metadata": {"value": value},
                "metricType": form,
            },
            origin,
        )
    if kind == "External":
        external = metric.get("external") or Map({})
        data = {
            "serverAddress": external.string("metric", "serverAddress") or "",
            "query": external.string("metric", "query") or "",
            "threshold": _target(external, as_written),
        }
        backend = external.string("metric", "backend") or ""
        namespace = external.string("metric", "namespace")
        if backend == "prometheus" and namespace:
            data["namespace"] = namespace
        trigger: dict[str, object] = {"type": backend, "metadata": data}
        modes = external.string("authenticationRef", "authModes")
        if modes:
            data["authModes"] = modes
        reference = external.string("authenticationRef", "authenticationRef", "name")
        if reference:
            trigger["authenticationRef"] = {"name": reference}
        return made(trigger, origin)
    pod_metric = metric.get("podmetric") or Map({})
    query = pod_metric.string("metric", "query") or ""
    scope = f'namespace="{meta.string("namespace")}", deployment="{meta.string("name")}"'
    address = pod_metric.string("metric", "serverAddress") or settings.text(
        "opentelemetryCollector", "metricScalerEndpoint"
    )
    data = {
        "metricQuery": f"sum({query}{{{scope}}})" if as_written else query,
        "targetValue": _target(pod_metric, as_written),
        "scalerAddress": address,
    }
    if not as_written:
        data |= {"clampMin": bounds[0].text or "", "clampMax": bounds[1].text or ""}
    over_time = pod_metric.string("metric", "operationOverTime")
    if over_time:
        data["operationOverTime"] = over_time
    return made({"type": "external", "metadata": data}, origin)


def _target(metric: Node, as_written: bool) -> str:
    """The value that a metric should have."""
    text = metric.string("target", "value") or "0"
    number = None if as_written else parse_or_none(text)
    return text if number is None else f"{float(number.amount):f}"
