"""VLLM_CPU_OMP_THREADS_BIND, by release. The messages were seen in logs of vLLM 0.23.0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.engines.vllm import omp

INT = "ValueError: invalid literal for int() with base 10: "
NOW = (0, 23, 0)


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("auto", "auto", ""),
        ("nobind", "nobind", ""),
        ("all", "refused", INT + "'all'"),
        ("none", "refused", INT + "'none'"),
        ("NOBIND", "refused", INT + "'NOBIND'"),
        ("Auto", "refused", INT + "'Auto'"),
        ("0-1:2", "refused", INT + "'1:2'"),
        ("0,1,", "refused", INT + "''"),
        ("-1", "refused", INT + "''"),
        ("", "lists", "an empty list sets OMP_NUM_THREADS=0"),
        ("1-0", "lists", "an empty list sets OMP_NUM_THREADS=0"),
        (" 0-1 ", "lists", ""),
        ("0|1", "lists", "only the first 1 of 2 are used"),
    ],
)
def test_current_grammar(text: str, kind: str, detail: str) -> None:
    binding = omp.parse(text, NOW, ranks=1)
    assert (binding.kind, binding.error or binding.warning) == (kind, detail)


def test_three_ends_of_a_range() -> None:
    assert omp.parse("0-1-2", NOW).error.startswith("ValueError: too many values to unpack")


def test_lists_per_rank() -> None:
    assert omp.parse("0-2,5|7", NOW, ranks=2) == omp.Binding("lists", ((0, 1, 2, 5), (7,)))
    short = omp.parse("all", NOW, ranks=2)
    assert short.error == (
        "AssertionError: Given number of CPU id list ['all'] doesn't match local world size 2."
    )


@pytest.mark.parametrize(
    ("version", "kinds"),
    [
        ((0, 8, 5), ("refused", "nobind", "refused")),
        ((0, 9, 2), ("auto", "nobind", "refused")),
        ((0, 10, 2), ("auto", "nobind", "refused")),
        ((0, 11, 2), ("auto", "all", "nobind")),
        ((0, 19, 1), ("auto", "all", "nobind")),
        ((0, 20, 0), ("auto", "refused", "nobind")),
        (None, ("auto", "refused", "nobind")),
    ],
)
def test_words_by_release(version: tuple[int, ...] | None, kinds: tuple[str, ...]) -> None:
    assert tuple(omp.parse(word, version).kind for word in ("auto", "all", "nobind")) == kinds


def test_libnuma_grammar_is_left_alone() -> None:
    assert omp.parse("!0-3", (0, 15, 1)).kind == "unclear"
    assert omp.parse("0-3", (0, 15, 1)).kind == "lists"


@given(st.lists(st.sets(st.integers(0, 300), min_size=1, max_size=20), min_size=1, max_size=6))
def test_round_trip(cores: list[set[int]]) -> None:
    lists = tuple(tuple(sorted(items)) for items in cores)
    assert omp.parse(omp.render(lists), NOW, len(lists)) == omp.Binding("lists", lists)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 20)), min_size=1, max_size=5))
def test_ranges_mean_their_members(ranges: list[tuple[int, int]]) -> None:
    text = ",".join(f"{low}-{low + more}" for low, more in ranges)
    members = {core for low, more in ranges for core in range(low, low + more + 1)}
    assert omp.parse(text, NOW).lists == (tuple(sorted(members)),)


@given(st.text(), st.sampled_from([None, (0, 8, 5), (0, 10, 2), (0, 15, 1), NOW]))
def test_any_text_has_an_answer(text: str, version: tuple[int, ...] | None) -> None:
    binding = omp.parse(text, version, 1)
    assert (binding.kind == "refused") == bool(binding.error)


@given(st.text(st.sampled_from("0123456789-,| "), max_size=12))
def test_error_is_pythons_own(text: str) -> None:
    binding = omp.parse(text, NOW)
    numbers = [n for i in text.split("|") if i for p in i.split(",") for n in p.split("-")]
    wrong = next((number for number in numbers if not number.strip().isdigit()), None)
    if wrong is not None and "unpack" not in binding.error:
        assert binding.error == f"{INT}{wrong!r}"


def test_absurd_ranges_cost_nothing() -> None:
    assert len(omp.parse("0-99999999999", NOW).lists[0]) == omp.MAX_CORES + 1
