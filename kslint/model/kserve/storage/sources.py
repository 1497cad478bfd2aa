"""Where a component's model comes from, and who fetches it with which credentials.

Mirrors pkg/webhook/admission/pod/storage_initializer_injector.go and
pkg/controller/v1beta1/inferenceservice/utils/utils.go:58-81,413-444 @v0.19.0. What is injected
for it is in pod_webhook.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.metadata import SCHEME_PLACEHOLDER, is_multi_model, source_uri
from kslint.model.kserve.storage.containers import (
    LONGEST_URI,
    is_taken,
)
from kslint.model.kserve.storage.credentials import account_of, account_secrets
from kslint.model.kserve.storage.spec import storage_spec
from kslint.model.kubernetes.pod import container_named
from kslint.model.once import once
from kslint.source.nodes import Origin, Scalar

if TYPE_CHECKING:
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.settings import Settings
    from kslint.model.kserve.storage.credentials import SecretUse
    from kslint.model.kserve.storage.spec import SpecUse
    from kslint.source.nodes import Node

PVC, MODELCAR, INITIALIZER, LOCAL = "pvc", "modelcar", "initializer", "local"
NATIVE, UNSUPPORTED, DROPPED = "image-volume", "unsupported", "dropped"

INJECTOR = "pkg/webhook/admission/pod/storage_initializer_injector.go"
LOCAL_MODEL_LABEL = "internal.serving.kserve.io/localmodel"
LOCAL_MODEL_URI = "internal.serving.kserve.io/localmodel-sourceuri"
LOCAL_MODEL_CLAIM = "internal.serving.kserve.io/localmodel-pvc-name"

_PREFIXES = (
    "gs://", "s3://", "pvc://", "file://", "https://", "http://", "hdfs://", "webhdfs://",
    "oci://", "hf://",
)  # fmt: skip
OCI_NATIVE = "oci+native://"
OCI_FETCH = "oci+fetch://"
"""Not in a release yet: KServe's main branch takes it since August 2026 (d2832a908)."""
_NATIVE_SINCE = "0.20"
"""SupportedStorageURIPrefixList, inferenceservice/utils/utils.go:47-54 @v0.19.0, :48 @v0.20.0."""
_SCHEME = re.compile(r"\w://", re.ASCII)
_AZURE_HOST = "blob.core.windows.net"
_AZURE = re.compile(r"https://(.+?).blob.core.windows.net/(.+)")


class ModelSource(NamedTuple):
    """One place a model is loaded from, as the cluster will do it.

    `kind`: pvc (mounted), modelcar (OCI image as a sidecar), image-volume (mounted by the
    container runtime), initializer (downloaded by the init
    container), local (accepted, but the init container looks in its own image), unsupported (no
    downloader known to the input takes it), dropped (an item of storageUris that is ignored
    without a word). `sub_path` is the effective one: storageUris ignores the path of a claim.
    `hf_*` are "" unless the URI is a well-formed `hf://owner/model[:revision]`
    (kserve_storage.py:544-568). `listed`: it is an item of storageUris.
    """

    uri: Node
    scheme: str
    kind: str
    mount_path: str
    read_only: bool
    claim: str = ""
    sub_path: str = ""
    image: str = ""
    hf_owner: str = ""
    hf_model: str = ""
    hf_revision: str = ""
    listed: bool = False


class StorageIdentity(NamedTuple):
    """Which credentials a download uses.

    `source` is storage-spec, annotation or service-account. `account_answer` is found, absent
    or unknown; with an unknown account `secrets` may lack what only the cluster shows.
    """

    source: str
    account: str
    account_node: Node | None
    account_answer: str
    secrets: tuple[SecretUse, ...]
    spec: SpecUse | None = None


@once
def model_sources(component: Draft) -> list[ModelSource]:
    """Every source of a component: those of storageUris, then the single one."""
    listed, single = listed_uris(component), single_uri(component)
    if not listed and single is None:
        return []
    read_only = readonly(component)
    modelcars = attached_images(component)
    found = []
    for uri, path in listed:
        source = _source(component, uri, path, read_only, True)
        if modelcars and _is_dropped(component, uri, modelcars):
            source = source._replace(kind=DROPPED)
        elif source.kind == MODELCAR and not modelcars:
            source = source._replace(kind=UNSUPPORTED)
        found.append(source)
    if single is not None:
        found.append(_source(component, single, names.MODEL_MOUNT_PATH, read_only, False))
    return found


@once
def attached_images(component: Draft) -> list[Node]:
    """The OCI images in storageUris, by which KServe goes about the list in another way.

    Up to 0.18 it does so only where the list begins with one, and takes any other for a download.
    """
    listed = [uri for uri, _ in listed_uris(component)]
    if not component.owner.settings.has("first-image-of-storage-uris"):
        listed = listed if listed and oci_mode(component, listed[0].text or "") else []
    return [uri for uri in listed if oci_mode(component, uri.text or "")]


@once
def listed_uris(component: Draft) -> list[tuple[Node, str]]:
    """The items of storageUris that have a URI, with their mount path."""
    return [
        (uri, item.string("mountPath") or names.MODEL_MOUNT_PATH)
        for item in component.stored.listed("storageUris")
        if (uri := item.get("uri")) is not None and uri.text
    ]


@once
def single_uri(component: Draft) -> Node | None:
    """The URI of the pod's source annotation: storageUri, STORAGE_URI or storage.path.

    The node stands where the user wrote it. Of storage.path the scheme is a placeholder as
    long as the type or the bucket is not known. A cached model becomes its claim's URI.
    """
    uri = source_uri(component.owner.stored, component.name)
    path = component.stored.at("model", "storage", "path")
    if uri is None and component.name == "predictor" and path is not None and path.text:
        uri = _rewritten(path, _spec_uri(component, path.text), "storage.path")
    if uri is None or not isinstance(uri, Scalar):
        return None
    cached = _cached_uri(component, uri.text)
    return uri if cached is None else _rewritten(uri, cached, "the local model cache")


def readonly(component: Draft) -> bool:
    """Models are mounted read-only unless the annotation says exactly "false"."""
    return component.metadata.string("annotations", names.STORAGE_READONLY) != "false"


def oci_mode(component: Draft, uri: str) -> str:
    """How KServe attaches an OCI image to a component's pods."""
    return image_mode(component.owner.settings, uri)


def image_mode(settings: Settings, uri: str) -> str:
    """How KServe attaches an OCI image: MODELCAR, NATIVE, or "" where it does not.

    ParseOciScheme (pkg/utils/storage.go:626) and ResolveOciModelMode (pkg/types/config.go:48)
    @v0.20.0; earlier releases know the modelcar only.
    """
    enabled = settings.flag("storageInitializer", "enableModelcar")
    if not settings.has("native-images"):
        return MODELCAR if enabled and uri.startswith("oci://") else ""
    configured = settings.text("storageInitializer", "ociModelMode")
    enabled = enabled or settings.flag("storageInitializer", "enableOciModelSupport")
    if not (configured or enabled) or not uri.startswith(("oci://", OCI_NATIVE)):
        return ""
    native = uri.startswith(OCI_NATIVE) or configured == "native"
    return NATIVE if native else MODELCAR


def serves_without_storage(component: Draft) -> bool:
    """True for a multi-model server, which gets the agent."""
    return component.name == "predictor" and is_multi_model(component.stored)


@once
def storage_identity(component: Draft) -> StorageIdentity | None:
    """The credentials of a component's download; None if nothing is downloaded."""
    sources = model_sources(component)
    downloads = [s for s in sources if s.kind not in (PVC, MODELCAR, NATIVE, DROPPED)]
    if not downloads and not serves_without_storage(component):
        return None
    account, node, _, answer = account_of(component)
    spec = storage_spec(component) if uses_storage_spec(component, downloads) else None
    if spec is not None:
        return StorageIdentity("storage-spec", account, node, answer, (spec.secret,), spec)
    wanted = component.owner.settings.text("credentials", "storageSecretNameAnnotation")
    annotated = wanted and component.metadata.string("annotations", wanted)
    source = "annotation" if annotated else "service-account"
    return StorageIdentity(source, account, node, answer, account_secrets(component))


def uses_storage_spec(component: Draft, downloads: list[ModelSource]) -> bool:
    """Does the download read the storage-config Secret? storageUris wants key and parameters."""
    spec = component.stored.at("model", "storage")
    if spec is None or not downloads:
        return False
    if all(source.listed for source in downloads):
        return spec.get("key") is not None and spec.get("parameters") is not None
    return True


def _source(component: Draft, uri: Node, path: str, read_only: bool, listed: bool) -> ModelSource:
    text = uri.text or ""
    scheme = text.partition("://")[0] if "://" in text else ""
    source = ModelSource(uri, scheme, kind_of(component, text), path, read_only, listed=listed)
    if source.kind == PVC:
        claim, _, sub_path = text[len("pvc://") :].partition("/")
        return source._replace(claim=claim, sub_path="" if listed else sub_path)
    if source.kind in (MODELCAR, NATIVE):
        image = text.partition("://")[2]
        return source._replace(image=image, read_only=source.kind == NATIVE)
    if scheme == "hf" and (hub := hub_model(text)) is not None:
        owner, model, revision = hub
        return source._replace(hf_owner=owner, hf_model=model, hf_revision=revision)
    return source


def hub_model(uri: str) -> tuple[str, str, str] | None:
    """Owner, model and revision of an hf:// address; None if it is not just that."""
    owner, _, rest = uri[len("hf://") :].partition("/")
    model, _, revision = rest.partition(":")
    return (owner, model, revision) if owner and model and "/" not in rest else None


def kind_of(component: Draft, uri: str) -> str:
    """ValidateStorageURI's verdict, and what the injector does with it."""
    if uri.startswith("pvc://"):
        return PVC
    if is_oci(component, uri):
        return oci_mode(component, uri) or UNSUPPORTED
    if is_taken(component, uri) or uri.startswith(SCHEME_PLACEHOLDER):
        return INITIALIZER
    if uri.startswith("file://") or not _SCHEME.search(uri):
        return LOCAL
    return INITIALIZER if _by_default_image(component, uri) else UNSUPPORTED


def is_oci(component: Draft, uri: str) -> bool:
    """Does KServe's version take this for an OCI image, whether or not they are enabled?"""
    native = component.owner.settings.has("native-images")
    return uri.startswith(("oci://", OCI_NATIVE) if native else "oci://")


def prefixes(component: Draft) -> tuple[str, ...]:
    """The prefixes that the controller's version lists, in its order."""
    settings = component.owner.settings
    if not settings.has("hub-uris"):
        return _PREFIXES[:-1]
    if not settings.has("native-images"):
        return _PREFIXES
    return (*_PREFIXES[:-1], OCI_NATIVE, _PREFIXES[-1])


def _by_default_image(component: Draft, uri: str) -> bool:
    if _AZURE_HOST in uri:
        return _AZURE.search(uri[:LONGEST_URI]) is not None
    return uri.startswith(prefixes(component))


def _is_dropped(component: Draft, uri: Node, modelcars: list[Node]) -> bool:
    """Beside an OCI image 0.19 keeps no other item, 0.16 to 0.18 not even the image (#5200)."""
    settings = component.owner.settings
    if settings.has("several-images"):
        return False
    return not settings.has("first-image-of-storage-uris") or uri is not modelcars[0]


def _spec_uri(component: Draft, path: str) -> str:
    use = storage_spec(component)
    path = path.removeprefix("/")
    if use is None or use.type is None or (use.type == "s3" and not use.bucket):
        return f"{SCHEME_PLACEHOLDER}://{path}"
    return f"{use.type}://{use.bucket}/{path}" if use.type == "s3" else f"{use.type}://{path}"


def _cached_uri(component: Draft, uri: str) -> str | None:
    """The claim of a LocalModelCache, where the webhook put its label and annotations."""
    meta = component.metadata
    claim = meta.string("annotations", LOCAL_MODEL_CLAIM)
    if meta.string("labels", LOCAL_MODEL_LABEL) is None or not claim:
        return None
    import hashlib

    source = meta.string("annotations", LOCAL_MODEL_URI) or ""
    key = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]
    sub_path = "/" + uri.removeprefix(source).removeprefix("/")
    return f"pvc://{claim}/models/{key}{sub_path}"


def _rewritten(node: Node, text: str, reason: str) -> Scalar:
    """Another text at the same place."""
    other = Scalar(text, False, None, node.source, node.start, node.end)
    other.key = node.key
    other.origin = Origin("controller", reason, f"{INJECTOR}:575-648 @v0.19.0", node.place)
    return other


def target_container(pod_spec: Node) -> Node | None:
    """The container that gets the model: kserve-container, else worker-container."""
    return container_named(pod_spec, names.PREDICTOR_CONTAINER) or container_named(
        pod_spec, names.WORKER_CONTAINER
    )
