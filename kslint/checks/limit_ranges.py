"""Pods and claims that a LimitRange of their namespace refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import Problem
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kubernetes.limit_ranges import (
    LIMIT_UNDER,
    MISSING,
    OVER_DEFAULT,
    RATIO,
    REQUEST_OVER,
    REQUEST_UNDER,
    claim_conflicts,
    conflicts,
    pod_conflicts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kubernetes.limit_ranges import Conflict, PodConflict
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span

_SHOWN = 3
"""Related places of a finding; more of the same kind say no more."""
_GROUPS = frozenset({"", "apps", "batch"})


class _Pods(NamedTuple):
    """Pods of one template, and the object that asks for them."""

    resource: Resource
    name: str
    spec: Node


def refused(model: Model) -> Iterator[Problem]:
    """What a LimitRange refuses: of each of its bounds one finding, or one for each request."""
    ranges = model.graph.of_kind("LimitRange", "")
    homes: dict[str | None, list[Resource]] = {}
    for limit_range in ranges:
        homes.setdefault(model.graph.namespace_of(limit_range), []).append(limit_range)
    for namespace, there in homes.items():
        if namespace:
            yield from _refused_in(namespace, there, model)


_RANGES = 20
"""LimitRanges of one namespace, in input order, that its pods and claims are held against."""


def _refused_in(namespace: str, ranges: list[Resource], model: Model) -> Iterator[Problem]:
    every, claims = _pods_in(namespace, model), _claims_in(namespace, model)
    alone = len(ranges) == 1
    for limit_range in ranges[:_RANGES]:
        over: dict[Span | None, list[tuple[Conflict, _Pods]]] = {}
        summed: dict[Span | None, list[tuple[PodConflict, _Pods]]] = {}
        for pods in every:
            if not model.graph.evidence.reaches(limit_range, pods.resource):
                continue
            for conflict in conflicts(limit_range, pods.spec, alone):
                about = conflict.value if conflict.kind == OVER_DEFAULT else conflict.bound
                over.setdefault(about.place, []).append((conflict, pods))
            for refused in pod_conflicts(limit_range, pods.spec, alone):
                summed.setdefault(refused.bound.place, []).append((refused, pods))
        for several in over.values():
            yield _refused(limit_range, sorted(several, key=_order), model)
        for sums in summed.values():
            yield _refused_sum(limit_range, sorted(sums, key=lambda pair: pair[1].name), model)
        yield from _claims(claims, limit_range, model)


def _pods_in(namespace: str, model: Model) -> list[_Pods]:
    """The pods of a namespace that are known, those of KServe as its pod webhook leaves them.

    Of the others those that are applied as they stand.
    """
    found = []
    for service in model.every_inference_service:
        if service.namespace != namespace or service.stopped:
            continue
        for component in service.components:
            spec = admitted_pod(component)
            if spec is not None:
                name = component.metadata.string("name") or ""
                found.append(_Pods(service.resource, name, spec))
    for workload in model.workloads:
        resource = workload.resource
        if workload.component is not None or workload.namespace != namespace:
            continue
        if resource.group in _GROUPS and not model.schemas.is_partial(resource):
            found.append(_Pods(resource, resource.name, workload.pod_spec))
    return found


def _claims_in(namespace: str, model: Model) -> list[Resource]:
    """The claims of a namespace that are applied as they stand."""
    return [
        claim
        for claim in model.graph.of_namespace("PersistentVolumeClaim", namespace, "")
        if model.graph.namespace_of(claim) == namespace and not model.schemas.is_partial(claim)
    ]


def _order(pair: tuple[Conflict, _Pods]) -> tuple[str, str]:
    conflict, pods = pair
    return pods.name, conflict.container.string("name") or ""


def _refused(limit_range: Resource, several: list[tuple[Conflict, _Pods]], model: Model) -> Problem:
    conflict, pods = several[0]
    own = conflict.kind == OVER_DEFAULT
    certain = any(model.graph.belong_together(limit_range, each.resource) for _, each in several)
    return Problem(
        conflict.value if own else conflict.bound,
        variant=_VARIANTS.get(conflict.kind, "default"),
        severity=None if certain else "warning",
        related=[(conflict.bound, "the limit comes from here")]
        if own
        else [(_place(c, each), f"`{each.resource.name}`") for c, each in several][:_SHOWN],
        about=pods.resource if own else limit_range,
        resource=conflict.resource,
        bound=conflict.bound.text,
        value=conflict.value.text,
        field=conflict.field,
        container=conflict.container.string("name"),
        source=_source(conflict),
        pods=pods.name,
        said=_said(conflict),
    )


_VARIANTS = {
    REQUEST_UNDER: "under",
    LIMIT_UNDER: "under",
    RATIO: "ratio",
    OVER_DEFAULT: "over-default",
}


def _said(conflict: Conflict) -> str:
    """What the API server says, as far as it is the same for each pod."""
    bound, value, resource = conflict.bound.text, conflict.value.text, conflict.resource
    if conflict.kind == OVER_DEFAULT:
        return (
            f'Invalid value: "{value}": must be less than or equal to {resource} limit of {bound}'
        )
    if conflict.kind == RATIO:
        return (
            f"{resource} max limit to request ratio per Container is {bound}, but provided ratio is"
        )
    most = "minimum" if conflict.kind.endswith("under") else "maximum"
    return f"{most} {resource} usage per Container is {bound}, but {conflict.field} is {value}"


def _refused_sum(
    limit_range: Resource, several: list[tuple[PodConflict, _Pods]], model: Model
) -> Problem:
    conflict, pods = several[0]
    together = any(model.graph.belong_together(limit_range, each.resource) for _, each in several)
    certain = together and conflict.kind != MISSING  # another LimitRange may give a default
    kind, field, resource = conflict.kind, conflict.field, conflict.resource
    bound, value = conflict.bound.text, "" if conflict.amount is None else str(conflict.amount)
    under = kind in (REQUEST_UNDER, LIMIT_UNDER) or (kind == MISSING and field == "request")
    usage = f"{'minimum' if under else 'maximum'} {resource} usage per Pod is {bound}"
    said = f"{usage}, but {field} is {value}"
    if kind == MISSING:
        said = f"{usage}.  No {field} is specified"
    elif kind == RATIO:
        said = f"{resource} max limit to request ratio per Pod is {bound}, but provided ratio is"
    names = (each.resource.body.at("metadata", "name") for _, each in several)
    related = [(name, f"`{name.text}`") for name in names if name is not None]
    return Problem(
        conflict.bound,
        variant=_OF_PODS.get(kind, "pod"),
        severity=None if certain else "warning",
        related=related[:_SHOWN],
        about=limit_range,
        resource=resource,
        bound=bound,
        value=value,
        field=field,
        most="least" if under else "most",
        pods=pods.name,
        said=said,
    )


_OF_PODS = {MISSING: "pod-without", RATIO: "pod-ratio"}


def _place(conflict: Conflict, pods: _Pods) -> Node:
    written = conflict.value.place is not None and conflict.value.origin is None
    name = pods.resource.body.at("metadata", "name")
    return conflict.value if written or name is None else name


def _source(conflict: Conflict) -> str:
    origin = conflict.value.origin
    return "" if origin is None else f", from {origin.root.text}"


def _claims(claims: list[Resource], limit_range: Resource, model: Model) -> Iterator[Problem]:
    """Claims whose size a LimitRange refuses."""
    for claim in claims:
        if not model.graph.evidence.reaches(limit_range, claim):
            continue
        for conflict in claim_conflicts(limit_range, claim):
            most = "maximum" if conflict.kind == REQUEST_OVER else "minimum"
            bound, value = conflict.bound.text, conflict.request.text
            yield Problem(
                conflict.request,
                variant="claim",
                severity=None if model.graph.belong_together(limit_range, claim) else "warning",
                related=[(conflict.bound, "the LimitRange")],
                about=claim,
                most=most,
                bound=bound,
                value=value,
                said=f"{most} storage usage per PersistentVolumeClaim is {bound}, "
                f"but request is {value}",
                pods=claim.name,
            )
