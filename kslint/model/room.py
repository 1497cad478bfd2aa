"""How many pods of a workload the declared capacity has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.cluster import node_pools
from kslint.model.kubernetes.capacity import demand, quota_slots, slots
from kslint.model.kubernetes.pod import accelerator
from kslint.model.kubernetes.quantity import BINARY, Quantity

if TYPE_CHECKING:
    from kslint.model.model import Model
    from kslint.source.nodes import Node


class Room(NamedTuple):
    """Pods that fit on the declared nodes and in the namespace's ResourceQuotas.

    None where nothing of the kind is declared. Upper bounds, both of them: other pods take
    their part.
    """

    nodes: int | None
    quota: int | None

    @property
    def most(self) -> int | None:
        """The tighter of the two."""
        known = [count for count in self if count is not None]
        return min(known) if known else None

    @property
    def source(self) -> str:
        """What sets the bound, in words."""
        if self.quota is not None and self.most == self.quota:
            return "the namespace's ResourceQuota"
        return "the declared nodes"


class Need(NamedTuple):
    """What a second pod takes: in words, and the resource that is short where it does not fit.

    `small` is so little that it finds a place almost anywhere.
    """

    text: str
    resource: str
    small: bool = False


_SMALL_CPU, _SMALL_MEMORY = 2000, 4 * 1024**3
"""Thousandths of a core and bytes: a pod that asks for less of both is small."""


def spare_need(pod_spec: Node | None) -> Need:
    """What a second pod like this one takes beside the first."""
    asked = demand(pod_spec)
    for name, count in asked.extended.items():
        if accelerator(name) and count:
            word = "GPU" if name.endswith("/gpu") else f"`{name}`"
            plural = "s" if word == "GPU" and count > 1 else ""
            return Need(f"{count} more {word}{plural}", name)
    if pod_spec is not None and pod_spec.listed("resourceClaims"):
        return Need("one more device of its resource claim", "devices")
    cores, memory = asked.cpu / 1000, Quantity(asked.memory, BINARY)
    parts = [f"{cores:g} more CPU cores"] if asked.cpu >= 1 else []
    parts += [f"{memory} of memory"] if asked.memory else []
    small = asked.cpu < _SMALL_CPU and asked.memory < _SMALL_MEMORY
    resource = "cpu" if small or asked.cpu >= _SMALL_CPU else "memory"
    return Need(" and ".join(parts) or "another pod", resource, small)


def room(model: Model, pod_spec: Node | None, namespace: str | None) -> Room:
    """The room for pods like this one."""
    asked = demand(pod_spec)
    return Room(
        slots(node_pools(model.config), asked, pod_spec),
        quota_slots(model.quotas(namespace), asked),
    )
