"""The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit on commits that are made.

pre-commit would install kslint from its repository, which takes a network; here the hooks run
the kslint of this checkout, with everything else as it is written.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import ROOT
from scratch import CLAIM, GIT, SERVICE, Scratch

PRE_COMMIT = shutil.which("pre-commit", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(
    PRE_COMMIT is None or GIT is None, reason="git or pre-commit is not installed"
)

HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
TREE: dict[str, str | bytes] = {
    "kslint.yaml": "version: 1\ncluster: {complete: true}\n",
    "serving/iris modèle.yaml": SERVICE.format(name="iris", claim="models"),
    "platform/claims.yaml": CLAIM.format(name="models"),
    "platform/other.yaml": CLAIM.format(name="other"),
}
LOST = SERVICE.format(name="lost", claim="nowhere")


class Hooked(Scratch):
    """A repository whose commits run one of our hooks."""

    def __init__(self, folder: Path, hook: str, **changes: Any) -> None:
        super().__init__(folder)
        told = {**HOOKS[hook], "language": "system", **changes}
        told["entry"] = told["entry"].replace("kslint ", f'"{sys.executable}" -m kslint ', 1)
        config = {"repos": [{"repo": "local", "hooks": [told]}]}
        self.commit({**TREE, ".pre-commit-config.yaml": yaml.safe_dump(config)})
        self.run("install")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert PRE_COMMIT is not None
        return self._run(PRE_COMMIT, *arguments)

    def try_commit(self, files: dict[str, str | bytes] | None = None) -> tuple[bool, str]:
        """`git commit` as its user types it: did it go through, and what was said?"""
        self.write(files or {})
        self.git("add", "--all")
        assert GIT is not None
        done = self._run(GIT, "commit", "--message", "change")
        return done.returncode == 0, done.stdout + done.stderr

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        cache = str(self.folder.parent / "pre-commit")
        environment = self.environment(PRE_COMMIT_HOME=cache, PYTHONPATH=str(ROOT), NO_COLOR="1")
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


@pytest.mark.parametrize("hook", HOOKS)
def test_commits(tmp_path: Path, hook: str) -> None:
    repo = Hooked(tmp_path / "repo", hook)
    clean = repo.try_commit({"platform/x.yaml": CLAIM.format(name="x")})
    assert clean[0], clean[1]
    text = repo.try_commit({"notes.txt": "no manifest"})
    assert text[0], text[1]
    (repo.folder / "platform/x.yaml").unlink()
    harmless = repo.try_commit()
    assert harmless[0], harmless[1]
    bad, said = repo.try_commit({"serving/lost one.yaml": LOST})
    assert not bad
    assert "serving/lost one.yaml:10" in said
    repo.git("reset", "--quiet", "--hard")

    (repo.folder / "platform/claims.yaml").unlink()
    deletion, said = repo.try_commit()
    assert not deletion
    assert "serving/iris modèle.yaml:10" in said
    repo.git("reset", "--quiet", "--hard")

    edit, said = repo.try_commit({"platform/claims.yaml": CLAIM.format(name="renamed")})
    assert not edit
    assert "serving/iris modèle.yaml:10" in said


def test_unstaged_changes_are_not_judged(tmp_path: Path) -> None:
    repo = Hooked(tmp_path / "repo", "kslint-changed")
    repo.write({"platform/x.yaml": CLAIM.format(name="x")})
    repo.git("add", "--all")
    repo.write({"platform/claims.yaml": "a: 1\n"})
    done = repo.run("run")
    assert done.returncode == 0, done.stdout
    assert (repo.folder / "platform/claims.yaml").read_text() == "a: 1\n"


def test_an_old_flaw_stops_only_who_touches_it(tmp_path: Path) -> None:
    repo = Hooked(tmp_path / "repo", "kslint-changed")
    repo.commit({"serving/lost.yaml": LOST})
    other = repo.try_commit({"serving/new.yaml": SERVICE.format(name="new", claim="other")})
    assert other[0], other[1]
    touching, said = repo.try_commit({"serving/lost.yaml": "# a comment\n" + LOST})
    assert not touching
    assert "serving/lost.yaml:11" in said
    repo.git("reset", "--quiet", "--hard")
    everything = repo.run("run", "--all-files")
    assert everything.returncode == 1
    assert "serving/lost.yaml:10" in everything.stdout


def test_a_range_of_commits(tmp_path: Path) -> None:
    repo = Hooked(tmp_path / "repo", "kslint-changed")
    repo.commit({"serving/old.yaml": SERVICE.format(name="old", claim="nowhere")})
    (repo.folder / "platform/claims.yaml").unlink()
    repo.commit()
    done = repo.run("run", "--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert done.returncode == 1
    assert "serving/iris modèle.yaml:10" in done.stdout
    assert "serving/old.yaml" not in done.stdout


@pytest.mark.parametrize("hook", HOOKS)
def test_arguments_name_the_tree(tmp_path: Path, hook: str) -> None:
    repo = Hooked(tmp_path / "repo", hook, args=["serving", "platform"])
    elsewhere = repo.try_commit({"examples/lost.yaml": LOST})
    assert elsewhere[0], elsewhere[1]
    (repo.folder / "platform/claims.yaml").unlink()
    deletion, said = repo.try_commit()
    assert not deletion
    assert "serving/iris modèle.yaml:10" in said
    assert "examples" not in said
