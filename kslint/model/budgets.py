"""PodDisruptionBudgets, and whether they ever let a pod go.

Source: Kubernetes v1.34 pkg/controller/disruption (desired healthy pods; percentages round up).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.selection import Circles, texts
from kslint.model.scaling import is_scaled

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_COUNTED = ("Deployment", "StatefulSet", "ReplicaSet")


class Blocked(NamedTuple):
    """A budget that lets no pod go, by the field at `node`; `replicas` are what it counts."""

    node: Node
    workload: Resource
    replicas: int


def blocked(budget: Resource, graph: Graph) -> Blocked | None:
    """Does a budget forbid every eviction, with all pods healthy?"""
    spec = budget.spec
    if spec is None or spec.at("selector", "matchExpressions") is not None:
        return None
    selector = texts(spec.at("selector", "matchLabels"))
    found = Circles(graph, budget).near(selector)
    if len(found) != 1 or found[0].resource.kind not in _COUNTED:
        return None
    workload = found[0].resource
    scaled = is_scaled(workload, graph)
    written = workload.body.at("spec", "replicas")
    replicas = 1 if written is None else workload.body.integer("spec", "replicas")
    if scaled or not replicas:
        return None
    node = _forbidding(spec, replicas)
    return None if node is None else Blocked(node, workload, replicas)


def _forbidding(spec: Node, replicas: int) -> Node | None:
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None:
        count = _count(least, replicas)
        return least if count is not None and count >= replicas else None
    if most is not None:
        return most if _count(most, replicas) == 0 else None
    return None


def _count(node: Node, replicas: int) -> int | None:
    """A number, or a share of the replicas rounded up."""
    text = node.text or ""
    digits = text.removesuffix("%")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return None
    return int(digits) if digits == text else -(-replicas * int(digits) // 100)
