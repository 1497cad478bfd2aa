"""The ServiceAccounts that the pods of an LLMInferenceService run under, and their rights.

Mirrors pkg/controller/v1alpha2/llmisvc/{workload,workload_single_node,workload_multi_node,
scheduler}.go @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.graph import ABSENT
from kslint.model.kserve.llm.combined import SCHEDULER_ACCOUNT
from kslint.model.kserve.llm.configs import child_name, present
from kslint.model.kserve.llm.made import (
    OLD_POOL_GROUP,
    POOL_GROUP,
    labels_of,
    new_object,
    part_of_labels,
)
from kslint.model.tree import appended, put
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.resources import Resource
    from kslint.source.nodes import JsonValue, Node

SIDECAR = "llm-d-routing-sidecar"
RBAC = "rbac.authorization.k8s.io"

_DEFAULT = "default"
_READ: list[JsonValue] = ["get", "list", "watch"]


class Account(NamedTuple):
    """What pods run under: `name` is "" for the namespace's default, `made` if KServe makes it.

    `identity` is the object whose annotations count, `secrets` and `pull_secrets` what it lists,
    as far as the input shows it. `unknown` says what is missing, "" if nothing is.
    """

    name: str
    made: bool = False
    identity: Resource | None = None
    secrets: tuple[Node, ...] = ()
    pull_secrets: tuple[Node, ...] = ()
    unknown: str = ""


def has_sidecar(pod: Node | None) -> bool:
    """Does the routing sidecar of disaggregated serving stand in a pod spec?"""
    listed = [] if pod is None else pod.listed("initContainers")
    return any(container.string("name") == SIDECAR for container in listed)


def single_node_account(service: LLMInferenceService, path: tuple[str, ...]) -> Account:
    """The account of a Deployment's pods: of the main ones, or of `("prefill",)`."""
    spec = service.effective or Map({})
    named = spec.string(*path, "template", "serviceAccountName") or ""
    if path or not has_sidecar(spec.get("template")):
        return _found(service, named)
    return _own(service, named, child_name(service.resource.name, "-kserve"))


def group_account(service: LLMInferenceService, path: tuple[str, ...]) -> Account:
    """The account of a LeaderWorkerSet's pods."""
    spec = service.effective or Map({})
    named = spec.string(*path, "template", "serviceAccountName")
    named = named or spec.string(*path, "worker", "serviceAccountName") or ""
    suffix = "-kserve-mn-prefill" if path else "-kserve-mn"
    return _own(service, named, child_name(service.resource.name, suffix))


def scheduler_account(service: LLMInferenceService) -> Account:
    """The account of the endpoint picker, which gets what the main pods' account has."""
    spec = service.effective or Map({})
    own = child_name(service.resource.name, SCHEDULER_ACCOUNT)
    named = spec.string("router", "scheduler", "template", "serviceAccountName") or own
    if named != own:
        return _found(service, named)
    main = _found(service, spec.string("template", "serviceAccountName") or "")
    if not main.name:  # of the default one only the Secrets are taken
        return main._replace(name=own, made=True, identity=None)
    return main._replace(name=own, made=True)


def _own(service: LLMInferenceService, named: str, own: str) -> Account:
    if named not in ("", own):
        return _found(service, named)
    return _found(service, "")._replace(name=own, made=True, identity=None)


def _found(service: LLMInferenceService, name: str) -> Account:
    near = service.resource
    lookup = service.graph.find("ServiceAccount", name or _DEFAULT, service.namespace, "", near)
    resource = lookup.found
    if resource is None:
        missing = name not in ("", _DEFAULT)
        where = "does not exist" if lookup.answer == ABSENT else "is not in the input"
        return Account(name, unknown=f"ServiceAccount {name} {where}" if missing else "")
    if len(lookup.resources) > 1:
        return Account(name, unknown=f"there are several ServiceAccounts {name or _DEFAULT}")
    secrets, pull = (tuple(resource.body.listed(f)) for f in ("secrets", "imagePullSecrets"))
    return Account(name, False, resource, secrets, pull)


def main_accounts(service: LLMInferenceService) -> Iterator[Map]:
    """The accounts made for the workloads, with the sidecar's right to read pods and pools."""
    spec = service.effective or Map({})
    template, worker = spec.get("template"), spec.get("worker")
    name = service.resource.name
    labels = part_of_labels(service)
    origin = _origin("workload_multi_node.go:391-598")
    group = group_account(service, ())
    if isinstance(worker, Map) and group.made:
        yield _account(service, group, labels, origin)
    if (has_sidecar(template) or has_sidecar(worker)) and (
        isinstance(worker, Map) or not group.made
    ):
        names = child_name(name, "-kserve-mn-role"), child_name(name, "-kserve-mn-rb")
        yield from _rights(service, group, labels, names, _sidecar_rules(service), origin)
    prefill = group_account(service, ("prefill",))
    if present(spec, "prefill", "worker") and prefill.made:
        yield _account(service, prefill, labels, origin)
    if has_sidecar(template):
        labels = labels_of(service, "llminferenceservice-workload")
        origin = _origin("workload_single_node.go:334-474")
        single = single_node_account(service, ())
        if single.made:
            yield _account(service, single, labels, origin)
        names = child_name(name, "-kserve-role"), child_name(name, "-kserve-rb")
        yield from _rights(service, single, labels, names, _sidecar_rules(service), origin)


def scheduler_rights(service: LLMInferenceService, labels: dict[str, str]) -> Iterator[Map]:
    """Account, role and bindings of the endpoint picker."""
    account = scheduler_account(service)
    name = service.resource.name
    origin = _origin("scheduler.go:136-164,600-731")
    if account.made:
        yield _account(service, account, labels, origin)
    delegator = child_name(service.namespace or "", f"-{name}-epp-auth-rb")
    body = new_object(service, f"{RBAC}/v1", "ClusterRoleBinding", delegator, labels, origin)
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "system:auth-delegator"}
    yield _bound(service, body, account, reference, origin)
    names = child_name(name, "-epp-role"), child_name(name, "-epp-rb")
    yield from _rights(service, account, labels, names, _picker_rules(service), origin)


def _account(
    service: LLMInferenceService, account: Account, labels: dict[str, str], origin: Origin
) -> Map:
    body = new_object(service, "v1", "ServiceAccount", account.name, labels, origin)
    annotations = None if account.identity is None else account.identity.body.at(
        "metadata", "annotations"
    )  # fmt: skip
    if annotations is not None and annotations.items():
        body = put(body, ("metadata", "annotations"), annotations)
    for field, listed in (("secrets", account.secrets), ("imagePullSecrets", account.pull_secrets)):
        if listed:
            body = put(body, (field,), appended(None, listed, origin))
    return body


def _rights(
    service: LLMInferenceService,
    account: Account,
    labels: dict[str, str],
    names: tuple[str, str],
    rules: list[JsonValue],
    origin: Origin,
) -> Iterator[Map]:
    """A Role of these rules, and the RoleBinding that gives it to an account."""
    role, binding = names
    body = new_object(service, f"{RBAC}/v1", "Role", role, labels, origin)
    yield put(body, ("rules",), made(rules, origin))
    body = new_object(service, f"{RBAC}/v1", "RoleBinding", binding, labels, origin)
    reference = {"apiGroup": RBAC, "kind": "Role", "name": role}
    yield _bound(service, body, account, reference, origin)


def _bound(
    service: LLMInferenceService,
    body: Map,
    account: Account,
    reference: dict[str, str],
    origin: Origin,
) -> Map:
    body = put(body, ("roleRef",), made(reference, origin))
    subject = {
        "kind": "ServiceAccount",
        "name": account.name,
        "namespace": service.namespace or "",
    }
    return put(body, ("subjects",), made([subject], origin))


def _sidecar_rules(service: LLMInferenceService) -> list[JsonValue]:
    """What the routing sidecar may read (workload.go:42-45, the second group from 0.20 on)."""
    groups: list[JsonValue] = [OLD_POOL_GROUP]
    groups += [POOL_GROUP] if service.settings.has("scheduler-plugins") else []
    return [
        {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
        {"apiGroups": groups, "resources": ["inferencepools"], "verbs": _READ},
    ]


def _picker_rules(service: LLMInferenceService) -> list[JsonValue]:
    """What the endpoint picker may do (scheduler.go:690-707)."""
    objectives: list[JsonValue] = ["inferenceobjectives", "inferencemodelrewrites"]
    newer: list[JsonValue] = [{"apiGroups": ["llm-d.ai"], "resources": objectives, "verbs": _READ}]
    return [
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
        *(newer if service.settings.has("scheduler-plugins") else []),
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": [*_READ, "create", "update", "patch", "delete"],
        },
    ]


def _origin(place: str) -> Origin:
    source = f"pkg/controller/v1alpha2/llmisvc/{place} @v0.19.0"
    return Origin("controller", "the accounts of the pods", source)
