"""Pods by their labels: which of them a selector picks, and where to look for them first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.references import is_patch
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.templates import KINDS, templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Map, Node

Selector = dict[str, str]


class Pods(NamedTuple):
    """The pods that one object makes from one template."""

    resource: Resource
    labels: Selector
    pod_spec: Map

    @property
    def is_open(self) -> bool:
        """May a label be filled in later?"""
        return any(opaque(value) for value in self.labels.values())


def pods_of(resource: Resource) -> Iterator[Pods]:
    """The pods of a workload, template by template; none of a mere patch."""
    if resource.kind not in KINDS or is_patch(resource):
        return
    for template in templates(resource):
        if resource.kind == "Pod":
            labels = resource.body.at("metadata", "labels")
        elif template.home is resource.spec:
            labels = template.home.at(*template.path[:-1], "metadata", "labels")
        else:
            labels = template.home.at("metadata", "labels")
        yield Pods(resource, texts(labels), template.pod_spec)


def texts(node: Node | None) -> Selector:
    """A mapping of texts: labels, or a selector by labels."""
    return {} if node is None else {name: value.text or "" for name, value in node.items()}


def selects(selector: Selector, labels: Selector) -> bool:
    """Does a selector, which names one label at least, pick what has these labels?"""
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


def fits(selector: Node, labels: Selector) -> bool:
    """Does a label selector, with expressions, pick what has these labels? An empty one does."""
    wanted = texts(selector.get("matchLabels"))
    return (not wanted or selects(wanted, labels)) and all(
        _expressed(each, labels) for each in selector.listed("matchExpressions")
    )


def _expressed(expression: Node, labels: Selector) -> bool:
    key, operator = expression.string("key") or "", expression.string("operator")
    values = {each.text for each in expression.listed("values")}
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")


class Circles:
    """The pods that an object may be meant for, by how near they stand.

    First those of its file and of its name, then those of its directory or kustomize build, then
    those of its namespace. Only what is asked for is read.
    """

    def __init__(self, graph: Graph, asker: Resource) -> None:
        self._graph = graph
        self._asker = asker
        self._namespace = graph.namespace_of(asker)

    @property
    def closest(self) -> list[Pods]:
        asker, graph = self._asker, self._graph
        found = [] if asker.emitter else graph.in_file(asker.file)
        named = [r for kind in sorted(KINDS) for r in graph.named(kind, asker.name)]
        beside = {id(r): r for r in named if self._together(r)}
        return self._of([*(r for r in found if id(r) not in beside), *beside.values()])

    @property
    def beside(self) -> list[Pods]:
        return self._of(self._graph.beside(self._asker))

    @property
    def around(self) -> list[Pods]:
        """All of the namespace, and those of which the namespace is not known."""
        graph, namespace = self._graph, self._namespace
        return self._of(r for kind in sorted(KINDS) for r in graph.of_namespace(kind, namespace))

    def _together(self, resource: Resource) -> bool:
        if self._asker.emitter or resource.emitter:
            return self._asker.emitter == resource.emitter
        return self._graph.belong_together(resource, self._asker)

    def _of(self, resources: Iterable[Resource]) -> list[Pods]:
        wanted = (self._namespace, None) if self._namespace is not None else None
        return [
            pods
            for resource in resources
            if resource.kind in KINDS
            and (wanted is None or self._graph.namespace_of(resource) in wanted)
            for pods in pods_of(resource)
        ]
