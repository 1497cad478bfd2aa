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
    put_missing,
    replace_item,
    strategic_merge,
    without,
)
from kslint.source.nodes import Map, Origin, Scalar, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.runtimes import Runtime
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node

CONTROLLER = "pkg/controller/v1beta1/inferenceservice"

RUNTIME_POD_FIELDS = (
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
    "schedulerName",
)
"""The only pod fields a runtime passes on (MergePodSpec, utils/utils.go)."""

_GPU_SUFFIX_RUNTIMES = frozenset(
    {"kserve-tensorflow-serving", "kserve-torchserve", "kserve-huggingfaceserver"}
)
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


def predictor_pod(isvc: Map, runtime: Runtime | None) -> Built:
    """The predictor's pod spec: runtime and model merged, or the custom containers as they are."""
    predictor = isvc.at("spec", "predictor")
    if not isinstance(predictor, Map):
        return Built(None, unknown="spec.predictor is not a mapping")
    model = predictor.get("model")
    if isinstance(model, Map):
        if runtime is None:
            return Built(None, unknown="the runtime is not in the input")
        built = _model_pod(isvc, predictor, model, runtime)
    else:
        built = _custom_pod(predictor)
    if built.pod_spec is None:
        return built
    return built._replace(pod_spec=_with_service_name(built.pod_spec, isvc))


def component_pod(isvc: Map, name: str, settings: Settings) -> Built:
    """The pod spec of a transformer or explainer, with the arguments KServe adds."""
    component = isvc.at("spec", name)
    if not isinstance(component, Map):
        return Built(None, unknown=f"spec.{name} is not a mapping")
    pod_spec = without(component, *names.COMPONENT_FIELDS, "art", "storageUris")
    art = component.get("art")
    first = component.at("containers", 0)
    if isinstance(art, Map) and first is None:
        server = _art_container(isvc, art, settings)
    elif isinstance(first, Map):
        server = _with_arguments(isvc, name, first)
    else:
        return Built(None, unknown=f"spec.{name} has no containers")
    pod_spec = put(pod_spec, ("containers",), replace_item(component.get("containers"), 0, server))
    if name == "transformer":
        pod_spec = _with_service_name(pod_spec, isvc, only_first=True)
    return Built(pod_spec)


def _default_arguments(isvc: Map, component: str) -> list[tuple[str, str]]:
    name = isvc.string("metadata", "name") or ""
    namespace = isvc.string("metadata", "namespace") or ""
    return [
        ("--model_name", name),
        ("--predictor_host", f"{name}-predictor.{namespace}"),
        ("--http_port", str(names.DEFAULT_HTTP_PORT)),
        ("--workers", isvc.string("spec", component, "containerConcurrency") or ""),
    ]


def _with_arguments(isvc: Map, component: str, container: Map) -> Map:
    """--model_name, --predictor_host, --http_port and --workers, where the container has none.

    An explainer gets --http_port even if it has one.
    """
    args = container.get("args")
    present = [item.text or "" for item in _elements(args)]
    file = f"pkg/apis/serving/v1beta1/{component}_custom.go @v0.19.0"
    origin = Origin("controller", f"the {component}'s default arguments", file)
    added: list[Node] = []
    for flag, value in _default_arguments(isvc, component):
        always = component == "explainer" and flag == "--http_port"
        if value and (always or not any(item.startswith(flag) for item in present)):
            added += [made(flag, origin), made(value, origin)]
    return put(container, ("args",), appended(args, added, origin)) if added else container


def _art_container(isvc: Map, art: Map, settings: Settings) -> Map:
    """The ART explainer's container. Its own arguments come twice, as upstream builds them.

    Mirrors pkg/apis/serving/v1beta1/explainer_art.go @v0.19.0.
    """
    origin = Origin(
        "controller",
        "the ART explainer's arguments",
        "pkg/apis/serving/v1beta1/explainer_art.go @v0.19.0",
    )
    own = _elements(art.get("args"))
    present = [item.text or "" for item in own]
    model_name, host, port, workers = _default_arguments(isvc, "explainer")
    texts = [*model_name, *port]  # whatever its own arguments say
    for flag, value in (host, workers):
        if value and not any(item.startswith(flag) for item in present):
            texts += [flag, value]
    if art.string("storageUri"):
        texts += ["--storage_uri", names.MODEL_MOUNT_PATH]
    texts += ["--adversary_type", art.string("type") or ""]
    config = art.get("config")
    for key, value_node in sorted(() if config is None else config.items()):
        texts += [f"--{key}", value_node.text or ""]
    container = without(art, "type", "storageUri", "runtimeVersion", "config", "storage", "args")
    args = Seq([*(made(text, origin) for text in texts), *own, *own])
    args.origin = origin
    container = put(container, ("args",), args)
    image = settings.text("explainers", "art", "image")
    version = art.string("runtimeVersion") or settings.text(
        "explainers", "art", "defaultImageVersion"
    )
    return put_missing(container, ("image",), made(f"{image}:{version}", origin))


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


def _model_pod(isvc: Map, predictor: Map, model: Map, runtime: Runtime) -> Built:
    """buildPodSpec: merge, placeholders, image tag, then the other containers in their order."""
    spec = of_runtime(runtime)
    base = container_named(spec, names.PREDICTOR_CONTAINER)
    if base is None and runtime.is_of_modelmesh:
        return Built(None, unknown="ModelMesh runs the runtime, whatever the mode seems to be")
    if base is None:
        message = "failed to find kserve-container in ServingRuntime containers"
        return Built(None, (Failure("controller", message, model, "runtime-without-container"),))
    server = merged_container(base, without(model, *names.MODEL_FIELDS))
    rendered = _rendered_placeholders(server, isvc)
    if rendered is None:
        message = (
            f"failed to replace placeholders in serving runtime {runtime.name} "
            f"Container {names.PREDICTOR_CONTAINER}"
        )
        return Built(None, (Failure("controller", message, model, "placeholder"),))
    server = _image_tag(rendered, model.string("runtimeVersion"), runtime.name)
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
        merged = merged_container(*transformers) if both else transformers[0]
        containers.append(_rendered_placeholders(merged, isvc) or merged)
    special = (names.PREDICTOR_CONTAINER, names.TRANSFORMER_CONTAINER)
    containers += [c for c in _containers(spec) if c.string("name") not in special]
    containers += [c for c in own_containers if c.string("name") != names.TRANSFORMER_CONTAINER]

    base_pod = Map(
        {field: spec.entries[field] for field in RUNTIME_POD_FIELDS if field in spec.entries}
    )
    overrides = without(predictor, *names.PREDICTOR_FIELDS, "containers")
    pod_spec = strategic_merge(base_pod, overrides)
    assert isinstance(pod_spec, Map)
    return Built(put(pod_spec, ("containers",), Seq(containers)))


def merged_container(base: Node, override: Node) -> Map:
    """MergeRuntimeContainers: a strategic merge, but the args of both, one after the other."""
    merged = strategic_merge(base, override)
    assert isinstance(merged, Map)
    base_name = base.get("name")
    if not merged.string("name") and base_name is not None:
        merged = put(merged, ("name",), base_name)
    args = [*_elements(base.get("args")), *_elements(override.get("args"))]
    if not args:
        return merged
    shown = override.get("args") or base.get("args")
    sequence = shown.with_children(args) if isinstance(shown, Seq) else Seq(args)
    return put(merged, ("args",), sequence)


def of_runtime(runtime: Runtime) -> Map:
    """The runtime's spec, every value marked as coming from it."""
    spec = runtime.spec
    if runtime.stock or not isinstance(spec, Map):
        return spec if isinstance(spec, Map) else Map({})
    return spec.from_origin(Origin("runtime", runtime.described))


def with_runtime_defaults(isvc: Map, runtime: Runtime) -> Map:
    """The InferenceService with what its runtime's server needs beyond the runtime's YAML.

    Mirrors SetRuntimeDefaults for MLServer, TorchServe and Triton.
    """
    model = isvc.at("spec", "predictor", "model")
    if not isinstance(model, Map):
        return isvc
    kind = runtime.server_type
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


def _rendered_placeholders(container: Node, isvc: Map) -> Map | None:
    """ReplacePlaceholders: Go's html/template over the container; None where it would fail.

    Only the fields of ObjectMeta that manifests use are known; any other `{{` fails upstream
    or cannot be predicted.
    """
    failed = False
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
            failed = failed or "{{" in _PLACEHOLDER.sub("", node.literal)
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
    return None if failed else result


def _image_tag(container: Map, version: str | None, runtime: str) -> Map:
    """UpdateImageTag: runtimeVersion replaces the tag; three runtimes get `-gpu` beside a GPU."""
    node = container.get("image")
    if not isinstance(node, Scalar) or "@sha256:" in node.text:
        return container
    image = node.text
    tag = _TAG.search(image)
    if version is not None:
        image = _TAG.sub(":" + version, image) if tag else f"{image}:{version}"
        reason = "runtimeVersion"
    elif (
        tag
        and runtime in _GPU_SUFFIX_RUNTIMES
        and _has_nvidia_limit(container)
        and not image.endswith("-gpu")
    ):
        image += "-gpu"
        reason = "the GPU limit"
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


def _with_service_name(pod_spec: Map, isvc: Map, only_first: bool = False) -> Map:
    """INFERENCE_SERVICE_NAME in every container of a predictor, or the first of a transformer."""
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
