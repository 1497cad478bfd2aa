"""The mutating webhook: an InferenceService as the API server stores it.

Mirrors pkg/apis/serving/v1beta1/inference_service_defaults.go @v0.19.0 and the `Default`
methods of the component implementations beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.tree import is_empty, put, put_missing, replace_item, without
from kslint.source.nodes import Map, Origin, Scalar, made

if TYPE_CHECKING:
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

_DEFAULTS = "pkg/apis/serving/v1beta1/inference_service_defaults.go"
_RESOURCE_SETTINGS = (
    ("requests", "cpu", "cpuRequest"),
    ("requests", "memory", "memoryRequest"),
    ("limits", "cpu", "cpuLimit"),
    ("limits", "memory", "memoryLimit"),
)
V2_FRAMEWORKS = frozenset({"triton", "onnx", "huggingface"})


def webhook_origin(text: str) -> Origin:
    """The origin of what the mutating webhook adds by itself."""
    return Origin("controller", text, f"{_DEFAULTS} @v0.19.0")


def defaulted(body: Map, settings: Settings) -> Map:
    """The stored InferenceService: what the user wrote and what the webhook adds.

    Never raises; a part with a wrong shape is left as it is.
    """
    annotated = body.string("metadata", "annotations", names.DEPLOYMENT_MODE)
    body = _mode_annotation(_pruned(body, settings), settings)
    spec = body.get("spec")
    predictor = body.at("spec", "predictor")
    if not isinstance(spec, Map) or not isinstance(predictor, Map):
        return body
    if annotated != names.MODELMESH:
        predictor = _framework_to_model(predictor)
        predictor = _model_defaults(predictor, settings)
        if _is_custom(predictor):
            predictor = _custom_predictor(predictor, settings)
        body = put(body, ("spec", "predictor"), predictor)
        if settings.has("model-format-annotation"):
            body = _format_annotation(body, predictor)
    for name in ("transformer", "explainer"):
        component = body.at("spec", name)
        if isinstance(component, Map):
            body = put(body, ("spec", name), _custom_component(name, component, settings))
    if not settings.flag("security", "autoMountServiceAccountToken"):
        body = _no_token(body)
    return body


_LATER_FIELDS = {
    "storageUris": "storage-uris",
    "autoScaling": "keda-scaler",
    "workerSpec": "multi-node",
}


def _pruned(body: Map, settings: Settings) -> Map:
    """The object without the fields that its CRD does not have, as far as they would matter."""
    gone = [field for field, change in _LATER_FIELDS.items() if not settings.has(change)]
    for name in ("predictor", "transformer", "explainer") if gone else ():
        component = body.at("spec", name)
        if not isinstance(component, Map):
            continue
        kept = without(component, *gone)
        logger = kept.get("logger")
        if "storageUris" in gone and isinstance(logger, Map):
            kept = put(kept, ("logger",), without(logger, "storage"))
        body = put(body, ("spec", name), kept)
    return body


def with_resource_defaults(container: Node, settings: Settings) -> Map:
    """A container with the configured requests and limits where it has none of that key.

    Each of the four is filled by itself and without a look at the other side
    (setResourceRequirementDefaults).
    """
    filled = container if isinstance(container, Map) else Map({})
    for side, resource, setting in _RESOURCE_SETTINGS:
        value = _resource(settings, setting)
        if value is not None and not is_empty(value):
            path = ("resources", side, resource)
            filled = put_missing(filled, path, _filled_in(value, f"{side}.{resource}"))
    return filled


_RESOURCES = {"cpuRequest": "1", "memoryRequest": "2Gi", "cpuLimit": "1", "memoryLimit": "2Gi"}


def _resource(settings: Settings, setting: str) -> Node | None:
    """What a container gets where it says nothing: by the settings, or else by the code."""
    if settings.has("resources-from-settings"):
        return settings.get("inferenceService", "resource", setting)
    reference = f"{_DEFAULTS}:45-54 @v0.14.1"
    return made(_RESOURCES[setting], Origin("controller", "KServe's default", reference))


def _filled_in(value: Node, field: str) -> Node:
    """A quantity setting as the webhook writes it: a 2 in the values is the text "2" here."""
    other = Scalar(value.text or "", plain_style=False)
    text = f"KServe's webhook, which fills in a missing {field}"
    kind = "config" if value.origin is None else value.origin.kind
    other.origin = Origin(kind, text, f"{_DEFAULTS}:59-96 @v0.19.0", None, value.origin)
    return other


def _mode_annotation(body: Map, settings: Settings) -> Map:
    path = ("metadata", "annotations", names.DEPLOYMENT_MODE)
    written = body.at(*path)
    if not settings.has("new-mode-names"):
        return _with_old_mode(body, written, settings)
    if isinstance(written, Scalar):
        modern = names.LEGACY_MODES.get(written.text)
        if modern is None or not settings.has("old-mode-names-replaced"):
            return body
        renamed = Scalar(modern, False, None, written.source, written.start, written.end)
        renamed.key = written.key
        renamed.origin = webhook_origin(f"the webhook, which renames {written.text}")
        return put(body, path, renamed)
    default = settings.text("deploy", "defaultDeploymentMode")
    default = names.LEGACY_MODES.get(default, default)
    if default in (names.STANDARD, names.MODELMESH):
        node = settings.get("deploy", "defaultDeploymentMode")
        assert node is not None
        origin = node.origin or webhook_origin("deploy.defaultDeploymentMode")
        return put(body, path, made(default, origin))
    return body


def _with_old_mode(body: Map, written: Node | None, settings: Settings) -> Map:
    """The annotation under the names that modes had before 0.16."""
    node = settings.get("deploy", "defaultDeploymentMode")
    if written is not None or node is None or node.text not in (names.RAW, names.MODELMESH):
        return body
    origin = node.origin or webhook_origin("deploy.defaultDeploymentMode")
    return put(body, ("metadata", "annotations", names.DEPLOYMENT_MODE), made(node.text, origin))


def _framework_to_model(predictor: Map) -> Map:
    """A legacy framework key becomes `model`, over an existing one and without a word."""
    for framework in names.FRAMEWORKS:
        block = predictor.get(framework)
        if not isinstance(block, Map):
            continue
        origin = webhook_origin(f"the webhook, from the legacy key `{framework}`")
        entries = {k: v for k, v in block.entries.items() if k not in ("modelFormat", "runtime")}
        entries["modelFormat"] = made({"name": framework}, origin)
        if "protocolVersion" not in entries and framework in V2_FRAMEWORKS:
            entries["protocolVersion"] = made("v2", origin)
        model = block.with_entries(entries)
        remaining = without(predictor, framework)
        return remaining.with_entries({**remaining.entries, "model": model})
    return predictor


def _model_defaults(predictor: Map, settings: Settings) -> Map:
    model = predictor.get("model")
    formats = ("triton", "vLLM") if settings.has("vllm-speaks-v2") else ("triton",)
    if isinstance(model, Map) and model.string("modelFormat", "name") in formats:
        v2 = made("v2", webhook_origin("the webhook's default for Triton and vLLM"))
        return put(predictor, ("model",), put_missing(model, ("protocolVersion",), v2))
    return predictor


def _format_annotation(body: Map, predictor: Map) -> Map:
    name = predictor.string("model", "modelFormat", "name")
    if not name:
        return body
    value = made(name, webhook_origin("the webhook, from modelFormat"))
    return put_missing(body, ("metadata", "annotations", names.MODEL_FORMAT), value)


def _is_custom(predictor: Map) -> bool:
    """Is the container list the predictor's one implementation? (validateExactlyOne...)"""
    return predictor.get("model") is None and not is_empty(predictor.get("containers"))


def _custom_predictor(predictor: Map, settings: Settings) -> Map:
    containers = predictor.at("containers")
    children = [] if containers is None else containers.elements()
    first = children[0] if children else None
    if not isinstance(first, Map):
        return predictor
    if len(children) == 1 or not first.string("name"):
        first = _renamed(first, "the webhook, which names a lone or nameless first container")
    first = with_resource_defaults(first, settings)
    return put(predictor, ("containers",), replace_item(containers, 0, first))


def _custom_component(name: str, component: Map, settings: Settings) -> Map:
    """Transformer and explainer: the first container gets the name and the resources.

    Only where there is exactly one implementation; the webhook skips others here.
    """
    containers = component.get("containers")
    children = [] if containers is None else containers.elements()
    art = component.get("art")
    if not children and name == "explainer" and isinstance(art, Map):
        return put(component, ("art",), _art_explainer(art, settings))
    if not children or art is not None:
        return component
    first = children[0]
    if not isinstance(first, Map):
        return component
    first = _renamed(first, f"the webhook, which names the {name}'s first container")
    first = with_resource_defaults(first, settings)
    return put(component, ("containers",), replace_item(containers, 0, first))


def _art_explainer(art: Map, settings: Settings) -> Map:
    name = made(names.PREDICTOR_CONTAINER, webhook_origin("the webhook, for the ART explainer"))
    version = settings.get("explainers", "art", "defaultImageVersion")
    if version is not None:
        art = put_missing(art, ("runtimeVersion",), version)
    return with_resource_defaults(put(art, ("name",), name), settings)


def _renamed(container: Map, reason: str) -> Map:
    written = container.get("name")
    if written is not None and written.text == names.PREDICTOR_CONTAINER:
        return container
    name = Scalar(names.PREDICTOR_CONTAINER, plain_style=False)
    name.origin = webhook_origin(reason)
    if written is not None:
        name.source, name.start, name.end = written.source, written.start, written.end
        name.key = written.key
    return container.with_entries({"name": name, **without(container, "name").entries})


def _no_token(body: Map) -> Map:
    origin = webhook_origin("the webhook, since security.autoMountServiceAccountToken is off")
    for name in ("predictor", "transformer", "explainer"):
        if isinstance(body.at("spec", name), Map):
            path = ("spec", name, "automountServiceAccountToken")
            body = put_missing(body, path, made(False, origin))
    return body
