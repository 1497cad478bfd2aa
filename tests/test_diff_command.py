"""`kslint diff` as a user meets it: revisions, directories, formats, exit codes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from scratch import CLAIM, SERVICE, Scratch, needs_git
from typer.testing import CliRunner

from kslint.cli.commands import app

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"


def kslint(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", *arguments])


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    made = Scratch(tmp_path / "repo")
    made.commit({"models/iris.yaml": SERVICE.format(name="iris", claim="one")})
    monkeypatch.chdir(made.folder)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return made


@needs_git
def test_nothing(repo: Scratch) -> None:
    done = kslint("--exit-code")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing changes\n")
    assert done.stdout.startswith("HEAD (")


@needs_git
def test_the_working_tree_against_head(repo: Scratch) -> None:
    repo.write({"models/iris.yaml": SERVICE.format(name="iris", claim="two")})
    done = kslint()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "pvc://two/model" in done.stdout
    assert kslint("--exit-code").exit_code == 1


@needs_git
def test_deleted_and_new_files(repo: Scratch) -> None:
    (repo.folder / "models/iris.yaml").unlink()
    repo.write({"claim.yaml": CLAIM.format(name="new")})
    shown = kslint().stdout
    assert "- InferenceService models/iris" in shown
    assert "+ PersistentVolumeClaim models/new" in shown


@needs_git
def test_a_revision_means_where_the_branch_left_it(repo: Scratch) -> None:
    repo.git("switch", "--quiet", "--create", "branch")
    repo.commit({"mine.yaml": CLAIM.format(name="mine")})
    repo.git("switch", "--quiet", "main")
    repo.commit({"theirs.yaml": CLAIM.format(name="theirs")})
    repo.git("switch", "--quiet", "branch")
    shown = kslint("main").stdout
    assert "models/mine" in shown
    assert "theirs" not in shown


@needs_git
def test_two_revisions_are_compared_as_they_are(repo: Scratch) -> None:
    repo.commit({"a.yaml": CLAIM.format(name="a")})
    repo.commit({"b.yaml": CLAIM.format(name="b")})
    repo.write({"c.yaml": CLAIM.format(name="c")})
    found = json.loads(kslint("HEAD~1", "HEAD", "--output-format", "json").stdout)
    assert [one["name"] for one in found["objects"]] == ["b"]


@needs_git
def test_a_part_of_the_tree(repo: Scratch) -> None:
    repo.write({"a/a.yaml": CLAIM.format(name="a"), "b/b.yaml": CLAIM.format(name="b")})
    shown = kslint("--tree", "a").stdout
    assert "models/a" in shown
    assert "models/b" not in shown
    done = kslint("--tree", "missing")
    assert done.exit_code == 2
    assert "not a directory" in done.stderr


@needs_git
def test_a_revision_that_is_not_there(repo: Scratch) -> None:
    done = kslint("nowhere")
    assert done.exit_code == 2
    assert "unknown revision `nowhere`" in done.stderr
    assert "--tree models" in kslint("models").stderr


@needs_git
def test_broken_input_on_either_side(repo: Scratch) -> None:
    repo.commit({"broken.yaml": BROKEN})
    repo.write({"a.yaml": CLAIM.format(name="a")})
    done = kslint("--exit-code")
    assert done.exit_code == 2
    assert done.stderr.count("broken.yaml") == 1
    assert "+ PersistentVolumeClaim models/a" in done.stdout
    (repo.folder / "broken.yaml").unlink()
    assert kslint().exit_code == 2


def test_two_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(SERVICE.format(name="iris", claim=name))
    done = kslint("old", "new/", "--exit-code")
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout.startswith("old → new/\n\n")
    assert kslint("old", "old", "--exit-code").exit_code == 0


CHART = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: platform, namespace: argocd}}
spec:
  project: default
  destination: {{namespace: kserve}}
  source: {{repoURL: example.org/charts, chart: {chart}, targetRevision: {version}}}
"""
SERVER = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: models}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
        - {{name: main, image: "vllm/vllm-openai:v{tag}", args: [--model=a/b, --swap-space=4]}}
"""


def said(tmp_path: Path, old: str, new: str) -> str:
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(text)
    done = kslint("old", "new")
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_a_chart_that_is_not_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = (CHART.format(chart="keda", version=f"2.{n}.0") for n in (18, 19))
    assert "unknown: chart keda is not rendered" in said(tmp_path, old, new)


def test_an_upgrade_of_the_platform_says_what_upgrades_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    versions = ("v0.16.0", "v0.20.0")
    old, new = (CHART.format(chart="kserve-resources", version=one) for one in versions)
    shown = said(tmp_path, old, new)
    assert "deletes: from 0.17 on this chart brings no ClusterServingRuntimes" in shown
    assert "is not rendered" not in shown


def test_options_that_another_image_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = said(tmp_path, SERVER.format(tag="0.9.2"), SERVER.format(tag="0.20.0"))
    assert "refused: vLLM 0.20.0 has no option `--swap-space`" in shown


def test_a_wrong_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for arguments in (
        ["a", "b", "c"],
        ["a", "b", "--tree", "a"],
        ["a", "b", "--output-format", "sarif"],
    ):
        assert kslint(*arguments).exit_code == 2


def test_reports_go_into_files_and_never_over_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.yaml").write_text(CLAIM.format(name=name))
    done = kslint("a", "b", "--output-format", "text", "--output-format", "markdown:out.md")
    assert done.exit_code == 0
    assert "### " in (tmp_path / "out.md").read_text(encoding="utf-8")
    done = kslint("a", "b", "--output-format", "json:a/x.yaml")
    assert done.exit_code == 2
    assert "not overwritten" in done.stderr
