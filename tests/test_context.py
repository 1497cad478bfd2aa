"""`--context`: read for what it tells of the rest, and not reported on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cases import book
from scratch import CLAIM, SERVICE
from test_cli import kslint

from kslint.cli import reading
from kslint.config import Config
from kslint.running import engine, shares
from kslint.source.files import InputProblem, read_all
from kslint.source.load import parsed

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = "apiVersion: v1\nkind: Secret\n  metadata: [\n"
LISTED = SERVICE.format(name="other", claim="nowhere")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service whose flaw only the other directory tells, and flaws there too."""
    texts = {
        "serving/fraud.yaml": SERVICE.format(name="fraud", claim="lost"),
        "platform/claim.yaml": CLAIM.format(name="models"),
        "platform/other.yaml": LISTED,
        "platform/broken.yaml": BROKEN,
        "platform/excuse.yaml": "# kslint: ignore[pvc-missing] of no use\n"
        + CLAIM.format(name="x"),
        "platform/notes.yaml": "a: 1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(folder: Path, *arguments: str) -> tuple[int, list[tuple[str, str]], str]:
    done = kslint("check", *arguments, "--output-format", "json", cwd=folder)
    report = json.loads(done.stdout)
    findings = [(finding["rule"], finding["file"]) for finding in report["findings"]]
    return done.returncode, findings, done.stderr.decode()


def test_without_context_nothing_is_known(tree: Path) -> None:
    code, findings, said = found(tree, "serving")
    assert (code, findings) == (0, [])
    assert said == (
        "The repository holds other manifests, such as platform/broken.yaml: "
        "`--context .` takes them into account\n"
    )


def test_context_tells_and_is_not_reported_on(tree: Path) -> None:
    expected = (0, [("KS701", "serving/fraud.yaml")], "")
    assert found(tree, "serving", "--context", ".") == expected
    assert found(tree, "serving", "--context=platform", "--context", ".") == expected


def test_part_of_the_context_is_still_only_a_part(tree: Path) -> None:
    (tree / "more.yaml").write_text(CLAIM.format(name="more"))
    assert "such as more.yaml" in found(tree, "serving", "--context", "platform")[2]


def test_what_is_named_is_reported_on_though_it_is_context_too(tree: Path) -> None:
    code, findings, _ = found(tree, "serving", "platform/other.yaml", "--context", ".")
    assert code == 0
    assert findings == [("KS701", "platform/other.yaml"), ("KS701", "serving/fraud.yaml")]


def test_the_configuration_names_it_from_its_own_place(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("context: [platform]\n")
    expected = [("KS701", "serving/fraud.yaml")]
    assert found(tree, "serving")[:2] == (0, expected)
    code, findings, _ = found(tree / "serving")
    assert (code, findings) == (0, [("KS701", "fraud.yaml")])


def test_it_must_lie_in_the_repository(tree: Path) -> None:
    (tree / "kslint.yaml").write_text("context: [../..]\n")
    done = kslint("check", "serving", cwd=tree)
    assert done.returncode == 2
    assert b"kslint.yaml:1:11: " in done.stderr


def test_context_that_is_not_there_is_an_error(tree: Path) -> None:
    code, findings, _ = found(tree, "serving", "--context", "nowhere")
    assert (code, findings) == (2, [("KS001", "nowhere")])


def test_counts_leave_it_out(tree: Path) -> None:
    done = kslint("check", "serving", "--context", ".", cwd=tree)
    assert (
        done.stdout.decode().splitlines()[-1]
        == "1 warning in 1 file (1 object); 5 files of context"
    )


def test_no_fix_touches_it(tree: Path) -> None:
    service = "serving/fraud.yaml"
    (tree / "kslint.yaml").write_text("context: [.]\n")
    before = {path: path.read_bytes() for path in tree.rglob("*.yaml")}
    kslint("check", service, "--fix", "--unsafe-fixes", cwd=tree)
    assert {path: path.read_bytes() for path in tree.rglob("*.yaml")} == before


def test_divided_or_not_the_same_is_found(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARE", 1)
    monkeypatch.setattr(reading, "LARGE", 0)
    (tree / "platform" / "broken.yaml").unlink()
    files = read_all(["serving"], context=["."])
    rules = engine.choose(book(), Config())
    whole = engine.run(parsed(files), rules, Config(), book())
    divided = shares.check(files, Config(), rules, book(), 1)
    assert divided is not None
    assert divided[0] == whole
    assert whole.summary.context == 4


def test_what_cannot_be_read_below_it_is_left_out(tree: Path) -> None:
    (tree / "platform" / "binary.yaml").write_bytes(b"apiVersion: v1\nkind: a\0\n")
    files = read_all(["serving"], context=["platform"])
    assert not [file for file in files if isinstance(file, InputProblem)]


@pytest.mark.parametrize("folder", ["docs", "tests", "fixtures", "examples"])
def test_samples_beside_it_are_not_missed(tree: Path, folder: str) -> None:
    (tree / "platform").rename(tree / folder)
    assert found(tree, "serving")[2] == ""
    assert "repository" not in found(tree, folder)[2]


def test_files_that_are_no_manifests_are_not_missed(tree: Path) -> None:
    for name in ("claim", "other", "broken", "excuse"):
        (tree / "platform" / f"{name}.yaml").unlink()
    assert found(tree, "serving")[2] == ""


def test_nothing_is_said_of_stdin_or_outside_of_repositories(tree: Path) -> None:
    done = kslint("check", "-", cwd=tree, stdin=CLAIM.format(name="x").encode())
    assert done.stderr == b""
    (tree / ".git").rmdir()
    assert found(tree, "serving")[2] == ""


def test_a_baseline_keeps_what_it_holds_of_the_context(tree: Path) -> None:
    (tree / "platform" / "broken.yaml").unlink()
    assert kslint("baseline", "write", cwd=tree).returncode == 0
    (tree / "kslint.yaml").write_text("context: [.]\n")
    before = (tree / ".kslint-baseline.json").read_text()
    assert kslint("baseline", "write", "serving", cwd=tree).returncode == 0
    assert (tree / ".kslint-baseline.json").read_text() == before
