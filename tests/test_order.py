"""One answer in whatever order the paths are given; of objects with one name the nearest counts."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest
from cases import FIXTURES, book, inside

from kslint.config import Config
from kslint.running import engine
from kslint.source.files import Found, discover
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.findings import Finding

SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen, namespace: models}
spec:
  predictor:
    model: {modelFormat: {name: own}, RUNTIMEstorageUri: "pvc://m/q"}
"""
RUNTIME = """\
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: vllm-cpu, namespace: models}
spec:
  supportedModelFormats: [{name: own, autoSelect: true}]
  containers:
    - name: kserve-container
      image: vllm/vllm-openai-cpu:v0.23.0
      args: [--model=/mnt/models]
      resources: {requests: {cpu: "CPU"}, limits: {cpu: "CPU", memory: 8Gi}}
"""


def found(*paths: str) -> list[Finding]:
    return engine.run(load(list(paths)), book(), Config(), book()).findings


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)


@pytest.mark.parametrize("runtime", ["runtime: vllm-cpu, ", ""], ids=["named", "chosen"])
def test_the_nearest_of_two_runtimes_is_meant(tmp_path: Path, runtime: str) -> None:
    for place, cores in (("dev", "1"), ("prod", "4"), ("test", "1")):
        write(tmp_path, {f"{place}/rt.yaml": RUNTIME.replace("CPU", cores)})
    for place in ("dev", "prod", "prod/eu"):
        write(tmp_path, {f"{place}/isvc.yaml": SERVICE.replace("RUNTIME", runtime)})
    answers = set()
    with inside(tmp_path):
        for order in itertools.permutations(("dev", "prod", "test")):
            few = [f for f in found(*order) if f.rule == "KS301"]
            assert {f.span.file for f in few} == {"dev/rt.yaml"}
            answers.add(tuple(few))
    assert len(answers) == 1


@pytest.mark.parametrize("runtime", ["runtime: vllm-cpu, ", ""], ids=["named", "chosen"])
def test_of_two_that_are_equally_near_neither_is_meant(tmp_path: Path, runtime: str) -> None:
    write(tmp_path, {"apps/isvc.yaml": SERVICE.replace("RUNTIME", runtime)})
    for place in ("dev", "prod"):
        write(tmp_path, {f"{place}/rt.yaml": RUNTIME.replace("CPU", "1")})
    with inside(tmp_path):
        assert {f.span.file for f in found(".") if f.rule == "KS301"} == {"dev/rt.yaml"}  # alike
        write(tmp_path, {"prod/rt.yaml": RUNTIME.replace("CPU", "4")})
        assert not [f for f in found(".") if f.rule in ("KS301", "KS703")]


@pytest.mark.parametrize("runtime", ["runtime: vllm-cpu, ", ""], ids=["named", "chosen"])
def test_the_nearest_counts_for_each_service(tmp_path: Path, runtime: str) -> None:
    write(tmp_path, {"dev/rt.yaml": RUNTIME.replace("CPU", "4")})
    write(tmp_path, {"prod/rt.yaml": RUNTIME.replace("CPU", "1")})
    write(tmp_path, {"dev/isvc.yaml": SERVICE.replace("RUNTIME", runtime)})
    with inside(tmp_path):
        assert not [f for f in found("dev", "prod") if f.rule == "KS301"]


def test_files_come_in_one_order(tmp_path: Path) -> None:
    names = ["a.yaml", "b/a.yaml", "b/c/a.yaml", "b/d.yaml", "c.yaml", "other.txt"]
    write(tmp_path, dict.fromkeys(names, "a: 1\n"))
    (tmp_path / "link").symlink_to("b")
    with inside(tmp_path):
        whole = list(discover(["."]))
        for paths in itertools.permutations(("b", "./c.yaml", str(tmp_path / "a.yaml"), "b/c")):
            assert [f.name for f in discover(paths) if isinstance(f, Found)] == [
                f.name for f in whole if isinstance(f, Found)
            ]
        # a file that is named is read as one that is named
        for paths in (("other.txt", ".", "a.yaml"), ("a.yaml", "other.txt", ".")):
            given = {f.name: f.explicit for f in discover(paths) if isinstance(f, Found)}
            assert {name for name, explicit in given.items() if explicit} == {"a.yaml", "other.txt"}
        assert list(discover(["link", "b"])) == list(discover(["b", "link"]))


def test_the_fixtures_in_any_order() -> None:
    """The objects of a thousand small worlds, many of one name."""
    with inside(FIXTURES):
        rooms = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
        whole = list(discover(rooms))
        for seed in range(3):
            random.Random(seed).shuffle(rooms)  # noqa: S311
            assert list(discover(rooms)) == whole
