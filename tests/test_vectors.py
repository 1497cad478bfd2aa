"""Upstream's own tests as the oracle: what KServe v0.19.0 expects, against what the model says.

Writes the tables of agreement to docs/fidelity.md and docs/fidelity-vectors.md when
KSLINT_UPDATE_DOCS=1; otherwise the committed tables must be the ones this run gives.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from cases import ROOT
from vectors import KNOWN_GAPS, DisagreementError, judge

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "tests" / "vectors"
DOCS = ROOT / "docs"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"


class Vector(NamedTuple):
    area: str
    id: str
    upstream: str
    body: dict[str, Any]


@lru_cache(maxsize=1)
def vectors() -> list[Vector]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        bodies = yaml.safe_load(file.read_text(encoding="utf-8"))
        found += [Vector(file.stem, body["id"], body["upstream"], body) for body in bodies]
    return found


@lru_cache(maxsize=1)
def disagreements() -> dict[str, str]:
    """Why the model disagrees with a vector, by the vector's id."""
    found = {}
    for vector in vectors():
        try:
            judge(vector.body)
        except DisagreementError as reason:
            found[vector.id] = str(reason)
    return found


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: f"{v.area}/{v.id}")
def test_vector(vector: Vector) -> None:
    reason = disagreements().get(vector.id)
    if vector.id in KNOWN_GAPS:
        assert reason is not None, "this gap is closed: take it out of KNOWN_GAPS"
    else:
        assert reason is None


def test_ids_are_unique_and_cited() -> None:
    ids = [vector.id for vector in vectors()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"\S+_test\.go:\d+", vector.upstream) for vector in vectors())


@pytest.mark.parametrize("page", ["fidelity.md", "fidelity-vectors.md"])
def test_fidelity_table_is_current(page: str) -> None:
    table = agreement() if page == "fidelity.md" else by_vector()
    if os.environ.get("KSLINT_UPDATE_DOCS"):
        _write_table(DOCS / page, table)
    committed = (DOCS / page).read_text(encoding="utf-8")
    assert f"{BEGIN}{table}{END}" in committed, "run the tests with KSLINT_UPDATE_DOCS=1"


def agreement() -> str:
    """How many vectors of each area agree."""
    lines = ["| area | vectors | agree | share |", "|---|---|---|---|"]
    areas = sorted({vector.area for vector in vectors()})
    total = agreed = 0
    for area in areas:
        ids = [vector.id for vector in vectors() if vector.area == area]
        good = sum(i not in disagreements() for i in ids)
        lines.append(f"| {area} | {len(ids)} | {good} | {100 * good / len(ids):.0f} % |")
        total, agreed = total + len(ids), agreed + good
    lines.append(f"| **all** | **{total}** | **{agreed}** | **{100 * agreed / total:.1f} %** |")
    return "\n".join(lines) + "\n"


def by_vector() -> str:
    """Each vector with its upstream test."""
    lines = ["| vector | upstream test @v0.19.0 | agrees |", "|---|---|---|"]
    for vector in vectors():
        verdict = "yes" if vector.id not in disagreements() else KNOWN_GAPS.get(vector.id, "**no**")
        lines.append(f"| {vector.area}/{vector.id} | `{vector.upstream}` | {verdict} |")
    return "\n".join(lines) + "\n"


def _write_table(file: Path, table: str) -> None:
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    file.write_text(head + BEGIN + table + END + rest.partition(END)[2], encoding="utf-8")
