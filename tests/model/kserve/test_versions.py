"""What KServe 0.20 brought, against 0.19: canaries, names, images, storage containers, secrets.

Expected values: pkg/controller/v1beta1/inferenceservice, pkg/webhook/admission/pod and pkg/utils
@v0.20.0.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kserve_worlds import world

from kslint.model.kserve import versions
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.rendering import created, refusals
from kslint.model.kserve.routing.ingress import routes

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import InferenceService

STANDARD = "{serving.kserve.io/deploymentMode: Standard}"
NO_SCALER = "{serving.kserve.io/autoscalerClass: none}"
MODEL = "model: {modelFormat: {name: sklearn}, storageUri: 's3://b/m'%s}"
KSERVE = Path(__file__).parents[3] / "kslint" / "model" / "kserve"


def service(
    predictor: str,
    canary: str = "",
    more: str = "",
    version: str = "0.20",
    annotations: str = STANDARD,
) -> InferenceService:
    canaries = f"canary: {canary}" if canary else ""
    return world(
        f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {annotations}}}
spec:
  predictor: {{{predictor}}}
  {canaries}
{more}
""",
        version=version,
    )


def made(found: InferenceService) -> dict[tuple[str, str], Any]:
    bodies: list[Any] = [body.plain() for body in created(found)]
    return {(body["kind"], body["metadata"]["name"]): body for body in bodies}


def test_every_change_is_asked_for_and_every_question_has_a_change() -> None:
    asked = {
        name
        for path in (KSERVE.parents[1]).rglob("*.py")
        for name in re.findall(r'\.has\(\s*"([a-z0-9-]+)"\s*\)', path.read_text(encoding="utf-8"))
    }
    asked |= {
        "multi-node",
        "storage-uris",
        "keda-scaler",
        "named-storage-container",
    }  # by a table of fields
    assert asked == set(versions.changes())


def test_a_change_holds_from_its_release_on() -> None:
    assert not versions.has("0.17", "grpc-routes")
    assert versions.has("0.18.1", "grpc-routes")
    assert versions.has("v0.99", "grpc-routes")
    assert versions.has("main", "grpc-routes"), "what is no version counts as the default one"


@pytest.mark.parametrize(("version", "name"), [("0.19", "iris"), ("0.20", "iris-v1")])
def test_the_objects_of_a_predictor_are_called_after_it(version: str, name: str) -> None:
    predictor = "name: v1, containers: [{name: kserve-container, image: 'a:1'}]"
    found = made(service(predictor, version=version))
    assert ("Deployment", f"{name}-predictor") in found
    assert ("Service", f"{name}-predictor") in found


def test_an_explainer_asks_the_predictor_by_its_name() -> None:
    explainer = "  explainer: {containers: [{image: 'e:1'}]}"
    predictor = "name: v1, containers: [{name: kserve-container, image: 'a:1'}]"
    found = made(service(predictor, more=explainer))
    (server,) = found["Deployment", "iris-explainer"]["spec"]["template"]["spec"]["containers"]
    assert "iris-v1-predictor.team" in server["args"]


CANARY = (
    "[{predictor: {name: v2, model: {storageUri: 's3://b/new', env: [{name: A, value: x}]}%s}, "
    "trafficPercent: 30}]"
)


def test_a_canary_is_the_stable_predictor_with_changes() -> None:
    stable = MODEL % ", env: [{name: B, value: b}], resources: {limits: {cpu: 3}}"
    found = made(
        service(f"minReplicas: 5, maxReplicas: 9, labels: {{team: a}}, {stable}", CANARY % "")
    )
    canary = found["Deployment", "iris-v2-predictor"]
    (server,) = canary["spec"]["template"]["spec"]["containers"]
    assert [v["name"] for v in server["env"]] == ["A", "INFERENCE_SERVICE_NAME"]
    assert server["resources"]["limits"]["cpu"] == 3
    assert canary["metadata"]["labels"]["team"] == "a"
    assert canary["metadata"]["labels"]["app"] == "isvc.iris-v2-predictor"
    own = found["HorizontalPodAutoscaler", "iris-v2-predictor"]["spec"]
    assert (own["minReplicas"], own["maxReplicas"]) == (2, 2), "30 % of 5, rounded up"
    stable_scaler = found["HorizontalPodAutoscaler", "iris-predictor"]["spec"]
    assert (stable_scaler["minReplicas"], stable_scaler["maxReplicas"]) == (3, 9)


def test_the_models_of_a_canary_are_not_mounted() -> None:
    uris = "model: {modelFormat: {name: sklearn}}, storageUris: [{uri: 's3://b/a'}]"
    canary = f"[{{predictor: {{name: v2, {uris}}}, trafficPercent: 50}}]"
    found = service(uris, canary)
    pods = [admitted_pod(each) for each in (*found.components, *found.canaries)]
    assert [pod is not None and bool(pod.listed("initContainers")) for pod in pods] == [True, False]


def test_the_first_of_several_uris_chooses_the_storage_container() -> None:
    """An image has none, and the initializer of what comes after it is as KServe makes it."""
    model = "model: {modelFormat: {name: sklearn}}, storageUris: [%s]"
    image, bucket = "{uri: 'oci://r/a:1', mountPath: /mnt/o/a}", "{uri: 's3://b/b'}"
    for uris, secured in ((f"{image}, {bucket}", False), (f"{bucket}, {image}", True)):
        found = made(service(model % uris))["Deployment", "iris-predictor"]
        inits = found["spec"]["template"]["spec"]["initContainers"]
        (own,) = [c for c in inits if c["name"] == "storage-initializer"]
        assert ("securityContext" in own) == secured


def test_native_images_are_no_download_of_earlier_releases() -> None:
    found = service("model: {modelFormat: {name: sklearn}, storageUri: 'oci+native://x/a:1'}")
    assert made(found)
    old = service(
        "model: {modelFormat: {name: sklearn}, storageUri: 'oci+native://x/a:1'}", version="0.19"
    )
    assert not made(old)


def test_earlier_releases_have_no_canaries() -> None:
    assert len(made(service(MODEL % "", CANARY % "", version="0.19"))) == 4


def test_canaries_have_nothing_of_the_settings_for_services() -> None:
    found = service(f"{MODEL % ''}, logger: {{mode: all}}", CANARY % "")
    objects = made(found)
    ports = {
        n: b["spec"]["ports"][0]["targetPort"] for (k, n), b in objects.items() if k == "Service"
    }
    assert ports == {"iris-predictor": 9081, "iris-v2-predictor": 8080}


@pytest.mark.parametrize(
    ("predictor", "canary", "message"),
    [
        (MODEL % "", "[{predictor: {model: {}}, trafficPercent: 1}]",
         "canary[0] predictor.name is required"),
        (MODEL % "", "[{predictor: {name: a}}, {predictor: {name: a}}]",
         'canary predictor.name "a" is duplicated'),
        (f"name: a, {MODEL % ''}", "[{predictor: {name: a}}]",
         'canary predictor.name "a" conflicts with stable predictor name'),
        (MODEL % "", "[{predictor: {name: a}, trafficPercent: 101}]",
         'canary "a" trafficPercent must be between 0 and 100, got 101'),
        (MODEL % "", ("[{predictor: {name: a}, trafficPercent: 60}, "
                     "{predictor: {name: c}, trafficPercent: 60}]"),
         "sum of canary trafficPercent values (120) must be <= 100"),
        (MODEL % "", "[{predictor: {name: a, workerSpec: {}}}]",
         'canary "a" must not set workerSpec (multi-node is not yet supported for canary)'),
        (MODEL % "", "[{predictor: {name: a, maxReplicas: 2}}]",
         'canary "a" must not set maxReplicas (canary uses fixed replicas)'),
        (MODEL % "", "[{predictor: {name: a, minReplicas: 2}}]",
         'canary "a" minReplicas (2) must not exceed stable predictor minReplicas (1)'),
        ("containers: [{name: kserve-container, image: 'a:1'}]", "[{predictor: {name: a}}]",
         ("canary requires a stable predictor with a model "
         "(multi-model serving is not supported with canary)")),
    ],
)  # fmt: skip
def test_canaries_that_the_webhook_refuses(predictor: str, canary: str, message: str) -> None:
    said = [one.message for one in refusals(service(predictor, canary))]
    assert message in said
    assert message not in [
        one.message for one in refusals(service(predictor, canary, version="0.19"))
    ]


def test_workers_are_cleaned_up_and_there_is_no_route() -> None:
    runtime = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec:
  supportedModelFormats: [{name: huggingface}]
  containers: [{name: kserve-container, image: 'v:1'}]
  workerSpec: {containers: [{name: worker-container, image: 'v:1'}], pipelineParallelSize: 2}
"""
    model = "model: {modelFormat: {name: huggingface}, runtime: rt, storageUri: 'pvc://w/m'}"
    old = service(f"{model}, workerSpec: {{}}", more=runtime, version="0.19", annotations=NO_SCALER)
    new = service(f"{model}, workerSpec: {{}}", more=runtime, annotations=NO_SCALER)
    assert ("Deployment", "iris-predictor-worker") in made(old)
    assert ("Deployment", "iris-predictor-worker") not in made(new)
    assert routes(old) == routes(new) == []


OWN_RUNTIME = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team, annotations: {serving.kserve.io/server-type: %s}}
spec:
  supportedModelFormats: [{name: any}]
  containers: [{name: kserve-container, image: 'repo/server:1', env: [{name: A, value: a}]}]
"""
OWN = "model: {modelFormat: {name: any}, runtime: rt, storageUri: 's3://b/m'%s}"
GPU = ", resources: {limits: {nvidia.com/gpu: 1}}"


def image(kind: str, more: str, version: str) -> str:
    found = made(service(OWN % more, more=OWN_RUNTIME % kind, version=version))
    (server,) = found["Deployment", "iris-predictor"]["spec"]["template"]["spec"]["containers"]
    return str(server["image"])


@pytest.mark.parametrize(
    ("kind", "more", "old", "new"),
    [
        ("huggingfaceserver", GPU, "repo/server:1", "repo/server:1-gpu"),
        ("huggingfaceserver", "", "repo/server:1", "repo/server:1"),
        ("vllmserver", "", "repo/server:1", "repo/server-cpu:1"),
        ("vllmserver", GPU, "repo/server:1", "repo/server:1"),
        ("vllmserver", ", runtimeVersion: '2'", "repo/server:2", "repo/server:2"),
        ("mlserver", GPU, "repo/server:1", "repo/server:1"),
    ],
)
def test_the_type_of_the_server_decides_about_the_image(
    kind: str, more: str, old: str, new: str
) -> None:
    assert (image(kind, more, "0.19"), image(kind, more, "0.20")) == (old, new)


def test_a_variable_has_one_kind_of_value() -> None:
    own = ", env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"
    for version, both in (("0.19", True), ("0.20", False)):
        found = made(service(OWN % own, more=OWN_RUNTIME % "x", version=version))
        (server,) = found["Deployment", "iris-predictor"]["spec"]["template"]["spec"]["containers"]
        assert ("value" in server["env"][0]) == both


def test_a_model_of_vllm_speaks_the_second_protocol() -> None:
    text = "model: {modelFormat: {name: vLLM}, storageUri: 's3://b/m'}"
    path = ("spec", "predictor", "model", "protocolVersion")
    assert service(text, version="0.19").stored.string(*path) is None
    assert service(text).stored.string(*path) == "v2"


CONTAINERS = """---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: mine}
spec:
  container: {name: storage-initializer, image: 'mine:1'}
  supportedUriFormats: [{prefix: 's3://'}]
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: idle}
disabled: true
spec: {supportedUriFormats: [{prefix: 's3://'}]}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: job}
spec: {workloadType: localModelDownloadJob, supportedUriFormats: [{prefix: 's3://'}]}
"""


def test_a_storage_container_is_chosen_by_name() -> None:
    found = service(f"storageContainerName: mine, {MODEL % ''}", more=CONTAINERS)
    predictor = found.predictor
    assert predictor is not None
    note = predictor.metadata.string(
        "annotations", "internal.serving.kserve.io/storage-container-name"
    )
    assert note == "mine"
    pod = admitted_pod(predictor)
    assert pod is not None
    assert pod.string("initContainers", 0, "image") == "mine:1"


@pytest.mark.parametrize(
    ("name", "uri", "message"),
    [
        ("idle", "s3://b/m", 'ClusterStorageContainer "idle" is disabled'),
        ("mine", "gs://b/m",
         'ClusterStorageContainer "mine" does not support storageUri "gs://b/m"'),
        ("job", "s3://b/m",
         ('ClusterStorageContainer "job" has workloadType "localModelDownloadJob"; '
         'explicit selection requires "initContainer"')),
    ],
)  # fmt: skip
def test_a_named_container_has_to_fit(name: str, uri: str, message: str) -> None:
    model = f"model: {{modelFormat: {{name: sklearn}}, storageUri: '{uri}'}}"
    (refused,) = refusals(service(f"storageContainerName: {name}, {model}", more=CONTAINERS))
    assert (refused.stage, refused.message) == ("pod-webhook", message)


def test_of_a_container_that_is_not_in_the_input_nothing_is_known() -> None:
    found = service(f"storageContainerName: elsewhere, {MODEL % ''}")
    assert found.predictor is not None
    assert not list(refusals(found))
    assert admitted_pod(found.predictor) is None


def test_a_confidential_model_is_decrypted_by_the_initializer() -> None:
    more = ", confidential: {enabled: true, resourceId: 'kbs:///r/t/k'}"
    predictor = service(MODEL % more).predictor
    assert predictor is not None
    pod = admitted_pod(predictor)
    assert pod is not None
    env = {v.string("name"): v.string("value") for v in pod.listed("initContainers", 0, "env")}
    assert env["CONFIDENTIAL_ENABLED"] == "true"
    assert env["CONFIDENTIAL_RESOURCE_ID"] == "kbs:///r/t/k"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("model: {modelFormat: {name: sklearn}, confidential: {enabled: true}}",
         "confidential model serving requires storageUri to be set"),
        (MODEL % ", confidential: {enabled: true, resourceId: 'kbs://r'}",
         ('spec.predictor.confidential.resourceId: Invalid value: "kbs://r": '
         "must be in the format kbs:///<repo>/<type>/<tag>")),
    ],
)  # fmt: skip
def test_confidential_models_that_are_refused(model: str, message: str) -> None:
    assert message in [one.message for one in refusals(service(model))]


def images(*paths: str) -> str:
    items = ", ".join(f"{{uri: 'oci://r/i{n}:1', mountPath: {p}}}" for n, p in enumerate(paths))
    return f"storageUris: [{items}], containers: [{{name: kserve-container, image: 'a:1'}}]"


def test_images_at_one_place_or_too_many() -> None:
    said = [one.message for one in refusals(service(images("/mnt/a", "/mnt/b")))]
    assert any('"/mnt/a" and "/mnt/b" share parent directory "/mnt"' in text for text in said)
    many = images(*(f"/mnt/d{n}/m" for n in range(11)))
    said = [one.message for one in refusals(service(many))]
    assert any("too many OCI sources (11); maximum is 10 per pod" in text for text in said)
    assert not list(refusals(service(images("/mnt/a/m", "/mnt/b/m"))))


def test_an_unknown_way_with_images_stops_everything() -> None:
    changes = {"storageInitializer": {"image": "i", "ociModelMode": "sidecar"}}
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team}}
spec: {{predictor: {{{MODEL % ""}}}}}
"""
    (refused, *_) = refusals(world(text, changes, "0.20"))
    assert '"storageInitializer".ociModelMode "sidecar"' in refused.message


@pytest.mark.parametrize(
    ("version", "name", "timeout"),
    [("0.16", False, True), ("0.17", True, True), ("0.18", True, False)],
)
def test_earlier_releases_know_less(version: str, name: bool, timeout: bool) -> None:
    gateway = {
        "enableGatewayApi": True,
        "kserveIngressGateway": "a/b",
        "ingressGateway": "a/b",
        "disableHTTPRouteTimeout": True,
    }
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team}}
spec: {{predictor: {{{MODEL % ""}}}}}
"""
    found = world(text, {"ingress": gateway}, version)
    assert found.predictor is not None
    assert found.predictor.deployment is not None
    spec: Any = found.predictor.deployment.plain()
    (server,) = spec["spec"]["template"]["spec"]["containers"]
    assert ("env" in server) == name
    stored: Any = found.stored.plain()
    assert ("modelFormat" in stored["metadata"]["annotations"]) == name
    made_routes: list[Any] = [route.plain() for route in routes(found)]
    rules = [rule for route in made_routes for rule in route["spec"]["rules"]]
    assert rules
    assert all(("timeouts" in rule) == timeout for rule in rules)


def test_before_0_15_requests_and_limits_were_in_the_code() -> None:
    text = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec: {predictor: {containers: [{name: kserve-container, image: 'a:1'}]}}
"""
    nothing: dict[str, Any] = {"inferenceService": {}}
    for version, expected in (("0.14", "1"), ("0.15", None)):
        found = world(text, nothing, version)
        limit = found.stored.string(
            "spec", "predictor", "containers", 0, "resources", "limits", "cpu"
        )
        assert limit == expected


@pytest.mark.parametrize(("version", "noted"), [("0.16", "RawDeployment"), ("0.17", "Standard")])
def test_since_0_17_old_names_of_modes_are_replaced(version: str, noted: str) -> None:
    text = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  {name: iris, namespace: team, annotations: {serving.kserve.io/deploymentMode: RawDeployment}}
spec: {predictor: {containers: [{name: kserve-container, image: 'a:1'}]}}
"""
    found = world(text, version=version)
    path = ("metadata", "annotations", "serving.kserve.io/deploymentMode")
    assert found.stored.string(*path) == noted
    assert found.mode.name == "Standard"


@pytest.mark.parametrize(
    ("default", "written", "noted"),
    [
        ("RawDeployment", "", "RawDeployment"),
        ("Serverless", "", None),
        ("Serverless", "RawDeployment", "RawDeployment"),
    ],
)
def test_before_0_16_modes_had_other_names(default: str, written: str, noted: str | None) -> None:
    mode = f"annotations: {{serving.kserve.io/deploymentMode: {written}}}" if written else ""
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, {mode}}}
spec: {{predictor: {{containers: [{{name: kserve-container, image: 'a:1'}}]}}}}
"""
    found = world(text, {"deploy": {"defaultDeploymentMode": default}}, "0.15")
    path = ("metadata", "annotations", "serving.kserve.io/deploymentMode")
    assert found.stored.string(*path) == noted
