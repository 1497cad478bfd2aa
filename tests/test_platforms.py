"""The shipped platforms: the bad ones have every trap at a known line, the good one has none.

platform-bad is platform-good, file by file, with a trap for each rule of the runbook. Two traps
have no room beside another there, so they stand in a small tree of their own, platform-bad-bare:
without cert-manager there is no chart of it to install without its CRDs, and without the Gateway
API KServe looks for no Gateway that could be missing. platform-bad-yaml has what YAML itself makes
of values, on any platform.
"""

from __future__ import annotations

from collections import Counter
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
import yaml
from cases import FIXTURES, ROOT, Expected, book, result_of

if TYPE_CHECKING:
    from pathlib import Path

BAD = {
    "platform-bad": "platform_bad.yaml",
    "platform-bad-bare": "platform_bad_bare.yaml",
    "platform-bad-yaml": "platform_bad_yaml.yaml",
}
"""Folders of fixtures/, and the files beside this one that say what is found in them."""


def found_in(name: str) -> list[tuple[str, Expected]]:
    return [
        (f.name, Expected(f.span.file, f.span.line, f.span.column, f.severity, f.message))
        for f in result_of(FIXTURES / name).findings
    ]


def test_the_good_platform_is_silent_under_every_rule() -> None:
    result = result_of(FIXTURES / "platform-good")
    assert result.findings == []
    assert not result.failed
    assert result.summary.resources > 30


@pytest.mark.parametrize("name", BAD)
def test_a_bad_platform_has_each_trap_at_its_line(name: str) -> None:
    items = yaml.safe_load((ROOT / "tests" / BAD[name]).read_text(encoding="utf-8"))
    expected = [(item.pop("rule"), Expected(**item)) for item in items]
    assert sorted(found_in(name)) == sorted(expected)


def test_the_bad_platforms_have_each_trap_once() -> None:
    """They are a tour, not the proof of each rule: that is the fixtures' part."""
    broken = Counter(rule for name in BAD for rule, _ in found_in(name))
    assert set(broken.values()) == {1}
    assert set(broken) <= {rule.name for rule in book() if not rule.reserved}


def test_good_and_bad_platform_have_the_same_files() -> None:
    good, bad = FIXTURES / "platform-good", FIXTURES / "platform-bad"
    names = {p.relative_to(good) for p in good.rglob("*") if p.is_file()}
    assert names == {p.relative_to(bad) for p in bad.rglob("*") if p.is_file()}


def test_of_two_platforms_in_one_input_each_has_its_own_values(tmp_path: Path) -> None:
    copytree(FIXTURES / "platform-good", tmp_path / "a")
    copytree(FIXTURES / "platform-bad-bare", tmp_path / "b")
    found = {(f.name, f.span.file) for f in result_of(tmp_path).findings}
    assert ("gateway-api-disabled", "b/platform/kserve/values.yaml") in found
    assert not [file for _, file in found if file.startswith("a/")]
