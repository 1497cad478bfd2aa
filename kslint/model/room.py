"""How many pods of a workload the declared capacity has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.cluster import node_pools
from kslint.model.kubernetes.capacity import demand, quota_slots, slots

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


def room(model: Model, pod_spec: Node | None, namespace: str | None) -> Room:
    """The room for pods like this one."""
    asked = demand(pod_spec)
    return Room(
        slots(node_pools(model.config), asked, pod_spec),
        quota_slots(model.quotas(namespace), asked),
    )
