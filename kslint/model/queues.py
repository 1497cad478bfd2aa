"""Kueue's queues and the workloads that name one.

Sources: kueue v0.14 pkg/controller/constants (label `kueue.x-k8s.io/queue-name`),
apis/kueue/v1beta1 (LocalQueue, ClusterQueue, ResourceFlavor).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

GROUP = "kueue.x-k8s.io"
LABEL = "kueue.x-k8s.io/queue-name"
_DEFAULT = "default"
"""The queue that Kueue takes where none is named, which somebody may make by hand."""


class Asked(NamedTuple):
    """A workload that names a queue, and where."""

    resource: Resource
    queue: str
    node: Node


class Stray(NamedTuple):
    """A queue that is not where it is looked for; `elsewhere` is one of its name."""

    asked: Asked
    elsewhere: Resource | None
    others: list[Resource]


def asking(resource: Resource, graph: Graph) -> Asked | None:
    """The queue that a workload's label names."""
    if resource.group == GROUP or not graph.may_hold(resource, LABEL):
        return None
    node = resource.body.at("metadata", "labels", LABEL)
    name = "" if node is None else node.text or ""
    return Asked(resource, name, node) if node is not None and name and not opaque(name) else None


def strays(resources: list[Resource], graph: Graph) -> Iterator[Stray]:
    """The workloads whose LocalQueue is not in their namespace, as far as the input shows."""
    if not graph.of_kind("LocalQueue", GROUP):
        return
    for resource in resources:
        asked = asking(resource, graph)
        if asked is None:
            continue
        namespace = graph.namespace_of(resource)
        found = graph.find("LocalQueue", asked.queue, namespace, GROUP, resource)
        if found.resources or namespace is None or asked.queue == _DEFAULT:
            continue
        if graph.completeness.is_open("LocalQueue", namespace):
            continue
        others = [
            each
            for each in graph.of_namespace("LocalQueue", namespace, GROUP)
            if graph.evidence.reaches(each, resource)
        ]
        elsewhere = [each for each in found.elsewhere if graph.belong_together(each, resource)]
        if others or elsewhere:
            yield Stray(asked, elsewhere[0] if elsewhere and not others else None, others)


class Loose(NamedTuple):
    """A ClusterQueue or a ResourceFlavor that Kueue's own objects name, and that is not there."""

    resource: Resource
    node: Node
    kind: str


def loose_ends(graph: Graph, queues: list[Resource]) -> Iterator[Loose]:
    """What LocalQueues and ClusterQueues name, and the input, which has such objects, does not."""
    for resource in queues:
        spec = resource.spec
        if spec is None:
            continue
        if resource.kind == "LocalQueue":
            named = [("ClusterQueue", spec.get("clusterQueue"))]
        else:
            named = [
                ("ResourceFlavor", flavor.get("name"))
                for group in spec.listed("resourceGroups")
                for flavor in group.listed("flavors")
            ]
        for kind, node in named:
            name = "" if node is None else node.text or ""
            if node is None or not name or opaque(name):
                continue
            there = graph.of_kind(kind, GROUP)
            if any(each.group == GROUP for each in graph.named(kind, name)):
                continue
            if graph.kept(("opaque", kind), partial(_any_opaque, there)):
                continue
            if any(graph.belong_together(each, resource) for each in there):
                yield Loose(resource, node, kind)


def _any_opaque(resources: list[Resource]) -> bool:
    return any(opaque(each.name) for each in resources)
