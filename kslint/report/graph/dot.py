"""The graph in the DOT language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.picture import CREATED, CREATES, DEPLOYS, MISSING, UNKNOWN
from kslint.picture.sketch import clusters, inner_edges, sketch
from kslint.report.frames import printable
from kslint.report.graph.marks import box, counting, rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.findings import Finding
    from kslint.picture import GraphPicture, PictureNode

_HEAD = """\
digraph kslint {
  graph [rankdir=LR, compound=true, ranksep=1.2, nodesep=0.12, fontname="Helvetica,sans-serif"];
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica,sans-serif", \
fontsize=11, height=0.3, margin="0.12,0.05"];
  edge [fontname="Helvetica,sans-serif", fontsize=9, color="#586074", fontcolor="#586074", \
arrowsize=0.7];
"""
_COLOURS = {
    "error": ("#fde3e3", "#c0262e"),
    "warning": ("#fdeccb", "#8a5a00"),
    "note": ("#d6f1f7", "#0b6579"),
    MISSING: ("#fde3e3", "#c0262e"),
}


def render(picture: GraphPicture, findings: Sequence[Finding]) -> str:
    """A digraph with a cluster for each namespace."""
    picture = sketch(picture)
    ids = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = []
    for number, cluster in enumerate(clusters(picture)):
        lines.append(f"  subgraph cluster_{number} {{")
        title = _quoted(cluster.title)
        lines.append(f'    label={title}; labeljust=l; style=rounded; color="#a0a9bc";')
        lines += [
            f"    {ids[node.id]} [{_box(node, picture, findings)}];" for node in cluster.nodes
        ]
        lines.append("  }")
        # an edge to a cluster leads to one of its nodes, and is cut at the border
        lines += [
            f"  {ids[node.id]} -> {ids[cluster.nodes[0].id]} "
            f"[lhead=cluster_{number}, style=dashed, minlen=2];"
            for node in cluster.deployers
        ]
    for edge in inner_edges(picture):
        label = "" if edge.role in (DEPLOYS, CREATES) else f"label={_quoted(edge.role)}"
        style = "style=dotted" if edge.role == CREATES else label
        lines.append(f"  {ids[edge.source]} -> {ids[edge.target]} [{style}];")
    return _HEAD + "\n".join(lines) + "\n}\n"


def _box(node: PictureNode, picture: GraphPicture, findings: Sequence[Finding]) -> str:
    told = " ".join([node.label, *rules(counting(node, findings))])
    fields = [f"label={_quoted(*box(node, findings))}", f"tooltip={_quoted(told)}"]
    if node.severity or node.state == MISSING:
        fill, line = _COLOURS[node.severity or node.state]
        fields.append(f'fillcolor="{fill}", color="{line}"')
    if node.state in (CREATED, UNKNOWN, MISSING):
        fields.append('style="rounded,filled,dashed"')
    if node.id in picture.focus:
        fields.append("penwidth=3")
    return ", ".join(fields)


def _quoted(*lines: str) -> str:
    """A string of one or more lines. Graphviz reads backslashes and HTML entities in it."""
    shown = [printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(line.replace("&", "&amp;") for line in shown) + '"'
