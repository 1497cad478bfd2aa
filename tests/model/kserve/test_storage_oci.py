"""OCI images as models, by the release of KServe: modelcars, image volumes, lists with others."""

from __future__ import annotations

import pytest
from kserve_worlds import world
from llm_worlds import llm
from storage_worlds import model, service

from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.initializer import with_storage_uris
from kslint.model.kserve.storage.sources import model_sources
from kslint.model.kubernetes.pod import container_named, volumes

IMAGE = "oci://reg/img:1"
NATIVE = "oci+native://reg/img:1"
OF = {"image": "kserve/storage-initializer:v1"}


@pytest.mark.parametrize(
    ("uri", "version", "settings", "kind"),
    [
        (IMAGE, "0.19", {"enableModelcar": True}, "modelcar"),
        (IMAGE, "0.19", {}, "unsupported"),
        (NATIVE, "0.19", {"enableModelcar": True}, "unsupported"),
        (NATIVE, "0.20", {"enableModelcar": True}, "image-volume"),
        (NATIVE, "0.21", {"enableOciModelSupport": True}, "image-volume"),
        (NATIVE, "0.20", {}, "unsupported"),
        (IMAGE, "0.20", {"ociModelMode": "native"}, "image-volume"),
        (IMAGE, "0.20", {"ociModelMode": "modelcar"}, "modelcar"),
        ("oci+fetch://reg/img:1", "0.20", {"enableModelcar": True}, "unsupported"),
    ],
)
def test_how_an_image_comes(uri: str, version: str, settings: dict[str, object], kind: str) -> None:
    changes = {"storageInitializer": {**OF, **settings}}
    (source,) = model_sources(model(f"storageUri: '{uri}'", changes=changes, version=version))
    assert source.kind == kind
    assert source.image == ("reg/img:1" if kind != "unsupported" else "")


def test_what_the_controller_of_a_release_lists() -> None:
    component = model("storageUri: 'ms://x'", version="0.20", more=CONTAINER)
    (failure,) = storage_failures(component)
    assert "oci://, oci+native://, hf://" in failure.message
    component = model(f"storageUri: '{NATIVE}'", version="0.19", more=CONTAINER)
    assert "oci://, hf://" in storage_failures(component)[0].message
    assert not storage_failures(model(f"storageUri: '{NATIVE}'", version="0.20", more=CONTAINER))


CONTAINER = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterStorageContainer
metadata: {name: mine}
spec: {container: {name: storage-initializer, image: x}, supportedUriFormats: [{prefix: 'x://'}]}
"""


def test_an_image_volume_is_mounted_once() -> None:
    component = model(f"storageUri: '{NATIVE}'", version="0.20")
    pod = admitted_pod(component)
    server = container_named(pod, "kserve-container")
    assert pod is not None
    assert server is not None
    assert volumes(pod)["mnt-models"].plain() == {
        "name": "mnt-models",
        "image": {"reference": "reg/img:1", "pullPolicy": "IfNotPresent"},
    }
    mount = {"name": "mnt-models", "mountPath": "/mnt/models", "subPath": "models"}
    assert server.listed("volumeMounts")[0].plain() == {**mount, "readOnly": True}


def listed(version: str, *uris: str) -> list[str]:
    items = ", ".join(f"{{uri: '{uri}', mountPath: /mnt/models/{n}}}" for n, uri in enumerate(uris))
    predictor = (
        f"{{model: {{modelFormat: {{name: sklearn}}, runtime: rt}}, storageUris: [{items}]}}"
    )
    component = world(service(predictor), version=version).predictor
    assert component is not None
    assert component.built.pod_spec is not None
    pod = with_storage_uris(component, component.built.pod_spec)
    assert pod is not None
    kinds = [source.kind for source in model_sources(component)]
    return [*kinds, *(c.string("name") or "" for c in pod.listed("containers")[1:])]


@pytest.mark.parametrize(("version", "kept"), [("0.17", False), ("0.18", True)])
def test_a_modelcar_once_replaced_the_security_context(version: str, kept: bool) -> None:
    """pkg/utils/storage.go:470-474 @v0.17.1."""
    own = "securityContext: {readOnlyRootFilesystem: true}"
    changes = {"storageInitializer": {**OF, "enableModelcar": True, "uidModelcar": 1010}}
    pod = admitted_pod(model(f"storageUri: '{IMAGE}', {own}", changes=changes, version=version))
    assert pod is not None
    server = container_named(pod, "kserve-container")
    assert server is not None
    assert server.string("securityContext", "runAsUser") == "1010"
    assert (server.at("securityContext", "readOnlyRootFilesystem") is not None) == kept


def test_lists_with_images() -> None:
    s3 = "s3://b/m"
    assert listed("0.18", IMAGE, s3) == ["dropped", "dropped"]
    assert listed("0.18", s3, IMAGE) == ["initializer", "unsupported"]
    assert listed("0.19", s3, IMAGE) == ["dropped", "modelcar", "modelcar"]
    assert listed("0.20", s3, IMAGE) == ["initializer", "modelcar", "modelcar"]
    assert listed("0.20", NATIVE, IMAGE) == ["image-volume", "modelcar", "modelcar-1"]


def test_images_of_llm_services() -> None:
    old = llm("model: {uri: 'oci+native://reg/img:1'}").storage
    new = llm("model: {uri: 'oci+native://reg/img:1'}", version="0.20").storage
    assert old is not None
    assert new is not None
    assert old.error.startswith("unsupported schema")
    assert new.error == ""


def test_a_template_may_change_the_initializer() -> None:
    assert not llm().own_initializer
    own = "template: {initContainers: [{name: other}, {name: storage-initializer}]}"
    assert llm(own).own_initializer
