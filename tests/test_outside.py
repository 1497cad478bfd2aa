"""What a configuration may name: nothing outside of its repository, and regular files only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cases import inside

from kslint.config import Config
from kslint.config import file as config_file
from kslint.config.file import OUTSIDE, ConfigError
from kslint.findings import baseline
from kslint.findings.baseline import BaselineError
from kslint.running import books

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = '{"version": 1, "paths": ["."], "findings": []}'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository, and files that are none of its own."""
    (tmp_path / "outside/rules").mkdir(parents=True)
    (tmp_path / "outside/kslint.yaml").write_text("secret words\n")
    (tmp_path / "outside/pyproject.toml").write_text("[tool.kslint]\nsecret = 1\n")
    (tmp_path / "outside/baseline.json").write_text(EMPTY)
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/ci/rules").mkdir(parents=True)
    (tmp_path / "repository/ci/baseline.json").write_text(EMPTY)
    return tmp_path / "repository"


@pytest.mark.parametrize("name", ["kslint.yaml", "kslint.yml", ".kslint.yaml"])
def test_a_configuration_that_is_a_link_out_is_not_opened(tree: Path, name: str) -> None:
    (tree / name).symlink_to("../outside/kslint.yaml")
    with inside(tree), pytest.raises(ConfigError, match=f"^{name}: a link leads from here out"):
        config_file.find()


def test_a_pyproject_that_is_a_link_out_is_passed_over(tree: Path) -> None:
    (tree / "pyproject.toml").symlink_to("../outside/pyproject.toml")
    with inside(tree):
        assert config_file.find() is None


def test_links_within_the_repository_are_followed(tree: Path) -> None:
    (tree / "ci/kslint.yaml").write_text("baseline: ci/known.json\n")
    (tree / "kslint.yaml").symlink_to("ci/kslint.yaml")
    (tree / "ci/known.json").symlink_to("baseline.json")
    with inside(tree):
        file = config_file.find()
        assert file == str(tree / "kslint.yaml")
        found = config_file.find_baseline(None, None, config_file.read(file).config())
        assert found is not None
        assert baseline.load(found).counts == {}


@pytest.mark.parametrize(
    "place", ["../outside/baseline.json", "{tmp}/outside/baseline.json", "out.json", "/dev/zero"]
)
def test_a_baseline_outside_is_not_opened(tree: Path, place: str) -> None:
    place = place.format(tmp=tree.parent)
    (tree / "out.json").symlink_to("../outside/baseline.json")
    (tree / "kslint.yaml").write_text(f"version: 1\nbaseline: {place}\n")
    with inside(tree):
        with pytest.raises(ConfigError, match=f"^kslint.yaml:2:1: {OUTSIDE}$"):
            config_file.read("kslint.yaml").config()
        assert config_file.read("kslint.yaml", trusted=True).config().baseline == place


def test_a_baseline_that_lies_in_its_usual_place_and_leads_out_does_not_count(tree: Path) -> None:
    (tree / ".kslint-baseline.json").symlink_to("../outside/baseline.json")
    with inside(tree):
        assert config_file.find_baseline(["."], None, Config()) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_baseline_is_a_regular_file(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    with inside(tree), pytest.raises(BaselineError, match=r"^pipe: is not a regular file$"):
        baseline.load("pipe")


@pytest.mark.parametrize("place", ["../outside/rules", "{tmp}/outside/rules", "out"])
def test_rules_outside_are_not_opened(tree: Path, place: str) -> None:
    place = place.format(tmp=tree.parent)
    (tree / "out").symlink_to("../outside/rules")
    (tree / "kslint.yaml").write_text(f"rules: [ci/rules, {place}]\n")
    with inside(tree):
        with pytest.raises(ConfigError, match=f"^kslint.yaml:1:19: {OUTSIDE}$"):
            books.custom_directories(config_file.read("kslint.yaml"))
        trusted = config_file.read("kslint.yaml", trusted=True)
        assert len(books.custom_directories(trusted)) == 2
