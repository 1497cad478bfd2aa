"""The webhook's way from a framework key to `model`."""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world


def stored(block: str) -> Any:
    service = world(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        f"metadata: {{name: iris, namespace: team}}\nspec: {{predictor: {{{block}}}}}\n"
    )
    assert service.predictor is not None
    return service.predictor.stored.plain()


@pytest.mark.parametrize(
    ("block", "protocol"),
    [
        ("triton: {storageUri: 's3://b'}", "v2"),
        ("onnx: {storageUri: 's3://b'}", "v2"),
        ("huggingface: {args: [--model_id=a]}", "v2"),
        ("triton: {storageUri: 's3://b', protocolVersion: v1}", "v1"),
        ("sklearn: {storageUri: 's3://b', protocolVersion: v2}", "v2"),
    ],
)
def test_the_protocol_is_the_written_one_or_that_of_the_framework(
    block: str, protocol: str
) -> None:
    model = stored(block)["model"]
    assert model["modelFormat"]["name"] == block.partition(":")[0]
    assert model["protocolVersion"] == protocol


def test_frameworks_of_the_first_protocol_get_it_from_the_runtime() -> None:
    assert stored("sklearn: {storageUri: 's3://b'}")["model"].get("protocolVersion") in (None, "v1")


def test_the_block_moves_as_a_whole() -> None:
    text = "sklearn: {env: [{name: A, value: b}], runtime: own}, minReplicas: 2"
    found = stored(text)
    assert "sklearn" not in found
    assert found["minReplicas"] == 2
    assert found["model"]["env"] == [{"name": "A", "value": "b"}]
    assert found["model"].get("runtime") != "own"  # no field of a framework block


def configured(server: str, model: str, image: str = "server:1") -> Any:
    """Metadata and server of a predictor whose runtime tells what server it runs."""
    service = world(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        "metadata: {name: iris, namespace: team, labels: {own: x}}\n"
        f"spec: {{predictor: {{model: {{runtime: rt, {model}}}}}}}\n"
        "---\napiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\n"
        "metadata: {name: rt, namespace: team, annotations: "
        f"{{serving.kserve.io/server-type: {server}}}}}\n"
        "spec:\n  supportedModelFormats: [{name: sklearn}, {name: xgboost}, {name: lightgbm}, "
        "{name: mlflow}, {name: pytorch}]\n"
        f"  containers: [{{name: kserve-container, image: '{image}', args: ['--run', "
        "'{{.Name}}-{{.Labels.own}}-{{.Labels.none}}']}]\n"
    )
    assert service.predictor is not None
    assert service.predictor.pod_spec is not None
    pod: Any = service.predictor.pod_spec.plain()
    labels: Any = service.predictor.metadata.plain()
    return labels["labels"], pod["containers"][0]


STORED = "storageUri: 's3://b/m', modelFormat: "


@pytest.mark.parametrize(
    ("model_format", "label"),
    [
        ("sklearn", "mlserver_sklearn.SKLearnModel"),
        ("xgboost", "mlserver_xgboost.XGBoostModel"),
        ("lightgbm", "mlserver_lightgbm.LightGBMModel"),
        ("mlflow", "mlserver_mlflow.MLflowRuntime"),
    ],
)
def test_mlserver_is_told_its_model(model_format: str, label: str) -> None:
    """SetMlServerDefaults, inference_service_defaults.go:414-458 @v0.19.0."""
    labels, server = configured("mlserver", f"{STORED}{{name: {model_format}}}")
    assert labels["modelClass"] == label
    assert labels["own"] == "x"
    variables = {item["name"]: item["value"] for item in server["env"]}
    assert variables["MLSERVER_MODEL_NAME"] == "iris"
    assert variables["MLSERVER_MODEL_URI"] == "/mnt/models"
    _, server = configured("mlserver", f"modelFormat: {{name: {model_format}}}")
    assert {"name": "MLSERVER_LOAD_MODELS_AT_STARTUP", "value": "false"} in server["env"]


@pytest.mark.parametrize(
    ("protocol", "told", "envelope"),
    [
        ("", "v1", "kserve"),
        (", protocolVersion: v1", "v1", "kserve"),
        (", protocolVersion: v2", "v2", "kservev2"),
        (", protocolVersion: grpc-v2", "grpc-v2", "kservev2"),
    ],
)
def test_torchserve_is_told_its_protocol(protocol: str, told: str, envelope: str) -> None:
    """SetTorchServeDefaults, inference_service_defaults.go:460-486 @v0.19.0."""
    labels, server = configured("torchserve", f"{STORED}{{name: pytorch}}{protocol}")
    assert labels["serviceEnvelope"] == envelope
    assert {"name": "PROTOCOL_VERSION", "value": told} in server["env"]


@pytest.mark.parametrize(("storage", "explicit"), [("storageUri: 's3://b/m', ", False), ("", True)])
def test_triton_without_a_model_waits_for_one(storage: str, explicit: bool) -> None:
    _, server = configured("tritonserver", f"{storage}modelFormat: {{name: pytorch}}")
    assert ("--model-control-mode=explicit" in server["args"]) is explicit


def test_placeholders_of_a_runtime_take_name_and_labels() -> None:
    _, server = configured("other", f"{STORED}{{name: sklearn}}")
    assert server["args"] == ["--run", "iris-x-"]


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("server:1", "server:2"),
        ("server", "server:2"),
        ("reg:5000/server", "reg:5000/server:2"),
        ("server@sha256:abc", "server@sha256:abc"),
    ],
)
def test_a_runtime_version_replaces_the_tag_and_no_digest(image: str, found: str) -> None:
    model = f"runtimeVersion: '2', {STORED}{{name: sklearn}}"
    assert configured("other", model, image)[1]["image"] == found


def test_tokens_are_mounted_unless_the_settings_say_no() -> None:
    text = (
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        "metadata: {name: iris, namespace: team}\nspec:\n"
        "  predictor: {containers: [{image: a}]}\n"
        "  transformer: {containers: [{image: b}], automountServiceAccountToken: true}\n"
    )
    for allowed, told in ((True, [None, True]), (False, [False, True])):
        service = world(text, {"security": {"autoMountServiceAccountToken": allowed}})
        found = [c.stored.boolean("automountServiceAccountToken") for c in service.components]
        assert found == told
        assert service.stored.at("spec", "explainer") is None


def test_fields_of_a_model_are_none_of_its_container() -> None:
    _, server = configured(
        "other", f"{STORED}{{name: sklearn}}, protocolVersion: v1, runtimeVersion: '2', tty: true"
    )
    assert server["tty"] is True
    fields = {"modelFormat", "storageUri", "storage", "protocolVersion", "runtimeVersion"}
    assert fields.isdisjoint(server)
    assert "runtime" not in server


def test_fields_of_a_component_are_none_of_its_pod() -> None:
    """ComponentExtensionSpec, pkg/apis/serving/v1beta1/component.go @v0.19.0."""
    fields = (
        "minReplicas: 1, maxReplicas: 2, scaleTarget: 50, scaleMetric: cpu, "
        "scaleMetricType: Utilization, autoScaling: {metrics: []}, containerConcurrency: 3, "
        "timeout: 60, canaryTrafficPercent: 10, logger: {mode: all}, batcher: {maxLatency: 1}, "
        "labels: {a: b}, annotations: {a: b}, deploymentStrategy: {type: Recreate}"
    )
    service = world(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        "metadata: {name: iris, namespace: team}\n"
        f"spec: {{predictor: {{containers: [{{image: a}}], {fields}, hostNetwork: true}}}}\n"
    )
    assert service.predictor is not None
    assert service.predictor.pod_spec is not None
    assert {name for name, _ in service.predictor.pod_spec.items()} == {
        "containers", "hostNetwork", "dnsPolicy", "restartPolicy", "schedulerName",
        "securityContext", "terminationGracePeriodSeconds",
    }  # fmt: skip
