"""Regular expressions of the input: Go's language, and no text that they are tried on for long."""

from __future__ import annotations

import sys

import pytest

from kslint.source import regexes
from kslint.source.regexes import PatternError, full_match, is_in


@pytest.mark.parametrize(
    ("pattern", "text", "whole", "held"),
    [
        ("qwen", "qwen", True, True),
        ("qwen", "qwen-2", False, True),
        ("a.c", "abc", True, True),
        ("a.c", "a\nc", False, False),
        ("qwen|llama", "llama-3", False, True),
        ("qwen-.*", "qwen-cpu", True, True),
        ("^qwen$", "qwen", True, True),
        ("^qwen$", "qwen\n", False, False),
        (r"\d+\pL\z", "7x", True, True),
        ("(?i)QWEN", "qwen", True, True),
        ("(?P<a>x)(?:y)", "xy", True, True),
        ("", "", True, True),
        ("", "x", False, True),
        ("é+", "éé", True, True),
    ],
)
def test_a_pattern(pattern: str, text: str, whole: bool, held: bool) -> None:
    assert full_match(pattern, text) is whole
    assert is_in(pattern, text) is held


def test_an_ending_of_ours() -> None:
    assert full_match("ghcr.io/x", "ghcr.io/x:v1", "(:[a-z0-9]*)?")
    assert full_match("a|ghcr.io/x", "ghcr.io/x:v1", "(:[a-z0-9]*)?")
    assert not full_match("ghcr.io/x", "ghcr.io/xy", "(:[a-z0-9]*)?")


@pytest.mark.parametrize(
    "pattern", ["(", "a**", "(?=a)b", r"(a)\1", r"\Z", "a{1001}", "[z-a]", "(?P<a", "x{2,1}", "*"]
)
def test_what_go_does_not_take(pattern: str) -> None:
    with pytest.raises(PatternError):
        is_in(pattern, "a")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)*(.*)*b", "a?" * 200 + "a" * 200 + "b",
     "((a{1,9}){1,9}){1,9}b", "(" * 900 + "a" + ")*" * 900 + "b"],
    ids=lambda pattern: pattern[:16],
)  # fmt: skip
def test_no_pattern_is_tried_for_long(pattern: str) -> None:
    """Python's own engine would not answer before the tests are given up."""
    for text in ("a" * 4000, "a" * 39):
        assert not full_match(pattern, text)
        assert not is_in(pattern, text)


def test_half_a_character_is_unknown() -> None:
    with pytest.raises(PatternError):
        is_in("a+", "\ud800")
    with pytest.raises(PatternError):
        is_in("\ud800+", "a")


def test_without_re2_only_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    regexes._compiled.cache_clear()
    assert full_match("qwen", "qwen")
    with pytest.raises(PatternError, match="not installed"):
        full_match("qwen-.*", "qwen-cpu")
    regexes._compiled.cache_clear()
