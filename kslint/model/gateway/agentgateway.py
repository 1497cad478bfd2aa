"""What the definition of AgentgatewayPolicy refuses.

Source: agentgateway v1.4.1 controller/api/v1alpha1/agentgateway/agentgateway_policy_types.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.resources import Resource
    from kslint.source.nodes import Node

GROUP, POLICY = "agentgateway.dev", "AgentgatewayPolicy"
_EARLY = "PreRouting"
_EARLY_TARGETS = ("Gateway", "ListenerSet", "XListenerSet")
_EARLY_FIELDS = frozenset(
    ("phase", "authorization", "transformation", "extProc", "extAuth", "jwtAuthentication",
     "basicAuthentication", "apiKeyAuthentication", "cors")
)  # fmt: skip


class Refused(NamedTuple):
    """A target or a field that a policy before routing cannot have: `reason` is target or field."""

    reason: str
    node: Node
    text: str


def refused(policy: Resource) -> Iterator[Refused]:
    """What a policy for the phase before routing must not have."""
    spec = policy.spec
    traffic = None if spec is None else spec.get("traffic")
    if spec is None or traffic is None or traffic.string("phase") != _EARLY:
        return
    for target in (*spec.listed("targetRefs"), *spec.listed("targetSelectors")):
        kind = target.get("kind")
        if kind is not None and kind.text and kind.text not in _EARLY_TARGETS:
            yield Refused("target", kind, kind.text)
    for name, node in traffic.items():
        if name not in _EARLY_FIELDS and not node.is_null:
            yield Refused("field", node, name)
