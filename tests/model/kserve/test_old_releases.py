"""What KServe 0.14 to 0.17 did otherwise than the releases after them.

Expected values: the webhooks and reconcilers of v0.14.1, v0.15.2, v0.17.1 and v0.18.1, run with an
in-memory client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kserve_worlds import world

from kslint.model.kserve.admission.refusals import of_service
from kslint.model.kserve.admission.runtimes import runtime_rejections
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.rendering import created
from kslint.model.kserve.storage.failures import unless_taken

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import InferenceService

RAW = {"serving.kserve.io/deploymentMode": "RawDeployment"}
MODEL = "model: {modelFormat: {name: sklearn}, storageUri: 's3://b/m'%s}"
METRIC = (
    "autoScaling: {metrics: [{type: External, external: {metric: {backend: prometheus, "
    "serverAddress: a, query: q}, target: {type: Value, value: 4}}}]}"
)


def service(version: str, predictor: str, more: str = "", **annotations: str) -> InferenceService:
    notes = {**RAW, **{f"serving.kserve.io/{k}": v for k, v in annotations.items()}}
    return world(
        f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {notes}}}
spec:
  predictor: {{{predictor}}}
{more}
""",
        {"deploy": {"defaultDeploymentMode": "RawDeployment"}} if version < "0.16" else None,
        version=version,
    )


def made(found: InferenceService) -> dict[str, Any]:
    bodies: list[Any] = [body.plain() for body in created(found)]
    return {body["kind"]: body for body in bodies}


def refusals(found: InferenceService) -> list[str]:
    return [failure.code for failure in of_service(found)]


def initializer(found: InferenceService) -> dict[str, Any]:
    pod: Any = admitted_pod(found.components[0])
    (container,) = pod.plain()["initContainers"]
    return dict(container)


@pytest.mark.parametrize("version", ["0.14", "0.15"])
@pytest.mark.parametrize("field", ["deploymentStrategy: {type: Recreate}", "scaleMetric: cpu"])
def test_the_old_name_of_the_mode_allows_what_the_new_one_does(version: str, field: str) -> None:
    found = service(version, f"{MODEL % ''}, {field}", autoscalerClass="hpa")
    assert refusals(found) == []
    assert {"Deployment", "Service", "HorizontalPodAutoscaler"} <= set(made(found))


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [("0.14", "keda", ["unknown-autoscaler-class"]), ("0.15", "keda", ["keda-scale-metric"]),
     ("0.14", "external", []), ("0.15", "external", [])],
)  # fmt: skip
def test_classes_of_autoscalers(version: str, name: str, code: list[str]) -> None:
    found = refusals(service(version, f"{MODEL % ''}, scaleMetric: cpu", autoscalerClass=name))
    assert len(found) == len(code)


@pytest.mark.parametrize(("version", "refused"), [("0.15", False), ("0.16", True)])
def test_a_name_in_the_model(version: str, refused: bool) -> None:
    found = service(version, MODEL % ", name: own")
    assert ("name-in-model" in refusals(found)) == refused


@pytest.mark.parametrize(("version", "count"), [("0.15", 0), ("0.16", 1)])
def test_storage_uris_are_pruned_where_the_crd_has_none(version: str, count: int) -> None:
    uris = "storageUris: [{uri: 's3://b/m', mountPath: /mnt/models/a}]"
    pod = made(service(version, f"model: {{modelFormat: {{name: sklearn}}}}, {uris}"))["Deployment"]
    assert len(pod["spec"]["template"]["spec"].get("initContainers", [])) == count


@pytest.mark.parametrize(("version", "several"), [("0.16", True), ("0.17", False), ("0.18", True)])
def test_the_container_of_the_chart_and_several_models(version: str, several: bool) -> None:
    uris = "storageUris: [{uri: 's3://b/m', mountPath: /mnt/models/a}]"
    found = service(version, f"model: {{modelFormat: {{name: sklearn}}}}, {uris}")
    assert ("single-model-downloader" in refusals(found)) != several
    own = "initContainers: [{name: storage-initializer, image: 'a:1'}]"
    found = service(version, f"model: {{modelFormat: {{name: sklearn}}}}, {uris}, {own}")
    assert refusals(found) == []


@pytest.mark.parametrize(("version", "names"), [("0.15", []), ("0.16", ["HF_HUB_ENABLE_HF_TRANSFER",
    "HF_XET_HIGH_PERFORMANCE", "HF_XET_NUM_CONCURRENT_RANGE_GETS"])])  # fmt: skip
def test_variables_of_the_initializer(version: str, names: list[str]) -> None:
    env = initializer(service(version, MODEL % "")).get("env", [])
    assert [item["name"] for item in env] == names


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.14", [{"name": "HF_TOKEN", "value": "t"}]),
        ("0.15", [{"name": "HF_TOKEN", "value": "t"},
                  {"name": "HF_HUB_ENABLE_HF_TRANSFER", "value": "1"}]),
        ("0.16", [{"name": "HF_TOKEN",
                   "valueFrom": {"secretKeyRef": {"key": "HF_TOKEN", "name": "own"}}}]),
    ],
)  # fmt: skip
def test_a_token_for_hugging_face(version: str, expected: list[Any]) -> None:
    more = """---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: team}
stringData: {HF_TOKEN: t}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: own, namespace: team}
secrets: [{name: own}]
"""
    found = initializer(service(version, f"serviceAccountName: own, {MODEL % ''}", more))
    assert found["env"][: len(expected)] == expected


@pytest.mark.parametrize(
    ("version", "keys"),
    [("0.14", 4), ("0.15", 5), ("0.16", 3)],
)
def test_keys_of_azure(version: str, keys: int) -> None:
    given = "AZURE_CLIENT_ID: a, AZURE_STORAGE_ACCESS_KEY: b"
    more = f"""---
apiVersion: v1
kind: Secret
metadata: {{name: own, namespace: team}}
stringData: {{{given}{", AZURE_CLIENT_SECRET: c" if version < "0.16" else ""}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: own, namespace: team}}
secrets: [{{name: own}}]
"""
    found = initializer(service(version, f"serviceAccountName: own, {MODEL % ''}", more))
    assert len([item for item in found["env"] if item["name"].startswith("AZURE_")]) == keys


@pytest.mark.parametrize(("version", "threshold"), [("0.15", "4.000000"), ("0.16", "4")])
def test_the_threshold_of_a_scaled_object(version: str, threshold: str) -> None:
    found = made(service(version, f"{MODEL % ''}, {METRIC}", autoscalerClass="keda"))
    (trigger,) = found["ScaledObject"]["spec"]["triggers"]
    assert trigger["metadata"]["threshold"] == threshold
    assert ("advanced" in found["ScaledObject"]["spec"]) == (version == "0.16")


@pytest.mark.parametrize(("version", "code"), [("0.15", ["metric-of-no-resource"]), ("0.16", [])])
def test_a_metric_that_no_hpa_has(version: str, code: list[str]) -> None:
    assert refusals(service(version, f"{MODEL % ''}, {METRIC}")) == code
    found = service(version, f"{MODEL % ''}, {METRIC}", autoscalerClass="external")
    assert refusals(found) == code


def test_a_pod_metric_is_not_summed_at_first() -> None:
    metric = METRIC.replace("External", "PodMetric").replace("external", "podmetric")
    metric = metric.replace("prometheus", "opentelemetry")
    predictor = f"minReplicas: 2, maxReplicas: 3, {MODEL % ''}, {metric}"
    found = made(service("0.15", predictor, autoscalerClass="keda"))["ScaledObject"]
    data = found["spec"]["triggers"][0]["metadata"]
    assert (data["metricQuery"], data["clampMin"], data["clampMax"]) == ("q", "2", "3")
    later = made(service("0.16", predictor, autoscalerClass="keda"))["ScaledObject"]
    assert "clampMin" not in later["spec"]["triggers"][0]["metadata"]


RUNTIME = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata:
  name: own
  namespace: team
  annotations: {serving.kserve.io/server-type: mlserver}
spec:
  schedulerName: volcano
  supportedModelFormats: [{name: sklearn, version: "1"}]
  containers: [{name: kserve-container, image: 'a:1', env: [{name: PYTHONPATH, value: /x}]}]
"""


@pytest.mark.parametrize(("version", "has"), [("0.16", False), ("0.17", True)])
def test_what_a_runtime_brings(version: str, has: bool) -> None:
    found = made(service(version, MODEL % ", runtime: own", RUNTIME))["Deployment"]
    spec = found["spec"]["template"]["spec"]
    assert (spec["schedulerName"] == "volcano") == has
    assert ("modelClass" in found["metadata"]["labels"]) == has


@pytest.mark.parametrize(("version", "count"), [("0.17", 0), ("0.18", 1)])
def test_a_runtime_with_a_python_path(version: str, count: int) -> None:
    found = service(version, MODEL % ", runtime: own", RUNTIME)
    (runtime,) = found.graph.of_kind("ServingRuntime")
    assert len(runtime_rejections(runtime, found.graph, found.settings)) == count


@pytest.mark.parametrize(("version", "stopped"), [("0.14", False), ("0.15", False), ("0.16", True)])
def test_stopping_a_service(version: str, stopped: bool) -> None:
    assert bool(created(service(version, MODEL % "", stop="true"))) != stopped


@pytest.mark.parametrize(
    ("version", "annotation", "refused", "target"),
    [("0.14", "55", False, 55), ("0.14", "0", True, 0), ("0.15", "0", False, 80)],
)
def test_the_target_in_an_annotation(
    version: str, annotation: str, refused: bool, target: int
) -> None:
    found = service(version, MODEL % "", targetUtilizationPercentage=annotation)
    assert bool(refusals(found)) == refused
    if not refused:
        (metric,) = made(found)["HorizontalPodAutoscaler"]["spec"]["metrics"]
        assert metric["resource"]["target"]["averageUtilization"] == target


def test_what_0_14_does_not_know() -> None:
    beside = "containers: [{name: transformer-container, image: 't:1'}]"
    assert refusals(service("0.14", f"{MODEL % ''}, {beside}"))
    assert not refusals(service("0.15", f"{MODEL % ''}, {beside}"))
    hub = "model: {modelFormat: {name: huggingface}, storageUri: 'hf://a/b'%s}"
    assert unless_taken(service("0.14", hub % "").components[0])
    assert not unless_taken(service("0.15", hub % "").components[0])
    gpu = ", resources: {limits: {nvidia.com/gpu: 1}}"
    hub = hub.replace("hf://a/b", "s3://a/b")
    for version, suffix in (("0.14", ""), ("0.15", "-gpu")):
        found = made(service(version, hub % gpu))["Deployment"]
        (server,) = found["spec"]["template"]["spec"]["containers"]
        tag = {"0.14": "v0.14.1", "0.15": "v0.15.2"}[version]
        assert server["image"] == f"kserve/huggingfaceserver:{tag}{suffix}"
        assert bool(server.get("env")) == (version == "0.15")
    workers = "workerSpec: {}"
    assert not refusals(service("0.14", f"{MODEL % ''}, {workers}"))
    stored = "storage: {path: a, parameters: {type: s3, bucket: b}}"
    for version, given in (("0.15", True), ("0.16", False)):
        found = service(version, f"model: {{modelFormat: {{name: sklearn}}, {stored}}}")
        assert ("securityContext" in initializer(found)) == given
