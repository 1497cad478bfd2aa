"""Which classes of Ingress objects there are: by object, by a controller's chart, by the cloud.

Sources: the default values of the controllers' charts; documentation of managed Kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.platform.installers import OPERATED, installers
from kslint.source.nodes import Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.source.nodes import Node

_CONTROLLERS = {
    "contour": "contour",
    "haproxy": "haproxy",
    "ingress-nginx": "nginx",
    "kong": "kong",
    "load-balancer-controller": "alb",
    "nginx-ingress": "nginx",
    "traefik": "traefik",
}
"""The class that a controller's chart makes by default, by a word in the chart's name."""
_BUILT_IN = frozenset(
    {
        "alb", "azure-application-gateway", "cilium", "gce", "gce-internal", "openshift-default",
        "public", "traefik", "webapprouting.kubernetes.azure.com",
    }
)  # fmt: skip
"""Classes of managed clusters and of small distributions, which no manifest brings."""


def serves_ingresses(graph: Graph) -> bool:
    """Is there a controller for Ingress objects in the input, or a class of one?"""
    return bool(graph.of_kind("IngressClass")) or any(_controllers(graph))


def ingress_classes(graph: Graph) -> set[str]:
    """The classes that the input shows, by object or by the default of a controller's chart."""
    declared = graph.of_kind("IngressClass", "networking.k8s.io")
    found = {r.name for r in declared if not graph.evidence.illustrates(r)}
    return found | {_CONTROLLERS[word] for word in _controllers(graph)}


def may_be_served(graph: Graph, name: str) -> bool:
    """May there be a class that `ingress_classes` does not have?

    The cloud may bring it, or a chart that goes by its name or has it among its values.
    """
    if name in _BUILT_IN:
        return True
    if any(name.lower() in each.lower() for one in installers(graph) for each in one.names):
        return True
    return any(_mentions(node, name) for node in _values(graph))


def _controllers(graph: Graph) -> Iterator[str]:
    for installer in installers(graph):
        for name in installer.names:
            yield from (word for word in _CONTROLLERS if word in name.lower())


def _values(graph: Graph) -> Iterator[Node]:
    """The values of charts, whoever installs them."""
    for source in chart_sources(graph):
        if not (source.chart or "").startswith("kserve"):
            yield helm_values(graph, source)
    for kind in OPERATED:
        yield from (resource.body for resource in graph.of_kind(kind))
    for emission in graph.scopes.emissions:
        for chart in emission.charts:
            yield from chart.values


def _mentions(node: Node, text: str) -> bool:
    return any(isinstance(each, Scalar) and each.text == text for each in walk(node))
