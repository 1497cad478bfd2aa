"""How a model and its adapters get into the pods of an LLMInferenceService.

Mirrors pkg/controller/v1alpha2/llmisvc/workload_storage.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.lora import adapters, with_arguments
from kslint.model.kserve.pod_edits import (
    edited_container,
    elements,
    mounts_volume,
    with_missing_env,
    with_mount,
    with_resource_settings,
    with_volume,
)
from kslint.model.kserve.storage.credentials import named_secrets, with_credentials
from kslint.model.kserve.storage.downloading import ca_bundle, with_ca_bundle, with_hub_defaults
from kslint.model.kserve.storage.initializer import common_parent, volume_name
from kslint.model.kserve.storage.modelcar import with_image_volume, with_modelcar
from kslint.model.kserve.storage.sources import NATIVE, image_mode
from kslint.model.tree import appended, put, strategic_merge
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.accounts import Account
    from kslint.model.kserve.llm.service import LLMInferenceService

MODEL_PATH = "/mnt/models"
TOKENIZER = "tokenizer"

_INITIALIZER = "storage-initializer"
_CLAIM_VOLUME = "kserve-pvc-source"
_MODEL_VOLUME = "kserve-provision-location"
_TOKENIZER_FILES = (
    '["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", '
    '"merges.txt", "config.json", "generation_config.json"]'
)


def with_model(
    service: LLMInferenceService, pod: Map, target: str, path: str, account: Account
) -> Map:
    """attachModelArtifacts: a claim, an image, or a download by the storage initializer.

    The model is mounted at `path` in the container `target`; a server gets the adapters too.
    """
    storage = service.storage
    if storage is None or not storage.downloads:
        return pod
    served = target != TOKENIZER
    pairs = [(a.uri, a.path) for a in adapters(service) if a.downloaded] if served else []
    origin = _origin("the model's storage")._replace(span=storage.node.place)
    if storage.scheme == "pvc":
        pod = _with_claim(pod, target, storage.uri, path, _CLAIM_VOLUME, origin)
    elif storage.scheme.startswith("oci"):
        pod = _with_image(service, pod, target, path)
    else:
        pairs = [(storage.uri, MODEL_PATH), *pairs]
    if pairs:
        pod = _with_download(service, pod, target, path, pairs, account)
    elif storage.scheme.startswith("oci") and service.settings.has("llm-initializer-merged"):
        pod = _stripped(pod)[0]
    if not served:
        return pod
    for adapter in adapters(service):
        if adapter.scheme == "pvc":
            reference = _origin("the LoRA adapters")
            pod = _with_claim(pod, target, adapter.uri, adapter.path, adapter.volume, reference)
    return with_arguments(service, pod, target)


def _with_claim(pod: Map, target: str, uri: str, path: str, volume: str, origin: Origin) -> Map:
    claim, _, below = uri.partition("://")[2].partition("/")
    mount: dict[str, object] = {"name": volume, "mountPath": path}
    mount.update({"subPath": below} if below else {}, readOnly=True)
    source: dict[str, object] = {"persistentVolumeClaim": {"claimName": claim}}
    return _mounted(pod, target, mount, source, origin)


def _with_image(service: LLMInferenceService, pod: Map, target: str, path: str) -> Map:
    storage = service.storage
    assert storage is not None
    uri = made(storage.uri, _origin("model.uri"))
    if image_mode(service.settings, storage.uri) == NATIVE:
        volume = volume_name(path) or "oci-model"
        return with_image_volume(pod, uri, target, path, volume)
    return with_modelcar(pod, uri, target, path, service.settings)


def _with_download(
    service: LLMInferenceService,
    pod: Map,
    target: str,
    path: str,
    pairs: list[tuple[str, str]],
    account: Account,
) -> Map:
    """The storage initializer of a model alone, or of whatever adapters come beside it."""
    settings = service.settings
    origin = _origin("the model's storage")
    alone = len(pairs) == 1 and pairs[0][1] == MODEL_PATH
    parent = MODEL_PATH if alone else common_parent([place for _, place in pairs]) or "/"
    init = made(
        {
            "name": _INITIALIZER,
            "image": settings.text("storageInitializer", "image")
            or "kserve/storage-initializer:latest",
            "args": [word for pair in pairs for word in pair],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        },
        origin,
    )
    assert isinstance(init, Map)
    init = with_resource_settings(init, settings, "storageInitializer", origin)
    pod, own = _stripped(pod)
    if own is not None and settings.has("llm-initializer-merged"):
        merged = strategic_merge(init, own)
        assert isinstance(merged, Map)
        init = merged.with_entries(
            {**merged.entries, **{f: init.entries[f] for f in ("name", "args")}}
        )
        init = init.with_entries({k: v for k, v in init.entries.items() if k != "command"})
    if not mounts_volume(init, _MODEL_VOLUME):
        init = with_mount(init, {"name": _MODEL_VOLUME, "mountPath": parent}, origin)
    pod = with_volume(pod, _MODEL_VOLUME, {"emptyDir": {}}, origin)
    where = path if alone else parent
    mount: dict[str, object] = {"name": _MODEL_VOLUME, "mountPath": where, "readOnly": True}
    pod = _mounted(pod, target, mount, {"emptyDir": {}}, origin)
    secrets = named_secrets(service, _metadata(service), list(account.secrets))
    init, pod = with_credentials(init, pod, account.identity, secrets, settings)
    hub = any(uri.startswith("hf://") for uri, _ in pairs)
    if hub:
        init = with_hub_defaults(init, _origin("the download defaults for Hugging Face"))
    bundle = None if hub and alone else ca_bundle(service, init)
    if target == TOKENIZER and not alone:
        init = with_missing_env(init, "STORAGE_ALLOW_PATTERNS", _TOKENIZER_FILES, origin)
    if bundle is not None:
        init, pod = with_ca_bundle(init, pod, *bundle)
    if target == TOKENIZER and alone:
        init = with_missing_env(init, "STORAGE_ALLOW_PATTERNS", _TOKENIZER_FILES, origin)
    return put(pod, ("initContainers",), appended(pod.get("initContainers"), [init], origin))


def _stripped(pod: Map) -> tuple[Map, Map | None]:
    """The pod spec without a storage initializer of its own, and that one."""
    listed = elements(pod.get("initContainers"))
    own = [c for c in listed if c.string("name") == _INITIALIZER]
    if not own:
        return pod, None
    others = [c for c in listed if c.string("name") != _INITIALIZER]
    origin = _origin("the model's storage")
    pod = put(pod, ("initContainers",), appended(None, others, origin))
    return pod, own[-1] if isinstance(own[-1], Map) else None


def _mounted(
    pod: Map, target: str, mount: dict[str, object], source: dict[str, object], origin: Origin
) -> Map:
    """AddModelMount: whoever mounts the volume already is left alone, and brings no volume."""
    volume = str(mount["name"])

    def change(container: Map) -> Map:
        if mounts_volume(container, volume):
            return container
        return with_mount(container, mount, origin)

    changed = edited_container(pod, "containers", target, change)
    return pod if changed is pod else with_volume(changed, volume, source, origin)


def _metadata(service: LLMInferenceService) -> Map:
    metadata = service.resource.body.get("metadata")
    return metadata if isinstance(metadata, Map) else Map({})


def _origin(text: str) -> Origin:
    source = "pkg/controller/v1alpha2/llmisvc/workload_storage.go:86-530 @v0.19.0"
    return Origin("controller", text, source)
