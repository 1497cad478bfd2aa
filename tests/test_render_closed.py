"""`--render` on a stranger's tree: helm and kustomize do what they are asked to, within limits.

Programs of ours stand in for the two, so that this runs wherever there is a shell.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from test_cli import kslint
from test_render_charts import APPLICATION, DEPLOYMENT

from kslint.rendered import copies, programs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")


def program(folder: Path, name: str, text: str) -> str:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chart = tmp_path / "tree/charts/web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    (chart / "templates/deployment.yaml").write_text(DEPLOYMENT)
    return tmp_path / "tree"


def asked_of_helm(tree: Path, text: str = "") -> tuple[list[str], str]:
    """What helm was started with, and what kslint said on stderr."""
    folder, log = tree.parent / "bin", tree.parent / "log"
    program(folder, "helm", f'printf "%s\\n" "$@" >> {log}\n{text}')
    done = kslint("check", "--render", cwd=tree, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log.read_text().splitlines() if log.exists() else [], done.stderr.decode()


@pytest.mark.parametrize("name", ["--post-renderer=sh", "-f/etc/passwd", "a b", "$(id)", "/x", "W"])
def test_the_name_of_a_release_is_no_option(tree: Path, name: str) -> None:
    application = APPLICATION.replace("helm:", f"helm:\n      releaseName: {name!r}")
    (tree / "app.yaml").write_text(application)
    assert asked_of_helm(tree)[0] == []
    done = kslint("check", "--render", cwd=tree, PATH=str(tree.parent / "bin"))
    assert done.returncode == 2
    assert b"is no name of a release" in done.stdout


def test_what_comes_from_the_input_stands_behind_the_options(tree: Path) -> None:
    (tree / "app.yaml").write_text(APPLICATION)
    asked, _ = asked_of_helm(tree)
    assert asked[0] == "template"
    assert asked[-3:-1] == ["--", "web"]


def test_a_chart_is_no_plugin(tree: Path) -> None:
    """helm reads plugins from below a directory, and a chart may hold a plugin.yaml."""
    log = tree.parent / "plugins"
    asked_of_helm(tree, f'ls "$HELM_PLUGINS" > {log} 2>&1; echo "$HELM_NO_PLUGINS" >> {log}')
    assert "chart" not in log.read_text()
    assert log.read_text().endswith("1\n")


def test_dependencies_stay_inside(tree: Path) -> None:
    """Neither a link nor git's own files are copied for a chart."""
    other = tree.parent / "other"
    other.mkdir()
    (other / "Chart.yaml").write_text("apiVersion: v2\nname: other\nversion: 1.0.0\n")
    (tree / ".git").mkdir()
    (tree / ".git/config").write_text("[url]\n")
    (tree / "link").symlink_to(other)
    (tree / "charts/web/Chart.yaml").write_text(
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n"
        "  - {name: one, version: 1.0.0, repository: 'file://../../link'}\n"
        "  - {name: two, version: 1.0.0, repository: 'file://../../.git'}\n"
    )
    log = tree.parent / "files"
    _, said = asked_of_helm(tree, f"find . > {log}")
    assert "./chart/Chart.yaml" in log.read_text()
    assert "charts/" not in log.read_text()
    assert "one, two left out" in said


# ---- the limits of a program


def test_a_program_ends_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SECONDS", 0.3)
    slow = program(tmp_path / "bin", "slow", "sleep 60 & echo $! > pid; wait")
    begin = time.monotonic()
    output = programs.run([slow], str(tmp_path), programs.Allowance())
    assert "it took longer than" in output.error
    assert time.monotonic() - begin < 20
    child = Path(tmp_path, "pid").read_text().strip()
    time.sleep(0.1)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_what_is_left_behind_ends_too(tmp_path: Path) -> None:
    sly = program(tmp_path / "bin", "sly", "sleep 60 & echo ok")
    begin = time.monotonic()
    assert programs.run([sly], str(tmp_path), programs.Allowance()) == (b"ok\n", "")
    assert time.monotonic() - begin < 20


def test_output_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "MAX_OUTPUT", 1 << 20)
    for text in ("yes", "yes >&2"):
        endless = program(tmp_path / "bin", "endless", text)
        output = programs.run([endless], str(tmp_path), programs.Allowance())
        assert output == (b"", "it printed more than 1 MiB")


def test_all_programs_together_have_a_limit(tmp_path: Path) -> None:
    allowance = programs.Allowance(0.2)
    slow = program(tmp_path / "bin", "slow", "sleep 60")
    assert programs.run([slow], str(tmp_path), allowance).error
    output = programs.run(["/never/started"], str(tmp_path), allowance)
    assert output.error == "those before it took longer than 300 s together"


def test_memory_is_bounded(tmp_path: Path) -> None:
    if not hasattr(__import__("resource"), "prlimit"):
        pytest.skip("this system has no prlimit")
    told = program(tmp_path / "bin", "told", "sleep 0.3; ulimit -v")
    output = programs.run([told], str(tmp_path), programs.Allowance())
    assert int(output.data) == programs.MAX_MEMORY >> 10


def test_a_program_that_cannot_start(tmp_path: Path) -> None:
    output = programs.run([str(tmp_path / "none")], str(tmp_path), programs.Allowance())
    assert output.error.startswith("it could not be started: ")


def test_large_trees_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MAX_BYTES", 1 << 20)
    tmp_path.joinpath("in").mkdir()
    for name in "abc":
        tmp_path.joinpath("in", name).write_bytes(b"x" * 500_000)
    problem = copies.copied(str(tmp_path / "in"), str(tmp_path / "out"))
    assert problem == "its files hold more than 1 MiB"


# ---- helm for kustomize


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["version", "-c", "--short"], True),
        (["template", "web", "/c/web", "--namespace", "a", "-f", "v.yaml", "--include-crds"], True),
        (["template", "--post-renderer=sh", "/c/web"], False),
        (["template", "--generate-name", "/c/web", "--post-renderer", "sh"], False),
        (["pull", "web"], False),
        (["plugin", "install", "x"], False),
        (["template", "a b", "$(touch x)"], True),
    ],
)
def test_helm_is_asked_for_charts_alone(tmp_path: Path, words: list[str], passed: bool) -> None:
    helm = program(tmp_path / "with space", "helm", 'printf "%s\\n" "$@"')
    asked = programs.for_kustomize(helm, str(tmp_path))
    assert asked is not None
    done = subprocess.run([asked, *words], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is passed
    assert done.stdout.splitlines() == (words if passed else [])
