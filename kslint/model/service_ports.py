"""Ports of Services that other objects name: routes, Ingresses, and addresses in pods and scalers.

Sources: Gateway API v1.5.0 apis/v1 (a backend's port is the Service's, and has to be there);
Kubernetes v1.34 networking/v1 Ingress; pkg/proxy (a ClusterIP answers on the Service's ports only,
a headless Service is the pods' own addresses).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import KINDS, backends
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.templates import KINDS as TEMPLATED
from kslint.model.kubernetes.templates import templates
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_ADDRESS = re.compile(
    r"(?:https?|grpc)://([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?\.?)?)?"
    r":(\d{1,5})(?![\d.])"
)
_SCALERS = ("ScaledObject", "ScaledJob")


class Asked(NamedTuple):
    """A port of a Service that an object names; `how` is route, ingress or address.

    `lacking` is the Service where it certainly has no such port.
    """

    how: str
    node: Node
    port: str
    lacking: Resource | None


class _Named(NamedTuple):
    node: Node
    service: str
    namespace: str | None
    port: str


def asked(resource: Resource, graph: Graph) -> Iterator[Asked]:
    """The ports of Services that an object names."""
    if resource.kind in KINDS and resource.group == GROUP:
        how, found = "route", _of_route(resource, graph)
    elif resource.kind == "Ingress" and resource.group == "networking.k8s.io":
        how, found = "ingress", _of_ingress(resource, graph)
    elif resource.kind in TEMPLATED or resource.kind in (*_SCALERS, "ConfigMap"):
        how, found = "address", _of_texts(resource, graph)
    else:
        return
    for one in found:
        lacking = _without(one, resource, graph, by_pods=how == "address")
        yield Asked(how, one.node, one.port, lacking)


def ports(service: Resource) -> list[tuple[str, str]]:
    """The ports of a Service, as (name, number)."""
    listed = [] if service.spec is None else service.spec.listed("ports")
    return [(item.string("name") or "", item.string("port") or "") for item in listed]


def _without(one: _Named, asker: Resource, graph: Graph, by_pods: bool) -> Resource | None:
    """The Service that is meant, where it certainly has no such port."""
    found = graph.find("Service", one.service, one.namespace, "", asker).resources
    if not found or opaque(one.port) or opaque(one.service):
        return None
    for service in found:
        spec = service.spec
        if service.kind != "Service" or spec is None or one.namespace is None:
            return None
        if graph.namespace_of(service) != one.namespace or spec.string("type") == "ExternalName":
            return None
        if by_pods and (spec.string("clusterIP") or "") == "None":
            return None
        known = ports(service)
        if not known or any(opaque(number) or not number for _, number in known):
            return None
        if any(one.port in (name, number) for name, number in known):
            return None
    near = [each for each in found if each.emitter == asker.emitter]
    service = (near or found)[0]
    return service if graph.belong_together(service, asker) else None


def _of_route(route: Resource, graph: Graph) -> Iterator[_Named]:
    for backend in backends(route, graph):
        port = backend.node.get("port")
        if port is not None and (backend.group, backend.kind) == ("", "Service"):
            yield _Named(port, backend.name, backend.namespace, port.text or "")


def _of_ingress(ingress: Resource, graph: Graph) -> Iterator[_Named]:
    spec, namespace = ingress.spec, graph.namespace_of(ingress)
    if spec is None:
        return
    paths = (path for rule in spec.listed("rules") for path in rule.listed("http", "paths"))
    every = (spec.get("defaultBackend"), *(path.get("backend") for path in paths))
    for service in (each.get("service") for each in every if each is not None):
        name = None if service is None else service.string("name")
        port = None if service is None else service.at("port", "number")
        port = service.at("port", "name") if port is None and service is not None else port
        if name and port is not None and port.text:
            yield _Named(port, name, namespace, port.text)


def _of_texts(resource: Resource, graph: Graph) -> Iterator[_Named]:
    """Addresses of the form `http://name.namespace:port`."""
    if not graph.may_hold(resource, "://"):
        return
    own = graph.namespace_of(resource)
    for node in _texts(resource):
        text = node.text or ""
        for match in _ADDRESS.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if not line.lstrip().startswith("#"):
                at = Parts(node).part(match.start(3), match.end(3))
                yield _Named(at, match[1], match[2] or own, match[3])


def _texts(resource: Resource) -> Iterator[Node]:
    if resource.kind == "ConfigMap":
        data = resource.body.get("data")
        yield from (node for _, node in (() if data is None else data.items()))
        return
    if resource.kind in _SCALERS:
        for trigger in [] if resource.spec is None else resource.spec.listed("triggers"):
            metadata = trigger.get("metadata")
            yield from (node for _, node in (() if metadata is None else metadata.items()))
        return
    for template in templates(resource):
        for container in (*containers(template.pod_spec), *init_containers(template.pod_spec)):
            for item in container.listed("env"):
                value = item.get("value")
                if value is not None:
                    yield value
            yield from (*container.listed("command"), *container.listed("args"))
