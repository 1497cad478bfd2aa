"""The resource graph as SVG: a lane for each namespace, in it a column for each layer of kinds.

References lead from left to right as far as they can. Positions are in pixels at zoom 1.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import SEVERITIES
from kslint.picture import CREATES, DEPLOYS, INPUT
from kslint.picture.sketch import sketch
from kslint.report.graph.marks import SIGNS, STATES
from kslint.report.text import count, printable
from kslint.report.yaml import key_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.picture import GraphPicture, PictureNode

WIDTH, HEIGHT = 196, 26
"""Size of a node."""
_ROW, _COLUMN = 34, WIDTH + 76
_TITLE, _PAD, _GAP = 34, 14, 14
_MAX_ROWS = 14
_CHARACTERS = 24
_STACKS, _SHAPE = 5, 2.2
"""At most so many lanes side by side; the width of the whole over its height to aim for."""


class Lane(NamedTuple):
    """A namespace as a box. Captions and places are measured from its upper left corner."""

    namespace: str
    width: int
    height: int
    captions: list[tuple[str, int, int]]
    places: list[tuple[PictureNode, int, int]]


class Box(NamedTuple):
    """Where a lane is put. Lanes of one stack stand below each other and share a width."""

    lane: Lane
    stack: int
    left: int
    top: int
    width: int


class Layout(NamedTuple):
    """Where everything stands."""

    width: int
    height: int
    boxes: list[Box]


def layout(picture: GraphPicture) -> Layout:
    """Places for all nodes; the same picture gives the same places."""
    layers = _layers(picture)
    sources: dict[str, list[str]] = {}
    for edge in picture.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    by_namespace: dict[str, list[PictureNode]] = {}
    for node in picture.nodes:
        by_namespace.setdefault(node.namespace, []).append(node)
    lanes = [
        _lane(namespace, by_namespace[namespace], layers, sources)
        for namespace in sorted(by_namespace, key=lambda name: (_worst(by_namespace[name]), name))
    ]
    plans = [_stacked(lanes, amount) for amount in range(1, min(_STACKS, max(len(lanes), 1)) + 1)]
    return min(plans, key=lambda plan: max(plan.width / _SHAPE, plan.height))


def _stacked(lanes: list[Lane], amount: int) -> Layout:
    """Lanes in some stacks side by side, each lane on the lowest stack at its turn."""
    heights = [0] * amount
    widths = [0] * amount
    spots = []
    for lane in lanes:
        stack = heights.index(min(heights))
        spots.append((lane, stack, heights[stack]))
        heights[stack] += lane.height + _GAP
        widths[stack] = max(widths[stack], lane.width)
    lefts = [sum(widths[:stack]) + stack * _GAP for stack in range(amount)]
    boxes = [Box(lane, stack, lefts[stack], top, widths[stack]) for lane, stack, top in spots]
    return Layout(lefts[-1] + widths[-1], max(max(heights) - _GAP, 0), boxes)


def render(picture: GraphPicture) -> str:
    """The drawing as one `<svg>` without styles: classes say what is what."""
    picture = sketch(picture)
    plan = layout(picture)
    position = {
        node.id: (box.left + x, box.top + y) for box in plan.boxes for node, x, y in box.lane.places
    }
    head = (
        f'<svg id="graph" viewBox="0 0 {plan.width} {plan.height}" role="group" tabindex="0" '
        f'aria-label="Resource graph: {count(len(picture.nodes), "resource")}, '
        f'{count(len(picture.edges), "reference")}" preserveAspectRatio="xMidYMin meet">'
    )
    parts = [head, *(_band(box, index) for index, box in enumerate(plan.boxes))]
    parts.append('<g class="edges">')
    names = {node.id: f"{node.kind} {node.name}" for node in picture.nodes}
    spaces = {node.id: node.namespace for node in picture.nodes}
    for edge in picture.edges:
        told = f"{names[edge.source]} → {names[edge.target]}: {edge.role}"
        far = " far" * (spaces[edge.source] != spaces[edge.target])
        kind = f" {edge.role}" * (edge.role in (DEPLOYS, CREATES))
        parts.append(
            f'<path class="edge{far}{kind}" data-from="{_text(edge.source)}" '
            f'data-to="{_text(edge.target)}" '
            f'd="{curve(*position[edge.source], *position[edge.target])}">'
            f"<title>{_text(told)}</title></path>"
        )
    parts.append("</g>")
    for index, box in enumerate(plan.boxes):
        parts.append(f'<g class="nodes" data-lane="{index}">')
        parts += [_node(node, *position[node.id], index) for node, _, _ in box.lane.places]
        parts.append("</g>")
    parts.append("</svg>")
    return "\n".join(parts)


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


def _layers(picture: GraphPicture) -> dict[str, int]:
    """The layer of each kind: one right of every kind that refers to it, cycles apart.

    Kinds without any reference come last.
    """
    kinds = {node.id: node.kind for node in picture.nodes}
    targets: dict[str, set[str]] = {}
    for edge in picture.edges:
        if edge.source in kinds and edge.target in kinds:
            pair = kinds[edge.source], kinds[edge.target]
            if pair[0] != pair[1]:
                targets.setdefault(pair[0], set()).add(pair[1])
    layers: dict[str, int] = {}
    linked = set(targets).union(*targets.values())
    for kind in _topological(sorted(linked), targets):
        layers.setdefault(kind, 0)
        for target in targets.get(kind, ()):
            layers[target] = max(layers.get(target, 0), layers[kind] + 1)
    last = max(layers.values(), default=-1) + 1
    return {kind: layers.get(kind, last) for kind in kinds.values()}


def _topological(kinds: Sequence[str], targets: dict[str, set[str]]) -> list[str]:
    """Kinds, each before its targets. A reference that closes a circle is taken out."""
    order: list[str] = []
    state: dict[str, bool] = {}

    def visit(kind: str) -> None:
        state[kind] = True
        for target in sorted(targets.get(kind, ())):
            if state.get(target):
                targets[kind].discard(target)
            elif target not in state:
                visit(target)
        state[kind] = False
        order.append(kind)

    for kind in kinds:
        if kind not in state:
            visit(kind)
    return order[::-1]


def _worst(nodes: list[PictureNode]) -> int:
    return min(
        SEVERITIES.index(n.severity) if n.severity in SEVERITIES else len(SEVERITIES) for n in nodes
    )


def _lane(
    namespace: str,
    nodes: list[PictureNode],
    layers: dict[str, int],
    sources: dict[str, list[str]],
) -> Lane:
    groups: dict[tuple[int, str], list[PictureNode]] = {}
    for node in nodes:
        groups.setdefault((layers[node.kind], node.kind), []).append(node)
    captions: list[tuple[str, int, int]] = []
    places: list[tuple[PictureNode, int, int]] = []
    rows: dict[str, int] = {}
    most = max(_MAX_ROWS, round(len(nodes) ** 0.5 * 1.5))
    column, row, layer, deepest = -1, 0, -1, 0
    for (its_layer, kind), own in sorted(groups.items()):
        own.sort(key=lambda node: (_middle(sources.get(node.id, ()), rows), key_order(node.name)))
        parts = -(-len(own) // most)
        each = -(-len(own) // parts)
        for index, node in enumerate(own):
            fits = its_layer == layer and row + each < most + 2
            if not fits if index == 0 else index % each == 0:
                column, row, layer = column + 1, 0, its_layer
            x = _PAD + column * _COLUMN
            if index == 0 or row == 0:
                caption = f"{kind} {len(own)}" if index == 0 else f"{kind} (more)"
                captions.append((caption, x, _TITLE + row * _ROW))
                row += 1
            places.append((node, x, _TITLE + row * _ROW))
            rows[node.id] = row
            row += 1
            deepest = max(deepest, row)
    width = 2 * _PAD + column * _COLUMN + WIDTH
    return Lane(namespace, width, _TITLE + deepest * _ROW + _PAD, captions, places)


def _middle(sources: Sequence[str], rows: dict[str, int]) -> float:
    """The mean row of those nodes that are placed; after all others if there is none."""
    known = [rows[source] for source in sources if source in rows]
    return sum(known) / len(known) if known else float("inf")


def _band(box: Box, index: int) -> str:
    lane, left, top = box.lane, box.left, box.top
    amount = sum(len(node.findings) for node, _, _ in lane.places)
    told = count(len(lane.places), "resource") + (f", {count(amount, 'finding')}" if amount else "")
    name = printable(lane.namespace) or "cluster-wide or unknown"
    captions = "".join(
        f'<text class="kind" x="{left + x}" y="{top + y + HEIGHT - 6}">'
        f"{_text(_short(caption))}</text>"
        for caption, x, y in lane.captions
    )
    return (
        f'<g class="lane" data-lane="{index}" data-stack="{box.stack}" data-left="{left}" '
        f'data-top="{top}" data-height="{lane.height}" data-findings="{amount}">'
        f'<rect class="band" x="{left}" y="{top}" width="{box.width}" height="{lane.height}" '
        f'rx="8"/><g class="fold" role="button" tabindex="0" aria-expanded="true" '
        f'aria-label="Namespace {_text(name)}: {told}">'
        f'<rect class="grip" x="{left}" y="{top}" width="{box.width}" height="{_TITLE - 4}" '
        f'rx="8"/><path class="arrow" d="M{left + _PAD} {top + 13}l4.5 6.5l4.5-6.5z"/>'
        f'<text class="namespace" x="{left + _PAD + 18}" y="{top + 21}">{_text(name)}'
        f'<tspan class="told" dx="10">{told}</tspan></text></g>'
        f'<g class="captions">{captions}</g></g>'
    )


def _node(node: PictureNode, x: int, y: int, lane: int) -> str:
    amount = len(node.findings)
    title = node.label
    if node.state in STATES:
        title += f", {STATES[node.state]}"
    if node.note:
        title += f" ({node.note})"
    if amount:
        told = f"worst {node.severity}" if node.severity else "suppressed"
        title += f": {count(amount, 'finding')}, {told}"
    inner = "".join(_shape(node, x, y))
    box = f'data-node="{_text(node.id)}" data-x="{x}" data-y="{y}" data-lane="{lane}"'
    state = f" {node.state}" * (node.state != INPUT)
    if not amount:
        return f'<g class="node{state}" {box}><title>{_text(title)}</title>{inner}</g>'
    numbers = " ".join(str(index + 1) for index in node.findings)
    tone = _text(node.severity or "suppressed")
    return (
        f'<a class="node {tone}" href="#finding-{node.findings[0] + 1}" {box} '
        f'data-findings="{numbers}" aria-label="{_text(title)}">'
        f"<title>{_text(title)}</title>{inner}</a>"
    )


def _shape(node: PictureNode, x: int, y: int) -> Iterator[str]:
    yield f'<rect class="box" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    room = _CHARACTERS if node.findings else _CHARACTERS + 3
    yield f'<text x="{x + 10}" y="{y + 17}">{_text(_short(node.name or "(no name)", room))}</text>'
    if node.findings:
        amount = len(node.findings)
        sign = SIGNS.get(node.severity, "-") if amount == 1 else str(amount)
        yield f'<circle class="badge" cx="{x + WIDTH - 14}" cy="{y + 13}" r="9"/>'
        yield (
            f'<text class="amount" x="{x + WIDTH - 14}" y="{y + 17}" text-anchor="middle">'
            f"{sign}</text>"
        )


def _short(text: str, room: int = _CHARACTERS + 4) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _text(text: str) -> str:
    return escape(printable(text))
