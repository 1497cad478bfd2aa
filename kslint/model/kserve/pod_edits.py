"""Edits the injectors of the pod webhook share: a container, a volume, a mount, a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.tree import appended, put, replace_item
from kslint.source.nodes import Map, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node, Origin


_RESOURCES = (
    ("limits", "cpu", "cpuLimit"),
    ("limits", "memory", "memoryLimit"),
    ("requests", "cpu", "cpuRequest"),
    ("requests", "memory", "memoryRequest"),
)


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


def setting_text(value: Node, origin: Origin) -> Node:
    """A setting as a string that still points at the setting."""
    return made(value.text or "", value.origin or origin)


def with_resource_settings(container: Map, settings: Settings, section: str, origin: Origin) -> Map:
    """The container with the limits and requests that a section of the settings gives."""
    for side, resource, setting in _RESOURCES:
        value = settings.get(section, setting)
        if value is not None:
            path = ("resources", side, resource)
            container = put(container, path, setting_text(value, origin))
    return container
