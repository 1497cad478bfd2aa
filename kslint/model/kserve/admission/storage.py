"""What the webhook refuses of an InferenceService's storage.

Mirrors pkg/apis/serving/v1beta1/{inference_service_validation,component}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.admission.components import given, refused, said
from kslint.model.kubernetes.admission.field_errors import child
from kslint.model.kubernetes.pod import container_named, containers
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_SPEC_SCHEMES = ("s3://", "hdfs://", "webhdfs://")


def storage_spec_rejections(part: Node | None) -> Iterator[Failure]:
    """validateStorageSpec, which only the ART explainer still calls for what is stored."""
    storage, uri = given(part, "storage"), said(part, "storageUri")
    listed = ", ".join(_SPEC_SCHEMES)
    if storage is None or uri is None or part is None:
        return
    kind = said(storage.get("parameters"), "type")
    if uri and not uri.startswith(_SPEC_SCHEMES):
        message = _unsupported(listed, uri)
        yield refused(message, child(part, "storageUri"), "unsupported-storage-uri")
    elif not uri and kind and f"{kind}://" not in _SPEC_SCHEMES:
        message = (
            f"storage.spec.type, must be one of: [{listed}]. storage.spec.type [{kind}] is not "
            "supported"
        )
        node = child(child(storage, "parameters"), "type")
        yield refused(message, node, "unsupported-storage-type")


def _unsupported(listed: str, uri: str) -> str:
    return (
        f"storageUri, must be one of: [{listed}] or match "
        "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. "
        f"StorageUri [{uri}] is not supported"
    )


def storage_uris_rejections(name: str, component: Node | None) -> Iterator[Failure]:
    """As validateMultipleStorageURIs, for one component."""
    listed = given(component, "storageUris")
    if listed is None or component is None:
        return
    if _single_uri(name, component) is not None:
        message = "Setting both StorageURI and StorageURIs is not supported."
        yield refused(message, listed, "storage-uri-and-uris")
    downloads: list[str] = []
    claims: list[str] = []
    for item in listed.elements():
        uri, path = said(item, "uri"), said(item, "mountPath")
        if given(item, "mountPath") is None:
            path = names.MODEL_MOUNT_PATH  # the CRD's default
        if uri is None or path is None or not isinstance(item, Map):
            return
        wrong = _storage_item(item, uri, path)
        if wrong is not None:
            yield wrong
            return
        (claims if uri.startswith("pvc://") else downloads).append(path)
    if len(downloads) < 2:
        return
    if len(set(claims)) < len(claims):
        yield refused("PVC storage paths must be unique", listed, "duplicate-claim-path")
    if not _common_parent(downloads):
        message = (
            "storage paths must have a common parent directory. Current paths: "
            f"[{' '.join(downloads)}] have no common parent beyond root"
        )
        yield refused(message, listed, "no-common-storage-parent")


def _storage_item(item: Map, uri: str, path: str) -> Failure | None:
    node = child(item, "mountPath")
    if not uri:
        message = "storage URI cannot be empty"
        return refused(message, child(item, "uri"), "empty-storage-uri")
    if path == "/":
        return refused("storage path cannot be empty", node, "storage-path-is-root")
    if not path.startswith("/"):
        return refused(f"storage path must be absolute: {path}", node, "storage-path-not-absolute")
    if ".." in path:
        message = f"storage path cannot contain '..' for security reasons: {path}"
        return refused(message, node, "storage-path-up")
    return None


def _common_parent(paths: list[str]) -> bool:
    """FindCommonParentPath: is it another than the root? (Only the first part can decide.)"""
    return len({path.strip("/").split("/")[0] for path in paths}) == 1


def _single_uri(name: str, component: Node) -> Node | None:
    """GetStorageUri of a component's first implementation."""
    if name == "predictor":
        server = model_server(component)
        if server is not None:
            return given(server, "storageUri")
        server = container_named(component, names.PREDICTOR_CONTAINER)
        return variable(server, "STORAGE_URI")
    art = given(component, "art") if name == "explainer" else None
    if art is not None:
        return given(art, "storageUri") if said(art, "storageUri") else None
    servers = containers(component)
    return variable(servers[0], "STORAGE_URI") if servers else None


def variable(container: Node | None, name: str) -> Node | None:
    """The first environment variable of a name, as its item of the list."""
    env = None if container is None else container.get("env")
    items = [] if env is None else env.elements()
    return next((item for item in items if item.string("name") == name), None)


def model_server(predictor: Node | None) -> Node | None:
    """The first of `model` and the legacy frameworks (predictorFrameworkContainer)."""
    for field in ("model", *names.FRAMEWORKS):
        node = given(predictor, field)
        if node is not None:
            return node
    return None
