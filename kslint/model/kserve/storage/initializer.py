"""The storage initializer: what a storageUri and storageUris put into a pod.

Mirrors pkg/webhook/admission/pod/storage_initializer_injector.go and
pkg/utils/storage.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.metadata import SCHEME_PLACEHOLDER
from kslint.model.kserve.pod_edits import (
    edited_container,
    elements,
    mounts_volume,
    setting_text,
    with_mount,
    with_resource_settings,
    with_volume,
)
from kslint.model.kserve.storage.containers import used_containers
from kslint.model.kserve.storage.credentials import with_account_credentials
from kslint.model.kserve.storage.downloading import (
    ca_bundle,
    with_ca_bundle,
    with_hub_defaults,
)
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kserve.storage.modelcar import with_image_volume, with_modelcar
from kslint.model.kserve.storage.sources import (
    INJECTOR,
    MODELCAR,
    NATIVE,
    attached_images,
    listed_uris,
    model_sources,
    oci_mode,
    readonly,
    serves_without_storage,
    target_container,
    uses_storage_spec,
)
from kslint.model.kserve.storage.spec import storage_spec, with_spec_credentials
from kslint.model.kserve.workload import with_variables
from kslint.model.kubernetes.pod import container_named, init_containers
from kslint.model.tree import appended, put, replace_item, strategic_merge
from kslint.source.nodes import Map, Origin, Scalar, made

if TYPE_CHECKING:
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.storage.sources import ModelSource
    from kslint.source.nodes import Node

INITIALIZER_CONTAINER = "storage-initializer"
MODEL_VOLUME = "kserve-provision-location"
CLAIM_VOLUME = "kserve-pvc-source"


class _Mount(NamedTuple):
    """A model mount: of a claim, or of an emptyDir if `claim` is empty."""

    volume: str
    path: str
    read_only: bool
    claim: str = ""
    sub_path: str = ""


def with_storage_uris(component: Draft, pod_spec: Map) -> Map | None:
    """The pod spec that the reconciler writes into the workload for storageUris.

    Unchanged without storageUris or where they are in it already. None where the controller
    fails instead (see `storage_failures`).
    Mirrors reconcilers/raw/raw_kube_reconciler.go:126-167 and storage_initializer_injector.go:
    227-449 @v0.19.0.
    """
    if not listed_uris(component) or serves_without_storage(component):
        return pod_spec
    if any(failure.stage == "controller" for failure in storage_failures(component)):
        return None
    listed = [source for source in model_sources(component) if source.listed]
    first = listed_uris(component)[0][0].text or ""
    if attached_images(component):
        images = [source for source in listed if source.kind in (MODELCAR, NATIVE)]
        for index, source in enumerate(images):
            pod_spec = with_image(component, pod_spec, source.uri, source.mount_path, index)
        if not component.owner.settings.has("several-images"):
            return pod_spec
        listed = [source for source in listed if source not in images]
    if not listed or target_container(pod_spec) is None:
        return pod_spec
    return _with_listed(component, pod_spec, listed, first)


def _with_listed(component: Draft, pod: Map, sources: list[ModelSource], first: str) -> Map:
    """Claims are mounted each at its path; all else shares one volume at the common parent.

    `first` is the first URI of all, which chooses the ClusterStorageContainer even if it is an
    image (components/predictor.go:857-859 @v0.20.0).
    """
    if any(_name(c) == INITIALIZER_CONTAINER for c in init_containers(pod)):
        return pod
    downloads = [source for source in sources if source.kind != "pvc"]
    args = [text for s in downloads for text in (s.uri.text or "", s.mount_path)]
    if args and any(_args(c) == args for c in init_containers(pod)):
        return pod
    origin = _origin("storageUris", "300-397")
    read_only = readonly(component)
    for source in sources:
        if source.kind == "pvc":
            volume = volume_name(source.mount_path)
            mount = _Mount(volume, source.mount_path, read_only, source.claim)
            pod = _with_model_mount(pod, mount, origin)
    if not downloads:
        return pod
    path = common_parent([source.mount_path for source in downloads])
    mount = _Mount(volume_name(path), path, read_only)
    return _with_initializer(component, pod, downloads, mount, first)


def with_single(component: Draft, pod: Map, uri: Node) -> Map:
    """The one storageUri: a claim's mount, or the init container with a shared volume."""
    if any(_name(c) == INITIALIZER_CONTAINER for c in init_containers(pod)):
        return pod
    sources = [source for source in model_sources(component) if not source.listed]
    source = sources[0]
    path = names.MODEL_MOUNT_PATH
    if source.kind == "pvc":
        origin = _origin("the claim in storageUri", "415-447", uri)
        mount = _Mount(CLAIM_VOLUME, path, source.read_only, source.claim, source.sub_path)
        pod = _with_model_mount(pod, mount, origin)
    else:
        mount = _Mount(MODEL_VOLUME, path, source.read_only)
        # of a storage.path no ClusterStorageContainer knows the scheme yet
        noted = component.metadata.string("annotations", names.SOURCE_URI) or ""
        if not component.owner.settings.has("container-before-storage-spec"):
            noted = source.uri.text or ""
        pod = _with_initializer(component, pod, sources, mount, noted)
    return _with_local_uri(pod)


def _with_initializer(
    component: Draft, pod: Map, sources: list[ModelSource], mount: _Mount, chosen_by: str
) -> Map:
    """The init container: settings, credentials, ClusterStorageContainer, CA bundle, HF."""
    origin = _origin("the storage initializer", "365-397")
    container = _initializer(component, sources, origin)
    initializers = pod.get("initContainers")
    index = len(init_containers(pod))
    pod = put(pod, ("initContainers",), appended(initializers, [container], origin))
    pod = _with_model_mount(pod, mount, origin, INITIALIZER_CONTAINER)
    found = pod.at("initContainers", index)
    assert isinstance(found, Map)
    use = storage_spec(component) if uses_storage_spec(component, sources) else None
    if use is not None:
        found = with_spec_credentials(component, found, use)
    else:
        found, pod = with_account_credentials(component, found, pod)
    bundle = ca_bundle(component.owner, found)
    found = _merged(component, found, chosen_by)
    if bundle is not None:
        found, pod = with_ca_bundle(found, pod, *bundle)
    hf = _origin("the download defaults for Hugging Face", "561-565")
    if component.owner.settings.has("hub-defaults"):
        found = with_hub_defaults(found, hf)
    found = _with_decryption(component, found)
    return put(pod, ("initContainers",), replace_item(pod.get("initContainers"), index, found))


def _with_decryption(component: Draft, container: Map) -> Map:
    """What a confidential model's initializer is told, by the annotations of the pod."""
    notes = component.metadata.get("annotations")
    if notes is None or notes.string(f"{names.INTERNAL}/confidential-enabled") != "true":
        return container
    origin = Origin(
        "controller", "the confidential model", "pkg/utils/confidential.go:29-35 @v0.20.0"
    )
    variables = {"CONFIDENTIAL_ENABLED": "true"}
    resource = notes.string(f"{names.INTERNAL}/confidential-resource-id")
    if resource:
        variables["CONFIDENTIAL_RESOURCE_ID"] = resource
    return with_variables(container, variables, origin)


def _initializer(component: Draft, sources: list[ModelSource], origin: Origin) -> Map:
    """CreateInitContainerWithConfig: image and resources of key storageInitializer."""
    settings = component.owner.settings
    image = settings.get("storageInitializer", "image")
    text = "kserve/storage-initializer:latest"
    args: list[Node] = []
    for source in sources:
        args += [_moved(source.uri), made(source.mount_path, origin)]
    container = {
        "name": INITIALIZER_CONTAINER,
        "image": setting_text(image, origin)
        if image is not None and image.text
        else made(text, origin),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if not any((s.uri.text or "").startswith(SCHEME_PLACEHOLDER) for s in sources):
        container["args"] = args
    if not settings.has("initializer-mounts-what-it-fills"):
        # of storageUris this is no volume of the pod
        container["volumeMounts"] = [{"name": MODEL_VOLUME, "mountPath": names.MODEL_MOUNT_PATH}]
    result = made(container, origin)
    assert isinstance(result, Map)
    return with_resource_settings(result, settings, "storageInitializer", origin)


def _merged(component: Draft, container: Map, uri: str) -> Map:
    """mergeContainerSpecs: the ClusterStorageContainer over the settings.

    Of several that take the URI any may be used: only what they agree on is kept.
    """
    merged: list[Node] = []
    for candidate in used_containers(component, uri):
        patch = candidate.spec.get("container")
        merged.append(container if patch is None else strategic_merge(container, patch))
    if not merged:
        return container
    result = merged[0]
    for other in merged[1:]:
        result = _agreed(result, other)
    return result if isinstance(result, Map) else container


def _agreed(one: Node, other: Node) -> Node:
    """The entries that two mappings share, at any depth."""
    if not isinstance(one, Map):
        return one
    kept = {}
    for name, value in one.entries.items():
        peer = other.get(name)
        if isinstance(value, Map) and isinstance(peer, Map):
            kept[name] = _agreed(value, peer)
        elif peer is not None and value.plain() == peer.plain():
            kept[name] = value
    return one.with_entries(kept)


def _with_model_mount(pod: Map, mount: _Mount, origin: Origin, initializer: str = "") -> Map:
    """AddModelMount for the model container, the transformer and the initializer.

    A container that mounts the volume already is left alone. The volume comes with the first
    mount that is added.
    """
    target = target_container(pod)
    wanted = [] if target is None else [target.string("name") or ""]
    if container_named(pod, names.TRANSFORMER_CONTAINER) is not None:
        wanted.append(names.TRANSFORMER_CONTAINER)
    before = pod
    for name in wanted:
        pod = edited_container(
            pod, "containers", name, lambda c: _mounted(c, mount, mount.read_only, origin)
        )
    if initializer:
        field = "initContainers"
        pod = edited_container(pod, field, initializer, lambda c: _mounted(c, mount, False, origin))
    if pod is before:
        return pod
    source: dict[str, object] = {"emptyDir": {}}
    if mount.claim:
        source = {"persistentVolumeClaim": {"claimName": mount.claim}}
    return with_volume(pod, mount.volume, source, origin)


def _mounted(container: Map, mount: _Mount, read_only: bool, origin: Origin) -> Map:
    if mounts_volume(container, mount.volume):
        return container
    entry: dict[str, object] = {"name": mount.volume, "mountPath": mount.path}
    if mount.sub_path:
        entry["subPath"] = mount.sub_path
    if read_only:
        entry["readOnly"] = True
    return with_mount(container, entry, origin)


def with_image(component: Draft, pod: Map, uri: Node, path: str, index: int) -> Map:
    """An OCI image for the model container and a transformer beside it."""
    mode = oci_mode(component, uri.text or "")
    for container in (target_container(pod), container_named(pod, names.TRANSFORMER_CONTAINER)):
        if container is not None:
            name = container.string("name") or ""
            settings = component.owner.settings
            if mode == NATIVE:
                pod = with_image_volume(pod, uri, name, path, volume_name(path) or "oci-model")
            else:
                pod = with_modelcar(pod, uri, name, path, settings, index)
    return pod


def _with_local_uri(pod: Map) -> Map:
    """STORAGE_URI of the model container becomes the mount path."""
    target = target_container(pod)
    origin = _origin("the mount path in place of the URI", "449-457")

    def rewrite(container: Map) -> Map:
        env = container.get("env")
        for index, item in enumerate(elements(env)):
            if _name(item) == "STORAGE_URI" and item.string("value"):
                value = made(names.MODEL_MOUNT_PATH, origin)
                env = replace_item(env, index, put(item, ("value",), value))
        return container if env is None else put(container, ("env",), env)

    name = "" if target is None else target.string("name") or ""
    return edited_container(pod, "containers", name, rewrite)


def common_parent(paths: list[str]) -> str:
    """The deepest directory over all paths; a single path is itself (FindCommonParentPath)."""
    if len(paths) == 1:
        return paths[0]
    parts = [[part for part in path.strip("/").split("/") if part] for path in paths]
    common: list[str] = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        common.append(level[0])
    return "/" + "/".join(common)


def volume_name(path: str) -> str:
    """A volume's name by its mount path; not always a valid one (GetVolumeNameFromPath)."""
    return path.strip("/").replace("/", "-")


def _origin(text: str, lines: str, node: Node | None = None) -> Origin:
    place = None if node is None else node.place
    return Origin("controller", text, f"{INJECTOR}:{lines} @v0.19.0", place)


def _moved(uri: Node) -> Node:
    other = Scalar(uri.text or "", False, None, uri.source, uri.start, uri.end)
    other.origin = uri.origin
    return other


def _args(container: Node) -> list[str]:
    return [item.text or "" for item in elements(container.get("args"))]


def _name(node: Node) -> str:
    return node.string("name") or ""
