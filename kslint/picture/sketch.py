"""Which part of a picture is worth its ink, and how a drawing groups it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.picture import CREATED, CREATES, DEPLOYS, INPUT, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.picture import GraphPicture, PictureEdge, PictureNode

_SHOWN = ("Application", "Deployment", "LeaderWorkerSet", "StatefulSet")
"""What is created is drawn if it is of these kinds, or something names it."""


class Cluster(NamedTuple):
    """The nodes of a namespace. `deployers` are the Applications elsewhere that deploy them.

    None for what is cluster-wide: it comes from everywhere.
    """

    namespace: str
    nodes: list[PictureNode]
    deployers: list[PictureNode]

    @property
    def title(self) -> str:
        return f"namespace {self.namespace}" if self.namespace else "cluster-wide or unknown"


def plain_edges(picture: GraphPicture) -> list[PictureEdge]:
    """The edges worth drawing: an AppProject that is there says nothing of any Application."""
    states = {node.id: node.state for node in picture.nodes}
    return [
        edge
        for edge in picture.edges
        if edge.source in states
        and edge.target in states
        and edge.source != edge.target
        and (edge.role != "project" or states[edge.target] != INPUT)
    ]


def sketch(picture: GraphPicture) -> GraphPicture:
    """The picture less what would only fill a drawing: Services and routes that KServe makes."""
    edges = plain_edges(picture)
    named = {edge.target for edge in edges if edge.role != CREATES} | picture.focus
    kept = {
        node.id
        for node in picture.nodes
        if node.state != CREATED or node.kind in _SHOWN or node.id in named
    }
    return _part(picture._replace(edges=tuple(edges)), kept)


def troubled(picture: GraphPicture, neighbours: bool) -> GraphPicture:
    """What has findings or is missing, with or without what is next to it."""
    kept = {node.id for node in picture.nodes if node.severity or node.state == MISSING}
    if neighbours:
        near = [(edge.source, edge.target) for edge in picture.edges]
        kept |= {b for pair in near for a, b in (pair, pair[::-1]) if a in kept}
    return _part(picture, kept)


def first(picture: GraphPicture, amount: int) -> GraphPicture:
    """No more than some nodes."""
    return _part(picture, {node.id for node in picture.nodes[:amount]})


def clusters(picture: GraphPicture) -> list[Cluster]:
    """Nodes by namespace, those with Applications first."""
    found: dict[str, list[PictureNode]] = {}
    for node in picture.nodes:
        found.setdefault(node.namespace, []).append(node)
    across: dict[str, set[str]] = {}
    spaces = {node.id: node.namespace for node in picture.nodes}
    for edge in picture.edges:
        space = spaces[edge.target]
        if edge.role == DEPLOYS and space not in ("", spaces[edge.source]):
            across.setdefault(space, set()).add(edge.source)
    order = sorted(found, key=lambda space: (not _deploys(found[space]), space == "", space))
    return [
        Cluster(space, found[space], [n for n in picture.nodes if n.id in across.get(space, ())])
        for space in order
    ]


def inner_edges(picture: GraphPicture) -> list[PictureEdge]:
    """The edges less those that `Cluster.deployers` stands for."""
    spaces = {node.id: node.namespace for node in picture.nodes}
    return [
        edge
        for edge in picture.edges
        if edge.role != DEPLOYS or spaces[edge.source] == spaces[edge.target]
    ]


def _deploys(nodes: Iterable[PictureNode]) -> bool:
    return any(node.kind == "Application" for node in nodes)


def _part(picture: GraphPicture, kept: set[str]) -> GraphPicture:
    return picture._replace(
        nodes=tuple(node for node in picture.nodes if node.id in kept),
        edges=tuple(e for e in picture.edges if e.source in kept and e.target in kept),
    )
