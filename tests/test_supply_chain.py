"""What SECURITY.md promises of the code and of what it is built with."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cases import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULES = sorted((ROOT / "kslint").rglob("*.py"))
WORKFLOWS = sorted((ROOT / ".github").rglob("*.y*ml"))
LOCKS = sorted(ROOT.glob("requirements-*.lock"))

RUNS_CODE = frozenset(("eval", "exec", "compile", "__import__"))
FORBIDDEN = frozenset(
    {
        "pickle", "marshal", "shelve", "dill", "code", "codeop", "runpy", "ctypes", "socket", "ssl",
        "http", "ftplib", "smtplib", "urllib.request", "requests", "httpx", "aiohttp",
    }
)  # fmt: skip
STARTS_PROGRAMS = {"source/history.py", "model/cel/evaluator.py", "rendered/programs.py"}
"""git for `--changed`, our own Python for custom rules, and helm for `--render`."""
OF_OS = frozenset({"system", "popen", "startfile", "posix_spawn", "posix_spawnp"})


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def broken_promises(text: str, may_start: bool = False) -> set[str]:
    """The names in a module that SECURITY.md rules out."""
    tree = ast.parse(text)
    modules = set(imported(tree))
    found = {name for name in modules if {name, name.partition(".")[0]} & FORBIDDEN}
    if not may_start:
        found |= {name for name in modules if name.partition(".")[0] == "subprocess"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & RUNS_CODE
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name, attribute = node.value.id, node.attr
            if name == "os" and (attribute in OF_OS or attribute.startswith(("exec", "spawn"))):
                found.add(f"os.{attribute}")
            if name == "yaml" and attribute in ("load", "full_load", "unsafe_load", "load_all"):
                found.add(f"yaml.{attribute}")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.relative_to(ROOT / "kslint").as_posix())
def test_no_module_runs_code_or_talks_to_anyone(module: Path) -> None:
    name = module.relative_to(ROOT / "kslint").as_posix()
    text = module.read_text(encoding="utf-8")
    assert broken_promises(text, name in STARTS_PROGRAMS) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eval('1')", {"eval"}),
        ("import pickle", {"pickle"}),
        ("def f():\n    from pickle import loads", {"pickle", "pickle.loads"}),
        ("from urllib.request import urlopen", {"urllib.request"}),
        ("from urllib import request", {"urllib.request"}),
        ("from urllib.parse import quote", set()),
        ("import subprocess", {"subprocess"}),
        ("import os\nos.system('x')\nos.execv('x', [])", {"os.system", "os.execv"}),
        ("import yaml\nyaml.load('x')", {"yaml.load"}),
        ("import re\nre.compile('x')\nself.eval('x')", set()),
    ],
)
def test_a_broken_promise_is_seen(text: str, found: set[str]) -> None:
    assert broken_promises(text) == found


def project() -> dict[str, Any]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = data["project"]
    return found


def test_every_dependency_is_named_with_its_reason() -> None:
    extras = project()["optional-dependencies"]
    required = [*project()["dependencies"], *(one for extra in extras.values() for one in extra)]
    names = [re.match(r"[\w-]+", requirement) for requirement in required]
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(name[0] for name in names if name)
    for extra, (requirement,) in extras.items():
        reason = dict(rows)[re.split(r"[><=;]", requirement)[0]]
        assert reason.startswith(f"extra `{extra}` only")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 5
    for line in lines:
        assert re.match(
            r"[\w.-]+(\[[\w,-]+\])?==[\w.!+-]+( ;.*)? +--hash=sha256:[0-9a-f]{64}", line
        )


INSTALLS = re.compile(r"\bpip\b.* install (.*)")


def lines_of(file: Path) -> list[str]:
    """The lines of a script, continued ones as one."""
    return file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def installs() -> Iterator[tuple[str, str]]:
    """Every file that installs something, and what it says behind `install`."""
    places = (
        "scripts/*.sh",
        "ci/*",
        ".github/**/*.yml",
        "action.yml",
        "Dockerfile",
        "docs/*",
        "*.md",
    )
    for file in sorted(file for place in places for file in ROOT.glob(place) if file.is_file()):
        for line in lines_of(file):
            if found := INSTALLS.search(line):
                yield file.relative_to(ROOT).as_posix(), found[1]


def test_a_lock_is_installed_as_it_stands() -> None:
    """A resolver reads the metadata of what is locked, and pips disagree about extras in it."""
    locks = [(file, words.split()) for file, words in installs() if "-requirement" in words]
    assert {file for file, _ in locks} >= {
        "scripts/test.sh", "scripts/install_locks.sh", "action.yml", "Dockerfile",
        ".github/workflows/docs.yml", ".github/workflows/release.yml",
    }  # fmt: skip
    for file, words in locks:
        assert {"--no-deps", "--require-hashes"} <= set(words), file


def test_this_checkout_is_installed_beside_its_lock() -> None:
    """The lock holds all that it needs, so nothing else may come in with it."""
    built = [(file, words) for file, words in installs() if "--no-build-isolation" in words]
    assert len(built) > 3
    for file, words in built:
        assert "--no-deps" in words.split(), file


def uses(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "uses":
                yield str(value)
            yield from uses(value)
    elif isinstance(node, list):
        for value in node:
            yield from uses(value)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_workflows_pin_their_actions_and_ask_for_few_rights(workflow: Path) -> None:
    data = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    for action in uses(data):
        assert action.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
    if "jobs" in data:
        assert data["permissions"] in ({}, {"contents": "read"})


def test_what_may_publish_runs_nothing_of_ours() -> None:
    file = ROOT / ".github" / "workflows" / "release.yml"
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    trusted = {name: job for name, job in jobs.items() if "id-token" in job["permissions"]}
    assert set(trusted) == {"attest", "publish"}
    for job in trusted.values():
        assert all("run" not in step for step in job["steps"])
        assert not [action for action in uses(job) if action.startswith("actions/checkout@")]
