"""Pods that NetworkPolicies let nobody reach, or not those who have to.

Source: Kubernetes v1.34 networking/v1 NetworkPolicy (a pod that one policy selects for ingress
takes what any of its policies admits, and nothing else; a podSelector without a namespaceSelector
is for the policy's own namespace). Proxies of agentgateway, kgateway and Istio run in the namespace
of their Gateway; the endpoint picker of an InferencePool is beside its pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model import pool_charts
from kslint.model.endpoints import listeners, selected, selector_of
from kslint.model.gateway import pools
from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import KINDS, backends, gateway_of, namespace_labels, parents
from kslint.model.kubernetes.selection import fits, pods_of, selects, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.selection import Pods, Selector
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "NetworkPolicy"
_NETWORKING = "networking.k8s.io"
_OTHERS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy",
           "BaselineAdminNetworkPolicy")  # fmt: skip
"""Kinds that may admit what a NetworkPolicy does not; Calico's are of KIND in another group."""
_BESIDE = ("agentgateway", "kgateway", "istio")
"""Classes whose proxies run in the namespace of their Gateway."""
_NAMED = "kubernetes.io/metadata.name"


class Wall(NamedTuple):
    """Pods that somebody does not reach: `who` is anybody, gateway, picker or chart.

    `peer` is who it is, `at` the policy that comes first.
    """

    who: str
    pods: Pods
    port: int
    at: Resource
    peer: Resource | None = None


def walls(workload: Resource, graph: Graph) -> Iterator[Wall]:
    """The model servers of a workload that policies shut off."""
    namespace = graph.namespace_of(workload)
    if namespace is None:
        return
    policies = graph.kept(("policies", namespace), lambda: _policies(namespace, graph))
    for pods in pods_of(workload) if policies.every else ():
        served = [(each.port, each) for each in listeners(pods.pod_spec) if each.port is not None]
        on = [one for one in policies.about(pods.labels) if _isolates(one, pods.labels)]
        if not served or not on or pods.is_open:
            continue
        if not all(graph.belong_together(one, workload) for one in on):
            continue
        port, listener = served[0]
        assert port is not None
        names = {name for name, number in listener.names.items() if number == port}
        rules = [rule for one in on for rule in _ingress(one) if _admits(rule, port, names)]
        if not rules:
            yield Wall("anybody", pods, port, on[0])
            continue
        for who, peer, labels in _askers(pods, namespace, graph):
            home = namespace if who == "chart" else graph.namespace_of(peer)
            if home is not None and not any(
                _lets_in(rule, home, labels, namespace, graph) for rule in rules
            ):
                yield Wall(who, pods, port, on[0], peer)
                break


class _ByLabel:
    """Objects that select pods, in order, found by one of the labels that they select by."""

    def __init__(self, every: Iterable[tuple[Resource, Selector]] = ()) -> None:
        self.every = list(every)
        self._by_label: dict[tuple[str, str] | None, list[int]] = {}
        for number, (_, selector) in enumerate(self.every):
            label = next(iter(selector.items()), None)
            self._by_label.setdefault(label, []).append(number)

    def about(self, labels: Selector) -> list[Resource]:
        """Those that may select what has these labels, and those without labels to select by."""
        numbers = [n for label in (None, *labels.items()) for n in self._by_label.get(label, ())]
        return [self.every[number][0] for number in sorted(numbers)]


def _policies(namespace: str, graph: Graph) -> _ByLabel:
    """All policies of a namespace, by name; none where others may admit more."""
    found = sorted(_applied(namespace, graph), key=lambda each: each.name)
    path = ("spec", "podSelector", "matchLabels")
    return _ByLabel((policy, texts(policy.body.at(*path))) for policy in found)


def _applied(namespace: str, graph: Graph) -> list[Resource]:
    if any(graph.of_kind(kind) for kind in _OTHERS):
        return []
    if graph.completeness.is_open(KIND, namespace) and (
        pool_charts.brings_others(namespace, graph) or not any(_charts(namespace, graph))
    ):
        return []  # the chart of pools has no policies
    every = graph.of_namespace(KIND, namespace)
    if any(each.group != _NETWORKING or each.spec is None for each in every):
        return []
    return every


def _charts(namespace: str, graph: Graph) -> Iterator[pool_charts.Pool]:
    return (pool for pool in pool_charts.pools(graph) if pool.namespace == namespace)


def _isolates(policy: Resource, labels: Selector) -> bool:
    """Does a policy shut the way in to pods with these labels, but for what it admits?"""
    kinds = [each.text for each in policy.body.listed("spec", "policyTypes")]
    selector = policy.body.at("spec", "podSelector")
    if kinds and "Ingress" not in kinds:
        return False
    return selector is None or selector.is_null or fits(selector, labels)


def _ingress(policy: Resource) -> list[Node]:
    return policy.body.listed("spec", "ingress")


def _admits(rule: Node, port: int, names: set[str]) -> bool:
    """Does a rule admit anybody on a port? One without ports admits all."""
    items = rule.listed("ports")
    if not items:
        return True
    for item in items:
        wanted = item.get("port")
        if (item.string("protocol") or "TCP") != "TCP":
            continue
        number, last = item.integer("port"), item.integer("endPort")
        if wanted is None or wanted.is_null or (wanted.text or "") in names:
            return True
        if number is not None and number <= port <= (number if last is None else last):
            return True
    return False


def _lets_in(rule: Node, home: str, labels: Selector | None, namespace: str, graph: Graph) -> bool:
    """May pods of the namespace `home` pass by a rule? Without labels, theirs are not known."""
    peers = rule.listed("from")
    if not peers:
        return True
    for peer in peers:
        spaces, chosen = peer.get("namespaceSelector"), peer.get("podSelector")
        if peer.get("ipBlock") is not None or (spaces is None and chosen is None):
            return True
        if spaces is None and home != namespace:
            continue
        if spaces is not None and not _may_fit(spaces, home, graph):
            continue
        if chosen is None or labels is None or fits(chosen, labels):
            return True
    return False


def _may_fit(selector: Node, namespace: str, graph: Graph) -> bool:
    known = namespace_labels(namespace, graph)
    own = {_NAMED: namespace}
    if known is not None:
        return fits(selector, {**known, **own})
    by_name = texts(selector.get("matchLabels")).get(_NAMED, namespace)
    expressions = selector.listed("matchExpressions")
    about_name = [each for each in expressions if each.string("key") == _NAMED]
    return by_name == namespace and all(_of_name(each, namespace) for each in about_name)


def _of_name(expression: Node, namespace: str) -> bool:
    values = {each.text for each in expression.listed("values")}
    operator = expression.string("operator")
    if operator == "In":
        return namespace in values
    return operator != "NotIn" or namespace not in values


def _askers(
    pods: Pods, namespace: str, graph: Graph
) -> Iterator[tuple[str, Resource, Selector | None]]:
    """Who sends requests to pods, with the labels of its pods if they are known."""
    services = [
        each
        for each in _services(namespace, graph).about(pods.labels)
        if any(one.resource is pods.resource for one in selected(each, graph))
    ]
    found = [
        pool
        for pool in _pools(graph).about(pods.labels)
        if graph.namespace_of(pool) == namespace
        and selects(pools.selector(pool)[1], pods.labels)
        and graph.belong_together(pool, pods.resource)
    ]
    named = {("Service", each.name) for each in services} | {(pools.KIND, p.name) for p in found}
    for route in _routes_to(named, namespace, graph):
        for parent in parents(route, graph):
            gateway = gateway_of(parent, graph, route)
            name = None if gateway is None else gateway.body.string("spec", "gatewayClassName")
            if gateway is not None and name in _BESIDE:
                yield "gateway", gateway, None
    for made in _charts(namespace, graph):
        if selects(texts(made.labels), pods.labels):
            application = made.source.application.resource
            yield "chart", application, pool_charts.picker_labels(made)
    for pool in found:
        picker, _ = pools.picker(pool)
        for each in graph.named("Service", (picker and picker.text) or ""):
            if each.group == "" and graph.namespace_of(each) in (namespace, None):
                for one in selected(each, graph):
                    yield "picker", one.resource, one.labels


def _services(namespace: str, graph: Graph) -> _ByLabel:
    """The Services of a namespace, by what they select."""
    found = graph.of_namespace("Service", namespace, "")
    return graph.kept(
        ("services by selector", namespace),
        lambda: _ByLabel((each, selector_of(each)) for each in found),
    )


def _pools(graph: Graph) -> _ByLabel:
    return graph.kept(
        ("pools by selector",),
        lambda: _ByLabel((pool, pools.selector(pool)[1]) for pool in pools.pools(graph)),
    )


def _routes_to(named: set[tuple[str, str]], namespace: str, graph: Graph) -> list[Resource]:
    """The routes to backends of a namespace, by kind and name of these, in input order."""

    def by_backend() -> dict[tuple[str, str, str | None], list[tuple[int, Resource]]]:
        routes = [route for kind in KINDS for route in graph.of_kind(kind, GROUP)]
        found: dict[tuple[str, str, str | None], list[tuple[int, Resource]]] = {}
        for number, route in enumerate(routes):
            for kind, name, where in {
                (b.kind, b.name, b.namespace) for b in backends(route, graph)
            }:
                found.setdefault((kind, name, where), []).append((number, route))
        return found

    known = graph.kept(("routes by backend",), by_backend)
    pairs = [pair for kind, name in named for pair in known.get((kind, name, namespace), ())]
    return [route for _, route in sorted(dict.fromkeys(pairs), key=lambda pair: pair[0])]
