"""`check --changed` in real repositories: what a change breaks is shown, what is old is not."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from scratch import CLAIM, SERVICE, Scratch, needs_git

from kslint.cli import quick
from kslint.cli.checking import run
from kslint.cli.usage import Stop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_git

COMPLETE = "version: 1\ncluster: {complete: true}\n"
OLD_FLAW = SERVICE.format(name="old", claim="nowhere")
"""A finding, pvc-missing, that is there from the start."""

EXTERNAL = "kind: ExternalSecret\nmetadata: {name: key, namespace: models}\nspec: {}\n"
CONTAINERS = """\
    volumes:
      - name: a
        persistentVolumeClaim: {claimName: models}
      - name: b
        persistentVolumeClaim: {claimName: lost}
"""


class Done(NamedTuple):
    """How a check ended: each finding is (rule, file)."""

    code: int
    found: list[tuple[str, str]]
    said: str


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """A service, its claim, and an old flaw."""
    made = Scratch(tmp_path / "repo")
    made.commit(
        {
            "kslint.yaml": COMPLETE,
            "models/iris.yaml": SERVICE.format(name="iris", claim="models"),
            "models/claims.yaml": CLAIM.format(name="models") + "---\n" + CLAIM.format(name="x"),
            "models/old.yaml": OLD_FLAW,
        }
    )
    monkeypatch.chdir(made.folder)
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    return made


@pytest.fixture
def check(repo: Scratch, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(capsys)


class Check:
    """Runs `kslint check` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.messages: list[str] = []

    def __call__(self, *arguments: str) -> Done:
        options = quick.parse([*arguments, "--output-format", "json"])
        assert options is not None
        try:
            code = run(options)
        except Stop as stop:
            code = stop.code
        out, said = self._capsys.readouterr()
        findings = json.loads(out)["findings"] if out else []
        self.messages = [finding["message"] for finding in findings]
        return Done(code, [(f["rule"], f["file"]) for f in findings], said)


def test_everything_is_found_without_the_option(check: Check) -> None:
    assert check() == (1, [("KS701", "models/old.yaml")], "")


def test_nothing_changed(check: Check) -> None:
    assert check("--changed") == (0, [], "No manifest changed since HEAD\n")


def test_nothing_changed_says_text_in_one_line(
    repo: Scratch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = quick.parse(["--changed"])
    assert options is not None
    assert run(options) == 0
    assert capsys.readouterr() == ("", "No manifest changed since HEAD\n")


def test_a_harmless_change_shows_no_old_finding(repo: Scratch, check: Check) -> None:
    repo.write({"models/iris.yaml": SERVICE.format(name="iris", claim="x")})
    said = "1 finding that was there before, in other files: not shown\n"
    assert check("--changed") == (0, [], said)


def test_a_deleted_file_breaks_another(repo: Scratch, check: Check) -> None:
    (repo.folder / "models/claims.yaml").unlink()
    done = check("--changed")
    assert done.code == 1
    assert done.found == [("KS701", "models/iris.yaml")]


def test_a_deleted_document_breaks_another(repo: Scratch, check: Check) -> None:
    repo.write({"models/claims.yaml": CLAIM.format(name="x")})
    assert check("--changed").found == [("KS701", "models/iris.yaml")]


def test_the_only_claim_that_is_deleted_is_an_error(repo: Scratch, check: Check) -> None:
    repo.commit({"kslint.yaml": "version: 1\n", "models/claims.yaml": CLAIM.format(name="models")})
    assert check() == (0, [("KS701", "models/old.yaml")], "")
    (repo.folder / "models/claims.yaml").unlink()
    assert check() == (0, [], "")  # nothing tells that there was one
    done = check("--changed")
    assert (done.code, done.found) == (1, [("KS701", "models/iris.yaml")])
    assert "claim `models`, which this change deletes" in check.messages[0]
    repo.commit({"models/none.yaml": CLAIM.format(name="models")})
    assert check("--changed").code == 0


@pytest.mark.parametrize(
    ("gone", "what", "rule"),
    [
        ("kind: Secret\nmetadata: {name: key, namespace: models}\n", "secret", "KS702"),
        (
            "kind: ExternalSecret\nmetadata: {name: key, namespace: models}\nspec: {}\n",
            "secret",
            "KS702",
        ),
        ("kind: ClusterServingRuntime\nmetadata: {name: own}\nspec: {}\n", "runtime", "KS703"),
        (
            "kind: ServingRuntime\nmetadata: {name: own, namespace: models}\nspec: {}\n",
            "runtime",
            "KS703",
        ),
    ],
)
def test_what_is_deleted_was_there(
    repo: Scratch, check: Check, gone: str, what: str, rule: str
) -> None:
    group = {"Secret": "v1", "ExternalSecret": "external-secrets.io/v1"}
    kind = gone.split("\n", 1)[0].removeprefix("kind: ")
    api = group.get(kind, "serving.kserve.io/v1alpha1")
    uses = {
        "secret": "      env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]\n",
        "runtime": "      runtime: own\n",
    }
    service = SERVICE.format(name="iris", claim="models") + uses[what]
    repo.commit(
        {
            "kslint.yaml": "version: 1\nselect: [references]\n",
            "models/iris.yaml": service,
            "base/gone.yaml": f"apiVersion: {api}\n{gone}",
        }
    )
    (repo.folder / "base/gone.yaml").unlink()
    done = check("--changed")
    assert (done.code, done.found) == (1, [(rule, "models/iris.yaml")])


def test_what_a_chart_may_bring_again_is_a_warning(repo: Scratch, check: Check) -> None:
    key = "apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: models}\n"
    uses = "      env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]\n"
    chart = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: c, namespace: a}\n"
        "spec:\n  project: a\n  destination: {name: in-cluster, namespace: models}\n"
        "  source: {repoURL: 'https://example.org', chart: c, targetRevision: 1.0.0}\n"
    )
    files = {"models/iris.yaml": SERVICE.format(name="iris", claim="models") + uses}
    repo.commit({"kslint.yaml": "version: 1\n", "key.yaml": key, "c.yaml": chart, **files})
    (repo.folder / "key.yaml").unlink()
    done = check("--changed")
    assert (done.code, done.found) == (0, [("KS702", "models/iris.yaml")])


def test_samples_that_are_deleted_tell_of_their_directory_only(repo: Scratch, check: Check) -> None:
    (repo.folder / "models/claims.yaml").unlink()
    repo.commit({"kslint.yaml": "version: 1\n", "docs/claims.yaml": CLAIM.format(name="models")})
    (repo.folder / "docs/claims.yaml").unlink()
    assert check("--changed").found == []


def test_an_object_of_no_namespace_is_asked_for_nearby(repo: Scratch, check: Check) -> None:
    claim = CLAIM.format(name="models").replace("  namespace: models\n", "")
    service = SERVICE.format(name="iris", claim="models").replace("  namespace: models\n", "")
    repo.commit(
        {
            "kslint.yaml": "version: 1\n",
            "models/claims.yaml": claim,
            "models/iris.yaml": service,
            "far/iris.yaml": service.replace("iris", "far"),
        }
    )
    (repo.folder / "models/claims.yaml").unlink()
    assert check("--changed").found == [("KS701", "models/iris.yaml")]


def test_what_moves_is_not_deleted(repo: Scratch, check: Check) -> None:
    repo.commit({"kslint.yaml": "version: 1\n"})
    (repo.folder / "models/claims.yaml").rename(repo.folder / "models/moved.yaml")
    assert check("--changed").found == []


def test_a_generator_that_goes_takes_its_secret(repo: Scratch, check: Check) -> None:
    uses = "      env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]\n"
    listed = "resources: [iris.yaml, old.yaml, claims.yaml]\nnamespace: models\n"
    generator = "secretGenerator: [{name: key, literals: [a=b]}]\n"
    repo.commit(
        {
            "kslint.yaml": "version: 1\nselect: [secret-missing]\n",
            "models/iris.yaml": SERVICE.format(name="iris", claim="models") + uses,
            "models/kustomization.yaml": listed + generator,
        }
    )
    assert check().found == []
    repo.write({"models/kustomization.yaml": listed})
    assert check("--changed").found == [("KS702", "models/iris.yaml")]


def test_a_file_that_became_a_template_breaks_another(repo: Scratch, check: Check) -> None:
    repo.write({"models/claims.yaml": "{{ if .Values.claims }}\nkind: a\n{{ end }}\n"})
    assert check("--changed").found == [("KS701", "models/iris.yaml")]


def test_a_new_file_is_shown(repo: Scratch, check: Check) -> None:
    repo.write({"models/new.yaml": SERVICE.format(name="new", claim="lost")})
    assert check("--changed").found == [("KS701", "models/new.yaml")]


def test_old_findings_of_a_changed_file_are_shown(repo: Scratch, check: Check) -> None:
    repo.write({"models/old.yaml": "# a comment\n" + OLD_FLAW})
    assert check("--changed").found == [("KS701", "models/old.yaml")]


def test_a_moved_file_shows_its_findings(repo: Scratch, check: Check) -> None:
    (repo.folder / "models/old.yaml").rename(repo.folder / "models/moved.yaml")
    assert check("--changed").found == [("KS701", "models/moved.yaml")]


def test_a_named_file_has_changed_and_is_not_all_there_is(repo: Scratch, check: Check) -> None:
    assert check("--changed", "models/iris.yaml").found == []
    assert check("--changed", "models/old.yaml").found == [("KS701", "models/old.yaml")]
    (repo.folder / "models/old.yaml").unlink()
    assert check("--changed", "models/old.yaml").found == []


def test_a_path_that_was_never_there_is_no_deletion(check: Check) -> None:
    done = check("--changed", "modles")
    assert (done.code, done.found[0]) == (2, ("KS001", "modles"))


def test_a_directory_that_is_gone_is_missed(repo: Scratch, check: Check) -> None:
    repo.commit({"platform/more.yaml": CLAIM.format(name="nowhere")})
    shutil.rmtree(repo.folder / "platform")
    done = check("--changed", "models", "platform")
    assert done.code == 2
    assert done.found == [("KS701", "models/old.yaml"), ("KS001", "platform")]


def test_directories_are_the_tree(repo: Scratch, check: Check) -> None:
    repo.commit({"other/flaw.yaml": SERVICE.format(name="other", claim="lost")})
    repo.write({"other/flaw.yaml": "# a comment\n" + SERVICE.format(name="other", claim="lost")})
    assert check("--changed", "models").said == "No manifest changed since HEAD\n"
    assert check("--changed", "models", "other").found == [("KS701", "other/flaw.yaml")]


def test_a_file_deleted_outside_of_the_tree_is_nothing(repo: Scratch, check: Check) -> None:
    repo.commit({"other/a.yaml": "a: 1\n"})
    (repo.folder / "other/a.yaml").unlink()
    assert check("--changed", "models").said == "No manifest changed since HEAD\n"
    assert "not shown" in check("--changed").said


def test_a_glob_is_the_tree(repo: Scratch, check: Check) -> None:
    (repo.folder / "models/claims.yaml").unlink()
    assert check("--changed", "mod*/**/*.yaml").found == [("KS701", "models/iris.yaml")]


def test_from_a_directory_below(
    repo: Scratch, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"other/a.yaml": "a: 1\n"})
    (repo.folder / "models/claims.yaml").unlink()
    monkeypatch.chdir(repo.folder / "other")
    assert check("--changed", "..").found == [("KS701", "../models/iris.yaml")]
    assert check("--changed").said == "No manifest changed since HEAD\n"


def test_excluded_files_may_go(repo: Scratch, check: Check) -> None:
    repo.commit({"kslint.yaml": COMPLETE + "exclude: [vendor]\n", "vendor/a.yaml": "a: 1\n"})
    (repo.folder / "vendor/a.yaml").unlink()
    assert check("--changed").said == "No manifest changed since HEAD\n"


@pytest.mark.parametrize("content", [COMPLETE + "failOn: note\n", None])
def test_another_configuration_shows_everything(
    repo: Scratch, check: Check, content: str | None
) -> None:
    if content is None:
        repo.write({"models/new.yaml": CLAIM.format(name="new")})
        (repo.folder / "kslint.yaml").unlink()
    else:
        repo.write({"kslint.yaml": content})
    done = check("--changed")
    assert ("KS701", "models/old.yaml") in done.found
    assert done.said == ""


def test_a_baseline_stays_in_force(repo: Scratch, check: Check) -> None:
    baseline = {
        "version": 1,
        "paths": ["."],
        "findings": [
            {
                "rule": "KS701",
                "file": "models/old.yaml",
                "object": "InferenceService/old",
                "path": "spec.predictor.model.storageUri",
                "count": 1,
            }
        ],
    }
    repo.commit({".kslint-baseline.json": json.dumps(baseline)})
    assert check().code == 0
    assert check("--changed").said == "No manifest changed since HEAD\n"
    assert check("--changed", "models/old.yaml").code == 0
    baseline["findings"] = []
    repo.write({".kslint-baseline.json": json.dumps(baseline)})
    assert check("--changed").found == [("KS701", "models/old.yaml")]
    (repo.folder / ".kslint-baseline.json").unlink()
    assert check("--changed").found == [("KS701", "models/old.yaml")]


def test_of_two_alike_the_new_one_is_shown(repo: Scratch, check: Check) -> None:
    two = SERVICE.format(name="two", claim="nowhere") + CONTAINERS
    repo.commit({"models/two.yaml": two})
    assert check("--changed", "models/old.yaml").found == [("KS701", "models/old.yaml")]
    (repo.folder / "models/claims.yaml").unlink()
    done = check("--changed")
    assert done.found == [("KS701", "models/iris.yaml"), ("KS701", "models/two.yaml")]


def test_broken_input_fails_only_where_it_changed(repo: Scratch, check: Check) -> None:
    repo.commit({"broken.yaml": "kind: [\n"})
    repo.write({"models/iris.yaml": "# a comment\n" + SERVICE.format(name="iris", claim="x")})
    assert check().code == 2
    assert check("--changed").code == 0
    repo.write({"broken.yaml": "apiVersion: [\n"})
    done = check("--changed")
    assert (done.code, done.found) == (2, [("KS002", "broken.yaml")])


def test_what_the_branch_brings_and_not_what_it_lacks(repo: Scratch, check: Check) -> None:
    repo.git("switch", "--quiet", "--create", "feature")
    repo.commit({"models/new.yaml": SERVICE.format(name="new", claim="lost")})
    repo.git("switch", "--quiet", "main")
    (repo.folder / "models/old.yaml").unlink()
    repo.commit()
    repo.git("switch", "--quiet", "feature")
    done = check("--since", "main")
    assert done.found == [("KS701", "models/new.yaml")]
    assert check("--changed").found == []


def test_pre_commit_says_where_a_change_begins(
    repo: Scratch, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"models/new.yaml": SERVICE.format(name="new", claim="lost")})
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    assert check("--changed").found == [("KS701", "models/new.yaml")]
    assert check("--since", "HEAD").said == "No manifest changed since HEAD\n"


def test_unrelated_histories_are_compared_as_they_are(repo: Scratch, check: Check) -> None:
    repo.git("switch", "--quiet", "--orphan", "fresh")
    repo.commit({"kslint.yaml": COMPLETE, "models/old.yaml": OLD_FLAW})
    assert check("--since", "main").found == []


def test_before_the_first_commit_everything_is_new(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Scratch(tmp_path / "fresh")
    fresh.write({"kslint.yaml": COMPLETE, "old.yaml": OLD_FLAW})
    monkeypatch.chdir(fresh.folder)
    assert check("--changed").found == [("KS701", "old.yaml")]


def test_line_ends_that_git_converts_are_no_change(repo: Scratch, check: Check) -> None:
    repo.write({"models/old.yaml": OLD_FLAW.replace("\n", "\r\n")})
    assert check("--changed").said == "No manifest changed since HEAD\n"


def test_sha256(tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Scratch(tmp_path / "sha256", "--object-format=sha256")
    other.commit({"kslint.yaml": COMPLETE, "old.yaml": OLD_FLAW, "iris.yaml": "a: 1\n"})
    monkeypatch.chdir(other.folder)
    assert check("--changed").said == "No manifest changed since HEAD\n"
    other.write({"iris.yaml": "a: 2\n"})
    assert check("--changed").found == []


@pytest.mark.parametrize(
    "name", ["a b.yaml", "modèle-模型.yaml", "tab\there.yaml", "new\nline.yaml"]
)
def test_odd_names(repo: Scratch, check: Check, name: str) -> None:
    repo.commit({name: CLAIM.format(name="odd"), "n.yaml": SERVICE.format(name="n", claim="odd")})
    assert check("--changed").said == "No manifest changed since HEAD\n"
    (repo.folder / name).unlink()
    assert check("--changed").found == [("KS701", "n.yaml")]


def test_links_and_modules_of_a_revision_are_no_files(repo: Scratch, check: Check) -> None:
    (repo.folder / "link.yaml").symlink_to("nowhere.yaml")
    head = repo.git("rev-parse", "HEAD").strip()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},module.yaml")
    repo.git("add", "link.yaml")
    repo.git("commit", "--quiet", "--message", "change")
    (repo.folder / "link.yaml").unlink()
    assert check("--changed").said == "No manifest changed since HEAD\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "no-such"], "unknown revision `no-such`; in a shallow clone, fetch"),
        (["--since", "HEAD:models"], "unknown revision `HEAD:models`"),
    ],
)
def test_a_revision_that_is_none(check: Check, arguments: list[str], said: str) -> None:
    done = check(*arguments)
    assert done.code == 2
    assert done.said.startswith(f"kslint cannot tell what changed: {said}")
    assert done.said.count("\n") == 1


def test_outside_of_a_repository(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "bare").mkdir()
    monkeypatch.chdir(tmp_path / "bare")
    done = check("--changed")
    assert done.code == 2
    assert "not a git repository" in done.said


def test_without_git(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = check("--changed")
    assert done == (2, [], "kslint cannot tell what changed: git is not installed\n")


def test_a_git_in_the_tree_is_not_run(
    repo: Scratch, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = repo.folder / "git"
    trap.write_text(f"#!{sys.executable}\nopen('sprung', 'w')\n")
    trap.chmod(trap.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", "." + os.pathsep + os.environ["PATH"])
    assert check("--changed").code == 2
    assert not (repo.folder / "sprung").exists()


def test_nothing_that_a_repository_configures_is_run(repo: Scratch, check: Check) -> None:
    """Filters, monitors, hooks, drivers, and the fetch of what a partial clone lacks."""
    spring = f"touch {repo.folder}/sprung;"
    blob = repo.git("rev-parse", "HEAD:models/old.yaml").strip()
    repo.commit({".gitattributes": "* filter=trap diff=trap\n"})
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass",
        "filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "diff.external",
        "diff.trap.command", "diff.trap.textconv", "credential.helper", "alias.ls-tree",
    ):  # fmt: skip
        repo.git("config", key, spring)
    for key, value in (
        ("remote.origin.url", "ssh://example.org/repo"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
    ):
        repo.git("config", key, value)
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        file = repo.folder / ".git/hooks" / hook
        file.write_text(f"#!/bin/sh\n{spring}\n")
        file.chmod(0o755)
    repo.write({"models/iris.yaml": "# a comment\n" + SERVICE.format(name="iris", claim="x")})
    assert check("--changed").code == 0
    (repo.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repo.write({"models/old.yaml": "a: 1\n", "models/claims.yaml": "a: 1\n"})
    repo.write({"models/iris.yaml": SERVICE.format(name="iris", claim="models")})
    done = check("--changed")
    assert done.code == 2
    assert "git lacks" in done.said
    assert not (repo.folder / "sprung").exists()


def test_the_repository_is_left_as_it_was(repo: Scratch, check: Check) -> None:
    def state() -> dict[str, bytes]:
        files = (file for file in sorted(repo.folder.rglob("*")) if file.is_file())
        return {str(file): file.read_bytes() for file in files}

    (repo.folder / "models/claims.yaml").unlink()
    before = state()
    assert check("--changed").code == 1
    assert state() == before


def test_stdin_has_always_changed(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OLD_FLAW.encode())))
    assert check("--changed", "-").found == [("KS701", "<stdin>")]


def test_where_git_is_asked_is_where_kslint_runs(
    repo: Scratch, tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work tree beside its repository, as git hooks tell it: by GIT_DIR and GIT_WORK_TREE."""
    shutil.move(repo.folder / ".git", tmp_path / "elsewhere.git")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo.folder))
    assert check("--changed").said == "No manifest changed since HEAD\n"
