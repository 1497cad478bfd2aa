"""Reading pod specs: containers, environment, volumes and mounts, as the kubelet sees them.

Source: Kubernetes v1.34 core/v1 types and `pkg/kubelet` environment expansion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node

MAX_EXPANDED = 128 * 1024
"""Characters of an expanded text (MAX_ARG_STRLEN, linux include/uapi/linux/binfmts.h)."""
_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")


class EnvVar(NamedTuple):
    """One environment variable. `value` is None where only the cluster knows it (valueFrom)."""

    name: str
    value: str | None
    node: Node
    value_node: Node | None


class Mount(NamedTuple):
    """A volumeMount and the volume it names (None if the pod has no such volume)."""

    path: str
    volume_name: str
    node: Node
    volume: Node | None


def containers(pod_spec: Node | None) -> list[Node]:
    node = None if pod_spec is None else pod_spec.get("containers")
    return [] if node is None else node.elements()


def init_containers(pod_spec: Node | None) -> list[Node]:
    node = None if pod_spec is None else pod_spec.get("initContainers")
    return [] if node is None else node.elements()


def container_named(pod_spec: Node | None, name: str) -> Node | None:
    return next((c for c in containers(pod_spec) if c.string("name") == name), None)


def environment(container: Node) -> dict[str, EnvVar]:
    """The variables by name. Of duplicates the last wins; `$(NAME)` of earlier ones is expanded."""
    variables: dict[str, EnvVar] = {}
    for item in container.listed("env"):
        name = item.string("name")
        if not name:
            continue
        value_node = item.get("value")
        value: str | None = None
        source = item.get("valueFrom")
        if source is None or source.is_null:
            value = expand("" if value_node is None else value_node.text or "", variables)
        variables[name] = EnvVar(name, value, item, value_node)
    return variables


def has_env_from(container: Node) -> bool:
    """True if variables come from a ConfigMap or Secret as a whole: then absence is unknown."""
    env_from = container.get("envFrom")
    return env_from is not None and bool(env_from.elements())


def expand(text: str, variables: dict[str, EnvVar]) -> str | None:
    """Kubernetes' `$(NAME)` expansion; None if a variable's value is unknown.

    An undeclared name stays literal and `$$` is an escaped `$`
    (k8s.io/kubernetes/third_party/forked/golang/expansion). What gets longer than a process may
    be given is unknown too: values that name each other grow without end.
    """
    unknown = False
    length = len(text)

    def replace(match: re.Match[str]) -> str:
        nonlocal unknown, length
        name = match.group(1)
        if name is None:
            return "$"
        if name not in variables:
            return match.group(0)
        value = variables[name].value
        length += len(value or "")
        if value is None or length > MAX_EXPANDED:
            unknown = True
            return ""
        return value

    expanded = _REFERENCE.sub(replace, text)
    return None if unknown else expanded


def volumes(pod_spec: Node | None) -> dict[str, Node]:
    node = None if pod_spec is None else pod_spec.get("volumes")
    found = {}
    for volume in [] if node is None else node.elements():
        name = volume.string("name")
        if name:
            found[name] = volume
    return found


def mounts(container: Node, pod_spec: Node | None) -> Iterator[Mount]:
    available = volumes(pod_spec)
    for item in container.listed("volumeMounts"):
        path, name = item.string("mountPath"), item.string("name")
        if path and name:
            yield Mount(path.rstrip("/") or "/", name, item, available.get(name))


def mount_of(path: str, container: Node, pod_spec: Node | None) -> Mount | None:
    """The mount that holds a file path: the longest mountPath that is a parent of it."""
    best: Mount | None = None
    for mount in mounts(container, pod_spec):
        inside = path == mount.path or path.startswith(mount.path.rstrip("/") + "/")
        if inside and (best is None or len(mount.path) > len(best.path)):
            best = mount
    return best


def claims(pod_spec: Node | None) -> Iterator[tuple[str, Node]]:
    """Names of the PersistentVolumeClaims that the pod's volumes refer to, with the name's node."""
    for volume in volumes(pod_spec).values():
        node = volume.at("persistentVolumeClaim", "claimName")
        if node is not None and node.text:
            yield node.text, node


def requests_accelerator(container: Node) -> bool:
    """True if the container asks for a GPU or a like device (an extended resource with `/`)."""
    for side in ("limits", "requests"):
        node = container.at("resources", side)
        for name, quantity in () if node is None else node.items():
            if accelerator(name) and (quantity.text or "0") not in ("0", ""):
                return True
    return False


def accelerator(resource: str) -> bool:
    """Is this resource name a compute device? (`nvidia.com/gpu`, `nvidia.com/mig-1g.5gb`, TPUs.)

    Names as in KServe v0.19.0 pkg/constants/constants.go:304-312, plus MIG slices and TPUs.
    """
    vendor, _, name = resource.partition("/")
    return bool(name) and (
        name.startswith(("gpu", "mig-", "tpu", "neuron", "xe", "i915", "npu", "gaudi"))
        or vendor in ("habana.ai", "huawei.com")
    )
