"""The LeaderWorkerSets of an LLMInferenceService: groups of pods that serve one model together.

Mirrors pkg/controller/v1alpha2/llmisvc/workload_multi_node.go @v0.19.0. What the webhook of the
LeaderWorkerSet controller fills in is left out; its CRD defaults the protocol of ports alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.accounts import SIDECAR, group_account
from kslint.model.kserve.llm.combined import INFERENCE_POOL
from kslint.model.kserve.llm.configs import child_name, present
from kslint.model.kserve.llm.labels import given, passed
from kslint.model.kserve.llm.made import new_object, part_of_labels
from kslint.model.kserve.llm.pools import Pool
from kslint.model.kserve.llm.provision import MODEL_PATH, with_model
from kslint.model.kserve.pod_edits import edited_container
from kslint.model.kubernetes.defaults import with_port_protocols
from kslint.model.tree import appended, put
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.service import LLMInferenceService

_COMPONENT = "llminferenceservice-workload-"
_ROLE = "llm-d.ai/role"
_TEMPLATE = ("spec", "leaderWorkerTemplate")


def group(service: LLMInferenceService, path: tuple[str, ...]) -> Map:
    """The LeaderWorkerSet of the main pods, or of `("prefill",)`."""
    spec = service.effective or Map({})
    block = spec.at(*path) or spec
    origin = _origin("workload_multi_node.go:109-389")
    leader, prefill = present(block, "template"), bool(path)
    decode = "decode" if present(spec, "prefill") else "both"
    serving = {"kserve.io/component": "workload", _ROLE: "prefill" if prefill else decode}
    shared = part_of_labels(service)
    labels = {"app.kubernetes.io/component": _component("worker", prefill), **shared}
    if not leader:  # the workers are then in the pool, under the role of decode even when alone
        labels.update(serving)
        labels[_ROLE] = "prefill" if prefill else "decode"
    name = child_name(service.resource.name, "-kserve-mn-prefill" if prefill else "-kserve-mn")
    kind = "LeaderWorkerSet"
    body = new_object(service, "leaderworkerset.x-k8s.io/v1", kind, name, labels, origin)
    replicas = block.get("replicas")
    known = replicas is not None and not replicas.is_null
    body = put(body, ("spec", "replicas"), replicas if known and replicas else made(1, origin))
    size = Pool(service, "", path, "worker").parallelism.size
    body = put(body, (*_TEMPLATE, "size"), made(1 if size is None else size, origin))
    parallel = Pool(service, "", path, "worker").parallelism.by_data
    if prefill and parallel and size is not None:
        policy = made({"subGroupSize": size}, origin)
        body = put(body, (*_TEMPLATE, "subGroupPolicy"), policy)
    if leader:
        own = {"app.kubernetes.io/component": _component("leader", prefill), **shared, **serving}
        template = _pod_template(service, path, "template", own, origin)
        body = put(body, (*_TEMPLATE, "leaderTemplate"), template)
    worker = _pod_template(service, path, "worker", labels, origin)
    body = put(body, (*_TEMPLATE, "workerTemplate"), worker)
    for field, value in (
        ((*_TEMPLATE, "restartPolicy"), "RecreateGroupOnPodRestart"),
        (("spec", "rolloutStrategy", "type"), "RollingUpdate"),
        (("spec", "startupPolicy"), "LeaderCreated"),
    ):
        body = put(body, field, made(value, origin))
    for key, node in passed(service, "annotations", group=True).items():
        body = put(body, ("metadata", "annotations", key), node)
    # one map in the controller: the labels of the workers are the object's own
    of_workers = body.at(*_TEMPLATE, "workerTemplate", "metadata", "labels")
    return body if of_workers is None else put(body, ("metadata", "labels"), of_workers)


def with_pool_name(service: LLMInferenceService, pod: Map) -> Map:
    """The routing sidecar is told the pool, if there is a router."""
    spec = service.effective or Map({})
    if not present(spec, "router"):
        return pod
    own = spec.string("router", "scheduler", "pool", "ref", "name")
    name = own or child_name(service.resource.name, INFERENCE_POOL)
    origin = _origin("workload_single_node.go:143-150")
    variable = made({"name": "INFERENCE_POOL_NAME", "value": name}, origin)

    def told(container: Map) -> Map:
        return put(container, ("env",), appended(container.get("env"), [variable], origin))

    return edited_container(pod, "initContainers", SIDECAR, told)


def _pod_template(
    service: LLMInferenceService,
    path: tuple[str, ...],
    field: str,
    labels: dict[str, str],
    origin: Origin,
) -> Map:
    template = put(None, ("metadata", "labels"), made({**labels}, origin))
    for kind in ("labels", "annotations"):
        own = {**passed(service, kind, group=True), **given(service, path, kind)}
        for key, value in own.items():
            template = put(template, ("metadata", kind, key), value)
    account = group_account(service, path)
    pod = Pool(service, "", path, field).pod_spec or Map({})
    pod = put(pod, ("serviceAccountName",), made(account.name, origin))
    pod = with_model(service, pod, "main", MODEL_PATH, account)
    pod = pod if path else with_pool_name(service, pod)
    default = Origin("api-server", "a default of the CRD", "leaderworkerset.x-k8s.io/v1")
    pod = with_port_protocols(pod, default)
    return put(template, ("spec",), pod)


def _component(what: str, prefill: bool) -> str:
    return _COMPONENT + what + ("-prefill" if prefill else "")


def _origin(place: str) -> Origin:
    source = f"pkg/controller/v1alpha2/llmisvc/{place} @v0.19.0"
    return Origin("controller", "the workload reconciler", source)
