"""Which container of a predictor is the model server, and how many there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import containers
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node


def no_kserve_container(component: Component) -> Iterator[Problem]:
    """A custom predictor none of whose containers is named kserve-container.

    A nameless first container is silent: the webhook gives it the name it should have.
    """
    servers = _custom_servers(component)
    if not servers or any(_may_be_server(server) for server in servers):
        return
    name = servers[0].get("name")
    if name is None or not name.text:
        return
    lone = len(servers) == 1
    yield Problem(
        name,
        variant="lone" if lone else "default",
        severity="warning" if lone else None,
        name=name.text,
        count=len(servers),
        service=component.owner.resource.name,
    )


def kserve_container_not_first(component: Component) -> Iterator[Problem]:
    """A custom predictor whose kserve-container stands behind another container."""
    servers = _custom_servers(component)
    if not servers or _may_be_server(servers[0]):
        return
    for index, server in enumerate(servers):
        if server.string("name") == names.PREDICTOR_CONTAINER:
            first = servers[0].string("name")
            yield Problem(
                server.get("name") or server,
                variant="default" if first else "nameless",
                related=[
                    (servers[0], "this container is lost" if first else "it gets the name too")
                ],
                first=first or "",
                index=index,
                service=component.owner.resource.name,
                deployment=component.metadata.string("name"),
            )
            return


def several_implementations(component: Component) -> Iterator[Problem]:
    """A model or framework block beside another one, or beside a kserve-container."""
    if component.name != "predictor":
        return
    written = component.written
    models = [
        (field, node)
        for field in ("model", *names.FRAMEWORKS)
        if isinstance(node := written.get(field), Map)
    ]
    servers = [
        ("kserve-container", server.get("name") or server)
        for server in containers(written)
        if server.string("name") == names.PREDICTOR_CONTAINER
    ]
    found = sorted([*models, *servers[:1]], key=lambda pair: _position(pair[1]))
    if not models or len(found) < 2:
        return
    (first, other), (last, at) = found[-2:]
    replaced = not servers and len(found) == 2 and written.get("model") is not None
    framework = first if last == "model" else last
    yield Problem(
        at,
        variant="replaced" if replaced else "default",
        related=[(other, f"`{first}` stands here")],
        first=first,
        last=last,
        framework=framework,
    )


def _custom_servers(component: Component) -> list[Node]:
    """The containers of a predictor that has nothing but containers; in the written order."""
    written = component.written
    blocks = ("model", *names.FRAMEWORKS)
    if component.name != "predictor" or component.owner.mode.name == names.MODELMESH:
        return []
    if any((block := written.get(field)) is not None and not block.is_null for field in blocks):
        return []
    return [server for server in containers(written) if isinstance(server, Map)]


def _may_be_server(server: Node) -> bool:
    name = server.string("name") or ""
    return name == names.PREDICTOR_CONTAINER or opaque(name)


def _position(node: Node) -> tuple[str, int, int]:
    place = node.place
    return ("", 0, 0) if place is None else (place.file, place.line, place.column)
