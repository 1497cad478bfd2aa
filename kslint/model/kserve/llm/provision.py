"""How a model gets into the pods of an LLMInferenceService.

Mirrors pkg/controller/v1alpha2/llmisvc/workload_storage.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.pod_edits import (
    edited_container,
    with_missing_env,
    with_mount,
    with_resource_settings,
    with_volume,
)
from kslint.model.kserve.storage.modelcar import with_modelcar
from kslint.model.tree import appended, put
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.service import LLMInferenceService

MODEL_PATH = "/mnt/models"

_HF_DEFAULTS = {
    "HF_HUB_ENABLE_HF_TRANSFER": "1",
    "HF_XET_HIGH_PERFORMANCE": "1",
    "HF_XET_NUM_CONCURRENT_RANGE_GETS": "8",
}


def with_model(service: LLMInferenceService, pod: Map, target: str, path: str) -> Map:
    """attachModelArtifacts: a claim, an image, or a download by the storage initializer.

    The model is mounted at `path` in the container `target`.
    """
    storage = service.storage
    if storage is None or not storage.downloads:
        return pod
    settings = service.settings
    if storage.scheme == "oci":
        return with_modelcar(
            pod, made(storage.uri, _origin("model.uri", "")), target, path, settings
        )
    reference = "workload_storage.go:190-406"
    origin = _origin("the model's storage", reference)._replace(span=storage.node.place)
    if storage.scheme == "pvc":
        claim, _, below = storage.uri.partition("://")[2].partition("/")
        mount: dict[str, object] = {"name": "kserve-pvc-source", "mountPath": path}
        mount.update({"subPath": below} if below else {}, readOnly=True)
        pod = edited_container(pod, "containers", target, lambda c: with_mount(c, mount, origin))
        source: dict[str, object] = {"persistentVolumeClaim": {"claimName": claim}}
        return with_volume(pod, "kserve-pvc-source", source, origin)
    volume = "kserve-provision-location"
    shared: dict[str, object] = {"name": volume, "mountPath": MODEL_PATH}
    image = settings.text("storageInitializer", "image") or "kserve/storage-initializer:latest"
    init = made(
        {
            "name": "storage-initializer",
            "image": image,
            "args": [storage.uri, MODEL_PATH],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        },
        origin,
    )
    assert isinstance(init, Map)
    init = with_resource_settings(init, settings, "storageInitializer", origin)
    init = with_mount(init, shared, origin)
    for name, value in _HF_DEFAULTS.items() if storage.scheme == "hf" else ():
        init = with_missing_env(init, name, value, origin)
    listed = pod.get("initContainers")
    others = [c for c in pod.listed("initContainers") if c.string("name") != "storage-initializer"]
    base = listed.with_children(others) if isinstance(listed, Seq) else None
    pod = put(pod, ("initContainers",), appended(base, [init], origin))
    read: dict[str, object] = {"name": volume, "mountPath": path, "readOnly": True}
    pod = edited_container(pod, "containers", target, lambda c: with_mount(c, read, origin))
    return with_volume(pod, volume, {"emptyDir": {}}, origin)


def _origin(text: str, place: str) -> Origin:
    return Origin("controller", text, f"pkg/controller/v1alpha2/llmisvc/{place} @v0.19.0")
