"""What requests never reach: routes without a Gateway or a Service, servers behind a wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import addresses, isolation
from kslint.model.gateway import agentgateway, duplicates, loose_ends
from kslint.model.gateway.gateways import GROUP
from kslint.model.kubernetes.templates import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span


def route_target_missing(model: Model) -> Iterator[Problem]:
    """A route to a Gateway or a Service that is not there."""
    for route in model.resources:
        for one in loose_ends.loose_ends(route, model.graph, model.makers):
            other = one.elsewhere
            yield Problem(
                one.node,
                variant=("" if other is None else "other_") + one.kind.lower(),
                about=route,
                related=[(_name(r), "it is here") for r in (other or one.meant,) if r is not None],
                route=f"{route.kind} `{route.name}`",
                name=one.name,
                meant=None if one.meant is None else one.meant.name,
                namespace=one.namespace,
                there=None if other is None else model.graph.namespace_of(other),
            )


def address_port(model: Model) -> Iterator[Problem]:
    """An address with a port that its Service does not have."""
    found = []
    builds: dict[Span | None, set[str]] = {}
    failing: dict[Span | None, set[str]] = {}
    for resource in model.resources:
        for one in addresses.asked(resource, model.graph):
            home = _home(resource)
            builds.setdefault(home, set()).add(resource.emitter)
            if one.lacking is not None:
                failing.setdefault(home, set()).add(resource.emitter)
                found.append((resource, one, one.lacking))
    seen: set[Span | None] = set()
    for resource, one, service in found:
        home, place = _home(resource), one.node.span
        if place in seen or builds[home] - failing[home]:
            continue  # told, or one overlay of several has made it right
        seen.add(place)
        known = [
            f"{number} ({name})" if name else number for name, number in addresses.ports(service)
        ]
        listed = None if service.spec is None else service.spec.get("ports")
        yield Problem(
            one.node,
            about=resource,
            related=[(listed, "the Service's ports")],
            user=f"{resource.kind} `{resource.name}`",
            port=one.port,
            service=service.name,
            namespace=model.graph.namespace_of(service),
            ports=", ".join(known),
        )


def walled_off(model: Model) -> Iterator[Problem]:
    """A model server that NetworkPolicies shut off from those who ask it."""
    if not model.graph.of_kind(isolation.KIND):
        return
    for resource in model.resources:
        if resource.kind not in KINDS:
            continue
        for wall in isolation.walls(resource, model.graph):
            policy, peer = wall.at, wall.peer
            rules = policy.body.at("spec", "ingress")
            related = [(_name(policy), "shuts the way in"), (rules, "what it admits")]
            yield Problem(
                _name(resource) or resource.body,
                variant=wall.who,
                about=resource,
                related=[*related, *([] if peer is None else [(_name(peer), "has to get in")])],
                user=f"{resource.kind} `{resource.name}`",
                port=wall.port,
                policy=policy.name,
                peer=None if peer is None else f"{peer.kind} `{peer.name}`",
                there=None if peer is None else model.graph.namespace_of(peer),
            )


def route_twice(model: Model) -> Iterator[Problem]:
    """A rule of a route whose requests another rule gets."""
    routes = duplicates.Routes(model.graph)
    for route in model.of_kind(duplicates.KIND, GROUP):
        found = [("rule", one) for one in duplicates.within(route)]
        found += [("route", one) for one in routes.between(route)]
        seen: set[Span | None] = set()
        for variant, one in found:
            if one.rule.place not in seen:
                seen.add(one.rule.place)
                yield Problem(
                    one.rule,
                    variant=variant,
                    about=route,
                    related=[(one.before, "the rule that gets them")],
                    route=route.name,
                    other=one.other.name,
                    match=one.text,
                )


def refused_by_agentgateway(model: Model) -> Iterator[Problem]:
    """A policy that the definition of AgentgatewayPolicy refuses."""
    for policy in model.of_kind(agentgateway.POLICY, agentgateway.GROUP):
        for one in agentgateway.refused(policy):
            yield Problem(
                one.node, variant=one.reason, about=policy, name=policy.name, text=one.text
            )


def _home(resource: Resource) -> Span | None:
    """Where an object is written, whichever build emits it."""
    name = _name(resource)
    return None if name is None else name.span


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
