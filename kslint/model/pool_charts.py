"""InferencePools that Applications install by the chart `inferencepool`.

Source: gateway-api-inference-extension v1.0.0 to v1.5.0 config/charts/inferencepool (the pool is
called as the release; `inferencePool.modelServers.matchLabels` has no default and is required;
`inferencePool.targetPorts` is 8000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import CHART, OPAQUE
from kslint.model.endpoints import listeners, served_instead
from kslint.model.gateway.pools import GROUP, KIND, routed
from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.kserve.installation import values_are_known
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.selection import pods_of, selects, texts
from kslint.model.kubernetes.templates import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gateway.routes import Backend
    from kslint.model.gitops.argocd import Source
    from kslint.model.kubernetes.selection import Pods
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_CHART = "inferencepool"
_MAKERS = ("InferenceService", "LLMInferenceService")


class Pool(NamedTuple):
    """A pool that a release of the chart makes."""

    name: str
    namespace: str
    source: Source
    labels: Node | None
    ports: list[Node]


def picker_labels(pool: Pool) -> dict[str, str]:
    """The labels of the pods of a pool's endpoint picker, with those that its objects have."""
    name = f"{pool.name.lower()[:40]}-epp"
    return {"inferencepool": name, "app.kubernetes.io/name": name}


class Misfit(NamedTuple):
    """What does not fit a pool: `reason` is labels, selector or port."""

    reason: str
    node: Node
    pool: Pool
    pods: Pods | None = None
    served: int | None = None


def pools(graph: Graph) -> Iterator[Pool]:
    """The pools of charts whose values are all in the input."""
    for source in chart_sources(graph):
        spec = source.application.spec
        namespace = spec.string("destination", "namespace") or ""
        if source.chart != _CHART or opaque(namespace) or not namespace:
            continue
        if source.application.templated or not values_are_known(graph, source):
            continue
        values = helm_values(graph, source)
        name = source.node.string("helm", "releaseName") or source.application.name
        ports = [n for each in values.listed("inferencePool", "targetPorts")
                 if (n := each.get("number"))]  # fmt: skip
        labels = values.at("inferencePool", "modelServers", "matchLabels")
        yield Pool(name, namespace, source, labels, ports)


def misfits(graph: Graph) -> Iterator[Misfit]:
    """The pools of charts that select no server, or ask it on another port."""
    for pool in pools(graph):
        if pool.labels is None:
            yield Misfit("labels", pool.source.node, pool)
            continue
        near = [
            pods
            for kind in sorted(KINDS)
            for resource in graph.of_namespace(kind, pool.namespace)
            for pods in pods_of(resource)
        ]
        selector = texts(pool.labels)
        chosen = [pods for pods in near if selects(selector, pods.labels)]
        servers = [p for p in near if any(each.engine for each in listeners(p.pod_spec))]
        if not chosen and servers and not _may_be_elsewhere(pool, selector, near, graph):
            first = min(servers, key=lambda pods: pods.resource.name)
            yield Misfit("selector", pool.labels, pool, first)
        for target in pool.ports if len(pool.ports) == 1 else ():
            found = served_instead(target, chosen)
            if found is not None:
                yield Misfit("port", target, pool, found[1], found[0])


def _may_be_elsewhere(pool: Pool, selector: dict[str, str], near: list[Pods], graph: Graph) -> bool:
    """May pods that the input does not show be the ones a pool selects?"""
    if any(pods.is_open for pods in near) or any("kserve.io/" in name for name in selector):
        return True
    if any(graph.of_namespace(kind, pool.namespace) for kind in _MAKERS):
        return True
    return brings_others(pool.namespace, graph)


def brings_others(namespace: str, graph: Graph) -> bool:
    """Does another chart, or something out of sight, go into a namespace?"""
    applications = graph.scopes.applications
    places = () if applications is None else applications.places
    return any(
        place.tool in (CHART, OPAQUE)
        and place.owner.destination in (None, namespace)
        and (place.source.string("chart") or "").rpartition("/")[2] != _CHART
        for place in places
    )


def unknown(graph: Graph) -> Iterator[tuple[Resource, Backend, list[str]]]:
    """Routes to a pool that neither an object nor a release of the chart has the name of."""
    made = list(pools(graph))
    if not made:
        return
    for route, backend in routed(graph):
        names = sorted({pool.name for pool in made if pool.namespace == backend.namespace})
        if backend.kind != KIND or backend.group != GROUP or not names or backend.name in names:
            continue
        known = graph.find(KIND, backend.name, backend.namespace).resources
        namespace = backend.namespace or ""
        if known or brings_others(namespace, graph) or graph.evidence.illustrates(route):
            continue
        if not any(graph.of_namespace(kind, namespace) for kind in _MAKERS):
            yield route, backend, names
