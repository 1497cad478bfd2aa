"""Model storage: sources, what is injected for them, and credentials."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kserve_worlds import NO_STORAGE_CONTAINER, world

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.initializer import common_parent, volume_name, with_storage_uris
from kslint.model.kserve.storage.sources import (
    model_sources,
    serves_without_storage,
    storage_failures,
    storage_identity,
)
from kslint.model.kubernetes.pod import init_containers
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component

RUNTIME = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec:
  supportedModelFormats: [{name: sklearn, autoSelect: true}]
  containers:
  - {name: kserve-container, image: 'server:1'}
"""


def service(predictor: str, annotations: str = "{}", more: str = "") -> str:
    return f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: team, annotations: {annotations}}}
spec:
  predictor: {predictor}
{RUNTIME}
{more}
"""


def model(storage: str, annotations: str = "{}", more: str = "", **kwargs: Any) -> Component:
    text = f"{{model: {{modelFormat: {{name: sklearn}}, runtime: rt, {storage}}}}}"
    predictor = world(service(text, annotations, more), **kwargs).predictor
    assert predictor is not None
    return predictor


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
        ("0.16", ["dropped", "dropped", "dropped"]),
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


ACCOUNT = """
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: team}
secrets: [{name: creds}]
"""


def secret(*keys: str, kind: str = "Secret") -> str:
    values = {key: base64.b64encode(b"x").decode() for key in keys}
    if kind == "ExternalSecret":
        items = ", ".join(f"{{secretKey: {key}}}" for key in keys)
        return f"""
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: es, namespace: team}}
spec: {{target: {{name: creds}}, data: [{items}]}}
"""
    return f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: creds, namespace: team}}
data: {values}
"""


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
