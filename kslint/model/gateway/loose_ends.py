"""Routes whose Gateway, or whose Service, is not there.

Sources: Gateway API v1.5.0 apis/v1 (reasons NoMatchingParent and BackendNotFound). KServe, LWS,
KubeRay and controllers of Gateways make Services that begin with the name of their object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.beginnings import begins
from kslint.graph.graph import ABSENT
from kslint.graph.references import Reference
from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import KINDS, backends, parents
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.namesakes import namesake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.makers import Makers
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class Loose(NamedTuple):
    """What a route names and is not there.

    `elsewhere` has its name in another namespace, `meant` nearly so in this one.
    """

    node: Node
    kind: str
    name: str
    namespace: str
    elsewhere: Resource | None
    meant: Resource | None


def loose_ends(route: Resource, graph: Graph, makers: Makers) -> Iterator[Loose]:
    """The Gateways and Services of a route that are not there, as far as the input shows."""
    if route.kind not in KINDS or route.group != GROUP:
        return
    for parent in parents(route, graph):
        wanted = ("Gateway", parent.name, parent.namespace)
        yield from _loose(route, parent.node, wanted, GROUP, graph, makers)
    for backend in backends(route, graph):
        if (backend.group, backend.kind) == ("", "Service"):
            wanted = ("Service", backend.name, backend.namespace)
            yield from _loose(route, backend.node, wanted, "", graph, makers)


def _loose(
    route: Resource, node: Node, wanted: tuple[str, str, str | None], group: str, graph: Graph,
    makers: Makers,
) -> Iterator[Loose]:  # fmt: skip
    kind, name, namespace = wanted
    if namespace is None or opaque(name) or opaque(namespace):
        return
    found = graph.find(kind, name, namespace, group, route)
    if found.resources or graph.completeness.is_open(kind, namespace):
        return
    at = node.get("name") or node
    reference = Reference(route, "backend", kind, name, namespace, at)
    made = kind == "Service" and _is_made(name, namespace, graph)
    if made or makers.may_make(reference):
        return
    near = [each for each in found.elsewhere if graph.belong_together(each, route)]
    meant = namesake(kind, name, route, graph) if found.answer == ABSENT else None
    if near or meant is not None:
        yield Loose(at, kind, name, namespace, near[0] if near else None, meant)


def _is_made(name: str, namespace: str, graph: Graph) -> bool:
    """May a controller make it for an object of the namespace whose name it begins with?"""
    return name.endswith(_KSERVES) or begins(name, _MAKERS, namespace, graph)


_KSERVES = ("-predictor", "-transformer", "-explainer", "-workload-svc", "-epp-service")
_MAKERS = (
    "InferenceService", "InferenceGraph", "LLMInferenceService", "LeaderWorkerSet", "Gateway",
    "InferencePool", "HelmRelease",
)  # fmt: skip
