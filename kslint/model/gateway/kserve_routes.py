"""The routes that KServe makes, and the Gateway that has to take them.

Source: KServe v0.19.0 reconcilers/ingress/httproute_reconciler.go:305-325 (the parent of every
route is the Gateway of `kserveIngressGateway`; the route is in the service's namespace).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import Parent, refused
from kslint.model.kserve import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.gateway.routes import Refusal
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.kserve.llm.spec import Target
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node


class ShutOut(NamedTuple):
    """InferenceServices whose routes a Gateway does not take; `at` is what to change there."""

    gateway: Resource
    at: Node
    services: list[InferenceService]


def shut_out(model: Model) -> Iterator[ShutOut]:
    """The Gateways of KServe's routes that do not take those of some InferenceServices."""
    found: dict[int, ShutOut] = {}
    whole = {id(each) for each in model.installations}
    if not any(each.flag("ingress", "enableGatewayApi") for each in model.installations):
        return
    for service in model.every_inference_service:
        settings = service.settings
        namespace, _, name = settings.text("ingress", "kserveIngressGateway").partition("/")
        if id(settings) not in whole or not settings.flag("ingress", "enableGatewayApi"):
            continue
        if service.mode.name != names.STANDARD or not name or not service.mode_is_known:
            continue
        gateways = model.graph.find("Gateway", name, namespace, GROUP).resources
        if len(gateways) != 1 or model.graph.namespace_of(gateways[0]) != namespace:
            continue
        gateway = gateways[0]
        spec = gateway.spec
        parent = Parent(gateway.body, name, namespace, None, None)
        why = refused("HTTPRoute", service.namespace, [], parent, gateway, model.graph)
        if spec is None or why is None or why.reason != "namespace" or why.at is None:
            continue
        at = why.at.at("allowedRoutes", "namespaces", "from") or spec.get("listeners") or spec
        found.setdefault(id(gateway), ShutOut(gateway, at, [])).services.append(service)
    yield from found.values()


def llm_refused(model: Model) -> Iterator[tuple[LLMInferenceService, Target, Resource, Refusal]]:
    """The Gateways of LLMInferenceServices that do not take the routes KServe makes for them.

    Source: KServe v0.19.0 pkg/controller/v1alpha2/llmisvc/router.go (router.gateway.refs become
    the parents of the route, which is in the service's namespace).
    """
    for service in model.llm_services:
        router = service.router
        for target in router.gateways if router.makes_route and not service.stopped else ():
            found = model.graph.find("Gateway", target.name, target.namespace, GROUP).resources
            if len(found) != 1 or model.graph.namespace_of(found[0]) != target.namespace:
                continue
            parent = Parent(target.node, target.name, target.namespace, None, None)
            why = refused("HTTPRoute", service.namespace, [], parent, found[0], model.graph)
            if why is not None and why.reason == "namespace" and target.node.place is not None:
                yield service, target, found[0], why
