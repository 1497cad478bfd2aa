"""Quantities against the API machinery's own words (kubernetes.md 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.kubernetes.quantity import Quantity, QuantityError, parse, parse_or_none

if TYPE_CHECKING:
    from fractions import Fraction

CANONICAL = {
    "1.5": "1500m", "0.5Gi": "512Mi", "1000m": "1", "1024Mi": "1Gi", "1e3": "1e3", "2000Mi":
    "2000Mi",
    "0": "0", "0Gi": "0", "1": "1", "+5": "5", "-5m": "-5m", ".5": "500m", "5.": "5", "1.G": "1G",
    "12E6": "12e6", "1E": "1E", "0.0001": "100u", "1000000": "1M", "1000k": "1M", "1023": "1023",
    "1Ki": "1Ki", "1.5Ki": "1536", "100Mi": "100Mi", "1e-3": "1e-3", "0.1n": "1n", "500n": "500n",
}  # fmt: skip
INVALID = ["", "K", "1K", "1KB", "1MB", "1GB", "1gi", "1mi", "1ki", "1 Gi", "1,5Gi", "1e", "e3",
           "Gi",
           "--1", "1.2.3", "0x10", "one", "1Gi ", "1_000", "∞", "1e3Gi", "+"]  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items())
def test_canonical_form(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize("text", INVALID)
def test_invalid(text: str) -> None:
    with pytest.raises(QuantityError):
        parse(text)
    assert parse_or_none(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1000m", "1"),
        ("1.0", "1"),
        ("1Gi", "1024Mi"),
        ("1e3", "1k"),
        ("0.5", "500m"),
        ("1E3", "1000"),
    ],
)
def test_equal_in_any_spelling(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))


@pytest.mark.parametrize(
    ("small", "large"), [("999m", "1"), ("1G", "1Gi"), ("128m", "1"), ("1Mi", "2M"), ("-1", "0")]
)
def test_order(small: str, large: str) -> None:
    assert parse(small) < parse(large)
    assert not parse(large) < parse(small)


def test_whole_and_milli_round_up() -> None:
    assert parse("128m").whole() == 1
    assert parse("1.5m").milli() == 2
    assert parse("0.0001").milli() == 1
    assert parse("2").milli() == 2000


def test_nothing_is_too_large_or_too_small() -> None:
    assert parse("9" * 300).whole() == 2**63 - 1
    assert parse("1e999").whole() == 2**63 - 1
    assert str(parse("1e-999")) == "1e-9"
    with pytest.raises(QuantityError):
        parse("9" * 10_000)


@given(
    st.integers(-(10**12), 10**12),
    st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E2"]),
)
def test_canonical_form_means_the_same(number: int, suffix: str) -> None:
    quantity = parse(f"{number}{suffix}")
    assert parse(str(quantity)) == quantity
    assert str(parse(str(quantity))) == str(quantity)


@given(st.text(max_size=20))
def test_never_anything_but_a_quantity_or_its_error(text: str) -> None:
    assert parse_or_none(text) is None or isinstance(parse(text), Quantity)


@given(st.fractions(min_value=0, max_value=10**9), st.fractions(min_value=0, max_value=10**9))
def test_comparison_is_exact(one: Fraction, other: Fraction) -> None:
    assert (Quantity(one) < Quantity(other)) == (one < other)
