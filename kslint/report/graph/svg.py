"""The graph as SVG: to look at by itself, and the drawing inside pages."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from kslint.findings import SEVERITIES
from kslint.picture import CREATES, DEPLOYS, INPUT, MISSING, UNKNOWN
from kslint.picture.sketch import clusters, sketch
from kslint.report.frames import printable
from kslint.report.graph.layout import HEIGHT, PAD, TITLE, WIDTH, layout
from kslint.report.graph.marks import SIGNS, STATES
from kslint.report.template import part
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kslint.findings import Finding
    from kslint.picture import GraphPicture, PictureEdge, PictureNode
    from kslint.report.graph.layout import Box

_CHARACTERS = 24
_LETTER = 6.4
"""About how wide a letter of a lane's title is."""
_MARGIN = 12
_LEGEND = 420
"""How wide a legend may be where the drawing is narrower."""


def render(picture: GraphPicture, _findings: Sequence[Finding]) -> str:
    """A file that needs nothing else; its colours follow the reader's."""
    drawn = _Drawing(picture, {}, False)
    meanings, wide, high = _legend_below(picture, drawn.plan.width, drawn.plan.height)
    width, height = (size + 2 * _MARGIN for size in (wide, high))
    box = f"{-_MARGIN} {-_MARGIN} {width} {height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="{box}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{drawn.title}</title>\n<desc id="desc">{drawn.description}</desc>\n'
        f"<style>\n{_style()}</style>\n"
        f'<rect class="ground" x="{-_MARGIN}" y="{-_MARGIN}" width="{width}" height="{height}"/>\n'
        f"{drawn.body()}\n{meanings}</svg>\n"
    )


def _legend_below(picture: GraphPicture, width: int, height: int) -> tuple[str, int, int]:
    """The legend under a drawing of a size, and the size of both."""
    parts = []
    x, y = 0, height + _MARGIN
    for classes, text in _meanings(sketch(picture)):
        needed = 36 + int(len(text) * _LETTER) + 18
        if x and x + needed > max(width, _LEGEND):
            x, y = 0, y + 24
        parts.append(
            f'{_sample(classes, x, y)}<text class="told" x="{x + 36}" y="{y + 13}">'
            f"{_text(text)}</text>\n"
        )
        x += needed
    return "".join(parts), max(width, _LEGEND if parts else 0), y + 18 if parts else height


def drawing(picture: GraphPicture, links: Mapping[str, str]) -> str:
    """The `<svg>` of a page, without styles: classes say what is what, graph.js moves it.

    `links` are where the nodes lead to, by their ids.
    """
    drawn = _Drawing(picture, links, True)
    return (
        f'<svg id="graph" class="drawing" viewBox="0 0 {drawn.plan.width} {drawn.plan.height}" '
        f'role="group" tabindex="0" aria-label="{drawn.title}" '
        f'preserveAspectRatio="xMidYMin meet">\n{drawn.body()}\n</svg>'
    )


def legend(picture: GraphPicture) -> str:
    """What the boxes and lines of a drawing mean, of those that are in it, as a list for a page."""
    items = []
    for classes, text in _meanings(sketch(picture)):
        sample = (
            f'<svg class="drawing" width="30" height="18" viewBox="0 0 30 18" aria-hidden="true">'
            f"{_sample(classes, 1, 1)}</svg>"
        )
        items.append(f"<li>{sample} {_text(text)}</li>")
    return f'<ul class="legend" aria-label="Legend">{"".join(items)}</ul>' if items else ""


def _meanings(picture: GraphPicture) -> Iterator[tuple[str, str]]:
    """Classes of nodes and edges that a drawing has, each with what it means."""
    severities = {node.severity or "suppressed" for node in picture.nodes if node.findings}
    for severity in (*SEVERITIES, "suppressed"):
        if severity in severities:
            yield f"sample {severity}", severity
    states = {node.state for node in picture.nodes}
    for state, meaning in STATES.items():
        if state in states:
            yield f"sample {state}", meaning
    if picture.focus:
        yield "sample focus", "asked for"
    roles = {edge.role == CREATES for edge in picture.edges if edge.role != DEPLOYS}
    if False in roles:
        yield "edge sample", "refers to"
    if True in roles:
        yield "edge sample creates", "creates"


def _sample(classes: str, x: int, y: int) -> str:
    if classes.startswith("edge"):
        return f'<path class="{classes}" d="M{x} {y + 8}h28"/>'
    box = f'<rect class="box" x="{x}" y="{y}" width="28" height="16" rx="5"/>'
    return f'<g class="{classes}">{box}</g>'


def curve(x: int, y: int, to_x: int, to_y: int) -> str:
    """The path from one node to another, given their upper left corners (graph.js: `curve`)."""
    y, to_y = y + HEIGHT // 2, to_y + HEIGHT // 2
    if to_x >= x + WIDTH:
        start, end, bend, back = x + WIDTH, to_x, (to_x - x - WIDTH) // 2, -1
    elif to_x + WIDTH <= x:
        start, end, bend, back = x, to_x + WIDTH, -((x - to_x - WIDTH) // 2), -1
    else:  # above each other: out to the right and in again
        start, end, bend, back = x + WIDTH, to_x + WIDTH, 40, 1
    return f"M{start} {y}C{start + bend} {y} {end + back * bend} {to_y} {end} {to_y}"


class _Drawing:
    """One drawing. `live` ones are for pages: they carry what the script needs to move them."""

    def __init__(self, picture: GraphPicture, links: Mapping[str, str], live: bool) -> None:
        self._picture = sketch(picture)
        self._links = links
        self._live = live
        self.plan = layout(self._picture)
        self._places = {
            node.id: (box.left + x, box.top + y)
            for box in self.plan.boxes
            for node, x, y in box.lane.places
        }
        self._nodes = {node.id: node for node in self._picture.nodes}
        self._deployers = {one.namespace: one.deployers for one in clusters(self._picture)}

    @property
    def title(self) -> str:
        nodes, edges = self._picture.nodes, self._picture.edges
        return f"Resource graph: {count(len(nodes), 'object')}, {count(len(edges), 'reference')}"

    @property
    def description(self) -> str:
        """What is in each lane, for those who do not see them."""
        lanes = [f"{_lane_name(box)}: {_told(box)}" for box in self.plan.boxes]
        return _text("; ".join(lanes) or "No object.")

    def body(self) -> str:
        parts = [self._band(box, index) for index, box in enumerate(self.plan.boxes)]
        edges = [
            self._edge(edge)
            for edge in self._picture.edges
            if self._live or edge.role != DEPLOYS
        ]  # fmt: skip
        parts += ['<g class="edges">', *edges, "</g>"]
        for index, box in enumerate(self.plan.boxes):
            lane = f' data-lane="{index}"' * self._live
            nodes = [self._node(node, index) for node, _, _ in box.lane.places]
            parts += [f'<g class="nodes"{lane}>', *nodes, "</g>"]
        return "\n".join(parts)

    def _edge(self, edge: PictureEdge) -> str:
        source, target = self._nodes[edge.source], self._nodes[edge.target]
        told = f"{source.kind} {source.name} → {target.kind} {target.name}: {edge.role}"
        far = " far" * (source.namespace != target.namespace)
        kind = f" {edge.role}" * (edge.role in (DEPLOYS, CREATES))
        ends = f' data-from="{_text(source.id)}" data-to="{_text(target.id)}"' * self._live
        path = curve(*self._places[source.id], *self._places[target.id])
        return f'<path class="edge{far}{kind}"{ends} d="{path}"><title>{_text(told)}</title></path>'

    def _band(self, box: Box, index: int) -> str:
        lane, left, top = box.lane, box.left, box.top
        captions = "".join(
            f'<text class="kind" x="{left + x}" y="{top + y + HEIGHT - 6}">'
            f"{_text(_short(caption))}</text>"
            for caption, x, y in lane.captions
        )
        name, told = _lane_name(box), _told(box)
        shift = 18 if self._live else 0
        title = (
            f'<text class="namespace" x="{left + PAD + shift}" y="{top + 21}">{_text(name)}'
            f'<tspan class="told" dx="10">{_text(told + self._from(box, name, told))}</tspan>'
            "</text>"
        )
        data = ""
        if self._live:
            amount = sum(len(node.findings) for node, _, _ in lane.places)
            data = (
                f' data-lane="{index}" data-stack="{box.stack}" data-left="{left}" '
                f'data-top="{top}" data-height="{lane.height}" data-findings="{amount}"'
            )
            title = (
                '<g class="fold" role="button" tabindex="0" aria-expanded="true" '
                f'aria-label="Namespace {_text(name)}: {_text(told)}">'
                f'<rect class="grip" x="{left}" y="{top}" width="{box.width}" '
                f'height="{TITLE - 4}" rx="8"/>'
                f'<path class="arrow" d="M{left + PAD} {top + 13}l4.5 6.5l4.5-6.5z"/>{title}</g>'
            )
        return (
            f'<g class="lane"{data}><rect class="band" x="{left}" y="{top}" width="{box.width}" '
            f'height="{lane.height}" rx="8"/>{title}<g class="captions">{captions}</g></g>'
        )

    def _from(self, box: Box, name: str, told: str) -> str:
        """Which Application deploys a lane, where there is room to say it."""
        deployers = self._deployers[box.lane.namespace]
        if not deployers:
            return ""
        one = len(deployers) == 1
        by = deployers[0].name if one else count(len(deployers), "Application")
        text = f" · deployed by {by}"
        return text if len(name + told + text) * _LETTER < box.width - 60 else ""

    def _node(self, node: PictureNode, lane: int) -> str:
        x, y = self._places[node.id]
        title = _text(_title(node))
        findings = f" {node.severity or 'suppressed'}" if node.findings else ""
        state = f" {node.state}" * (node.state != INPUT)
        focus = " focus" * (node.id in self._picture.focus)
        start = f'class="{_text(f"node{findings}{state}{focus}")}"'
        if self._live:
            numbers = " ".join(str(index + 1) for index in node.findings)
            start += f' data-node="{_text(node.id)}" data-x="{x}" data-y="{y}" data-lane="{lane}"'
            start += f' data-findings="{numbers}"' * bool(numbers)
        link = self._links.get(node.id)
        tag = "a" if link else "g"
        if link:
            start += f' href="{_text(link)}" aria-label="{title}"'
        return f"<{tag} {start}><title>{title}</title>{''.join(_shape(node, x, y))}</{tag}>"


def _shape(node: PictureNode, x: int, y: int) -> Iterator[str]:
    amount = len(node.findings)
    sign = {MISSING: "✕", UNKNOWN: "?"}.get(node.state, "")
    if amount:
        sign = SIGNS.get(node.severity, "-") if amount == 1 else str(amount)
    room = _CHARACTERS if sign else _CHARACTERS + 3
    yield f'<rect class="box" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    yield f'<text x="{x + 10}" y="{y + 17}">{_text(_short(node.name or "(no name)", room))}</text>'
    if sign:
        yield f'<circle class="badge" cx="{x + WIDTH - 14}" cy="{y + 13}" r="9"/>'
        yield (
            f'<text class="amount" x="{x + WIDTH - 14}" y="{y + 17}" text-anchor="middle">'
            f"{sign}</text>"
        )


def _title(node: PictureNode) -> str:
    """All there is to say of a node, on one line."""
    title = node.label
    if node.state in STATES:
        title += f", {STATES[node.state]}"
    if node.note:
        title += f" ({node.note})"
    if node.findings:
        told = f"worst {node.severity}" if node.severity else "suppressed"
        title += f": {count(len(node.findings), 'finding')}, {told}"
    return title


def _lane_name(box: Box) -> str:
    return printable(box.lane.namespace) or "cluster-wide or unknown"


def _told(box: Box) -> str:
    """`3 objects, 1 finding`."""
    amount = sum(len(node.findings) for node, _, _ in box.lane.places)
    told = count(len(box.lane.places), "object")
    return told + (f", {count(amount, 'finding')}" if amount else "")


def _style() -> str:
    """The drawing's style, light and dark, in words that readers other than browsers know too."""
    colours = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", part("colours.css"))
    light = dark = ".ground { fill: var(--ground); }\n" + part("graph.css")
    for name, by_day, by_night in colours:
        light = light.replace(f"var(--{name})", by_day)
        dark = dark.replace(f"var(--{name})", by_night)
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _short(text: str, room: int = _CHARACTERS + 4) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _text(text: str) -> str:
    return escape(printable(text))
