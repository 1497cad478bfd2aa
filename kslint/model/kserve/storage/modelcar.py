"""OCI images as models: the modelcar sidecar, which shares its files by process id, or a volume.

Mirrors pkg/utils/storage.go:341-517 @v0.19.0 and, for several images and volumes, v0.20.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.pod_edits import (
    edited_container,
    elements,
    mounts_volume,
    with_mount,
    with_volume,
)
from kslint.model.kubernetes.pod import container_named
from kslint.model.tree import appended, put, replace_item, without
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Map, Node

MODELCAR_CONTAINER = "modelcar"
MODELCAR_INIT_CONTAINER = "modelcar-init"
MODELCAR_VOLUME = "kserve-provision-location"

SCRIPT = "<script>"

_SOURCE = "pkg/utils/storage.go"


def with_modelcar(
    pod: Map, uri: Node, target: str, path: str, settings: Settings, index: int = 0
) -> Map:
    """The pod spec with an OCI image's modelcar for the container named `target`.

    `index` counts the images of one pod: the first has the plain names, another has `-<index>`
    appended. SCRIPT stands for the init container's check that the image holds models.
    """
    suffix = f"-{index}" if index else ""
    volume = MODELCAR_VOLUME + suffix
    origin = Origin("controller", "the modelcar", f"{_SOURCE}:471-517 @v0.19.0", uri.place)
    pod = with_volume(pod, volume, {"emptyDir": {}}, origin)
    pod = _with_target(pod, target, volume, posixpath.dirname(path) or "/", settings, origin)
    if container_named(pod, MODELCAR_CONTAINER + suffix) is None:
        image = made((uri.text or "").removeprefix("oci://"), origin)
        car = _container(MODELCAR_CONTAINER + suffix, image, settings, origin)
        car = put(car, ("args",), made(["sh", "-c", _command(path)], origin))
        mount = {"name": volume, "mountPath": posixpath.dirname(path) or "/"}
        car = put(car, ("volumeMounts",), made([mount], origin))
        uid = _uid(settings, origin)
        if uid is not None:
            car = put(car, ("securityContext", "runAsUser"), uid)
        pod = put(pod, ("containers",), appended(pod.get("containers"), [car], origin))
        init = _container(MODELCAR_INIT_CONTAINER + suffix, image, settings, origin)
        init = put(init, ("args",), made(["sh", "-c", SCRIPT], origin))
        initializers = appended(pod.get("initContainers"), [init], origin)
        pod = put(pod, ("initContainers",), initializers)
    return put(pod, ("shareProcessNamespace",), made(True, origin))


def with_image_volume(pod: Map, uri: Node, target: str, path: str, volume: str) -> Map:
    """The pod spec with an OCI image as a volume of the container named `target`."""
    origin = Origin("controller", "the image volume", f"{_SOURCE}:653-703 @v0.20.0", uri.place)
    image = {"reference": (uri.text or "").partition("://")[2], "pullPolicy": "IfNotPresent"}
    pod = with_volume(pod, volume, {"image": image}, origin)
    mount: dict[str, object] = {
        "name": volume,
        "mountPath": path,
        "subPath": "models",
        "readOnly": True,
    }

    def change(container: Map) -> Map:
        return (
            container if mounts_volume(container, volume) else with_mount(container, mount, origin)
        )

    return edited_container(pod, "containers", target, change)


def _with_target(
    pod: Map, target: str, volume: str, path: str, settings: Settings, origin: Origin
) -> Map:
    """MODEL_INIT_MODE, the shared volume and the user of the container that reads the model."""

    def change(container: Map) -> Map:
        container = _with_env(container, "MODEL_INIT_MODE", "async", origin)
        if not mounts_volume(container, volume):
            container = with_mount(container, {"name": volume, "mountPath": path}, origin)
        uid = _uid(settings, origin)
        if uid is not None:
            if not settings.has("modelcar-keeps-security"):
                container = without(container, "securityContext")
            container = put(container, ("securityContext", "runAsUser"), uid)
        return container

    return edited_container(pod, "containers", target, change)


def _container(name: str, image: Node, settings: Settings, origin: Origin) -> Map:
    container = put(None, ("name",), made(name, origin))
    container = put(container, ("image",), image)
    for resource, setting, default in (
        ("cpu", "cpuModelcar", "10m"),
        ("memory", "memoryModelcar", "15Mi"),
    ):
        node = settings.get("storageInitializer", setting)
        written = node is not None and node.text
        value = made(written or default, (node and written and node.origin) or origin)
        for side in ("limits", "requests"):
            container = put(container, ("resources", side, resource), value)
    policy = made("FallbackToLogsOnError", origin)
    return put(container, ("terminationMessagePolicy",), policy)


def _uid(settings: Settings, origin: Origin) -> Node | None:
    node = settings.get("storageInitializer", "uidModelcar")
    number = None if node is None else node.integer()
    return None if number is None or node is None else made(number, node.origin or origin)


def _command(path: str) -> str:
    link = f"ln -sf /proc/$$$$/root/models {path} && sleep infinity"
    if path == names.MODEL_MOUNT_PATH:
        return link
    return f"mkdir -p {posixpath.dirname(path) or '/'} && {link}"


def _with_env(container: Map, name: str, value: str, origin: Origin) -> Map:
    """AddOrReplaceEnv: the value of the first variable of that name, else one more."""
    env = container.get("env")
    node = made(value, origin)
    for index, item in enumerate(elements(env)):
        if item.string("name") == name:
            replaced = replace_item(env, index, put(item, ("value",), node))
            return put(container, ("env",), replaced)
    variable = made({"name": name, "value": node}, origin)
    return put(container, ("env",), appended(env, [variable], origin))
