"""A part of a scalar points at its very characters, however YAML spells the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.source.files import Source
from kslint.source.nodes import Scalar
from kslint.source.parser import compose
from kslint.source.parts import Parts, part

if TYPE_CHECKING:
    from kslint.source.nodes import Node

DOCUMENTS = {
    "literal": "a:\n  - |\n    vllm serve \\\n      --port 80\n    wait\n",
    "literal-stripped": "a:\n  - |-\n      vllm serve\n\n      --port 80\n",
    "literal-indent-indicator": "a:\n  - |2-\n      vllm serve\n       --port 80\n",
    "literal-comment": "a:\n  - |- # the server\n    vllm serve --port 80\n",
    "folded": "a:\n  - >-\n    vllm serve\n    --port\n    80\n",
    "plain": "a:\n  - vllm serve --port 80\n",
    "plain-many-lines": "a:\n  - vllm serve\n     --port\n     80\n",
    "single": "a:\n  - 'it''s vllm serve --port 80'\n",
    "single-many-lines": "a:\n  - 'it''s vllm\n      serve\n      --port 80'\n",
    "double": 'a:\n  - "a\\tb \\"q\\" \\u00e9 vllm serve --port 80"\n',
    "double-many-lines": 'a:\n  - "vllm serve \\\n      --port\n      80"\n',
    "anchored": "a:\n  - &x vllm serve --port 80\n",
    "tagged": "a:\n  - !!str |\n    vllm serve --port 80\n",
    "flow": "a: [sh, \"vllm serve\", 'x --port 80']\n",
    "unicode": "a:\n  - 'é日 vllm serve --port 80'\n",
    "windows": "a:\r\n  - |\r\n    vllm serve\r\n    --port 80\r\n",
    "byte-order-mark": "\ufeffa:\n  - |\n    vllm serve --port 80\n",
}


def last_item(text: str) -> Node:
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    items = document.root.get("a")
    assert items is not None
    return items.elements()[-1]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_points_at_the_characters(name: str) -> None:
    node = last_item(DOCUMENTS[name])
    assert node.source is not None
    lines = [line.rstrip("\r") for line in node.source.text().split("\n")]
    found = part(node, "--port")
    assert found.span is not None
    line = lines[found.span.line - 1]
    assert line[found.span.column - 1 : found.span.end_column - 1] == "--port"
    assert found.span.end_line == found.span.line
    assert found.place == found.span


def test_starts_looking_where_told() -> None:
    node = last_item("a:\n  - |\n    x x\n    x\n")
    columns = []
    for offset in (0, 1, 3):
        span = part(node, "x", offset).span
        assert span is not None
        columns.append((span.line, span.column))
    assert columns == [(3, 5), (3, 7), (4, 5)]


def test_falls_back_on_the_whole_scalar() -> None:
    node = last_item("a: [abc]\n")
    assert part(node, "zzz").span == node.span
    assert part(node, "").span == node.span
    assert part(Scalar("made", plain_style=False), "ad").span is None


def test_number_rewritten_by_yaml_keeps_the_whole_span() -> None:
    node = last_item("a: [1_000]\n")
    assert node.text == "1000"
    assert Parts(node).part(1, 3).span == node.span


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn"))), st.data())
def test_any_double_quoted_text(text: str, data: st.DataObject) -> None:
    import json

    node = last_item("a:\n  - " + json.dumps("x" + text, ensure_ascii=False) + "\n")
    value = node.text or ""
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, len(value)))
    found = Parts(node).part(start, end)
    assert found.span is not None
    assert node.span is not None
    assert node.span.column <= found.span.column <= found.span.end_column <= node.span.end_column
