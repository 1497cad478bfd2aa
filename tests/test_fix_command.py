"""`--fix`, `--diff` and `--unsafe-fixes` as a user meets them: what is written, shown and left."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from scratch import GIT, needs_git
from test_cli import kslint

from kslint.cli import files

if TYPE_CHECKING:
    from pathlib import Path

BAD = b"""apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
  annotations:
    serving.kserve.io/stop: "true" # until the GPUs are back
spec:
  predictor:
    containers:
      - name: kserve-container
        image: ghcr.io/example/server:1
        resources:
          requests: {cpu: "2"} # measured
"""
SAFE = BAD.replace(
    b'requests: {cpu: "2"} # measured\n',
    b'requests: {cpu: "2"} # measured\n          limits:\n            cpu: "2"\n',
)
BOTH = SAFE.replace(
    b'  annotations:\n    serving.kserve.io/stop: "true" # until the GPUs are back\n', b""
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "isvc.yaml").write_bytes(BAD)
    return tmp_path


def text_of(tree: Path) -> bytes:
    return (tree / "isvc.yaml").read_bytes()


def test_fix_writes_what_is_safe_and_reports_the_rest(tree: Path) -> None:
    done = kslint("check", "--fix", cwd=tree)
    assert (done.returncode, done.stderr) == (0, b"")
    assert text_of(tree) == SAFE
    assert b"KS406" in done.stdout
    assert b"KS101" not in done.stdout
    assert done.stdout.endswith(b"\nFixed 1; 1 more with --fix --unsafe-fixes\n")


def test_unsafe_fixes_are_made_when_asked_for(tree: Path) -> None:
    assert kslint("check", "--fix", "--unsafe-fixes", cwd=tree).returncode == 0
    assert text_of(tree) == BOTH
    again = kslint("check", "--fix", "--unsafe-fixes", cwd=tree)
    assert again.stdout == b"No findings in 1 file (1 object)\n"
    assert text_of(tree) == BOTH


def test_the_report_offers_fixes(tree: Path) -> None:
    offer = b"= fix: set `limits.cpu` to 2 too (--fix)"
    unsafe = b"= fix: remove the annotation (--fix --unsafe-fixes)"
    end = b"1 can be fixed with --fix, 1 more with --fix --unsafe-fixes\n"
    plain = kslint("check", cwd=tree).stdout
    assert offer in plain
    assert unsafe not in plain
    assert plain.endswith(end)
    shown = kslint("check", "--unsafe-fixes", cwd=tree).stdout
    assert offer in shown
    assert unsafe in shown
    assert text_of(tree) == BAD


@needs_git
def test_diff_is_a_patch_and_writes_nothing(tree: Path) -> None:
    done = kslint("check", "--diff", "--unsafe-fixes", cwd=tree)
    assert done.returncode == 1
    assert done.stderr == b"--fix would fix 2 findings\n"
    assert text_of(tree) == BAD
    subprocess.run([str(GIT), "apply", "-"], input=done.stdout, cwd=tree, check=True)
    assert text_of(tree) == BOTH
    clean = kslint("check", "--diff", "--unsafe-fixes", cwd=tree)
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, b"", b"Nothing to fix\n")


@needs_git
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "not-ended"])
def test_a_patch_knows_of_line_ends(tree: Path, end: bytes) -> None:
    (tree / "isvc.yaml").write_bytes(BAD.rstrip() + end)
    done = kslint("check", "--diff", cwd=tree)
    subprocess.run([str(GIT), "apply", "-"], input=done.stdout, cwd=tree, check=True)
    assert text_of(tree) == SAFE.rstrip() + end


@needs_git
@pytest.mark.parametrize(
    "name",
    ["a b.yaml", "\x1b]0;owned\x07.yaml", "a\n--- Makefile\n+++ Makefile\n@@ -1 +1 @@.yaml",
     'q"\\.yaml', "ü\u202e.yaml", os.fsdecode(b"\xff.yaml"), " x\t.yaml"],
)  # fmt: skip
def test_no_name_of_a_file_gets_out_of_its_line(tmp_path: Path, name: str) -> None:
    try:
        (tmp_path / name).write_bytes(BAD)
    except OSError:
        pytest.skip("the file system has no such name")
    done = kslint("check", "--diff", cwd=tmp_path)
    heads = [line for line in done.stdout.split(b"\n") if line.startswith((b"---", b"+++"))]
    assert len(heads) == 2
    assert all(0x20 <= byte < 0x7F or byte == 0x09 for head in heads for byte in head)
    subprocess.run([str(GIT), "apply", "-"], input=done.stdout, cwd=tmp_path, check=True)
    assert (tmp_path / name).read_bytes() == SAFE
    assert os.listdir(tmp_path) == [name]


def test_stdin_can_be_shown_and_not_written(tree: Path) -> None:
    shown = kslint("check", "--diff", "-", stdin=BAD, cwd=tree)
    assert shown.returncode == 1
    assert b'\n+            cpu: "2"\n' in shown.stdout
    refused = kslint("check", "--fix", "-", stdin=BAD, cwd=tree)
    assert refused.returncode == 2
    assert b"--fix cannot write to standard input" in refused.stderr


def test_a_diff_is_no_report(tree: Path) -> None:
    done = kslint("check", "--diff", "--output-format", "json", cwd=tree)
    assert done.returncode == 2
    assert b"in place of a report" in done.stderr


def test_other_reports_tell_what_is_left(tree: Path) -> None:
    document = json.loads(kslint("check", "--fix", "--output-format", "json", cwd=tree).stdout)
    assert [finding["rule"] for finding in document["findings"]] == ["KS406"]
    assert document["summary"]["fixed"] == 1


def test_what_is_excused_stays(tree: Path) -> None:
    text = BAD.replace(b" # measured", b" # kslint: ignore[KS101] measured")
    (tree / "isvc.yaml").write_bytes(text)
    assert kslint("check", "--fix", cwd=tree).returncode == 0
    assert text_of(tree) == text


def test_a_broken_file_stays(tree: Path) -> None:
    text = BAD + b"---\n{\n"
    (tree / "isvc.yaml").write_bytes(text)
    (tree / "other.yaml").write_bytes(BAD.replace(b"iris", b"other"))
    assert kslint("check", "--fix", cwd=tree).returncode == 2
    assert text_of(tree) == text
    assert (tree / "other.yaml").read_bytes() == SAFE.replace(b"iris", b"other")


def test_a_read_only_file_is_said_and_others_are_fixed(tree: Path) -> None:
    (tree / "isvc.yaml").chmod(0o444)
    (tree / "other.yaml").write_bytes(BAD.replace(b"iris", b"other"))
    done = kslint("check", "--fix", cwd=tree)
    assert done.returncode == 2
    assert done.stderr == b"isvc.yaml: not fixed: it is read-only\n"
    assert text_of(tree) == BAD
    assert (tree / "other.yaml").read_bytes() == SAFE.replace(b"iris", b"other")
    assert b"\nFixed 1; 1 can be fixed" in done.stdout


def test_modes_are_kept_and_nothing_is_left_behind(tree: Path) -> None:
    (tree / "isvc.yaml").chmod(0o640)
    kslint("check", "--fix", cwd=tree)
    assert (tree / "isvc.yaml").stat().st_mode & 0o777 == 0o640
    assert os.listdir(tree) == ["isvc.yaml"]


def test_no_link_leads_out_of_the_directory(tree: Path) -> None:
    inside = tree / "repository"
    inside.mkdir()
    (inside / "out.yaml").symlink_to(tree / "isvc.yaml")
    (inside / "real.yaml").write_bytes(BAD)
    (inside / "in.yaml").symlink_to("real.yaml")
    done = kslint("check", "--fix", "out.yaml", cwd=inside)
    assert done.returncode == 2
    assert done.stderr.startswith(b"out.yaml: not fixed: a link leads to it")
    assert text_of(tree) == BAD
    assert kslint("check", "--fix", "in.yaml", cwd=inside).returncode == 0
    assert (inside / "real.yaml").read_bytes() == SAFE
    assert (inside / "in.yaml").is_symlink()


def test_a_file_with_two_names_stays(tree: Path) -> None:
    os.link(tree / "isvc.yaml", tree / "other.txt")
    done = kslint("check", "--fix", cwd=tree)
    assert done.returncode == 2
    assert done.stderr.startswith(b"isvc.yaml: not fixed: it has other names (hard links)")
    assert text_of(tree) == BAD
    assert (tree / "isvc.yaml").stat().st_nlink == 2


def test_a_file_that_changes_meanwhile_is_left_alone(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kslint.cli import quick
    from kslint.cli.checking import run
    from kslint.running import engine

    checked = engine.run

    def check(*given: object, **named: object) -> object:
        (tree / "isvc.yaml").write_bytes(BAD + b"# and more\n")
        return checked(*given, **named)  # type: ignore[arg-type]

    monkeypatch.chdir(tree)
    monkeypatch.setattr(engine, "run", check)
    options = quick.parse(["--fix"])
    assert options is not None
    assert run(options) == 2
    assert "isvc.yaml: not fixed: it was changed while it was checked" in capsys.readouterr().err
    assert text_of(tree) == BAD + b"# and more\n"


@pytest.mark.parametrize("moment", ["fsync", "replace", "chmod"])
def test_a_write_that_breaks_leaves_the_old_text(
    tree: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, moment, end)
    with pytest.raises(KeyboardInterrupt):
        files.replace(str(tree / "isvc.yaml"), SAFE)
    assert text_of(tree) == BAD
    assert os.listdir(tree) == ["isvc.yaml"]
