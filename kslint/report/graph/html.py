"""The graph as one page: the drawing, and every object in words with what it leads to.

It loads nothing. Without its script it still holds all there is.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from kslint.findings import SEVERITIES
from kslint.picture import CREATED, MISSING
from kslint.picture.sketch import clusters, plain_edges
from kslint.report.facts import active, counted, one_line
from kslint.report.frames import printable
from kslint.report.graph.marks import STATES, counting, inventory
from kslint.report.graph.svg import drawing, legend
from kslint.report.pages import code
from kslint.report.template import page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.findings import Finding
    from kslint.picture import GraphPicture, PictureEdge, PictureNode


def render(picture: GraphPicture, findings: Sequence[Finding]) -> str:
    """The page. `#object-N` leads to an object, counted from 1 in the picture's order."""
    words = _Words(picture, findings)
    links = {node.id: f"#{name}" for node, name in zip(picture.nodes, words.names, strict=True)}
    shown = [findings[i] for i in sorted({i for node in picture.nodes for i in node.findings})]
    return page(
        "graph.html",
        ("colours.css", "graph.css", "style.css", "graph_page.css"),
        ("graph.js", "graph_page.js"),
        title="kslint graph",
        headline=_text(counted(active(shown))),
        facts=inventory(picture.nodes),
        graph=drawing(picture, links),
        legend=legend(picture),
        objects="\n".join(words.sections()) or '<p class="empty">No object.</p>',
        loose=words.loose(),
    )


class _Words:
    """Every node in words. `names` are the ids that the page gives them."""

    def __init__(self, picture: GraphPicture, findings: Sequence[Finding]) -> None:
        self._picture = picture
        self._findings = findings
        self.names = [f"object-{number}" for number, _ in enumerate(picture.nodes, 1)]
        self._named = dict(zip((node.id for node in picture.nodes), self.names, strict=True))
        self._nodes = {node.id: node for node in picture.nodes}
        self._out: dict[str, list[PictureEdge]] = {}
        self._in: dict[str, list[PictureEdge]] = {}
        for edge in plain_edges(picture):
            self._out.setdefault(edge.source, []).append(edge)
            self._in.setdefault(edge.target, []).append(edge)

    def sections(self) -> Iterator[str]:
        for cluster in clusters(self._picture):
            yield f'<section class="space"><h2>{_text(cluster.title)}</h2>'
            yield from (self._article(node) for node in sorted(cluster.nodes, key=_urgency))
            yield "</section>"

    def loose(self) -> str:
        """The findings of no object."""
        found = active(self._findings[index] for index in self._picture.loose)
        if not found:
            return ""
        return (
            f'<section class="space"><h2>Findings outside any object</h2>{_list(found)}</section>'
        )

    def _article(self, node: PictureNode) -> str:
        found = counting(node, self._findings)
        told = [STATES[node.state]] if node.state in STATES else []
        told += [node.note] if node.note else []
        told += [f"{node.place.file}:{node.place.line}"] if node.place else []
        facts = f'<p class="told">{_text(" · ".join(told))}</p>' if told else ""
        sign = '<span class="sign" aria-hidden="true"></span> ' if node.severity else ""
        own = self._links("Leads to", [(e.target, e) for e in self._out.get(node.id, [])])
        back = self._links("Reached from", [(e.source, e) for e in self._in.get(node.id, [])])
        return (
            f'<article class="object {_text(node.severity)} {node.state}" '
            f'id="{self._named[node.id]}" data-id="{_text(node.id)}" tabindex="-1">'
            f'<h3>{sign}<span class="of">{_text(node.kind)}</span> '
            f"{_text(node.name or '(no name)')}</h3>{facts}{_list(found)}{own}{back}</article>"
        )

    def _links(self, title: str, ends: Sequence[tuple[str, PictureEdge]]) -> str:
        if not ends:
            return ""
        items = []
        for end, edge in ends:
            node = self._nodes[end]
            via = f" {edge.via} from" if edge.via else ""
            items.append(
                f'<li><span class="role">{_text(edge.role + via)}</span> '
                f'<a href="#{self._named[end]}">{_text(node.label)}</a></li>'
            )
        return f"<h4>{title}</h4><ul>{''.join(items)}</ul>"


def _urgency(node: PictureNode) -> tuple[int, bool]:
    """Trouble first, and last what nobody wrote."""
    if node.severity:
        return SEVERITIES.index(node.severity), False
    return len(SEVERITIES) + (node.state != MISSING), node.state == CREATED


def _list(found: Sequence[Finding]) -> str:
    if not found:
        return ""
    items = "".join(
        f'<li class="{f.severity}"><span class="sign" aria-hidden="true"></span> '
        f'<span class="severity">{f.severity}</span> <span class="id">{_text(f.rule)}</span> '
        f"{code(printable(one_line(f.message)))} "
        f'<span class="place">{_text(str(f.span))}</span></li>'
        for f in found
    )
    return f'<ul class="found">{items}</ul>'


def _text(text: str) -> str:
    return escape(printable(text))
