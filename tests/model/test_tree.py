"""Edits of node trees: what they change, what they share, and whose place the result has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from kslint.model import tree
from kslint.source.files import Source
from kslint.source.nodes import Map, Node, Origin, made
from kslint.source.parser import compose

ORIGIN = Origin("controller", "a test")


def node(text: str) -> Node:
    (document,) = compose(Source("x", b""), text)
    return document.root


def mapping(text: str) -> Map:
    found = node(text)
    assert isinstance(found, Map)
    return found


ONE = made(1, ORIGIN)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("{}", ("a",), {"a": 1}),
        ("{a: 2, b: 3}", ("a",), {"a": 1, "b": 3}),
        ("{a: {b: 2, c: 3}}", ("a", "b"), {"a": {"b": 1, "c": 3}}),
        ("{}", ("a", "b", "c"), {"a": {"b": {"c": 1}}}),
        ("{a: null}", ("a", "b"), {"a": {"b": 1}}),
        ("{a: [2]}", ("a", "b"), {"a": {"b": 1}}),
        ("{a: text}", ("a", "b"), {"a": {"b": 1}}),
    ],
)
def test_put(text: str, path: tuple[str, ...], expected: dict[str, Any]) -> None:
    before = mapping(text)
    assert tree.put(before, path, ONE).plain() == expected
    assert before.plain() == yaml.safe_load(text), "the original is not changed"


def test_put_shares_what_it_does_not_touch() -> None:
    before = mapping("{a: {x: 1}, b: {y: 2}}")
    after = tree.put(before, ("a", "x"), ONE)
    assert after.get("b") is before.get("b")
    assert after.get("a") is not before.get("a")


def test_put_keeps_places_and_marks_what_it_makes() -> None:
    after = tree.put(mapping("a:\n  b: 1\nc: null\n"), ("a", "c", "d"), ONE)
    assert after.span is not None
    assert str(after.at("a").span) == "x:2:3"  # type: ignore[union-attr]
    made_map = after.at("a", "c")
    assert made_map is not None
    assert (made_map.origin, made_map.span) == (ORIGIN, None)
    in_null = tree.put(mapping("c: null\n"), ("c", "d"), ONE).get("c")
    assert in_null is not None
    assert str(in_null.place) == "x:1:1"
    assert tree.put(None, ("a",), ONE).origin == ORIGIN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {"a": {"b": 1}}),
        ("{a: {b: 2}}", {"a": {"b": 2}}),
        ("{a: {b: 0}}", {"a": {"b": 0}}),
        ("{a: {b: false}}", {"a": {"b": False}}),
        ("{a: {b: ''}}", {"a": {"b": ""}}),
        ("{a: {b: null}}", {"a": {"b": 1}}),
        ("{a: null}", {"a": {"b": 1}}),
    ],
)
def test_put_missing(text: str, expected: dict[str, Any]) -> None:
    assert tree.put_missing(mapping(text), ("a", "b"), ONE).plain() == expected


def test_put_missing_returns_the_same_tree_where_nothing_is_missing() -> None:
    before = mapping("{a: 2}")
    assert tree.put_missing(before, ("a",), ONE) is before


def test_without() -> None:
    before = mapping("{a: 1, b: 2, c: 3}")
    assert tree.without(before, "a", "c", "z").plain() == {"b": 2}
    assert tree.without(before, "a").span == before.span


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [("[5, 6]", 0, [1, 6]), ("[5, 6]", 1, [5, 1]), ("[5]", 7, [5, 1]), ("{a: 1}", 0, [1])],
)
def test_replace_item(text: str, index: int, expected: list[int]) -> None:
    assert tree.replace_item(node(text), index, ONE).plain() == expected
    assert tree.replace_item(None, index, ONE).plain() == [1]


def test_appended() -> None:
    before = node("[5]")
    after = tree.appended(before, [ONE])
    assert (after.plain(), before.plain(), after.span) == ([5, 1], [5], before.span)
    new = tree.appended(None, [ONE], ORIGIN)
    assert (new.plain(), new.origin) == ([1], ORIGIN)
    assert tree.appended(node("{}"), [ONE]).plain() == [1]


@pytest.mark.parametrize("text", ["null", "''", "[]", "{}", "~"])
def test_what_omitempty_leaves_out(text: str) -> None:
    assert tree.is_empty(node(text))
    assert tree.is_empty(None)


@pytest.mark.parametrize("text", ["0", "false", "a", "' '", "[null]", "{a: null}"])
def test_what_omitempty_keeps(text: str) -> None:
    """Zero and false are behind pointers in a pod spec: they count."""
    assert not tree.is_empty(node(text))


# As the API machinery merges, less what `omitempty` drops from the patch before.
MERGES = [
    ("{a: 1, b: 2}", "{b: 3}", {"a": 1, "b": 3}),
    ("{a: {x: 1}}", "{a: {z: 2}}", {"a": {"x": 1, "z": 2}}),
    ("{args: [a, b]}", "{args: [c]}", {"args": ["c"]}),
    ("{args: [a]}", "{args: []}", {"args": ["a"]}),
    ("{image: a}", "{image: ''}", {"image": "a"}),
    ("{image: a}", "{image: null}", {"image": "a"}),
    ("{emptyDir: {medium: Memory}}", "{emptyDir: {}}", {"emptyDir": {"medium": "Memory"}}),
    ("{}", "{emptyDir: {}}", {"emptyDir": {}}),
    ("{a: [1]}", "{a: {b: 1}}", {"a": {"b": 1}}),
    ("{a: {b: 1}}", "{a: [1]}", {"a": [1]}),
    ("{a: {b: 1}}", "{a: 1}", {"a": 1}),
    (
        "{nodeSelector: {zone: eu, gpu: 'yes'}}",
        "{nodeSelector: {zone: ''}}",
        {"nodeSelector": {"zone": "", "gpu": "yes"}},
    ),
    (
        "{env: [{name: A, value: '1'}, {name: B, value: '2'}]}",
        "{env: [{name: B, value: '3'}, {name: C, value: '4'}]}",
        {"env": [
            {"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": "4"},
        ]},
    ),
    (
        "{env: [{name: A, value: '1'}]}",
        "{env: [{name: A, valueFrom: {fieldRef: {fieldPath: a}}}]}",
        {"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}]},
    ),
    (
        "{ports: [{containerPort: 80, name: x}]}",
        "{ports: [{containerPort: 80, protocol: UDP}, {containerPort: 81}]}",
        {"ports": [
            {"containerPort": 80, "name": "x", "protocol": "UDP"}, {"containerPort": 81},
        ]},
    ),
    (
        "{volumes: [{name: a, emptyDir: {}}]}",
        "{volumes: [{name: b, emptyDir: {}}]}",
        {"volumes": [{"name": "b", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]},
    ),
    (
        "{volumeMounts: [{mountPath: /a, name: x}]}",
        "{volumeMounts: [{mountPath: /a, name: z}]}",
        {"volumeMounts": [{"mountPath": "/a", "name": "z"}]},
    ),
    ("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", {"tolerations": [{"key": "b"}]}),
    (
        "{resources: {limits: {cpu: 1}, requests: {cpu: 1}}}",
        "{resources: {limits: {memory: 1Gi}}}",
        {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": 1}}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("base", "patch", "expected"), MERGES)
def test_strategic_merge(base: str, patch: str, expected: dict[str, Any]) -> None:
    assert tree.strategic_merge(node(base), node(patch)).plain() == expected


@pytest.mark.parametrize(
    ("base", "patch", "expected"),
    [
        ("ab", "c", "cab"),
        ("ab", "b", "ab"),
        ("abc", "ca", "bca"),
        ("abcd", "dxb", "acdxb"),
        ("", "ab", "ab"),
        ("ab", "", "ab"),
        ("abc", "xbz", "xabzc"),
        ("abcde", "exc", "abdexc"),
    ],
)
def test_order_of_merged_lists(base: str, patch: str, expected: str) -> None:
    """As `kubectl patch --local --type=strategic` orders them for a Pod (1.32.4)."""
    one, other = (made({"env": [{"name": n} for n in side]}, ORIGIN) for side in (base, patch))
    found = tree.strategic_merge(one, other).get("env")
    assert found is not None
    assert "".join(item.string("name") or "" for item in found.elements()) == expected


def test_merged_values_keep_their_places() -> None:
    base = made({"limits": {"cpu": "1", "memory": "2Gi"}}, ORIGIN)
    merged = tree.strategic_merge(base, node("limits:\n  memory: 4Gi\n"))
    memory, cpu = merged.at("limits", "memory"), merged.at("limits", "cpu")
    assert memory is not None
    assert cpu is not None
    assert (str(memory.span), memory.origin) == ("x:2:11", None)
    assert (cpu.span, cpu.origin) == (None, ORIGIN)


@pytest.mark.parametrize("base", ["{env: [1, null, {}, {name: []}, {name: a}]}", "{env: {}}", "1"])
@pytest.mark.parametrize("patch", ["{env: [1, [], {name: a}, {}]}", "{env: {a: 1}}", "[]", "{}"])
def test_merging_nonsense_raises_nothing(base: str, patch: str) -> None:
    assert isinstance(tree.strategic_merge(node(base), node(patch)), Node)
