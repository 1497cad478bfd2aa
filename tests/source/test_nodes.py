"""The tree: access that never raises, places, origins and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.source.files import Source
from kslint.source.inner import inner_document
from kslint.source.nodes import Map, Origin, Scalar, Seq, Span, made, walk
from kslint.source.parser import compose
from kslint.source.paths import path_to

if TYPE_CHECKING:
    from kslint.source.nodes import Node

TEXT = """\
a:
  - name: x
    port: 80
    big: 1e3
    quoted: "80"
    on: yes
  - just text
empty:
"dotted.key/x": 1
list: [[1, 2], [3]]
"""
ORIGIN = Origin("controller", "KServe's default")


def tree(text: str = TEXT) -> Node:
    source = Source("f.yaml", text.encode())
    return next(compose(source, source.data)).root


def test_access() -> None:
    root = tree()
    assert root.string("a", 0, "name") == "x"
    assert root.string("a", 0, "port") == "80"
    assert root.string("a", 0, "true") == "true"
    assert root.string("empty") is None
    assert root.string("a") is None
    assert root.integer("a", 0, "port") == 80
    assert root.integer("a", 0, "big") == 1000
    assert root.integer("a", 0, "quoted") is None
    assert root.integer("a", 0, "true") is None
    assert root.boolean("a", 0, "true") is True
    assert root.boolean("a", 0, "port") is None
    assert root.string("list", -1, 0) == "3"


@pytest.mark.parametrize(
    "path",
    [("x",), ("a", "x"), ("a", 9), ("a", -9), ("a", 0, 0), ("a", 1, "x"), ("empty", "x", 0, "y"),
     (0,), ("a", 0, "port", "x"), ("a", 0, "port", 0)],
)  # fmt: skip
def test_access_never_raises(path: tuple[Any, ...]) -> None:
    root = tree()
    assert root.at(*path) is None
    assert root.string(*path) is None
    assert root.integer(*path) is None
    assert root.boolean(*path) is None


def test_nearest_is_the_block_a_missing_key_belongs_to() -> None:
    root = tree("a:\n  b:\n    c: 1\n")
    assert root.nearest("a", "b", "x", "y") is root.at("a", "b")
    assert root.nearest("x") is root
    with_default = Map({"a": made({"b": 1}, ORIGIN)})
    assert with_default.nearest("a", "b") is with_default


def test_place_is_the_key_else_the_first_key_else_the_value() -> None:
    root = tree()
    assert root.at("a", 0, "port").place == Span("f.yaml", 3, 5, 3, 9)  # type: ignore[union-attr]
    assert root.at("a", 0).place == Span("f.yaml", 2, 5, 2, 9)  # type: ignore[union-attr]
    assert root.at("a", 1).place == Span("f.yaml", 7, 5, 7, 14)  # type: ignore[union-attr]
    assert root.place == Span("f.yaml", 1, 1, 1, 2)
    assert made({"a": 1}, ORIGIN).place is None
    assert tree("{}").place == Span("f.yaml", 1, 1, 1, 3)


@pytest.mark.parametrize(
    ("text", "path", "span"),
    [
        ("- a: 1\n\n  # c\n- b", [0], (1, 3, 1, 7)),
        ("- - a\n  - b # c\n\n- c", [0], (1, 3, 2, 10)),
        ("a: {b: 1,\n  c: 2\n}\nd: e", ["a"], (1, 4, 3, 2)),
        ("a:\n  b:\n", ["a"], (2, 3, 2, 5)),
        ("a:\n  b: 1", ["a"], (2, 3, 2, 7)),
        ("# c\na: 1\n\n", [], (2, 1, 2, 5)),
    ],
)
def test_a_block_ends_with_its_text(text: str, path: list[Any], span: tuple[int, ...]) -> None:
    node = tree(text).at(*path)
    assert node is not None
    assert node.span == Span("f.yaml", *span)


@pytest.mark.parametrize(
    ("literal", "text"),
    [("yes", "true"), ("off", "false"), ("~", ""), ("010", "8"), ("1e3", "1000"), ("1.50", "1.5"),
     ("1e30", "1e+30"), ("1Gi", "1Gi"), ("1:30", "1:30")],
)  # fmt: skip
def test_text_is_what_kubernetes_would_hold(literal: str, text: str) -> None:
    assert Scalar(literal).text == text


def test_moved_is_shallow() -> None:
    root = tree()
    key = Scalar("other")
    for node in (root, root.at("list"), root.get("empty")):
        assert node is not None
        other = node.moved(key)
        assert other.key is key
        assert node.key is not key
        assert other.span == node.span
        assert other.plain() == node.plain()
        assert list(other.items()) == list(node.items())


def test_from_origin_is_deep_and_points_at_each_value() -> None:
    root = tree("a: [1, {b: 2}]\n")
    copy = root.from_origin(ORIGIN)
    assert copy.plain() == root.plain()
    assert all(node.origin is not None for node in walk(copy))
    assert all(node.origin is None for node in walk(root))
    inner = copy.at("a", 1, "b")
    assert inner is not None
    assert inner.origin == ORIGIN._replace(span=inner.span)


def test_origins_have_a_root() -> None:
    assert ORIGIN.root is ORIGIN
    assert Origin("runtime", "r", cause=Origin("x", "y", cause=ORIGIN)).root is ORIGIN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(JSON)
def test_what_is_made_comes_back(value: Any) -> None:
    node = made(value, ORIGIN)
    assert node.plain() == value
    assert all(item.origin is ORIGIN and item.span is None for item in walk(node))


def test_made_takes_nodes_and_refuses_the_rest() -> None:
    inner = Scalar("x")
    assert made([inner], ORIGIN).at(0) is inner
    assert made((1, 2), ORIGIN).plain() == [1, 2]
    with pytest.raises(TypeError, match="object"):
        made({"a": object()}, ORIGIN)


def test_walk_goes_parents_first_in_order() -> None:
    nodes = walk(tree("a: [1, {b: 2}]\nc: 3"))
    names = [node.literal for node in nodes if isinstance(node, Scalar)]
    assert names == ["1", "2", "3"]


def test_paths() -> None:
    root = tree()
    for path, text in (
        (("a", 0, "port"), "a[0].port"),
        (("list", 1, 0), "list[1][0]"),
        (("dotted.key/x",), '["dotted.key/x"]'),
        ((), ""),
    ):
        node = root.at(*path)
        assert node is not None
        assert path_to(root, node) == text
        assert path_to(root, node.moved(None)) == text
    assert path_to(root, Scalar("x")) is None


def test_what_stands_inside_a_text_has_the_path_of_the_text() -> None:
    root = tree("data:\n  before: x\n  deploy: |\n    {mode: Standard}\n")
    text = root.at("data", "deploy")
    assert isinstance(text, Scalar)
    inner = inner_document(text)
    assert inner is not None
    mode = inner.get("mode")
    assert mode is not None
    assert mode.span == Span("f.yaml", 4, 12, 4, 20)
    assert path_to(root, mode) == path_to(root, text) == "data.deploy"


def test_bases_are_shapes_without_content() -> None:
    assert Seq().get("x") is None
    assert list(Scalar("x").items()) == []
    assert Map().elements() == []
    assert Map().text is None
    assert repr(Map({"a": Seq([])})) == "Map(['a'])"
    assert repr(Seq([])) == "Seq(0)"
    assert repr(Scalar("x")) == "Scalar('x')"
