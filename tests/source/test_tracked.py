"""What git tracks is read, though an ignore file names it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from scratch import Scratch, needs_git

from kslint.source.files import Found, discover, would_find
from kslint.source.tracked import Tracked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_git


def found() -> list[str]:
    return [one.name for one in discover(["."]) if isinstance(one, Found)]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    made = Scratch(tmp_path / "repo")
    made.write(
        {
            ".gitignore": "serving/\nlocal.yaml\nbuild/\n",
            "serving/deep/isvc.yaml": "a: 1\n",
            "serving/deep/notes.txt": "x\n",
            "local.yaml": "a: 1\n",
            "ok.yaml": "a: 1\n",
        }
    )
    monkeypatch.chdir(made.folder)
    return made


def test_only_what_is_tracked_is_read(repo: Scratch) -> None:
    assert found() == ["ok.yaml"]
    repo.git("add", "--force", "serving", "local.yaml", "ok.yaml")
    repo.write({"serving/deep/new.yaml": "a: 1\n", "serving/other/new.yaml": "a: 1\n"})
    repo.write({"build/out.yaml": "a: 1\n"})
    assert found() == ["local.yaml", "ok.yaml", "serving/deep/isvc.yaml"]
    for name, there in (
        ("serving/deep/isvc.yaml", True),
        ("serving/deep/new.yaml", False),
        ("build/out.yaml", False),
        ("local.yaml", True),
    ):
        assert would_find(name.replace("/", os.sep)) == there, name


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_version_of_the_index(repo: Scratch, version: str) -> None:
    names: dict[str, str | bytes] = {f"serving/{'d' * n}/{n}.yaml": "a: 1\n" for n in range(1, 40)}
    repo.write(names)
    repo.git("add", "--force", ".")
    repo.git("add", "--force", "--intent-to-add", ".")
    repo.git("update-index", "--index-version", version)
    tracked = Tracked(os.getcwd())
    assert all(tracked.holds(os.path.abspath(name), is_directory=False) for name in names)
    assert tracked.holds(os.path.abspath("serving/ddd"), is_directory=True)
    assert not tracked.holds(os.path.abspath("serving/new.yaml"), is_directory=False)


def test_ids_by_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        made = Scratch(tmp_path / "repo", "--object-format=sha256")
    except Exception:  # noqa: BLE001  (whatever an old git says of the option)
        pytest.skip("this git knows SHA-1 only")
    made.write({".gitignore": "a.yaml\n", "a.yaml": "a: 1\n", "b/c.yaml": "a: 1\n"})
    made.git("add", "--force", ".")
    monkeypatch.chdir(made.folder)
    assert found() == ["a.yaml", "b/c.yaml"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"DIRC", b"DIRC\0\0\0\x09\0\0\0\x01", b"DIRC\0\0\0\x02\xff\xff\xff\xff" + b"\0" * 99,
        b"DIRC\0\0\0\x04\0\0\0\x01" + b"\xff" * 200, b"x" * 400,
    ],
)  # fmt: skip
def test_a_broken_index_tracks_nothing(repo: Scratch, data: bytes) -> None:
    (repo.folder / ".git" / "index").write_bytes(data)
    assert found() == ["ok.yaml"]


def test_an_index_that_is_no_file_is_not_opened(repo: Scratch) -> None:
    index = repo.folder / ".git" / "index"
    index.unlink(missing_ok=True)
    os.mkfifo(index)
    assert found() == ["ok.yaml"]
