"""Who a container's process is, and where it can write.

Sources: Kubernetes v1.34 core/v1 (SecurityContext, VolumeMount), pkg/volume/{configmap,secret,
projected,downwardapi} (read-only since 1.9.6), pkg/volume/emptydir (mode 0777); containerd and runc
set HOME to `/` for a user without an entry in the image's /etc/passwd.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import ABSENT, Known
from kslint.model.kubernetes.pod import mount_of
from kslint.source.nodes import Scalar

if TYPE_CHECKING:
    from kslint.model.answer import Answer
    from kslint.model.kubernetes.pod import Mount
    from kslint.source.nodes import Node

WRITABLE, READ_ONLY, FOREIGN, UNTOLD = "writable", "read-only", "foreign", "untold"
"""Can it write at a path? The last three: a read-only file system, another user's, or who knows."""

_READ_ONLY_VOLUMES = ("configMap", "secret", "projected", "downwardAPI", "image")
_PUBLIC = ("/tmp", "/var/tmp")  # noqa: S108  (where everybody may write)
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  (a tmpfs in every pod)
_ROOT_HOME = "/root"


class Access(NamedTuple):
    """The answer for one path. `node` is what stands in the way, `mount` what holds the path."""

    answer: str
    node: Node | None = None
    mount: Mount | None = None


def user(container: Node, pod_spec: Node | None) -> Answer[int]:
    """The uid that the manifest gives a container; absent where the image decides."""
    node = _setting("runAsUser", container, pod_spec)
    uid = node.value if isinstance(node, Scalar) else None
    return ABSENT if uid.__class__ is not int else Known(int(uid), node)


def never_root(container: Node, pod_spec: Node | None) -> Node | None:
    """`runAsNonRoot: true`, where it is in force."""
    node = _setting("runAsNonRoot", container, pod_spec)
    return node if node is not None and node.text == "true" else None


def read_only_root(container: Node) -> Node | None:
    """`readOnlyRootFilesystem: true`, where it is set."""
    node = container.at("securityContext", "readOnlyRootFilesystem")
    return node if node is not None and node.text == "true" else None


def access(path: str, container: Node, pod_spec: Node | None, uid: int | None) -> Access:
    """Can a process of this user, where it is told, write at an absolute path?

    The directories of an image belong to root, and nobody else can enter /root.
    """
    path = posixpath.normpath(path.replace("//", "/"))
    if not path.startswith("/"):
        return Access(UNTOLD)
    mount = mount_of(path, container, pod_spec)
    at_home = mount is not None and mount.path == _ROOT_HOME
    if uid and path.startswith(f"{_ROOT_HOME}/") and not at_home:
        return Access(FOREIGN, None, mount)
    if mount is not None:
        return _mounted(mount)
    if _within(path, _SHARED_MEMORY):
        return Access(WRITABLE)
    public = any(_within(path, one) for one in _PUBLIC)
    if uid and not public:
        return Access(FOREIGN)
    sealed = read_only_root(container)
    if sealed is not None:
        return Access(READ_ONLY, sealed)
    return Access(WRITABLE if public or uid == 0 else UNTOLD)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _mounted(mount: Mount) -> Access:
    """Whose files are in a claim is not known; an emptyDir is everybody's."""
    flag = mount.node.get("readOnly")
    if flag is not None and flag.text == "true":
        return Access(READ_ONLY, flag, mount)
    volume = mount.volume
    if volume is None:
        return Access(UNTOLD, None, mount)
    for kind in _READ_ONLY_VOLUMES:
        if volume.get(kind) is not None:
            return Access(READ_ONLY, volume.get(kind), mount)
    claimed = volume.at("persistentVolumeClaim", "readOnly")
    if claimed is not None and claimed.text == "true":
        return Access(READ_ONLY, claimed, mount)
    return Access(UNTOLD if volume.get("emptyDir") is None else WRITABLE, None, mount)


def _setting(field: str, container: Node, pod_spec: Node | None) -> Node | None:
    """A field of the container's securityContext, else of the pod's."""
    for owner in (container, pod_spec):
        node = None if owner is None else owner.at("securityContext", field)
        if node is not None and not node.is_null:
            return node
    return None
