"""JSON, Mermaid and DOT of `kslint graph`: what they hold, and that no name breaks them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
from graph_run import FINDINGS, PICTURE, big
from hypothesis import given, settings
from hypothesis import strategies as st
from report_run import same_as_snapshot

import kslint.report.graph
from kslint.picture import GraphPicture, PictureEdge, PictureNode
from kslint.picture.sketch import sketch
from kslint.report.graph import dot, mermaid
from kslint.report.graph import json as graph_json

SCHEMA = json.loads(
    (Path(kslint.report.graph.__file__).parent / "json.schema.json").read_text(encoding="utf-8")
)
PIECES = (
    '"', "'", "\\", "\n", "\r", "\x00", "`", "#", ";", "&", "&amp;", "<", ">", "</script>", "[",
    "]", "{", "}", "(", ")", "|", "--> ", "-.->", ":::", "%%", "end", "click", "style", "subgraph",
    "😀", "\ud800", "\u202e", "日本", "é", "*", "_", "1. ", "- ", " ", "a",
)  # fmt: skip
ANY = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def named(kind: str, namespace: str, name: str, role: str) -> GraphPicture:
    nodes = (
        PictureNode("1", kind, namespace, name, "error", (2,), note=name, state="missing"),
        PictureNode("2", "Pod", namespace, "other"),
    )
    return GraphPicture(nodes, (PictureEdge("1", "2", role, kind),))


PLAIN = named("Kind", "space", "name", "role")


def is_valid(text: str) -> None:
    jsonschema.validate(json.loads(text), SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("graph.json", graph_json.render),
        ("graph.mermaid", mermaid.render),
        ("graph.dot", dot.render),
    ],
)
def test_snapshots(name: str, render: object) -> None:
    assert callable(render)
    same_as_snapshot(name, render(PICTURE, FINDINGS))


def test_json_is_as_its_schema_says() -> None:
    text = graph_json.render(PICTURE, FINDINGS)
    is_valid(text)
    document = json.loads(text)
    ids = {node["id"] for node in document["nodes"]}
    assert {edge[end] for edge in document["edges"] for end in ("from", "to")} <= ids
    (qwen,) = (node for node in document["nodes"] if node["name"] == "qwen-cpu")
    assert [f["rule"] for f in qwen["findings"]] == ["KS402", "KS101", "KS101"]
    assert [f["suppressed"] for f in qwen["findings"]] == [False, False, True]


@settings(max_examples=60, deadline=None)
@given(ANY, ANY, ANY, ANY)
def test_json_holds_any_name(kind: str, namespace: str, name: str, role: str) -> None:
    text = graph_json.render(named(kind, namespace, name, role), FINDINGS)
    is_valid(text.encode("utf-8").decode("utf-8"))


# ---- Mermaid

_LABEL = r'"[^"\n]*"'
_FORMS = (
    r"accTitle: .*", rf"subgraph s\d+\[{_LABEL}\]", "end", r"classDef \w+ [\w#:,; -]+",
    rf"n\d+\[{_LABEL}\](:::\w+)*", rf"more\[{_LABEL}\]",
    rf"n\d+ (-->|-\.->|-- {_LABEL} -->) [ns]\d+",
)  # fmt: skip
_MERMAID = re.compile(f" +({'|'.join(_FORMS)})")


def judged(text: str) -> list[str]:
    """The lines, each of a form that Mermaid's own parser was seen to take."""
    first, *lines = text.splitlines()
    assert first == "flowchart LR"
    for line in lines:
        assert _MERMAID.fullmatch(line), line
        for label in re.findall(r'"([^"]*)"', line):
            bare = re.sub(r"#\d+;|<br/>", "", label)
            assert not re.search(r"[^\w ./:,\-\u0080-\U0010ffff]", bare, re.ASCII), label
    return lines


def test_mermaid_is_of_known_forms() -> None:
    lines = judged(mermaid.render(PICTURE, FINDINGS))
    assert sum(" subgraph " in line for line in lines) == sum(line == "  end" for line in lines)


@settings(max_examples=100, deadline=None)
@given(ANY, ANY, ANY, ANY)
def test_mermaid_keeps_its_structure(kind: str, namespace: str, name: str, role: str) -> None:
    text = mermaid.render(named(kind, namespace, name, f"r{role}"), FINDINGS)
    plain = mermaid.render(PLAIN, FINDINGS)
    judged(text)
    forms = [re.sub(r'"[^"]*"', '""', one) for one in (text, plain)]
    assert forms[0] == forms[1]


def test_mermaid_knows_no_empty_label() -> None:
    text = mermaid.render(named("", "", "", " "), FINDINGS)
    judged(text)
    assert "  n0 --> n1" in text


def test_mermaid_of_a_platform_of_300_is_whole() -> None:
    graph = big()
    assert len(graph.nodes) > 300
    text = mermaid.render(graph, FINDINGS)
    assert len(re.findall(r"^    n\d+\[", text, re.MULTILINE)) == len(sketch(graph).nodes)
    assert len(text) <= mermaid.MOST_TEXT


@pytest.mark.parametrize("graph", [big(60, 30), big(600, 30), big(4, 4000)])
def test_mermaid_stays_within_what_is_drawn(graph: GraphPicture) -> None:
    text = mermaid.render(graph, FINDINGS)
    lines = judged(text)
    assert len(text) <= mermaid.MOST_TEXT
    assert sum("->" in line for line in lines) <= mermaid.MOST_EDGES
    assert ":::error" in text
    assert re.search(r"\d+ objects not drawn", text)


# ---- DOT


@settings(max_examples=100, deadline=None)
@given(ANY, ANY, ANY, ANY)
def test_dot_keeps_its_structure(kind: str, namespace: str, name: str, role: str) -> None:
    forms = [
        re.sub(r'"(?:[^"\\]|\\.)*"', '""', dot.render(graph, FINDINGS))
        for graph in (named(kind, namespace, name, role), PLAIN)
    ]
    assert forms[0] == forms[1]


@pytest.mark.skipif(shutil.which("dot") is None, reason="no Graphviz on this machine")
def test_graphviz_takes_it() -> None:
    for graph in (PICTURE, big(), GraphPicture((), ())):
        text = dot.render(graph, FINDINGS)
        command = ["dot", "-Tplain"]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        drawn = re.findall(r"^node ", done.stdout.decode(), re.MULTILINE)
        assert len(drawn) == len(sketch(graph).nodes)
