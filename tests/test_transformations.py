"""Every fixture written differently gives the same findings.

Of each three fixtures in a row one is rewritten in a certain way; with KSLINT_ALL=1 all are.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cases import FOLDERS, ROOT, book, inside
from transformations import TRANSFORMATIONS, in_walk_order

from kslint.config import Config
from kslint.config import file as config_file
from kslint.running import engine
from kslint.source.files import CONFIG_FILES, Source
from kslint.source.load import Input, load_source

if TYPE_CHECKING:
    from pathlib import Path

    from transformations import Files, Rewritten, Transformation

    from kslint.findings import Finding


def files_of(folder: Path) -> Files:
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("expect.yaml", *CONFIG_FILES)
    }
    return in_walk_order(found)


def found_in(folder: Path, files: Files) -> list[Finding]:
    """What is found in files that need not be on the disk, under the folder's configuration."""
    with inside(folder):
        loaded = Input([], [], [])
        for name, data in files.items():
            if name.endswith((".yaml", ".yml", ".json", "/Kustomization")):
                load_source(Source(name, data), loaded)
        configs = config_file.in_directory(".")
        config = config_file.read(configs[0]).config() if configs else Config()
        return engine.run(loaded, book(), config, book()).findings


def is_about_spelling(folder: Path) -> bool:
    """Is a fixture's flaw in how values are written, so that it is lost when YAML is made anew?"""
    return folder.parent.name.startswith("yaml-") or folder.name in _SPELT


_SPELT = ("platform-bad-yaml", "good-braces-to-be-filled-in")
_BY_FILE = (
    ("gateway-class-mismatch", "good-examples"),
    ("secret-store-missing", "good-pages"),
    ("two-scalers-on-one-workload", "good-two-examples"),
    ("default-domain-example-com", "good-releases-side-by-side"),
    ("external-secret-never-synced", "bad-manifest"),
)


def is_about_files(folder: Path, how: Transformation) -> bool:
    """Is it a fixture in which it matters what stands in one file, and are files divided or joined?

    Pages and examples each stand alone, and two objects in one file certainly meet.
    """
    name = (folder.parent.name, folder.name)
    return name in _BY_FILE and how.name in ("all in one file", "one document a file")


@cache
def found_before(folder: Path) -> list[Finding]:
    return found_in(folder, files_of(folder))


def names_the_second(finding: Finding) -> bool:
    """Is it about two that exclude each other, and at the one that is read second?"""
    return (
        finding.name == "model-and-containers-both-set"
        or "same priority assigned" in finding.message
    )


def fingerprint(finding: Finding) -> tuple[object, ...]:
    """All of a finding but its place. The names of overlays tell where the input begins."""
    if names_the_second(finding):
        return (finding.name, finding.severity, finding.subject.kind)
    message = re.sub(r"(overlay|likewise in) `tree/", r"\1 `", finding.message)
    return (
        finding.name, finding.severity, message, finding.subject, finding.path, finding.suppressed,
    )  # fmt: skip


def expected(before: list[Finding], rewritten: Rewritten) -> list[tuple[object, ...]]:
    """The findings as they should now be."""
    found = []
    for finding in before:
        span = finding.span
        moves = rewritten.moved if not names_the_second(finding) else None
        moved = moves and moves((span.file, span.line))
        found.append((*fingerprint(finding), *((*moved, span.column) if moved else ())))
    return sorted(found, key=repr)


def actual(after: list[Finding], rewritten: Rewritten) -> list[tuple[object, ...]]:
    found = []
    for finding in after:
        span = finding.span
        is_told = rewritten.moved and not names_the_second(finding)
        place = (span.file, span.line, span.column) if is_told else ()
        found.append((*fingerprint(finding), *place))
    return sorted(found, key=repr)


@pytest.mark.parametrize("how", TRANSFORMATIONS, ids=lambda how: how.name)
def test_findings_stay(how: Transformation) -> None:
    changed = 0
    step = 1 if os.environ.get("KSLINT_ALL") else 3
    for folder in FOLDERS[TRANSFORMATIONS.index(how) % step :: step]:
        files = files_of(folder)
        rewritten = how.change(files, random.Random(folder.name))  # noqa: S311
        if list(rewritten.files.items()) == list(files.items()):
            continue
        if rewritten.moved is None and is_about_spelling(folder):
            continue
        if is_about_files(folder, how):
            continue
        changed += 1
        before, after = found_before(folder), found_in(folder, rewritten.files)
        where = f"{folder.parent.name}/{folder.name}"
        assert actual(after, rewritten) == expected(before, rewritten), where
    assert changed > 10


def test_a_run_is_the_same_under_every_hash_seed() -> None:
    def report(seed: str) -> bytes:
        check = ["check", "fixtures/platform-bad", "--output-format", "json", "--no-cache"]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "kslint", *check],
            capture_output=True,
            cwd=ROOT,
            env=environment,
            check=False,
        ).stdout

    assert report("1") == report("2") != b""
