"""Two trees against each other: what differs, and what only looks as if it did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.changes.fields import differences
from kslint.source.nodes import Origin, made

ORIGIN = Origin("written", "a test")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(("", "a", "b", "1", "--a=1")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("name", "args", "limits", "a", "b.c/d")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def found(old: object, new: object) -> list[tuple[str, object, object]]:
    """Path, old and new value of every difference."""
    return [
        (
            field.path,
            None if field.old is None else field.old.plain(),
            None if field.new is None else field.new.plain(),
        )
        for field in differences(made(old, ORIGIN), made(new, ORIGIN))
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {"b": 1}, [("b", None, 1), ("a", 1, None)]),
        ({"a": "1"}, {"a": 1}, [("a", "1", 1)]),
        ({"a": True}, {"a": 1}, [("a", True, 1)]),
        ({"b.c/d": 1}, {"b.c/d": 2}, [('["b.c/d"]', 1, 2)]),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, [("limits.cpu", "1", "2")]),
        ({"emptyDir": {}}, {}, [("emptyDir", {}, None)]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, [("a[1]", 2, None)]),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]}, [("a[1].x", 2, 3)]),
    ],
)
def test_values(old: object, new: object, expected: object) -> None:
    assert found(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": 1}}),
        ({"requests": {"storage": "1Gi"}}, {"requests": {"storage": "1024Mi"}}),
        ({"a": None}, {}),
        ({"args": []}, {}),
        ({"labels": {}}, {}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_what_means_the_same(old: object, new: object) -> None:
    assert found(old, new) == []


def test_items_are_told_apart_by_name() -> None:
    old = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    new = {"env": [{"name": "C", "value": "0"}, {"name": "B", "value": "3"}]}
    assert found(old, new) == [
        ("env[C]", None, {"name": "C", "value": "0"}),
        ("env[B].value", "2", "3"),
        ("env[A]", {"name": "A", "value": "1"}, None),
    ]


def test_the_order_of_named_items_counts() -> None:
    one, other = {"name": "A"}, {"name": "B"}
    assert found({"env": [one, other]}, {"env": [other, one]}) == [("env.order", "A, B", "B, A")]


def test_two_items_of_one_name_are_compared_in_order() -> None:
    old = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}
    new = {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "3"}]}
    assert found(old, new) == [("env[1].value", "2", "3")]


def test_arguments_are_told_apart_by_option() -> None:
    old = {"args": ["serve", "--a=1", "--b", "2", "--eager"]}
    new = {"args": ["serve", "--new", "--a=3", "--b", "4", "-1"]}
    assert found(old, new) == [
        ("args[--new]", None, "--new"),
        ("args[--a]", "--a=1", "--a=3"),
        ("args[--b]", "--b 2", "--b 4"),
        ("args[1]", None, "-1"),
        ("args[--eager]", "--eager", None),
    ]


def test_an_option_that_stands_twice_has_no_name() -> None:
    assert found({"args": ["--a=1", "--a=2"]}, {"args": ["--a=1", "--a=3"]}) == [
        ("args[1]", "--a=2", "--a=3")
    ]


@given(JSON)
def test_nothing_differs_from_itself(value: object) -> None:
    assert found(value, value) == []


@given(JSON, JSON)
def test_what_differs_one_way_differs_the_other(old: object, new: object) -> None:
    assert bool(found(old, new)) == bool(found(new, old))


def test_mounts_are_told_apart_by_their_path() -> None:
    old = {"volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]}
    new = {"volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "w", "mountPath": "/b"}]}
    assert found(old, new) == [("volumeMounts[/b].name", "v", "w")]


def test_an_item_that_comes_before_others_leaves_them_what_they_were() -> None:
    def rule(kind: str, *operations: str) -> dict[str, object]:
        return {"resource": {"type": kind, "match": "literal"}, "operations": list(operations)}

    old = {"acls": [rule("topic", "Read"), rule("group", "Read")]}
    new = {"acls": [rule("cluster"), rule("topic", "Read", "Write"), rule("group", "Read")]}
    assert found(old, new) == [
        ("acls[0]", None, rule("cluster")),
        ("acls[1].operations[1]", None, "Write"),
    ]
    gone = {"acls": [rule("topic", "Read", "Write")]}
    assert found(new, gone) == [
        ("acls[0]", rule("cluster"), None),
        ("acls[2]", rule("group", "Read"), None),
    ]
