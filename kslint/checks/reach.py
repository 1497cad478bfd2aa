"""What requests never reach: routes without a Gateway or a Service, servers behind a wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gateway import loose_ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


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


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
