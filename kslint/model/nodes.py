"""The nodes that a pod with GPUs may be put on: declared ones, and Karpenter's NodePools.

Sources: k8s.io/api core/v1 toleration.go v0.34; Kubernetes v1.34 plugin ExtendedResourceToleration
(GKE runs it); Karpenter v1.6 NodePool (karpenter.sh/v1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.cluster import node_pools
from kslint.model.kubernetes.capacity import Taint, allocatable, demand, slots, tolerated
from kslint.model.kubernetes.pod import accelerator
from kslint.model.queues import LABEL

if TYPE_CHECKING:
    from kslint.config import Config
    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.capacity import NodePool
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_GPU_TAINT = "nvidia.com/gpu"
_HARD = ("NoSchedule", "NoExecute")
_GPU_FAMILIES = ("g", "p", "trn", "inf", "dl")
"""What the families of AWS' instances with accelerators begin with."""


class Barred(NamedTuple):
    """A taint that keeps a pod from every node it fits on: of a declared pool, or a NodePool."""

    taint: Taint
    pool: str
    resource: Resource | None


def barred(workload: Workload, config: Config, graph: Graph) -> Barred | None:
    """The taint that keeps a pod with GPUs from all nodes that could hold it."""
    spec = workload.pod_spec
    if not any(accelerator(name) for name, count in demand(spec).extended.items() if count):
        return None
    if workload.resource.label(LABEL) is not None:  # Kueue adds the tolerations of its flavors
        return None
    if config.cluster.nodes:
        return _by_declared(spec, config)
    return _by_karpenter(workload, graph)


def _by_declared(spec: Node, config: Config) -> Barred | None:
    first = None
    asked = demand(spec)
    for pool in node_pools(config):
        if slots([pool._replace(taints=())], asked, spec) == 0:
            continue
        cloud = _cloud(pool)
        found = _untolerated(spec, pool.taints or ())
        if found is None or (found.key == _GPU_TAINT and cloud in ("", "gke")):
            return None
        first = first or Barred(found, pool.name, None)
    return first


def _cloud(pool: NodePool) -> str:
    """Whose nodes they are: by the machine type's table, or by how such types are spelt."""
    node, machine = allocatable(pool), pool.machine or ""
    if node is not None and node.cloud:
        return node.cloud
    if machine.startswith("Standard_"):
        return "aks"
    return "eks" if _AWS_TYPE.fullmatch(machine) else ""


_AWS_TYPE = re.compile(r"[a-z]+\d+[a-z0-9-]*\.(?:\d*x?large|metal)")


def _by_karpenter(workload: Workload, graph: Graph) -> Barred | None:
    first = None
    for pool in graph.of_kind("NodePool", "karpenter.sh"):
        spec = None if pool.spec is None else pool.spec.at("template", "spec")
        holds = None if spec is None else _holds_gpus(spec)
        if spec is None or holds is False or not graph.evidence.reaches(pool, workload.resource):
            continue
        taints = [
            Taint(t.string("key") or "", t.string("value") or "", t.string("effect") or "")
            for t in spec.listed("taints")
        ]
        found = _untolerated(workload.pod_spec, taints)
        if found is None:
            return None
        first = first or (Barred(found, pool.name, pool) if holds else None)
    return first


def _untolerated(spec: Node, taints: tuple[Taint, ...] | list[Taint]) -> Taint | None:
    tolerations = spec.listed("tolerations")
    hard = [taint for taint in taints if taint.effect in _HARD]
    return next((taint for taint in hard if not tolerated(tolerations, taint)), None)


def _holds_gpus(spec: Node) -> bool | None:
    """Are a NodePool's nodes ones with accelerators? None if its requirements do not tell."""
    told = None
    for each in spec.listed("requirements"):
        key = (each.string("key") or "").rpartition("/")[2]
        values = [value.text or "" for value in each.listed("values")]
        operator = each.string("operator")
        if key.startswith("instance-gpu-") and operator in ("In", "Exists", "Gt"):
            return values != ["0"] or operator == "Gt"
        if operator != "In":
            continue
        if key in ("instance-category", "instance-family", "instance-type"):
            told = any(value.startswith(_GPU_FAMILIES) for value in values)
    return told
