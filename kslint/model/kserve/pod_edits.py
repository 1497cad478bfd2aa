"""Edits the injectors of the pod webhook share: a container, a volume, a mount, a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.tree import appended, put, replace_item
from kslint.source.nodes import Map, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.source.nodes import Node, Origin


def edited_container(pod: Map, field: str, name: str, change: Callable[[Map], Map]) -> Map:
    """The pod spec with the first container of a name changed; itself if nothing changes.

    `field` is containers or initContainers.
    """
    listed = pod.get(field)
    for index, item in enumerate(elements(listed)):
        if isinstance(item, Map) and item.string("name") == name:
            changed = change(item)
            if changed is item:
                return pod
            return put(pod, (field,), replace_item(listed, index, changed))
    return pod


def with_volume(pod: Map, name: str, source: dict[str, object], origin: Origin) -> Map:
    """The pod spec with a volume, unless it has one of that name."""
    volumes = pod.get("volumes")
    if any(item.string("name") == name for item in elements(volumes)):
        return pod
    volume = made({"name": name, **source}, origin)
    return put(pod, ("volumes",), appended(volumes, [volume], origin))


def with_mount(container: Map, mount: dict[str, object], origin: Origin) -> Map:
    """The container with one more volumeMount."""
    mounts = appended(container.get("volumeMounts"), [made(mount, origin)], origin)
    return put(container, ("volumeMounts",), mounts)


def mounts_volume(container: Map, name: str) -> bool:
    """Has the container a mount of that volume, wherever?"""
    return any(item.string("name") == name for item in elements(container.get("volumeMounts")))


def with_missing_env(container: Map, name: str, value: str, origin: Origin) -> Map:
    """The container with a variable, unless it has one of that name."""
    env = container.get("env")
    if any(item.string("name") == name for item in elements(env)):
        return container
    variable = made({"name": name, "value": value}, origin)
    return put(container, ("env",), appended(env, [variable], origin))


def elements(node: Node | None) -> list[Node]:
    """The elements of a list that may be missing."""
    return [] if node is None else node.elements()
