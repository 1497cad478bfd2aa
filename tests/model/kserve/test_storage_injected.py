"""What the pod webhook adds for a model: certificates, initializers, modelcars, pullers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kserve_worlds import NO_STORAGE_CONTAINER, world
from storage_worlds import ACCOUNT, model, secret, service

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.sources import (
    model_sources,
    serves_without_storage,
    storage_identity,
)

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component


def admitted(component: Component | None) -> Any:
    """The pod after the webhook, as plain data."""
    assert component is not None
    pod = admitted_pod(component)
    assert pod is not None
    return pod.plain()


CONFIGURED = {"caBundleConfigMapName": "ca"}
CUSTOM_CERTS = "/etc/ssl/custom-certs"


@pytest.mark.parametrize(
    ("namespace", "configured", "annotations", "name", "path"),
    [
        ("team", CONFIGURED, "{}", "global-ca-bundle", CUSTOM_CERTS),
        ("kserve", CONFIGURED, "{}", "ca", CUSTOM_CERTS),
        ("kserve", {**CONFIGURED, "caBundleVolumeMountPath": "/certs"}, "{}", "ca", "/certs"),
        ("team", {}, "{serving.kserve.io/s3-cabundle-configmap: own}", "own", CUSTOM_CERTS),
        ("kserve", CONFIGURED, "{serving.kserve.io/s3-cabundle-configmap: own}", "own",
         CUSTOM_CERTS),
        ("team", CONFIGURED, "{serving.kserve.io/s3-cabundle: /own/ca.pem}", "global-ca-bundle",
         "/own"),
        ("team", {}, "{serving.kserve.io/s3-cabundle: /own/ca.pem}", None, None),
        ("team", {}, "{}", None, None),
    ],
)  # fmt: skip
def test_ca_bundle(
    namespace: str, configured: dict[str, str], annotations: str, name: str | None, path: str | None
) -> None:
    """An S3 Secret's own bundle wins over the configured one, which other namespaces copy."""
    keys = secret("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = keys.replace("namespace: team}", f"namespace: team, annotations: {annotations}}}")
    text = service(
        "{model: {modelFormat: {name: sklearn}, runtime: rt, storageUri: 's3://b/m'}}",
        more=ACCOUNT + keys,
    )
    changes = {"storageInitializer": configured}
    text = text.replace("namespace: team", f"namespace: {namespace}")
    found = admitted(world(text, changes).predictor)
    volumes = [v["configMap"]["name"] for v in found["volumes"] if v["name"] == "cabundle-cert"]
    (init,) = found["initContainers"]
    mounts = [m["mountPath"] for m in init["volumeMounts"] if m["name"] == "cabundle-cert"]
    told = {e["name"]: e.get("value") for e in init["env"]}
    assert (volumes, mounts) == (([], []) if name is None else ([name], [path]))
    assert told.get("CA_BUNDLE_CONFIGMAP_NAME") == name
    assert told.get("CA_BUNDLE_VOLUME_MOUNT_POINT") == path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"type": "s3", "bucket": "b"}', None),
        ('{"type": "hdfs"}', None),
        ('{"type": "webhdfs"}', None),
        ('{"type": "s3"}', ("format [s3] requires a bucket but one wasn't found in storage data or "
         "parameters")),
        ('{"type": "gs"}', ("storage type must be one of [s3, hdfs, webhdfs]. storage type [gs] is "
         "not supported")),
        ('{"bucket": "b"}', "unable to determine storage type"),
        ('{"type": 3}', "invalid json encountered in key k of storage secret storage-config"),
        ("[]", "invalid json encountered in key k of storage secret storage-config"),
        ("s3", "invalid json encountered in key k of storage secret storage-config"),
    ],
)  # fmt: skip
def test_the_type_of_a_storage_is_told_by_its_secret(data: str, message: str | None) -> None:
    text = f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: storage-config, namespace: team}}
stringData: {{k: '{data}'}}
"""
    component = model("storage: {path: m, key: k}", more=text)
    found = [failure.message for failure in storage_failures(component)]
    assert found == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("credentials", "annotations", "name"),
    [
        ({}, "{}", "storage-config"),
        ({"storageSpecSecretName": "set"}, "{}", "set"),
        ({"storageSpecSecretName": "set", "storageSecretNameAnnotation": "example.com/secret"},
         "{example.com/secret: own}", "own"),
        ({"storageSpecSecretName": "set", "storageSecretNameAnnotation": "example.com/secret"},
         "{example.com/other: own}", "set"),
    ],
)  # fmt: skip
def test_which_secret_a_storage_reads(
    credentials: dict[str, str], annotations: str, name: str
) -> None:
    component = model(
        "storage: {path: m, key: k}",
        annotations,
        more=secret("x").replace("creds", "another"),
        changes={"credentials": credentials},
    )
    found = [failure.message for failure in storage_failures(component)]
    assert found == [f'can\'t read storage secret {name}: secrets "{name}" not found']


def test_a_storage_brings_its_secret_its_parameters_and_its_ca_bundle() -> None:
    text = """
---
apiVersion: v1
kind: Secret
metadata: {name: storage-config, namespace: team}
stringData: {k: '{"type": "s3", "bucket": "b", "cabundle_configmap": "own"}'}
"""
    component = model("storage: {path: m, key: k, parameters: {z: '1', bucket: mine}}", more=text)
    (init,) = admitted(component)["initContainers"]
    told = {e["name"]: e for e in init["env"]}
    reference = {"name": "storage-config", "key": "k"}
    assert told["STORAGE_CONFIG"]["valueFrom"] == {"secretKeyRef": reference}
    assert told["STORAGE_OVERRIDE_CONFIG"]["value"] == '{"bucket":"mine","z":"1"}'
    assert told["CA_BUNDLE_CONFIGMAP_NAME"]["value"] == "own"
    assert init["args"] == ["s3://mine/m", "/mnt/models"]


SINGLE = """
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: own}
spec:
  container: {name: own-downloader, image: 'own:1'}
  supportedUriFormats: [{prefix: 's3://'}]
  %s
"""


@pytest.mark.parametrize(
    ("supports", "code"),
    [
        ("supportsMultiModelDownload: true", None),
        ("supportsMultiModelDownload: false", "single-model-downloader"),
        ("", "single-model-downloader"),
    ],
)
def test_without_a_downloader_of_several_models_nothing_is_deployed(
    supports: str, code: str | None
) -> None:
    """The storage initializer of storageUris, storage_initializer_injector.go:300-397 @v0.19.0."""
    text = (
        "{containers: [{name: kserve-container, image: a}], "
        "storageUris: [{uri: 's3://b/m', mountPath: /a/m}]}"
    )
    more = "---" + NO_STORAGE_CONTAINER + "---" + SINGLE % supports
    component = world(service(text, more=more)).predictor
    assert component is not None
    assert [failure.code for failure in storage_failures(component)] == ([code] if code else [])
    for made in (component.provisioned, component.deployment, component.service):
        assert (made is None) is (code is not None)


@pytest.mark.parametrize(
    "storage", ["storageUri: 's3://b/m'", "storageUris: [{uri: 's3://b/m', mountPath: /a/m}]"]
)
def test_a_storage_initializer_that_is_written_stays_alone(storage: str) -> None:
    own = "{name: storage-initializer, image: 'own:1', args: [a]}"
    server = "{name: kserve-container, image: a, env: [{name: STORAGE_URI, value: 's3://b/m'}]}"
    listed = storage.startswith("storageUris")
    text = (
        f"{{containers: [{server if not listed else '{name: kserve-container, image: a}'}], "
        f"initContainers: [{own}]{', ' + storage if listed else ''}}}"
    )
    found = admitted(world(service(text)).predictor)
    assert [c["image"] for c in found["initContainers"]] == ["own:1"]


def test_a_volume_of_that_name_is_taken_as_it_is() -> None:
    own = "{name: kserve-provision-location, emptyDir: {sizeLimit: 9Gi}}"
    server = "{name: kserve-container, image: a, env: [{name: STORAGE_URI, value: 's3://b/m'}]}"
    found = admitted(world(service(f"{{containers: [{server}], volumes: [{own}]}}")).predictor)
    assert found["volumes"] == [
        {"name": "kserve-provision-location", "emptyDir": {"sizeLimit": "9Gi"}}
    ]


def test_what_only_the_cluster_knows_of_a_storage_is_no_argument() -> None:
    (init,) = admitted(model("storage: {path: m}"))["initContainers"]
    assert "args" not in init


def test_a_custom_server_reads_the_mounted_model() -> None:
    """STORAGE_URI becomes the mount path, and no other variable changes."""
    text = (
        "{containers: [{name: kserve-container, image: a, env: [{name: A, value: b}, "
        "{name: STORAGE_URI, value: 's3://b/m'}, {name: C, value: d}]}]}"
    )
    found = admitted(world(service(text)).predictor)
    assert found["containers"][0]["env"] == [
        {"name": "A", "value": "b"},
        {"name": "STORAGE_URI", "value": "/mnt/models"},
        {"name": "C", "value": "d"},
        {"name": "INFERENCE_SERVICE_NAME", "value": "iris"},
    ]


@pytest.mark.parametrize(
    ("path", "parent"), [("/a/b/m", "/a/b"), ("/m", "/"), ("/mnt/models", None)]
)
def test_a_modelcar_links_its_files_where_the_model_is_wanted(
    path: str, parent: str | None
) -> None:
    text = (
        "{containers: [{name: kserve-container, image: a}], "
        f"storageUris: [{{uri: 'oci://reg/one', mountPath: {path}}}]}}"
    )
    found = admitted(world(service(text)).predictor)
    car = next(c for c in found["containers"] if c["name"] == "modelcar")
    made = "" if parent is None else f"mkdir -p {parent} && "
    link = f"ln -sf /proc/$$$$/root/models {path} && sleep infinity"
    assert car["args"] == ["sh", "-c", made + link]
    assert [m["mountPath"] for m in car["volumeMounts"]] == [parent or "/mnt"]


def test_a_server_that_mounts_the_modelcars_volume_gets_no_second_mount() -> None:
    mounted = "{name: kserve-provision-location, mountPath: /own}"
    text = (
        "{containers: [{name: kserve-container, image: a, volumeMounts: "
        f"[{mounted}], env: [{{name: STORAGE_URI, value: 'oci://reg/one'}}]}}]}}"
    )
    found = admitted(world(service(text)).predictor)
    assert [m["mountPath"] for m in found["containers"][0]["volumeMounts"]] == ["/own"]


def test_a_server_of_many_models_has_a_puller_and_no_download() -> None:
    text = (
        "{containers: [{name: kserve-container, image: a, env: "
        "[{name: MULTI_MODEL_SERVER, value: 'true'}, {name: STORAGE_URI, value: 's3://b/m'}]}]}"
    )
    found = admitted(world(service(text)).predictor)
    assert "initContainers" not in found
    agent = next(c for c in found["containers"] if c["name"] == "agent")
    assert agent["args"][:3] == ["--enable-puller", "--config-dir", "/mnt/configs"]


ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.sampled_from(
            ["", "pvc://", "oci://", "hf://", "s3://b", "kserve-container", "STORAGE_URI", "é"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(
                [
                    "name", "uri", "mountPath", "model", "storage", "storageUri", "storageUris",
                    "path", "key", "parameters", "containers", "env", "value", "volumes",
                    "volumeMounts", "modelFormat", "logger", "batcher", "initContainers",
                    "workerSpec", "type", "bucket",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(predictor=ODD, spec=ODD, version=st.sampled_from(["0.16", "0.19", "0.20"]), values=ODD)
def test_never_raises(predictor: Any, spec: Any, version: str, values: Any) -> None:
    import json

    if isinstance(predictor, dict) and not isinstance(predictor.get("containers"), list):
        predictor.pop("containers", None)
    extra = [
        {
            "apiVersion": "serving.kserve.io/v1alpha1",
            "kind": "ClusterStorageContainer",
            "metadata": {"name": "c"},
            "spec": spec,
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "storage-config", "namespace": "team"},
            "data": spec,
        },
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": "team"},
            "secrets": spec,
        },
    ]
    text = service(json.dumps(predictor), more="---\n" + "\n---\n".join(map(json.dumps, extra)))
    isvc = world(text, {"storageInitializer": values} if isinstance(values, dict) else {}, version)
    for component in isvc.components:
        for source in model_sources(component):
            assert source.kind
        storage_identity(component)
        storage_failures(component)
        serves_without_storage(component)
        pod = admitted_pod(component)
        if pod is not None:
            pod.plain()
