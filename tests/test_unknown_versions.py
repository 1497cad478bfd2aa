"""A KServe version that kslint does not know is said on stderr, once, and not read as another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scratch import SERVICE
from test_cli import kslint

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  destination: {{server: https://kubernetes.default.svc, namespace: kserve}}
  source:
    repoURL: ghcr.io/kserve/charts
    chart: {chart}
    targetRevision: {revision}
"""
SAID = "kslint does not know KServe 1.0: it is taken for 0.2"


def tree(folder: Path, revision: str, field: str = "") -> Path:
    for name in ("kserve", "other"):
        text = APPLICATION.format(name=name, chart="kserve-resources", revision=revision)
        (folder / f"{name}.yaml").write_text(text)
    service = SERVICE.format(name="fraud", claim="models") + field
    (folder / "service.yaml").write_text(service)
    return folder


def lines(stderr: bytes) -> list[str]:
    return [line for line in stderr.decode().splitlines() if "does not know" in line]


@pytest.mark.parametrize("style", ["text", "json", "github"])
def test_it_is_said_once(tmp_path: Path, style: str) -> None:
    done = kslint("check", ".", "--output-format", style, cwd=tree(tmp_path, "v1.0.3"))
    (line,) = lines(done.stderr)
    assert line.startswith(SAID)


def test_a_known_version_needs_no_words(tmp_path: Path) -> None:
    assert not lines(kslint("check", ".", cwd=tree(tmp_path, "v0.19.0")).stderr)


def test_an_older_one_is_taken_for_the_oldest(tmp_path: Path) -> None:
    (line,) = lines(kslint("check", ".", cwd=tree(tmp_path, "v0.9.0")).stderr)
    assert line.startswith("kslint does not know KServe 0.9: it is taken for 0.1")


def test_the_configured_version_counts(tmp_path: Path) -> None:
    (tree(tmp_path, "v0.19.0") / "kslint.yaml").write_text('kserve: {version: "1.0"}\n')
    (line,) = lines(kslint("check", ".", cwd=tmp_path).stderr)
    assert line.startswith(SAID)


@pytest.mark.parametrize("command", ["render", "graph"])
def test_other_commands_say_it_too(tmp_path: Path, command: str) -> None:
    (line,) = lines(kslint(command, ".", cwd=tree(tmp_path, "v1.0.3")).stderr)
    assert line.startswith(SAID)


def test_fields_that_it_may_have_are_not_reported(tmp_path: Path) -> None:
    field = "    aFieldToCome: true\n"
    arguments = ("check", ".", "--select", "unknown-field", "--output-format", "concise")
    known = kslint(*arguments, cwd=tree(tmp_path, "v0.19.0", field))
    assert b"aFieldToCome" in known.stdout
    assert kslint(*arguments, cwd=tree(tmp_path, "v1.0.0", field)).stdout == b""
