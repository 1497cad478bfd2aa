"""What a scaler goes by.

Sources: Kubernetes v1.34 autoscaling/v2 (without metrics an HPA goes by 80 % of the requested CPU,
pkg/apis/autoscaling/v2/defaults.go) and autoscaling/v1; KEDA v2.20 (triggers `cpu` and `memory`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.pod import requests_accelerator
from kslint.model.workload import of_template

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

HPA, SCALED_OBJECT = "HorizontalPodAutoscaler", "ScaledObject"


def cpu_signal(scaler: Resource) -> Node | None:
    """The place that makes a scaler go by the CPU alone; None if it does not, or never scales."""
    spec = scaler.spec
    if spec is None or scaler.kind not in (HPA, SCALED_OBJECT):
        return None
    if scaler.kind == SCALED_OBJECT:
        triggers = spec.listed("triggers")
        found = [t for t in triggers if t.string("type") == "cpu"]
        return found[0].get("type") if found and len(found) == len(triggers) else None
    least, most = spec.integer("minReplicas"), spec.integer("maxReplicas")
    if most is None or (1 if least is None else least) >= most:
        return None
    if scaler.version == "v1":
        return spec.get("targetCPUUtilizationPercentage") or spec.get("maxReplicas")
    metrics = spec.listed("metrics")
    if not metrics:
        return spec.get("maxReplicas")
    names = [m.at("resource", "name") or m.at("containerResource", "name") for m in metrics]
    if all(name is not None and name.text == "cpu" for name in names):
        return names[0]
    return None


def gpu_server_of(scaler: Resource, graph: Graph) -> Resource | None:
    """The workload that a scaler targets, if it is a vLLM server on GPUs."""
    target = None if scaler.spec is None else scaler.spec.get("scaleTargetRef")
    name = None if target is None else target.string("name")
    kind = None if target is None else target.string("kind") or "Deployment"
    if name is None or kind is None:
        return None
    namespace = graph.namespace_of(scaler)
    for resource in graph.find(kind, name, namespace, asker=scaler).resources:
        servers = [s for one in of_template(resource, namespace) for s in one.servers]
        if any(requests_accelerator(server.container) for server in servers):
            return resource
    return None
