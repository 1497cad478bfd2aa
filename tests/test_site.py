"""The documentation site builds, every link and anchor in it leads somewhere, and it is whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from cases import ROOT, book

from kslint import SITE_URL
from kslint.config.file import schema_text
from kslint.report.facts import page_url

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("material", reason="mkdocs-material is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; links to nothing, and pages the navigation forgets, fail the build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_rule_has_its_page(site: Path) -> None:
    index = (site / "rules/index.html").read_text(encoding="utf-8")
    for rule in book():
        url = page_url(rule.name)
        page = (site / url.removeprefix(SITE_URL + "/") / "index.html").read_text(encoding="utf-8")
        assert f'<link rel="canonical" href="{url}">' in page
        assert f"<code>{rule.id}</code>" in page
        assert f'<span class="severity {rule.severity}">' in page
        assert f"<code>{rule.id}</code>" in index
        assert f'href="{rule.name}/"' in index


def test_the_schema_is_where_its_id_says(site: Path) -> None:
    schema = json.loads(schema_text())
    served = site / schema["$id"].removeprefix(SITE_URL + "/")
    assert json.loads(served.read_text(encoding="utf-8")) == schema


def test_the_reference_is_whole(site: Path) -> None:
    command_line = (site / "reference/command-line/index.html").read_text(encoding="utf-8")
    assert all(f"<code>{option}" in command_line for option in ("--output-format", "--since"))
    assert "kslint explain" in command_line
    configuration = (site / "reference/configuration/index.html").read_text(encoding="utf-8")
    assert "<code>cluster.nodes[].taints[].effect</code>" in configuration
    assert "<code>throttled</code>" in configuration


class _Fetched(HTMLParser):
    """What a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in ("script", "img", "iframe"):
            self.urls.append(told.get("src") or "")
        elif tag == "link" and told.get("rel") in ("stylesheet", "preconnect", "icon"):
            self.urls.append(told.get("href") or "")


def test_a_reader_is_not_sent_to_others(site: Path) -> None:
    fetched = _Fetched()
    for page in site.rglob("*.html"):
        fetched.feed(page.read_text(encoding="utf-8"))
    assert fetched.urls
    assert [url for url in fetched.urls if "//" in url] == []


def test_links_between_files_become_links_between_pages(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="fidelity/"' in home
    assert 'href="contributing/"' in home
    for page in site.rglob("*.html"):
        assert re.findall(r'href="(?!https:)[^"]*\.md', page.read_text(encoding="utf-8")) == []


def test_rule_pages_link_to_sections_there_are(site: Path) -> None:
    """They are read on a terminal too, so their links are whole addresses, which mkdocs skips."""
    links = {link for rule in book() for link in re.findall(rf"{SITE_URL}/([^>\s]+)", rule.page())}
    assert links
    for link in links:
        page, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in (site / page / "index.html").read_text(encoding="utf-8")
