"""What the LimitRanges of a namespace allow of one container, and of a claim.

Source: Kubernetes v1.34 plugin/pkg/admission/limitranger (init containers count as well) and
pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem, SetDefaults_Pod). Sums over a whole pod
(type `Pod`) are not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kubernetes.quantity import Quantity
    from kslint.resources import Resource
    from kslint.source.nodes import Node

LIMIT_OVER, REQUEST_OVER, REQUEST_UNDER, LIMIT_UNDER, RATIO, OVER_DEFAULT = (
    "limit-over", "request-over", "request-under", "limit-under", "ratio", "over-default",
)  # fmt: skip


class Conflict(NamedTuple):
    """An amount of a container that a LimitRange refuses.

    `bound` is what the LimitRange allows, `value` the amount: of a ratio the limit, and of
    OVER_DEFAULT the request, which is over the limit that the LimitRange gives.
    """

    kind: str
    resource: str
    bound: Node
    value: Node
    container: Node

    @property
    def field(self) -> str:
        return "request" if self.kind in (REQUEST_OVER, REQUEST_UNDER, OVER_DEFAULT) else "limit"


class _Amount(NamedTuple):
    """An amount, and whether the pod has it: else the LimitRange gives it."""

    node: Node
    quantity: Quantity
    written: bool


def conflicts(limit_range: Resource, pod_spec: Node, alone: bool) -> Iterator[Conflict]:
    """What a LimitRange refuses of a pod's containers, one thing for each of their resources.

    `alone`: is it the only one of its namespace? Several may give defaults, in any order.
    """
    entries = [e for e in limit_range.body.listed("spec", "limits") if _type(e) == "Container"]
    gives = alone and len(entries) == 1
    for entry in entries:
        for container in (*containers(pod_spec), *init_containers(pod_spec)):
            for name in _names(entry):
                found = _conflict(entry, container, name, gives)
                if found is not None:
                    yield found


def _type(entry: Node) -> str | None:
    return entry.string("type")


def _names(entry: Node) -> list[str]:
    fields = ("max", "min", "maxLimitRequestRatio", "default")
    found = [entry.get(field) for field in fields]
    return list(dict.fromkeys(name for node in found if node for name, _ in node.items()))


def _amount(node: Node | None, written: bool = True) -> _Amount | None:
    quantity = None if node is None else parse_or_none(node.text)
    return None if node is None or quantity is None else _Amount(node, quantity, written)


def _first(entry: Node, fields: tuple[str, ...], name: str) -> _Amount | None:
    """The first of these that a LimitRange has, as what it gives a container."""
    found = [node for field in fields if (node := entry.at(field, name)) is not None]
    return _amount(found[0], written=False) if found else None


def _conflict(entry: Node, container: Node, name: str, gives: bool) -> Conflict | None:
    limit_node = container.at("resources", "limits", name)
    request_node = container.at("resources", "requests", name)
    limit, request = _amount(limit_node), _amount(request_node)
    if request_node is None and limit_node is not None:
        request = limit
    if gives and limit_node is None:
        limit = _first(entry, ("default", "max"), name)
    if gives and request_node is None and limit_node is None:
        request = _first(entry, ("defaultRequest", "default", "max", "min"), name)
    bounds = {f: _amount(entry.at(f, name)) for f in ("max", "min", "maxLimitRequestRatio")}
    most, least, ratio = bounds.values()
    for kind, bound, amount in (
        (LIMIT_OVER, most, limit),
        (REQUEST_OVER, most, request),
        (REQUEST_UNDER, least, request),
        (LIMIT_UNDER, least, limit),
    ):
        if bound is not None and amount is not None and amount.written:
            over = amount.quantity > bound.quantity
            under = amount.quantity < bound.quantity
            if over if bound is most else under:
                return Conflict(kind, name, bound.node, amount.node, container)
    if limit is None or request is None or not (limit.written or request.written):
        return None
    if request.written and not limit.written and request.quantity > limit.quantity:
        return Conflict(OVER_DEFAULT, name, limit.node, request.node, container)
    if (
        ratio is not None
        and limit.quantity.amount > ratio.quantity.amount * request.quantity.amount
    ):
        known = request.quantity.amount > 0
        return Conflict(RATIO, name, ratio.node, limit.node, container) if known else None
    return None


class ClaimConflict(NamedTuple):
    """A request of a claim that a LimitRange refuses: over `max` or under `min`."""

    kind: str
    bound: Node
    request: Node


def claim_conflicts(limit_range: Resource, claim: Resource) -> Iterator[ClaimConflict]:
    """What a LimitRange refuses of a claim's size."""
    request = _amount(claim.body.at("spec", "resources", "requests", "storage"))
    for entry in limit_range.body.listed("spec", "limits"):
        if request is None or _type(entry) != "PersistentVolumeClaim":
            continue
        most, least = (_amount(entry.at(field, "storage")) for field in ("max", "min"))
        if most is not None and request.quantity > most.quantity:
            yield ClaimConflict(REQUEST_OVER, most.node, request.node)
        elif least is not None and request.quantity < least.quantity:
            yield ClaimConflict(REQUEST_UNDER, least.node, request.node)
