"""The page in a real browser, where there is one: keys, filters, links, graph, no requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from chromium import Browser, binary
from report_run import PICTURE, RESULT, RULES, SOURCES

from kslint.report import html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(binary() is None, reason="no Chromium on this machine")

FOCUS = "document.activeElement.closest('.finding')?.id"
SHOWN = "[...document.querySelectorAll('.finding')].filter(f => f.offsetHeight).map(f => f.id)"
STATUS = "document.querySelector('#status').textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(html.render(RESULT, RULES, SOURCES, PICTURE), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(started: Browser, page: Path) -> Iterator[Browser]:
    started.messages.clear()
    started.requests.clear()
    started.size(1300, 900)
    started.open(page)
    yield started
    assert started.messages == []  # no error, and nothing that the policy had to refuse
    assert {url.partition(":")[0] for url in started.requests} <= {"file", "data", "about"}


def shown(browser: Browser) -> list[int]:
    return [int(name.removeprefix("finding-")) for name in browser.run(SHOWN)]


def test_suppressed_findings_wait_behind_a_switch(browser: Browser) -> None:
    assert shown(browser) == [1, 2, 3, 4, 7, 8]
    assert browser.run(STATUS) == "6 of 8 findings"
    browser.click("[data-severity=suppressed]")
    assert shown(browser) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_j_and_k_move_and_enter_folds(browser: Browser) -> None:
    browser.press("j")
    assert browser.run(FOCUS) == "finding-1"
    browser.press("j", "j", "k")
    assert browser.run(FOCUS) == "finding-2"
    state = "document.querySelector('#finding-2 details').open"
    assert browser.run(state) is True
    browser.press("Enter")
    assert browser.run(state) is False
    browser.press(*"kkkk")
    assert browser.run(FOCUS) == "finding-1"
    browser.press(*"jjjjjjjjj")
    assert browser.run(FOCUS) == "finding-8"


def test_letters_switch_severities(browser: Browser) -> None:
    browser.press("e")
    assert shown(browser) == [2, 3, 7]
    browser.press("n")
    assert shown(browser) == [3]
    browser.press("w")
    assert shown(browser) == []
    assert browser.run("document.querySelector('#nothing').hidden") is False
    browser.press("c")
    assert shown(browser) == [1, 2, 3, 4, 7, 8]


def test_search(browser: Browser) -> None:
    browser.press("/", *"canary multi-attach")
    assert shown(browser) == [3]
    assert browser.run(STATUS) == "1 of 8 findings"
    browser.press("Escape", "j")
    assert browser.run(FOCUS) == "finding-3"
    browser.click("#clear")
    assert shown(browser) == [1, 2, 3, 4, 7, 8]


def test_files_and_rules_narrow_together(browser: Browser) -> None:
    browser.click("[data-file='serving/isvc.yaml'].value, .facet [data-file='serving/isvc.yaml']")
    assert shown(browser) == [3, 4]
    browser.click(".facet [data-rule=KS101]")
    assert shown(browser) == [4]
    browser.click(".facet [data-file='serving/isvc.yaml']")
    assert shown(browser) == [4]
    browser.click(".facet [data-rule=KS402]")
    assert shown(browser) == [3, 4]


def test_o_folds_all(browser: Browser) -> None:
    opened = "document.querySelectorAll('.finding:not([hidden]) details[open]').length"
    assert browser.run(opened) == 6
    browser.press("o")
    assert browser.run(opened) == 0
    browser.wait("document.querySelector('#fold-all').textContent === 'Open all'")
    browser.press("o")
    assert browser.run(opened) == 6


@pytest.mark.parametrize("number", [1, 4, 5])
def test_links_lead_to_findings(browser: Browser, page: Path, number: int) -> None:
    """To suppressed ones too."""
    browser.open(page, f"#finding-{number}")
    browser.wait(f"{FOCUS} === 'finding-{number}'")
    top = browser.run(f"document.querySelector('#finding-{number}').getBoundingClientRect().top")
    assert 0 <= top < 900
    assert number in shown(browser)


def test_the_rule_page_opens_and_closes(browser: Browser) -> None:
    browser.press(*"jjjj", "r")
    assert browser.run("document.querySelector('#page').open") is True
    assert browser.run("document.querySelector('#page-title').textContent") == (
        "KS101 A CPU request over an injected limit"
    )
    assert browser.run("document.querySelectorAll('#page-body table').length") == 1
    browser.press("Escape")
    assert browser.run("document.querySelector('#page').open") is False
    assert browser.run(FOCUS) == "finding-4"
    browser.click("#finding-4 a.rule")
    browser.click("#page .close")
    assert browser.run("document.querySelector('#page').open") is False


def test_help(browser: Browser) -> None:
    browser.press("?")
    assert browser.run("document.querySelector('#help').open") is True
    browser.press("e", "Escape")  # keys rest while a dialog is open
    assert shown(browser) == [1, 2, 3, 4, 7, 8]


def test_themes(browser: Browser) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.dark(True)
    dark = browser.run(ground)
    browser.dark(False)
    light = browser.run(ground)
    assert dark != light
    browser.press("t", "t")
    assert browser.run(ground) == dark
    browser.press("t")
    assert browser.run(ground) == light


def test_nodes_lead_to_their_findings(browser: Browser) -> None:
    browser.click("a.node[data-node='0']")
    browser.wait(f"{FOCUS} === 'finding-3'")
    assert shown(browser) == [3, 4]
    assert "(InferenceService models/qwen-cpu)" in browser.run(STATUS)


def test_findings_lead_to_their_nodes(browser: Browser) -> None:
    browser.click("#finding-4 [data-draw]")
    assert browser.run("document.activeElement.dataset.node") == "0"
    assert browser.run("document.querySelectorAll('.edge.near').length") == 1


def test_the_graph_zooms_moves_and_folds(browser: Browser) -> None:
    box = "document.querySelector('#graph').getAttribute('viewBox').split(' ').map(Number)"
    browser.press("g")
    before = browser.run(box)
    browser.press("+")
    nearer = browser.run(box)
    assert nearer[2] < before[2]
    browser.press("ArrowRight")
    assert browser.run(box)[0] > nearer[0]
    browser.press("0")
    curves = "[...document.querySelectorAll('.edge')].map(e => e.getAttribute('d'))"
    drawn = browser.run(curves)
    browser.click("[data-zoom=fold]")
    assert browser.run("document.querySelectorAll('.lane.folded').length") == 3
    assert browser.run(curves) != drawn
    browser.click("[data-zoom=fold]")
    assert browser.run(curves) == drawn  # the script draws as Python does


def test_dragging_does_not_follow_a_node(browser: Browser) -> None:
    x, y = browser.run(
        "(() => { const b = document.querySelector('a.node').getBoundingClientRect();"
        "return [b.x + 20, b.y + 10]; })()"
    )
    box = "document.querySelector('#graph').getAttribute('viewBox')"
    before = browser.run(box)
    for kind, dx in (("mousePressed", 0), ("mouseMoved", 60), ("mouseReleased", 60)):
        browser.call(
            "Input.dispatchMouseEvent", type=kind, x=x + dx, y=y, button="left", clickCount=1
        )
    assert browser.run(box) != before
    assert len(shown(browser)) == 6


@pytest.mark.parametrize("width", [360, 500, 1000, 1600])
def test_the_page_never_scrolls_sideways(browser: Browser, width: int) -> None:
    browser.size(width, 900)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(wide) == 0


def test_everything_that_acts_has_a_name(browser: Browser) -> None:
    """In the tree that assistive technology is given."""
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    acting = {"button", "link", "searchbox", "DisclosureTriangle", "dialog"}
    seen = 0
    for node in nodes:
        if node.get("role", {}).get("value") in acting and not node.get("ignored"):
            seen += 1
            assert node.get("name", {}).get("value"), json.dumps(node)[:300]
    assert seen > 20
