"""YAML as kubectl writes it, readable by anyone, with comments that carry no data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.report.yaml import chain, describe, key_order, render, scalar
from kslint.source.files import Source
from kslint.source.nodes import Origin, Span, made
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node

ORIGIN = Origin("controller", "a test")


def read(text: str) -> Any:
    """What kslint, and so kubectl, reads."""
    (document,) = compose(Source("x", b""), text)
    return document.root.plain()


# Left: a string. Right: how kubectl 1.32.4 prints it (`kubectl annotate --local -o yaml`).
KUBECTL = {
    "25%": "25%",
    "on": '"on"',
    "y": '"y"',
    "1:30": '"1:30"',
    "2024-01-01": '"2024-01-01"',
    "0o7": '"0o7"',
    ".inf": '".inf"',
    "<<": '"<<"',
    "a #b": "'a #b'",
    "a#b": "a#b",
    "- x": "'- x'",
    "-x": "-x",
    "--model=/x": "--model=/x",
    "{x}": "'{x}'",
    "x, y": "x, y",
    "it's": "it's",
    "'x'": "'''x'''",
    "@x": "'@x'",
    " x": "' x'",
    "x ": "'x '",
    "1_000": '"1_000"',
    "a\tb": '"a\\tb"',
    "": '""',
    "`x": "'`x'",
    "%x": "'%x'",
    "é": "é",
    "null": '"null"',
    "~": '"~"',
    "-": "'-'",
    "?": "'?'",
    ":a": ":a",
    "---": "'---'",
    "--- x": "'--- x'",
    "...": "'...'",
    "x:": "'x:'",
    "x: y": "'x: y'",
    "x:y": "x:y",
    "1.2.3": "1.2.3",
    "0x1f": '"0x1f"',
    "1e3": '"1e3"',
    "1": '"1"',
    "2Gi": "2Gi",
    "python3 -m x --y='{\"a\": 1}'": "'python3 -m x --y=''{\"a\": 1}'''",
    "=": "'='",  # kubectl leaves it bare, and PyYAML cannot read that
}


@pytest.mark.parametrize(("text", "expected"), KUBECTL.items())
def test_quotes_are_kubectls(text: str, expected: str) -> None:
    expected = '"="' if text == "=" else expected
    assert scalar(text) == expected
    assert read(f"a: {expected}") == {"a": text}
    assert yaml.safe_load(f"a: {expected}") == {"a": text}


def test_keys_are_in_kubectls_order() -> None:
    """The order that `kubectl annotate --local -o yaml` printed these keys in."""
    printed = ["A_c", "Ab", "aa", "ab", "b", "b2", "b10", "ba", "zz"]
    assert sorted({*printed}, key=key_order) == printed


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [
        ("a", "aa"),
        ("a-b", "aa"),
        ("a.b/c", "ab"),
        ("a1", "a2"),
        ("a9", "a10"),
        ("a1x", "a01"),
        ("v1a", "v1-a"),
        ("a/b", "a1"),
        ("Z", "a"),
        ("", "a"),
        ("a" + "9" * 4999, "a1" + "0" * 5000),
    ],
)
def test_key_order(smaller: str, greater: str) -> None:
    assert key_order(smaller) < key_order(greater)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [1, "x"]}, "a:\n- 1\n- x\nb: 1\n"),
        ({"a": {"b": {}}}, "a:\n  b: {}\n"),
        ({"a": []}, "a: []\n"),
        ({}, "{}\n"),
        ([], "[]\n"),
        ({"a": None, "b": True, "c": 1.5, "d": 1e22}, "a: null\nb: true\nc: 1.5\nd: 1e+22\n"),
        ({"a": [{"c": 1, "b": 2}, {"d": 3}]}, "a:\n- b: 2\n  c: 1\n- d: 3\n"),
        ({"a": [[1, 2], [], {}]}, "a:\n- - 1\n  - 2\n- []\n- {}\n"),
        ({"a": "x\ny\n"}, "a: |\n  x\n  y\n"),
        ({"a": "x\ny"}, "a: |-\n  x\n  y\n"),
        ({"a": "x\n\n  y # z"}, "a: |-\n  x\n\n    y # z\n"),
        ({"a": ["x\ny"]}, "a:\n- |-\n  x\n  y\n"),
        ({"a": [{"b": "x\ny"}]}, "a:\n- b: |-\n    x\n    y\n"),
        ({"a": " x\ny"}, 'a: " x\\ny"\n'),
        ({"a": "x\n\n"}, 'a: "x\\n\\n"\n'),
        ({"a": "\n"}, 'a: "\\n"\n'),
        ({"a": "x\r\ny"}, 'a: "x\\r\\ny"\n'),
        ({"a": "\x85\u2028\x00\x7f"}, 'a: "\\x85\\u2028\\x00\\x7f"\n'),
        ({"on": 1, "x\ny": 2}, '"on": 1\n"x\\ny": 2\n'),
    ],
)
def test_documents(value: Any, expected: str) -> None:
    text = render(made(value, ORIGIN), origins=False)
    assert text == expected
    assert read(text) == value
    assert read(render(made(value, ORIGIN))) == value


def test_half_a_surrogate_pair_is_replaced() -> None:
    """No YAML text can hold one, and Go reads it as U+FFFD."""
    assert render(made({"a": "x\ud83dy"}, ORIGIN), origins=False) == 'a: "x\ufffdy"\n'


def test_a_key_of_any_length() -> None:
    long = "k" * 3000
    for value in ({"b": 1}, [1, {"c": 2}], "x\ny", {}, 1):
        assert read(render(made({long: value}, ORIGIN))) == {long: value}
    assert read(render(made([{long: 1, "b": 2}], ORIGIN))) == [{long: 1, "b": 2}]


def test_comments_stand_in_one_column_behind_the_value() -> None:
    body = made({"a": made("x", ORIGIN), "b" * 60: 1}, ORIGIN)
    assert render(body).splitlines() == ["a: x".ljust(48) + " # a test", "b" * 60 + ": 1 # a test"]


def test_a_written_value_has_no_comment() -> None:
    (document,) = compose(Source("x", b""), "a: |\n  x # y\nb: []\n")
    assert render(document.root) == "a: |\n  x # y\nb: []\n"


def test_a_comment_behind_a_block_header() -> None:
    lines = render(made({"a": "x\ny"}, ORIGIN)).splitlines()
    assert lines == ["a: |-".ljust(48) + " # a test", "  x", "  y"]


SPAN = Span("values.yaml", 3, 5, 3, 9)


def test_an_origin_shows_what_to_change() -> None:
    cause = Origin("helm", "a.b in the chart's values", "chart", SPAN)
    origin = Origin("helm", "the webhook", "defaults.go", None, cause)
    assert describe(origin) == "a.b in the chart's values (values.yaml:3:5)"
    assert list(chain(origin)) == [
        "the webhook  [defaults.go]",
        "a.b in the chart's values (values.yaml:3:5)  [chart]",
    ]
    assert list(chain(None)) == []


@pytest.mark.parametrize("text", ["a\nb: c", "a\r- b", "a\u2028b", "a\x85b", "a\ud800"])
def test_no_origin_breaks_out_of_its_comment(text: str) -> None:
    body: Node = made({"a": 1}, Origin("runtime", text, "", Span(text, 1, 1, 1, 2)))
    output = render(body)
    assert read(output) == {"a": 1}
    assert output.count("\n") == 1
    assert output.encode()
    assert all(len(line.splitlines()) == 1 for line in chain(Origin("runtime", text, text)))


keys = st.text(max_size=6)
values: st.SearchStrategy[Any] = st.deferred(
    lambda: st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.text(alphabet="-.:?#,[]{}&*!|>'\"%@` \nab01eExo_+=<~yn", max_size=8),
        st.from_regex(r"[-+]?[0-9_.:]{1,8}(e[-+]?[0-9])?", fullmatch=True),
        st.lists(values, max_size=3),
        st.dictionaries(keys, values, max_size=3),
    )
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(keys, values, max_size=3))
def test_every_value_survives(value: dict[str, Any]) -> None:
    """Whatever a manifest holds, the rendered text is read as the same data."""
    for text in (render(made(value, ORIGIN)), render(made(value, ORIGIN), origins=False)):
        assert read(text) == value
        assert holds_texts(yaml.safe_load(text), value)


def holds_texts(found: Any, value: Any) -> bool:
    """Are the strings the same? (PyYAML reads `1e+22`, a number to Kubernetes, as text.)"""
    if isinstance(value, dict):
        return found.keys() == value.keys() and all(holds_texts(found[k], value[k]) for k in value)
    if isinstance(value, list):
        return all(holds_texts(*pair) for pair in zip(found, value, strict=True))
    return found == value if isinstance(value, str) else not isinstance(found, (dict, list))


@given(st.text(max_size=10))
def test_json_is_not_needed_to_read_a_scalar(text: str) -> None:
    assert read(f"a: {scalar(text)}") == {"a": json.loads(json.dumps(text))}
