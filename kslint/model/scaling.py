"""How many pods of a workload there may be, whoever sets the number.

Sources: Kubernetes v1.34 autoscaling/v2; KEDA v2.20 ScaledObject (maxReplicaCount 100 by default,
annotations `autoscaling.keda.sh/paused` and `paused-replicas`), KEDA's HTTP add-on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops import argocd
from kslint.model.kserve.metadata import autoscaler_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.workload import Workload
    from kslint.resources import Resource

_PAUSED = "autoscaling.keda.sh/paused"
_PAUSED_AT = "autoscaling.keda.sh/paused-replicas"
_KEDA_MAXIMUM = 100


def most_replicas(workload: Workload, graph: Graph) -> int | None:
    """The most pods a Deployment will have of one revision; None if it cannot be known.

    By its own count and KServe's scaler, or by the scalers of the input that target it. One that
    is parked at zero, and scaled by hand, has one pod when it runs.
    """
    found = [*scalers(graph, deployment_name(workload), workload.namespace)]
    counts = [_maximum(scaler) for scaler in found]
    active = [count for count in counts if count is not None]
    own = workload.replicas
    component = workload.component
    if active:
        scaled_by_kserve = component is not None and component.scaler is not None
        return max(active + ([own] if scaled_by_kserve and own is not None else []))
    if component is not None and autoscaler_class(component.metadata) not in _KNOWN_CLASSES:
        return None
    parked = own == 0 and (bool(found) or _is_scaled_live(workload, graph))
    return 1 if parked else own


def most_pods(workload: Workload, graph: Graph) -> int | None:
    """The most pods of a workload of any kind: replicas, and all pods of each group."""
    if workload.pods is not None:
        return workload.pods
    if workload.resource.kind not in _COUNTED:
        return most_replicas(workload, graph)
    spec = workload.resource.spec
    written = None if spec is None else spec.get("replicas")
    count = 1 if written is None or written.is_null else written.integer()
    group = workload.group
    if count is None or group is None:
        return count
    return None if group.size is None else count * group.size


_COUNTED = ("StatefulSet", "Rollout", "ReplicaSet", "LeaderWorkerSet")
_KNOWN_CLASSES = ("hpa", "keda", "none")


def scalers(graph: Graph, name: str, namespace: str | None) -> Iterator[Resource]:
    """The autoscalers of the input that target a Deployment, by its name."""
    for resource in _targeting(graph, namespace).get(name, ()):
        target = None if resource.spec is None else resource.spec.get("scaleTargetRef")
        if target is not None and (target.string("kind") or "Deployment") == "Deployment":
            yield resource


def is_scaled(workload: Resource, graph: Graph) -> bool:
    """Has a scaler of the input a workload of this name for its target, whatever its kind?"""
    return any(
        each.kind != "HTTPScaledObject"
        and each.spec is not None
        and each.spec.string("scaleTargetRef", "name") == workload.name
        for each in _targeting(graph, graph.namespace_of(workload)).get(workload.name, ())
    )


def _targeting(graph: Graph, namespace: str | None) -> dict[str, list[Resource]]:
    """The scalers that may be in a namespace, by the names that they target."""

    def found() -> dict[str, list[Resource]]:
        targets: dict[str, list[Resource]] = {}
        for kind in ("HorizontalPodAutoscaler", "ScaledObject", "HTTPScaledObject"):
            for resource in graph.of_namespace(kind, namespace):
                target = None if resource.spec is None else resource.spec.get("scaleTargetRef")
                if target is None:
                    continue
                for name in {target.string("name"), target.string("deployment")} - {None}:
                    targets.setdefault(name or "", []).append(resource)
        return targets

    return graph.kept(("scalers", namespace), found)


def deployment_name(workload: Workload) -> str:
    component = workload.component
    if component is not None:
        return component.metadata.string("name") or ""
    return workload.resource.name


def _maximum(scaler: Resource) -> int | None:
    """The most replicas a scaler asks for; None for one that is paused."""
    spec = scaler.spec
    if spec is None or scaler.kind == "HorizontalPodAutoscaler":
        return None if spec is None else spec.integer("maxReplicas")
    held = scaler.annotation(_PAUSED_AT)
    if held is not None and held.isascii() and held.isdigit() and len(held) < 10:
        return int(held)
    if is_paused(scaler):
        return None
    fields = ("replicas", "max") if scaler.kind == "HTTPScaledObject" else ("maxReplicaCount",)
    written = spec.integer(*fields)
    return _KEDA_MAXIMUM if written is None else written


def is_paused(scaler: Resource) -> bool:
    """Has somebody told KEDA to leave the workload as it is?"""
    return (scaler.annotation(_PAUSED) or "").lower() == "true"


def _is_scaled_live(workload: Workload, graph: Graph) -> bool:
    """Does an Application leave the number of replicas to the cluster?"""
    return any(
        argocd.ignores(owner, workload.resource, workload.namespace, "/spec/replicas")
        for owner in argocd.owners(graph, workload.resource)
    )
