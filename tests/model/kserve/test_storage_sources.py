"""Where models come from, and which Secrets and accounts a download uses."""

from __future__ import annotations

import pytest
from kserve_worlds import NO_STORAGE_CONTAINER, world
from storage_worlds import ACCOUNT, model, secret, service

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.initializer import common_parent, volume_name, with_storage_uris
from kslint.model.kserve.storage.sources import (
    model_sources,
    serves_without_storage,
    storage_identity,
)
from kslint.model.kubernetes.pod import init_containers
from kslint.source.nodes import walk


@pytest.mark.parametrize(
    ("uri", "kind", "scheme"),
    [
        ("pvc://claim/a/b", "pvc", "pvc"),
        ("oci://reg/img:1", "modelcar", "oci"),
        ("s3://b/m", "initializer", "s3"),
        ("gs://b/m", "initializer", "gs"),
        ("hf://org/model", "initializer", "hf"),
        ("hdfs://b/m", "initializer", "hdfs"),
        ("webhdfs://b/m", "initializer", "webhdfs"),
        ("https://host/m.tar", "initializer", "https"),
        ("http://host", "initializer", "http"),
        ("https://acc.blob.core.windows.net/c/m", "initializer", "https"),
        ("https://acc.file.core.windows.net/c/m", "initializer", "https"),
        ("http://acc.blob.core.windows.net", "unsupported", "http"),
        ("file:///m", "local", "file"),
        ("/mnt/m", "local", ""),
        ("ms://org/model", "unsupported", "ms"),
    ],
)
def test_kinds(uri: str, kind: str, scheme: str) -> None:
    (source,) = model_sources(model(f"storageUri: '{uri}'"))
    assert (source.kind, source.scheme) == (kind, scheme)


def test_source_details() -> None:
    (claim,) = model_sources(model("storageUri: 'pvc://data/m/v1/'"))
    assert (claim.claim, claim.sub_path, claim.read_only) == ("data", "m/v1/", True)
    writable = "{storage.kserve.io/readonly: 'false'}"
    assert not model_sources(model("storageUri: 'pvc://data'", writable))[0].read_only
    assert model_sources(model("storageUri: 'pvc://d'", "{storage.kserve.io/readonly: 'no'}"))[
        0
    ].read_only
    (hub,) = model_sources(model("storageUri: 'hf://org/name:main'"))
    assert (hub.hf_owner, hub.hf_model, hub.hf_revision) == ("org", "name", "main")
    assert hub.uri.span is not None
    (odd,) = model_sources(model("storageUri: 'hf://org/name/more'"))
    assert (odd.kind, odd.hf_owner) == ("initializer", "")
    (image,) = model_sources(model("storageUri: 'oci://reg/img:1'"))
    assert image.image == "reg/img:1"


def test_oci_without_modelcar_is_unsupported() -> None:
    component = model("storageUri: 'oci://r/i:1'", changes={"storageInitializer": {}})
    assert [s.kind for s in model_sources(component)] == ["unsupported"]
    assert storage_failures(component) == ()


@pytest.mark.parametrize(
    ("version", "kinds"),
    [
        ("0.19", ["dropped", "modelcar", "dropped"]),
        ("0.20", ["pvc", "modelcar", "modelcar"]),
    ],
)
def test_lists_with_images(version: str, kinds: list[str]) -> None:
    predictor = """
    containers: [{name: kserve-container, image: a}]
    storageUris:
    - {uri: 'pvc://claim/x', mountPath: /a/m}
    - {uri: 'oci://reg/one', mountPath: /b/m}
    - {uri: 'oci://reg/two', mountPath: /c/m}
"""
    component = world(service(predictor), version=version).predictor
    assert component is not None
    sources = model_sources(component)
    assert [source.kind for source in sources] == kinds
    assert sources[0].sub_path == ""
    assert component.built.pod_spec is not None
    pod = with_storage_uris(component, component.built.pod_spec)
    assert pod is not None
    names = [c.string("name") for c in init_containers(pod)]
    assert len(names) == kinds.count("modelcar")
    assert len(pod.at("volumes").elements() if pod.at("volumes") else []) == len(  # type: ignore[union-attr]
        [kind for kind in kinds if kind != "dropped"]
    )


@pytest.mark.parametrize(
    ("predictor", "expected"),
    [
        ("{model: {modelFormat: {name: sklearn}}}", True),
        ("{model: {modelFormat: {name: huggingface}}}", False),
        ("{huggingface: {}}", False),
        ("{sklearn: {}}", True),
        ("{model: {modelFormat: {name: sklearn}, storageUri: 's3://b'}}", False),
        ("{model: {modelFormat: {name: sklearn}, storage: {key: k}}}", False),
        ("{model: {modelFormat: {name: sklearn}}, storageUris: [{uri: 's3://b'}]}", False),
        (
            "{model: {modelFormat: {name: sklearn}}, containers: [{name: transformer-container}]}",
            False,
        ),
        ("{containers: [{name: kserve-container}]}", False),
        ("{containers: [{env: [{name: MULTI_MODEL_SERVER, value: 'true'}]}]}", True),
        ("{containers: [{env: [{name: MULTI_MODEL_SERVER, value: 'false'}]}]}", False),
        ("{containers: [{}, {env: [{name: MULTI_MODEL_SERVER, value: 'true'}]}]}", False),
        ("{}", False),
    ],
)
def test_serves_without_storage(predictor: str, expected: bool) -> None:
    component = world(service(predictor)).predictor
    assert component is not None
    assert serves_without_storage(component) is expected


def test_shipped_container_beats_the_settings() -> None:
    component = model(
        "storageUri: 's3://b/m'",
        changes={"storageInitializer": {"image": "mine:1", "memoryLimit": "8Gi"}},
    )
    pod = admitted_pod(component)
    assert pod is not None
    init = init_containers(pod)[0]
    assert init.string("image") == "kserve/storage-initializer:v0.19.0"
    assert init.string("resources", "limits", "memory") == "1Gi"
    assert init.boolean("securityContext", "runAsNonRoot") is True
    image = init.get("image")
    assert image is not None
    assert image.origin is not None
    assert image.origin.kind == "chart"


def test_several_containers_keep_what_they_share() -> None:
    mine = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: mine}
spec:
  container: {name: storage-initializer, image: 'mine:1'}
  supportedUriFormats: [{prefix: 's3://'}]
"""
    pod = admitted_pod(model("storageUri: 's3://b/m'", more=mine))
    assert pod is not None
    init = init_containers(pod)[0]
    assert init.get("image") is None
    assert init.string("args", 0) == "s3://b/m"
    for more in (mine + "---" + NO_STORAGE_CONTAINER, "---" + NO_STORAGE_CONTAINER + mine):
        other = admitted_pod(model("storageUri: 's3://b/m'", more=more))
        assert other is not None
        assert init_containers(other)[0].string("image") == "mine:1"


def test_everything_injected_has_an_origin() -> None:
    for uri in ("pvc://c/m", "s3://b/m", "oci://r/i", "hf://o/m"):
        component = model(f"storageUri: '{uri}'")
        before = component.pod_spec
        pod = admitted_pod(component)
        assert pod is not None
        assert before is not None
        old = {id(node) for node in walk(before)}
        new = [node for node in walk(pod) if id(node) not in old]
        scalars = [node for node in new if not list(node.items()) and not node.elements()]
        assert scalars
        assert [n for n in scalars if n.origin is None and n.span is None] == []


def test_idempotent_lists() -> None:
    predictor = """
    containers: [{name: kserve-container, image: a}]
    storageUris: [{uri: 'pvc://claim', mountPath: /a}, {uri: 's3://b/m', mountPath: /b/m}]
"""
    component = world(service(predictor)).predictor
    assert component is not None
    assert component.built.pod_spec is not None
    once = with_storage_uris(component, component.built.pod_spec)
    assert once is not None
    twice = with_storage_uris(component, once)
    assert twice is not None
    assert twice.plain() == once.plain()


CERTIFICATE = """
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: tls, namespace: team}
spec: {secretName: creds}
"""


@pytest.mark.parametrize(
    ("more", "answer", "kind"),
    [
        (ACCOUNT, "unknown", None),
        (ACCOUNT + secret("HF_TOKEN"), "found", "hf"),
        (ACCOUNT + secret("HF_TOKEN", "AWS_SECRET_ACCESS_KEY"), "found", "s3"),
        (ACCOUNT + secret("AZURE_CLIENT_ID"), "found", "azure"),
        (ACCOUNT + secret("token"), "found", ""),
        (ACCOUNT + secret("HF_TOKEN", kind="ExternalSecret"), "found", "hf"),
        (ACCOUNT + secret("HF_TOKEN").replace("creds", "other"), "absent", None),
        (ACCOUNT + CERTIFICATE, "found", None),  # its keys are those of cert-manager's choice
    ],
)
def test_identity(more: str, answer: str, kind: str | None) -> None:
    component = model("storageUri: 'hf://o/m'", more=more)
    identity = storage_identity(component)
    assert identity is not None
    assert (identity.source, identity.account) == ("service-account", "default")
    (use,) = identity.secrets
    assert (use.answer, use.kind) == (answer, kind)
    assert (admitted_pod(component) is None) == (answer == "absent")


def test_identity_without_account() -> None:
    identity = storage_identity(model("storageUri: 'hf://o/m'"))
    assert identity is not None
    assert (identity.account_answer, identity.secrets) == ("unknown", ())
    assert storage_identity(model("storageUri: 'pvc://c'")) is None
    by_name = storage_identity(model("storageUri: 's3://b'", "{serving.kserve.io/secretName: s}"))
    assert by_name is not None
    assert (by_name.source, by_name.secrets[0].name) == ("annotation", "s")


@pytest.mark.parametrize(
    ("storage", "more", "message"),
    [
        ("storage: {path: m, parameters: {type: s3}}", "", "format [s3] requires a bucket but one"),
        (
            "storage: {path: m}",
            secret("default").replace("creds", "storage-config"),
            "invalid json",
        ),
        (
            "storage: {path: m, key: k}",
            secret("other").replace("creds", "storage-config"),
            "specified storage key k not found in storage secret storage-config",
        ),
        ("storage: {path: m, key: k}", secret("other"), "can't read storage secret storage-config"),
        ("storage: {path: m}", secret("other"), "unable to determine storage type"),
        ("storage: {path: m, key: k}", "", ""),
        ("storage: {path: m}, storageUri: 's3://b'", "", "must provide only one of storageUri and"),
    ],
)
def test_storage_spec_errors(storage: str, more: str, message: str) -> None:
    messages = [failure.message for failure in storage_failures(model(storage, more=more))]
    assert [m for m in messages if message in m] if message else not messages


def test_unsupported_needs_a_known_installation() -> None:
    assert storage_failures(model("storageUri: 'ms://o/m'")) == ()
    (failure,) = storage_failures(
        model("storageUri: 'ms://o/m'", more="---" + NO_STORAGE_CONTAINER)
    )
    assert failure.message == (
        "StorageURI not supported: storageUri, must be one of: [gs://, s3://, pvc://, file://, "
        "https://, http://, hdfs://, webhdfs://, oci://, hf://] or match "
        "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. "
        "StorageUri [ms://o/m] is not supported"
    )


def test_local_model_cache_is_a_claim() -> None:
    text = service(
        "{model: {modelFormat: {name: sklearn}, runtime: rt, storageUri: 's3://b/m/v1'}}"
    )
    text = text.replace(
        "annotations: {}",
        "labels: {internal.serving.kserve.io/localmodel: m}, annotations: "
        "{internal.serving.kserve.io/localmodel-sourceuri: 's3://b/m', "
        "internal.serving.kserve.io/localmodel-pvc-name: m-gpu}",
    )
    component = world(text).predictor
    assert component is not None
    (source,) = model_sources(component)
    assert (source.kind, source.claim) == ("pvc", "m-gpu")
    assert source.sub_path == "models/f11d32eebe5b30e7/v1"


@pytest.mark.parametrize(
    ("paths", "parent", "volume"),
    [
        (["/mnt/models"], "/mnt/models", "mnt-models"),
        (["/mnt/models/a", "/mnt/models/b"], "/mnt/models", "mnt-models"),
        (["/a/b", "/c/d"], "/", ""),
        (["/a", "/a/b"], "/a", "a"),
    ],
)
def test_paths(paths: list[str], parent: str, volume: str) -> None:
    assert common_parent(paths) == parent
    assert volume_name(parent) == volume


def test_gke_selector_and_uid() -> None:
    annotations = (
        "{serving.kserve.io/gke-accelerator: nvidia-l4, "
        "serving.kserve.io/storage-initializer-uid: '1337'}"
    )
    gpu = "storageUri: 's3://b/m', resources: {limits: {nvidia.com/gpu: 1}}"
    pod = admitted_pod(model(gpu, annotations))
    assert pod is not None
    assert pod.string("nodeSelector", "cloud.google.com/gke-accelerator") == "nvidia-l4"
    assert pod.integer("initContainers", 0, "securityContext", "runAsUser") == 1337
    plain = admitted_pod(model("storageUri: 's3://b/m'", annotations))
    assert plain is not None
    assert plain.get("nodeSelector") is None
