"""`kslint graph` as a user meets it: what is shown, what is found, the exit code."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cases import FIXTURES, ROOT, inside
from report_samples import check_snapshot
from typer.testing import CliRunner

from kslint.cli.commands import app
from kslint.config import Config
from kslint.model.model import Model
from kslint.picture import CREATED, MISSING, UNKNOWN
from kslint.picture.build import picture
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from kslint.picture import GraphPicture

BAD = "fixtures/platform-bad"


def kslint(*args: str, cwd: Path = ROOT) -> Result:
    with inside(cwd):
        return CliRunner().invoke(app, ["graph", *args])


def drawn(folder: Path) -> GraphPicture:
    with inside(folder):
        return picture(Model.of(load(["."]), Config()), [])


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def links(graph: GraphPicture) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.role, edge.target) for edge in graph.edges}


def states(graph: GraphPicture) -> dict[str, str]:
    return {node.id: node.state for node in graph.nodes}


# ---- the picture


def test_the_platform_of_traps() -> None:
    graph = drawn(FIXTURES / "platform-bad")
    service = "InferenceService/models/qwen-cpu"
    assert {
        ("Application/argocd/root", "deploys", "Application/argocd/models"),
        ("Application/argocd/models", "deploys", service),
        (service, "creates", "Deployment/models/qwen-cpu-predictor"),
        (service, "volume", "PersistentVolumeClaim/models/model-cache"),
        (service, "env", "ExternalSecret/models/hf-token"),
        ("InferenceService/models/iris", "runtime", "ServingRuntime/models/onnx"),
        ("InferenceService/models/phi", "storageUri", "PersistentVolumeClaim/models/model-cache"),
        ("Service/serving/raw-vllm", "selects", "Deployment/serving/raw-vllm"),
    } <= links(graph)
    found = states(graph)
    assert found["PersistentVolumeClaim/models/models-cache"] == MISSING
    assert found["ClusterSecretStore//vault"] == UNKNOWN
    assert found["Deployment/models/qwen-cpu-predictor"] == CREATED
    notes = {node.id: node.note for node in graph.nodes}
    assert notes["Application/argocd/kserve"] == "chart kserve-resources v0.19.0"
    assert notes["InferenceService/models/speech"] == "stopped"
    assert notes["PersistentVolumeClaim/models/weights"] == "there is one in serving"


SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: team}
spec: {predictor: {model: {modelFormat: {name: sklearn}, storageUri: "s3://bucket/a"}}}
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: edge}
spec:
  parentRefs: [{name: gate, namespace: infra}]
  rules: [{backendRefs: [{name: a-predictor, namespace: team}, {name: "{{ later }}"}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: infra}
spec: {gatewayClassName: x}
"""


def test_a_runtime_that_kserve_ships_and_picks(tmp_path: Path) -> None:
    graph = drawn(written(tmp_path, isvc=SERVICE))
    runtime = "ClusterServingRuntime//kserve-sklearnserver"
    assert ("InferenceService/team/a", "runtime", runtime) in links(graph)
    assert states(graph)[runtime] == CREATED


def test_references_into_other_namespaces_and_to_what_kserve_makes(tmp_path: Path) -> None:
    graph = drawn(written(tmp_path, isvc=SERVICE, route=ROUTE))
    assert {edge for edge in links(graph) if edge[0].startswith("HTTPRoute/edge")} == {
        ("HTTPRoute/edge/r", "parent", "Gateway/infra/gate"),
        ("HTTPRoute/edge/r", "backend", "Service/team/a-predictor"),
    }


def test_objects_of_one_name_stay_apart(tmp_path: Path) -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c, namespace: team}\n"
    graph = drawn(written(tmp_path, one=claim, two=claim))
    assert [node.id for node in graph.nodes] == [
        "PersistentVolumeClaim/team/c", "PersistentVolumeClaim/team/c#2",
    ]  # fmt: skip
    done = kslint(".", "--isolated", cwd=tmp_path)
    assert "PersistentVolumeClaim c one.yaml:3" in done.stdout


def test_the_order_of_the_input_does_not_show() -> None:
    with inside(FIXTURES / "platform-bad"):
        loaded = load(["."])
        config = Config()
        first = picture(Model.of(loaded, config), [])
        for seed in range(3):
            random.Random(seed).shuffle(loaded.files)  # noqa: S311
            assert picture(Model.of(loaded, config), []) == first


def test_a_circle_of_applications(tmp_path: Path) -> None:
    text = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  source: {{repoURL: https://example.com/r, path: {path}}}
  destination: {{namespace: argocd}}
"""
    for name, path in (("a", "two"), ("b", "one")):
        folder = tmp_path / {"a": "one", "b": "two"}[name]
        folder.mkdir()
        written(folder, app=text.format(name=name, path=path))
    done = kslint(".", "--isolated", cwd=tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:3] == [
        "Application argocd/a",
        "└── Application b",
        "    └── Application a (shown above)",
    ]


# ---- the command


def test_the_tree_is_what_one_gets() -> None:
    done = kslint(BAD)
    assert (done.exit_code, done.stderr) == (0, "")
    check_snapshot("graph-platform-bad.txt", done.stdout)


@pytest.mark.parametrize(
    "focus",
    ["qwen-cpu", "isvc/qwen-cpu", "models/qwen-cpu", "INFERENCESERVICE/models/qwen-cpu",
     "isvc/*/qwen-cp?"],
)  # fmt: skip
def test_focus_takes_what_people_write(focus: str) -> None:
    done = kslint(BAD, "--focus", focus)
    assert done.exit_code == 0
    assert "InferenceService models/qwen-cpu ◀" in done.stdout
    assert "PersistentVolumeClaim model-cache" in done.stdout
    assert "Application argocd/root" in done.stdout
    assert "models/iris" not in done.stdout


def test_depth_keeps_what_is_near() -> None:
    done = kslint(BAD, "--focus", "pvc/model-cache", "--depth", "1")
    assert "Application argocd/models" in done.stdout
    assert "Application argocd/root" not in done.stdout
    assert "InferenceService models/wine" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--focus", "qwen-cppu"], "InferenceService models/qwen-cpu"),
        (["--focus", "a/b/c/d"], "no object is called"),
        (["--depth", "1"], "--depth needs a --focus"),
        (["--focus", "qwen-cpu", "--depth", "-1"], "--depth"),
        (["--select", "KS999"], "KS999"),
        (["-o", "bmp"], "bmp"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], words: str) -> None:
    done = kslint(BAD, *arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""


def test_rules_are_selected_as_in_check() -> None:
    done = kslint(BAD, "--select", "KS101,KS301", "--ignore", "KS301")
    assert "✕ 1 error KS101" in done.stdout
    assert "KS301" not in done.stdout


def test_input_that_cannot_be_read(tmp_path: Path) -> None:
    written(tmp_path, good=SERVICE, bad="apiVersion: v1\nkind: [")
    done = kslint(".", "--isolated", cwd=tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith("bad.yaml:")
    assert "InferenceService a" in done.stdout
    assert "KS002" in done.stdout


def test_a_tree_without_objects(tmp_path: Path) -> None:
    done = kslint(".", "--isolated", cwd=tmp_path)
    assert done.exit_code == 0
    assert "No file was found to check" in done.stdout


# ---- the streams


def piped(*arguments: str, encoding: str) -> bytes:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kslint", "graph", "--isolated", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_a_terminal_without_line_drawing(tmp_path: Path) -> None:
    folder = written(tmp_path, isvc=SERVICE.replace("name: a", "name: é"))
    text = piped(str(folder), "--select", "KS101", encoding="ascii").decode("ascii")
    assert "\n`-- InferenceService \\xe9" in text


def test_files_are_utf_8_whatever_the_terminal_is(tmp_path: Path) -> None:
    folder = written(tmp_path, isvc=SERVICE.replace("name: a", "name: é"))
    text = piped(str(folder), "-o", "json", encoding="cp1252").decode("utf-8")
    assert "InferenceService/team/é" in {node["id"] for node in json.loads(text)["nodes"]}


@pytest.mark.parametrize("output", ["html", "svg", "mermaid", "dot", "json"])
def test_every_format_of_the_platform(output: str) -> None:
    done = kslint(BAD, "--output", output)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "qwen-cpu" in done.stdout
    focused = kslint(BAD, "--output", output, "--focus", "pvc/model-cache")
    assert len(focused.stdout) < len(done.stdout)
