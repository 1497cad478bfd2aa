"""The graph in Mermaid's flowchart language, within the limits GitHub sets.

Labels are quoted, and every sign that could mean something is written as its number: Mermaid 11
knows no other escape (mermaid-js/mermaid, docs/syntax/flowchart.md, "Entity codes").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.picture import CREATED, CREATES, DEPLOYS, MISSING, UNKNOWN
from kslint.picture.sketch import clusters, first, inner_edges, sketch, troubled
from kslint.report.frames import printable
from kslint.report.graph.marks import box
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.findings import Finding
    from kslint.picture import GraphPicture, PictureNode

MOST_TEXT, MOST_EDGES = 50_000, 500
"""Over these Mermaid draws nothing (maxTextSize and maxEdges of its schema, v11)."""
_ARROW = "-> "
"""Ends every edge; in labels the sign is escaped."""
_LONGEST = 64
_SIGN = re.compile(r"[^\w ./:,-]", re.ASCII)
_STYLES = {
    "error": "fill:#fde3e3,stroke:#c0262e,color:#1a2030",
    "warning": "fill:#fdeccb,stroke:#8a5a00,color:#1a2030",
    "note": "fill:#d6f1f7,stroke:#0b6579,color:#1a2030",
    MISSING: "fill:#fde3e3,stroke:#c0262e,color:#1a2030,stroke-dasharray:5 3",
    UNKNOWN: "stroke-dasharray:2 3",
    CREATED: "stroke-dasharray:5 3",
    "focus": "stroke-width:4px",
}


def render(picture: GraphPicture, findings: Sequence[Finding]) -> str:
    """The whole graph; of one over the limits what has findings, as much of it as may be drawn."""
    drawn = sketch(picture)
    for part in _parts(drawn):
        text = _text(part, findings, len(drawn.nodes) - len(part.nodes))
        if len(text) <= MOST_TEXT and text.count(_ARROW) <= MOST_EDGES:
            break
    return text


def _parts(picture: GraphPicture) -> Iterator[GraphPicture]:
    """The graph, and less and less of it."""
    yield picture
    yield troubled(picture, True)
    part = troubled(picture, False)
    yield part
    while part.nodes:
        part = first(part, len(part.nodes) // 2)
        yield part


def _text(picture: GraphPicture, findings: Sequence[Finding], left_out: int) -> str:
    ids = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = ["flowchart LR", "  accTitle: Resource graph drawn by kslint"]
    for number, cluster in enumerate(clusters(picture)):
        lines.append(f'  subgraph s{number}["{_escaped(cluster.title)}"]')
        lines += [f"    {ids[node.id]}{_box(node, picture, findings)}" for node in cluster.nodes]
        lines.append("  end")
        lines += [f"  {ids[node.id]} -.-> s{number}" for node in cluster.deployers]
    for edge in inner_edges(picture):
        told = "" if edge.role in (DEPLOYS, CREATES) else _escaped(edge.role).strip()
        arrow = f'-- "{told}" -->' if told else "-->"
        arrow = "-.->" if edge.role == CREATES else arrow
        lines.append(f"  {ids[edge.source]} {arrow} {ids[edge.target]}")
    if left_out:
        told = f"{count(left_out, 'object')} not drawn, a part of those without findings"
        lines.append(f'  more["{told}: kslint graph --focus draws what is around one object"]')
    lines += [f"  classDef {name} {style}" for name, style in _STYLES.items()]
    return "\n".join(lines) + "\n"


def _box(node: PictureNode, picture: GraphPicture, findings: Sequence[Finding]) -> str:
    label = "<br/>".join(_escaped(line) for line in box(node, findings))
    name = node.severity or (node.state if node.state in _STYLES else "")
    focus = ":::focus" if node.id in picture.focus else ""
    return f'["{label}"]' + (f":::{name}" if name else "") + focus


def _escaped(text: str) -> str:
    text = printable(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return _SIGN.sub(_coded, text)


def _coded(match: re.Match[str]) -> str:
    """Signs by their number; letters of any script, and our own marks, as they are."""
    sign = match[0]
    return f"#{ord(sign)};" if ord(sign) < 0x80 else sign
