"""The graph as JSON: a versioned contract that only grows. `json.schema.json` states it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.report.json import place, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.findings import Finding
    from kslint.picture import GraphPicture, PictureNode

VERSION = 1


def render(picture: GraphPicture, findings: Sequence[Finding]) -> str:
    """All nodes and edges, ending in a line break."""
    return text_of(
        {
            "version": VERSION,
            "nodes": [_node(node, picture, findings) for node in picture.nodes],
            "edges": [
                {"from": e.source, "to": e.target, "role": e.role, "via": e.via or None}
                for e in picture.edges
            ],
            "findings": [_finding(findings[index]) for index in picture.loose],
        }
    )


def _node(node: PictureNode, picture: GraphPicture, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "id": node.id,
        "apiVersion": node.api_version or None,
        "kind": node.kind,
        "namespace": node.namespace,
        "name": node.name,
        "state": node.state,
        "note": node.note,
        "focus": node.id in picture.focus,
        "place": place(node.place) if node.place else None,
        "severity": node.severity or None,
        "findings": [_finding(findings[index]) for index in node.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """What finds it again in the report of `check`."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        **place(finding.span),
        "message": finding.message,
        "suppressed": finding.suppressed is not None,
    }
