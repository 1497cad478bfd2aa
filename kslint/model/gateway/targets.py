"""Ports that routes and Ingresses ask of Services.

Sources: Gateway API v1.4 (`BackendRef.port` is the Service's port, not the target's; an unknown one
is ResolvedRefs=False, BackendNotFound); Kubernetes v1.34 networking/v1 Ingress.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import VALUES
from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import KINDS, backends
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class Astray(NamedTuple):
    """A port that the Service does not have. `target` says that its pods listen on it."""

    source: Resource
    node: Node
    service: Resource
    ports: tuple[str, ...]
    target: bool


def astray(model: Model) -> Iterator[Astray]:
    for kind in KINDS:
        for route in model.of_kind(kind, GROUP):
            for backend in backends(route, model.graph):
                if (backend.group, backend.kind) == ("", "Service"):
                    port = backend.node.get("port")
                    yield from _astray(model.graph, route, backend.name, backend.namespace, port)
    for ingress in model.of_kind("Ingress", "networking.k8s.io"):
        namespace = model.graph.namespace_of(ingress)
        for service in _of_ingress(ingress):
            port = service.at("port", "number") or service.at("port", "name")
            name = service.string("name") or ""
            yield from _astray(model.graph, ingress, name, namespace, port)


def _of_ingress(ingress: Resource) -> Iterator[Node]:
    spec = ingress.spec
    if spec is None:
        return
    found = [spec.at("defaultBackend", "service")]
    for rule in spec.listed("rules"):
        found += [path.at("backend", "service") for path in rule.listed("http", "paths")]
    yield from (each for each in found if each is not None)


def _astray(
    graph: Graph, source: Resource, name: str, namespace: str | None, port: Node | None
) -> Iterator[Astray]:
    text = None if port is None else port.text
    if port is None or not text or opaque(text) or opaque(name) or namespace is None:
        return
    found = graph.find("Service", name, namespace, "", source).resources
    if len(found) != 1 or not graph.belong_together(found[0], source):
        return
    service = found[0]
    if service.emitter != source.emitter:  # it may be that of another cluster
        return
    if any(gap.kind == VALUES for each in (source, service) for gap in graph.partial(each)):
        return
    spec = service.spec
    entries = [] if spec is None else spec.listed("ports")
    if spec is None or not entries or spec.string("type") == "ExternalName":
        return
    numbers = [entry.string("port") or "" for entry in entries]
    given = {*numbers, *(entry.string("name") or "" for entry in entries)}
    if text in given or any(opaque(each) for each in given):
        return
    targets = {entry.string("targetPort") or entry.string("port") for entry in entries}
    yield Astray(source, port, service, tuple(dict.fromkeys(numbers)), text in targets)
