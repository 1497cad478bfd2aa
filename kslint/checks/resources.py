"""Requests and limits: what the user wrote against what KServe or a runtime adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.pod import container_named, containers
from kslint.model.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node


def request_over_injected_limit(component: Component, *, resource: str) -> Iterator[Problem]:
    """A written request over a limit that is not the user's own."""
    for container, path in _defaulted_containers(component):
        request = container.at("resources", "requests", resource)
        limit = container.at("resources", "limits", resource)
        if request is None or limit is None or limit.origin is None or request.origin is not None:
            continue
        asked, allowed = parse_or_none(request.text), parse_or_none(limit.text)
        if asked is not None and allowed is not None and asked > allowed:
            yield Problem(
                request,
                related=[(limit.place or limit.origin.root.span, f"the limit of {allowed} comes from here")],
                resource=resource,
                request=asked,
                limit=allowed,
                origin=limit.origin.root.text,
                deployment=component.metadata.string("name"),
                path=path,
            )


def limit_under_injected_request(component: Component) -> Iterator[Problem]:
    """A written limit under a request that is not the user's own."""
    for container, path in _defaulted_containers(component):
        for resource in ("cpu", "memory"):
            request = container.at("resources", "requests", resource)
            limit = container.at("resources", "limits", resource)
            if (
                request is None
                or limit is None
                or request.origin is None
                or limit.origin is not None
            ):
                continue
            asked, allowed = parse_or_none(request.text), parse_or_none(limit.text)
            if asked is not None and allowed is not None and asked > allowed:
                yield Problem(
                    limit,
                    related=[(request.place or request.origin.root.span, f"the request of {asked} comes from here")],
                    resource=resource,
                    request=asked,
                    limit=allowed,
                    origin=request.origin.root.text,
                    deployment=component.metadata.string("name"),
                    path=path,
                )


def _defaulted_containers(component: Component) -> Iterator[tuple[Node, str]]:
    """The containers that KServe or a runtime fills in, and their path in the Deployment.

    The stored object is asked where the pod spec is not known: the webhook defaults a custom
    container whatever comes later.
    """
    pod_spec = component.built.pod_spec or component.stored
    if component.stored.get("model") is not None:
        server = container_named(component.built.pod_spec, names.PREDICTOR_CONTAINER)
        if server is not None:
            yield server, "containers[0]"
        return
    first = next(iter(containers(pod_spec)), None)
    if first is not None:
        yield first, "containers[0]"
