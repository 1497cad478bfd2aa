"""What keeps the pods of an InferenceService from starting as KServe means them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.webhooks import (
    OWN_NAMESPACE,
    labels_own_namespace,
    need_of_webhook,
    passing_label,
)
from kslint.model.kubernetes.limit_ranges import conflicts
from kslint.model.kubernetes.pod import container_named, containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.kubernetes.limit_ranges import Conflict
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span

_SHOWN = 3
"""Related places of a finding; more of the same kind say no more."""


def without_webhook(model: Model) -> Iterator[Problem]:
    """Services in a namespace that KServe's pod webhook passes by."""
    yield from once(_without_webhook(model))


def _without_webhook(model: Model) -> Iterator[Problem]:
    graph = model.graph
    version = labels_own_namespace(graph) if model.inference_services else ""
    for service in model.inference_services:
        label = passing_label(graph, service)
        labelled_by_kserve = bool(version) and service.namespace == OWN_NAMESPACE
        if label is None and not labelled_by_kserve:
            continue  # most, whose files need not be read for this
        need = "" if service.mode.name == names.MODELMESH else need_of_webhook(service)
        name = service.resource.body.at("metadata", "name")
        if not need or name is None:
            continue
        if label is not None:
            yield Problem(
                label.node,
                related=[(name, "a service there")],
                about=label.resource,
                namespace=service.namespace,
            )
        else:
            yield Problem(
                service.resource.body.nearest("metadata", "namespace"),
                variant="own",
                about=service.resource,
                service=service.resource.name,
                need=need,
                version=version,
            )


def over_limit_range(model: Model) -> Iterator[Problem]:
    """A limit of a pod that KServe makes, over the most that a LimitRange allows."""
    for limit_range in model.graph.of_kind("LimitRange", ""):
        over: dict[Span | None, list[tuple[Conflict, Component]]] = {}
        for service in _services_under(limit_range, model):
            for component in service.components:
                pod = admitted_pod(component)
                for conflict in () if pod is None else conflicts(limit_range, pod):
                    over.setdefault(conflict.maximum.place, []).append((conflict, component))
        for several in over.values():
            yield _over_limit(limit_range, sorted(several, key=_order), model)


def _services_under(limit_range: Resource, model: Model) -> Iterator[InferenceService]:
    namespace = model.graph.namespace_of(limit_range)
    for service in model.every_inference_service if namespace else ():
        here = service.namespace == namespace and not service.stopped
        if here and model.graph.evidence.reaches(limit_range, service.resource):
            yield service


def _order(pair: tuple[Conflict, Component]) -> tuple[str, str]:
    conflict, component = pair
    return component.metadata.string("name") or "", conflict.container.string("name") or ""


def _over_limit(
    limit_range: Resource, several: list[tuple[Conflict, Component]], model: Model
) -> Problem:
    conflict, component = several[0]
    certain = any(
        model.graph.belong_together(limit_range, component.owner.resource)
        for _, component in several
    )
    return Problem(
        conflict.maximum,
        severity=None if certain else "warning",
        related=[(_place(c, owner), f"`{owner.owner.resource.name}`") for c, owner in several][
            :_SHOWN
        ],
        about=limit_range,
        resource=conflict.resource,
        most=conflict.maximum.text,
        limit=conflict.limit.text,
        container=conflict.container.string("name"),
        source=_source(conflict),
        pods=component.metadata.string("name"),
    )


def _place(conflict: Conflict, component: Component) -> Node:
    written = conflict.limit.place is not None and conflict.limit.origin is None
    name = component.owner.resource.body.at("metadata", "name")
    return conflict.limit if written or name is None else name


def _source(conflict: Conflict) -> str:
    origin = conflict.limit.origin
    return "" if origin is None else f", from {origin.root.text}"


def agent_without_probe(component: Component) -> Iterator[Problem]:
    """A logger or batcher beside a readiness probe that KServe's agent cannot take over."""
    owner = component.owner
    wanted = [component.written.get(field) for field in ("logger", "batcher")]
    given = [node for node in wanted if node is not None and not node.is_null]
    if not given or owner.mode.name != names.STANDARD or not owner.mode_is_known:
        return
    pod = component.pod_spec
    first = next(iter(containers(pod)), None)
    server = container_named(pod, names.TRANSFORMER_CONTAINER) or first
    probe = None if server is None else server.get("readinessProbe")
    if probe is None or any(probe.get(kind) is not None for kind in ("httpGet", "tcpSocket")):
        return
    handler = next((kind for kind in ("exec", "grpc") if probe.get(kind) is not None), "")
    node = probe.get(handler) if handler else None
    if node is not None:
        yield Problem(
            node if _is_written(node, owner) else given[0],
            related=[(given[0], "this needs the agent")],
            handler=handler,
            container="" if server is None else server.string("name"),
        )


def _is_written(node: Node, owner: InferenceService) -> bool:
    place = node.place
    return place is not None and place.file == owner.resource.file and node.origin is None
