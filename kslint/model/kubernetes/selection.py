"""Pods by their labels: which of them a selector picks, and where to look for them first."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from kslint.graph.graph import home_of
from kslint.graph.references import is_patch
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.templates import KINDS, templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Map, Node

Selector = dict[str, str]
T = TypeVar("T", "Pods", "Labelled")


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


class Labelled(NamedTuple):
    """An object and labels of it."""

    resource: Resource
    labels: Selector


class Pool(Generic[T]):
    """Pods, or objects, in their order; found by their labels, and by names of the objects."""

    def __init__(self, found: Iterable[T]) -> None:
        self.every: list[T] = list(found)
        self._by_label: dict[tuple[str, str], list[T]] = {}
        self._by_name: dict[str, list[T]] = {}
        self._by: dict[str, dict[str, list[T]]] = {}
        self._selected: dict[tuple[tuple[str, str], ...], list[T]] = {}
        self._places = {id(each): number for number, each in enumerate(self.every)}
        for each in self.every:
            for pair in each.labels.items():
                self._by_label.setdefault(pair, []).append(each)
            self._by_name.setdefault(each.resource.name, []).append(each)

    def selected(self, selector: Selector) -> list[T]:
        """Those that a selector picks."""
        pairs = tuple(selector.items())
        if pairs not in self._selected:
            fewest = min((self._by_label.get(pair, []) for pair in pairs), key=len, default=[])
            found = [each for each in fewest if selects(selector, each.labels)]
            self._selected[pairs] = found
        return self._selected[pairs]

    def of_name(self, name: str) -> list[T]:
        """Those of objects of a name."""
        return self._by_name.get(name, [])

    def having(self, name: str, what: str, texts_of: Callable[[T], Iterable[str]]) -> list[T]:
        """Those with a text among what `texts_of` gives of each, which goes by the name `what`."""
        if what not in self._by:
            by = self._by.setdefault(what, {})
            for each in self.every:
                for text in dict.fromkeys(texts_of(each)):
                    by.setdefault(text, []).append(each)
        return self._by[what].get(name, [])

    def place_of(self, one: T) -> int:
        """Which one it is of all."""
        return self._places[id(one)]

    @cached_property
    def is_open(self) -> bool:
        """May one of them be given labels later?"""
        return any(opaque(value) for each in self.every for value in each.labels.values())


class Circles:
    """The pods that an object may be meant for, by how near they stand.

    First those of its file and of its name, then those of its directory or kustomize build, then
    those of its namespace. Only what is asked for is read, and it is read once for all who ask.
    """

    def __init__(self, graph: Graph, asker: Resource) -> None:
        self._graph = graph
        self._asker = asker
        self._namespace = graph.namespace_of(asker)

    def closest(self, selector: Selector) -> list[Pods]:
        """Of the closest, those that a selector picks."""
        return [*self._other_names(self._in_file.selected(selector)), *self._own.selected(selector)]

    def near(self, selector: Selector) -> list[Pods]:
        """Those of the two nearer circles that a selector picks, each once."""
        found = (*self.closest(selector), *self.beside.selected(selector))
        return list({id(pods.pod_spec): pods for pods in found}.values())

    def near_of_name(self, name: str) -> list[Pods]:
        """Those of the two nearer circles that objects of a name make."""
        here = self._other_names(self._in_file.of_name(name))
        return [*here, *self._own.of_name(name), *self.beside.of_name(name)]

    def first_near(self, selectors: list[Selector]) -> Pods | None:
        """The first of the two nearer circles that one of several selectors picks."""
        for pool in (self._in_file, self._own, self.beside):
            found = [each for selector in selectors for each in pool.selected(selector)]
            found = self._other_names(found) if pool is self._in_file else found
            if found:
                return min(found, key=pool.place_of)
        return None

    def first_that(self, name: str, test: Callable[[Pods], bool]) -> Pods | None:
        """The first of the two nearer circles that a test, which goes by its name, holds for."""

        def those(pool: Pool[Pods]) -> list[Pods]:
            return pool.having("", name, lambda pods: [""] if test(pods) else [])

        here = self._other_names(those(self._in_file))
        return next(iter((*here, *those(self._own), *those(self.beside))), None)

    @property
    def beside(self) -> Pool[Pods]:
        graph, asker = self._graph, self._asker
        return graph.kept(
            ("pods beside", home_of(asker), self._namespace),
            lambda: Pool(self._of(self._here(home_of(asker), graph.beside(asker)))),
        )

    @property
    def around(self) -> Pool[Pods]:
        """All of the namespace, and those of which the namespace is not known."""
        graph, namespace = self._graph, self._namespace

        def every() -> Pool[Pods]:
            kinds = sorted(KINDS)
            return Pool(self._of(r for kind in kinds for r in graph.of_namespace(kind, namespace)))

        return graph.kept(("pods around", namespace), every)

    @property
    def _in_file(self) -> Pool[Pods]:
        graph, file = self._graph, "" if self._asker.emitter else self._asker.file
        return graph.kept(
            ("pods in a file", file, self._namespace),
            lambda: Pool(self._of(self._here(f"file {file}", graph.in_file(file))) if file else ()),
        )

    def _here(self, name: str, resources: list[Resource]) -> list[Resource]:
        """Of the workloads among some objects, which go by a name, those that may be here."""

        def by_namespace() -> dict[str | None, list[tuple[int, Resource]]]:
            found: dict[str | None, list[tuple[int, Resource]]] = {}
            for number, each in enumerate(resources):
                if each.kind in KINDS:
                    found.setdefault(self._graph.namespace_of(each), []).append((number, each))
            return found

        places = self._graph.kept(("workloads", name), by_namespace)
        wanted = set(places) if self._namespace is None else {self._namespace, None}
        pairs = [pair for place in wanted for pair in places.get(place, ())]
        return [resource for _, resource in sorted(pairs, key=lambda pair: pair[0])]

    def _other_names(self, pods: list[Pods]) -> list[Pods]:
        return [each for each in pods if each.resource not in self._named]

    @cached_property
    def _own(self) -> Pool[Pods]:
        return Pool(self._of(self._named))

    @cached_property
    def _named(self) -> dict[Resource, None]:
        """The workloads with the name of the asker that stand near it, in order."""
        graph, asker = self._graph, self._asker
        namespace = self._namespace
        named = (r for k in sorted(KINDS) for r in graph.named_in(k, asker.name, namespace))
        return dict.fromkeys(r for r in named if self._together(r))

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
