"""What an edit reaches: the objects that stand in a document, and those that builds make of it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from kslint.source.layout import marked
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.edits import Edit
    from kslint.source.nodes import Node
    from kslint.source.rereading import Written

    Key = tuple[str, int]
    """A file and the number of a document in it."""

SPARE, FACTOR = 100_000, 4
"""Bytes of a file that may be read again in checking fixes, and how often all of them.

So work stays linear. Findings beyond that have no fix; once the others are fixed, they have.
"""


class Reach:
    """The documents of an input, by what is made of each."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sorted: set[str] = set()
        self._written: dict[Key, list[Resource]] = {}
        self._emitted: dict[Key, list[Resource]] = {}
        self._left: dict[str, int] = {}
        self._emitted_from: dict[str, list[Resource]] = {}
        for emission in graph.scopes.emissions:
            for resource in emission.resources:
                # those are large, and no fix reaches into one
                if resource.kind == "CustomResourceDefinition":
                    continue
                for file in {n.source.name for n in walk(resource.body) if n.source is not None}:
                    self._emitted_from.setdefault(file, []).append(resource)

    def spend(self, document: Written) -> None:
        """Count a document that will be read again."""
        source, (begin, end) = document.outer.source, marked(document.outer)
        if source is not None:
            share = (end.line - begin.line + 1) / len(source.lines)
            left = self._left.setdefault(source.name, SPARE + FACTOR * len(source.data))
            self._left[source.name] = left - int(len(source.data) * min(share, 1))

    def is_exhausted(self, node: Node) -> bool:
        """Was enough read again of the file that a value stands in?"""
        return node.source is not None and self._left.get(node.source.name, 0) < 0

    def held(self, document: Written, edits: Iterable[Edit]) -> Iterator[Resource]:
        """The objects that hold what edits of a document change."""
        place = document.holder or document.outer
        begin, end = marked(place)
        (key,) = self._keys([document.outer])
        if key[0] not in self._sorted:
            self._sorted.add(key[0])
            self._sort(key[0])
        for resource in self._written.get(key, ()):
            first, last = marked(resource.body)
            if any(first <= (e.span.line - 1, e.span.column - 1) <= last for e in edits):
                yield resource
        for resource in self._emitted.get(key, ()):
            if any(
                node.source is place.source
                and node.start is not None
                and begin.line <= node.start.line <= end.line
                for node in walk(resource.body)
            ):
                yield resource

    def _sort(self, file: str) -> None:
        """Note of each object that stands in a file, or is made of one there, its document."""
        for resource in self._graph.in_file(file):
            if self._graph.scopes.emission_of(resource) is None:
                for key in self._keys([resource.body]):
                    self._written.setdefault(key, []).append(resource)
        for resource in self._emitted_from.get(file, ()):
            here = (
                n for n in walk(resource.body) if n.source is not None and n.source.name == file
            )
            for key in self._keys(here):
                self._emitted.setdefault(key, []).append(resource)

    def _keys(self, nodes: Iterable[Node]) -> set[Key]:
        return {
            (node.source.name, self._number(node.source.name, node.start.line))
            for node in nodes
            if node.source is not None and node.start is not None
        }

    def _number(self, file: str, line: int) -> int:
        roots = self._graph.documents.get(file, [])
        return bisect_right(roots, line, key=lambda root: marked(root)[0].line)
