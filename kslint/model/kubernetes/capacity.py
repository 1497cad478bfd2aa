"""What nodes can hold: allocatable amounts by machine type, what a pod asks for, how many fit.

Every count is an upper bound: nodes are taken as empty but for their DaemonSets, and what is
not declared does not limit. CPU is in milli-CPU, memory in bytes.

Sources: machines.py for nodes; the scheduler's sums are those of
k8s.io/component-helpers resource/helpers.go (v0.34).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.machines import Allocatable, machine
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.quantity import Quantity, parse_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kslint.graph.graph import Graph
    from kslint.source.nodes import Node

GPU = "nvidia.com/gpu"
_SYSTEM_LABELS = (
    "kubernetes.io", "k8s.io", "cloud.google.com", "eks.amazonaws.com", "kubernetes.azure.com",
    "karpenter.sh", "karpenter.k8s.aws", "nvidia.com",
)  # fmt: skip
"""Domains of labels that clouds and operators put on nodes; a config seldom lists them."""


class Taint(NamedTuple):
    key: str
    value: str = ""
    effect: str = "NoSchedule"


class NodePool(NamedTuple):
    """Nodes of one shape, as the user declares them.

    `count` is the most nodes it grows to. Explicit allocatable amounts win over the machine's.
    `labels` and `taints` are None where they are not declared. `overhead_cpu` and
    `overhead_memory` are what DaemonSets take of each node, None for the cloud's default.
    """

    name: str
    count: int  # type: ignore[assignment]  # tuple has a method of this name
    machine: str | None = None
    cpu: Quantity | None = None
    memory: Quantity | None = None
    gpu: Quantity | None = None
    labels: Mapping[str, str] | None = None
    taints: tuple[Taint, ...] | None = None
    cpu_features: tuple[str, ...] = ()
    overhead_cpu: Quantity | None = None
    overhead_memory: Quantity | None = None


class Demand(NamedTuple):
    """What the scheduler counts for one pod. A limit of None is not set in every container."""

    cpu: int
    memory: int
    extended: dict[str, int]
    cpu_limit: int | None = None
    memory_limit: int | None = None
    cpu_requested: bool = True
    memory_requested: bool = True


def allocatable(pool: NodePool) -> Allocatable | None:
    """What one node of a pool offers: as declared, else by its machine type; None if unknown.

    A pool without a machine has the GPUs it declares, and no others.
    """
    found = machine(pool.machine) if pool.machine else None
    if found is None:
        if pool.cpu is None or pool.memory is None:
            return None
        found = Allocatable(0, 0, None if pool.machine else 0, source="declared")
    cpu_taken, memory_taken = pool.overhead_cpu, pool.overhead_memory
    return found._replace(
        cpu=found.cpu if pool.cpu is None else pool.cpu.milli(),
        memory=found.memory if pool.memory is None else pool.memory.whole(),
        gpu=found.gpu if pool.gpu is None else pool.gpu.whole(),
        overhead_cpu=found.overhead_cpu if cpu_taken is None else cpu_taken.milli(),
        overhead_memory=found.overhead_memory if memory_taken is None else memory_taken.whole(),
    )


def demand(pod_spec: Node | None) -> Demand:
    """What a pod asks for: the larger of its init phase and its running phase, plus overhead.

    A limit without a request counts as a request. Native sidecars (init containers that restart
    always) run on beside the containers. Amounts that are no quantities count as nothing.
    """
    requests = summed(pod_spec, "requests")
    limits = summed(pod_spec, "limits")
    running = [*containers(pod_spec), *init_containers(pod_spec)]
    level = None if pod_spec is None else pod_spec.get("resources")
    for side, total in (("requests", requests), ("limits", limits)):
        total.update(of_pod(level, side, requests))
    overhead = _amounts(None if pod_spec is None else pod_spec.get("overhead"))
    requests = _added(requests, overhead)
    level_limits = _amounts(None if level is None else level.get("limits"))
    limited = {
        name: name in level_limits or all(_has(c, "limits", name) for c in running)
        for name in ("cpu", "memory")
    }
    return Demand(
        requests.get("cpu", Quantity(0)).milli(),
        requests.get("memory", Quantity(0)).whole(),
        {name: amount.whole() for name, amount in requests.items() if "/" in name},
        limits["cpu"].milli() if limited["cpu"] and "cpu" in limits else None,
        limits["memory"].whole() if limited["memory"] and "memory" in limits else None,
        all(_has(c, "requests", "cpu") for c in running),
        all(_has(c, "requests", "memory") for c in running),
    )


def slots(pools: Iterable[NodePool], demand: Demand, pod_spec: Node | None = None) -> int | None:
    """How many such pods fit on the empty nodes of all pools that would take them.

    None where no pool is declared, or one that may take the pod is unknown. nodeSelector and
    tolerations decide where a pool declares labels and taints; affinity and extended resources
    other than nvidia.com/gpu do not.
    """
    total: int | None = None
    for pool in pools:
        node = allocatable(pool)
        if not takes(pool, node, demand, pod_spec):
            total = total or 0
            continue
        fitting = None if node is None else _on_one_node(node, demand)
        if fitting is None:
            return None
        total = (total or 0) + fitting * max(pool.count, 0)
    return total


def quotas(graph: Graph, namespace: str | None) -> dict[str, Quantity]:
    """The least that the namespace's ResourceQuotas allow of each resource.

    Quotas with scopes are left out: they count some of the pods only.
    Source: k8s.io/kubernetes v1.34 pkg/quota/v1/evaluator/core/pods.go.
    """
    least: dict[str, Quantity] = {}
    for resource in () if namespace is None else graph.of_namespace("ResourceQuota", namespace, ""):
        spec = resource.spec
        if spec is None or graph.namespace_of(resource) != namespace:
            continue
        scopes = spec.get("scopes")
        if (scopes is not None and scopes.elements()) or spec.get("scopeSelector") is not None:
            continue
        for name, hard in _amounts(spec.get("hard")).items():
            least[name] = min(least.get(name, hard), hard)
    return least


def quota_slots(least: Mapping[str, Quantity], demand: Demand) -> int | None:
    """How many such pods the quotas allow; None where none limits them.

    Resources that the pod does not state (a LimitRange may) are left out.
    """
    asked: dict[str, tuple[int | None, bool]] = {
        "cpu": (demand.cpu if demand.cpu_requested else None, True),
        "memory": (demand.memory if demand.memory_requested else None, False),
        "limits.cpu": (demand.cpu_limit, True),
        "limits.memory": (demand.memory_limit, False),
        "pods": (1, False),
    }
    for name in ("cpu", "memory"):
        asked[f"requests.{name}"] = asked[name]
    asked["count/pods"] = asked["pods"]
    asked.update({f"requests.{name}": (amount, False) for name, amount in demand.extended.items()})
    best: int | None = None
    for name, hard in least.items():
        amount, in_milli = asked.get(name, (None, False))
        if amount:
            room = (hard.milli() if in_milli else hard.whole()) // amount
            best = room if best is None else min(best, room)
    return best


def takes(pool: NodePool, node: Allocatable | None, demand: Demand, pod_spec: Node | None) -> bool:
    """Would the scheduler put the pod on nodes with this pool's labels and taints?"""
    selector = None if pod_spec is None else pod_spec.get("nodeSelector")
    if pool.labels is not None:
        for key, value in () if selector is None else selector.items():
            if key not in pool.labels and _set_by_the_system(key):
                continue
            if pool.labels.get(key) != value.text:
                return False
    tolerations = [] if pod_spec is None else pod_spec.listed("tolerations")
    for taint in pool.taints or ():
        if taint.effect == "PreferNoSchedule":
            continue
        # GKE runs ExtendedResourceToleration: who asks for GPUs tolerates their taint.
        added = node is not None and node.cloud == "gke" and demand.extended.get(taint.key, 0) > 0
        if not added and not tolerated(tolerations, taint):
            return False
    return True


def tolerated(tolerations: Iterable[Node], taint: Taint) -> bool:
    """Does a pod with these tolerations tolerate a taint?"""
    return any(_tolerates(item, taint) for item in tolerations)


def _tolerates(toleration: Node, taint: Taint) -> bool:
    """ToleratesTaint, k8s.io/api core/v1/toleration.go v0.34."""
    key, effect = toleration.string("key") or "", toleration.string("effect") or ""
    operator = toleration.string("operator") or "Equal"
    if (effect and effect != taint.effect) or (key and key != taint.key):
        return False
    if operator == "Exists":
        return True
    return bool(key) and operator == "Equal" and (toleration.string("value") or "") == taint.value


def _set_by_the_system(label: str) -> bool:
    domain = label.partition("/")[0] if "/" in label else ""
    return any(domain == known or domain.endswith("." + known) for known in _SYSTEM_LABELS)


def _on_one_node(node: Allocatable, demand: Demand) -> int | None:
    """Pods of this demand on one empty node; None if its GPUs matter and are not known."""
    fitting = node.pods
    asked = [
        (node.cpu - node.overhead_cpu, demand.cpu),
        (node.memory - node.overhead_memory, demand.memory),
    ]
    gpus = demand.extended.get(GPU, 0)
    if gpus > 0 and node.gpu is not None:
        asked.append((node.gpu, gpus))
    for offered, wanted in asked:
        if wanted > 0:
            fitting = min(fitting, max(offered, 0) // wanted)
    return None if gpus > 0 and node.gpu is None and fitting else fitting


def summed(
    pod_spec: Node | None,
    side: str,
    amounts: Callable[[Node, str], dict[str, Quantity]] | None = None,
) -> dict[str, Quantity]:
    """PodRequests or PodLimits: containers and sidecars summed, or the largest init step.

    `amounts` are those of one container, if they are not those it has of its own.
    """
    amounts = amounts or of_container
    total: dict[str, Quantity] = {}
    for container in containers(pod_spec):
        total = _added(total, amounts(container, side))
    sidecars: dict[str, Quantity] = {}
    peak: dict[str, Quantity] = {}
    for container in init_containers(pod_spec):
        own = amounts(container, side)
        if container.string("restartPolicy") == "Always":
            total, sidecars = _added(total, own), _added(sidecars, own)
            step = sidecars
        else:
            step = _added(sidecars, own)
        peak = _larger(peak, step)
    return _larger(total, peak)


def of_container(container: Node, side: str) -> dict[str, Quantity]:
    """The requests or limits of a container; a limit without a request is one."""
    limits = _amounts(container.at("resources", "limits"))
    if side == "limits":
        return limits
    return {**limits, **_amounts(container.at("resources", "requests"))}


def of_pod(level: Node | None, side: str, requests: dict[str, Quantity]) -> dict[str, Quantity]:
    """Pod-level cpu and memory, which replace the sum of the containers (PodLevelResources)."""
    stated = _amounts(None if level is None else level.get(side))
    if side == "requests":
        limits = _amounts(None if level is None else level.get("limits"))
        stated = {**{k: v for k, v in limits.items() if k not in requests}, **stated}
    return {name: amount for name, amount in stated.items() if name in ("cpu", "memory")}


def _has(container: Node, side: str, name: str) -> bool:
    return name in of_container(container, side)


def _amounts(node: Node | None) -> dict[str, Quantity]:
    """A resource list; what is no quantity, or negative, is left out."""
    found = {}
    for name, value in () if node is None else node.items():
        amount = parse_or_none(value.text)
        if amount is not None and amount.amount >= 0:
            found[name] = amount
    return found


def _added(one: dict[str, Quantity], other: dict[str, Quantity]) -> dict[str, Quantity]:
    total = dict(one)
    for name, amount in other.items():
        before = total.get(name)
        total[name] = (
            amount if before is None else Quantity(before.amount + amount.amount, before.format)
        )
    return total


def _larger(one: dict[str, Quantity], other: dict[str, Quantity]) -> dict[str, Quantity]:
    total = dict(one)
    for name, amount in other.items():
        before = total.get(name)
        total[name] = amount if before is None else max(before, amount)
    return total
