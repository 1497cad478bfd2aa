"""Every fixture folder: bad ones give exactly what expect.yaml says, good ones are silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import FIXTURES, PLATFORMS, RULE_FOLDERS, Expected, book, expected_in, findings_in

if TYPE_CHECKING:
    from pathlib import Path

CASES = sorted(case for folder in RULE_FOLDERS.values() for case in folder.iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_fixture(case: Path) -> None:
    found = [
        Expected(f.span.file, f.span.line, f.span.column, f.severity, f.message)
        for f in findings_in(case, case.parent.name)
    ]
    assert found == expected_in(case)


def test_every_folder_belongs_to_a_rule_or_is_a_platform() -> None:
    places = {folder.relative_to(FIXTURES).as_posix() for folder in RULE_FOLDERS.values()}
    assert places <= {f"{rule.category}/{rule.name}" for rule in book()}
    assert {folder.name for folder in set(FIXTURES.iterdir()) - set(PLATFORMS)} <= {
        rule.category for rule in book()
    }
