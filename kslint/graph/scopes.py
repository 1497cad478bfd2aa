"""Where an object will live: namespaces given by kustomizations and Argo CD Applications."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.resources import Resource
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.resources import Plain
    from kslint.source.nodes import Node

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LIST_FIELDS = ("resources", "bases", "components")


class Scopes:
    """Answers the namespace question for every object of an input."""

    def __init__(self, resources: list[Resource], others: list[Plain]) -> None:
        self._kustomizations: dict[str, Node] = {
            posixpath.dirname(plain.file): plain.document.root
            for plain in others
            if posixpath.basename(plain.file) in KUSTOMIZATION_FILES
        }
        self._applications = [r for r in resources if r.kind == "Application"]
        self._overrides: dict[str, set[str | None]] | None = None

    def namespace_of(self, resource: Resource) -> str | None:
        """As kustomize sets it, else as written, else the Application's destination."""
        overrides = self._overriding(resource.file)
        if len(overrides) > 1:
            return None  # emitted more than once, into different namespaces
        (override,) = overrides or {None}
        return override or resource.namespace or self._destination(resource.file)

    def generated(self) -> Iterator[tuple[str, str | None, str, Resource]]:
        """Objects that kustomize generators make: (kind, namespace, name, an object to show)."""
        for directory, root in self._kustomizations.items():
            for field, kind in (("secretGenerator", "Secret"), ("configMapGenerator", "ConfigMap")):
                node = root.get(field)
                for item in [] if node is None else node.elements():
                    name = item.string("name")
                    if name:
                        namespace = item.string("namespace") or root.string("namespace")
                        shown = Resource(_as_map(item), posixpath.join(directory, "kustomization"))
                        yield kind, namespace, name, shown

    def _overriding(self, file: str) -> set[str | None]:
        """The `namespace:` of each top kustomization that emits this file; empty if none does."""
        if self._overrides is None:
            self._overrides = {}
            included = {d for root in self._kustomizations for d in self._children(root)}
            for directory in self._kustomizations:
                if directory not in included:
                    self._descend(directory, None, set())
        return self._overrides.get(file, set())

    def _descend(self, directory: str, outer: str | None, seen: set[str]) -> None:
        if directory in seen:
            return
        root = self._kustomizations[directory]
        namespace = outer or root.string("namespace")
        assert self._overrides is not None
        for field in _LIST_FIELDS:
            node = root.get(field)
            for item in [] if node is None else node.elements():
                path = posixpath.normpath(posixpath.join(directory, item.text or ""))
                if path in self._kustomizations:
                    self._descend(path, namespace, {*seen, directory})
                else:
                    self._overrides.setdefault(path, set()).add(namespace)

    def _children(self, directory: str) -> Iterator[str]:
        for field in _LIST_FIELDS:
            node = self._kustomizations[directory].get(field)
            for item in [] if node is None else node.elements():
                path = posixpath.normpath(posixpath.join(directory, item.text or ""))
                if path in self._kustomizations:
                    yield path

    def _destination(self, file: str) -> str | None:
        """The destination namespace of the Application whose path holds the file."""
        best: tuple[int, str | None] = (-1, None)
        directory = posixpath.dirname(file)
        for application in self._applications:
            spec = application.spec
            path = None if spec is None else spec.string("source", "path")
            if spec is None or not path:
                continue
            path = path.strip("/")
            if f"/{directory}/".endswith(f"/{path}/") or f"/{path}/" in f"/{directory}/":
                best = max(best, (len(path), spec.string("destination", "namespace")), key=_first)
        return best[1]


def _first(pair: tuple[int, str | None]) -> int:
    return pair[0]


def _as_map(node: Node) -> Map:
    return node if isinstance(node, Map) else Map({})
