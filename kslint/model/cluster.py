"""The cluster as the user declares it, in the model's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.capacity import GPU, NodePool, Taint
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from kslint.config import Config, Node


def node_pools(config: Config) -> tuple[NodePool, ...]:
    """The declared node pools; an amount that is no quantity counts as not declared."""
    return tuple(_pool(node) for node in config.cluster.nodes)


def _pool(node: Node) -> NodePool:
    offered, taken = dict(node.allocatable), dict(node.overhead)
    return NodePool(
        name=node.name,
        count=node.count,
        machine=node.machine,
        cpu=parse_or_none(offered.get("cpu")),
        memory=parse_or_none(offered.get("memory")),
        gpu=parse_or_none(offered.get(GPU)),
        labels=None if node.labels is None else dict(node.labels),
        taints=None if node.taints is None else tuple(Taint(*taint) for taint in node.taints),
        cpu_features=node.cpu_features,
        overhead_cpu=parse_or_none(taken.get("cpu")),
        overhead_memory=parse_or_none(taken.get("memory")),
    )
