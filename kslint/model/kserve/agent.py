"""The agent sidecar: model puller, batcher and logger.

Mirrors pkg/webhook/admission/pod/agent_injector.go and
pkg/controller/v1beta1/inferenceservice/components/component.go:60-110 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.metadata import MODEL_CONFIG_PATH, model_config_name
from kslint.model.kserve.pod_edits import (
    edited_container,
    elements,
    setting_text,
    with_mount,
    with_resource_settings,
    with_volume,
)
from kslint.model.kserve.storage.credentials import with_account_credentials
from kslint.model.kserve.storage.sources import serves_without_storage
from kslint.model.kubernetes.pod import container_named, containers
from kslint.model.tree import appended, put
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import JsonValue, Node

AGENT_CONTAINER = "agent"
_SOURCE = "pkg/webhook/admission/pod/agent_injector.go"
_CA_PATH = "/etc/tls/logger"
_PROBE_ORDER = (
    "httpGet", "tcpSocket", "initialDelaySeconds", "timeoutSeconds", "periodSeconds",
    "successThreshold", "failureThreshold", "terminationGracePeriodSeconds",
    "path", "port", "host", "scheme", "httpHeaders", "name", "value",
)  # fmt: skip
"""The fields of a probe in the order in which Go writes them (k8s.io/api core/v1)."""


def with_agent(component: Component, pod: Map) -> Map:
    """The pod spec with the agent, if a multi-model server, a batcher or a logger wants one.

    Of the logger's own credentials (logger.storage) nothing is added.
    """
    puller = serves_without_storage(component)
    batcher = component.stored.get("batcher") if component.name != "explainer" else None
    logger = component.stored.get("logger")
    wanted = puller or _given(batcher) or _given(logger)
    if not wanted or not containers(pod) or container_named(pod, AGENT_CONTAINER) is not None:
        return pod
    origin = Origin("controller", "the agent injector", f"{_SOURCE}:178-487 @v0.19.0")
    args: list[str] = []
    if puller:
        args += ["--enable-puller", "--config-dir", MODEL_CONFIG_PATH]
        args += ["--model-dir", names.MODEL_MOUNT_PATH]
    if _given(batcher) and batcher is not None:
        args += _batcher_args(batcher)
    if _given(logger) and logger is not None:
        args += _logger_args(component, logger)
    args += ["--component-port", _component_port(pod)]
    container, pod = _container(component, pod, args, origin)
    if _given(logger):
        container, pod = _with_logger_bundle(component, container, pod, origin)
    container, pod = with_account_credentials(component, container, pod)
    pod = put(pod, ("containers",), appended(pod.get("containers"), [container], origin))
    return _with_model_volumes(component, pod, origin) if puller else pod


def _given(node: Node | None) -> bool:
    return node is not None and not node.is_null


def _batcher_args(batcher: Node) -> list[str]:
    args = ["--enable-batcher"]
    for flag, field in (("--max-batchsize", "maxBatchSize"), ("--max-latency", "maxLatency")):
        value = batcher.string(field)
        if value is not None:
            args += [flag, value]
    return args


def _logger_args(component: Component, logger: Node) -> list[str]:
    """The logger's flags. Its store and batching come from the predictor's logger."""
    owner = component.owner
    of_predictor = owner.stored.at("spec", "predictor", "logger")
    settings = owner.settings
    url = logger.string("url")
    stored = owner.stored
    labels = component.metadata.get("labels")
    args = ["--log-url", settings.text("logger", "defaultUrl") if url is None else url]
    # pods of a Deployment have no name yet when the webhook sees them
    args += ["--source-uri", "", "--log-mode", logger.string("mode") or ""]
    args += ["--inference-service", stored.string("metadata", "name") or ""]
    args += ["--namespace", owner.namespace or ""]
    args += ["--endpoint", (labels.string("endpoint") if labels is not None else None) or ""]
    args += ["--component", component.name]
    for flag, path, setting in (
        ("--log-store-path", ("storage", "path"), ("storage", "path")),
        (
            "--log-store-format",
            ("storage", "parameters", "format"),
            ("storage", "parameters", "format"),
        ),
        ("--log-marshaller-url", ("marshallerUrl",), ("marshallerUrl",)),
        ("--log-batch-size", ("batchSize",), ("batchSize",)),
        ("--log-batch-interval", ("batchInterval",), ("batchInterval",)),
    ):
        value = of_predictor.string(*path) if of_predictor is not None else None
        store_is_replaced = of_predictor is not None and path[0] == "storage"
        if value is None and not store_is_replaced:
            value = settings.text("logger", *setting)
        if value and value != "0":
            args += [flag, value]
    headers = [item.text or "" for item in elements(logger.get("metadataHeaders"))]
    if headers:
        args += ["--metadata-headers", ",".join(headers)]
    keys = [item.text or "" for item in elements(logger.get("metadataAnnotations"))]
    if keys:
        annotations = component.metadata.get("annotations")
        pairs = [
            f"{key}={annotations.string(key)}"
            for key in keys
            if annotations is not None and annotations.string(key) is not None
        ]
        args += ["--metadata-annotations", ",".join(pairs)]
    certificate = settings.text("logger", "caCertFile")
    if certificate:
        args += ["--logger-ca-cert-file", certificate]
    skip = "true" if settings.flag("logger", "tlsSkipVerify") else "false"
    return [*args, "--logger-tls-skip-verify", skip]


def _component_port(pod: Map) -> str:
    """The first port of the transformer-container, else of kserve-container, else 8080."""
    server = container_named(pod, names.TRANSFORMER_CONTAINER) or container_named(
        pod, names.PREDICTOR_CONTAINER
    )
    port = None if server is None else server.string("ports", 0, "containerPort")
    return port or str(names.DEFAULT_HTTP_PORT)


def _container(component: Component, pod: Map, args: list[str], origin: Origin) -> tuple[Map, Map]:
    settings = component.owner.settings
    image = settings.get("agent", "image")
    container = put(None, ("name",), made(AGENT_CONTAINER, origin))
    if image is not None:
        container = put(container, ("image",), setting_text(image, origin))
    container = put(container, ("args",), made(args, origin))
    container = with_resource_settings(container, settings, "agent", origin)
    port = {"name": "agent-port", "containerPort": names.AGENT_PORT, "protocol": "TCP"}
    container = put(container, ("ports",), made([port], origin))
    security = pod.at("containers", 0, "securityContext")
    if isinstance(security, Map):
        container = put(container, ("securityContext",), security)
    path, mirrored = "/", None
    if component.owner.mode.name == names.STANDARD:  # with Knative, queue-proxy probes
        path, mirrored = _mirrored_probe(pod)
        path = path if settings.has("agent-mirrors-path") else "/"
    if mirrored is not None:
        variable = {"name": "SERVING_READINESS_PROBE", "value": mirrored}
        container = put(container, ("env",), made([variable], origin))
    probe: dict[str, JsonValue] = {
        "httpHeaders": [{"name": "K-Network-Probe", "value": "queue"}],
        "port": names.AGENT_PORT,
        "path": path,
        "scheme": "HTTP",
    }
    return put(container, ("readinessProbe", "httpGet"), made(probe, origin)), pod


def _mirrored_probe(pod: Map) -> tuple[str, str | None]:
    """The path of the agent's own probe and the server's probe as JSON, which it repeats."""
    server = container_named(pod, names.TRANSFORMER_CONTAINER) or containers(pod)[0]
    probe = server.get("readinessProbe")
    if probe is None or (probe.get("httpGet") is None and probe.get("tcpSocket") is None):
        return "/", None
    import json

    text = json.dumps(_ordered(probe.plain()), separators=(",", ":"), ensure_ascii=False)
    return probe.string("httpGet", "path") or "/", text


def _ordered(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    known = [name for name in _PROBE_ORDER if name in value]
    rest = [name for name in value if name not in _PROBE_ORDER]
    return {name: _ordered(value[name]) for name in (*known, *rest)}


def _with_logger_bundle(
    component: Component, container: Map, pod: Map, origin: Origin
) -> tuple[Map, Map]:
    bundle = component.owner.settings.text("logger", "caBundle")
    if not bundle:
        return container, pod
    name = "agent-ca-bundle"
    pod = with_volume(pod, name, {"configMap": {"name": bundle, "optional": True}}, origin)
    mount: dict[str, object] = {"name": name, "mountPath": _CA_PATH, "readOnly": True}
    return with_mount(container, mount, origin), pod


def _with_model_volumes(component: Component, pod: Map, origin: Origin) -> Map:
    """The model directory for agent and server, the model config for the agent."""
    config = model_config_name(component.owner.stored)
    pod = with_volume(pod, "model-dir", {"emptyDir": {}}, origin)
    models: dict[str, object] = {"name": "model-dir", "mountPath": names.MODEL_MOUNT_PATH}
    for name in (AGENT_CONTAINER, names.PREDICTOR_CONTAINER):
        pod = edited_container(pod, "containers", name, lambda c: with_mount(c, models, origin))
    pod = with_volume(pod, "model-config", {"configMap": {"name": config}}, origin)
    mount: dict[str, object] = {"name": "model-config", "mountPath": MODEL_CONFIG_PATH}
    return edited_container(
        pod, "containers", AGENT_CONTAINER, lambda c: with_mount(c, mount, origin)
    )
