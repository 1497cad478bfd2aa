"""What the LimitRanges of a namespace allow of one container.

Source: Kubernetes v1.34 plugin/pkg/admission/limitranger (init containers count as well).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.pod import containers, init_containers
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.resources import Resource
    from kslint.source.nodes import Node

_RESOURCES = ("cpu", "memory")


class Conflict(NamedTuple):
    """A limit of a container over the most that a LimitRange allows."""

    resource: str
    maximum: Node
    limit: Node
    container: Node


def conflicts(limit_range: Resource, pod_spec: Node) -> Iterator[Conflict]:
    """The limits of a pod's containers that a LimitRange refuses."""
    for entry in limit_range.body.listed("spec", "limits"):
        if entry.string("type") != "Container":
            continue
        for name in _RESOURCES:
            maximum = entry.at("max", name)
            most = None if maximum is None else parse_or_none(maximum.text)
            if maximum is None or most is None:
                continue
            for container in (*containers(pod_spec), *init_containers(pod_spec)):
                limit = container.at("resources", "limits", name)
                asked = None if limit is None else parse_or_none(limit.text)
                if limit is not None and asked is not None and asked > most:
                    yield Conflict(name, maximum, limit, container)
