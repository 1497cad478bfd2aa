"""Facts in the texts of pages: code stays code, whatever is put into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.findings.wording import filled, filled_in_part
from kslint.report.facts import pieces


@pytest.mark.parametrize(
    ("text", "fact", "expected"),
    [
        ("`{x}` is wrong", "a", "`a` is wrong"),
        ("`{x}` is wrong", "a` b", "`` a` b `` is wrong"),
        ("`{x}`", "`", "`` ` ``"),
        ("`{x}`", "``a`b", "``` ``a`b ```"),
        ("`x: {x}`, not `y`", "a`b", "`` x: a`b ``, not `y`"),
        ("{x}: `y`", "the `a` must", "the `a` must: `y`"),
        ("`y` is {x}", 7, "`y` is 7"),
    ],
)
def test_a_backtick_ends_no_code(text: str, fact: object, expected: str) -> None:
    assert filled(text, {"x": fact}) == expected


def test_what_is_not_told() -> None:
    assert filled_in_part("set `{field}` of `{x}`", {"x": "a`"}) == "set `<field>` of `` a` ``"


@given(fact=st.text("a `\n"))
def test_reports_see_the_same_code(fact: str) -> None:
    line = filled("so `{x}` and `y` and `z {x}`", {"x": fact}).replace("\n", " ")
    fact = fact.replace("\n", " ")
    if fact.strip():
        assert [text for is_code, text in pieces(line) if is_code] == [fact, "y", f"z {fact}"]
