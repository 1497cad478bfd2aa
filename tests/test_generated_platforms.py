"""What holds for every repository there may be: no breakage, and one meaning for one content."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import fuzz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platforms import hostile_platforms, platforms
from test_transformations import actual, expected, found_in
from transformations import TRANSFORMATIONS, in_walk_order

if TYPE_CHECKING:
    from pathlib import Path

    from transformations import Files, Transformation

    from kslint.config import Config

modest = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
runner = fuzz.Runner()
configs = st.sampled_from(fuzz.CONFIGS)


@modest
@given(st.one_of(platforms, hostile_platforms()), configs)
def test_nothing_breaks(files: Files, config: Config) -> None:
    outcome = runner.run(files, config, on_disk=False)
    assert outcome.word != "broken", outcome.detail


@settings(modest, max_examples=15)
@given(st.one_of(platforms, hostile_platforms()))
def test_the_command_line_has_three_exit_codes_and_valid_reports(files: Files) -> None:
    outcome = runner.run(files, fuzz.CONFIGS[0], on_disk=True)
    assert outcome.word != "broken", outcome.detail


@modest
@given(platforms, st.sampled_from(TRANSFORMATIONS), st.integers(0, 99))
def test_findings_stay(tmp_path: Path, files: Files, how: Transformation, seed: int) -> None:
    files = in_walk_order(files)
    rewritten = how.change(files, random.Random(seed))  # noqa: S311
    before, after = found_in(tmp_path, files), found_in(tmp_path, rewritten.files)
    assert actual(after, rewritten) == expected(before, rewritten)
