"""Services that lead nowhere: to a port that nothing listens on, or to no pod at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import endpoints
from kslint.model.gateway import targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource


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


def port_not_there(model: Model) -> Iterator[Problem]:
    """A port that a route or an Ingress asks for, and that the Service does not have."""
    for found in targets.astray(model):
        yield Problem(
            found.node,
            variant="target" if found.target else "default",
            severity="warning" if _is_of_base(found.source) else None,
            about=found.source,
            related=[(found.service.body.at("spec", "ports"), "the Service's ports")],
            user=f"{found.source.kind} `{found.source.name}`",
            port=found.node.text,
            service=found.service.name,
            ports=", ".join(found.ports),
        )


def _is_of_base(resource: Resource) -> bool:
    """Does an object stand in a base, of which an overlay may change the other half?"""
    return "base" in (resource.emitter or resource.file.rpartition("/")[0]).split("/")


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
