"""Where a drawing puts its nodes: in a lane for each namespace a column for each layer of kinds.

References lead from left to right as far as they can. Positions are in pixels at zoom 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import SEVERITIES
from kslint.report.yaml import key_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.picture import GraphPicture, PictureNode

WIDTH, HEIGHT = 196, 26
"""Size of a node."""
TITLE, PAD = 34, 14
"""Height of a lane's title, and the space around what is in it."""
_ROW, _COLUMN, _GAP = 34, WIDTH + 76, 14
_MAX_ROWS = 14
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
    most = max(_MAX_ROWS, round(len(nodes) ** 0.5 * 2.6))
    column, row, layer, deepest = -1, 0, -1, 0
    for (its_layer, kind), own in sorted(groups.items()):
        own.sort(key=lambda node: (_middle(sources.get(node.id, ()), rows), key_order(node.name)))
        parts = -(-len(own) // most)
        each = -(-len(own) // parts)
        for index, node in enumerate(own):
            fits = its_layer == layer and row + each < most + 2
            if not fits if index == 0 else index % each == 0:
                column, row, layer = column + 1, 0, its_layer
            x = PAD + column * _COLUMN
            if index == 0 or row == 0:
                caption = f"{kind} {len(own)}" if index == 0 else f"{kind} (more)"
                captions.append((caption, x, TITLE + row * _ROW))
                row += 1
            places.append((node, x, TITLE + row * _ROW))
            rows[node.id] = row
            row += 1
            deepest = max(deepest, row)
    width = 2 * PAD + column * _COLUMN + WIDTH
    return Lane(namespace, width, TITLE + deepest * _ROW + PAD, captions, places)


def _middle(sources: Sequence[str], rows: dict[str, int]) -> float:
    """The mean row of those nodes that are placed; after all others if there is none."""
    known = [rows[source] for source in sources if source in rows]
    return sum(known) / len(known) if known else float("inf")
