"""Objects that may be meant by a name that none has: beside the one who asks, and called alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource

_ALIKE = 0.8


def namesake(kind: str, name: str, asker: Resource, graph: Graph) -> Resource | None:
    """The object of a kind, beside another, whose name is nearest to one that is not there.

    What is called otherwise may be a chart's, or made by hand.
    """
    if graph.evidence.illustrates(asker):
        return None
    found = [r for r in graph.beside(asker) if r.kind == kind and _are_alike(r.name, name)]
    return min(found, key=lambda r: (abs(len(r.name) - len(name)), r.name), default=None)


def _are_alike(one: str, other: str) -> bool:
    from difflib import SequenceMatcher

    short, long = sorted((one, other), key=len)
    grown = long.startswith(short + "-") or long.endswith("-" + short)
    return bool(short) and (grown or SequenceMatcher(None, one, other).ratio() >= _ALIKE)
