"""Services that lead nowhere: to a port that nothing listens on, or to no pod at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import endpoints, service_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Span


def port_mismatch(model: Model) -> Iterator[Problem]:
    """A port of a Service on which the pods that it selects do not answer."""
    for service in model.of_kind("Service", ""):
        for miss in endpoints.misses(service, model.graph):
            user = miss.pods.resource
            yield Problem(
                miss.node,
                variant="unnamed" if miss.name else "default",
                severity="warning" if miss.aside else None,
                related=[(miss.declared, "declared here")],
                about=service,
                service=service.name,
                port=miss.name or miss.number,
                served=miss.served,
                user=f"{user.kind} `{user.name}`",
            )


def selects_nothing(model: Model) -> Iterator[Problem]:
    """A Service that is meant for pods whose labels it does not name."""
    for service in model.of_kind("Service", ""):
        stray = endpoints.stray(service, model.graph)
        if stray is not None:
            user = stray.pods.resource
            yield Problem(
                stray.node,
                variant="unlabelled" if stray.has is None else "default",
                related=[(user.body.at("metadata", "name"), "whose pods are meant")],
                about=service,
                service=service.name,
                label=stray.label,
                value=stray.value,
                has=stray.has,
                user=f"{user.kind} `{user.name}`",
            )


def port_missing(model: Model) -> Iterator[Problem]:
    """A port of a Service that an object names and the Service does not have."""
    found = []
    builds: dict[Span | None, set[str]] = {}
    failing: dict[Span | None, set[str]] = {}
    for resource in model.resources:
        for one in service_ports.asked(resource, model.graph):
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
        known = [f"{number} ({name})" if name else number
                 for name, number in service_ports.ports(service)]  # fmt: skip
        listed = None if service.spec is None else service.spec.get("ports")
        yield Problem(
            one.node,
            variant=one.how,
            severity="warning" if one.how == "address" else None,
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
    name = resource.body.at("metadata", "name")
    return None if name is None else name.span
