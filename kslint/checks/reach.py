"""What requests never reach: routes without a Gateway or a Service, servers behind a wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import addresses
from kslint.model.gateway import loose_ends

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


def _home(resource: Resource) -> Span | None:
    """Where an object is written, whichever build emits it."""
    name = _name(resource)
    return None if name is None else name.span


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
