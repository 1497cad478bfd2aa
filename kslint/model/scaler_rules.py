"""What KEDA's admission webhook refuses, and workloads that two scalers pull at.

Source: KEDA v2.20 apis/keda/v1alpha1/scaledobject_webhook.go and scaledobject_types.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.scaling import is_paused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KEDA = "keda.sh"
_BY_LOAD = ("cpu", "memory")
_TRANSFERS = "scaledobject.keda.sh/transfer-hpa-ownership"
_MOST = 100


class Refused(NamedTuple):
    """A field of a ScaledObject that KEDA refuses: `reason` is zero, bounds or idle."""

    reason: str
    node: Node


def refused(scaler: Resource) -> Iterator[Refused]:
    """What KEDA refuses of a ScaledObject by itself."""
    spec = scaler.spec
    if spec is None:
        return
    least, most = spec.integer("minReplicaCount"), spec.integer("maxReplicaCount")
    triggers = [each.string("type") or "" for each in spec.listed("triggers")]
    if triggers and all(each in _BY_LOAD for each in triggers) and not least:
        modes = spec.get("advanced") is not None  # a formula may add other signals
        written = spec.get("minReplicaCount")
        if not modes and (written is None or least == 0):
            yield Refused("zero", written or spec.get("triggers") or spec)
    top = _MOST if most is None else most
    if least is not None and least > top:
        yield Refused("bounds", spec.get("minReplicaCount") or spec)
    idle = spec.integer("idleReplicaCount")
    floor = 0 if least is None else max(least, 1)  # CheckReplicaCountBoundsAreValid
    if idle is not None and idle >= floor:
        yield Refused("idle", spec.get("idleReplicaCount") or spec)


def rival(scaler: Resource, graph: Graph) -> Resource | None:
    """Another scaler, which stands beside this one and comes before it, for the same workload."""
    target = _target(scaler)
    if target is None or is_paused(scaler) or scaler.annotation(_TRANSFERS) is not None:
        return None
    namespace = graph.namespace_of(scaler)
    for other in _by_target(graph, namespace).get(target, ()):
        if other is scaler or is_paused(other):
            continue
        if graph.namespace_of(other) != namespace or other.emitter != scaler.emitter:
            continue
        if graph.evidence.illustrates(scaler) and other.file != scaler.file and not other.emitter:
            continue  # one example or the other
        if (other.kind, other.name) < (scaler.kind, scaler.name) and graph.belong_together(
            other, scaler
        ):
            return other
    return None


def _by_target(graph: Graph, namespace: str | None) -> dict[tuple[str, str] | None, list[Resource]]:
    """The scalers of a namespace by what they scale."""

    def found() -> dict[tuple[str, str] | None, list[Resource]]:
        targets: dict[tuple[str, str] | None, list[Resource]] = {}
        for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
            for each in graph.of_namespace(kind, namespace):
                targets.setdefault(_target(each), []).append(each)
        return targets

    return graph.kept(("scalers by target", namespace), found)


def is_target_known(scaler: Resource, graph: Graph) -> bool:
    """Is the workload in the input? Scalers without one may be alternatives to choose from."""
    target = _target(scaler)
    return target is not None and bool(
        graph.find(*target, graph.namespace_of(scaler), None, scaler).resources
    )


def _target(scaler: Resource) -> tuple[str, str] | None:
    target = None if scaler.spec is None else scaler.spec.get("scaleTargetRef")
    name = None if target is None else target.string("name")
    if target is None or not name or "{" in name or "$" in name:
        return None
    return target.string("kind") or "Deployment", name


def lost(scaler: Resource, graph: Graph) -> tuple[Node, list[Resource]] | None:
    """The name of a workload that is not there, and those beside it that may be meant.

    None where something else may make it: a chart, KServe, an operator.
    """
    target, namespace = _target(scaler), graph.namespace_of(scaler)
    if target is None or target[0] not in _WORKLOADS or namespace is None:
        return None
    if graph.evidence.illustrates(scaler):
        return None
    kind, name = target
    if graph.named(kind, name) or graph.completeness.is_open(kind, namespace):
        return None
    candidates = graph.of_namespace(kind, namespace)
    looks = graph.kept(("resemblances",), lambda: [MAX_LOOKS])
    looks[0] -= len(candidates)
    if looks[0] < 0:
        return None
    near = [
        each
        for each in candidates
        if graph.belong_together(each, scaler) and each.emitter == scaler.emitter
        if _resemble(name, each.name)
    ]
    makers = graph.kept(
        ("makers of Deployments",),
        lambda: {each.name for each in graph.resources if each.group.endswith(_MAKERS)},
    )
    if not near or any(name[:length] in makers for length in range(len(name) + 1)):
        return None
    node = None if scaler.spec is None else scaler.spec.at("scaleTargetRef", "name")
    return None if node is None else (node, near)


def _resemble(one: str, other: str) -> bool:
    """May one name be meant by the other: a part of it, or the same but for a few letters?"""
    from difflib import SequenceMatcher

    return one in other or other in one or SequenceMatcher(None, one, other).ratio() > _ALIKE


_ALIKE = 0.75
MAX_LOOKS = 100_000
"""How often names are compared; of scalers beyond that, nothing is said."""
_WORKLOADS = ("Deployment", "StatefulSet")
_MAKERS = ("kserve.io", "fluxcd.io", "seldon.io", "machinelearning.seldon.io", "kubeflow.org")
"""Groups whose objects become Deployments with names that begin with theirs."""
