"""Where models come from: URIs that nobody can fetch, and mounts that get in each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Known
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.kserve.storage.mounts import clashes, overridden_users, written_below
from kslint.model.kserve.storage.reading import SCHEME, misread
from kslint.model.kserve.storage.sources import DROPPED, model_sources, target_container
from kslint.model.platform.distributions import may_differ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.model import Model
    from kslint.source.nodes import Node


def not_understood(model: Model) -> Iterator[Problem]:
    """A URI that the controller lets pass and the storage initializer cannot fetch."""
    for service in model.inference_services:
        for component in service.components:
            yield from _not_understood(component)
    for llm in model.llm_services:
        for storage in llm.unfetchable:
            yield Problem(storage.node, variant="hub", about=llm.resource, uri=storage.uri)


def _not_understood(component: Component) -> Iterator[Problem]:
    for source in model_sources(component):
        why = misread(component, source)
        if why:
            unsure = why == SCHEME and not component.owner.settings.in_input
            yield Problem(
                source.uri,
                variant=why,
                severity="warning" if unsure else None,
                about=component.owner.resource,
                uri=source.uri.text or "",
                scheme=source.scheme,
                version=component.owner.settings.version,
            )


def item_dropped(component: Component) -> Iterator[Problem]:
    """An item of storageUris that is ignored because an OCI image is in the list."""
    settings = component.owner.settings
    sources = model_sources(component)
    for source in sources:
        if source.kind != DROPPED:
            continue
        others = [s.uri for s in sources if s.scheme == "oci" and s.uri is not source.uri]
        yield Problem(
            source.uri,
            severity=None if settings.told else "warning",
            related=[(node, "the OCI image is named here") for node in others[:1]],
            uri=source.uri.text or "",
            version=settings.version,
        )


def mounted_read_only(component: Component) -> Iterator[Problem]:
    """A cache that is written below a claim's read-only mount."""
    for written in written_below(component, lambda: _download_dir(component)):
        yield Problem(
            written.node,
            related=[(written.source.uri, "the claim that is mounted read-only")],
            name=written.name,
            path=written.path,
            mount=written.source.mount_path,
        )


def _download_dir(component: Component) -> tuple[str, Node] | None:
    """The directory that vLLM is told to download to, and where that is written."""
    pod_spec = component.built.pod_spec
    server = None if pod_spec is None else target_container(pod_spec)
    engine = None if server is None or pod_spec is None else read_engine(server, pod_spec)
    given = None if engine is None else engine.value("download-dir")
    if not isinstance(given, Known) or given.node is None:
        return None
    return given.value, given.node


def mount_path_taken(component: Component) -> Iterator[Problem]:
    """A volume of one's own at the path where KServe mounts the model."""
    for clash in clashes(component):
        uri = None if clash.source is None else clash.source.uri
        yield Problem(
            clash.node,
            related=[(uri, "this is mounted at the same path")],
            path=clash.path,
            container=clash.container,
            uri="" if uri is None else uri.text,
        )


def user_overridden(component: Component) -> Iterator[Problem]:
    """A user that the container with a modelcar does not run as."""
    owner = component.owner
    for node, source, user in overridden_users(component):
        if may_differ(owner.graph, owner.settings, owner.resource):
            return
        yield Problem(
            node,
            related=[(source.uri, "the model comes as an OCI image")],
            written=node.text,
            user=user,
        )
