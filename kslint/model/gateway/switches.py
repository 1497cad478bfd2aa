"""Controllers of Gateways that serve InferencePools only if they are told to.

Sources: istio 1.27 and 1.28 release notes (SUPPORT_GATEWAY_API_INFERENCE_EXTENSION and
ENABLE_GATEWAY_API_INFERENCE_EXTENSION of istiod); chart values of agentgateway v1.2.1 and kgateway
v2.1 (`inferenceExtension.enabled`, off); NGINX Gateway Fabric v2.2 chart values
(`nginxGateway.gwAPIInferenceExtension.enable`, off); Envoy Gateway, which knows pools only with
Envoy AI Gateway beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP
from kslint.model.gitops import argocd
from kslint.model.gitops.crd import release_of
from kslint.model.kserve.installation import values_are_known
from kslint.model.platform.pieces import installers

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Map, Node

_CHARTED = {
    "agentgateway": ("agentgateway", "inferenceExtension.enabled"),
    "kgateway": ("kgateway", "inferenceExtension.enabled"),
    "nginx": ("nginx-gateway-fabric", "nginxGateway.gwAPIInferenceExtension.enable"),
}
"""By a word in the name of the class or of its controller: the chart, and its switch."""
_ISTIO = "istiod"
_FROM_128, _AT_127 = (f"{verb}_GATEWAY_API_INFERENCE_EXTENSION" for verb in ("ENABLE", "SUPPORT"))
_ENVOY = "gateway.envoyproxy.io"
_AI_GATEWAY = ("ai-gateway", "aigateway")


class Lack(NamedTuple):
    """What a controller lacks to serve pools: `variant` is envoy or switch; `at` installs it."""

    variant: str
    controller: str
    switch: str
    at: Node | None


def lacking(gateway: Resource, model: Model) -> Lack | None:
    """What the controller of a Gateway lacks to serve InferencePools, as far as the input shows."""
    graph = model.graph
    name = "" if gateway.spec is None else gateway.spec.string("gatewayClassName") or ""
    classes = graph.find("GatewayClass", name, "", GROUP).resources
    controllers = {each.body.string("spec", "controllerName") or "" for each in classes}
    if any(text.startswith(_ENVOY) for text in controllers):
        return None if _has_ai_gateway(graph) else Lack("envoy", "Envoy Gateway", "", None)
    if name == "istio" or any(text.startswith("istio.io/") for text in controllers):
        return _of_istio(graph)
    if name.startswith("gke-"):
        return None
    words = [name, *controllers]
    for word, (chart, switch) in _CHARTED.items():
        if any(word in text for text in words):
            return _of_chart(chart, switch, graph)
    return None


def _of_chart(chart: str, switch: str, graph: Graph) -> Lack | None:
    for source in argocd.chart_sources(graph):
        if source.chart == chart and values_are_known(graph, source):
            values = argocd.helm_values(graph, source)
            if (values.string(*switch.split(".")) or "").lower() != "true":
                return Lack("switch", f"chart {chart}", f"value `{switch}`", source.node)
            return None
    return None


def _of_istio(graph: Graph) -> Lack | None:
    for source in argocd.chart_sources(graph):
        version = release_of(source.revision or "")
        if source.chart != _ISTIO or version is None or not values_are_known(graph, source):
            continue
        if version < (1, 27):
            return None
        name = _FROM_128 if version >= (1, 28) else _AT_127
        if _variable(argocd.helm_values(graph, source), name) == "true":
            return None
        return Lack("switch", f"chart {_ISTIO}", f"`pilot.env.{name}`", source.node)
    return None


def _variable(values: Map, name: str) -> str:
    """A variable of istiod's, by its chart's values."""
    for path in (("env",), ("pilot", "env")):
        text = values.string(*path, name)
        if text is not None:
            return text.lower()
    return ""


def _has_ai_gateway(graph: Graph) -> bool:
    """Is Envoy AI Gateway in the input, by its chart, its objects or a base?"""
    if any("aigateway" in resource.group for resource in graph.resources):
        return True
    return any(
        word in name.lower()
        for installer in installers(graph)
        for name in (*installer.names, installer.repository)
        for word in _AI_GATEWAY
    )
