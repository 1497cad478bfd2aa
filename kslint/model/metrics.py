"""What in the input reads metrics of Prometheus: scalers, alerts, adapters.

Sources: KEDA v2.20 pkg/scalers/prometheus_scaler.go; Kubernetes v1.34 autoscaling/v2;
prometheus-operator v0.80 PrometheusRule; prometheus-adapter v0.12 pkg/config; KServe v0.19.0
pkg/apis/serving/v1beta1/component.go (AutoScalingSpec); Grafana v12 (`targets[].expr` of panels).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.source.nodes import Scalar, walk
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.workload import Server
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SCALING = "autoScaling"
_HPA, _KEDA = "HorizontalPodAutoscaler", ("ScaledObject", "ScaledJob")
_ADAPTER = re.compile(r"^[ \t-]*(?:seriesQuery|metricsQuery):[ \t]*(\S.*)$", re.MULTILINE)
_PANEL = re.compile(r'"expr"\s*:\s*"((?:[^"\\]|\\.)*)"')
_ASKING = frozenset(("expr", "seriesQuery", "metricsQuery"))
"""Keys of a query in the values of prometheus-adapter and kube-prometheus-stack."""
_KEYS = "record|as|targetLabel|target_label"
_MADE = re.compile(rf"^[ \t-]*(?:{_KEYS}):[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_MAKERS = frozenset(_KEYS.split("|"))
"""Keys under which a metric gets a name, or `__name__` another value."""
_PREFIXES = ("vllm:", "vllm_")


class Query(NamedTuple):
    """A query, or the name of a metric. `names` is true for a name that an adapter may have made.

    `threshold` is what the value is compared with, `servers` what the reader scales: None where
    that is not known. `shown` is true for a panel of a dashboard, on which nothing else hangs.
    """

    resource: Resource
    node: Node
    text: str
    names: bool = False
    threshold: Node | None = None
    servers: tuple[Server, ...] | None = None
    shown: bool = False


def queries(model: Model) -> Iterator[Query]:
    """Everything that reads a metric by a name that may be vLLM's."""
    for kind in _KEDA:
        for resource in model.of_kind(kind, "keda.sh"):
            yield from _of_keda(resource, model)
    for resource in model.of_kind(_HPA, "autoscaling"):
        yield from _of_hpa(resource, model)
    for resource in model.of_kind("PrometheusRule", "monitoring.coreos.com"):
        for rule in _rules(resource):
            yield from _query(resource, rule.get("expr"))
    for resource in model.of_kind("ConfigMap", ""):
        yield from _of_adapter(resource)
        yield from _of_dashboards(resource, resource.body.get("data"))
    for resource in model.of_kind("GrafanaDashboard"):
        yield from _of_dashboards(resource, resource.spec)
    for source in chart_sources(model.graph):
        if model.judges(source.application.resource):
            yield from _of_values(source.application.resource, helm_values(model.graph, source))
    yield from _of_services(model)


def _of_keda(resource: Resource, model: Model) -> Iterator[Query]:
    for trigger in [] if resource.spec is None else resource.spec.listed("triggers"):
        if trigger.string("type") == "prometheus":
            threshold = trigger.at("metadata", "threshold")
            for query in _query(resource, trigger.at("metadata", "query"), threshold):
                yield query._replace(servers=_target(resource, model))


def _of_hpa(resource: Resource, model: Model) -> Iterator[Query]:
    for metric in [] if resource.spec is None else resource.spec.listed("metrics"):
        for kind in ("pods", "external", "object"):
            own = metric.get(kind)
            target = None if own is None else own.get("target")
            wanted = None if target is None else target.get("averageValue") or target.get("value")
            for query in _query(resource, own and own.at("metric", "name"), wanted):
                yield query._replace(names=True, servers=_target(resource, model))


def _of_services(model: Model) -> Iterator[Query]:
    for service in model.inference_services:
        if not model.graph.may_hold(service.resource, _SCALING):
            continue
        for component in service.components:
            for metric in component.written.listed(_SCALING, "metrics"):
                own = metric.get("external")
                target = None if own is None else own.get("target")
                wanted = target and (target.get("value") or target.get("averageValue"))
                for query in _query(service.resource, own and own.at("metric", "query"), wanted):
                    every = model.workloads_of(service.resource)
                    workloads = [w for w in every if w.component is component]
                    servers = tuple(workloads[0].servers) if workloads else None
                    yield query._replace(servers=servers)


def _of_adapter(resource: Resource) -> Iterator[Query]:
    """The rules of prometheus-adapter, which stand in a text of a ConfigMap."""
    data = resource.body.get("data")
    for _, node in () if data is None else data.items():
        text = node.text or ""
        if "seriesQuery" not in text or "vllm" not in text:
            continue
        parts = Parts(node)
        for match in _ADAPTER.finditer(text):
            inner = match[1].rstrip(" \t").strip("\"'")
            start = match.start(1) + match[1].index(inner) if inner else match.start(1)
            if any(prefix in inner for prefix in _PREFIXES):
                yield Query(resource, parts.part(start, start + len(inner)), inner)


def _of_dashboards(resource: Resource, texts: Node | None) -> Iterator[Query]:
    """The panels of Grafana's dashboards, which stand as JSON in a text."""
    for _, node in () if texts is None else texts.items():
        text = node.text if isinstance(node, Scalar) else None
        if not text or '"expr"' not in text or not any(prefix in text for prefix in _PREFIXES):
            continue
        parts = Parts(node)
        for match in _PANEL.finditer(text):
            if any(prefix in match[1] for prefix in _PREFIXES):
                yield Query(resource, parts.part(*match.span(1)), match[1], shown=True)


def _of_values(resource: Resource, values: Node) -> Iterator[Query]:
    """Rules of adapters and alerts in the values of a chart."""
    for node in walk(values):
        if node.key is not None and node.key.text in _ASKING and node.place is not None:
            yield from _query(resource, node)


def _query(resource: Resource, node: Node | None, threshold: Node | None = None) -> Iterator[Query]:
    text = node.text if isinstance(node, Scalar) else None
    if node is not None and text and any(prefix in text for prefix in _PREFIXES):
        yield Query(resource, node, text, threshold=threshold)


def _rules(resource: Resource) -> Iterator[Node]:
    for group in [] if resource.spec is None else resource.spec.listed("groups"):
        yield from group.listed("rules")


def _target(resource: Resource, model: Model) -> tuple[Server, ...] | None:
    """The servers that a scaler adds; None if they are not in the input."""
    target = None if resource.spec is None else resource.spec.get("scaleTargetRef")
    name = None if target is None else target.string("name")
    kind = None if target is None else target.string("kind") or "Deployment"
    namespace = model.graph.namespace_of(resource)
    found = tuple(
        server
        for server in model.servers
        if server.resource.kind == kind
        and server.resource.name == name
        and server.workload.namespace == namespace
    )
    return found or None


class Made(NamedTuple):
    """The names that recording rules and adapters in the input make; `any`: there is no telling."""

    names: frozenset[str]
    any: bool

    def holds(self, name: str) -> bool:
        return self.any or name in self.names


def made(model: Model) -> Made:
    """What is made of metrics, in objects, in values of charts and in texts of ConfigMaps."""
    found: list[str] = []
    for file in model.graph.files:
        for document in file.glimpse():
            for node in walk(document.root):
                text = node.text if isinstance(node, Scalar) else None
                if text and node.key is not None and node.key.text in _MAKERS:
                    found.append(text)
                elif text and "\n" in text and "vllm" in text:
                    found += [match[1] for match in _MADE.finditer(text)]
    open_ended = any("$" in name or name == "__name__" for name in found)
    return Made(frozenset(found), open_ended)
