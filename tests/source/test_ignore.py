"""What git ignores is not read. Where git is at hand, it is asked too."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kslint.source.files import Found, discover


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: dict[str, str], repository: bool = True) -> None:
    if repository:
        Path(".git", "info").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def names(*paths: str) -> list[str]:
    found = list(discover(paths or ["."]))
    assert all(isinstance(item, Found) for item in found), found
    return [item.name for item in found if isinstance(item, Found)]


TREE = ["a.yaml", "b.yaml", "d/a.yaml", "d/e/a.yaml", "d/e/b.yaml", "g/h.yaml"]


@pytest.mark.parametrize(
    ("ignores", "left"),
    [
        ({".gitignore": ""}, TREE),
        ({".gitignore": "# a.yaml\n\n   \n"}, TREE),
        ({".gitignore": "a.yaml\n"}, ["b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "/a.yaml\r\n"}, TREE[1:]),
        ({".gitignore": "\ufeff/a.yaml\n"}, TREE[1:]),
        ({".gitignore": "d/\n"}, ["a.yaml", "b.yaml", "g/h.yaml"]),
        ({".gitignore": "a.yaml/\n"}, TREE),
        ({".gitignore": "e\n"}, ["a.yaml", "b.yaml", "d/a.yaml", "g/h.yaml"]),
        ({".gitignore": "d/**/a.yaml\n"}, ["a.yaml", "b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "*.yaml\n!b.yaml\n"}, ["b.yaml", "d/e/b.yaml"]),
        ({".gitignore": "d/\n!d/a.yaml\n"}, ["a.yaml", "b.yaml", "g/h.yaml"]),
        ({".gitignore": "*\n!*/\n!h.yaml\n"}, ["g/h.yaml"]),
        ({"d/.gitignore": "a.yaml\n"}, ["a.yaml", "b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({"d/.gitignore": "/a.yaml\n"},
         ["a.yaml", "b.yaml", "d/e/a.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "a.yaml\n", "d/.gitignore": "!a.yaml\n"},
         ["b.yaml", "d/a.yaml", "d/e/a.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".git/info/exclude": "a.yaml\n"}, ["b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".git/info/exclude": "a.yaml\n", ".gitignore": "!/a.yaml\n"},
         ["a.yaml", "b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "a.yaml\n", ".git/info/exclude": "!a.yaml\n"},
         ["b.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "*\n!/g/\n!g/**\n"}, ["g/h.yaml"]),
        ({".gitignore": "*\n!*/\n!e/*.yaml\n"}, []),
        ({".gitignore": "*\n!*/\n!**/e/*.yaml\n"}, ["d/e/a.yaml", "d/e/b.yaml"]),
        ({".gitignore": "d/**\n!d/a.yaml\n"}, ["a.yaml", "b.yaml", "d/a.yaml", "g/h.yaml"]),
        ({".gitignore": "d/*\n!d/e\n"},
         ["a.yaml", "b.yaml", "d/e/a.yaml", "d/e/b.yaml", "g/h.yaml"]),
        ({".gitignore": "**\n"}, []),
        ({".gitignore": "!\n/a.yaml\n/\n"}, TREE[1:]),
    ],
)  # fmt: skip
def test_patterns(ignores: dict[str, str], left: list[str]) -> None:
    write(dict.fromkeys(TREE, "a: 1\n") | ignores)
    assert names() == left
    git = shutil.which("git")
    if git is None:
        return
    shutil.move(".git/info", "info")
    shutil.rmtree(".git")
    subprocess.run([git, "init", "-q", "."], check=True)
    if Path("info/exclude").exists():
        shutil.copy("info/exclude", ".git/info/exclude")
    shutil.rmtree("info")
    command = [git, "ls-files", "-o", "--exclude-standard", "*.yaml"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    listed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert sorted(left) == sorted(listed.stdout.split())


def test_ignores_above_the_named_directory_count() -> None:
    write({".gitignore": "d/e/\n", "d/.gitignore": "a.yaml\n", **dict.fromkeys(TREE, "")})
    assert names("d") == []
    assert names("g") == ["g/h.yaml"]


def test_what_is_named_is_read() -> None:
    write({".gitignore": "*.yaml\nd/\n", **dict.fromkeys(TREE, "")})
    assert names("a.yaml", "d/a.yaml") == ["a.yaml", "d/a.yaml"]
    write({".gitignore": "d/\n"})
    assert names("d") == ["d/a.yaml", "d/e/a.yaml", "d/e/b.yaml"]


def test_outside_any_repository_only_the_tree_itself_counts() -> None:
    write({".gitignore": "e/\n", "d/.gitignore": "/a.yaml\n", **dict.fromkeys(TREE, "")}, False)
    assert names("d") == ["d/e/a.yaml", "d/e/b.yaml"]
    assert names() == ["a.yaml", "b.yaml", "g/h.yaml"]


def test_only_a_regular_file_is_an_ignore_file() -> None:
    write(dict.fromkeys(TREE, ""))
    Path("elsewhere").write_text("*.yaml\n")
    Path("d/.gitignore").mkdir()
    Path("g/.gitignore").symlink_to("../elsewhere")
    os.mkfifo(".gitignore")  # to open it would block
    assert names() == TREE
