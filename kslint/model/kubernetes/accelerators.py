"""The compute devices that a container is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import ABSENT, Known, Unknown
from kslint.model.kubernetes.pod import accelerator, containers
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from kslint.model.answer import Answer
    from kslint.source.nodes import Node

_WHOLE = re.compile(r"nvidia\.com/gpu|amd\.com/gpu|gpu\.intel\.com/(?:i915|xe)|habana\.ai/gaudi")
"""Resources of which each is one whole device, as a server counts them."""
_DEVICE_FILES = ("/dev/nvidia", "/dev/kfd", "/dev/dri", "/dev/accel", "/dev/vfio", "/dev/davinci")
"""Device files that give a container GPUs past Kubernetes, where a hostPath volume holds them."""


class Devices(NamedTuple):
    """So many whole devices of one resource; `node` is the amount."""

    number: int
    resource: str
    node: Node


def devices(container: Node) -> Answer[Devices]:
    """The whole devices in a container's limits; absent where it asks for no device at all.

    Unknown where a claim brings them (DRA), or what is asked for is a slice or a share (MIG, time
    slicing), a TPU chip, of several kinds, or no number.
    """
    if container.at("resources", "claims") is not None:
        return Unknown("a resource claim brings them")
    found: list[Devices] = []
    for side in ("limits", "requests"):
        amounts = container.at("resources", side)
        for name, amount in () if amounts is None else amounts.items():
            if not accelerator(name):
                continue
            quantity = parse_or_none(amount.text)
            if quantity is None or not _WHOLE.fullmatch(name):
                return Unknown("not a number of whole devices", amount)
            if quantity.whole() > 0 and all(one.resource != name for one in found):
                found.append(Devices(quantity.whole(), name, amount))
    if not found:
        return ABSENT
    return Known(found[0], found[0].node) if len(found) == 1 else Unknown("devices of two kinds")


class Slices(NamedTuple):
    """So many MIG slices of one profile, each with so many GB; `node` is the amount."""

    number: int
    resource: str
    gigabytes: int
    node: Node


def slices(container: Node) -> Slices | None:
    """The MIG slices in a container's limits; None where it asks for none, or other devices too.

    Source: NVIDIA/k8s-device-plugin, strategy `mixed` (`nvidia.com/mig-3g.40gb`).
    """
    limits = container.at("resources", "limits")
    found = [(n, v) for n, v in ([] if limits is None else limits.items()) if accelerator(n)]
    profile = _PROFILE.fullmatch(found[0][0]) if len(found) == 1 else None
    quantity = parse_or_none(found[0][1].text) if profile is not None else None
    if profile is None or quantity is None or quantity.whole() < 1:
        return None
    return Slices(quantity.whole(), found[0][0], int(profile[1]), found[0][1])


_PROFILE = re.compile(r"nvidia\.com/mig-\d+g\.(\d{1,4})gb(?:\.me)?")


def past_kubernetes(container: Node, pod_spec: Node | None) -> bool:
    """May the container see devices that it did not ask for?

    A privileged one sees all of the node's; with NVIDIA's runtime, a runtimeClassName or as the
    node's default, NVIDIA_VISIBLE_DEVICES picks them. Schedulers that share GPUs (KAI, HAMi) go by
    annotations.
    """
    privileged = container.at("securityContext", "privileged")
    if privileged is not None and privileged.text != "false":
        return True
    scheduler = None if pod_spec is None else pod_spec.string("schedulerName")
    if scheduler not in (None, "", "default-scheduler"):
        return True
    if pod_spec is not None and pod_spec.string("runtimeClassName"):
        return True
    if any(item.string("name") == "NVIDIA_VISIBLE_DEVICES" for item in container.listed("env")):
        return True
    volumes = () if pod_spec is None else pod_spec.listed("volumes")
    paths = [volume.string("hostPath", "path") or "" for volume in volumes]
    return any(path == "/dev" or path.startswith(_DEVICE_FILES) for path in paths)


def pod_devices(pod_spec: Node) -> int | None:
    """The whole devices of all containers of a pod; None where that is not known."""
    total = 0
    for container in containers(pod_spec):
        found = devices(container)
        if isinstance(found, Unknown):
            return None
        total += found.value.number if isinstance(found, Known) else 0
    return total
