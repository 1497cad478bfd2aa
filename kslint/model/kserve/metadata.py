"""Names, labels and annotations of the objects of a component.

Mirrors pkg/controller/v1beta1/inferenceservice/components/{component,predictor,transformer,
explainer}.go and NewInferenceServicesConfig (pkg/apis/serving/v1beta1/configmap.go:224-254)
@v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.workload import controller_origin, predictor_name
from kslint.model.kubernetes.pod import container_named
from kslint.model.tree import put
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

SCHEME_PLACEHOLDER = "<scheme-placeholder>"
"""The scheme of a storage.path, which only the Secret tells (credentials.UriSchemePlaceholder)."""
MULTI_MODEL_ENV = "MULTI_MODEL_SERVER"
MODEL_CONFIG_PATH = "/mnt/configs"

_UNPROPAGATED = frozenset(
    {
        "autoscaling.knative.dev/max-scale",
        "autoscaling.knative.dev/min-scale",
        "kubectl.kubernetes.io/last-applied-configuration",
        names.SOURCE_URI,
        names.MODEL_FORMAT,
    }
)
"""ServiceAnnotationDisallowedList, pkg/constants/constants.go:506-512."""


def unpropagated(settings: Settings) -> frozenset[str]:
    """The annotations that stay on the InferenceService: KServe's own list and the settings'."""
    if not settings.has("settings-disallow-annotations"):
        return _UNPROPAGATED
    listed = settings.get("inferenceService", "serviceAnnotationDisallowedList")
    more = [] if listed is None else listed.elements()
    return _UNPROPAGATED.union(item.text or "" for item in more)


def metadata(isvc: Map, component: str, runtime_spec: Node | None, settings: Settings) -> Map:
    """Name, labels and annotations of a component's objects (buildObjectMeta).

    Runtime < InferenceService < what KServe notes for its webhook < component; the last wins.
    """
    origin = controller_origin("the component's object metadata", "components/predictor.go:450-471")
    name = isvc.string("metadata", "name") or ""
    written = (
        None if runtime_spec is None else runtime_spec.from_origin(
            Origin("runtime", "the runtime's labels and annotations")
        ),
        isvc.get("metadata"),
        isvc.at("spec", component),
    )  # fmt: skip
    labels: dict[str, Node] = {}
    for source in written:
        labels.update(_entries(source, "labels"))
    labels["serving.kserve.io/inferenceservice"] = made(name, origin)
    labels["component"] = made(component, origin)
    dropped = unpropagated(settings)
    annotations: dict[str, Node] = {}
    for source in written:
        given = _entries(source, "annotations")
        annotations.update({k: v for k, v in given.items() if k not in dropped})
        if source is written[1]:
            annotations.update(_notes(isvc, component, settings))
    named = predictor_name(isvc, settings) if component == "predictor" else f"{name}-{component}"
    result = Map({"name": made(named, origin)})
    result.origin = origin
    namespace = isvc.at("metadata", "namespace")
    if namespace is not None:
        result = put(result, ("namespace",), namespace)
    for field, entries in (("labels", labels), ("annotations", annotations)):
        if entries:
            holder = Map(entries)
            holder.origin = origin
            result = put(result, (field,), holder)
    return result


def worker_metadata(head: Map, isvc: Map, runtime_spec: Node | None, settings: Settings) -> Map:
    """Those of a multi-node predictor's workers: of the runtime only its workerSpec counts.

    Source: components/predictor.go:473-504.
    """
    of_worker = None if runtime_spec is None else runtime_spec.get("workerSpec")
    origin = controller_origin("the worker's object metadata", "components/predictor.go:485-503")
    found = metadata(isvc, "predictor", of_worker, settings)
    return put(found, ("name",), made(f"{head.string('name')}-worker", origin))


def autoscaler_class(meta: Node) -> str:
    """hpa, keda, external or none; by annotation of the component's objects."""
    written = meta.at("annotations", names.AUTOSCALER_CLASS)
    return "hpa" if written is None else written.text or ""


def source_uri(isvc: Map, component: str) -> Node | None:
    """The single storageUri of a component: of the model, of ART, or a container's STORAGE_URI.

    Of a predictor only kserve-container counts, of others the first container.
    """
    part = isvc.at("spec", component)
    if part is None:
        return None
    for field in ("model", "art"):
        uri = part.at(field, "storageUri")
        if uri is not None and not uri.is_null:
            return uri
    container = container_named(part, names.PREDICTOR_CONTAINER)
    if component != "predictor":
        container = part.at("containers", 0)
    env = None if container is None else container.get("env")
    for item in [] if env is None else env.elements():
        if item.string("name") == "STORAGE_URI":
            return item.get("value")
    return None


def is_multi_model(predictor: Node) -> bool:
    """Does the predictor get its models through the agent (IsMMSPredictor)?

    Any `model` without storage does, unless it is of format huggingface or the predictor also
    lists containers; a custom one says so with MULTI_MODEL_SERVER.
    """
    first = predictor.at("containers", 0)
    if first is not None:
        env = first.get("env")
        return any(
            item.string("name") == MULTI_MODEL_ENV and item.string("value") == "true"
            for item in ([] if env is None else env.elements())
        )
    model = predictor.get("model")
    if not isinstance(model, Map) or model.string("modelFormat", "name") == "huggingface":
        return False
    given = (model.get("storageUri"), model.get("storage"), predictor.at("storageUris", 0))
    return all(node is None or node.is_null for node in given)


def _entries(holder: Node | None, field: str) -> dict[str, Node]:
    node = None if holder is None else holder.get(field)
    return {} if node is None else dict(node.items())


def _notes(isvc: Map, component: str, settings: Settings) -> dict[str, Node]:
    """The internal annotations: what the pod webhook is to inject."""
    part = isvc.at("spec", component) or Map({})
    notes: dict[str, str | Node] = {**_of_logger(part.get("logger"))}
    if component != "explainer":
        notes.update(_of_batcher(part.get("batcher")))
    if component == "predictor":
        notes.update(_of_storage(part.at("model", "storage")))
        if is_multi_model(part):
            notes["agent"] = "true"
            notes["configVolumeName"] = model_config_name(isvc)
            notes["configMountPath"] = MODEL_CONFIG_PATH
            notes["modelDir"] = names.MODEL_MOUNT_PATH
    uri = source_uri(isvc, component)
    if uri is not None:
        notes["storage-initializer-sourceuri"] = uri
    if component == "predictor":
        notes.update(_of_download(part, uri, settings))
    origin = controller_origin(
        "KServe's notes for its pod webhook", "components/component.go:40-110"
    )
    return {
        f"{names.INTERNAL}/{name}": made(note, origin) if isinstance(note, str) else note
        for name, note in notes.items()
    }


def model_config_name(isvc: Map) -> str:
    """The ConfigMap that lists the models of a multi-model server; there is one shard."""
    return f"modelconfig-{isvc.string('metadata', 'name') or ''}-0"


def _of_download(predictor: Node, uri: Node | None, settings: Settings) -> dict[str, str | Node]:
    """The ClusterStorageContainer that is asked for, and whether a model is encrypted."""
    notes: dict[str, str | Node] = {}
    container = predictor.get("storageContainerName")
    named = container is not None and bool(container.text)
    if settings.has("named-storage-container") and uri is not None and named:
        assert container is not None
        notes["storage-container-name"] = container
    secret = predictor.at("model", "confidential")
    if settings.has("confidential-models") and secret is not None and secret.boolean("enabled"):
        notes["confidential-enabled"] = "true"
        resource = secret.get("resourceId")
        if resource is not None and resource.text:
            notes["confidential-resource-id"] = resource
    return notes


def _of_logger(logger: Node | None) -> dict[str, str | Node]:
    if not isinstance(logger, Map):
        return {}
    notes: dict[str, str | Node] = {"logger": "true", "logger-mode": logger.string("mode") or ""}
    url = logger.get("url")
    if url is not None and not url.is_null:
        notes["logger-sink-url"] = url
    for field, note in (
        ("metadataHeaders", "logger-metadata-headers"),
        ("metadataAnnotations", "logger-metadata-annotations"),
    ):
        listed = logger.get(field)
        if isinstance(listed, Seq):
            notes[note] = ",".join(item.text or "" for item in listed.children)
    return notes


def _of_batcher(batcher: Node | None) -> dict[str, str | Node]:
    if not isinstance(batcher, Map):
        return {}
    notes: dict[str, str | Node] = {"batcher": "true"}
    for field, note in (
        ("maxBatchSize", "batcher-max-batchsize"),
        ("maxLatency", "batcher-max-latency"),
    ):
        value = batcher.integer(field)
        if value is not None:
            notes[note] = str(value)
    return notes


def _of_storage(storage: Node | None) -> dict[str, str | Node]:
    if not isinstance(storage, Map):
        return {}
    notes: dict[str, str | Node] = {"storage-spec": "true"}
    parameters = storage.get("parameters")
    if isinstance(parameters, Map):
        notes["storage-spec-param"] = go_json({k: v.text or "" for k, v in parameters.items()})
    key = storage.get("key")
    if key is not None and not key.is_null:
        notes["storage-spec-key"] = key
    path = storage.string("path")
    if path is not None:
        path = path.removeprefix("/")
        notes["storage-initializer-sourceuri"] = f"{SCHEME_PLACEHOLDER}://{path}"
    return notes


def go_json(texts: dict[str, str]) -> str:
    """Go's json.Marshal of a map of strings: sorted, dense, and safe within HTML."""
    import json

    text = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
