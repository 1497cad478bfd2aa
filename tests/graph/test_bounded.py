"""What multiplies is followed up to a bound, and the user is told where that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases import book

from kslint.config import Config
from kslint.graph import kustomize, scopes
from kslint.graph.graph import Graph
from kslint.running import engine
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{0}}}\n"


def tree(folder: Path, objects: int, patches: int, overlays: int) -> Path:
    base = folder / "base"
    base.mkdir()
    names = [f"c{n}.yaml" for n in range(objects)]
    (base / "kustomization.yaml").write_text(f"resources: [{', '.join(names)}]\n")
    for number, name in enumerate(names):
        (base / name).write_text(CONFIG_MAP.format(number))
    change = """[{{"op": "add", "path": "/x{0}", "value": 1}}]"""
    patch = f"- {{{{target: {{{{kind: ConfigMap}}}}, patch: '{change}'}}}}\n"
    for overlay in range(overlays):
        (folder / f"o{overlay}").mkdir()
        (folder / f"o{overlay}" / "kustomization.yaml").write_text(
            "resources: [../base]\npatches:\n" + "".join(map(patch.format, range(patches)))
        )
    return folder


def messages(folder: Path) -> list[str]:
    rules = [rule for rule in book() if rule.name == "passed-over-serving"]
    found = engine.run(load([str(folder)]), rules, Config(), book())
    return [finding.message for finding in found.findings]


def test_patches_times_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, objects=4, patches=3, overlays=1)
    assert messages(tmp_path) == []
    monkeypatch.setattr(kustomize, "MAX_PATCHING", 8)
    (message,) = messages(tmp_path)
    assert message.endswith("to its end: its patches times its objects are too many")
    graph = Graph(load([str(tmp_path)]))
    assert {len(resource.body.entries) for resource in graph.resources} == {5}  # two were applied
    assert all(graph.partial(resource) for resource in graph.resources)


def test_objects_of_one_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kustomize, "MAX_ITEMS", 3)
    (message,) = messages(tree(tmp_path, objects=9, patches=0, overlays=2))
    assert message.endswith("it has more than 3 objects")


def test_objects_of_all_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "MAX_EMITTED", 7)
    tree(tmp_path, objects=3, patches=0, overlays=5)
    (message,) = messages(tmp_path)
    assert message.endswith("all builds together have more than 7 objects")
    assert len(Graph(load([str(tmp_path)])).resources) == 9
