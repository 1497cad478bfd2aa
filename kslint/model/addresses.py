"""Addresses inside the cluster that objects name: in pods, in ConfigMaps and in scalers.

Source: Kubernetes v1.34 pkg/proxy (a ClusterIP answers on the Service's ports only, a headless
Service is the pods' own addresses).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.templates import KINDS, templates
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
    """A port of a Service by an address. `lacking` is the Service where it has no such port."""

    node: Node
    port: str
    lacking: Resource | None


def asked(resource: Resource, graph: Graph) -> Iterator[Asked]:
    """The ports of Services that an object names in addresses such as `http://name.namespace:80`.

    Those of Services that are not in the input have nothing `lacking`.
    """
    if resource.kind not in (*KINDS, *_SCALERS, "ConfigMap"):
        return
    own = graph.namespace_of(resource)
    for node in _texts(resource):
        text, parts = node.text or "", Parts(node)
        for match in _ADDRESS.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if not line.lstrip().startswith("#"):
                service = _without(match[1], match[2] or own, match[3], resource, graph)
                yield Asked(parts.part(*match.span(3)), match[3], service)


def ports(service: Resource) -> list[tuple[str, str]]:
    """The ports of a Service, as (name, number)."""
    listed = [] if service.spec is None else service.spec.listed("ports")
    return [(item.string("name") or "", item.string("port") or "") for item in listed]


def _without(
    name: str, namespace: str | None, port: str, asker: Resource, graph: Graph
) -> Resource | None:
    """The Service that is meant, where it certainly has no such port."""
    found = graph.find("Service", name, namespace, "", asker).resources
    if not found or namespace is None:
        return None
    for service in found:
        spec = service.spec
        if service.kind != "Service" or spec is None or graph.namespace_of(service) != namespace:
            return None
        if spec.string("type") == "ExternalName" or spec.string("clusterIP") == "None":
            return None
        known = [number for _, number in ports(service)]
        if not known or port in known or any(opaque(number) or not number for number in known):
            return None
    near = [each for each in found if each.emitter == asker.emitter]
    service = (near or found)[0]
    return service if graph.belong_together(service, asker) else None


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
