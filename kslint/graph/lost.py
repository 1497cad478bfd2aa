"""What a later state of the input does not bring any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.config import Deleted
from kslint.graph.evidence import homes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource


def lost(earlier: Graph, later: Graph) -> Iterator[Deleted]:
    """The objects of one graph that another does not have."""
    left = {(kind, namespace, name) for kind, namespace, name, _ in later.brought()}
    gone: dict[tuple[str, str | None, str], list[Resource]] = {}
    for kind, namespace, name, resource in earlier.brought():
        if (kind, namespace, name) not in left:
            gone.setdefault((kind, namespace, name), []).append(resource)
    for (kind, namespace, name), resources in gone.items():
        places = sorted({place for resource in resources for place in homes(resource)})
        alone = all(earlier.evidence.illustrates(resource) for resource in resources)
        yield Deleted(kind, namespace, name, tuple(places), alone)
