"""Running rules over folders: shared by the fixture tests, the page tests and write_expect.py."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from kslint import rulebook
from kslint.config import Config
from kslint.config import file as config_file
from kslint.running import engine
from kslint.source.files import Source
from kslint.source.load import Input, load, load_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.findings import Finding, Result

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
PLATFORMS = sorted(FIXTURES.glob("platform-*"))
RULE_FOLDERS = {
    folder.name: folder for folder in sorted(FIXTURES.glob("*/*")) if folder.parent not in PLATFORMS
}
"""The folder of each rule's fixtures, in that of its category."""
FOLDERS = sorted([*PLATFORMS, *(case for rule in RULE_FOLDERS.values() for case in rule.iterdir())])
"""Every tree of manifests in the fixtures."""


class Expected(NamedTuple):
    """A line of expect.yaml."""

    file: str
    line: int
    column: int
    severity: str
    message: str


@lru_cache(maxsize=1)
def book() -> list[rulebook.Rule]:
    return rulebook.load()


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Findings name files relative to the working directory."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def loaded(files: Mapping[str, str | bytes]) -> Input:
    """Files that stand nowhere, read as if they did."""
    found = Input([], [], [])
    for name, text in files.items():
        load_source(Source(name, text.encode() if isinstance(text, str) else text), found)
    return found


def result_of(folder: Path, rules: list[rulebook.Rule] | None = None) -> Result:
    with inside(folder):
        loaded = load(["."])
        loaded.files[:] = [f for f in loaded.files if f.source.name != "expect.yaml"]
        files = config_file.in_directory(".")
        config = config_file.read(files[0]).config() if files else Config()
        return engine.run(loaded, book() if rules is None else rules, config, book())


def findings_in(folder: Path, name: str) -> list[Finding]:
    """The findings of one rule in a folder. What the engine itself reports needs all rules."""
    rule = next(rule for rule in book() if rule.name == name)
    rules = book() if rule.reserved else [rule]
    found = result_of(folder, rules).findings
    assert [f.message for f in found if f.name == engine.INTERNAL_ERROR] == []
    return [f for f in found if f.name == name]


def expected_in(folder: Path) -> list[Expected]:
    file = folder / "expect.yaml"
    items = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else []
    return [Expected(**item) for item in items or []]


def expectation(finding: Finding) -> str:
    """One item of expect.yaml."""
    message = finding.message.replace("'", "''")
    return (
        f"- file: {finding.span.file}\n  line: {finding.span.line}\n"
        f"  column: {finding.span.column}\n  severity: {finding.severity}\n"
        f"  message: '{message}'\n"
    )
