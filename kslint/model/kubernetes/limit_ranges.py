"""What the LimitRanges of a namespace allow of one container, of a pod as a whole, and of a claim.

Source: Kubernetes v1.34 plugin/pkg/admission/limitranger (init containers count as well) and
pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem, SetDefaults_Pod).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.capacity import of_container, of_pod, summed
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kubernetes.quantity import Quantity
    from kslint.resources import Resource
    from kslint.source.nodes import Node

LIMIT_OVER, REQUEST_OVER, REQUEST_UNDER, LIMIT_UNDER, RATIO, OVER_DEFAULT, MISSING = (
    "limit-over", "request-over", "request-under", "limit-under", "ratio", "over-default",
    "missing",
)  # fmt: skip
_LIMIT_GIVEN = ("default", "max")
_REQUEST_GIVEN = ("defaultRequest", "default", "max", "min")
"""Where the limit and the request come from that a LimitRange gives a container."""


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
            for name in _names(entry, (*_BOUNDS, "default")):
                found = _conflict(entry, container, name, gives)
                if found is not None:
                    yield found


def _type(entry: Node) -> str | None:
    return entry.string("type")


_BOUNDS = ("max", "min", "maxLimitRequestRatio")


def _names(entry: Node, fields: tuple[str, ...]) -> list[str]:
    """The resources of which these fields speak."""
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
        limit = _first(entry, _LIMIT_GIVEN, name)
    if gives and request_node is None and limit_node is None:
        request = _first(entry, _REQUEST_GIVEN, name)
    most, least, ratio = (_amount(entry.at(field, name)) for field in _BOUNDS)
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


class PodConflict(NamedTuple):
    """A sum over a pod's containers that a LimitRange refuses.

    `amount` is the sum: of a ratio that of the limits, and None where no container has any.
    """

    kind: str
    resource: str
    field: str
    bound: Node
    amount: Quantity | None


def pod_conflicts(limit_range: Resource, pod_spec: Node, alone: bool) -> Iterator[PodConflict]:
    """What a LimitRange refuses of a pod as a whole, one thing for each resource.

    Another LimitRange (`alone` is False) may only add to the sums, of which some are too much
    already.
    """
    entries = limit_range.body.listed("spec", "limits")
    giving = [entry for entry in entries if _type(entry) == "Container"]
    whole = alone and len(giving) <= 1
    given = giving[0] if whole and giving else None

    def amounts(container: Node, side: str) -> dict[str, Quantity]:
        fields = _LIMIT_GIVEN if side == "limits" else _REQUEST_GIVEN
        found = (
            {} if given is None else {n: _first(given, fields, n) for n in _names(given, fields)}
        )
        sides = ("limits",) if side == "limits" else ("limits", "requests")
        defaults = {
            name: each.quantity
            for name, each in found.items()
            if each is not None and all(container.at("resources", s, name) is None for s in sides)
        }
        return defaults | of_container(container, side)

    requests = summed(pod_spec, "requests", amounts)
    limits = summed(pod_spec, "limits", amounts)
    level = pod_spec.get("resources")
    for side, total in (("requests", requests), ("limits", limits)):
        total.update(of_pod(level, side, requests))
    for entry in entries:
        for name in _names(entry, _BOUNDS) if _type(entry) == "Pod" else ():
            known = whole and _are_read(pod_spec, name)
            found = _pod_conflict(entry, name, requests.get(name), limits.get(name), known)
            if found is not None:
                yield found


def _are_read(pod_spec: Node, name: str) -> bool:
    """Is every amount of a resource a quantity, as none is that is to be filled in?"""
    return all(
        (node := holder.at("resources", side, name)) is None or _amount(node) is not None
        for holder in (pod_spec, *containers(pod_spec), *init_containers(pod_spec))
        for side in ("limits", "requests")
    )


def _pod_conflict(
    entry: Node, name: str, request: Quantity | None, limit: Quantity | None, known: bool
) -> PodConflict | None:
    """`known`: are these the amounts, and not only a part of them?"""
    most, least, ratio = (_amount(entry.at(field, name)) for field in _BOUNDS)
    if not known:
        least = ratio = None
    for kind, field, amount, bound in (
        (LIMIT_OVER, "limit", limit, most),
        (REQUEST_OVER, "request", request, most),
        (REQUEST_UNDER, "request", request, least),
        (LIMIT_UNDER, "limit", limit, least),
    ):
        if amount is None or bound is None:
            continue
        if amount > bound.quantity if bound is most else amount < bound.quantity:
            return PodConflict(kind, name, field, bound.node, amount)
    if most is not None and limit is None and known:
        return PodConflict(MISSING, name, "limit", most.node, None)
    if least is not None and request is None:
        return PodConflict(MISSING, name, "request", least.node, None)
    if ratio is None or request is None or limit is None or not request.amount:
        return None
    over = limit.amount > ratio.quantity.amount * request.amount
    return PodConflict(RATIO, name, "limit", ratio.node, limit) if over else None


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
