"""Volumes for downloaded weights that are smaller than these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Known, Unknown
from kslint.model.engines.vllm.caches import DOWNLOAD_DIR, HUB_HOME, caches
from kslint.model.engines.vllm.weights import certain_bytes
from kslint.model.kubernetes.files import user
from kslint.model.kubernetes.pod import mount_of
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.model import Model
    from kslint.model.workload import ModelServer
    from kslint.source.nodes import Node

_GIB = 1 << 30
_PLACES = (HUB_HOME, DOWNLOAD_DIR)
"""Of the weights; the last that is set has them."""
_ROOM = 0.95
"""Names round: what is 5 percent over by its name may fit."""


def too_small(model: Model) -> Iterator[Problem]:
    """A cache on a volume, or in the pod itself, that the weights do not fit into."""
    for server in model.model_servers:
        named = server.engine.model
        size = certain_bytes(named.text) if named.kind == "hub" else None
        found = None if size is None else _room(server, model.graph)
        if size is None or found is None or named.node is None:
            continue
        variant, node, name = found
        room = parse_or_none(node.text)
        if room is None or room.amount >= size * _ROOM:
            continue
        yield Problem(
            named.node,
            variant=variant,
            severity="warning" if variant == "claim" else None,
            about=server.resource,
            related=[(node, "its size")],
            model=named.text,
            size=round(size / _GIB),
            volume=name,
            room=node.text,
        )


def _room(server: ModelServer, graph: Graph) -> tuple[str, Node, str] | None:
    """Where the weights go: the kind of place, the node of its size, and its name."""
    spec = server.workload.pod_spec
    uid = user(server.container, spec)
    number = uid.value if isinstance(uid, Known) else None
    told = not isinstance(server.engine.value("download-dir"), Unknown)
    homes = [one for one in caches(server.engine, number) if one.variable in _PLACES]
    mount = mount_of(homes[-1].path, server.container, spec) if homes else None
    if not homes or not told:
        return None
    if mount is None:
        node = server.container.at("resources", "limits", "ephemeral-storage")
        return None if node is None or node.place is None else ("ephemeral", node, server.name)
    volume = mount.volume
    limit = None if volume is None else volume.at("emptyDir", "sizeLimit")
    if volume is None:
        return None
    if limit is not None:
        return "volume", limit, volume.string("name") or ""
    claim = volume.string("persistentVolumeClaim", "claimName")
    found = graph.find(
        "PersistentVolumeClaim", claim or "", server.workload.namespace, "", server.resource
    ).resources
    if not claim or len(found) != 1:
        return None
    node = found[0].body.at("spec", "resources", "requests", "storage")
    return None if node is None else ("claim", node, claim)
