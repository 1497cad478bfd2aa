"""Secrets that objects other than pods name, and the keys they look for in them.

Sources: cert-manager v1.18 pkg/apis/certmanager/v1 and pkg/apis/acme/v1 (a ClusterIssuer's Secrets
are in the cluster resource namespace, `cert-manager` unless it is set otherwise); KEDA v2.20
apis/keda/v1alpha1 (TriggerAuthentication.secretTargetRef); agentgateway v1.2
api/v1alpha1/agentgateway (auth.secretRef: key `Authorization`); Gateway API v1.5.0
(certificateRefs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP as GATEWAY
from kslint.model.keys import keys_of
from kslint.model.kubernetes.admission.field_errors import opaque, templated
from kslint.model.mentions import mentioned
from kslint.model.platform.certmanager import homes
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kubernetes.makers import Makers
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_ISSUERS = ("ClusterIssuer", "Issuer")
_CERT_MANAGER = "cert-manager"
_ELSEWHERE = ("cluster-resource-namespace", "clusterResourceNamespace")
"""The option of cert-manager, and the value of its chart, that set another namespace."""
_MADE = "privateKeySecretRef"
"""A Secret that cert-manager makes itself."""


KINDS = (
    *_ISSUERS, "TriggerAuthentication", "Gateway", "AgentgatewayBackend", "AgentgatewayPolicy",
)  # fmt: skip


class Used(NamedTuple):
    """A Secret that an object names, where it is looked for, and the key if one is."""

    name: Node
    namespace: str
    key: str = ""
    key_node: Node | None = None


class Unfit(NamedTuple):
    """A Secret that is in another namespace only, or that lacks a key."""

    used: Used
    other: Resource
    keys: tuple[str, ...] = ()


def unfit(resource: Resource, graph: Graph, makers: Makers) -> Iterator[Unfit]:
    """The Secrets of an object that it does not find, or not with the key it wants."""
    namespace = graph.namespace_of(resource)
    uses = list(_used(resource, namespace))
    if (
        uses
        and resource.kind == _ISSUERS[0]
        and (homes(graph) - {_CERT_MANAGER} or mentioned(graph, *_ELSEWHERE))
    ):
        return
    told: set[str] = set()
    for used in uses:
        name = used.name.text or ""
        if not name or opaque(name) or templated(used.key) or name in told:
            continue
        found = graph.makers("Secret", name, used.namespace)
        if found:
            known = [keys_of(maker) for maker in found]
            keys = sorted({key for one in known for key in one or ()})
            near = all(graph.belong_together(maker, resource) for maker in found)
            if used.key and near and all(known) and used.key not in keys:
                yield Unfit(used, found[0], tuple(keys))
            continue
        lookup = graph.find("Secret", name, used.namespace, "", resource)
        near_ones = [
            each
            for each in lookup.elsewhere
            if each.emitter == resource.emitter and graph.belong_together(each, resource)
        ]
        if lookup.resources or not near_ones or makers.may_make_named(name, used.namespace):
            continue
        if not graph.completeness.is_open("Secret", used.namespace):
            told.add(name)
            yield Unfit(used, near_ones[0])


def _used(resource: Resource, namespace: str | None) -> Iterator[Used]:
    spec = resource.spec
    home = _CERT_MANAGER if resource.kind == _ISSUERS[0] else namespace
    reader = _READERS.get(resource.group)
    if spec is not None and reader is not None and home:
        yield from reader(spec, home)


def _of_issuer(spec: Node, namespace: str) -> Iterator[Used]:
    for node in walk(spec):
        name, called = node.get("name"), "" if node.key is None else node.key.text
        if name is not None and called.endswith("SecretRef") and called != _MADE:
            yield _with_key(name, namespace, node)


def _of_login(spec: Node, namespace: str) -> Iterator[Used]:
    for node in spec.listed("secretTargetRef"):
        name = node.get("name")
        if name is not None:
            yield _with_key(name, namespace, node)


def _of_provider(spec: Node, namespace: str) -> Iterator[Used]:
    for node in walk(spec):
        name = node.at("secretRef", "name")
        if node.key is not None and node.key.text == "auth" and name is not None:
            yield Used(name, namespace, node.string("secretRef", "key") or "Authorization")


def _of_gateway(spec: Node, namespace: str) -> Iterator[Used]:
    for listener in spec.listed("listeners"):
        for node in listener.listed("tls", "certificateRefs"):
            name = node.get("name")
            if name is not None and node.string("namespace") in (None, namespace):
                yield Used(name, namespace)


_READERS: dict[str, Callable[[Node, str], Iterator[Used]]] = {
    "agentgateway.dev": _of_provider,
    "cert-manager.io": _of_issuer,
    "keda.sh": _of_login,
    GATEWAY: _of_gateway,
}
"""By the group of the kinds in KINDS."""


def _with_key(name: Node, namespace: str, node: Node) -> Used:
    key = node.get("key")
    return Used(name, namespace, "" if key is None else key.text or "", key)
