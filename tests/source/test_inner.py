"""Documents inside block scalars stand at their true lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.source.files import Source
from kslint.source.inner import inner_document
from kslint.source.nodes import Scalar, Span, walk
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node


def inner(text: str) -> Node | None:
    source = Source("f.yaml", text.encode())
    value = next(compose(source, source.data)).root.get("a")
    assert isinstance(value, Scalar)
    return inner_document(value)


@pytest.mark.parametrize(
    ("text", "path", "key", "value"),
    [
        ("a: |\n  b:\n    c: d\n", ["b", "c"], (3, 5, 3, 6), (3, 8, 3, 9)),
        ("x: y\na: |-\n  # c\n\n  b: [1, 22]\n", ["b", 1], None, (5, 10, 5, 12)),
        ("a: |+ # c\n    b: 1\n    c: 2\n\nd: e\n", ["c"], (3, 5, 3, 6), (3, 8, 3, 9)),
        ("a: &x |\n  b: c\n", ["b"], (2, 3, 2, 4), (2, 6, 2, 7)),
        ("a: !!str &x |\n  b: c\n", ["b"], (2, 3, 2, 4), (2, 6, 2, 7)),
        ('a: |\n  {\n  \t"b": 1\n  }\n', ["b"], (3, 4, 3, 7), (3, 9, 3, 10)),
        ('a: |\n  {"b": "\\ud83d\\ude00", "c": 1}\n', ["c"], (2, 25, 2, 28), (2, 30, 2, 31)),
        ("é: 1\r\na: |\r\n  b: c\r\n", ["b"], (3, 3, 3, 4), (3, 6, 3, 7)),
    ],
)
def test_literal_blocks_know_their_lines(
    text: str, path: list[str | int], key: tuple[int, ...] | None, value: tuple[int, ...]
) -> None:
    root = inner(text)
    assert root is not None
    node = root.at(*path)
    assert node is not None
    assert node.span == Span("f.yaml", *value)
    if key is not None:
        assert node.place == Span("f.yaml", *key)


@pytest.mark.parametrize("text", ['a: "b: c"\n', "a: >\n  b: c\n", 'a: \'{"b": "c"}\'\n'])
def test_other_styles_stand_where_the_scalar_stands(text: str) -> None:
    root = inner(text)
    assert root is not None
    assert root.plain() == {"b": "c"}
    assert {node.place for node in walk(root)} == {Span("f.yaml", 1, 1, 1, 2)}


def test_a_made_scalar_has_an_inner_document_without_a_place() -> None:
    root = inner_document(Scalar("b: c", plain_style=False))
    assert root is not None
    assert root.plain() == {"b": "c"}
    assert root.place is None


@pytest.mark.parametrize("text", ["a: |\n  b: [\n", "a: ''\n", "a: |\n  {{ x\n", "a: '\x20'\n"])
def test_what_is_no_yaml_is_nothing(text: str) -> None:
    assert inner(text) is None


def test_only_the_first_document_counts() -> None:
    root = inner("a: |\n  # c\n  ---\n  b: 1\n  ---\n  b: 2\n")
    assert root is not None
    assert root.plain() == {"b": 1}
