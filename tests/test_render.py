"""`kslint render` as a user meets it: the objects, the comments, the reasons, the exit code."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cases import PLATFORMS, ROOT, RULE_FOLDERS, inside
from typer.testing import CliRunner

from kslint.cli.commands import app
from kslint.model.kubernetes.admission.scalers import scaler_failures
from kslint.model.kubernetes.admission.services import service_failures
from kslint.model.kubernetes.admission.workloads import deployment_failures
from kslint.source.files import Source
from kslint.source.nodes import Map
from kslint.source.parser import compose

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

GOOD = "fixtures/platform-good"
CASES = "fixtures/resources/cpu-request-over-injected-limit"
SNAPSHOT = ROOT / "tests" / "snapshots" / "render-qwen-cpu.yaml"


def kslint(*args: str, cwd: Path = ROOT) -> Result:
    with inside(cwd):
        return CliRunner().invoke(app, ["render", *args])


def objects(output: str) -> list[Any]:
    return list(yaml.safe_load_all(output))


def service(name: str = "a", annotations: str = "{}", spec: str = "", server: str = "") -> str:
    return f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: {name}, namespace: team, annotations: {annotations}}}
spec:
  predictor:
    {server or "containers: [{name: kserve-container, image: 'a:1'}]"}
  {spec}
"""


def written(folder: Path, text: str, name: str = "isvc.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_reference_platform_renders() -> None:
    done = kslint(GOOD)
    assert (done.exit_code, done.stderr) == (0, "")
    kinds = [(o["kind"], o["metadata"]["name"]) for o in objects(done.stdout)]
    for name in ("iris", "qwen-cpu", "qwen-oci"):
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler"):
            assert (kind, f"{name}-predictor") in kinds
    assert len(kinds) == len(set(kinds))
    assert {o["metadata"]["namespace"] for o in objects(done.stdout)} == {"models"}


def test_the_api_server_would_take_what_is_rendered() -> None:
    """Each object against the API server's own validation, as far as kslint knows it."""
    judges = {
        "Deployment": deployment_failures,
        "Service": service_failures,
        "HorizontalPodAutoscaler": scaler_failures,
    }
    judged = 0
    for document in compose(Source("x", b""), kslint(GOOD).stdout):
        assert isinstance(document.root, Map)
        judge = judges.get(document.root.string("kind") or "")
        if judge is not None:
            judged += 1
            assert [f.message for f in judge(document.root)] == []
    assert judged == 39


def test_snapshot() -> None:
    """The output as a whole; KSLINT_UPDATE_SNAPSHOTS=1 writes it anew."""
    output = kslint(GOOD, "--isvc", "qwen-cpu").stdout
    if os.environ.get("KSLINT_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(output, encoding="utf-8")
    assert output == SNAPSHOT.read_text(encoding="utf-8")


def test_fields_stand_in_kubectls_order() -> None:
    for document in objects(kslint(GOOD, "--isvc", "qwen-cpu").stdout):
        assert list(document) == sorted(document)
        assert list(document)[:3] == ["apiVersion", "kind", "metadata"]
        assert list(document["spec"]) == sorted(document["spec"])


def test_what_you_wrote_has_no_comment() -> None:
    lines = kslint(GOOD, "--isvc", "qwen-cpu").stdout.splitlines()
    written_lines = [line for line in lines if "#" not in line]
    assert "        image: vllm/vllm-openai-cpu:v0.23.0" in written_lines
    assert "            memory: 8Gi" in written_lines
    commented = [line.partition("#")[0].strip() for line in lines if "#" in line]
    assert "failureThreshold: 3" in commented
    assert "failureThreshold: 60" not in commented


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("qwen-cpu", {"qwen-cpu"}),
        ("models/qwen-cpu", {"qwen-cpu"}),
        ("other/qwen-cpu", set()),
        ("qwen", set()),
        ("/qwen-cpu", {"qwen-cpu"}),
        ("", set()),
    ],
)
def test_one_service_by_name(name: str, names: set[str]) -> None:
    done = kslint(GOOD, "--isvc", name)
    found = {o["metadata"]["name"].removesuffix("-predictor") for o in objects(done.stdout) if o}
    assert found - {"qwen-cpu"} == names - {"qwen-cpu"}
    assert ("qwen-cpu" in found) is bool(names)
    assert done.exit_code == (0 if names else 2)


def test_the_same_name_in_two_namespaces(tmp_path: Path) -> None:
    text = f"{service()}---{service()}".replace("namespace: team", "namespace: two", 1)
    folder = written(tmp_path, text)
    both = objects(kslint(".", "--isvc", "a", cwd=folder).stdout)
    assert {o["metadata"]["namespace"] for o in both} == {"team", "two"}
    one = objects(kslint(".", "--isvc", "two/a", cwd=folder).stdout)
    assert {o["metadata"]["namespace"] for o in one} == {"two"}


def test_json_holds_the_same_objects() -> None:
    done = kslint(GOOD, "-o", "json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert (document["apiVersion"], document["kind"]) == ("v1", "List")
    assert document["items"] == objects(kslint(GOOD).stdout)


WEBHOOK = (
    "  ← KServe's webhook, which fills in a missing limits.cpu  "
    "[pkg/apis/serving/v1beta1/inference_service_defaults.go:59-96 @v0.19.0]"
)
CHART = (
    "  ← the default of KServe 0.19 (inferenceservice-config, key inferenceService)  "
    "[charts/kserve-resources @v0.19.0 (files/common/configmap-patch.yaml)]"
)
STOCK = "  ← ClusterServingRuntime kserve-sklearnserver as KServe 0.19 ships it  ["
LIMIT = "spec.template.spec.containers[0].resources.limits.cpu ="


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("bad-custom-container", [f'Deployment/qwen-predictor  {LIMIT} "1"', WEBHOOK, CHART]),
        (
            "bad-limit-from-values",
            [
                f'Deployment/qwen-predictor  {LIMIT} "2"',
                WEBHOOK,
                (
                    "  ← kserve.inferenceservice.resources.limits.cpu in the chart's values "
                    "(platform/kserve/values.yaml:7:14)  "
                    "[charts/kserve-resources/values.yaml @v0.19.0]"
                ),
            ],
        ),
        (
            "bad-runtime-in-tree",
            [
                f"Deployment/detector-predictor  {LIMIT} 750m",
                "  ← ServingRuntime small (runtime.yaml:14:23)",
            ],
        ),
        ("bad-stock-runtime", [f'Deployment/iris-predictor  {LIMIT} "1"', STOCK]),
        (
            "bad-transformer-json",
            [
                f'Deployment/iris-predictor  {LIMIT} "1"',
                STOCK,
                f'Deployment/iris-transformer  {LIMIT} "1"',
                WEBHOOK,
                CHART,
            ],
        ),
        (
            "good-limit-given",
            [f'Deployment/qwen-predictor  {LIMIT} "2"', "  ← written by you (isvc.yaml:13:20)"],
        ),
    ],
)
def test_why(folder: str, expected: list[str]) -> None:
    done = kslint(".", "--why", "limits.cpu", cwd=ROOT / CASES / folder)
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert len(lines) == len(expected)
    for line, wanted in zip(lines, expected, strict=True):
        assert line.startswith(wanted)
        assert line == wanted or wanted == STOCK


def test_every_fixture_has_its_why_tested() -> None:
    """Folders where nothing has a CPU limit say so; the rest stand in the table above."""
    silent = set()
    for folder in sorted((ROOT / CASES).iterdir()):
        done = kslint(".", "--why", "limits.cpu", cwd=folder)
        assert done.exit_code in (0, 2)
        if done.exit_code == 2:
            assert done.stderr.endswith("no object has a field limits.cpu\n")
            silent.add(folder.name)
    assert silent == {
        "good-default-cleared", "good-runtime-unknown", "good-runtime-without-limits",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("resources.limits", ["limits.cpu", "limits.memory"]),
        ("limits", ["limits.cpu", "limits.memory"]),
        ("args", ["args[0]", "args[1]", "args[2]", "args[3]", "args[4]", "args[5]"]),
        ("containers[0].image", ["image"]),
        ("spec.template.spec.containers[0].image", ["image"]),
        ("imits.cpu", []),
        ("container", []),
        ("", []),
    ],
)
def test_why_takes_blocks_and_whole_paths(field: str, lines: list[str]) -> None:
    done = kslint(GOOD, "--isvc", "qwen-cpu", "--why", field)
    found = [line.partition(" = ")[0] for line in done.stdout.splitlines() if "  ← " not in line]
    assert [path for path in found if not path.endswith(tuple(lines))] == [] or not lines
    assert len(found) == len(lines)
    assert done.exit_code == (0 if lines else 2)


def test_a_stopped_service_has_no_objects(tmp_path: Path) -> None:
    text = service(annotations="{serving.kserve.io/stop: 'True'}")
    done = kslint(".", cwd=written(tmp_path, text))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "InferenceService team/a is stopped: KServe deletes its objects\n"


def test_another_mode_is_named(tmp_path: Path) -> None:
    text = service(annotations="{serving.kserve.io/deploymentMode: ModelMesh}")
    done = kslint(".", cwd=written(tmp_path, text))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "InferenceService team/a is in ModelMesh mode, which is not modelled\n" in done.stderr


@pytest.mark.parametrize("mode", ["Knative", "Serverless"])
def test_knative_mode_makes_a_knative_service(tmp_path: Path, mode: str) -> None:
    text = service(annotations=f"{{serving.kserve.io/deploymentMode: {mode}}}")
    done = kslint(".", cwd=written(tmp_path, text))
    assert done.exit_code == 0
    (made,) = objects(done.stdout)
    assert (made["apiVersion"], made["kind"]) == ("serving.knative.dev/v1", "Service")
    assert "team/a is in Knative mode, whose VirtualService is not modelled\n" in done.stderr


def test_an_unknown_runtime_is_no_guess(tmp_path: Path) -> None:
    model = "model: {modelFormat: {name: own}, runtime: nowhere, storageUri: s3://b/x}"
    text = service(server=model) + "---" + service("b")
    done = kslint(".", cwd=written(tmp_path, text))
    assert done.exit_code == 0
    assert {o["metadata"]["name"][0] for o in objects(done.stdout)} == {"b"}
    assert done.stderr == (
        "InferenceService team/a is refused by the controller: No ServingRuntimes or "
        "ClusterServingRuntimes with the name: nowhere (unless a runtime that the input does not "
        "show serves it)\n"
    )


def test_a_format_that_nothing_known_serves_has_no_runtime(tmp_path: Path) -> None:
    model = "model: {modelFormat: {name: acme%s}, storageUri: s3://b/x}"
    for version, shown in (("", "<nil>"), (', version: "2"', "2")):
        done = kslint(".", cwd=written(tmp_path, service(server=model % version)))
        assert (done.exit_code, done.stdout) == (0, "")
        message = f"no runtime found to support predictor with model type: {{acme {shown}}}"
        assert f"is refused by the controller: {message} (unless" in done.stderr


def test_a_runtime_that_the_webhook_refuses_is_not_there(tmp_path: Path) -> None:
    runtime = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: own, namespace: team}
spec:
  supportedModelFormats: [{name: acme}]
  containers: [{name: kserve-container, image: 'a:1', env: [{name: PYTHONPATH, value: /x}]}]
"""
    model = "model: {modelFormat: {name: acme}, runtime: own, storageUri: s3://b/x}"
    done = kslint(".", cwd=written(tmp_path, service(server=model) + runtime))
    assert done.stdout == ""
    assert "with the name: own (unless" in done.stderr
    assert "is shown without own, which the webhook refuses: the ServingRuntime" in done.stderr


def test_a_uri_that_nothing_known_downloads_is_refused(tmp_path: Path) -> None:
    model = "model: {modelFormat: {name: sklearn}, storageUri: 'acme://x'}"
    container = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: own}
spec: {container: {name: storage-initializer, image: 'a:1'}, supportedUriFormats: [{prefix: acme://}]}
"""
    done = kslint(".", cwd=written(tmp_path, service(server=model)))
    assert done.stdout == ""
    assert "StorageUri [acme://x] is not supported (unless a ClusterStorage" in done.stderr
    done = kslint(".", cwd=written(tmp_path, service(server=model) + container))
    assert len(objects(done.stdout)) == 4
    assert done.stderr == ""


def test_what_the_input_does_not_spell_out_is_unknown(tmp_path: Path) -> None:
    model = 'model: {modelFormat: {name: x}, runtime: "${RUNTIME}", storageUri: s3://b/x}'
    done = kslint(".", cwd=written(tmp_path, service(server=model)))
    assert "has an unknown predictor: the runtime is not in the input\n" in done.stderr


def test_a_runtime_with_the_priority_of_a_stock_one_is_refused_beside_it(tmp_path: Path) -> None:
    runtime = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: a-own}
spec:
  supportedModelFormats: [{name: sklearn, version: "1", autoSelect: true, priority: %d}]
  protocolVersions: [v1]
  containers: [{name: kserve-container, image: 'a:1'}]
"""
    model = "model: {modelFormat: {name: sklearn}%s, storageUri: s3://b/x}"
    for priority, image in ((1, "kserve/sklearnserver:v0.19.0"), (7, "a:1")):
        text = service(server=model % "") + runtime % priority
        done = kslint(".", cwd=written(tmp_path, text))
        made = objects(done.stdout)[0]["spec"]["template"]["spec"]["containers"][0]
        assert made["image"] == image
        words = "is shown without a-own, which the webhook refuses: same priority assigned"
        assert (words in done.stderr) == (priority == 1), done.stderr
    named = service(server=model % ", runtime: a-own") + runtime % 1
    done = kslint(".", cwd=written(tmp_path, named))
    assert done.stdout == ""
    assert (
        "No ServingRuntimes or ClusterServingRuntimes with the name: a-own (unless" in done.stderr
    )


def test_a_refused_service_says_by_whom(tmp_path: Path) -> None:
    text = service(server="minReplicas: 3\n    maxReplicas: 1\n    containers: [{image: 'a:1'}]")
    done = kslint(".", cwd=written(tmp_path, text))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "InferenceService team/a is refused by the webhook: "
        "'MinReplicas' cannot be greater than MaxReplicas (isvc.yaml:7:5)\n"
    )


def test_a_missing_server_container_says_so_once(tmp_path: Path) -> None:
    text = service(server="containers: [{name: x, image: a}, {name: y, image: b}]")
    done = kslint(".", cwd=written(tmp_path, text))
    assert done.stdout == ""
    assert done.stderr.count("no container is named kserve-container") == 1


@pytest.mark.parametrize("text", ["", "a: 1\n", "kind: ConfigMap\napiVersion: v1\n"])
def test_nothing_to_render_exits_2(tmp_path: Path, text: str) -> None:
    done = kslint(".", cwd=written(tmp_path, text))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "No InferenceService found\n"


def test_no_such_path_exits_2(tmp_path: Path) -> None:
    done = kslint("nowhere.yaml", cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "nowhere.yaml:1:1: no such file or directory\n" in done.stderr


def test_why_has_no_other_output_than_text() -> None:
    done = kslint(GOOD, "--why", "limits.cpu", "-o", "json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "`--why` prints text only" in done.stderr


@pytest.mark.parametrize("options", [[], ["-o", "json"], ["--why", "replicas"]])
def test_broken_input_is_named_and_the_rest_is_rendered(tmp_path: Path, options: list[str]) -> None:
    folder = written(written(tmp_path, service()), "kind: Pod\na: [1\nb: 2\n", "broken.yaml")
    done = kslint(".", *options, cwd=folder)
    assert done.exit_code == 2
    assert done.stderr.startswith("broken.yaml:")
    assert "a-predictor" in done.stdout


def test_a_broken_file_that_is_no_manifest_is_passed_over(tmp_path: Path) -> None:
    folder = written(written(tmp_path, service()), "a: [1\nb: 2\n", "broken.yaml")
    done = kslint(".", cwd=folder)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "a-predictor" in done.stdout


def test_hostile_names_break_no_comment(tmp_path: Path) -> None:
    """A runtime may be named anything: its name in a comment stays in the comment."""
    runtime = """
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: "x\\ny: 1", namespace: team}
spec:
  supportedModelFormats: [{name: own}]
  containers: [{name: kserve-container, image: "r:1"}]
"""
    model = 'model: {modelFormat: {name: own}, runtime: "x\\ny: 1", storageUri: "pvc://a/b"}'
    done = kslint(".", cwd=written(tmp_path, service(server=model) + "---" + runtime))
    (deployment, *_) = objects(done.stdout)
    assert set(deployment) == {"apiVersion", "kind", "metadata", "spec"}
    assert "# ServingRuntime x\\ny: 1 (isvc.yaml:" in done.stdout


def test_fixtures_all_render() -> None:
    for folder in [*PLATFORMS, *RULE_FOLDERS.values()]:
        done = kslint(str(folder))
        assert done.exit_code in (0, 2)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        objects(done.stdout)
