"""InferencePools: the routes to them, the servers behind them, and what picks one of these.

Sources: gateway-api-inference-extension v1.0.0 to v1.5.0 api/v1 and apix/v1alpha2; KServe v0.19.0
pkg/controller/v1alpha2/llmisvc (an LLMInferenceService makes pools that begin with its name).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.argo import CHART
from kslint.graph.beginnings import begins
from kslint.model.gateway.routes import KINDS, backends
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.selection import Circles, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gateway.routes import Backend
    from kslint.model.kubernetes.selection import Pods
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "InferencePool"
GROUP = "inference.networking.k8s.io"
ALPHA = "inference.networking.x-k8s.io"
_PICKER_PORT = 9002


def pools(graph: Graph) -> list[Resource]:
    return [each for group in (GROUP, ALPHA) for each in graph.of_kind(KIND, group)]


def routed(graph: Graph) -> Iterator[tuple[Resource, Backend]]:
    """Every reference of a route that means a pool, or may mean one."""
    for kind in KINDS:
        for route in graph.of_kind(kind, "gateway.networking.k8s.io"):
            for backend in backends(route, graph):
                yield route, backend


def named(backend: Backend, graph: Graph) -> list[Resource]:
    """The pools of the input that have the name and the namespace of a backend."""
    found = graph.find(KIND, backend.name, backend.namespace).resources
    return [each for each in found if each.group in (GROUP, ALPHA)]


def may_be_made(backend: Backend, graph: Graph) -> bool:
    """May a chart, KServe or an operator make the pool that a backend names?"""
    namespace = backend.namespace
    if namespace is None or graph.completeness.is_open(KIND, namespace):
        return True
    if begins(backend.name, ("LLMInferenceService",), namespace, graph):
        return True
    applications = graph.scopes.applications
    places = () if applications is None else applications.places
    return any(place.tool == CHART and place.owner.destination is None for place in places)


def beside(backend: Backend, route: Resource, graph: Graph) -> list[Resource]:
    """The pools of a backend's namespace that stand with the route."""
    found = graph.of_namespace(KIND, backend.namespace)
    return [
        each
        for each in found
        if graph.namespace_of(each) == backend.namespace
        and graph.belong_together(each, route)
        and each.emitter == route.emitter
    ]


def selector(pool: Resource) -> tuple[Node | None, dict[str, str]]:
    """What a pool selects by, and where it is written."""
    spec = pool.spec
    if spec is None:
        return None, {}
    node = spec.at("selector", "matchLabels")
    if pool.group == ALPHA and node is None:
        node = spec.get("selector")
    return node, texts(node)


def members(pool: Resource, graph: Graph) -> list[Pods]:
    """The pods of the input that a pool selects."""
    _, labels = selector(pool)
    return Circles(graph, pool).around.selected(labels)


def targets(pool: Resource) -> list[Node]:
    """The ports on which a pool expects its servers."""
    spec = pool.spec
    if spec is None:
        return []
    if pool.group == ALPHA:
        port = spec.get("targetPortNumber")
        return [] if port is None else [port]
    return [port for each in spec.listed("targetPorts") if (port := each.get("number"))]


def picker(pool: Resource) -> tuple[Node | None, int | None]:
    """The Service that picks endpoints, by the node of its name, and the port it is asked on."""
    spec = pool.spec
    field = "endpointPickerRef" if pool.group == GROUP else "extensionRef"
    node = None if spec is None else spec.get(field)
    if node is None or (node.string("kind") or "Service") != "Service":
        return None, None
    name = node.get("name")
    if name is None or opaque(name.text or ""):
        return None, None
    if pool.group == GROUP:
        return name, node.integer("port", "number")
    return name, node.integer("portNumber") or _PICKER_PORT


def overlaps(graph: Graph) -> Iterator[tuple[Resource, Resource]]:
    """Pairs of pools of one namespace of which one selects all pods of the other."""
    found = pools(graph)
    for pool in found:
        for other in found:
            if other.name >= pool.name or other.emitter != pool.emitter:
                continue
            if graph.namespace_of(other) != graph.namespace_of(pool):
                continue
            one, two = selector(pool)[1], selector(other)[1]
            if one and two and _shares(one, two) and graph.belong_together(pool, other):
                yield pool, other


def _shares(one: dict[str, str], two: dict[str, str]) -> bool:
    """Does every pod that one selector picks fit the other, or the other way round?"""
    return one.items() <= two.items() or two.items() <= one.items()
