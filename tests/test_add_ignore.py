"""`--add-ignore`: where its comments go, and what they leave alone."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from cases import FOLDERS, book, inside
from test_cli import kslint

from kslint.config import Config
from kslint.running import engine
from kslint.running.ignoring import ignore
from kslint.source.load import Input, load, load_source

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.findings import Finding

BAD = """apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
  annotations: {serving.kserve.io/deploymentMode: Standard}
spec:
  predictor:
    minReplicas: 0
    containers:
      - name: kserve-container
        image: ghcr.io/example/server:1
        resources:
          requests: {cpu: "2"} # measured
"""
REASON = "known since OPS-12"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "isvc.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_comments_are_written_and_nothing_is_left(tree: Path) -> None:
    done = kslint("check", "--add-ignore", REASON, cwd=tree)
    assert done.returncode == 0
    assert done.stderr == b"Suppressed 2 findings in 1 file\n"
    text = (tree / "isvc.yaml").read_text(encoding="utf-8")
    zero = f"    minReplicas: 0  # kslint: ignore[min-replicas-zero-in-standard-mode] {REASON}\n"
    cpu = '{cpu: "2"} # measured  # kslint: ignore['
    assert zero in text
    assert cpu in text
    assert json.loads(kslint("check", "-o", "json", cwd=tree).stdout)["summary"]["suppressed"] == 2


def test_diff_shows_the_comments_and_writes_none(tree: Path) -> None:
    done = kslint("check", "--add-ignore", REASON, "--diff", cwd=tree)
    assert done.returncode == 1
    assert b"+    minReplicas: 0  # kslint: ignore[min-replicas-zero" in done.stdout
    assert done.stderr == b"--add-ignore would suppress 2 findings\n"
    assert (tree / "isvc.yaml").read_text(encoding="utf-8") == BAD


def test_what_has_no_place_for_a_comment_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "Bad_Name"}}',
        encoding="utf-8",
    )
    done = kslint("check", "--add-ignore", REASON, cwd=tmp_path)
    assert done.returncode == 1
    assert b"is not suppressed: there is no place for a comment here" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--add-ignore", " "), ("--add-ignore", "a\nb"), ("--add-ignore", "a", "--fix")],
    ids=["blank", "two lines", "with --fix"],
)
def test_what_makes_no_sense_is_refused(tree: Path, options: tuple[str, ...]) -> None:
    done = kslint("check", *options, cwd=tree)
    assert done.returncode == 2
    assert b"--add-ignore" in done.stderr
    assert (tree / "isvc.yaml").read_text(encoding="utf-8") == BAD


def test_standard_input_is_not_written_to(tree: Path) -> None:
    done = kslint("check", "-", "--add-ignore", "a", cwd=tree, stdin=BAD.encode())
    assert (done.returncode, done.stdout) == (2, b"")


def test_comments_excuse_what_is_found_and_nothing_else() -> None:
    """In every third fixture all that is left are the findings that were said to be."""
    excused = 0
    for folder in FOLDERS[::3]:
        with inside(folder):
            loaded = load(["."])
            before = [f for f in judged(loaded) if f.suppressed is None]
            reserved = {rule.name for rule in book() if rule.reserved}
            can = [finding for finding in before if finding.name not in reserved]
            sources = {file.source.name: file.source for file in loaded.files}
            outcome = ignore(can, sources, REASON)
            again = Input([], [], list(loaded.skipped))
            for name, source in sources.items():
                load_source(outcome.changed.get(name, source), again)
            after = [f for f in judged(again) if f.suppressed is None]
        left = Counter((f.name, f.subject) for f in outcome.left)
        left += Counter((f.name, f.subject) for f in before if f.name in reserved)
        assert Counter((f.name, f.subject) for f in after) == left, folder
        excused += sum(outcome.numbers.values())
    assert excused > 100


def judged(read: Input) -> list[Finding]:
    return engine.run(read, book(), Config(), book()).findings
