"""A part of a picture: some objects, all they need, and all that needs or deploys them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from kslint.picture import INPUT
from kslint.source.globs import of_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.picture import GraphPicture, PictureNode

_SHORT = {
    "app": "application",
    "appset": "applicationset",
    "cm": "configmap",
    "csr": "clusterservingruntime",
    "deploy": "deployment",
    "hpa": "horizontalpodautoscaler",
    "isvc": "inferenceservice",
    "llmisvc": "llminferenceservice",
    "ns": "namespace",
    "pvc": "persistentvolumeclaim",
    "svc": "service",
}
"""What kubectl's users write for a kind."""


class NoSuchNodeError(Exception):
    """A focus that means no object; the message names some that are close."""


def focused(picture: GraphPicture, wanted: Iterable[str], depth: int | None) -> GraphPicture:
    """The picture around some nodes, at most `depth` references away; None is any distance.

    `wanted` are NAME, KIND/NAME, NAMESPACE/NAME or KIND/NAMESPACE/NAME, where `*` stands for
    any text; what is in the input comes before what is not. Raises NoSuchNodeError if one means
    no object.
    """
    chosen: set[str] = set()
    for pattern in wanted:
        found = [node for node in picture.nodes if _means(pattern, node)]
        if not found:
            raise NoSuchNodeError(f"no object is called `{pattern}`{_hint(pattern, picture)}")
        written = [node for node in found if node.state == INPUT]
        chosen.update(node.id for node in written or found)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(node.id for node in picture.nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in picture.edges)
    kept = set(chosen)
    for ways in (graph, graph.reverse(copy=False)):
        for layer, nodes in enumerate(nx.bfs_layers(ways, sorted(chosen))):
            if depth is not None and layer > depth:
                break
            kept.update(nodes)
    return picture._replace(
        nodes=tuple(node for node in picture.nodes if node.id in kept),
        edges=tuple(e for e in picture.edges if e.source in kept and e.target in kept),
        loose=(),
        focus=frozenset(chosen),
    )


def _means(pattern: str, node: PictureNode) -> bool:
    """Does a pattern mean a node? Kinds are compared without case, and may be short."""
    *before, name = pattern.split("/")
    if not of_name(name).matches(node.name) or len(before) > 2:
        return False
    if len(before) == 2:
        return _is_kind(node, before[0]) and of_name(before[1]).matches(node.namespace)
    return not before or _is_kind(node, before[0]) or of_name(before[0]).matches(node.namespace)


def _is_kind(node: PictureNode, text: str) -> bool:
    text = text.lower()
    return of_name(_SHORT.get(text, text)).matches(node.kind.lower())


def _hint(pattern: str, picture: GraphPicture) -> str:
    from difflib import get_close_matches

    labels = {node.name: node.label for node in picture.nodes}
    close = get_close_matches(pattern.rpartition("/")[2], labels, 3)
    return f"; there is {', '.join(labels[name] for name in close)}" if close else ""
