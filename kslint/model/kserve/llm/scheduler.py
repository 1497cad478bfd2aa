"""The scheduler of an LLMInferenceService: the endpoint picker and its InferencePool.

Mirrors pkg/controller/v1alpha2/llmisvc/scheduler.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.combined import INFERENCE_POOL, SCHEDULER_ACCOUNT
from kslint.model.kserve.llm.configs import child_name
from kslint.model.kserve.llm.made import OLD_POOL_GROUP, POOL_GROUP, labels_of, new_object
from kslint.model.kserve.llm.provision import MODEL_PATH, with_model
from kslint.model.kserve.pod_edits import edited_container, with_missing_env
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.kubernetes.pod import container_named
from kslint.model.tree import appended, put, without
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import JsonValue, Node

_SOURCE = "pkg/controller/v1alpha2/llmisvc/scheduler.go"
_SCHEDULER_PORTS = ("grpc", "grpc-health", "metrics", "zmq")
_TOKENIZER = "tokenizer"
_CONFIG_FLAGS = frozenset(
    f"{dashes}{flag}"
    for dashes in ("-", "--")
    for flag in ("config-text", "configText", "config-file", "configFile")
)
_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
    "merges.txt", "config.json", "generation_config.json",
)  # fmt: skip
_PLUGINS = ("single-profile-handler", "queue-scorer", "prefix-cache-scorer", "max-score-picker")
_WEIGHTS = (("queue-scorer", 2), ("prefix-cache-scorer", 3), ("max-score-picker", 0))
_READ: list[JsonValue] = ["get", "list", "watch"]
_RULES: list[JsonValue] = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
    {
        "apiGroups": [POOL_GROUP, OLD_POOL_GROUP],
        "resources": ["inferencepools", "inferenceobjectives", "inferencemodels"],
        "verbs": _READ,
    },
    {
        "apiGroups": [OLD_POOL_GROUP],
        "resources": ["inferencemodelrewrites", "inferencepoolimports"],
        "verbs": _READ,
    },
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": [*_READ, "create", "update", "patch", "delete"],
    },
]  # fmt: skip


def unscheduled(service: LLMInferenceService, spec: Map) -> str:
    """Why the picker's Deployment and rights are not built; "" if they are, or are not wanted."""
    template = spec.at("router", "scheduler", "template")
    if not isinstance(template, Map) or spec.string("router", "scheduler", "pool", "ref", "name"):
        return ""
    main = container_named(template, "main")
    args = [] if main is None else [a.text for a in main.listed("args")]
    config = spec.at("router", "scheduler", "config")
    if config is not None or any(arg in _CONFIG_FLAGS for arg in args):
        return "what becomes of its own configuration is not modelled"
    if service.settings.has("scheduler-plugins") or spec.get("prefill") is not None:
        return "its default plugins are not modelled"
    own = template.string("serviceAccountName")
    if own != child_name(service.resource.name, SCHEDULER_ACCOUNT):
        return f"what the ServiceAccount {own} brings is not modelled"
    for account in ("default", spec.string("template", "serviceAccountName")):
        found = account and service.graph.find("ServiceAccount", account, service.namespace, "")
        if found and (found.found is not None or account != "default"):
            return f"what the ServiceAccount {account} brings is not modelled"
    storage = service.storage
    if storage is None or storage.error:
        return "its model is not known"
    return ""


def of_scheduler(service: LLMInferenceService, spec: Map) -> Iterator[Map]:
    """The endpoint picker with its rights, and the pool, which is made in both of its groups."""
    labels = labels_of(service, "llminferenceservice-router-scheduler")
    origin = Origin("controller", "the scheduler's reconciler", f"{_SOURCE}:229-475 @v0.19.0")
    pool = spec.at("router", "scheduler", "pool", "spec")
    if isinstance(spec.at("router", "scheduler", "template"), Map):
        yield _picker_service(service, spec, labels, origin)
    if not isinstance(pool, Map):
        return
    name = child_name(service.resource.name, INFERENCE_POOL)
    new = new_object(service, f"{POOL_GROUP}/v1", "InferencePool", name, labels, origin)
    yield put(new, ("spec",), pool)
    old = new_object(service, f"{OLD_POOL_GROUP}/v1alpha2", "InferencePool", name, labels, origin)
    yield put(old, ("spec",), _old_pool(pool, origin))
    if not unscheduled(service, spec):
        yield from _picker(service, spec, labels, origin)


def _picker_service(
    service: LLMInferenceService, spec: Map, labels: dict[str, str], origin: Origin
) -> Map:
    name = spec.string("router", "scheduler", "pool", "spec", "endpointPickerRef", "name")
    name = name or child_name(service.resource.name, "-epp-service")
    body = new_object(service, "v1", "Service", name, labels, origin)
    body = put(body, ("spec", "selector"), made({**labels}, origin))
    ports: dict[str, Node] = {}
    for container in spec.listed("router", "scheduler", "template", "containers"):
        for port in container.listed("ports"):
            if port.string("name") in _SCHEDULER_PORTS:
                ports[port.string("name") or ""] = port
    found = []
    for each, port in sorted(ports.items()):
        number = port.get("containerPort") or made(0, origin)
        made_port = made({"name": each, "protocol": port.string("protocol") or "TCP"}, origin)
        made_port = put(put(made_port, ("port",), number), ("targetPort",), made(each, origin))
        found.append(made_port)
    listed = Seq(list(found))
    listed.origin = origin
    return put(body, ("spec", "ports"), listed)


def _old_pool(pool: Map, origin: Origin) -> Map:
    """The same pool as v1alpha2 has it (gateway-api-inference-extension apix/v1alpha2)."""
    spec = put(None, ("selector",), pool.at("selector", "matchLabels") or made({}, origin))
    port = pool.at("targetPorts", 0, "number")
    if port is not None:
        spec = put(spec, ("targetPortNumber",), port)
    picker = pool.get("endpointPickerRef")
    if isinstance(picker, Map):
        number = picker.at("port", "number")
        reference = without(picker, "port")
        spec = put(spec, ("extensionRef",), reference)
        if number is not None:
            spec = put(spec, ("extensionRef", "portNumber"), number)
    return spec


def _picker(
    service: LLMInferenceService, spec: Map, labels: dict[str, str], origin: Origin
) -> Iterator[Map]:
    """Account, role, binding and Deployment of the endpoint picker."""
    name = service.resource.name
    account = child_name(name, SCHEDULER_ACCOUNT)
    rbac = "rbac.authorization.k8s.io"
    role = child_name(name, "-epp-role")
    yield new_object(service, "v1", "ServiceAccount", account, labels, origin)
    body = new_object(service, f"{rbac}/v1", "Role", role, labels, origin)
    yield put(body, ("rules",), made(_RULES, origin))
    binding = child_name(name, "-epp-rb")
    body = new_object(service, f"{rbac}/v1", "RoleBinding", binding, labels, origin)
    reference = {"apiGroup": rbac, "kind": "Role", "name": role}
    body = put(body, ("roleRef",), made(reference, origin))
    subject = {"kind": "ServiceAccount", "name": account, "namespace": service.namespace or ""}
    yield put(body, ("subjects",), made([subject], origin))
    yield _deployment(service, spec, labels, origin)


def _deployment(
    service: LLMInferenceService, spec: Map, labels: dict[str, str], origin: Origin
) -> Map:
    name = child_name(service.resource.name, "-kserve-router-scheduler")
    scheduler = spec.at("router", "scheduler") or Map({})
    body = new_object(service, "apps/v1", "Deployment", name, labels, origin)
    replicas = scheduler.get("replicas")
    if replicas is not None and not replicas.is_null:
        body = put(body, ("spec", "replicas"), replicas)
    body = put(body, ("spec", "strategy", "type"), made("Recreate", origin))
    body = put(body, ("spec", "selector", "matchLabels"), made({**labels}, origin))
    template = put(None, ("metadata", "labels"), made({**labels}, origin))
    for field in ("labels", "annotations"):
        listed = scheduler.get(field)
        for key, value in () if listed is None else listed.items():
            template = put(template, ("metadata", field, key), value)
            if field == "labels":  # one map in the controller
                body = put(body, ("metadata", "labels", key), value)
                body = put(body, ("spec", "selector", "matchLabels", key), value)
    pod = scheduler.get("template")
    assert isinstance(pod, Map)
    several = (scheduler.integer("replicas") or 1) > 1
    added = ["--ha-enable-leader-election"] if several else []
    added += ["--config-text", _config_text()]

    def configured(container: Map) -> Map:
        args = [a.text for a in container.listed("args")]
        more = [made(text, origin) for text in added if text not in args]
        return put(container, ("args",), appended(container.get("args"), more, origin))

    pod = edited_container(pod, "containers", "main", configured)
    if container_named(pod, _TOKENIZER) is not None:
        pod = with_model(service, pod, _TOKENIZER, f"{MODEL_PATH}/base")
        patterns = ", ".join(f'"{file}"' for file in _TOKENIZER_FILES)
        pod = edited_container(
            pod, "initContainers", "storage-initializer",
            lambda c: with_missing_env(c, "STORAGE_ALLOW_PATTERNS", f"[{patterns}]", origin),
        )  # fmt: skip
    template = put(template, ("spec",), pod)
    return defaulted_deployment(put(body, ("spec", "template"), template))


def _config_text() -> str:
    """The configuration that a scheduler gets without one: how the plugins are weighed."""
    lines = [f"apiVersion: {OLD_POOL_GROUP}/v1alpha1", "kind: EndpointPickerConfig", "plugins:"]
    lines += [f"- type: {plugin}" for plugin in _PLUGINS]
    lines += ["schedulingProfiles:", "- name: default", "  plugins:"]
    for plugin, weight in _WEIGHTS:
        lines.append(f"  - pluginRef: {plugin}")
        lines += [f"    weight: {weight}"] * bool(weight)
    return "\n".join(lines) + "\n"
