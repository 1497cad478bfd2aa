"""Names that begin with another: controllers call what they make after what it is made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kslint.graph.graph import Graph


def begins(name: str, kinds: tuple[str, ...], namespace: str | None, graph: Graph) -> bool:
    """Does a name begin with that of an object of some kinds in a namespace?"""

    def names() -> frozenset[str]:
        return frozenset(each.name for k in kinds for each in graph.of_namespace(k, namespace))

    known = graph.kept(("names", kinds, namespace), names)
    return bool(known) and any(name[:length] in known for length in range(len(name) + 1))
