"""Pod templates with their labels, and which of them a selector picks.

Sources: core/v1 and apps/v1 types of Kubernetes v1.34; LeaderWorkerSet v0.7, JobSet v0.8, KubeRay
v1.4 and Argo Rollouts v1.8 API types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.references import is_patch
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

Selector = dict[str, str]

_TEMPLATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "CronJob": (("spec", "jobTemplate", "spec", "template"),),
    "DaemonSet": (("spec", "template"),),
    "Deployment": (("spec", "template"),),
    "Job": (("spec", "template"),),
    "LeaderWorkerSet": (
        ("spec", "leaderWorkerTemplate", "leaderTemplate"),
        ("spec", "leaderWorkerTemplate", "workerTemplate"),
    ),
    "Pod": ((),),
    "ReplicaSet": (("spec", "template"),),
    "ReplicationController": (("spec", "template"),),
    "Rollout": (("spec", "template"),),
    "StatefulSet": (("spec", "template"),),
}
KINDS = frozenset(_TEMPLATES)


class Template(NamedTuple):
    """The pods that one object makes from one template."""

    resource: Resource
    labels: Selector
    pod_spec: Node

    @property
    def is_open(self) -> bool:
        """May a label be filled in later?"""
        return any(opaque(value) for value in self.labels.values())


def templates(resource: Resource) -> Iterator[Template]:
    """The templates of a workload; none of a mere patch."""
    if resource.kind not in KINDS or is_patch(resource):
        return
    for path in _TEMPLATES[resource.kind]:
        body = resource.body.at(*path)
        pod_spec = None if body is None else body.get("spec")
        if body is not None and pod_spec is not None:
            yield Template(resource, texts(body.at("metadata", "labels")), pod_spec)


def texts(node: Node | None) -> Selector:
    """A mapping of texts: labels, or a selector by labels."""
    return {} if node is None else {name: value.text or "" for name, value in node.items()}


def selects(selector: Selector, labels: Selector) -> bool:
    """Does a selector, which names one label at least, pick what has these labels?"""
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


class Circles:
    """The templates that an object may be meant for, by how near they stand.

    First those of its file and of its name, then those of its directory or kustomize build, then
    those of its namespace. Only what is asked for is read.
    """

    def __init__(self, graph: Graph, asker: Resource) -> None:
        self._graph = graph
        self._asker = asker
        self._namespace = graph.namespace_of(asker)

    @property
    def closest(self) -> list[Template]:
        asker, graph = self._asker, self._graph
        found = [] if asker.emitter else graph.in_file(asker.file)
        named = [r for kind in sorted(KINDS) for r in graph.named(kind, asker.name)]
        beside = {id(r): r for r in named if self._together(r)}
        return self._of([*(r for r in found if id(r) not in beside), *beside.values()])

    @property
    def beside(self) -> list[Template]:
        return self._of(self._graph.beside(self._asker))

    @property
    def around(self) -> list[Template]:
        """All of the namespace, and those of which the namespace is not known."""
        graph, namespace = self._graph, self._namespace
        return self._of(r for kind in sorted(KINDS) for r in graph.of_namespace(kind, namespace))

    def _together(self, resource: Resource) -> bool:
        if self._asker.emitter or resource.emitter:
            return self._asker.emitter == resource.emitter
        return self._graph.belong_together(resource, self._asker)

    def _of(self, resources: Iterable[Resource]) -> list[Template]:
        wanted = (self._namespace, None) if self._namespace is not None else None
        return [
            template
            for resource in resources
            if resource.kind in KINDS
            and (wanted is None or self._graph.namespace_of(resource) in wanted)
            for template in templates(resource)
        ]
