"""What the controller and the pod webhook refuse about a component's storage.

Mirrors pkg/webhook/admission/pod/storage_initializer_injector.go,
pkg/controller/v1beta1/inferenceservice/utils/utils.go @v0.19.0 and pkg/utils/storage.go @v0.20.0.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.graph.graph import ABSENT
from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kserve.metadata import source_uri
from kslint.model.kserve.storage.containers import named_container, used_containers
from kslint.model.kserve.storage.sources import (
    NATIVE,
    OCI_FETCH,
    OCI_NATIVE,
    UNSUPPORTED,
    attached_images,
    is_oci,
    kind_of,
    listed_uris,
    oci_mode,
    prefixes,
    single_uri,
    storage_identity,
    target_container,
)
from kslint.model.kubernetes.admission.field_errors import printed
from kslint.model.kubernetes.pod import init_containers
from kslint.model.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.component import Draft
    from kslint.source.nodes import Node

_MOST_IMAGES = 10
LATER_URI = "later-storage-uri"
"""A scheme that no release knows, but a build of the main branch does."""


@once
def storage_failures(component: Draft) -> tuple[Failure, ...]:
    """What the controller, or the pod webhook at each new pod, refuses about storage.

    Stage `controller` keeps the Deployment from being made, stage `pod-webhook` its pods
    (the ReplicaSet reports FailedCreate).
    """
    return (
        *_uri_failures(component),
        *_image_failures(component),
        *_list_failures(component),
        *_pod_failures(component),
    )


def _uri_failures(component: Draft) -> list[Failure]:
    uri = source_uri(component.owner.stored, component.name)
    if uri is None:
        return []
    if component.name == "predictor" and component.stored.string("model", "storage", "path"):
        message = "must provide only one of storageUri and storage.path"
        return [Failure("controller", message, uri, "storage-uri-and-path")]
    refused = _unsupported(component, uri)
    return [refused] if refused is not None and _is_settled(component, uri) else []


def unless_taken(component: Draft) -> Failure | None:
    """What the controller says of a URI if no ClusterStorageContainer is there but the shipped.

    None if one of these takes the URI, or the input says more of KServe.
    """
    uri = source_uri(component.owner.stored, component.name)
    if uri is None or _is_settled(component, uri):
        return None
    return _unsupported(component, uri)


def _is_settled(component: Draft, uri: Node) -> bool:
    """Does the input tell which ClusterStorageContainers there are?"""
    return (
        component.owner.settings.in_input
        or bool(component.owner.graph.of_kind("ClusterStorageContainer", names.GROUP))
        or (uri.text or "").startswith(OCI_NATIVE)  # KServe's own, which nothing else downloads
    )


def _unsupported(component: Draft, uri: Node) -> Failure | None:
    text = uri.text or ""
    settings = component.owner.settings
    if text.startswith(OCI_FETCH) and (settings.copied or not settings.told):
        return None  # the KServe that is deployed may be later than the releases
    if is_oci(component, text) or kind_of(component, text) != UNSUPPORTED:
        return None
    known = ", ".join(prefixes(component))
    message = (
        f"StorageURI not supported: storageUri, must be one of: [{known}] or match "
        "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. "
        f"StorageUri [{text}] is not supported"
    )
    code = LATER_URI if text.startswith(OCI_FETCH) else "unsupported-storage-uri"
    return Failure("controller", message, uri, code)


def _image_failures(component: Draft) -> Iterator[Failure]:
    """MaxOCISourcesPerPod and ValidateOCIMountPaths, of the items that begin with oci://."""
    if not component.owner.settings.has("several-images") or not attached_images(component):
        return
    listed = [
        (u, path) for u, path in listed_uris(component) if (u.text or "").startswith("oci://")
    ]
    prefix = f"fails to create NewRawKubeReconciler for {component.name}: "
    if len(listed) > _MOST_IMAGES:
        text = f"too many OCI sources ({len(listed)}); maximum is {_MOST_IMAGES} per pod"
        yield Failure("controller", prefix + text, listed[_MOST_IMAGES][0], "too-many-images")
        return
    native = oci_mode(component, "oci://") == NATIVE
    seen: dict[str, str] = {}
    for uri, path in listed:
        place = path if native else posixpath.dirname(path) or "/"
        if place in seen and native:
            text = (
                f"OCI mount path {printed(path)} is specified more than once; "
                "each native ImageVolume must have a unique mount path"
            )
        elif place in seen:
            text = (
                f"OCI mount paths {printed(seen[place])} and {printed(path)} share parent "
                f"directory {printed(place)}, which would cause volume mount shadowing; "
                "use mount paths with distinct parent directories"
            )
        else:
            seen[place] = path
            continue
        yield Failure("controller", prefix + text, uri, "image-mounts-collide")
        return


def _list_failures(component: Draft) -> list[Failure]:
    listed = listed_uris(component)
    if not listed or attached_images(component):
        return []
    pod_spec = component.built.pod_spec
    if pod_spec is not None and target_container(pod_spec) is None:
        message = "Invalid configuration: cannot find container"
        return [Failure("controller", message, listed[0][0], "no-model-container")]
    first = listed[0][0]
    chosen = named_container(component, first.text or "")
    if chosen is not None and chosen.error:
        return [Failure("controller", chosen.error, _choosing(component), "storage-container")]
    own = [] if pod_spec is None else init_containers(pod_spec)
    if any(each.string("name") == "storage-initializer" for each in own):
        return []  # which KServe then leaves alone
    containers = used_containers(component, first.text or "")
    refusing = [c for c in containers if c.spec.boolean("supportsMultiModelDownload") is not True]
    if not containers or len(refusing) < len(containers):
        return []
    name = refusing[0].spec.string("container", "name") or ""
    message = (
        f'storage container "{name}" does not support multi-model download; '
        "use the default kserve storage initializer or a compatible storage container"
    )
    return [Failure("controller", message, listed[0][0], "single-model-downloader")]


def _choosing(component: Draft) -> Node:
    return component.stored.get("storageContainerName") or component.stored


def _pod_failures(component: Draft) -> list[Failure]:
    uri, pod_spec = single_uri(component), component.built.pod_spec
    chosen = None if uri is None else named_container(component, uri.text or "")
    if chosen is not None and chosen.error:
        return [Failure("pod-webhook", chosen.error, _choosing(component), "storage-container")]
    if uri is not None and pod_spec is not None and target_container(pod_spec) is None:
        message = "Invalid configuration: cannot find container"
        return [Failure("pod-webhook", message, uri, "no-model-container")]
    identity = storage_identity(component)
    if identity is None:
        return []
    node = component.stored.at("model", "storage") or identity.account_node or component.stored
    if identity.spec is not None:
        error = identity.spec.error
        return [Failure("pod-webhook", error, node, "storage-spec")] if error else []
    if identity.account_answer == ABSENT:
        return []  # the Secrets are read after the account was found
    return [
        Failure("pod-webhook", f'secrets "{use.name}" not found', use.node or node, "no-secret")
        for use in identity.secrets
        if use.answer == ABSENT
    ]
