"""What multiplies is followed up to a bound, and the user is told where that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases import book

from kslint.config import Config
from kslint.graph import bounds
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
    monkeypatch.setattr(bounds, "MAX_CHANGES", 4 + 2 * 8)  # the base, and two patches applied
    (message,) = messages(tmp_path)
    assert "to its end: all builds together change objects more than 20 times" in message
    graph = Graph(load([str(tmp_path)]))
    assert {len(resource.body.entries) for resource in graph.resources} == {5}
    assert all(graph.partial(resource) for resource in graph.resources)


def test_objects_of_one_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_OBJECTS", 3)
    (message,) = messages(tree(tmp_path, objects=9, patches=0, overlays=1))
    assert "all builds together have more than 3 objects" in message
    assert len(Graph(load([str(tmp_path)])).resources) == 3


def test_objects_of_all_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_OBJECTS", 9)
    tree(tmp_path, objects=3, patches=0, overlays=5)
    (message,) = messages(tmp_path)
    assert "all builds together have more than 9 objects" in message
    assert "does not follow the builds " in message
    assert len(Graph(load([str(tmp_path)])).resources) == 7


def test_what_is_generated_or_taken_away_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path, objects=3, patches=0, overlays=3)
    assert messages(folder) == []
    with (folder / "o0" / "kustomization.yaml").open("a") as file:
        file.write("- {target: {kind: ConfigMap}, patch: '{kind: x, $patch: delete}'}\n")
        file.write("configMapGenerator:\n" + "- {name: a}\n- {name: b}\n- {name: c}\n- {name: d}\n")
    monkeypatch.setattr(bounds, "MAX_OBJECTS", 14)  # three times a base and three, and four
    (message,) = messages(folder)
    assert "more than 14 objects" in message


def test_values_of_all_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, objects=3, patches=0, overlays=3)
    assert messages(tmp_path) == []
    monkeypatch.setattr(bounds, "MAX_VALUES", 30)  # each of the nine has five
    (message,) = messages(tmp_path)
    assert "all builds together have more than 30 values" in message


def test_what_patches_put_in_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path, objects=1, patches=0, overlays=3)
    big = ", ".join(f"k{number}: a" for number in range(200))
    for overlay in range(3):
        path = folder / f"o{overlay}" / "kustomization.yaml"
        path.write_text(
            "resources: [../base]\npatches:\n- {target: {kind: ConfigMap}, path: p.yaml}\n"
        )
        (folder / f"o{overlay}" / "p.yaml").write_text(CONFIG_MAP.format(0) + f"data: {{{big}}}\n")
    assert messages(folder) == []
    monkeypatch.setattr(bounds, "MAX_VALUES", 250)
    (message,) = messages(folder)
    assert "all builds together have more than 250 values" in message
    assert len(Graph(load([str(folder)])).resources) == 1
