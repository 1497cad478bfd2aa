"""Whatever stands in names, messages and files: no report breaks, and no page runs it."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_run import CLEAN, RULES
from sarif_schema import LOG

from kslint.findings import Edit, Finding, Fix, Label, Subject, Suppression
from kslint.picture import GraphPicture, PictureEdge, PictureNode
from kslint.report import concise, github, gitlab, html, junit, markdown, pages, sarif
from kslint.report.facts import RuleFacts
from kslint.report.graph import svg
from kslint.source.files import Source
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from kslint.findings import Result

PIECES = (
    "</script>", "<script>alert(1)</script>", "<!--", "-->", "<b onclick=x>", "]]>", "&amp;", "&",
    '"', "'", "\n", "\r", "\t", "\x00", "\x1b[31m", "\x85", "\u2028", "\ud800", "\uffff", "😀",
    "%", "%0A", "::", "::error::", ",", ":", "|", "`", "```", "~~~", "\n\n# ", "\n</details>\n",
    "[a](0)", "![i](http://x)", "*", "_", "$", "${x}", "$style", "@all", "#1", "{0}", "\\", " ",
    "a", "https://example.com/", "\n- ", "\n| a | b |\n|---|---|\n", "</style>",
    "javascript:alert(1)",
)  # fmt: skip
ANY = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.text(min_size=1, max_size=12),
).filter(str.strip)


class Texts(NamedTuple):
    """The strings of one run."""

    file: str
    other: str
    message: str
    symptom: str
    help: str
    label: str
    name: str
    rule: str
    page: str
    reason: str
    data: str


PLAIN = Texts(*("x" * len(Texts._fields)))
MANY = st.builds(Texts, *[ANY] * len(Texts._fields))


def run_with(texts: Texts) -> tuple[Result, list[RuleFacts], dict[str, Source], GraphPicture]:
    span = Span("a/" + texts.file, 1, 1, 1, 2)
    subject = Subject("K" + texts.name, "n" + texts.other, "m" + texts.name)
    fix = Fix(texts.help, False, (Edit(span, texts.data),))
    related = (Label(Span("b/" + texts.other, 1, 1, 1, 2), texts.label),)
    findings = [
        Finding("R" + texts.rule, texts.name, "error", texts.message, span, subject,
                texts.label, texts.symptom, texts.help, related, None, fix),
        Finding("KS101", texts.name, "note", texts.message, span,
                suppressed=Suppression("inSource", texts.reason)),
    ]  # fmt: skip
    rules = [
        RuleFacts("R" + texts.rule, texts.name, "error", texts.label, texts.name, "", texts.page),
        *RULES,
    ]
    data = Source(span.file, ("k" + texts.data).encode("utf-8", "replace"))
    nodes = (
        PictureNode("1" + texts.name, subject.kind, subject.namespace, subject.name, "error", (0,)),
        PictureNode("2", "Other", "elsewhere", texts.file),
    )
    edges = (PictureEdge(nodes[0].id, "2", texts.label),)
    return (
        CLEAN._replace(findings=findings),
        rules,
        {span.file: data},
        GraphPicture(nodes, edges),
    )


class Structure(HTMLParser):
    """The tags of a page with their attributes' names; and the values that could act."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.depth: Counter[str] = Counter()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "code":  # backticks in our own words make them
            self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.depth[tag] += 1
        self.links += [v or "" for n, v in attrs if n in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        self.depth[tag] -= 1


def writable(text: str) -> str:
    """As a file on disk holds it."""
    return text.encode("utf-8").decode("utf-8")


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_the_page_keeps_its_structure(texts: Texts) -> None:
    result, rules, sources, graph = run_with(texts._replace(page="x"))
    text = writable(html.render(result, rules, sources, graph))
    plain, known, own, drawn = run_with(PLAIN)
    expected = Structure(html.render(plain, known, own, drawn))
    found = Structure(text)
    # lines of the file around the place are as many as it has
    skip = {"pre", "figure", "mark", "span"}
    assert [t for t in found.tags if t[0] not in skip] == [
        t for t in expected.tags if t[0] not in skip
    ]
    ours = ("#", "data:image/svg+xml,", "https://kserve.github.io/website/")
    assert all(link.startswith(ours) for link in found.links)
    assert text.count("<script>") == text.count("</script>") == 1


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_rule_pages_hold_no_foreign_tags(page: str) -> None:
    found = Structure(writable(pages.render(page)))
    allowed = {
        "h2", "h3", "h4", "h5", "h6", "p", "pre", "ul", "ol", "li", "table", "thead", "tbody", "tr",
        "th", "td", "strong", "em", "a",
    }  # fmt: skip
    assert {tag for tag, _ in found.tags} <= allowed
    assert {name for _, names in found.tags for name in names} <= {"scope", "href", "rel"}
    assert all(link.startswith(("http://", "https://")) for link in found.links)
    assert not any(found.depth.values())


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_json_reports_are_json(texts: Texts) -> None:
    result, rules, _, _ = run_with(texts)
    log = json.loads(writable(sarif.render(result, rules)))
    jsonschema.validate(log, LOG, cls=jsonschema.Draft202012Validator)
    assert len(log["runs"][0]["results"]) == 2
    issues = json.loads(writable(gitlab.render(result)))
    assert [issue["severity"] for issue in issues] == ["critical"]


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_junit_is_xml(texts: Texts) -> None:
    result, rules, _, graph = run_with(texts)
    root = ET.fromstring(writable(junit.render(result, rules)))  # noqa: S314
    assert [case.tag for case in root.iter()] == [
        "testsuites", "testsuite", "testcase", "failure", "testcase", "skipped",
    ]  # fmt: skip
    ET.fromstring(writable(svg.render(graph, result.findings)))  # noqa: S314


@settings(max_examples=100, deadline=None)
@given(MANY)
def test_lines_stay_lines(texts: Texts) -> None:
    result, _, _, _ = run_with(texts)
    assert len(writable(concise.render(result)).splitlines()) == 1
    (command,) = writable(github.render(result)).splitlines()
    match = re.fullmatch(r"::error ([^:]*)::(.*)", command)
    assert match
    names = [pair.partition("=")[0] for pair in match[1].split(",")]
    assert names == ["file", "line", "endLine", "col", "endColumn", "title"]
    assert not re.search(r"%(?!25|0A|3A|2C)", command)


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_markdown_keeps_its_structure(texts: Texts) -> None:
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    result, _, sources, _ = run_with(texts)
    text = writable(markdown.render(result, sources))
    kinds = Counter(token.type for token in reader.parse(text))
    assert kinds["table_open"] == 1
    assert kinds["tr_open"] == 2
    assert kinds["td_open"] == 4
    assert kinds["html_block"] == 2
    assert kinds["heading_open"] == 1
    assert kinds["fence"] == 2
    assert not kinds["bullet_list_open"] + kinds["ordered_list_open"] + kinds["blockquote_open"]
    inner = [child for token in reader.parse(text) for child in token.children or ()]
    assert {child.type for child in inner} <= {
        "text", "html_inline", "strong_open", "strong_close", "text_special", "softbreak",
    }  # fmt: skip
    assert {c.content for c in inner if c.type == "html_inline"} <= {"<code>", "</code>"}
    for token in reader.parse(text):
        told = "".join(child.content for child in token.children or ())
        outside = re.sub(r"<code>.*?</code>", " ", told)  # within it GitHub mentions no one
        assert not re.search(r"[@#](?=\w)", outside)


@pytest.mark.parametrize(
    "text",
    ["www.evil.example/x", "WWW.evil.example", "https://evil.example", "me@evil.example", "GH-26",
     "gh-26", "0123456", "0123456789abcdef0123456789abcdef01234567", "org/repo#1", "@all", "!7",
     "org/repo@abc1234", "%4", "~bug", "$8", "&3"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{}", "a {} b", "a` {} `b", "(`{}`)"])
def test_no_text_of_the_input_becomes_a_link(text: str, form: str) -> None:
    result, _, sources, _ = run_with(Texts(*[form.format(text)] * len(Texts._fields)))
    rendered = re.sub(r"```.*?```", "", markdown.render(result, sources), flags=re.DOTALL)
    shown = unescape(rendered)
    code = re.findall(r"<code>(.*?)</code>", rendered)
    links = r"(?i)\bwww\.|://|[\w.+-]@[\w-]+\."  # even in code
    assert not [part for part in (*code, rendered) if re.search(links, part)]
    plain = unescape(re.sub(r"<code>.*?</code>", " ", rendered))
    assert not re.search(r"(?i)\bgh-\d|[@#!%~$&]\w|\b[0-9a-f]{7,40}\b", plain)
    assert text in shown.replace("\u200b", "")
