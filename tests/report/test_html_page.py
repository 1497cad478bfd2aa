"""The page without a browser: it loads nothing, its colours can be read, its graph is tidy."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from typing import TYPE_CHECKING

import pytest
from report_run import CLEAN, FINDINGS, PICTURE, RESULT, RULES, SOURCES

from kslint.picture import GraphPicture, PictureEdge, PictureNode
from kslint.report import frames, html, pages
from kslint.report.graph import layout, svg
from kslint.source.files import Source
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = html.render(RESULT, RULES, SOURCES, PICTURE)


def test_the_policy_names_what_is_there() -> None:
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in PAGE
    assert "default-src 'none'" in PAGE
    assert " style=" not in PAGE
    assert not re.search(r"<[^>]* on\w+=", PAGE)


def test_the_page_loads_nothing() -> None:
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|<link(?! rel=.icon)|<img|<iframe", PAGE)


def test_ids_are_unique_and_links_lead_to_them() -> None:
    ids = re.findall(r' id="([^"]+)"', PAGE)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', PAGE)) <= set(ids)
    labels = re.findall(r'aria-labelledby="([^"]+)"', PAGE)
    assert set(labels) <= set(ids)


def test_a_clean_page() -> None:
    page = html.render(CLEAN, RULES, {})
    assert "Nothing found." in page
    assert "Rules in this report" not in page
    assert "Incomplete" not in page


def test_many_findings_start_closed() -> None:
    many = RESULT._replace(findings=FINDINGS * 10)
    assert "<details open><summary><span" not in html.render(many, RULES, SOURCES)
    assert "<details open><summary><span" in PAGE


# ---- colours


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_stands_out(theme: int) -> None:
    """WCAG 2.2 AA asks 4.5 to 1 for text."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", PAGE)
    colours = {name: pair[theme] for name, *pair in found}
    tones = ("error", "warning", "note", "suppressed", "related")
    grounds = ("ground", "panel", "sunken")
    pairs = [*itertools.product(("text", "soft", "accent", "help", *tones), grounds)]
    pairs += [("text", f"{tone}-tint") for tone in tones]
    pairs += [("on-badge", tone) for tone in tones]
    pairs += [("panel", "accent")]
    for one, other in pairs:
        assert _contrast(colours[one], colours[other]) >= 4.5, (one, other)


# ---- frames


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span("f", 2, 3, 2, 4), [(1, "a: 1", "", ""), (2, "b:", " ", "2")]),
        (Span("f", 2, 1, 4, 1), [(1, "a: 1", "", ""), (2, "", "b: 2", "")]),
        (Span("f", 1, 9, 1, 9), [(1, "a: 1", " ", ""), (2, "b: 2", "", "")]),
        (Span("f", 3, 1, 3, 1), []),
        (Span("f", 99, 1, 99, 1), []),
        (Span("g", 1, 1, 1, 1), []),
    ],
)
def test_frames(span: Span, expected: list[tuple[int, str, str, str]]) -> None:
    source = Source("f", b"a: 1\nb: 2\n\n\x1b: 4\n")
    assert [tuple(line) for line in frames.frame(span, {"f": source}, 1, 1)] == expected


def test_frames_of_long_lines_are_cut() -> None:
    source = Source("f", b"x" * 5000 + b"HERE" + b"y" * 5000)
    (line,) = frames.frame(Span("f", 1, 5001, 1, 5005), {"f": source})
    assert line.marked == "HERE"
    assert len(line.before + line.after) < 2 * frames.MAX_WIDTH
    assert (line.before[0], line.after[-1]) == ("…", "…")


# ---- pages

TABLE = (
    '<table><thead><tr><th scope="col">a</th></tr></thead>'
    "<tbody><tr><td>b</td></tr></tbody></table>"
)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("## A `b`\ntext\non\n\nmore", "<h2>A <code>b</code></h2>\n<p>text on</p>\n<p>more</p>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("```yaml\n# a\n\n- b\n```\nc", "<pre><code># a\n\n- b</code></pre>\n<p>c</p>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("[x](javascript:a)", "<p>[x](javascript:a)</p>"),
        ("2 * 3 * 4 and ``a`b``", "<p>2 * 3 * 4 and <code>a`b</code></p>"),
        ("| a |\n|---|\n| b |", TABLE),
        ("| no table", "<p>| no table</p>"),
    ],
)  # fmt: skip
def test_rule_pages(page: str, expected: str) -> None:
    assert pages.render(page) == expected


# ---- the graph


def big(namespaces: int = 6, each: int = 50) -> GraphPicture:
    """Some 300 resources of ten kinds, with references in circles too."""

    def nodes() -> Iterator[PictureNode]:
        for space, number in itertools.product(range(namespaces), range(each)):
            name = f"{space}-{number}"
            yield PictureNode(name, f"Kind{number % 10}", f"space-{space}", name)

    edges = [
        PictureEdge(f"{s}-{n}", f"{(s + n) % namespaces}-{(n * 7 + 1) % each}", "uses")
        for s, n in itertools.product(range(namespaces), range(each))
    ]
    return GraphPicture(tuple(nodes()), tuple(edges))


@pytest.mark.parametrize("graph", [PICTURE, big(), big(1, 300), big(40, 3)])
def test_nodes_do_not_overlap(graph: GraphPicture) -> None:
    plan = layout.layout(graph)
    seen: list[tuple[int, int]] = []
    for box in plan.boxes:
        for _, x, y in box.lane.places:
            seen.append((box.left + x, box.top + y))
            assert x + layout.WIDTH <= box.width
            assert y + layout.HEIGHT <= box.lane.height
        assert box.left + box.width <= plan.width
        assert box.top + box.lane.height <= plan.height
        rows = {(x, y) for _, x, y in (*box.lane.captions, *box.lane.places)}
        assert len(rows) == len(box.lane.captions) + len(box.lane.places)
    assert len(seen) == len(graph.nodes)
    for (x, y), (other_x, other_y) in itertools.combinations(seen, 2):
        assert abs(x - other_x) >= layout.WIDTH or abs(y - other_y) >= layout.HEIGHT


def test_references_lead_right() -> None:
    plan = layout.layout(PICTURE)
    left = {node.id: x for box in plan.boxes for node, x, _ in box.lane.places}
    assert left["0"] < left["1"]
    assert left["2"] < left["1"]


def test_an_empty_graph_is_no_graph() -> None:
    assert '<svg id="graph"' not in html.render(RESULT, RULES, SOURCES, GraphPicture((), ()))


def test_a_node_with_nothing_but_suppressed_findings() -> None:
    node = PICTURE.nodes[0]._replace(severity="", findings=(4,))
    drawing = svg.drawing(PICTURE._replace(nodes=(node,)), {node.id: "#finding-5"})
    assert 'class="node suppressed"' in drawing
    assert 'href="#finding-5"' in drawing
    assert "InferenceService models/qwen-cpu: 1 finding, suppressed" in drawing


def test_a_reference_to_nowhere_is_not_drawn() -> None:
    stray = PICTURE._replace(edges=(PictureEdge("0", "gone", "x"), PictureEdge("0", "0", "x")))
    assert '<path class="edge' not in svg.drawing(stray, {})
