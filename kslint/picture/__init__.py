"""The graph as people are shown it: what is deployed, what it needs, and where findings sit.

One picture serves `kslint graph` in all its formats and the HTML report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.source.nodes import Span

INPUT, CREATED, MISSING, UNKNOWN = "input", "created", "missing", "unknown"
"""States of a node: it is in the input; something else makes it (KServe, an ApplicationSet, a
generator); it is named, and known to be absent where it is looked for; it is named, and not in
the input, which need not hold it."""

DEPLOYS, CREATES = "deploys", "creates"
"""Roles of edges that stand for no name in a manifest: what Argo CD, and what KServe would do."""


class PictureNode(NamedTuple):
    """An object: its identity, worst severity and findings.

    The severity is "" if nothing counts. `findings` are indexes into the result's list. `note`
    says in few words what the picture cannot: the chart an Application installs. `place` is
    where it is written.
    """

    id: str
    kind: str
    namespace: str
    name: str
    severity: str = ""
    findings: tuple[int, ...] = ()
    state: str = INPUT
    note: str = ""
    place: Span | None = None
    api_version: str = ""

    @property
    def label(self) -> str:
        """`Kind namespace/name`."""
        return f"{self.kind} {self.namespace}/{self.name}".replace(" /", " ")


class PictureEdge(NamedTuple):
    """A reference from one node to another, by id. `role` says what for.

    `via` is the object that is named (`Secret token`), where the target is what makes it.
    """

    source: str
    target: str
    role: str = ""
    via: str = ""


class GraphPicture(NamedTuple):
    """Nodes and edges in an order of their own: that of the input does not show.

    `loose` are the findings that belong to no node. `focus` are the nodes that were asked for,
    if the rest was left out.
    """

    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]
    loose: tuple[int, ...] = ()
    focus: frozenset[str] = frozenset()
