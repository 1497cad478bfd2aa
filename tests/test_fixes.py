"""Fixes over all bad fixtures: what was wrong is right, and nothing else is other than it was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from cases import FIXTURES, FOLDERS, RULE_FOLDERS, book, findings_in, inside

from kslint.config import Config
from kslint.config import file as config_file
from kslint.running import engine, fixing
from kslint.source.load import Input, load, load_source

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.findings import Finding, Result

CASES = [folder for folder in FOLDERS if "bad" in folder.name]

REVEALED = {
    "bad-other-kinds": ("hf-download-on-throttled-egress",),
    "platform-bad": ("timeout-not-applied",),
}
"""A field that is spelt right is read, and what it says may be wrong in turn."""


class World:
    """A fixture folder in memory, and the check of it."""

    def __init__(self, folder: Path, line_break: bytes = b"\n") -> None:
        with inside(folder):
            read = load(["."])
            files = config_file.in_directory(".")
            self.config = config_file.read(files[0]).config() if files else Config()
        self.loaded = Input([], [], read.skipped)
        for file in read.files:
            source = file.source
            if source.name != "expect.yaml":
                source.data = source.data.replace(b"\r\n", b"\n").replace(b"\n", line_break)
                load_source(type(source)(source.name, source.data), self.loaded)
        self.result = self.check(self.loaded)

    def check(self, loaded: Input) -> Result:
        return engine.run(loaded, book(), self.config, book())

    def fixed(self, unsafe: bool) -> fixing.Outcome:
        return fixing.fix(self.loaded, self.result, self.check, unsafe)


def what(finding: Finding) -> tuple[str, str]:
    return finding.name, finding.span.file


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_fixed_findings_are_gone_and_no_others_appear(case: Path) -> None:
    world = World(case)
    edited = {}
    for unsafe in (False, True):
        offered = fixing.available(world.result.findings, unsafe)
        outcome = world.fixed(unsafe)
        undone = [finding for finding, _ in outcome.undone]
        left = fixing.available(outcome.result.findings, unsafe)
        assert Counter(map(what, left)) == Counter(map(what, undone))
        remaining = Counter(map(what, world.result.findings))
        remaining.subtract(map(what, offered))
        remaining.update(map(what, undone))
        now = [f for f in outcome.result.findings if f.name not in REVEALED.get(case.name, ())]
        assert Counter(map(what, now)) <= remaining
        assert not outcome.result.failed or world.result.failed
        assert bool(outcome.changed) == bool(offered)
        edited[unsafe] = texts(outcome)
    if edited[True]:
        crlf = World(case, b"\r\n").fixed(True)
        assert texts(crlf) == {k: v.replace("\n", "\r\n") for k, v in edited[True].items()}


def texts(outcome: fixing.Outcome) -> dict[str, str]:
    """The changed files as they are afterwards."""
    names = outcome.changed
    files = outcome.loaded.files
    return {f.source.name: f.source.data.decode() for f in files if f.source.name in names}


@pytest.mark.parametrize("name", sorted(rule.name for rule in book() if rule.fix))
def test_fixtures_show_fixes_as_the_page_has_them(name: str) -> None:
    spec = next(rule.fix for rule in book() if rule.name == name)
    assert spec is not None
    folders = [*RULE_FOLDERS[name].glob("bad*"), FIXTURES / "platform-bad"]
    found = [finding.fix for folder in folders for finding in findings_in(folder, name)]
    kinds = {fix.safe for fix in found if fix is not None}
    assert kinds
    assert (True in kinds) == (spec.safe is not False)
