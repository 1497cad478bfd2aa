"""What nodes of a machine type offer to pods: a table by name, and the clouds' formulas.

data/machines.json names the source for each cloud.
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from kslint.model.kubernetes.quantity import parse

DEFAULT_PODS = 110
"""Pods a node takes, unless the kubelet is told otherwise."""
_MI = 1 << 20
_GI = 1 << 30
_EVICTION = 100 * _MI


class Allocatable(NamedTuple):
    """What pods can ask of one empty node. `gpu` is None where GPUs may or may not be attached.

    `overhead_cpu` and `overhead_memory` are the part that DaemonSets take of it.
    """

    cpu: int
    memory: int
    gpu: int | None
    pods: int = DEFAULT_PODS
    overhead_cpu: int = 0
    overhead_memory: int = 0
    cloud: str = ""
    source: str = ""


def gke(vcpu: int, memory: int, gpu: int | None = 0) -> Allocatable:
    """Allocatable of a GKE node with Container-Optimized OS: `vcpu` cores, `memory` bytes.

    Source: the reservations of plan-node-sizes and the kernel's share as estimated by
    cluster-autoscaler/cloudprovider/gce/gce_reserved.go.
    """
    kernel = Fraction(memory, 64) + 16 * _MI
    kernel += 64 * _MI if memory > 3 * _GI else 0
    kernel += 8 * _MI if memory <= 8 * _GI else 0
    kernel += min(memory * Fraction(175, 100_000), Fraction(248 * _MI))
    left = memory - kernel - _tiered_memory(memory) - _EVICTION
    overhead = _clouds()["gke"]["overhead"]
    return Allocatable(
        vcpu * 1000 - _tiered_cpu(vcpu),
        max(int(left), 0),
        gpu,
        DEFAULT_PODS,
        parse(overhead["cpu"]).milli(),
        parse(overhead["memory"]).whole(),
        "gke",
        _clouds()["gke"]["source"],
    )


def eks(vcpu: int, memory: int, pods: int = DEFAULT_PODS, gpu: int | None = 0) -> Allocatable:
    """Allocatable of an EKS node that takes `pods` pods; the kernel's 2-4 % is not taken off.

    Source: nodeadm internal/kubelet/config.go.
    """
    left = memory - (11 * pods + 255) * _MI - _EVICTION
    cpu = vcpu * 1000 - _tiered_cpu(vcpu)
    return Allocatable(cpu, max(left, 0), gpu, pods, cloud="eks", source=_clouds()["eks"]["source"])


def aks(vcpu: int, memory: int, pods: int, gpu: int | None = 0) -> Allocatable | None:
    """Allocatable of an AKS node of Kubernetes 1.29 or later; None for other core counts.

    Source: learn.microsoft.com/azure/aks/node-resource-reservations.
    """
    reserved = _clouds()["aks"]["reservedCpuMilli"].get(str(vcpu))
    if reserved is None:
        return None
    taken = min(20 * _MI * pods + 50 * _MI, memory // 4) + _EVICTION
    return Allocatable(
        vcpu * 1000 - int(reserved),
        max(memory - taken, 0),
        gpu,
        pods,
        cloud="aks",
        source=_clouds()["aks"]["source"],
    )


def machine(name: str) -> Allocatable | None:
    """Allocatable of a machine type by its name, such as `g2-standard-8`; None if not known."""
    row = _clouds()["gke"]["machines"].get(name)
    if row is not None:
        computed = gke(row["vcpu"], parse(row["memory"]).whole(), row["gpu"])
        stated = row["allocatable"]
        cpu, memory = parse(stated["cpu"]).milli(), parse(stated["memory"]).whole()
        return computed._replace(cpu=cpu, memory=memory)
    row = _clouds()["eks"]["machines"].get(name)
    if row is not None:
        return eks(row["vcpu"], parse(row["memory"]).whole(), row["pods"], row["gpu"])
    return _of_family(name)


def _tiered_cpu(vcpu: int) -> int:
    """Reserved milli-CPU: 6 % of core 1, 1 % of core 2, 0.5 % of 3 and 4, 0.25 % of the rest."""
    reserved = Fraction(0)
    for cores, each in ((1, Fraction(60)), (1, Fraction(10)), (2, Fraction(5))):
        here = min(vcpu, cores)
        reserved += here * each
        vcpu -= here
    return -int(-(reserved + vcpu * Fraction(5, 2)) // 1)


def _tiered_memory(memory: int) -> Fraction:
    """GKE's reserved bytes: 25 % of 4 GiB, 20 % of the next 4, 10 % of 8, 6 % of 112, 2 %."""
    if memory < _GI:
        return Fraction(255 * _MI)
    reserved = Fraction(0)
    left = memory
    for size, percent in ((4, 25), (4, 20), (8, 10), (112, 6)):
        here = min(left, size * _GI)
        reserved += Fraction(here * percent, 100)
        left -= here
    return reserved + Fraction(left * 2, 100)


def _of_family(name: str) -> Allocatable | None:
    """A Compute Engine type whose name says its size: `n2-highmem-8`, `e2-custom-4-8192`."""
    family, _, rest = name.partition("-")
    table = _clouds()["gke"]["families"].get(family)
    if table is None:
        return None
    kind, _, size = rest.partition("-")
    if kind == "custom":
        cores, _, mebibytes = size.partition("-")
        if not (_number(cores) and _number(mebibytes)):
            return None
        return gke(int(cores), int(mebibytes) * _MI, table["gpu"])
    each, sizes = table.get(kind) or ("", [])
    if not _number(size) or int(size) not in sizes:
        return None
    memory = parse(each).amount * int(size)
    return gke(int(size), int(memory), table["gpu"])


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 9


@lru_cache(maxsize=1)
def _clouds() -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "machines.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
