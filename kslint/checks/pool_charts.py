"""InferencePools of charts that do not fit the servers or the routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import pool_charts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def misfit(model: Model) -> Iterator[Problem]:
    """A release of the chart inferencepool that fits no server, or a route that fits no release."""
    for one in pool_charts.misfits(model.graph):
        resource = None if one.pods is None else one.pods.resource
        name = None if resource is None else resource.body.at("metadata", "name")
        yield Problem(
            one.node,
            variant=one.reason,
            severity=None if one.reason == "labels" else "warning",
            about=one.pool.source.application.resource,
            related=[] if name is None else [(name, "a server of the namespace")],
            pool=one.pool.name,
            namespace=one.pool.namespace,
            user=None if resource is None else f"{resource.kind} `{resource.name}`",
            port=one.node.text,
            served=one.served,
        )
    for route, backend, names in pool_charts.unknown(model.graph):
        yield Problem(
            backend.node.get("name") or backend.node,
            variant="name",
            severity="warning",
            about=route,
            route=route.name,
            pool=backend.name,
            namespace=backend.namespace,
            names=", ".join(f"`{name}`" for name in names),
        )
