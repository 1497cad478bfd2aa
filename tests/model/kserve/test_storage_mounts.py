"""What model mounts do to the containers they are in, and URIs that the initializer misreads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kserve_worlds import NO_STORAGE_CONTAINER, world
from storage_worlds import model, service

from kslint.model.kserve.storage.mounts import clashes, overridden_users, written_below
from kslint.model.kserve.storage.reading import misread
from kslint.model.kserve.storage.sources import model_sources
from kslint.model.kubernetes.pod import init_containers, volumes

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component


def custom(more: str, pod: str = "") -> Component:
    text = f"{{containers: [{{name: kserve-container, image: a, {more}}}] {pod}}}"
    predictor = world(service(text)).predictor
    assert predictor is not None
    return predictor


def env(*pairs: tuple[str, str]) -> str:
    return "env: [" + ", ".join(f"{{name: {n}, value: '{v}'}}" for n, v in pairs) + "]"


CLAIM = ("STORAGE_URI", "pvc://claim/m")


def test_caches_below_a_read_only_claim() -> None:
    both = env(CLAIM, ("HF_HOME", "/mnt/models/hub"), ("TRANSFORMERS_CACHE", "/var/cache"))
    (written,) = written_below(custom(both))
    assert (written.name, written.path, written.node.text) == (
        "HF_HOME",
        "/mnt/models/hub",
        "/mnt/models/hub",
    )
    offline = env(CLAIM, ("HF_HOME", "/mnt/models/hub"), ("HF_HUB_OFFLINE", "1"))
    assert not list(written_below(custom(offline)))
    compiled = env(CLAIM, ("TORCHINDUCTOR_CACHE_DIR", "/mnt/models"), ("HF_HUB_OFFLINE", "1"))
    component = custom(compiled)
    assert [w.name for w in written_below(component)] == ["TORCHINDUCTOR_CACHE_DIR"]
    node = component.written.get("containers")
    assert node is not None
    downloads = list(written_below(custom(env(CLAIM)), lambda: ("/mnt/models/x", node)))
    assert [w.name for w in downloads] == ["--download-dir"]


def test_nothing_is_known_of_a_pod_that_is_not() -> None:
    assert not list(written_below(custom(env())))
    predictor = world(service("{model: {modelFormat: {name: x}, storageUri: 'pvc://c'}}")).predictor
    assert predictor is not None
    assert not list(written_below(predictor))
    assert not list(clashes(predictor))
    assert not list(overridden_users(predictor))


def test_two_mounts_at_one_path() -> None:
    own = "volumeMounts: [{name: v, mountPath: /mnt/models}, {name: w}]"
    pod = ", volumes: [{name: v, emptyDir: {}}]"
    (clash,) = clashes(custom(f"{env(CLAIM)}, {own}", pod))
    assert (clash.container, clash.path) == ("kserve-container", "/mnt/models")
    assert clash.node.text == "/mnt/models"
    assert clash.source is not None
    assert clash.source.uri.text == "pvc://claim/m"
    assert not list(clashes(custom(own, pod)))


def test_users_that_a_modelcar_replaces() -> None:
    image = env(("STORAGE_URI", "oci://reg/m:1"))
    (found,) = overridden_users(custom(f"{image}, securityContext: {{runAsUser: 7}}"))
    assert (found[0].text, found[2]) == ("7", 1010)
    assert not list(overridden_users(custom(image)))
    assert not list(overridden_users(custom(f"{image}, securityContext: {{runAsUser: 1010}}")))


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("", "empty"),
        ("bucket/m", "path"),
        ("file:///m", "file"),
        ("hf://m", "hub"),
        ("hf://o/m", ""),
        ("ms://o/m", "scheme"),
        ("oci+native://r/m", ""),
        ("oci://r/m", ""),
        ("{{ uri }}", ""),
    ],
)
def test_what_the_initializer_makes_of_a_uri(uri: str, why: str) -> None:
    component = model(f"storageUri: '{uri}'")
    (source,) = model_sources(component)
    assert misread(component, source) == why


def test_others_may_read_what_ours_does_not() -> None:
    own = {"storageInitializer": {"image": "acme/fetch:1"}}
    component = model("storageUri: 'bucket/m'", changes=own)
    assert misread(component, model_sources(component)[0]) == ""
    mesh = model("storageUri: 'm'", "{serving.kserve.io/deploymentMode: ModelMesh}")
    assert misread(mesh, model_sources(mesh)[0]) == ""
    text = """{initContainers: [{name: storage-initializer, image: x}],
      model: {modelFormat: {name: sklearn}, runtime: rt, storageUri: b/m}}"""
    predictor = world(service(text)).predictor
    assert predictor is not None
    assert misread(predictor, model_sources(predictor)[0]) == ""


@pytest.mark.parametrize(
    ("version", "mounted"),
    [("0.16", ["kserve-provision-location", "mnt-models"]), ("0.17", ["mnt-models"])],
)
def test_what_the_initializer_of_storage_uris_mounts(version: str, mounted: list[str]) -> None:
    """kserve/kserve#4822: at 0.16 also a volume that the pod lacks, so no pod can be made."""
    text = "{model: {modelFormat: {name: sklearn}, runtime: rt}, storageUris: [{uri: 's3://b/m'}]}"
    service_ = world(f"{service(text)}\n---{NO_STORAGE_CONTAINER}", version=version)
    assert service_.predictor is not None
    pod = service_.predictor.provisioned
    (initializer,) = init_containers(pod)
    found = [initializer.string("volumeMounts", i, "name") for i in range(2)]
    assert [name for name in found if name] == mounted
    assert list(volumes(pod)) == ["mnt-models"]
