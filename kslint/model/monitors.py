"""What the monitors of Prometheus find: Services by their labels, and ports of those by name.

Sources: prometheus-operator v0.80 ServiceMonitor (`selector` is matched with the labels of the
Services, `endpoints[].port` names one of their ports) and PodMonitor (`podMetricsEndpoints[].port`
names a port of a container).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import VALUES
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.selection import Circles, Labelled, Pool, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

GROUP = "monitoring.coreos.com"


class Blind(NamedTuple):
    """A port that a monitor asks for by a name that nothing it selects has.

    `names` are those that there are; `found` is one of the objects that are selected.
    """

    node: Node
    found: Resource
    names: tuple[str, ...]


class Stray(NamedTuple):
    """A label by which a monitor passes over the Service of its own name; `has` is that one's."""

    node: Node
    label: str
    service: Resource
    has: str | None


def blind(monitor: Resource, graph: Graph) -> Iterator[Blind]:
    """The endpoints of a ServiceMonitor or PodMonitor that lead nowhere."""
    spec, labels = monitor.spec, _selector(monitor)
    if spec is None or not labels or not _looks_here(monitor, graph):
        return
    of_pods = monitor.kind == "PodMonitor"
    found = _pods(monitor, labels, graph) if of_pods else _services(monitor, labels, graph)
    if not found:
        return
    names = tuple(dict.fromkeys(name for _, own in found for name in own))
    for endpoint in spec.listed("podMetricsEndpoints" if of_pods else "endpoints"):
        port = endpoint.get("port")
        if port is not None and port.text and not opaque(port.text) and port.text not in names:
            yield Blind(port, found[0][0], names)


def stray(monitor: Resource, graph: Graph) -> Stray | None:
    """Does a ServiceMonitor pass over the Service that has its name, and find no other?"""
    labels = _selector(monitor)
    if monitor.kind != "ServiceMonitor" or not labels or not _looks_here(monitor, graph):
        return None
    services = _labelled(graph, graph.namespace_of(monitor))
    if any(_near(service, monitor, graph) for service, _ in services.selected(labels)):
        return None
    named = services.of_name(monitor.name)
    own = next((service for service, _ in named if _near(service, monitor, graph)), None)
    node = None if monitor.spec is None else monitor.spec.at("selector", "matchLabels")
    if own is None or node is None or any(opaque(text) for text in _labels(own).values()):
        return None
    for label, value in labels.items():
        at = node.get(label)
        if at is not None and _labels(own).get(label) != value:
            return Stray(at, label, own, _labels(own).get(label))
    return None


def _selector(monitor: Resource) -> dict[str, str]:
    """What it selects by; nothing where that is more than plain labels."""
    selector = None if monitor.spec is None else monitor.spec.get("selector")
    if selector is None or selector.get("matchExpressions") is not None:
        return {}
    labels = texts(selector.get("matchLabels"))
    return {} if any(opaque(value) for value in labels.values()) else labels


def _looks_here(monitor: Resource, graph: Graph) -> bool:
    """Does it look into its own namespace, and is it applied as it stands?"""
    spec = monitor.spec
    if any(gap.kind == VALUES for gap in graph.partial(monitor)):
        return False
    namespaces = None if spec is None else spec.get("namespaceSelector")
    if namespaces is None:
        return True
    wanted = [each.text for each in namespaces.listed("matchNames")]
    return namespaces.boolean("any") is not True and wanted in ([], [graph.namespace_of(monitor)])


def _near(other: Resource, monitor: Resource, graph: Graph) -> bool:
    """Does one build take both in, or one directory? Else an operator may make what is meant."""
    if monitor.emitter or other.emitter:
        return other.emitter == monitor.emitter
    directories = {posixpath.dirname(each.file) for each in (other, monitor)}
    return len(directories) == 1 and graph.belong_together(other, monitor)


def _labelled(graph: Graph, namespace: str | None) -> Pool[Labelled]:
    """The Services of a namespace."""

    def found() -> Pool[Labelled]:
        services = graph.of_namespace("Service", namespace, "")
        return Pool(Labelled(service, _labels(service)) for service in services)

    return graph.kept(("services by label", namespace), found)


def _labels(service: Resource) -> dict[str, str]:
    return texts(service.body.at("metadata", "labels"))


Found = list[tuple["Resource", list[str]]]


def _services(monitor: Resource, labels: dict[str, str], graph: Graph) -> Found:
    """The Services that are selected, and the names of their ports."""
    found: Found = []
    for service, _ in _labelled(graph, graph.namespace_of(monitor)).selected(labels):
        if not _near(service, monitor, graph):
            return []
        spec = service.spec
        ports = [] if spec is None else spec.listed("ports")
        found.append((service, [port.string("name") or "" for port in ports]))
    return found


def _pods(monitor: Resource, labels: dict[str, str], graph: Graph) -> Found:
    found: Found = []
    for pods in Circles(graph, monitor).around.selected(labels):
        if not _near(pods.resource, monitor, graph):
            return []
        own = (*containers(pods.pod_spec), *init_containers(pods.pod_spec))
        names = [port.string("name") or "" for each in own for port in each.listed("ports")]
        found.append((pods.resource, names))
    return found
