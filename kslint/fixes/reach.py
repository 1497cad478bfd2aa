"""What an edit reaches: the objects that stand in a document, and those that builds make of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.layout import marked
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.edits import Edit
    from kslint.source.files import Source
    from kslint.source.nodes import Node
    from kslint.source.rereading import Written

    Key = tuple[str, int]
    """A file and the number of a document in it."""

SPARE, FACTOR = 100_000, 4
"""Bytes of a file that may be read again in checking fixes, and how often all of them.

So work stays linear. Findings beyond that have no fix; once the others are fixed, they have.
"""


class Others(NamedTuple):
    """Objects that an edit reaches beside those it is meant for."""

    first: Resource | None
    total: int


class Reach:
    """The documents of an input, by what is made of each."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sorted: set[str] = set()
        self._written: dict[Key, list[Resource]] = {}
        self._emitted: dict[Key, dict[tuple[int, ...], list[tuple[int, Resource]]]] = {}
        """By the lines that an object has from the file: those of many overlays have the same."""
        self._beside: dict[tuple[str, int, int, int], tuple[Collection[Resource], Others]] = {}
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

    def others(
        self, document: Written, edits: Iterable[Edit], concerned: Collection[Resource]
    ) -> Others:
        """The objects that hold what edits of a document change, but for those concerned.

        The first of them, and how many there are.
        """
        (key,) = self._keys([document.outer])
        if key[0] not in self._sorted:
            self._sorted.add(key[0])
            self._sort(key[0], document.outer.source)
        written = [
            resource
            for resource in self._written.get(key, ())
            if resource not in concerned and _holds(resource, edits)
        ]
        built = self._built(key, document.holder or document.outer, concerned)
        return Others(written[0] if written else built.first, len(written) + built.total)

    def _built(self, key: Key, place: Node, concerned: Collection[Resource]) -> Others:
        """The same of objects that builds make; asked again for each of many overlays."""
        begin, end = marked(place)
        asked = (key[0], begin.line, end.line, id(concerned))
        known = self._beside.get(asked)
        if known is None:
            found = [
                pair
                for lines, several in self._emitted.get(key, {}).items()
                if bisect_right(lines, end.line) > bisect_left(lines, begin.line)
                for pair in several
                if pair[1] not in concerned
            ]
            first = min(found, key=itemgetter(0))[1] if found else None
            known = self._beside[asked] = (concerned, Others(first, len(found)))
        return known[1]

    def _sort(self, file: str, source: Source | None) -> None:
        """Note of each object that stands in a file, or is made of one there, its document."""
        for resource in self._graph.in_file(file):
            if self._graph.scopes.emission_of(resource) is None:
                for key in self._keys([resource.body]):
                    self._written.setdefault(key, []).append(resource)
        for number, resource in enumerate(self._emitted_from.get(file, ())):
            here = {
                n.start.line for n in walk(resource.body)
                if n.source is source and n.start is not None
            }  # fmt: skip
            lines = tuple(sorted(here))
            for key in {(file, self._number(file, line)) for line in lines}:
                self._emitted.setdefault(key, {}).setdefault(lines, []).append((number, resource))

    def _keys(self, nodes: Iterable[Node]) -> set[Key]:
        return {
            (node.source.name, self._number(node.source.name, node.start.line))
            for node in nodes
            if node.source is not None and node.start is not None
        }

    def _number(self, file: str, line: int) -> int:
        roots = self._graph.documents.get(file, [])
        return bisect_right(roots, line, key=lambda root: marked(root)[0].line)


def _holds(resource: Resource, edits: Iterable[Edit]) -> bool:
    """Does an object, as it is written, hold the place of an edit?"""
    first, last = marked(resource.body)
    return any(first <= (e.span.line - 1, e.span.column - 1) <= last for e in edits)
