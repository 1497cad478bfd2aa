"""Who sets the number of replicas of a workload: git, by an Application's syncs, or a scaler.

Sources: argo-cd v3.4.4 docs/user-guide/{diffing,sync-options}.md (an ignored difference is hidden
from the diff; a sync writes it all the same, unless RespectIgnoreDifferences=true); KEDA v2.20
(the ScaledObject's HPA owns the scale of its target).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops import argocd
from kslint.model.scaling import is_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.resources import Resource
    from kslint.source.nodes import Node

POINTER = "/spec/replicas"
_SCALED = ("Deployment", "StatefulSet", "Rollout")


class Contest(NamedTuple):
    """A scaler and an Application that both set a workload's replicas.

    `ignored` is the `ignoreDifferences` entry that hides the difference and does not keep it.
    """

    replicas: Node
    workload: Resource
    scaler: Resource
    application: Application
    ignored: Node | None


def contests(graph: Graph, scalers: Iterable[Resource]) -> Iterator[Contest]:
    """Every workload of an auto-syncing Application whose written replicas a scaler changes."""
    for scaler in scalers:
        for workload in _targets(scaler, graph):
            replicas = workload.body.at("spec", "replicas")
            if replicas is None or replicas.is_null or is_paused(scaler):
                continue
            if _is_fixed(scaler, workload):
                continue
            namespace = graph.namespace_of(workload)
            for application in argocd.owners(graph, workload):
                if application.automated is None or argocd.is_patched(
                    application, "automated", "ignoreDifferences", "syncOptions"
                ):
                    continue
                if argocd.keeps_live(application, workload, namespace, POINTER):
                    continue
                if argocd.ignores_everywhere(graph, application, workload, "replicas"):
                    continue
                entry = argocd.ignoring(application, workload, namespace, POINTER)
                yield Contest(replicas, workload, scaler, application, entry)


def _targets(scaler: Resource, graph: Graph) -> list[Resource]:
    target = None if scaler.spec is None else scaler.spec.get("scaleTargetRef")
    kind = None if target is None else target.string("kind") or "Deployment"
    name = None if target is None else target.string("name") or target.string("deployment")
    if kind not in _SCALED or not name:
        return []
    found = graph.find(kind, name, graph.namespace_of(scaler), asker=scaler).resources
    return [each for each in found if graph.belong_together(each, scaler)]


def _is_fixed(scaler: Resource, workload: Resource) -> bool:
    """Does the scaler allow but the number that git says?"""
    spec, replicas = scaler.spec, workload.body.integer("spec", "replicas")
    if spec is None or replicas is None:
        return True
    fields = {
        "HorizontalPodAutoscaler": (("minReplicas",), ("maxReplicas",)),
        "ScaledObject": (("minReplicaCount",), ("maxReplicaCount",)),
    }
    pair = fields.get(scaler.kind, (("replicas", "min"), ("replicas", "max")))
    return all(spec.integer(*path) == replicas for path in pair)
