"""Where models are mounted, and what that does to the container they are mounted in."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.sources import MODELCAR, PVC, model_sources, target_container
from kslint.model.kubernetes.pod import containers, environment, mount_of, mounts
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.storage.sources import ModelSource
    from kslint.source.nodes import Node

_CACHES = {
    "HF_HOME": True,
    "HF_HUB_CACHE": True,
    "HUGGINGFACE_HUB_CACHE": True,
    "TRANSFORMERS_CACHE": True,
    "TORCHINDUCTOR_CACHE_DIR": False,
}
"""Variables that name a directory to write to; those of the hub are only read when offline."""
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


class Written(NamedTuple):
    """Something that writes below a model's mount: its name, the path, and where that stands."""

    name: str
    path: str
    node: Node
    source: ModelSource


def written_below(
    component: Component, told: Callable[[], tuple[str, Node] | None] = lambda: None
) -> Iterator[Written]:
    """Caches of the model container that lie in a claim mounted read-only as the model.

    `told` gives the directory that the server is told to download to, where it is.

    Source: pkg/webhook/admission/pod/storage_initializer_injector.go:197-206,415-429 @v0.19.0.
    """
    sources = [s for s in model_sources(component) if s.kind == PVC and s.read_only]
    pod = admitted_pod(component) if sources else None
    server = None if pod is None else target_container(pod)
    if pod is None or server is None:
        return
    downloads, variables = told(), environment(server)
    offline = any(v.value in ("1", "true", "True") for n, v in variables.items() if n in _OFFLINE)
    places = [] if downloads is None or offline else [("--download-dir", *downloads)]
    for name, of_hub in _CACHES.items():
        variable = variables.get(name)
        if variable is not None and variable.value and not (of_hub and offline):
            places.append((name, variable.value, variable.value_node or variable.node))
    for name, path, node in places:
        mount = mount_of(posixpath.normpath(path), server, pod)
        source = next((s for s in sources if mount is not None and _is_of(mount.node, s)), None)
        if source is not None:
            yield Written(name, path, node, source)


def _is_of(mount: Node, source: ModelSource) -> bool:
    """Is a volumeMount the one that KServe made for a source?"""
    return mount.place is None and mount.string("mountPath") == source.mount_path


class Clash(NamedTuple):
    """Two volumes at one path of a container: a model's, and the one that somebody wrote."""

    container: str
    path: str
    node: Node
    source: ModelSource | None


def clashes(component: Component) -> Iterator[Clash]:
    """Mounts of a container at the very path that KServe mounts a model at.

    The API server compares the texts (pkg/apis/core/validation/validation.go, mountPath
    "must be unique" @v1.34).
    """
    sources = model_sources(component)
    pod = admitted_pod(component) if sources else None
    for container in containers(pod):
        own: dict[str, Node] = {}
        for mount in mounts(container, pod):
            node = mount.node.get("mountPath")
            if not isinstance(node, Scalar):
                continue
            if mount.node.place is not None:
                own.setdefault(node.text, node)
            elif node.text in own:
                source = next((s for s in sources if s.mount_path == node.text), None)
                name = container.string("name") or ""
                yield Clash(name, node.text, own[node.text], source or sources[0])


def overridden_users(component: Component) -> Iterator[tuple[Node, ModelSource, int]]:
    """The `runAsUser` that a modelcar replaces, and by which user.

    Source: pkg/utils/storage.go:427-435,487-495 @v0.19.0.
    """
    source = next((s for s in model_sources(component) if s.kind == MODELCAR), None)
    node = component.owner.settings.get("storageInitializer", "uidModelcar")
    user = None if node is None else node.integer()
    pod_spec = component.built.pod_spec
    server = None if pod_spec is None else target_container(pod_spec)
    if source is None or user is None or pod_spec is None or server is None:
        return
    path = ("securityContext", "runAsUser")
    written = server.at(*path) or pod_spec.at(*path)
    if written is not None and written.place is not None and written.integer() not in (None, user):
        yield written, source, user
