"""From a stored InferenceService to the pod spec of each component.

Mirrors pkg/controller/v1beta1/inferenceservice/components/{predictor,transformer,explainer}.go,
utils/utils.go and pkg/apis/serving/v1beta1/transformer_custom.go @v0.19.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.pod import container_named
from kslint.model.tree import (
    appended,
    put,
    strategic_merge,
    without,
)
from kslint.source.nodes import Map, Origin, Scalar, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.runtimes import Runtime
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

CONTROLLER = "pkg/controller/v1beta1/inferenceservice"

_RUNTIME_POD_FIELDS = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
    "schedulerName",
)
"""The only pod fields a runtime passes on (MergePodSpec, utils/utils.go)."""

_HUGGING_FACE = "kserve-huggingfaceserver"
_GPU_SUFFIX_RUNTIMES = frozenset({"kserve-tensorflow-serving", "kserve-torchserve", _HUGGING_FACE})
_GPU_SUFFIX_SERVERS = frozenset({"tensorflow-serving", "torchserve", "huggingfaceserver"})
_CPU_SUFFIX_SERVER = "vllmserver"
_TAG = re.compile(r":[\w.\-_]*$", re.ASCII)
_PLACEHOLDER = re.compile(
    r"\{\{-?\s*\.(Name|Namespace|Labels|Annotations)(?:\.([A-Za-z0-9_]+))?\s*-?\}\}"
)


class Built(NamedTuple):
    """A pod spec, or why there is none. `unknown` says what the model cannot tell."""

    pod_spec: Map | None
    failures: tuple[Failure, ...] = ()
    unknown: str = ""


def controller_origin(text: str, file: str) -> Origin:
    """The origin of what the controller adds."""
    return Origin("controller", text, f"{CONTROLLER}/{file} @v0.19.0")


def predictor_name(isvc: Map, settings: Settings) -> str:
    """The name of the predictor's objects (PredictorServiceName)."""
    name = isvc.string("metadata", "name") or ""
    own = isvc.string("spec", "predictor", "name") if settings.has("named-predictor") else None
    return f"{name}-{own}-predictor" if own else f"{name}-predictor"


def predictor_pod(isvc: Map, runtime: Runtime | None, settings: Settings) -> Built:
    """The predictor's pod spec: runtime and model merged, or the custom containers as they are."""
    predictor = isvc.at("spec", "predictor")
    if not isinstance(predictor, Map):
        return Built(None, unknown="spec.predictor is not a mapping")
    model = predictor.get("model")
    if isinstance(model, Map):
        if runtime is None:
            return Built(None, unknown="the runtime is not in the input")
        built = _model_pod(isvc, predictor, model, runtime, settings)
    else:
        built = _custom_pod(predictor)
    if built.pod_spec is None:
        return built
    return built._replace(pod_spec=with_service_name(built.pod_spec, isvc, settings))


def _custom_pod(predictor: Map) -> Built:
    """A custom predictor: `kserve-container` is written over the first container."""
    pod_spec = without(predictor, *names.PREDICTOR_FIELDS)
    containers = predictor.get("containers")
    if not isinstance(containers, Seq) or not containers.children:
        return Built(None, unknown="the predictor has neither a model nor containers")
    server = container_named(predictor, names.PREDICTOR_CONTAINER)
    if server is None:
        message = (
            "runtime error: invalid memory address or nil pointer dereference "
            "(no container is named kserve-container)"
        )
        names_of = [child.get("name") for child in containers.children]
        if any(opaque((name and name.text) or "") for name in names_of):
            return Built(None, unknown="a container's name is a template")
        where = names_of[0] or containers
        return Built(None, (Failure("controller", message, where, "no-kserve-container"),))
    if containers.children[0] is not server:
        replaced = containers.with_children([server, *containers.children[1:]])
        pod_spec = put(pod_spec, ("containers",), replaced)
    return Built(pod_spec)


def _model_pod(
    isvc: Map, predictor: Map, model: Map, runtime: Runtime, settings: Settings
) -> Built:
    """buildPodSpec: merge, placeholders, image tag, then the other containers in their order."""
    spec = of_runtime(runtime)
    base = container_named(spec, names.PREDICTOR_CONTAINER)
    if base is None and runtime.is_of_modelmesh:
        return Built(None, unknown="ModelMesh runs the runtime, whatever the mode seems to be")
    if base is None:
        message = "failed to find kserve-container in ServingRuntime containers"
        named = next((one.get("name") for one in _containers(spec)), None)
        at = model if named is None or named.place is None else named
        return Built(None, (Failure("controller", message, at, "runtime-without-container"),))
    own = model.with_entries(
        {field: value for field, value in model.entries.items() if field in names.CONTAINER_FIELDS}
    )
    server = merged_container(base, own, settings)
    rendered = _rendered_placeholders(server, isvc)
    if isinstance(rendered, Scalar):
        message = (
            f"failed to replace placeholders in serving runtime {runtime.name} "
            f"Container {names.PREDICTOR_CONTAINER}"
        )
        at = model if rendered.place is None else rendered
        return Built(None, (Failure("controller", message, at, "placeholder"),))
    server = _image_tag(rendered, model.string("runtimeVersion"), runtime, settings)
    own_containers = predictor.listed("containers")
    transformers = [
        container
        for container in (
            container_named(spec, names.TRANSFORMER_CONTAINER),
            container_named(predictor, names.TRANSFORMER_CONTAINER),
        )
        if container is not None
    ]
    containers: list[Node] = [server]
    if transformers:
        both = len(transformers) > 1
        merged = (
            merged_container(transformers[0], transformers[1], settings)
            if both
            else transformers[0]
        )
        filled_in = _rendered_placeholders(merged, isvc)
        containers.append(merged if isinstance(filled_in, Scalar) else filled_in)
    special = (names.PREDICTOR_CONTAINER, names.TRANSFORMER_CONTAINER)
    containers += [c for c in _containers(spec) if c.string("name") not in special]
    containers += [c for c in own_containers if c.string("name") != names.TRANSFORMER_CONTAINER]

    base_pod = pod_of_runtime(spec, settings)
    overrides = without(predictor, *names.PREDICTOR_FIELDS, "containers")
    pod_spec = strategic_merge(base_pod, overrides)
    assert isinstance(pod_spec, Map)
    return Built(put(pod_spec, ("containers",), Seq(containers)))


def pod_of_runtime(spec: Node, settings: Settings) -> Map:
    """What a runtime, or its workerSpec, gives a pod beside containers."""
    passed_on = [
        field
        for field in _RUNTIME_POD_FIELDS
        if field != "schedulerName" or settings.has("runtime-scheduler-name")
    ]
    return Map({field: child for field, child in spec.items() if field in passed_on})


def merged_container(base: Node, override: Node, settings: Settings) -> Map:
    """MergeRuntimeContainers: a strategic merge, but the args of both, one after the other."""
    merged = strategic_merge(base, override)
    assert isinstance(merged, Map)
    if settings.has("variable-replaces-other-kind"):
        merged = with_one_kind_of_value(merged, override)
    base_name = base.get("name")
    if not merged.string("name") and base_name is not None:
        merged = put(merged, ("name",), base_name)
    args = [*_elements(base.get("args")), *_elements(override.get("args"))]
    if not args:
        return merged
    shown = override.get("args") or base.get("args")
    sequence = shown.with_children(args) if isinstance(shown, Seq) else Seq(args)
    return put(merged, ("args",), sequence)


def with_one_kind_of_value(merged: Map, override: Node) -> Map:
    """Variables that have both a value and a valueFrom keep what the override gives.

    Mirrors reconcileEnvValueConflicts, pkg/utils/container_merge.go:68-90 @v0.20.0.
    """
    env = merged.get("env")
    given = {item.string("name"): item for item in _elements(override.get("env"))}
    if not isinstance(env, Seq) or not given:
        return merged
    changed: list[Node] = []
    for item in env.children:
        own = given.get(item.string("name"))
        both = bool(item.string("value")) and isinstance(item.get("valueFrom"), Map)
        if own is None or not both or not isinstance(item, Map):
            changed.append(item)
        elif own.get("valueFrom") is not None:
            changed.append(without(item, "value"))
        else:
            changed.append(without(item, "valueFrom"))
    return put(merged, ("env",), env.with_children(changed))


def of_runtime(runtime: Runtime) -> Map:
    """The runtime's spec, every value marked as coming from it."""
    spec = runtime.spec
    if runtime.stock or not isinstance(spec, Map):
        return spec if isinstance(spec, Map) else Map({})
    return spec.from_origin(Origin("runtime", runtime.described))


def with_runtime_defaults(isvc: Map, runtime: Runtime, settings: Settings) -> Map:
    """The InferenceService with what its runtime's server needs beyond the runtime's YAML.

    Mirrors SetRuntimeDefaults for MLServer, TorchServe and Triton.
    """
    model = isvc.at("spec", "predictor", "model")
    if not isinstance(model, Map):
        return isvc
    by_type = settings.has("server-defaults-by-type")
    kind = runtime.server_type if by_type else runtime.stock_type
    origin = Origin(
        "controller",
        f"KServe's defaults for {kind}",
        "pkg/apis/serving/v1beta1/inference_service_defaults.go:391-489 @v0.19.0",
    )
    stored = model.get("storageUri") is not None or model.get("storage") is not None
    if kind == "mlserver":
        name = isvc.string("metadata", "name") or ""
        wanted = (
            {"MLSERVER_MODEL_NAME": name, "MLSERVER_MODEL_URI": names.MODEL_MOUNT_PATH}
            if stored
            else {"MLSERVER_LOAD_MODELS_AT_STARTUP": "false"}
        )
        model = _with_env(model, wanted, origin)
        format_name = model.string("modelFormat", "name") or ""
        model_class = {
            "xgboost": "mlserver_xgboost.XGBoostModel",
            "lightgbm": "mlserver_lightgbm.LightGBMModel",
            "mlflow": "mlserver_mlflow.MLflowRuntime",
        }.get(format_name, "mlserver_sklearn.SKLearnModel")
        isvc = put(isvc, ("metadata", "labels", "modelClass"), made(model_class, origin))
    elif kind == "torchserve":
        protocol = model.string("protocolVersion") or "v1"
        envelope = "kservev2" if protocol in ("v2", "grpc-v2") else "kserve"
        isvc = put(isvc, ("metadata", "labels", "serviceEnvelope"), made(envelope, origin))
        extra = made({"name": "PROTOCOL_VERSION", "value": protocol}, origin)
        model = put(model, ("env",), appended(model.get("env"), [extra], origin))
    elif kind == "tritonserver" and not stored:
        flag = made("--model-control-mode=explicit", origin)
        model = put(model, ("args",), appended(model.get("args"), [flag], origin))
    return put(isvc, ("spec", "predictor", "model"), model)


def _with_env(container: Map, wanted: dict[str, str], origin: Origin) -> Map:
    env = container.get("env")
    present = {item.string("name") for item in _elements(env)}
    added = [
        made({"name": name, "value": value}, origin)
        for name, value in wanted.items()
        if name not in present
    ]
    return put(container, ("env",), appended(env, added, origin)) if added else container


def _rendered_placeholders(container: Node, isvc: Map) -> Map | Scalar:
    """ReplacePlaceholders: Go's html/template over the container; the text where it would fail.

    Only the fields of ObjectMeta that manifests use are known; any other `{{` fails upstream
    or cannot be predicted.
    """
    failed: Scalar | None = None
    metadata = isvc.get("metadata")

    def text_of(match: re.Match[str]) -> str:
        from html import escape  # 1 ms, and placeholders are rare

        field, key = match[1], match[2]
        if metadata is None:
            return ""
        path = (field.lower(), key) if key else (field.lower(),)
        return escape(metadata.string(*path) or "").replace("+", "&#43;")

    def render(node: Node) -> Node:
        nonlocal failed
        if isinstance(node, Scalar):
            if "{{" not in node.literal:
                return node
            if failed is None and "{{" in _PLACEHOLDER.sub("", node.literal):
                failed = node
            text = _PLACEHOLDER.sub(text_of, node.literal)
            other = Scalar(text, False, None, node.source, node.start, node.end)
            other.key, other.origin = node.key, node.origin
            return other
        if isinstance(node, Map):
            return node.with_entries({k: render(v) for k, v in node.entries.items()})
        if isinstance(node, Seq):
            return node.with_children([render(child) for child in node.children])
        return node

    result = render(container)
    assert isinstance(result, Map)
    return result if failed is None else failed


def _image_tag(container: Map, version: str | None, runtime: Runtime, settings: Settings) -> Map:
    """UpdateImageTag: runtimeVersion replaces the tag; three servers get `-gpu` beside a GPU.

    Where the type of the server decides, vLLM gets `-cpu` without one.
    """
    node = container.get("image")
    if not isinstance(node, Scalar) or "@sha256:" in node.text:
        return container
    image = node.text
    tag = _TAG.search(image)
    if version is not None:
        image = _TAG.sub(":" + version, image) if tag else f"{image}:{version}"
        reason = "runtimeVersion"
    elif tag:
        by_type = settings.has("image-by-server-type")
        suffixed = runtime.name in _GPU_SUFFIX_RUNTIMES
        if runtime.name == _HUGGING_FACE and not settings.has("gpu-image-of-hugging-face"):
            suffixed = False
        if by_type:
            suffixed = runtime.server_type in _GPU_SUFFIX_SERVERS
        bare = image[: tag.start()]
        if _has_nvidia_limit(container):
            if suffixed and not image.endswith("-gpu"):
                image += "-gpu"
            reason = "the GPU limit"
        elif by_type and runtime.server_type == _CPU_SUFFIX_SERVER and not bare.endswith("-cpu"):
            image = f"{bare}-cpu{tag[0]}"
            reason = "the missing GPU limit"
    if image == node.text:
        return container
    changed = Scalar(image, False, None, node.source, node.start, node.end)
    changed.key = node.key
    changed.origin = controller_origin(f"UpdateImageTag, by {reason}", "utils/utils.go:362-390")
    return put(container, ("image",), changed)


def _has_nvidia_limit(container: Map) -> bool:
    limits = container.at("resources", "limits")
    return limits is not None and any(
        name == "nvidia.com/gpu" or name.startswith("nvidia.com/mig") for name, _ in limits.items()
    )


def with_service_name(
    pod_spec: Map, isvc: Map, settings: Settings, only_first: bool = False
) -> Map:
    """INFERENCE_SERVICE_NAME in every container of a predictor, or the first of a transformer."""
    if not settings.has("service-name-variable"):
        return pod_spec
    origin = controller_origin("the predictor reconciler", "components/predictor.go:155-163")
    name = isvc.string("metadata", "name") or ""
    changed: list[Node] = []
    for container in _containers(pod_spec):
        if not isinstance(container, Map) or (only_first and changed):
            changed.append(container)
            continue
        changed.append(with_variables(container, {"INFERENCE_SERVICE_NAME": name}, origin))
    containers = pod_spec.get("containers")
    base = containers if isinstance(containers, Seq) else Seq([])
    return put(pod_spec, ("containers",), base.with_children(changed))


def with_variables(container: Map, variables: dict[str, str], origin: Origin) -> Map:
    """AddEnvVarToPodSpec for each: over the first of the name, else at the end."""
    env = container.get("env")
    items: list[Node] = []
    left = dict(variables)
    for item in _elements(env):
        value = left.pop(item.string("name") or "", None)
        items.append(item if value is None else put(item, ("value",), made(value, origin)))
    added = [made({"name": name, "value": value}, origin) for name, value in left.items()]
    base = env.with_children(items) if isinstance(env, Seq) else None
    return put(container, ("env",), appended(base, added, origin))


def _containers(spec: Node) -> list[Node]:
    return _elements(spec.get("containers"))


def _elements(node: Node | None) -> list[Node]:
    return [] if node is None else node.elements()
