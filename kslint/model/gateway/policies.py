"""Policies that attach to a Gateway, a route or a pool by its name.

Sources: Gateway API v1.5.0 apis/v1 (LocalPolicyTargetReference: the target is in the policy's own
namespace); gateway-api-inference-extension v1.5.0 apix/v1alpha2 (InferenceObjective, poolRef).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.beginnings import begins
from kslint.model.gateway import pools
from kslint.model.gateway.gateways import GROUP
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_TARGETS = {
    "Gateway": (GROUP,),
    "GRPCRoute": (GROUP,),
    "HTTPRoute": (GROUP,),
    pools.KIND: (pools.GROUP, pools.ALPHA),
}
_OBJECTIVE = "InferenceObjective"
_WITHOUT = ("", "apps", "batch", "autoscaling", "policy", "networking.k8s.io")
"""Groups that have no policies of this form."""


class Unattached(NamedTuple):
    """A policy whose target is not there; `elsewhere` has its name in another namespace."""

    policy: Resource
    node: Node
    kind: str
    elsewhere: Resource | None


def unattached(policies: Iterable[Resource], graph: Graph) -> Iterator[Unattached]:
    """The policies that attach to nothing, as far as the input shows."""
    for policy in policies:
        if policy.group in _WITHOUT or not _may_target(policy):
            continue
        namespace = graph.namespace_of(policy)
        for kind, node in _targets(policy):
            name = node.text or ""
            if kind not in _TARGETS or not name or opaque(name) or not namespace:
                continue
            found = graph.find(kind, name, namespace, None, policy)
            if any(each.group in _TARGETS[kind] for each in found.resources):
                continue
            if graph.completeness.is_open(kind, namespace) or _is_made(name, namespace, graph):
                continue
            other = [each for each in found.elsewhere if graph.belong_together(each, policy)]
            if other or graph.complete_for(kind, namespace, policy):
                yield Unattached(policy, node, kind, other[0] if other else None)


def _may_target(policy: Resource) -> bool:
    return policy.kind.endswith("Policy") or policy.kind == _OBJECTIVE


def _targets(policy: Resource) -> Iterator[tuple[str, Node]]:
    """What a policy names, as (kind, the name)."""
    spec = policy.spec
    if spec is None:
        return
    one = spec.get("targetRef")
    for reference in (*spec.listed("targetRefs"), *([] if one is None else [one])):
        name = reference.get("name")
        if name is not None and not reference.string("namespace"):
            yield reference.string("kind") or "", name
    name = spec.at("poolRef", "name")
    if policy.kind == _OBJECTIVE and name is not None:
        yield spec.string("poolRef", "kind") or pools.KIND, name


def _is_made(name: str, namespace: str, graph: Graph) -> bool:
    """May a controller make an object of this name? It begins with that of what it is made for."""
    return begins(name, _MAKERS, namespace, graph)


_MAKERS = ("InferenceService", "LLMInferenceService", "AIGatewayRoute", "MCPRoute")
"""Envoy AI Gateway makes an HTTPRoute of each route of its own (internal/controller v0.4)."""
