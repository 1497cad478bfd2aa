"""Gateways of the Gateway API and the classes that an input declares for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.platform.installers import installers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource

GROUP = "gateway.networking.k8s.io"

_CONTROLLERS = {
    "agentgateway": ("agentgateway",),
    "kgateway": ("kgateway", "kgateway-waypoint", "agentgateway"),
    "istiod": ("istio", "istio-remote", "istio-waypoint", "istio-east-west"),
    "envoy-gateway": ("eg", "envoy", "envoy-gateway"),
    "gateway-helm": ("eg", "envoy", "envoy-gateway"),
}
"""Classes that controllers make when they start, by a word in the name of what installs them.

By the projects' installation guides. Envoy Gateway makes none: so its users call theirs.
"""

_ALSO_THERE = {
    "cilium": ("cilium",),
    "contour": ("contour",),
    "istio": ("istio", "istio-remote", "istio-waypoint"),
    "kong": ("kong",),
    "nginx-gateway": ("nginx",),
    "traefik": ("traefik",),
}
"""Classes that these may make, by their settings: they excuse a Gateway and accuse none."""
_SELF_MADE = frozenset(
    {
        "agentgateway", "cilium", "contour", "istio", "istio-east-west", "istio-remote",
        "istio-waypoint", "kgateway", "kgateway-waypoint", "kong", "nginx", "traefik",
    }
)  # fmt: skip
"""Classes that a controller makes by itself, which another tree may install."""
_BUILT_IN = ("gke-l7-", "openshift-", "azure-alb-", "amazon-")
"""What the classes of managed clusters start with; no manifest declares those."""


def gateways(model: Model) -> list[Resource]:
    """The Gateways of the input, those first that do not just illustrate."""
    found = model.graph.of_kind("Gateway", GROUP)
    return sorted(found, key=model.graph.evidence.illustrates)


def declared_classes(model: Model) -> set[str]:
    """The classes that the input or the user declares; empty if neither says anything."""
    return installed_classes(model) | {r.name for r in model.graph.of_kind("GatewayClass", GROUP)}


def installed_classes(model: Model) -> set[str]:
    """The classes that the user names, and those that controllers of the input make."""
    return {*model.config.cluster.gateway_classes, *_made_by(_CONTROLLERS, model)}


def classes_beside(gateway: Resource, model: Model) -> set[str]:
    """The classes declared together with a Gateway, so that its own would be among them."""
    found = model.graph.of_kind("GatewayClass", GROUP)
    if model.graph.evidence.illustrates(gateway):  # examples beside each other are of many clusters
        return {r.name for r in found if r.file == gateway.file}
    return {r.name for r in found if model.graph.belong_together(r, gateway)}


def may_exist(name: str, model: Model) -> bool:
    """May there be a class that nothing beside a Gateway declares?

    Managed clusters have their own, and controllers make theirs when they start, wherever they are
    installed: unless the user says which classes there are, one has to be installed here.
    """
    told = model.config.cluster.gateway_classes
    return (
        opaque(name)
        or name.startswith(_BUILT_IN)
        or name in (_made_by(_ALSO_THERE, model) if told else _SELF_MADE)
        or any(r.name == name for r in model.graph.of_kind("GatewayClass", GROUP))
    )


def _made_by(table: dict[str, tuple[str, ...]], model: Model) -> Iterator[str]:
    for installer in installers(model.graph):
        for name in installer.names:
            for word, classes in table.items():
                if word in name.lower() and not name.endswith("-crds"):
                    yield from classes
