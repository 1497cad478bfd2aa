"""What keeps the pods of an InferenceService from starting as KServe means them to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.webhooks import (
    OWN_NAMESPACE,
    labels_own_namespace,
    need_of_webhook,
    passing_label,
)
from kslint.model.kubernetes.pod import container_named, containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.model import Model
    from kslint.source.nodes import Node

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
