"""The text report: frames, carets, and nothing that steers a terminal."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import check_snapshot, sample

from kslint import SITE_URL
from kslint.findings import Finding, Label, Result, Summary
from kslint.report.frames import MAX_WIDTH, cells, printable
from kslint.report.terminal import Painter, Terminal
from kslint.report.text import render, summary
from kslint.source.files import Source
from kslint.source.nodes import Span

COLOUR = re.compile("\x1b\\[[0-9;]*m")


def frame(text: str, column: int, end_column: int, line: int = 1) -> tuple[str, str]:
    """The last line of a finding's frame and the carets under it."""
    finding = Finding("KS900", "x", "error", "m", Span("f", line, column, line, end_column))
    result = Result([finding], Summary(1, 1, 1, 0, 0), False, [])
    lines = render(result, {"f": Source("f", text.encode())}).split("\n")
    index = next(n for n, item in enumerate(lines) if item.lstrip(" |").startswith("^"))
    return lines[index - 1], lines[index]


def test_the_sample_is_as_it_was() -> None:
    result, sources = sample()
    text = render(result, sources)
    assert all(line.isprintable() for line in text.split("\n"))
    check_snapshot("report.txt", text)


def test_colour_only_adds_codes() -> None:
    result, sources = sample()
    coloured = render(result, sources, Terminal(colour=True))
    assert COLOUR.sub("", coloured) == render(result, sources)
    assert all(line.isprintable() for line in COLOUR.sub("", coloured).split("\n"))
    assert coloured.count("\x1b[0m") * 2 == coloured.count("\x1b[")


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Summary(1, 1, 0, 0, 0), "No findings in 1 file (1 object)"),
        (Summary(12, 31, 2, 1, 1), "2 errors, 1 warning, 1 note in 12 files (31 objects)"),
        (Summary(2, 1, 1, 0, 0, 1, unrendered=1),
         "1 error in 2 files (1 object); 1 template passed over"),
        (Summary(9, 1, 0, 0, 0, 3),
         "No findings in 9 files (1 object); 3 files without objects passed over"),
        (Summary(9, 1, 0, 0, 0, 3, unrendered=2),
         "No findings in 9 files (1 object); 2 templates and 1 file without objects passed over"),
        (Summary(1, 0, 0, 0, 0),
         "No findings in 1 file (0 objects)\nNo Kubernetes object was found to check"),
    ],
)  # fmt: skip
def test_summaries(counts: Summary, text: str) -> None:
    assert summary(Result([], counts, False, []), Painter(False)) == text


@pytest.mark.parametrize("start", [0, 1, 39, 40, 100, 158, 159, 160, 161, 5000, 9994, 9995])
def test_the_caret_of_a_long_line_is_in_the_frame(start: int) -> None:
    line = "x" * start + "HERE!" + "y" * (10_000 - start - 5)
    shown, carets = frame(line[:10_000], start + 1, min(start + 6, 10_001))
    assert len(shown) <= MAX_WIDTH + 6
    at, to = carets.index("^"), carets.rindex("^") + 1
    assert "HERE!".startswith(shown[at:to])
    assert shown[at:to]
    assert shown.startswith("1 | …") == (start >= MAX_WIDTH)


def test_tabs_and_escapes_keep_the_caret_in_line() -> None:
    shown, carets = frame("\ta:\t\x1bb", 6, 7)
    assert shown == "1 |  a: \\x1bb".replace("\\x1bb", "\\x1bb")
    assert shown[carets.index("^")] == "b"


def test_printable() -> None:
    assert printable("a é😀日") == "a é😀日"
    assert printable("a\tb\x1b[0m\r\n\x7f\x9b\u202e\u2028\udcff") == (
        "a b\\x1b[0m\\x0d\\x0a\\x7f\\x9b\\u202e\\u2028\\udcff"
    )


def test_a_huge_line_is_fast() -> None:
    line = "é\u0301😀" * 2_000_000
    began = time.process_time()
    shown, _ = frame(line, 5_000_000, 5_000_001)
    assert len(shown) < 4 * MAX_WIDTH
    assert time.process_time() - began < 3


@settings(max_examples=150)
@given(
    st.text(max_size=60),
    st.text(max_size=8),
    st.lists(st.integers(1, 300), min_size=4, max_size=4),
)
def test_any_span_in_any_text(text: str, name: str, place: list[int]) -> None:
    span = Span(name, *place)
    finding = Finding(
        "KS900", "x", "warning", text, span, symptom=text, help=text, related=(Label(span, text),)
    )
    result = Result([finding], Summary(1, 1, 0, 1, 0), False, [])
    shown = render(result, {name: Source(name, text.encode())})
    shown.encode()
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_text_is_wrapped_at_words(width: int) -> None:
    result, sources = sample()
    lines = render(result, sources, Terminal(width=width)).split("\n")
    unbreakable = re.compile(r" *(-->|:::|= rule:)")
    for line in lines:
        assert cells(line) <= width or unbreakable.match(line), line
    words = "requests.cpu 2 is over limits.cpu 1, which KServe injects"
    assert words in " ".join(" ".join(lines).split())


def test_lines_are_whole_where_no_terminal_is() -> None:
    result, sources = sample()
    assert max(map(len, render(result, sources).split("\n"))) > 100


def test_rules_with_a_page_are_links() -> None:
    result, sources = sample()
    name = result.findings[0].name
    linked = render(result, sources, Terminal(linked=frozenset({name})))
    url = f"{SITE_URL}/rules/{name}/"
    head = f"error[{result.findings[0].rule}]"
    assert f"\x1b]8;;{url}\x1b\\{head}\x1b]8;;\x1b\\ " in linked
    assert linked.count("\x1b]8;;") == 2 * sum(f.name == name for f in result.findings)


def test_quiet_leaves_the_summary_out() -> None:
    result, sources = sample()
    quiet = render(result, sources, quiet=True)
    assert render(result, sources).startswith(quiet)
    assert " files (" not in quiet
