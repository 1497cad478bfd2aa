"""`kslint upgrade` as a user meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from kslint.cli.commands import app

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

ISVC = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: llm, namespace: models, annotations: {serving.kserve.io/deploymentMode: Standard}}
spec:
  predictor:
    model:
      modelFormat: {name: huggingface}
      storageUri: s3://bucket/model
      %s
"""
OWN = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: models}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: main
          image: vllm/vllm-openai:v0.9.2
          args: [--model=a/b, --swap-space=4]
          env: [{name: VLLM_USE_V1, value: "1"}]
"""
CHARTS = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: %s, namespace: argocd}
spec:
  project: default
  destination: {namespace: kserve}
  source: {repoURL: ghcr.io/kserve/charts, chart: %s, targetRevision: v%s}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kslint(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["upgrade", *arguments])


def objects(*arguments: str) -> dict[str, Any]:
    """What the JSON report says of each object."""
    done = kslint(*arguments, "--output-format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)["objects"]
    return {f"{one['kind']}/{one['name']}": one for one in found}


def test_images_and_the_release_of_vllm_in_them(tree: Path) -> None:
    (tree / "a.yaml").write_text(ISVC % "")
    found = objects("--from", "0.19", "--to", "0.20")
    assert set(found) == {"InferenceService/llm", "Deployment/llm-predictor", "Pod/llm-predictor"}
    (change,) = found["Deployment/llm-predictor"]["fields"]
    assert change["new"]["value"] == "kserve/huggingfaceserver:v0.20.0"
    assert "charts/" in change["new"]["reference"]
    (pod,) = found["Pod/llm-predictor"]["fields"]
    assert pod["path"] == "spec.initContainers[storage-initializer].image"
    (effect,) = found["InferenceService/llm"]["effects"]
    assert "vLLM 0.20.0 → 0.24.0" in effect["text"]


def test_what_does_not_change_is_not_said(tree: Path) -> None:
    (tree / "a.yaml").write_text(OWN)
    assert objects("--from", "0.16", "--to", "0.20") == {}
    assert kslint("--from", "0.19", "--to", "0.20", "--exit-code").exit_code == 0


def test_fields_that_count_from_now_on(tree: Path) -> None:
    (tree / "a.yaml").write_text(ISVC.replace("predictor:", "predictor:\n    name: v1") % "")
    found = objects("--from", "0.19", "--to", "0.20")
    texts = [effect["text"] for effect in found["InferenceService/llm"]["effects"]]
    assert any(text.startswith("`spec.predictor.name` counts from now on") for text in texts)


def test_another_release_of_vllm(tree: Path) -> None:
    (tree / "a.yaml").write_text(OWN)
    found = objects("--vllm", "0.20.0")
    effects = found["Deployment/web"]["effects"]
    assert [(effect["kind"], effect["place"] and effect["place"]["line"]) for effect in effects][
        :2
    ] == [("refused", 13), ("noted", 14)]
    assert "`--swap-space`" in effects[0]["text"]
    assert kslint("--vllm", "0.20.0", "--exit-code").exit_code == 1


def test_charts_and_what_leaves_them(tree: Path) -> None:
    charts = [("a", "kserve-resources", "0.16.0"), ("b", "kserve-crd", "0.16.0")]
    (tree / "a.yaml").write_text("---".join(CHARTS % one for one in charts) + "---" + ISVC % "")
    found = objects("--to", "0.20")
    assert "kserve-runtime-configs" in found["Application/a"]["effects"][0]["text"]
    assert "CustomResourceDefinition/localmodelcaches.serving.kserve.io" in found
    done = kslint("--to", "0.20")
    assert done.stdout.startswith("KServe 0.16 → KServe 0.20\n")
    assert "  = kserve charts/" in done.stdout


def test_parts_of_the_platform_that_are_older(tree: Path) -> None:
    crds = "resources: ['https://github.com/kubernetes-sigs/gateway-api/config/crd?ref=v1.%d.0']"
    (tree / "a.yaml").write_text(CHARTS % ("a", "kserve-resources", "0.19.0"))
    (tree / "kustomization.yaml").write_text(crds % 4)
    found = objects("--to", "0.20")
    assert "built with Gateway API 1.5.1" in found["Application/a"]["effects"][0]["text"]
    (tree / "kustomization.yaml").write_text(crds % 5)
    assert objects("--to", "0.20") == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a target"),
        (["--to", "new"], "takes a release of KServe"),
        (["--to", "0.20", "--from", "main"], "takes a release of KServe"),
        (["--to", "0.16", "--from", "0.19"], "is older than"),
        (["--vllm", "1.2"], "takes a release from"),
        (["--vllm", "new"], "takes a release from"),
        (["--to", "0.20", "--output-format", "sarif"], "no format is called"),
    ],
)
def test_a_wrong_command_line(tree: Path, arguments: list[str], said: str) -> None:
    done = kslint(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr.replace("\n", " ").replace("│", "").replace("  ", " ")


def test_broken_input(tree: Path) -> None:
    (tree / "a.yaml").write_text(ISVC % "")
    (tree / "b.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n")
    done = kslint("--from", "0.19", "--to", "0.20")
    assert done.exit_code == 2
    assert "b.yaml" in done.stderr
    assert "huggingfaceserver:v0.20.0" in done.stdout


def test_a_version_that_is_not_known(tree: Path) -> None:
    (tree / "a.yaml").write_text(ISVC % "")
    done = kslint("--from", "0.20", "--to", "0.99")
    assert "does not know KServe 0.99" in done.stderr


REFUSED = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: b, annotations: {serving.kserve.io/deploymentMode: Standard}}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: a:1
        resources: {limits: {cpu: "1"}, requests: {cpu: "2"}}
"""


def test_what_is_made_before_something_is_refused(tree: Path) -> None:
    """The Service comes first from 0.20 on; of what is refused before and after nothing is said."""
    (tree / "a.yaml").write_text(REFUSED)
    found = objects("--from", "0.19", "--to", "0.20")
    assert {name: one["change"] for name, one in found.items()} == {"Service/a-predictor": "added"}


def test_nothing_is_made_of_a_service_that_is_refused(tree: Path) -> None:
    twice = 'env: [{name: A, value: "1"}, {name: A, value: "2"}]'
    (tree / "a.yaml").write_text(ISVC % twice)
    found = objects("--from", "0.19", "--to", "0.20")
    assert "Deployment/llm-predictor" not in found


LLM = """
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: qwen, namespace: models}
spec:
  model: {uri: hf://a/b}
"""


def test_llm_services_follow_their_presets(tree: Path) -> None:
    (tree / "a.yaml").write_text(LLM)
    found = objects("--from", "0.19", "--to", "0.20")
    changed = [
        change
        for one in found.values()
        for change in one["fields"]
        if one["owner"] and change["path"].endswith(".image")
    ]
    assert any("llm-d" in change["new"]["value"] for change in changed)
    texts = [effect["text"] for effect in found["LLMInferenceService/qwen"]["effects"]]
    assert any("probe every second" in text for text in texts)


def test_a_slip_is_no_new_field_of_a_release_that_is_not_known(tree: Path) -> None:
    text = ISVC % "protocolVersion: v2"
    (tree / "a.yaml").write_text(
        text.replace("  predictor:\n", "  predictor:\n    minReplica: 1\n")
    )
    assert "minReplica" not in kslint("--from", "0.19", "--to", "9.9").stdout


def test_what_is_refused_in_other_words_is_refused_as_before(tree: Path) -> None:
    (tree / "a.yaml").write_text(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        "metadata: {name: none, namespace: models}\nspec: {predictor: {minReplicas: 1}}\n"
    )
    assert "refused" not in kslint("--from", "0.19", "--to", "0.20").stdout
