"""The scripts of the GitHub Action, the GitLab template and the container, as far as a shell runs
them: kslint is this checkout's, and nothing is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from cases import FIXTURES, ROOT

from kslint import __version__

if TYPE_CHECKING:
    from pathlib import Path

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="bash is not installed")

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SPEC, GITLAB = yaml.safe_load_all((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))
HOSTILE = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: "a\\n::error::smuggled"
  namespace: models
spec:
  resources: {requests: {storage: "::set-output name=x::1\\n::warning::smuggled"}}
"""


class Done(NamedTuple):
    """What a script left behind."""

    code: int
    out: str
    summary: str


def bash(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the runners do."""
    assert BASH is not None
    return subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def program(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    file.chmod(0o755)


def act(folder: Path, tree: Path, **inputs: str) -> Done:
    """The Action's last step, in a folder for the runner's files."""
    program(folder / "kslint/bin/kslint", f'exec "{sys.executable}" -m kslint "$@"')
    step = ACTION["runs"]["steps"][-1]
    env = {name: inputs.get(name.lower(), ACTION["inputs"][name.lower()]["default"])
           for name in step["env"]}  # fmt: skip
    summary = folder / "summary.md"
    done = bash(step["run"], tree, **env, RUNNER_TEMP=str(folder), GITHUB_STEP_SUMMARY=str(summary))
    text = summary.read_text(encoding="utf-8") if summary.exists() else ""
    return Done(done.returncode, done.stdout + done.stderr, text)


def test_the_action_reports_in_three_ways(tmp_path: Path) -> None:
    done = act(tmp_path, FIXTURES / "platform-bad")
    assert done.code == 1
    assert "error[KS101]" in done.out
    assert "\n::error file=serving/models/qwen-cpu.yaml,line=56" in done.out
    assert done.summary.startswith("### 🔴 kslint: ")


def test_the_action_passes_a_clean_tree(tmp_path: Path) -> None:
    done = act(tmp_path, FIXTURES / "platform-good")
    assert done.code == 0
    assert "::error" not in done.out
    assert done.summary.startswith("### ✅ kslint: ")


def test_the_action_splits_paths_at_lines_and_options_at_blanks(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("one folder", "-two"):
        shutil.copytree(FIXTURES / "vllm/vllm-omp-bind-all/bad-env", tree / name)
    (tree / "three").mkdir()
    args = f"--select KS302\n--fail-on warning --output-format json:{tmp_path}/report.json"
    done = act(tmp_path, tree, paths="one folder\n\n-two\n", args=args)
    assert done.code == 1
    report = json.loads((tmp_path / "report.json").read_text())
    files = {finding["file"].split("/")[0] for finding in report["findings"]}
    assert files == {"one folder", "-two"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paths", "$(touch sprung)"), ("paths", "`touch sprung`"), ("paths", "; touch sprung"),
        ("paths", "'; touch sprung; '"), ("args", "; touch sprung"), ("args", "$(touch sprung)"),
        ("args", "& touch sprung"), ("args", "--config <(touch sprung)"),
    ],
)  # fmt: skip
def test_inputs_of_the_action_are_never_run(tmp_path: Path, name: str, value: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    done = act(tmp_path, tree, **{name: value})
    assert done.code == 2
    assert list(tree.iterdir()) == []


def test_manifests_give_no_commands_to_the_runner(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.yaml").write_text(HOSTILE, encoding="utf-8")
    done = act(tmp_path, tree)
    stop = re.search(r"^::stop-commands::([0-9a-f]{32})$", done.out, re.MULTILINE)
    assert stop is not None
    quoted, resumed, after = done.out.partition(f"\n::{stop[1]}::\n")
    assert resumed
    assert "smuggled" in quoted
    commands = [line for line in after.splitlines() if line.lstrip().startswith("::")]
    assert commands
    assert all(command.startswith(("::error file=a.yaml,", "::warning file=a.yaml,"))
               for command in commands)  # fmt: skip


def test_expressions_stay_out_of_scripts() -> None:
    """What is put into a script by `${{ }}` is part of the script."""
    workflows = (ROOT / ".github/workflows").glob("*.yml")
    loaded = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in workflows]
    jobs = [job for workflow in loaded for job in workflow["jobs"].values()]
    steps = [step for job in (*jobs, ACTION["runs"]) for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) > 3
    assert [script for script in scripts if "${{" in script] == []


def test_the_gitlab_job_writes_its_report(tmp_path: Path) -> None:
    defaults = {name: spec.get("default") for name, spec in SPEC["spec"]["inputs"].items()}
    assert defaults["version"] == __version__
    job = GITLAB["kslint"]
    given = {**defaults, "paths": "serving platform", "args": "--fail-on warning --isolated"}
    env = {
        name: re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: given[found[1]], one["value"])
        for name, one in job["variables"].items()
    }
    program(tmp_path / "bin/pip", f'echo "pip $*" > "{tmp_path}/pip.txt"')
    program(tmp_path / "bin/kslint", f'exec "{sys.executable}" -m kslint "$@"')
    tree = tmp_path / "tree"
    shutil.copytree(FIXTURES / "platform-bad", tree)
    path = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    done = bash("\n".join(job["script"]), tree, PATH=path, **env)
    assert done.returncode == 1, done.stderr
    assert f"kslint[cel]=={__version__}" in (tmp_path / "pip.txt").read_text()
    report = json.loads((tree / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {entry["location"]["path"].split("/")[0] for entry in report} <= {"serving", "platform"}


def test_the_container_has_all_that_the_wheel_is_made_of(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE)]
    sources = {source for words in copied for source in words}
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sources == {line[1:] for line in sent if line.startswith("!")}
    for source in sources:
        target = tmp_path / source
        target.parent.mkdir(exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, target)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(build, cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert {"kslint/__main__.py", "kslint/rules/references/pvc-missing.md"} <= set(names)


def test_the_container_runs_as_nobody() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["65532:65532"]
