"""Links that a repository may hold, and where they lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import inside

from kslint.source.bounds import diverted, is_inside, leads_out, root_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository beside a directory and another repository, with links to all of them."""
    root = tmp_path / "repository"
    for directory in (root / ".git", root / "a/b", tmp_path / "outside", tmp_path / "other/.git"):
        directory.mkdir(parents=True)
    (tmp_path / "outside/secret").write_text("s")
    (tmp_path / "other/x").write_text("x")
    (root / "a/file").write_text("f")
    (root / "a/b/to-file").symlink_to("../file")
    (root / "a/b/to-nothing").symlink_to("../none")
    (root / "a/b/to-secret").symlink_to("../../../outside/secret")
    (root / "a/outside").symlink_to("../../outside")
    (root / "a/other").symlink_to("../../other")
    return root


def test_a_link_to_another_repository_is_no_root(repository: Path) -> None:
    assert root_of(str(repository / "a/b")) == str(repository)
    assert root_of(str(repository / "a/other")) == str(repository)
    assert root_of(str(repository.parent / "outside")) == str(repository.parent / "outside")


@pytest.mark.parametrize(
    ("place", "out", "led"),
    [
        ("a/file", False, False),
        ("a/b/none", False, False),
        ("a/none/none", False, False),
        ("a/b/to-file", False, True),
        ("a/b/to-nothing", False, True),
        ("a/b/to-secret", True, True),
        ("a/outside/secret", True, True),
        ("a/outside/none", True, True),
        ("a/other/x", True, True),
    ],
)
def test_links_in_a_repository(repository: Path, place: str, out: bool, led: bool) -> None:
    assert leads_out(str(repository / place)) is out
    assert (diverted(str(repository / place)) is not None) is led
    with inside(repository):
        assert leads_out(place) is out
        assert (diverted(place) is not None) is led


def test_a_place_outside(repository: Path) -> None:
    assert not is_inside(str(repository / "../outside/secret"), str(repository))
    assert not is_inside(str(repository.parent), str(repository))
    assert is_inside(str(repository), str(repository / "a"))
    assert is_inside(str(repository / "a/file"), str(repository / "a/b"))


def test_a_tree_without_git_ends_where_the_user_is(tmp_path: Path) -> None:
    (tmp_path / "tree/to").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "tree/link").symlink_to("../out")
    with inside(tmp_path / "tree"):
        assert diverted("link/report") == str(tmp_path / "out/report")
        assert diverted("to/report") is None
    assert diverted(str(tmp_path / "tree/link/report")) is None  # of the user's own, elsewhere
