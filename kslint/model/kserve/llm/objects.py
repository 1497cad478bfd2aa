"""The objects KServe makes of an LLMInferenceService: its Deployments, Services, route and pools.

Mirrors pkg/controller/v1alpha2/llmisvc/{workload,workload_single_node,workload_storage,router,
scheduler}.go @v0.19.0. LeaderWorkerSets are not built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.graph import ABSENT
from kslint.model.kserve.llm.combined import INFERENCE_POOL, WORKLOAD_SERVICE, workload_labels
from kslint.model.kserve.llm.configs import child_name, present
from kslint.model.kserve.llm.made import OLD_POOL_GROUP, labels_of, new_object
from kslint.model.kserve.llm.provision import MODEL_PATH, with_model
from kslint.model.kserve.llm.scheduler import of_scheduler, unscheduled
from kslint.model.kubernetes.defaults import defaulted_deployment
from kslint.model.tree import put
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.pools import Pool
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import JsonValue, Node

MAIN = "main"
PORT = 8000

_SOURCE = "pkg/controller/v1alpha2/llmisvc"
_SELECTOR = ("spec", "selector", "matchLabels")
_ROLE = "llm-d.ai/role"
_SIDECAR = "llm-d-routing-sidecar"
_PASSED_ANNOTATIONS = (
    "k8s.v1.cni.cncf.io", "kueue.x-k8s.io", "prometheus.io",
    "internal.serving.kserve.io/localmodel",
)  # fmt: skip
_PASSED_LABELS = ("kueue.x-k8s.io", "internal.serving.kserve.io/localmodel")


def objects(service: LLMInferenceService) -> list[Map]:
    """What is known of the objects, in the order in which they are made."""
    spec = service.effective
    if spec is None or service.stopped:
        return []
    found = [deployment(service, pool) for pool in service.pools if not unbuilt(service, pool)]
    found.append(_workload_service(service, spec))
    if present(spec, "router", "scheduler") and not spec.string(
        "router", "scheduler", "pool", "ref", "name"
    ):
        found += of_scheduler(service, spec)
    if isinstance(spec.at("router", "route", "http", "spec"), Map) and service.router.makes_route:
        found.append(_route(service, spec))
    return found


def unknowns(service: LLMInferenceService) -> Iterator[str]:
    """What is not built, and why: each completes `has an unknown ...`."""
    spec = service.effective
    if spec is None:
        yield "spec: a config that it is made from is not in the input"
        return
    for pool in service.pools:
        reason = unbuilt(service, pool)
        if reason:
            yield f"{pool.name}: {reason}"
    reason = unscheduled(service, spec)
    if reason:
        yield f"scheduler: {reason}"
    if spec.get("scaling") is not None or spec.at("prefill", "scaling") is not None:
        yield "autoscaler: scaling is not modelled"


def unbuilt(service: LLMInferenceService, pool: Pool) -> str:
    """Why a pool's Deployment is not built; "" if it is."""
    if pool.multi_node:
        return "it runs on several nodes, whose LeaderWorkerSet is not modelled"
    pod = pool.pod_spec
    if pod is None:
        return "its pod is not known"
    if any(c.string("name") == _SIDECAR for c in pod.listed("initContainers")):
        return "the account of the routing sidecar is not modelled"
    if service.adapters:
        return "LoRA adapters are not modelled"
    storage = service.storage
    if storage is None or storage.error:
        return "its model is not known"
    account = pod.string("serviceAccountName")
    lookup = service.graph.find("ServiceAccount", account or "default", service.namespace, "")
    if lookup.found is not None or (account and lookup.answer != ABSENT):
        return f"what the ServiceAccount {account or 'default'} brings is not modelled"
    if service.resource.label("internal.serving.kserve.io/localmodel") is not None:
        return "local models are not modelled"
    if service.settings.text("storageInitializer", "caBundleConfigMapName"):
        return "CA bundles are not modelled"
    return ""


def deployment(service: LLMInferenceService, pool: Pool) -> Map:
    """The Deployment of a pool on one node, with the API server's defaults."""
    prefill = bool(pool.path)
    spec = service.effective or Map({})
    block = spec.at(*pool.path) or Map({})
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
    pod = pool.pod_spec or Map({})
    template = put(template, ("spec",), with_model(service, pod, MAIN, MODEL_PATH))
    own = service.resource.body.get("metadata")
    shared: dict[str, Node] = {}  # one map in the controller: labels, selector and template
    for field, passed in (("labels", _PASSED_LABELS), ("annotations", _PASSED_ANNOTATIONS)):
        listed = None if own is None else own.get(field)
        taken = {k: v for k, v in (listed.items() if listed else ()) if k.startswith(passed)}
        for key, value in taken.items():
            body = put(body, ("metadata", field, key), value)
        for holder in (spec, block) if prefill else (spec,):
            given = holder.get(field)
            taken.update({} if given is None else dict(given.items()))
        for key, value in taken.items():
            template = put(template, ("metadata", field, key), value)
        shared = taken if field == "labels" else shared
    for key, value in shared.items():
        body = put(put(body, ("metadata", "labels", key), value), (*_SELECTOR, key), value)
    return defaulted_deployment(put(body, ("spec", "template"), template))


def _workload_service(service: LLMInferenceService, spec: Map) -> Map:
    origin = _origin("the workload's Service", "workload.go:110-164")
    name = child_name(service.resource.name, WORKLOAD_SERVICE)
    labels = labels_of(service, "llminferenceservice-workload")
    body = new_object(service, "v1", "Service", name, labels, origin)
    for field in ("labels", "annotations"):
        listed = spec.get(field)
        for key, value in () if listed is None else listed.items():
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
