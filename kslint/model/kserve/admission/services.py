"""What KServe's webhook and controller refuse of an InferenceService, before any object is made.

Mirrors pkg/apis/serving/v1beta1/inference_service_validation.go and, for the controller,
pkg/controller/v1beta1/inferenceservice/{components,reconcilers,utils} @v0.19.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kserve.admission.canaries import canary_rejections, confidential_rejections
from kslint.model.kserve.admission.components import (
    extension_rejections,
    given,
    refused,
    said,
    scaling_rejections,
)
from kslint.model.kserve.admission.runtimes import (
    NAME_PATTERN,
    blocked_variables,
    parallel_sizes,
    parallel_variables,
    unknown_gpu,
)
from kslint.model.kserve.admission.storage import (
    model_server,
    storage_spec_rejections,
    storage_uris_rejections,
    variable,
)
from kslint.model.kserve.metadata import autoscaler_class
from kslint.model.kserve.storage.failures import storage_failures
from kslint.model.kubernetes.admission.field_errors import child, opaque, templated
from kslint.model.kubernetes.pod import container_named, containers, init_containers
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

_CLASSES = ("hpa", "external", "keda", "none")
_FIRST_CLASSES = _CLASSES[:2]
_IMPLEMENTATIONS = {
    "predictor": (
        (
            "SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, LightGBM, "
            "Paddle, Model, StorageUris, StorageContainerName, WorkerSpec, PodSpec"
        ),
        "PredictorSpec",
    ),
    "transformer": ("PodSpec, ComponentExtensionSpec", "TransformerSpec"),
    "explainer": ("ART, PodSpec, ComponentExtensionSpec", "ExplainerSpec"),
}
"""How ExactlyOneErrorFor names them: all fields of the struct but the last."""
_NEW_FIELDS = (
    ("multi-node", "WorkerSpec, "),
    ("storage-uris", "StorageUris, "),
    ("named-storage-container", "StorageContainerName, "),
)
"""Fields that a predictor has got, with the change that brought each."""


def rejections(isvc: InferenceService) -> list[Failure]:
    """Every rejection of the validating webhook, in its order; a user sees the first.

    Messages are the webhook's own, without `admission webhook "..." denied the request: `.
    What depends on a deployment mode that the input does not settle is left out, and so is what
    only an update can break. Never raises.
    """
    body = isvc.stored
    predictor = body.at("spec", "predictor")
    found = [*_name(body), *_autoscaler_class(body, isvc.settings)]
    if isvc.settings.has("utilization-annotation-refused"):
        found += _utilization(body)
    if predictor is not None and not predictor.is_null and not isinstance(predictor, Map):
        return found
    if isvc.settings.has("pythonpath-refused"):
        found += _blocked(body)
    if isinstance(predictor, Map):
        found += _multi_node(isvc, predictor)
        found += _collocation(predictor)
        if isvc.settings.has("model-name-refused"):
            found += _model_name(predictor)
    for name in ("transformer", "explainer", "predictor"):
        found += storage_uris_rejections(name, body.at("spec", name))
    if not isinstance(predictor, Map):
        found.append(_not_one("predictor", body.nearest("spec", "predictor"), isvc.settings))
    if isvc.settings.has("confidential-models"):
        found += confidential_rejections(predictor)
    for component in isvc.components:
        found += _component(isvc, component)
    if isvc.settings.has("canaries") and isvc.mode_is_known:
        found += canary_rejections(body)
    return found


def _model_name(predictor: Map) -> Iterator[Failure]:
    """As validatePredictor."""
    for field in (*names.FRAMEWORKS, "model"):
        if said(predictor.get(field), "name"):
            message = "the 'name' field is not allowed in standard predictor"
            yield refused(message, child(child(predictor, field), "name"), "name-in-model")


def _not_one(component: str, node: Node, settings: Settings) -> Failure:
    """ExactlyOneErrorFor."""
    fields, kind = _IMPLEMENTATIONS[component]
    for change, field in _NEW_FIELDS:
        fields = fields if settings.has(change) else fields.replace(field, "")
    if component == "predictor" and settings.has("named-predictor"):
        fields = f"Name, {fields}"
    message = f"exactly one of [{fields}] must be specified in {kind}"
    return refused(message, node, "exactly-one-implementation")


def _component(isvc: InferenceService, component: Component) -> Iterator[Failure]:
    """One implementation, which is valid; the extension's fields; scaling."""
    implementations = _implementations(component)
    if len(implementations) != 1:
        node = (implementations or [component.written])[-1]
        yield _not_one(component.name, node, isvc.settings)
    elif component.name == "predictor":
        yield from _protocol(component.stored)
    elif component.name == "explainer" and component.stored.get("art") is not None:
        yield from storage_spec_rejections(component.stored.get("art"))
    yield from extension_rejections(component.stored)
    if isvc.mode_is_known:
        annotations = isvc.stored.at("metadata", "annotations")
        yield from scaling_rejections(annotations, component.stored, isvc.settings)


def _name(body: Map) -> Iterator[Failure]:
    name = body.at("metadata", "name")
    text = "" if name is None else name.text or ""
    if name is not None and text and not opaque(text) and not re.fullmatch(NAME_PATTERN, text):
        message = (
            f'the InferenceService "{text}" is invalid: a InferenceService name must consist of '
            "lower case alphanumeric characters or '-', and must start with alphabetical "
            'character. (e.g. "my-name" or "abc-123", regex used for validation is '
            f"'{NAME_PATTERN}')"
        )
        yield refused(message, name, "invalid-name")


def _classes(settings: Settings) -> tuple[str, ...]:
    return _CLASSES if settings.has("keda-scaler") else _FIRST_CLASSES


def _autoscaler_class(body: Map, settings: Settings) -> Iterator[Failure]:
    node = given(body.at("metadata", "annotations"), names.AUTOSCALER_CLASS)
    text = None if node is None else node.text
    if (
        node is not None
        and text is not None
        and not templated(text)
        and text not in _classes(settings)
    ):
        message = f"[{text}] is not a supported autoscaler class type"
        yield refused(message, node, "unknown-autoscaler-class")


def _utilization(body: Map) -> Iterator[Failure]:
    """As validateAutoscalerTargetUtilizationPercentage."""
    node = given(body.at("metadata", "annotations"), names.TARGET_UTILIZATION)
    text = None if node is None else node.text
    if node is None or text is None or templated(text):
        return
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or not 1 <= int(text) <= 100:
        message = "the target utilization percentage should be a [1-100] integer"
        yield refused(message, node, "scale-target-out-of-range")


def _of(body: Map) -> str:
    return f'the InferenceService "{body.string("metadata", "name") or ""}" is invalid: '


def _blocked(body: Map) -> Iterator[Failure]:
    """validateBlockedEnvVars: PYTHONPATH, wherever it can be set."""
    predictor, prefix = body.at("spec", "predictor"), _of(body)
    yield from blocked_variables(containers(predictor), prefix)
    yield from blocked_variables(init_containers(predictor), prefix)
    server = model_server(predictor)
    if server is not None:
        yield from blocked_variables([server], prefix)
    for part in (
        None if predictor is None else predictor.get("workerSpec"),
        body.at("spec", "transformer"),
        body.at("spec", "explainer"),
    ):
        yield from blocked_variables(containers(part), prefix)
        yield from blocked_variables(init_containers(part), prefix)
    art = body.at("spec", "explainer", "art")
    if art is not None:
        # the mutating webhook has given it the name of the model server's container
        yield from blocked_variables([art], prefix, names.PREDICTOR_CONTAINER)


def _multi_node(isvc: InferenceService, predictor: Map) -> Iterator[Failure]:
    """As validateMultiNodeVariables."""
    worker = given(predictor, "workerSpec")
    prefix = _of(isvc.stored)
    if not isinstance(worker, Map):
        return
    servers = containers(worker)
    if len(servers) > 1:
        message = f"{prefix}setting multiple containers in workerSpec is not allowed"
        yield refused(message, servers[1], "two-worker-containers")
    model = given(predictor, "model")
    if isinstance(model, Map):
        yield from parallel_variables(model, prefix)
        yield from _gpu_types(isvc, model, prefix)
        yield from _multi_node_storage(isvc, predictor, model, prefix)
    yield from parallel_sizes(worker, f"{prefix}WorkerSpec")
    for server in servers:
        yield from _gpu_types(isvc, server, prefix)


def _gpu_types(isvc: InferenceService, container: Node, prefix: str) -> Iterator[Failure]:
    annotations = isvc.stored.at("metadata", "annotations")
    wrong = unknown_gpu(container, annotations, isvc.settings)
    if wrong is not None and wrong.message:
        yield refused(wrong.message, wrong.node, "invalid-gpu-types-annotation")
    elif wrong is not None:
        message = (
            f"{prefix}Unknown GPU resource type. Set 'serving.kserve.io/gpu-resource-types' "
            "annotation to use custom gpu resource type"
        )
        yield refused(message, wrong.node, "unknown-gpu-type")


def _multi_node_storage(
    isvc: InferenceService, predictor: Map, model: Map, prefix: str
) -> Iterator[Failure]:
    uri = given(model, "storageUri")
    if uri is None:
        message = f"{prefix}StorageURI must be set for multinode enabled"
        yield refused(message, model, "multi-node-without-storage")
    elif uri.text is not None and not opaque(uri.text):
        scheme = uri.text.split("://")[0]
        if scheme not in ("pvc", "oci"):
            message = f"{prefix}Multinode only supports 'pvc' and 'oci' Storage Protocol({scheme})"
            yield refused(message, uri, "multi-node-storage-scheme")
    annotations = isvc.stored.at("metadata", "annotations")
    scaler = said(annotations, names.AUTOSCALER_CLASS)
    if scaler is not None and scaler != "none":
        node = given(annotations, names.AUTOSCALER_CLASS) or child(predictor, "workerSpec")
        message = f"{prefix}Multinode only supports 'none' autoscaler({scaler})"
        yield refused(message, node, "multi-node-autoscaler")


def _collocation(predictor: Map) -> Iterator[Failure]:
    transformer = container_named(predictor, names.TRANSFORMER_CONTAINER)
    uri = variable(transformer, "STORAGE_URI")
    if uri is not None:
        message = "storage uri should not be specified in transformer container"
        yield refused(message, uri, "storage-uri-on-transformer")


def _implementations(component: Component) -> list[Node]:
    """What counts as an implementation, as nodes; what was written last comes last.

    Containers of a transformer or explainer are read as written: the webhook gives an empty
    component none (upstream defaults only what has exactly one implementation).
    """
    own = component.stored
    found: list[Node] = []
    if component.name != "predictor":
        art = given(own, "art") if component.name == "explainer" else None
        custom = containers(component.written)
        return [node for node in (art, custom[0] if custom else None) if node is not None]
    found = [node for f in (*names.FRAMEWORKS, "model") if (node := given(own, f)) is not None]
    servers = containers(own)
    named = [c.get("name") or c for c in servers if c.string("name") == names.PREDICTOR_CONTAINER]
    if not component.owner.settings.has("transformer-beside-model"):
        named = servers[:1]
    found += named or ([] if found or not servers else servers[:1])
    return sorted(found, key=_position)


def _position(node: Node) -> tuple[int, int]:
    start = (node.key and node.key.start) or node.start
    return (0, 0) if start is None else (start.line, start.column)


def _protocol(predictor: Node) -> Iterator[Failure]:
    """PROTOCOL of a custom predictor. Upstream's message has its two values swapped."""
    servers = containers(predictor)
    item = variable(servers[0], "PROTOCOL") if servers and not model_server(predictor) else None
    value = said(item, "value")
    if item is not None and value is not None and value not in ("v1", "v2"):
        message = f"invalid protocol v1, v2. Must be one of [{value}]"
        yield refused(message, child(item, "value"), "invalid-protocol")


def controller_refusals(isvc: InferenceService) -> list[Failure]:
    """What the controller refuses before it builds a pod: storage, autoscaler class, mode.

    Messages are those of the component's `ReconcileFailed` or error event. Runtimes and
    placeholders are `Component.built.failures`. Never raises.
    """
    found: list[Failure] = []
    if isvc.mode.name == names.MODELMESH:
        return found
    for component in isvc.components:
        found += storage_failures(component)
        if isvc.mode.name == names.STANDARD and isvc.mode_is_known:
            found += _raw_refusals(isvc, component)
    return found


def _other_metrics(component: Component) -> Iterator[Failure]:
    """Metrics of no resource, over which fails what prepares a HorizontalPodAutoscaler."""
    if autoscaler_class(component.metadata) not in ("hpa", "external"):
        return
    for metric in component.stored.listed("autoScaling", "metrics"):
        if isinstance(metric, Map) and metric.get("resource") is None:
            message = "runtime error: invalid memory address or nil pointer dereference"
            yield Failure("controller", message, metric, "metric-of-no-resource")
            return


def _raw_refusals(isvc: InferenceService, component: Component) -> Iterator[Failure]:
    """NewRawKubeReconciler by the merged annotations: class of autoscaler, deployment mode."""
    prefix = f"fails to create NewRawKubeReconciler for {component.name}: "
    annotations = component.metadata.get("annotations")
    scaler = given(annotations, names.AUTOSCALER_CLASS)
    own = given(isvc.stored.at("metadata", "annotations"), names.AUTOSCALER_CLASS)
    text = None if scaler is None else scaler.text
    known = text is None or templated(text) or text in _CLASSES
    if scaler is not None and not known and scaler is not own:
        message = f"{prefix}unknown autoscaler class type: {text}"
        yield Failure("controller", message, scaler, "unknown-autoscaler-class")
    if not isvc.settings.has("scaler-skips-other-metrics"):
        yield from _other_metrics(component)
    mode = given(annotations, names.DEPLOYMENT_MODE)
    text = said(annotations, names.DEPLOYMENT_MODE)
    modern = names.LEGACY_MODES.get(text or "", text)
    if mode is not None and modern and modern != names.STANDARD:
        message = f"{prefix}unsupported deployment mode for workload: {modern}"
        yield Failure("controller", message, mode, "unsupported-deployment-mode")
