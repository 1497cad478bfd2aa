"""A check reads its tree and nothing else: no network, no other program, no file outside.

It may start itself once more, to evaluate the rules of definitions.

Python tells an audit hook of every file, socket and process before it touches it. The hook cannot
be taken off again, so each check runs in an interpreter of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import corpora
import pytest
from cases import FIXTURES, PLATFORMS, ROOT, RULE_FOLDERS

from kslint import rulebook
from kslint.cli.formats import FORMATS

WATCHED = """
import json, os, sys

touched = []
FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile",
    "pty.", "urllib.", "ftplib.", "http.", "smtplib.", "pickle.", "os.remove", "os.rmdir",
    "os.chmod", "os.symlink", "os.link", "shutil.",
)

end_at_once = os._exit

def end_with_report(code):
    raise SystemExit(code)

os._exit = end_with_report

def is_evaluator(event, arguments):
    return (
        event == "subprocess.Popen"
        and arguments[0] == sys.executable
        and "from kslint.model.cel.worker import main" in arguments[1][3]
    )

def hook(event, arguments):
    if event.startswith(FORBIDDEN) and not is_evaluator(event, arguments):
        os.write(2, f"forbidden: {event} {arguments[:1]}\\n".encode())
        end_at_once(99)
    if event in ("open", "os.scandir", "os.listdir") and isinstance(arguments[0], (str, bytes)):
        touched.append((event, os.path.realpath(os.fsdecode(arguments[0]))))

sys.addaudithook(hook)
sys.argv[0] = "kslint"
from kslint.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code or 0
else:
    code = 0
with open(os.environ["TOUCHED"], "w") as report:
    json.dump({"code": code, "touched": touched}, report)
"""


def watched(folder: Path, *arguments: str) -> tuple[int, list[tuple[str, Path]]]:
    """The exit code of a check and what it opened and listed, but for Python's own files."""
    report = folder.parent / "touched.json"
    cache = folder.parent / "cache"
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TOUCHED": str(report), "HOME": str(folder.parent),
        "XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, "check", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "forbidden" not in run.stderr  # which ends a worker, and not the run
    told = json.loads(report.read_text(encoding="utf-8"))
    own = {Path(entry).resolve() for entry in sys.path if entry}
    own |= {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), cache, report}
    own |= {(ROOT / "kslint").resolve(), Path(rulebook.folder()).resolve()}
    touched = [(event, Path(path)) for event, path in told["touched"]]
    return told["code"], [
        (event, path)
        for event, path in touched
        if (
            path != Path(os.devnull)  # what the evaluating process prints goes there
            and not any(path == place or place in path.parents for place in own)
        )
        or folder in (path, *path.parents)
    ]


def test_workers_do_no_more(tmp_path: Path) -> None:
    large = tmp_path / "large"
    corpora.write(str(large), 600)
    code, touched = watched(large, ".", "--jobs", "3", "--output-format", "concise")
    assert code == 1
    assert {path for _, path in touched} <= {large, *large.rglob("*"), *large.parents}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository that names files outside of it in every way it can."""
    tree = tmp_path / "repository" / "platform"
    copytree(FIXTURES / "platform-bad", tree)
    (tmp_path / "repository" / ".git").mkdir()
    secret = tmp_path / "secret.yaml"
    secret.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", encoding="utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kustomization.yaml").write_text("resources: [../secret.yaml]\n", encoding="utf-8")
    (tree / "link.yaml").symlink_to(secret)
    (tree / "linked").symlink_to(outside)
    (tree / "kustomization.yaml").write_text(
        "resources: [../../outside, ../../secret.yaml, /etc/hostname, link.yaml, file:///etc/fstab,\n"
        "  https://example.com/x.yaml, 'git@github.com:a/b', ../../../../../../etc/passwd]\n"
        "patches: [{path: ../../secret.yaml}]\n"
        "configMapGenerator: [{name: a, files: [../../secret.yaml, /etc/hostname]}]\n"
        "helmCharts: [{name: c, repo: https://example.com, valuesFile: ../../secret.yaml}]\n",
        encoding="utf-8",
    )
    (tree / "application.yaml").write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n"
        "  destination: {server: https://kubernetes.default.svc}\n"
        "  source: {repoURL: 'https://example.com/x', path: ../../outside,\n"
        "    helm: {valueFiles: [../../secret.yaml, /etc/hostname, 'https://example.com/v.yaml']}}\n",
        encoding="utf-8",
    )
    (tree / "crd.yaml").write_text(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: as.example.com}\nspec: {group: example.com, names: {kind: A},\n"
        "  versions: [{name: v1, schema: {openAPIV3Schema: {$ref: /etc/hostname}}}]}\n",
        encoding="utf-8",
    )
    return tree


def test_every_report_is_made_without_network_programs_or_files_outside(tree: Path) -> None:
    reports = [f"--output-format={name}:../../{name}.out" for name in FORMATS]
    code, touched = watched(tree, ".", *reports)
    assert code == 1
    top = tree.parent
    written = {tree.parent.parent / f"{name}.out" for name in FORMATS}
    assert all(path.stat().st_size for path in written)
    for event, path in touched:
        inside = tree in (path, *path.parents)
        report = path in written or (path.parent == top.parent and ".out" in path.name)
        config = path.parent == top and path.suffix in (".yaml", ".yml", ".toml", ".gitignore", "")
        git = top / ".git" in (path, *path.parents)
        listed = event == "os.scandir" and path == top  # does the repository hold more?
        assert inside or report or config or git or listed, (event, path)
    assert any(path.name == "kustomization.yaml" for _, path in touched)


@pytest.mark.parametrize(
    "folder",
    [*PLATFORMS, *RULE_FOLDERS.values()][::6],
    ids=lambda folder: str(folder.name),
)
def test_no_fixture_leads_outside(folder: Path, tmp_path: Path) -> None:
    tree = tmp_path / "repository"
    copytree(folder, tree)
    (tree / ".git").mkdir()
    _, touched = watched(tree, ".")
    assert touched
    assert [path for _, path in touched if tree not in (path, *path.parents)] == []
