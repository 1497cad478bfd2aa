"""What scalers name: the workload they scale, and how KEDA logs in to what it asks.

Sources: KEDA v2.20 pkg/scaling/resolver (TriggerAuthentication, in the ScaledObject's namespace, or
ClusterTriggerAuthentication), pkg/common/message (ScaleTargetNotFoundMsg); Kubernetes v1.34
pkg/controller/podautoscaler (FailedGetScale). KServe's Deployments begin with the service's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.beginnings import begins
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.templates import KINDS
from kslint.model.scaler_rules import KEDA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

HPA = "HorizontalPodAutoscaler"
_LOGIN, _SHARED_LOGIN = "TriggerAuthentication", "ClusterTriggerAuthentication"
_SCALABLE = tuple(kind for kind in KINDS if kind not in ("Job", "CronJob", "Pod", "DaemonSet"))
_MAKERS = ("InferenceService", "LLMInferenceService", "InferenceGraph", "HelmRelease")


class Loose(NamedTuple):
    """What a scaler names and is not there.

    `reason` is kind, elsewhere or login_kind; `other` is what has the name instead.
    """

    reason: str
    node: Node
    kind: str
    name: str
    other: Resource | None = None


def loose_ends(scaler: Resource, graph: Graph) -> Iterator[Loose]:
    """What a HorizontalPodAutoscaler or a ScaledObject names and the input does not have."""
    spec, namespace = scaler.spec, graph.namespace_of(scaler)
    if spec is None or namespace is None:
        return
    target = spec.get("scaleTargetRef")
    if target is not None and scaler.kind != "ScaledJob":
        yield from _of_target(scaler, target, namespace, graph)
    if scaler.group == KEDA:
        for trigger in spec.listed("triggers"):
            reference = trigger.get("authenticationRef")
            if reference is not None:
                yield from _of_login(scaler, reference, namespace, graph)


def _of_target(scaler: Resource, target: Node, namespace: str, graph: Graph) -> Iterator[Loose]:
    at = target.get("name")
    name = "" if at is None else at.text or ""
    kind = target.string("kind") or "Deployment"
    if at is None or not name or opaque(name) or kind not in _SCALABLE:
        return
    found = graph.find(kind, name, namespace, None, scaler)
    if found.resources or graph.completeness.is_open(kind, namespace):
        return
    if name.endswith(_KSERVES) or begins(name, _MAKERS, namespace, graph):
        return
    for other_kind in _SCALABLE:
        for other in graph.named(other_kind, name) if other_kind != kind else ():
            same = graph.namespace_of(other) == namespace and other.group in _GROUPS
            if same and graph.belong_together(other, scaler):
                yield Loose("kind", target.get("kind") or at, kind, name, other)
                return
    near = [each for each in found.elsewhere if graph.belong_together(each, scaler)]
    if near:
        yield Loose("elsewhere", at, kind, name, near[0])


_KSERVES = ("-predictor", "-transformer", "-explainer")


_GROUPS = ("apps", "argoproj.io", "leaderworkerset.x-k8s.io", "ray.io")


def _of_login(scaler: Resource, reference: Node, namespace: str, graph: Graph) -> Iterator[Loose]:
    at = reference.get("name")
    name = "" if at is None else at.text or ""
    kind = reference.string("kind") or _LOGIN
    if at is None or not name or opaque(name) or kind not in (_LOGIN, _SHARED_LOGIN):
        return
    if any(
        kind == _SHARED_LOGIN or graph.namespace_of(each) in (namespace, None)
        for each in graph.named(kind, name)
    ) or graph.completeness.is_open(kind, namespace):
        return
    other_kind = _LOGIN if kind == _SHARED_LOGIN else _SHARED_LOGIN
    for other in graph.named(other_kind, name):
        reachable = other_kind == _SHARED_LOGIN or graph.namespace_of(other) == namespace
        if reachable and graph.evidence.reaches(other, scaler):
            yield Loose("login_kind", reference.get("kind") or at, kind, name, other)
            return
    found = graph.find(kind, name, namespace, KEDA, scaler)
    near = [each for each in found.elsewhere if graph.belong_together(each, scaler)]
    if near:
        yield Loose("elsewhere", at, kind, name, near[0])
