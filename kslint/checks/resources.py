"""Requests and limits: what the user wrote against what KServe or a runtime adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kubernetes.pod import container_named, containers
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node, Origin


def request_over_injected_limit(component: Component, *, resource: str) -> Iterator[Problem]:
    """A written request over a limit that is not the user's own."""
    for container, path in _defaulted_containers(component):
        request = container.at("resources", "requests", resource)
        limit = container.at("resources", "limits", resource)
        if request is not None and limit is not None and request.origin is None:
            yield from _conflict(component, resource, request, limit, limit.origin, path)


def limit_under_injected_request(component: Component) -> Iterator[Problem]:
    """A written limit under a request that is not the user's own."""
    for container, path in _defaulted_containers(component):
        for resource in ("cpu", "memory"):
            request = container.at("resources", "requests", resource)
            limit = container.at("resources", "limits", resource)
            if request is not None and limit is not None and limit.origin is None:
                yield from _conflict(component, resource, request, limit, request.origin, path)


def _conflict(
    component: Component,
    resource: str,
    request: Node,
    limit: Node,
    origin: Origin | None,
    path: str,
) -> Iterator[Problem]:
    """A request over its limit, where `origin` is that of the one the user did not write."""
    asked, allowed = parse_or_none(request.text), parse_or_none(limit.text)
    if origin is None or asked is None or allowed is None or asked <= allowed:
        return
    written, injected = (limit, request) if origin is request.origin else (request, limit)
    what = f"the request of {asked}" if injected is request else f"the limit of {allowed}"
    yield Problem(
        written,
        related=[(injected.place or origin.root.span, f"{what} comes from here")],
        resource=resource,
        request=asked,
        limit=allowed,
        origin=origin.root.text,
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
