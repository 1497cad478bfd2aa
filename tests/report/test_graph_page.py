"""SVG and HTML of `kslint graph`: complete in themselves, safe with any name, alive."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from chromium import Browser, binary
from graph_run import FINDINGS, PICTURE, big
from hypothesis import given, settings
from report_run import same_as_snapshot
from test_graph_formats import ANY, PLAIN, named

from kslint.picture import GraphPicture
from kslint.picture.sketch import sketch
from kslint.report.graph import html, layout, svg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
PAGE = html.render(PICTURE, FINDINGS)
EMPTY = GraphPicture((), ())


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode("utf-8").decode("utf-8"))  # noqa: S314


# ---- SVG


def test_snapshot() -> None:
    same_as_snapshot("graph.svg", svg.render(PICTURE, FINDINGS))


@pytest.mark.parametrize("graph", [PICTURE, big(), EMPTY])
def test_the_drawing_stands_alone(graph: GraphPicture) -> None:
    root = parsed(svg.render(graph, FINDINGS))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert set((root.get("aria-labelledby") or "").split()) == ids == {"title", "desc"}
    assert not list(root.iter(f"{SVG}a"))
    nodes = [e for e in root.iter(f"{SVG}g") if (e.get("class") or "").split()[:1] == ["node"]]
    assert len(nodes) == len(sketch(graph).nodes)
    style = root.findtext(f"{SVG}style") or ""
    assert not re.search(r"var\(|light-dark|url\(|@import", style)
    assert style.count("prefers-color-scheme: dark") == 1


@settings(max_examples=60, deadline=None)
@given(ANY, ANY, ANY, ANY)
def test_no_name_changes_the_drawing(kind: str, namespace: str, name: str, role: str) -> None:
    drawings = [
        parsed(svg.render(graph, FINDINGS))
        for graph in (named(kind, namespace, name, f"r{role}"), PLAIN)
    ]
    tags = [[(e.tag, sorted(e.keys())) for e in root.iter()] for root in drawings]
    assert tags[0] == tags[1]


@pytest.mark.parametrize("graph", [PICTURE, big(), big(1, 400), big(60, 8)])
def test_drawn_nodes_keep_apart(graph: GraphPicture) -> None:
    plan = layout.layout(sketch(graph))
    places = [(b.left + x, b.top + y) for b in plan.boxes for _, x, y in b.lane.places]
    for (x, y), (other_x, other_y) in itertools.combinations(places, 2):
        assert abs(x - other_x) >= layout.WIDTH or abs(y - other_y) >= layout.HEIGHT
    assert plan.width < 6 * plan.height + 1000  # no ribbon


# ---- the page


class Page(HTMLParser):
    """Tags, ids, links and the text of objects."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "code":
            self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_policy_names_what_is_there() -> None:
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in PAGE
    assert " style=" not in PAGE
    assert not re.search(r"<[^>]* on\w+=|url\(|@import|fetch\(|XMLHttp", PAGE)


@pytest.mark.parametrize("graph", [PICTURE, big(), EMPTY])
def test_ids_are_unique_and_links_lead_to_them(graph: GraphPicture) -> None:
    page = Page(html.render(graph, FINDINGS))
    assert len(page.ids) == len(set(page.ids))
    inner = {link for link in page.links if not link.startswith("data:")}
    assert {link.removeprefix("#") for link in inner} <= set(page.ids)
    assert sum(name.startswith("object-") for name in page.ids) == len(graph.nodes)


def test_findings_and_references_are_in_words() -> None:
    assert "requests.cpu</code> is 2, over the cpu limit of 1" in PAGE
    assert "missing · there is one in serving" in PAGE
    assert re.search(
        r'<span class="role">env Secret hf-token from</span> <a href="#object-9">', PAGE
    )
    assert "no such file or directory" in PAGE  # of no object
    assert "said otherwise" not in PAGE  # suppressed


@settings(max_examples=40, deadline=None)
@given(ANY, ANY, ANY, ANY)
def test_no_name_changes_the_page(kind: str, namespace: str, name: str, role: str) -> None:
    name = name or "x"  # a note without text is no note
    pages = [html.render(graph, FINDINGS) for graph in (named(kind, namespace, name, role), PLAIN)]
    assert Page(pages[0].encode("utf-8").decode("utf-8")).tags == Page(pages[1]).tags
    assert pages[0].count("<script>") == pages[0].count("</script>") == 1


# ---- in a browser

needs_browser = pytest.mark.skipif(binary() is None, reason="no Chromium on this machine")
PICKED = "document.querySelector('.object.picked h3')?.textContent"
NEAR = "[...document.querySelectorAll('.node.near, .node.chosen')].map(n => n.dataset.node).sort()"
SHOWN = "document.querySelectorAll('.object:not([hidden])').length"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(started: Browser, tmp_path: Path) -> Iterator[Browser]:
    file = tmp_path / "graph.html"
    file.write_text(PAGE, encoding="utf-8")
    started.messages.clear()
    started.requests.clear()
    started.open(file)
    yield started
    assert started.messages == []
    assert {url.partition(":")[0] for url in started.requests} <= {"file", "data", "about"}


@needs_browser
def test_a_chosen_object_shows_its_surroundings(browser: Browser) -> None:
    browser.click("[data-node=qwen]")
    assert browser.run(PICKED).strip() == "InferenceService qwen-cpu"
    assert browser.run(NEAR) == ["app", "claim", "gone", "made", "qwen", "token"]
    opacity = "getComputedStyle(document.querySelector('.edge.deploys{}')).opacity"
    assert browser.run(opacity.format(".near")) == "1"
    assert browser.run(opacity.format(":not(.near)")) == "0"
    browser.press("Escape")
    assert browser.run(NEAR) == []


@needs_browser
def test_words_lead_to_the_drawing(browser: Browser) -> None:
    browser.click("#object-4 a[href='#object-8']")
    browser.wait(f"{PICKED} && {PICKED}.includes('gone')")
    assert "gone" in browser.run(NEAR)
    assert browser.run("document.activeElement.id") == "object-8"


@needs_browser
def test_search_and_filter(browser: Browser) -> None:
    browser.press("/", "q", "u", "o", "t", "a")
    assert browser.run(SHOWN) == 2
    assert browser.run("document.querySelector('#status').textContent") == "2 of 19 shown"
    assert browser.run(NEAR) == ["quota", "quota2"]
    browser.press("Escape", "e")
    assert browser.run(SHOWN) == 3


@needs_browser
def test_the_keyboard_reaches_every_node(browser: Browser) -> None:
    assert browser.run("[...document.querySelectorAll('.node')].every(n => n.tabIndex === 0)")
    browser.run("document.querySelector('[data-node=claim]').focus()")
    browser.press("Enter")
    browser.wait(f"{PICKED} && {PICKED}.includes('model-cache')")
