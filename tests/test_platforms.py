"""The two shipped platforms: one has every trap at a known line, the other none."""

from __future__ import annotations

import yaml
from cases import FIXTURES, ROOT, Expected, result_of


def test_the_good_platform_is_silent_under_every_rule() -> None:
    result = result_of(FIXTURES / "platform-good")
    assert result.findings == []
    assert not result.failed
    assert result.summary.resources > 15


def test_the_bad_platform_has_each_trap_at_its_line() -> None:
    folder = FIXTURES / "platform-bad"
    found = {
        (f.name, Expected(f.span.file, f.span.line, f.span.column, f.severity, f.message))
        for f in result_of(folder).findings
    }
    items = yaml.safe_load((ROOT / "tests/platform_bad.yaml").read_text(encoding="utf-8"))
    expected = {(item.pop("rule"), Expected(**item)) for item in items}
    assert found == expected


def test_both_platforms_have_the_same_files() -> None:
    good, bad = FIXTURES / "platform-good", FIXTURES / "platform-bad"
    names = {p.relative_to(good) for p in good.rglob("*") if p.is_file()}
    assert names == {p.relative_to(bad) for p in bad.rglob("*") if p.is_file()}
