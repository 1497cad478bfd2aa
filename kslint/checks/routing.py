"""The way from a Gateway to the servers: routes, grants, InferencePools and their pickers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.findings import Problem
from kslint.model import endpoints
from kslint.model.gateway import policies, pools, switches
from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.kserve_routes import llm_refused, shut_out
from kslint.model.gateway.routes import (
    KINDS,
    backends,
    gateway_of,
    granted,
    namespace_labels,
    parents,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.gateway.routes import Backend, Parent, Refusal
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


def not_allowed(model: Model) -> Iterator[Problem]:
    """A route that no listener of its Gateway takes."""
    for kind in KINDS:
        for route in model.of_kind(kind, GROUP):
            for parent in parents(route, model.graph):
                gateway = gateway_of(parent, model.graph, route)
                if gateway is None:
                    continue
                hosts = [] if route.spec is None else route.spec.listed("hostnames")
                names = [each.text or "" for each in hosts]
                namespace = model.graph.namespace_of(route)
                why = refused(kind, namespace, names, parent, gateway, model.graph)
                if why is not None:
                    yield _refused(route, parent, gateway, why, namespace)
    for service, target, gateway, why in llm_refused(model):
        yield Problem(
            target.node,
            variant="llm",
            about=service.resource,
            related=[(why.at, "the Gateway's listener")],
            gateway=gateway.name,
            service=service.resource.name,
            namespace=service.namespace,
        )
    for shut in shut_out(model):
        gateway, first = shut.gateway, shut.services[0]
        yield Problem(
            shut.at,
            variant="kserve",
            about=gateway,
            related=[
                (s.resource.body.at("metadata", "name"), "has a route") for s in shut.services
            ],
            gateway=gateway.name,
            service=first.resource.name,
            namespace=first.namespace,
        )


def _refused(
    route: Resource, parent: Parent, gateway: Resource, why: Refusal, namespace: str | None
) -> Problem:
    at = parent.node
    if why.reason in ("section", "port"):
        at = parent.node.get("sectionName" if why.reason == "section" else "port") or at
    listeners = None if gateway.spec is None else gateway.spec.get("listeners")
    return Problem(
        at,
        variant=why.reason,
        about=route,
        related=[(why.at or listeners, "the Gateway's listener")],
        kind=route.kind,
        route=route.name,
        namespace=namespace,
        gateway=gateway.name,
        wanted=at.text,
    )


def grant_missing(model: Model) -> Iterator[Problem]:
    """A reference into another namespace that nothing there allows."""
    for kind in KINDS:
        for route in model.of_kind(kind, GROUP):
            attached = any(True for _ in parents(route, model.graph))
            for backend in backends(route, model.graph) if attached else ():
                target = (backend.group, backend.kind, backend.name)
                yield from _ungranted(model, route, backend.node, target, backend.namespace)
    for gateway in model.of_kind("Gateway", GROUP):
        listeners = [] if gateway.spec is None else gateway.spec.listed("listeners")
        for node in (c for each in listeners for c in each.listed("tls", "certificateRefs")):
            name = node.string("name") or ""
            target = (node.string("group") or "", node.string("kind") or "Secret", name)
            yield from _ungranted(model, gateway, node, target, node.string("namespace"))


_GRANTED = {("", "Service"), ("", "Secret"), (pools.GROUP, pools.KIND), (pools.ALPHA, pools.KIND)}
"""Kinds that need a grant everywhere. Delegation to routes is a controller's own idea."""


def _ungranted(
    model: Model, source: Resource, node: Node, target: tuple[str, str, str], to: str | None
) -> Iterator[Problem]:
    graph = model.graph
    own = graph.namespace_of(source)
    if own is None or to in (None, "", own) or to is None or "{" in to or "$" in to:
        return
    group, kind, name = target
    if (group, kind) not in _GRANTED:
        return
    found = graph.find(kind, name, to, group, source).resources
    there = [each for each in found if graph.namespace_of(each) == to]
    together = any(graph.belong_together(each, source) for each in there)
    if not there and namespace_labels(to, graph) is None:
        return
    if granted(source, target, to, graph) or graph.completeness.is_open("ReferenceGrant", to):
        return
    yield Problem(
        node,
        severity=None if together else "warning",
        about=source,
        related=[(each.body.at("metadata", "name"), f"it is in `{to}`") for each in there[:1]],
        kind=kind,
        name=name,
        there=to,
        namespace=own,
        source=source.kind,
    )


def pool_wiring(model: Model) -> Iterator[Problem]:
    """A route, an InferencePool, its servers and its picker that do not fit together."""
    if not pools.pools(model.graph):
        return
    for route, backend in pools.routed(model.graph):
        yield from _of_route(model, route, backend)
    for pool in pools.pools(model.graph):
        yield from _of_pool(model, pool)


def _of_route(model: Model, route: Resource, backend: Backend) -> Iterator[Problem]:
    graph = model.graph
    found = pools.named(backend, graph)
    facts = {"name": backend.name, "namespace": backend.namespace, "route": route.name}
    if backend.kind != pools.KIND:
        service = graph.find("Service", backend.name, backend.namespace, "", route)
        if found and backend.kind == "Service" and not backend.group and not service.resources:
            related = [(found[0].body.at("metadata", "name"), "the pool")]
            yield Problem(backend.node, "kind", about=route, related=related, **facts)
    elif found:
        groups = {pool.group for pool in found}
        if backend.group not in groups:
            at = backend.node.get("group") or backend.node
            related = [(found[0].body.get("apiVersion"), "the pool's group")]
            yield Problem(
                at, "group", about=route, related=related,
                group=backend.group, its=found[0].group, **facts,
            )  # fmt: skip
    elif not pools.may_be_made(backend, graph) and not graph.evidence.illustrates(route):
        there = pools.beside(backend, route, graph)
        if there:
            names = ", ".join(f"`{each.name}`" for each in there[:3])
            related = [(there[0].body.at("metadata", "name"), "a pool of the namespace")]
            at = backend.node.get("name") or backend.node
            yield Problem(at, "missing", about=route, related=related, others=names, **facts)


def _of_pool(model: Model, pool: Resource) -> Iterator[Problem]:
    graph = model.graph
    facts = {"name": pool.name, "namespace": graph.namespace_of(pool)}
    name, port = pools.picker(pool)
    if name is not None:
        yield from _of_picker(model, pool, name, port)
    node, labels = pools.selector(pool)
    missed = endpoints.meant_servers(pool, labels, graph)
    if node is not None and missed is not None:
        related = [(missed.resource.body.at("metadata", "name"), "a server beside it")]
        text = ", ".join(f"{key}: {value}" for key, value in labels.items())
        yield Problem(node, "selector", about=pool, related=related, labels=text, **facts)
        return
    targets = pools.targets(pool)
    for target in targets if len(targets) == 1 else ():
        served = endpoints.served_instead(target, pools.members(pool, graph))
        if served is not None:
            port_text, pods = served
            related = [(pods.resource.body.at("metadata", "name"), "the server")]
            yield Problem(
                target, "port", about=pool, related=related,
                port=target.text, served=port_text, **facts,
            )  # fmt: skip


def _of_picker(model: Model, pool: Resource, name: Node, port: int | None) -> Iterator[Problem]:
    graph = model.graph
    namespace = graph.namespace_of(pool)
    facts: dict[str, Any] = {"name": pool.name, "namespace": namespace, "picker": name.text}
    lookup = graph.find("Service", name.text or "", namespace, "", pool)
    if not lookup.resources:
        if namespace is not None and graph.complete_for("Service", namespace, pool):
            yield Problem(name, "picker", about=pool, **facts)
        return
    ports = [
        number
        for service in lookup.resources
        for item in ([] if service.spec is None else service.spec.listed("ports"))
        if (number := item.integer("port")) is not None
    ]
    if port is not None and ports and port not in ports:
        related = [(lookup.resources[0].body.at("spec", "ports"), "the Service's ports")]
        spec = pool.spec
        at = None if spec is None else spec.at("endpointPickerRef", "port", "number")
        yield Problem(at or name, "picker_port", about=pool, related=related, port=port, **facts)


def pool_behind_other_gateway(model: Model) -> Iterator[Problem]:
    """A route to an InferencePool on a Gateway whose controller knows no pools."""
    for route, backend in pools.routed(model.graph):
        if backend.kind != pools.KIND:
            continue
        for parent in parents(route, model.graph):
            gateway = gateway_of(parent, model.graph, route)
            lack = None if gateway is None else switches.lacking(gateway, model)
            if gateway is not None and lack is not None and (lack.switch or _is_envoy(lack)):
                yield Problem(
                    backend.node,
                    variant="switch" if lack.switch else "envoy",
                    about=route,
                    related=[
                        (gateway.body.at("spec", "gatewayClassName"), "the Gateway's class"),
                        (lack.at, "the controller is installed here"),
                    ],
                    route=route.name,
                    name=backend.name,
                    gateway=gateway.name,
                    controller=lack.controller,
                    switch=lack.switch,
                )
                break


def _is_envoy(lack: switches.Lack) -> bool:
    """Is it Envoy Gateway, which takes pools with another project beside it only?"""
    return lack.controller.startswith("Envoy")


def pools_overlap(model: Model) -> Iterator[Problem]:
    """Two InferencePools that take each other's pods for their own."""
    for pool, other in pools.overlaps(model.graph):
        node, labels = pools.selector(pool)
        if node is not None:
            yield Problem(
                node,
                about=pool,
                related=[(pools.selector(other)[0], f"the selector of `{other.name}`")],
                name=pool.name,
                other=other.name,
                labels=", ".join(f"{key}: {value}" for key, value in labels.items()),
            )


def policy_unattached(model: Model) -> Iterator[Problem]:
    """A policy for a Gateway, route or pool that is not there."""
    for one in policies.unattached(model.resources, model.graph):
        other = one.elsewhere
        yield Problem(
            one.node,
            variant="default" if other is None else "elsewhere",
            about=one.policy,
            related=[] if other is None else [(other.body.at("metadata", "name"), "it is here")],
            policy=f"{one.policy.kind} `{one.policy.name}`",
            kind=one.kind,
            name=one.node.text,
            namespace=model.graph.namespace_of(one.policy),
            there=None if other is None else model.graph.namespace_of(other),
        )
