"""The scheduler of an LLMInferenceService: the endpoint picker and its InferencePool.

Mirrors pkg/controller/v1alpha2/llmisvc/scheduler.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.accounts import scheduler_account, scheduler_rights
from kslint.model.kserve.llm.combined import INFERENCE_POOL
from kslint.model.kserve.llm.configs import child_name
from kslint.model.kserve.llm.made import OLD_POOL_GROUP, POOL_GROUP, labels_of, new_object
from kslint.model.kserve.llm.picker_config import (
    CONFIG_FLAGS,
    VERSION,
    Arguments,
    default_config,
    own_config,
)
from kslint.model.kserve.llm.provision import MODEL_PATH, TOKENIZER, with_model
from kslint.model.kserve.pod_edits import edited_container, elements
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.kubernetes.pod import container_named
from kslint.model.tree import appended, put, without
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import Node

_SOURCE = "pkg/controller/v1alpha2/llmisvc/scheduler.go"
_SCHEDULER_PORTS = ("grpc", "grpc-health", "metrics", "zmq")
_ELECTION = "--ha-enable-leader-election"


def unscheduled(service: LLMInferenceService, spec: Map) -> str:
    """Why the picker's Deployment is not built; "" if it is, or is not wanted."""
    if not is_managed(spec):
        return ""
    account = scheduler_account(service)
    if account.unknown:
        return account.unknown
    if own_config(service, spec) == "":
        return "the ConfigMap of its configuration is not in the input"
    if spec.at("router", "scheduler", "latencyPredictor") is not None:
        return "its latency predictor is not modelled"
    storage = service.storage
    if storage is None or storage.error:
        return "its model is not known"
    return ""


def is_managed(spec: Map) -> bool:
    """Does KServe make the endpoint picker? (hasManagedScheduler)"""
    template = spec.at("router", "scheduler", "template")
    own = spec.string("router", "scheduler", "pool", "ref", "name")
    return isinstance(template, Map) and not own


def of_scheduler(service: LLMInferenceService, spec: Map) -> Iterator[Map]:
    """The endpoint picker with its rights, and the pool, which is made in both of its groups."""
    labels = labels_of(service, "llminferenceservice-router-scheduler")
    origin = Origin("controller", "the scheduler's reconciler", f"{_SOURCE}:229-475 @v0.19.0")
    if not is_managed(spec):
        return
    yield from scheduler_rights(service, labels)
    if not unscheduled(service, spec):
        yield _deployment(service, spec, labels, origin)
    yield _picker_service(service, spec, labels, origin)
    pool = spec.at("router", "scheduler", "pool", "spec")
    if not isinstance(pool, Map):
        return
    name = child_name(service.resource.name, INFERENCE_POOL)
    new = new_object(service, f"{POOL_GROUP}/v1", "InferencePool", name, labels, origin)
    yield put(new, ("spec",), pool)
    old = new_object(service, f"{OLD_POOL_GROUP}/v1alpha2", "InferencePool", name, labels, origin)
    yield put(old, ("spec",), _old_pool(pool, origin))


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
    given = picker_arguments(service, spec, pod)
    tokenizer = container_named(pod, TOKENIZER) is not None
    if tokenizer:
        account = scheduler_account(service)
        pod = with_model(service, pod, TOKENIZER, f"{MODEL_PATH}/base", account)
        given.with_tokenizer()
    given.migrated(service.settings.has("scheduler-plugins"))
    pod = edited_container(pod, "containers", "main", lambda c: _told(c, given.words, origin))
    if not given.precise:
        others = [c for c in pod.listed("containers") if c.string("name") != TOKENIZER]
        pod = put(pod, ("containers",), appended(None, others, origin))
    template = put(template, ("spec",), pod)
    return defaulted_deployment(put(body, ("spec", "template"), template))


def picker_arguments(service: LLMInferenceService, spec: Map, pod: Map) -> Arguments:
    """The picker's arguments, with a configuration if they bring none.

    One in the cluster's Deployment would be kept (preserveSchedulerConfig); here is none yet.
    """
    main = container_named(pod, "main")
    words = [] if main is None else [word.text or "" for word in main.listed("args")]
    several = (spec.integer("router", "scheduler", "replicas") or 1) > 1
    named = any(word in CONFIG_FLAGS for word in words[:-1])
    if several and _ELECTION not in words and _ELECTION[1:] not in words:
        words = [*words, _ELECTION]
    config = own_config(service, spec)
    if config is not None or not named:
        words = [*words, "--config-text", config or default_config(service, spec)]
    version = spec.string("router", "scheduler", "annotations", VERSION) or ""
    return Arguments(words, version)


def _told(container: Map, words: list[str], origin: Origin) -> Map:
    """The container with these arguments; those that were there keep their place in the input."""
    own = elements(container.get("args"))
    args: list[Node] = [
        own[index] if index < len(own) and own[index].text == word else made(word, origin)
        for index, word in enumerate(words)
    ]
    return put(container, ("args",), appended(None, args, origin))
