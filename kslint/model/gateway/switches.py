"""Which Gateways send requests to an InferencePool, as far as the input shows it.

Most controllers need a switch for it. Sources: the Inference Extension's guide (v1), Istio 1.27.0
(`ENABLE_GATEWAY_API_INFERENCE_EXTENSION`, before that `SUPPORT_...`), the charts of kgateway,
agentgateway and NGINX Gateway Fabric 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP
from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.gitops.crd import release_of
from kslint.model.kserve.installation import values_are_known
from kslint.model.platform.installers import installers

if TYPE_CHECKING:
    from kslint.model.gitops.argocd import Source
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class _Controller(NamedTuple):
    """`charts` install it; one of `switches`, Helm values, lets it take pools. `never`: none does.

    `alone`: it takes none unless a switch in the input says so, wherever it is installed.
    """

    name: str
    charts: tuple[str, ...] = ()
    switches: tuple[tuple[str, ...], ...] = ()
    never: bool = False
    alone: bool = False


_ENVOY = _Controller("Envoy Gateway", alone=True)
_ISTIO = _Controller(
    "Istio",
    ("istiod",),
    (
        ("pilot", "env", "ENABLE_GATEWAY_API_INFERENCE_EXTENSION"),
        ("pilot", "env", "SUPPORT_GATEWAY_API_INFERENCE_EXTENSION"),
    ),
)
_KGATEWAY = _Controller("kgateway", ("kgateway",), (("inferenceExtension", "enabled"),))
_AGENT = _Controller("agentgateway", ("agentgateway",), (("inferenceExtension", "enabled"),))
_NGINX = _Controller(
    "NGINX Gateway Fabric",
    ("nginx-gateway-fabric",),
    (("nginxGateway", "gwAPIInferenceExtension", "enable"),),
    alone=True,
)
_BY_CONTROLLER = {
    "gateway.envoyproxy.io": _ENVOY,
    "gateway.nginx.org": _NGINX,
    "io.cilium": _Controller("Cilium", never=True),
    "istio.io": _ISTIO,
    "kgateway.dev/agentgateway": _AGENT,
    "kgateway.dev": _KGATEWAY,
    "projectcontour.io": _Controller("Contour", never=True),
    "traefik.io": _Controller("Traefik", never=True),
}
"""By what `controllerName` of a GatewayClass begins with, the longer one first."""
_BY_CLASS = {
    "agentgateway": _AGENT,
    "cilium": _BY_CONTROLLER["io.cilium"],
    "contour": _BY_CONTROLLER["projectcontour.io"],
    "istio": _ISTIO,
    "kgateway": _KGATEWAY,
    "nginx": _NGINX,
    "traefik": _BY_CONTROLLER["traefik.io"],
}
"""By the class that a controller makes when it starts."""
_AI_GATEWAY = ("ai-gateway", "aigateway")


class Lack(NamedTuple):
    """Why a controller takes no pools: the Helm value `switch` of the chart at `at` is off.

    Both are empty where no chart of the input could set one.
    """

    controller: str
    switch: str = ""
    at: Node | None = None


def takes_no_pools(gateway: Resource, model: Model) -> str:
    """The controller of a Gateway, if it takes no InferencePools as the input shows it; else ""."""
    lack = lacking(gateway, model)
    return "" if lack is None else lack.controller


def lacking(gateway: Resource, model: Model) -> Lack | None:
    """What the controller of a Gateway lacks to take InferencePools, as the input shows it."""
    controller = _controller(gateway, model)
    if controller is None:
        return None
    if controller is _ENVOY:
        names = [name.lower() for one in installers(model.graph) for name in one.names]
        extended = any(word in name for name in names for word in _AI_GATEWAY)
        objects = any(r.group == "aigateway.envoyproxy.io" for r in model.graph.resources)
        return None if extended or objects else Lack(controller.name)
    if controller.never:
        return Lack(controller.name)
    found = [s for s in chart_sources(model.graph) if s.chart in controller.charts]
    for source in found:
        values = helm_values(model.graph, source)
        read = _read(controller, source)
        on = any((values.string(*path) or "").lower() == "true" for path in read)
        if on or not values_are_known(model.graph, source):
            return None
    if found:
        return Lack(controller.name, ".".join(_read(controller, found[0])[0]), found[0].node)
    return Lack(controller.name) if controller.alone else None


def _read(controller: _Controller, source: Source) -> tuple[tuple[str, ...], ...]:
    """The values that may switch pools on in a release, the one to advise first.

    Istio renamed its own between 1.27.0-beta.0 and 1.27.0 (pilot/pkg/features/experimental.go),
    and its notes of 1.27 have the old name: both count there.
    """
    version = release_of(source.revision or "")
    if version is None or len(controller.switches) == 1:
        return controller.switches
    if version < (1, 27):
        return controller.switches[::-1]
    return controller.switches if version < (1, 28) else controller.switches[:1]


def _controller(gateway: Resource, model: Model) -> _Controller | None:
    name = gateway.body.string("spec", "gatewayClassName") or ""
    found = model.graph.find("GatewayClass", name, "", GROUP, gateway).found
    if found is None:
        return _BY_CLASS.get(name)
    told = found.body.string("spec", "controllerName") or ""
    return next((c for start, c in _BY_CONTROLLER.items() if told.startswith(start)), None)
