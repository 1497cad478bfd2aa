"""Routes of the Gateway API: where they attach, and what they send requests to.

Sources: sigs.k8s.io/gateway-api v1.5.0 apis/v1 (ParentReference, BackendObjectReference,
AllowedRoutes, ReferenceGrant) and the reasons of its route conditions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import GROUP as ARGO
from kslint.graph.gaps import VALUES
from kslint.model.gateway.gateways import GROUP
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.selection import fits, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KINDS = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_BY_PROTOCOL = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}
_NAMED = "kubernetes.io/metadata.name"
"""The label that every Namespace has, with its name."""


class Parent(NamedTuple):
    """A Gateway that a route wants to attach to."""

    node: Node
    name: str
    namespace: str | None
    section: str | None
    port: int | None


class Backend(NamedTuple):
    """An object that a route sends requests to."""

    node: Node
    group: str
    kind: str
    name: str
    namespace: str | None


def parents(route: Resource, graph: Graph) -> Iterator[Parent]:
    """The Gateways of a route; other parents, such as Services of a mesh, are left out."""
    own = graph.namespace_of(route)
    for node in [] if route.spec is None else route.spec.listed("parentRefs"):
        name = node.string("name") or ""
        if (node.string("kind") or "Gateway", node.string("group") or GROUP) != ("Gateway", GROUP):
            continue
        if name and not opaque(name):
            yield Parent(
                node,
                name,
                node.string("namespace") or own,
                node.string("sectionName"),
                node.integer("port"),
            )


def backends(route: Resource, graph: Graph) -> Iterator[Backend]:
    """What the rules of a route send to, mirrors among it."""
    own = graph.namespace_of(route)
    for rule in [] if route.spec is None else route.spec.listed("rules"):
        filters = rule.listed("filters")
        mirrors = [found for f in filters if (found := f.at("requestMirror", "backendRef"))]
        for node in (*rule.listed("backendRefs"), *mirrors):
            name = node.string("name") or ""
            if name and not opaque(name):
                yield Backend(
                    node,
                    node.string("group") or "",
                    node.string("kind") or "Service",
                    name,
                    node.string("namespace") or own,
                )


def gateway_of(parent: Parent, graph: Graph, asker: Resource) -> Resource | None:
    """The Gateway of the input that a route means; None where it may be another or be changed."""
    found = graph.find("Gateway", parent.name, parent.namespace, GROUP, asker).resources
    built = [each for each in found if asker.emitter and each.emitter == asker.emitter]
    near = built or list(found)
    if len(near) != 1 or not graph.evidence.reaches(near[0], asker):
        return None
    changed = (gap.kind for each in (asker, near[0]) for gap in graph.partial(each))
    return None if VALUES in changed else near[0]


class Refusal(NamedTuple):
    """Why no listener takes a route: `reason` is section, port, kind, namespace or hostname.

    `at` is what in the Gateway says so, None where the route asks for what is not there.
    """

    reason: str
    at: Node | None


def refused(
    route_kind: str, namespace: str | None, hosts: list[str], parent: Parent, gateway: Resource,
    graph: Graph,
) -> Refusal | None:  # fmt: skip
    """Why a Gateway takes a route on none of its listeners; None if it does, or may."""
    listeners = [] if gateway.spec is None else gateway.spec.listed("listeners")
    wanted = [
        one for one in listeners
        if parent.section in (None, "", one.string("name"))
        and parent.port in (None, one.integer("port"))
    ]  # fmt: skip
    if not listeners or _is_open(listeners):
        return None
    if not wanted:
        return Refusal("section" if parent.section else "port", None)
    taking = [one for one in wanted if _takes_kind(one, route_kind)]
    if not taking:
        return Refusal("kind", wanted[0])
    open_to = [one for one in taking if _admits(one, namespace, gateway, graph)]
    if not open_to:
        return Refusal("namespace", taking[0])
    if hosts and not any(_meets(one.string("hostname"), hosts) for one in open_to):
        return Refusal("hostname", open_to[0].get("hostname"))
    return None


def _is_open(listeners: list[Node]) -> bool:
    """Is a listener's name or host filled in later?"""
    return any(
        opaque(each.string(field) or "") for each in listeners for field in ("name", "hostname")
    )


def _takes_kind(listener: Node, kind: str) -> bool:
    kinds = listener.listed("allowedRoutes", "kinds")
    if kinds:
        return any(each.string("kind") == kind for each in kinds)
    known = _BY_PROTOCOL.get(listener.string("protocol") or "")
    return known is None or kind in known


def _admits(listener: Node, namespace: str | None, gateway: Resource, graph: Graph) -> bool:
    """May routes of a namespace attach? True too where that cannot be known."""
    home = graph.namespace_of(gateway)
    source = listener.string("allowedRoutes", "namespaces", "from") or "Same"
    if namespace is None or home is None or source not in ("Same", "Selector", "None"):
        return True
    if source == "Same":
        return namespace == home
    selector = listener.at("allowedRoutes", "namespaces", "selector")
    if source == "None" or selector is None:
        return False
    labels = namespace_labels(namespace, graph)
    if labels is None and not _asks_for_the_name_alone(selector):
        return True
    labels = {**(labels or {}), _NAMED: namespace}
    wanted = texts(selector.get("matchLabels"))
    return any(opaque(value) for value in wanted.values()) or fits(selector, labels)


def _asks_for_the_name_alone(selector: Node) -> bool:
    keys = [*texts(selector.get("matchLabels"))]
    keys += [each.string("key") or "" for each in selector.listed("matchExpressions")]
    return all(key == _NAMED for key in keys)


def namespace_labels(name: str, graph: Graph) -> dict[str, str] | None:
    """The labels of a Namespace, by its object and its Applications; None if they are unknown."""
    found = graph.find("Namespace", name, "", "").resources
    if not found:
        return None
    labels: dict[str, str] = {}
    for resource in found:
        labels |= texts(resource.body.at("metadata", "labels"))
    for resource in graph.of_kind("Application", ARGO):
        spec = resource.spec
        if spec is not None and spec.string("destination", "namespace") == name:
            labels |= texts(spec.at("syncPolicy", "managedNamespaceMetadata", "labels"))
    return labels


def _meets(listener: str | None, hosts: list[str]) -> bool:
    """Has a listener's host a name in common with one of a route's?"""
    if not listener:
        return True
    return any(
        opaque(host) or _matches(host.lower(), listener.lower())
        or _matches(listener.lower(), host.lower())
        for host in hosts
    )  # fmt: skip


def _matches(host: str, pattern: str) -> bool:
    """Is a host, or a wildcard, within another?"""
    return host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def granted(source: Resource, target: tuple[str, str, str], namespace: str, graph: Graph) -> bool:
    """Does a ReferenceGrant of a namespace let an object refer to one there?

    `target` is its group, kind and name.
    """
    own = graph.namespace_of(source)
    group, kind, name = target
    for grant in graph.of_namespace("ReferenceGrant", namespace, GROUP):
        spec = grant.spec
        if spec is None:
            continue
        comes = any(
            (each.string("group") or "", each.string("kind")) == (source.group, source.kind)
            and (each.string("namespace") == own or opaque(each.string("namespace") or ""))
            for each in spec.listed("from")
        )
        goes = any(
            (each.string("group") or "", each.string("kind")) == (group, kind)
            and each.string("name") in (None, "", name)
            for each in spec.listed("to")
        )
        if comes and goes:
            return True
    return False
