"""The objects KServe makes of an LLMInferenceService, in the order in which it makes them.

Mirrors pkg/controller/v1alpha2/llmisvc/{workload,workload_single_node,workload_tls_self_signed,
router}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.accounts import (
    group_account,
    has_sidecar,
    main_accounts,
    single_node_account,
)
from kslint.model.kserve.llm.autoscaling import scalers, unscaled
from kslint.model.kserve.llm.combined import INFERENCE_POOL, WORKLOAD_SERVICE, workload_labels
from kslint.model.kserve.llm.configs import child_name, present, stock
from kslint.model.kserve.llm.groups import group, with_pool_name
from kslint.model.kserve.llm.labels import given, passed
from kslint.model.kserve.llm.made import OLD_POOL_GROUP, labels_of, new_object
from kslint.model.kserve.llm.provision import MODEL_PATH, with_model
from kslint.model.kserve.llm.scheduler import of_scheduler, unscheduled
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.tree import put
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import JsonValue, Node

MAIN = "main"
PORT = 8000

_SOURCE = "pkg/controller/v1alpha2/llmisvc"
_SELECTOR = ("spec", "selector", "matchLabels")
_ROLE = "llm-d.ai/role"
_UNMODELLED = (
    (("kvCacheOffloading",), False),
    (("tracing",), True),
    (("model", "confidential"), True),
    (("router", "route", "http", "group"), True),
)
"""Fields of 0.20 whose effect is not modelled, and whether they are the whole service's."""


def objects(service: LLMInferenceService) -> list[Map]:
    """What is known of the objects, in the order in which they are made."""
    spec = service.effective
    if spec is None or service.stopped:
        return []
    found = [_certificate(service), *main_accounts(service)]
    blocks: list[tuple[str, ...]] = [(), ("prefill",)] if present(spec, "prefill") else [()]
    groups = [path for path in blocks if present(spec, *path, "worker")]
    known = [path for path in blocks if not unbuilt(service, path)]
    found += [group(service, path) for path in known if path in groups]
    found += [deployment(service, path) for path in known if path not in groups]
    found.append(_workload_service(service))
    found += scalers(service, spec)
    found += of_scheduler(service, spec)
    if isinstance(spec.at("router", "route", "http", "spec"), Map) and service.router.makes_route:
        found.append(_route(service, spec))
    return found


def unknowns(service: LLMInferenceService) -> Iterator[str]:
    """What is not built, and why: each completes `has an unknown ...`."""
    spec = service.effective
    if spec is None:
        yield f"spec: {_missing(service)}"
        return
    blocks: list[tuple[str, ...]] = [(), ("prefill",)] if present(spec, "prefill") else [()]
    for path in blocks:
        reason = unbuilt(service, path)
        if reason:
            yield f"{_block_name(spec, path)}: {reason}"
    yield from _unseen(service)
    for what, reason in (
        ("scheduler", unscheduled(service, spec)),
        ("autoscaler", unscaled(service, spec)),
    ):
        if reason:
            yield f"{what}: {reason}"


def _missing(service: LLMInferenceService) -> str:
    """Why the merged spec is not known."""
    settings = service.settings
    configs = [*service.base_refs, *(service.presets or ())]
    lacking = [each for each in configs if each.spec is None]
    if lacking and lacking[0].preset and not stock(settings.profile):
        return f"the presets of KServe {settings.version} are not known"
    return f"LLMInferenceServiceConfig {lacking[0].name} is not in the input"


def _unseen(service: LLMInferenceService) -> Iterator[str]:
    """Objects that the router is told of; without one of them it is not made.

    Source: router_validation.go:60-269. The Gateway of KServe's settings is the platform's.
    """
    router = service.router
    targets = [*router.gateways, *router.routes, *router.parents]
    targets += [] if router.pool is None else [router.pool]
    seen = set()
    for target in targets:
        shown = f"{target.kind} {target.namespace or '?'}/{target.name}"
        if target.lookup.found is None and shown not in seen:
            seen.add(shown)
            yield f"router: {shown} is not in the input"


def unbuilt(service: LLMInferenceService, path: tuple[str, ...]) -> str:
    """Why the workload of a block is not built; "" if it is."""
    spec = service.effective or Map({})
    several = present(spec, *path, "worker")
    account = (group_account if several else single_node_account)(service, path)
    storage = service.storage
    if account.unknown:
        return account.unknown
    if storage is None or storage.error:
        return "its model is not known"
    if service.resource.label("internal.serving.kserve.io/localmodel") is not None:
        return "local models are not modelled"
    for field, holder in _UNMODELLED:
        if spec.at(*(() if holder else path), *field) is not None:
            return f"{'.'.join(field)} is not modelled"
    return ""


def deployment(service: LLMInferenceService, path: tuple[str, ...]) -> Map:
    """The Deployment of a block on one node, with the API server's defaults."""
    prefill = bool(path)
    spec = service.effective or Map({})
    block = spec.at(*path) or Map({})
    role = "prefill" if prefill else "decode" if present(spec, "prefill") else "both"
    component = "llminferenceservice-workload" + ("-prefill" if prefill else "")
    labels = {**labels_of(service, component), "kserve.io/component": "workload", _ROLE: role}
    origin = _origin("the workload reconciler", "workload_single_node.go:83-240")
    name = child_name(service.resource.name, "-kserve-prefill" if prefill else "-kserve")
    body = new_object(service, "apps/v1", "Deployment", name, labels, origin)
    replicas = block.get("replicas")
    if replicas is not None and not replicas.is_null:
        body = put(body, ("spec", "replicas"), replicas)
    body = put(body, ("spec", "selector", "matchLabels"), made({**labels}, origin))
    template = put(None, ("metadata", "labels"), made({**labels}, origin))
    account = single_node_account(service, path)
    pod = block.get("template")
    pod = pod if isinstance(pod, Map) else Map({})
    if not prefill and has_sidecar(pod):
        pod = put(pod, ("serviceAccountName",), made(account.name, origin))
        pod = with_pool_name(service, pod)
    template = put(template, ("spec",), with_model(service, pod, MAIN, MODEL_PATH, account))
    shared: dict[str, Node] = {}  # one map in the controller: labels, selector and template
    for field in ("labels", "annotations"):
        taken = passed(service, field)
        for key, value in taken.items():
            body = put(body, ("metadata", field, key), value)
        taken.update(given(service, path, field))
        for key, value in taken.items():
            template = put(template, ("metadata", field, key), value)
        shared = taken if field == "labels" else shared
    for key, value in shared.items():
        body = put(put(body, ("metadata", "labels", key), value), (*_SELECTOR, key), value)
    return defaulted_deployment(put(body, ("spec", "template"), template))


def _block_name(spec: Map, path: tuple[str, ...]) -> str:
    return "prefill" if path else "decode" if present(spec, "prefill") else "main"


def _certificate(service: LLMInferenceService) -> Map:
    """The Secret of the pods' certificate, without its keys and the date of its renewal.

    It is made whether or not TLS is on.
    """
    labels = labels_of(service, "llminferenceservice-workload")
    origin = _origin(
        "the self-signed certificate (keys left out)", "workload_tls_self_signed.go:62-150"
    )
    name = child_name(service.resource.name, "-kserve-self-signed-certs")
    body = new_object(service, "v1", "Secret", name, labels, origin)
    return put(body, ("type",), made("kubernetes.io/tls", origin))


def _workload_service(service: LLMInferenceService) -> Map:
    origin = _origin("the workload's Service", "workload.go:110-164")
    name = child_name(service.resource.name, WORKLOAD_SERVICE)
    labels = labels_of(service, "llminferenceservice-workload")
    body = new_object(service, "v1", "Service", name, labels, origin)
    for field in ("labels", "annotations"):
        for key, value in given(service, (), field).items():
            body = put(body, ("metadata", field, key), value)
    protocol = "https" if service.tls else "http"
    port: JsonValue = {
        "name": protocol, "protocol": "TCP", "appProtocol": protocol, "port": PORT,
        "targetPort": PORT,
    }  # fmt: skip
    made_spec = {
        "ports": [port],
        "selector": workload_labels(service.resource),
        "type": "ClusterIP",
    }
    return put(body, ("spec",), made(made_spec, origin))


def _route(service: LLMInferenceService, spec: Map) -> Map:
    """The HTTPRoute; the pool is v1alpha2's as long as the Gateway does not tell otherwise."""
    labels = labels_of(service, "llminferenceservice-router")
    origin = _origin("the router", "router.go:199-285")
    name = child_name(service.resource.name, "-kserve-route")
    body = new_object(service, "gateway.networking.k8s.io/v1", "HTTPRoute", name, labels, origin)
    route = spec.at("router", "route", "http", "spec")
    assert isinstance(route, Map)
    pool = child_name(service.resource.name, INFERENCE_POOL)
    scheduled = present(spec, "router", "scheduler") and not spec.string(
        "router", "scheduler", "pool", "ref", "name"
    )
    rules: list[Node] = []
    for rule in route.listed("rules"):
        refs = rule.get("backendRefs")
        if scheduled and isinstance(refs, Seq) and isinstance(rule, Map):
            group = made(OLD_POOL_GROUP, origin)
            changed = [
                put(ref, ("group",), group)
                if (ref.string("kind"), ref.string("name")) == ("InferencePool", pool)
                else ref
                for ref in refs.children
            ]
            rules.append(put(rule, ("backendRefs",), refs.with_children(changed)))
        else:
            rules.append(rule)
    listed = Seq(rules)
    listed.origin = origin
    return put(body, ("spec",), put(route, ("rules",), listed))


def _origin(text: str, place: str) -> Origin:
    return Origin("controller", text, f"{_SOURCE}/{place} @v0.19.0")
