"""Memory that is shared between processes, and what a pod may take in all.

Sources: containerd v2.1 pkg/oci/mounts.go (a tmpfs of 65536k at /dev/shm); Kubernetes v1.34
pkg/volume/emptydir/empty_dir.go (a tmpfs gets the smaller of `sizeLimit` and the pod's limit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import ABSENT, Known
from kslint.model.kubernetes.pod import containers, init_containers, mount_of, mounts
from kslint.model.kubernetes.quantity import BINARY, Quantity, parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.answer import Answer
    from kslint.source.nodes import Node

SHARED = "/dev/shm"  # noqa: S108  (where Linux shares memory by name)
_BY_RUNTIME = Quantity(64 << 20, BINARY)


def shared_memory(container: Node, pod_spec: Node | None) -> Answer[Quantity]:
    """The size of /dev/shm; absent where a volume or the host bounds it, if anything does."""
    if pod_spec is not None and pod_spec.string("hostIPC") == "true":
        return ABSENT
    mount = mount_of(SHARED, container, pod_spec)
    if mount is None:
        return Known(_BY_RUNTIME)
    written = _tmpfs_limit(mount.volume)
    size = None if written is None else parse_or_none(written.text)
    return ABSENT if size is None else Known(size, written)


def tmpfs_limits(container: Node, pod_spec: Node | None) -> Iterator[tuple[str, Node, Quantity]]:
    """The tmpfs volumes of a container that have a size: where they are mounted, and the size."""
    for mount in mounts(container, pod_spec):
        written = _tmpfs_limit(mount.volume)
        size = None if written is None else parse_or_none(written.text)
        if written is not None and size is not None:
            yield mount.path, written, size


def _tmpfs_limit(volume: Node | None) -> Node | None:
    own = None if volume is None else volume.get("emptyDir")
    return own.get("sizeLimit") if own is not None and own.string("medium") == "Memory" else None


def memory_limit(pod_spec: Node | None) -> Quantity | None:
    """What the containers of a pod may take together; None where one has no limit."""
    total = Quantity(0, BINARY)
    if pod_spec is not None and (own := pod_spec.at("resources", "limits", "memory")) is not None:
        return parse_or_none(own.text)
    sidecars = (c for c in init_containers(pod_spec) if c.string("restartPolicy") == "Always")
    for container in (*containers(pod_spec), *sidecars):
        written = container.at("resources", "limits", "memory")
        limit = None if written is None else parse_or_none(written.text)
        if limit is None or limit.amount <= 0:
            return None
        total = Quantity(total.amount + limit.amount, BINARY)
    return total if total.amount else None
