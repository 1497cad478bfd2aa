"""Which GPU a pod lands on, as far as its node labels, or the declared nodes, tell.

data/gpus.json names its sources. A GPU that is not listed there is not known.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.kubernetes.capacity import allocatable, takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kslint.model.kubernetes.capacity import Demand, NodePool
    from kslint.source.nodes import Node

Capability = tuple[int, int]
_MAJOR = "nvidia.com/gpu.compute.major"
_FAMILY = "nvidia.com/gpu.family"
_PRODUCT = "nvidia.com/gpu.product"
_INSTANCE = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")


class Gpu(NamedTuple):
    """A GPU: its name, its compute capability, and where the pod, or the user, names it.

    `memory` is the most that a GPU of the name has, in GiB; None where that is not known.
    """

    name: str
    capability: Capability
    node: Node | None = None
    memory: int | None = None


def of_label(key: str, value: str, node: Node | None = None) -> Gpu | None:
    """The GPU of nodes with this label; None where the label does not tell."""
    table = _table()
    if key == _FAMILY and value in table["families"]:
        return Gpu(value, _capability(table["families"][value]), node)
    if key == _MAJOR and value.isdecimal():
        return Gpu(f"compute capability {value}.x", (int(value[:3]), 0), node)
    name = table["labels"].get(key, {}).get(value)
    if name is None and key == _PRODUCT:
        name = _by_prefix(table["products"], value)
    if name is None and key in _INSTANCE:
        name = _by_prefix(table["machines"], value)
    if name is None:
        return None
    capability = _capability(table["capability"][name])
    return Gpu(name.upper(), capability, node, table["memory"].get(name))


def of_pod(pod_spec: Node) -> list[Gpu]:
    """The GPUs that a pod may land on by its own nodeSelector and required affinity.

    Empty where one of the nodes it may land on has a GPU that is not known.
    """
    selector = pod_spec.get("nodeSelector")
    for key, value in () if selector is None else selector.items():
        found = of_label(key, value.text or "", value)
        if found is not None:
            return [found]
    terms = pod_spec.listed(
        "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )  # fmt: skip
    each = [_of_term(term) for term in terms]
    return [gpu for found in each for gpu in found] if all(each) else []


def memory_of(pod_spec: Node, pools: Iterable[NodePool], demand: Demand) -> Gpu | None:
    """The largest of the GPUs that a pod may land on; None where one is not known."""
    gpus = of_pod(pod_spec) or of_pools(pools, demand, pod_spec)
    if not gpus or any(gpu.memory is None for gpu in gpus):
        return None
    return max(gpus, key=lambda gpu: gpu.memory or 0)


def of_pools(pools: Iterable[NodePool], demand: Demand, pod_spec: Node) -> list[Gpu]:
    """The GPUs of the declared pools that would take the pod; empty where one is not known."""
    found: list[Gpu] = []
    for pool in pools:
        node = allocatable(pool)
        if (node is not None and node.gpu == 0) or not takes(pool, node, demand, pod_spec):
            continue
        gpu = _of_pool(pool.labels or {}, pool.machine)
        if gpu is None:
            return []
        found.append(gpu)
    return found


def _of_pool(labels: Mapping[str, str], machine: str | None) -> Gpu | None:
    if machine:
        labels = {**labels, _INSTANCE[0]: machine}
    return next((gpu for key, value in labels.items() if (gpu := of_label(key, value))), None)


def _of_term(term: Node) -> list[Gpu]:
    """The GPUs of the nodes that one term selects: what any of its expressions tells."""
    for expression in term.listed("matchExpressions"):
        key = expression.string("key") or ""
        values = expression.listed("values")
        if expression.string("operator") != "In" or not values:
            continue
        found = [of_label(key, value.text or "", value) for value in values]
        known = [gpu for gpu in found if gpu is not None]
        if len(known) == len(found):
            return known
    return []


def _by_prefix(table: dict[str, str], value: str) -> str | None:
    """Products carry a size (`Tesla-V100-SXM2-16GB`), instance types one behind a dot."""
    begins = (name for start, name in table.items() if _begins(value, start))
    return next(begins, None)


def _begins(value: str, start: str) -> bool:
    rest = value[len(start) :]
    whole = not rest or start.endswith(".") or rest[0] == "-" or rest[0].isdigit()
    return value.startswith(start) and whole


def _capability(text: str) -> Capability:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "gpus.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
