"""Rolling update arithmetic: how many pods at once, and whether an update can finish.

Source: k8s.io/kubernetes v1.34 pkg/controller/deployment/util/deployment_util.go
(ResolveFenceposts) and pkg/apis/apps/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.source.nodes import Node


class Rollout(NamedTuple):
    """What an update of N replicas does. Counts are pods."""

    recreate: bool
    surge: int
    unavailable: int
    replicas: int

    @property
    def peak(self) -> int:
        """The most pods that exist at once, terminating ones not counted."""
        return self.replicas if self.recreate else self.replicas + self.surge

    @property
    def minimum(self) -> int:
        """The fewest available pods during an update."""
        return 0 if self.recreate else self.replicas - min(self.unavailable, self.replicas)

    def deadlocks(self, slots: int) -> bool:
        """Can the update never finish where only `slots` such pods fit?"""
        if self.recreate or self.unavailable > 0:
            return False
        return self.replicas > 0 and slots < self.replicas + 1

    @property
    def needs_spare_slot(self) -> bool:
        """Must a new pod start before an old one may stop?"""
        return not self.recreate and self.replicas > 0 and self.unavailable == 0


def rollout(strategy: Node | None, replicas: int) -> Rollout | None:
    """The rollout of an effective (defaulted) strategy; None if it cannot be computed."""
    if replicas < 0:  # the API server refuses it
        return None
    kind = None if strategy is None else strategy.string("type")
    if strategy is None or kind not in (None, "RollingUpdate"):
        return Rollout(True, 0, replicas, replicas) if kind == "Recreate" else None
    surge = resolve(strategy.string("rollingUpdate", "maxSurge") or "25%", replicas, up=True)
    gone = resolve(strategy.string("rollingUpdate", "maxUnavailable") or "25%", replicas, up=False)
    if surge is None or gone is None:
        return None
    if surge == 0 and gone == 0:
        gone = 1
    return Rollout(False, surge, gone, replicas)


def resolve(text: str, replicas: int, up: bool) -> int | None:
    """An int-or-percent against a replica count; None if it is neither."""
    digits = text.removesuffix("%")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return None
    if digits == text:
        return int(digits)
    scaled = int(digits) * replicas
    return -(-scaled // 100) if up else scaled // 100
