"""Claims that one node mounts, and pods that may come to stand on several.

Sources: Kubernetes v1.34 docs, access modes (ReadWriteOnce is a node's, ReadWriteOncePod a pod's);
pkg/controller/volume/attachdetach (Multi-Attach error).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import claims
from kslint.model.kubernetes.selection import Circles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config import Config
    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.selection import Pods
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})
_LASTING = ("Deployment", "StatefulSet")
_HOSTNAME = "kubernetes.io/hostname"
_PINNING = ("local", "hostpath", "host-path", "openebs", "topolvm", "lvm")
"""Parts of the names of classes whose volumes hold their pods on the node that has them."""
_SHARES = ("nfs", "smb", "cifs", "samba", "efs", "azurefile", "azure-file")
"""Those of network shares, which any node mounts whatever the claim says: nothing is attached."""


def mounted_claims(workload: Workload) -> Iterator[tuple[str, Node]]:
    """The claims that the pods mount: as volumes, and as the model that KServe mounts for them."""
    yield from claims(workload.pod_spec)
    if workload.model_claim is not None:
        yield workload.model_claim
    if workload.component is not None:
        from kslint.model.kserve.storage.sources import PVC, model_sources

        for source in model_sources(workload.component):
            if source.kind == PVC and source.claim:
                yield source.claim, source.uri


def exclusive(name: str, workload: Workload, graph: Graph) -> Resource | None:
    """A claim of the input that only one node may mount."""
    if opaque(name):
        return None
    found = graph.find("PersistentVolumeClaim", name, workload.namespace, "", workload.resource)
    if len({graph.namespace_of(r) for r in found.resources}) != 1:
        return None
    for claim in found.resources:
        modes = {mode.text or "" for mode in claim.body.listed("spec", "accessModes")}
        storage = _storage(claim, graph)
        if not modes or modes & _SHARED or any(word in storage for word in _PINNING + _SHARES):
            return None
        if not all(mode.startswith("ReadWriteOnce") for mode in modes):
            return None
    return found.resources[0]


def _storage(claim: Resource, graph: Graph) -> str:
    """The class of a claim's volume, or the default one, and its provisioner if that is known."""
    name = claim.body.string("spec", "storageClassName") or ""
    for each in graph.of_kind("StorageClass"):
        if name == each.name if name else each.annotation(_DEFAULT) == "true":
            return f"{name} {each.name} {each.body.string('provisioner') or ''}".lower()
    return name.lower()


_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def spreads(workload: Workload, config: Config) -> bool:
    """May the pods of a workload stand on different nodes?"""
    if workload.resource.kind in ("Job", "CronJob", "Pod", "DaemonSet"):
        return False
    if _is_tied(workload.pod_spec):
        return False
    nodes = config.cluster.nodes
    return not nodes or sum(pool.count for pool in nodes) > 1


def _is_tied(spec: Node) -> bool:
    """Do the pods stand on a node that is named, or where others are?"""
    selector = spec.get("nodeSelector")
    if spec.get("nodeName") is not None or (selector and selector.get(_HOSTNAME)):
        return True
    for term in spec.listed("affinity", "podAffinity", _REQUIRED):
        if term.string("topologyKey") == _HOSTNAME:
            return True
    return any(
        expression.string("key") == _HOSTNAME
        for term in spec.listed("affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
        for expression in term.listed("matchExpressions")
    )


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def other_user(name: str, claim: Resource, workload: Workload, graph: Graph) -> Resource | None:
    """A workload beside another, and before it, whose pods mount the claim too and run on.

    Not one whose pods go where others are: those are the ones that mount the claim.
    """
    own = workload.resource
    if own.kind not in _LASTING or workload.home.integer("replicas") == 0:
        return None
    for pods in (*_mounting(name, own, graph), *_mounting(name, claim, graph)):
        other = pods.resource
        if other.kind not in _LASTING or other.body.integer("spec", "replicas") == 0:
            continue
        if other.emitter != own.emitter or not _before(other, own):
            continue
        if graph.namespace_of(other) != workload.namespace or _is_tied(pods.pod_spec):
            continue
        return other
    return None


def _mounting(claim: str, near: Resource, graph: Graph) -> list[Pods]:
    """The pods beside an object that mount a claim of a name."""

    def mounted(pods: Pods) -> list[str]:
        return [name for name, _ in claims(pods.pod_spec)]

    return Circles(graph, near).beside.having(claim, "claim", mounted)


def _before(one: Resource, other: Resource) -> bool:
    """Which of two that share a claim comes first? The later one is told."""
    return (one.name, one.kind) < (other.name, other.kind)
