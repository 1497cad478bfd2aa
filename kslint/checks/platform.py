"""What KServe needs around it: a way in for requests, and the pieces its settings count on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.graph import ABSENT
from kslint.model.gateway.gateways import (
    GROUP,
    classes_beside,
    gateways,
    installed_classes,
    may_exist,
)
from kslint.model.kserve import names
from kslint.model.kserve.installation import (
    default_mode,
    is_literal,
    is_off,
    makes_gateway,
    place,
)
from kslint.model.kserve.routing.hosts import (
    CLUSTER_LOCAL_DOMAIN,
    DEFAULT_DOMAIN,
    DEFAULT_DOMAIN_TEMPLATE,
)
from kslint.model.platform.ingresses import serves_ingresses
from kslint.model.platform.installers import is_open
from kslint.model.platform.pieces import ISTIO, lacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.kserve.settings import Settings
    from kslint.model.model import Model
    from kslint.resources import Resource

EVENT_SINCE = "0.17"
"""Releases before it do not report a missing CRD of Istio (controller.go @v0.16.0)."""
_ISTIO_CLASS = "istio"
"""The chart's default for `ingressClassName`, which says nothing about what the user wants."""


def istio_expected(model: Model) -> Iterator[Problem]:
    """KServe left to look for Istio's VirtualServices where nothing installs Istio."""
    yield from once(_istio_expected(model))


def _istio_expected(model: Model) -> Iterator[Problem]:
    for settings in model.installations:
        if not settings.at_least(EVENT_SINCE):
            continue
        if is_off(settings, "disableIstioVirtualHost") and lacks(model, ISTIO):
            at = place(settings, "ingress", "disableIstioVirtualHost")
            written = _is_written(settings, "disableIstioVirtualHost")
            yield Problem(at, variant="written" if written else "default", about=settings.resource)


def gateway_api_disabled(model: Model) -> Iterator[Problem]:
    """Gateways in the tree, and KServe set to make Ingress objects that nothing serves."""
    yield from once(_gateway_api_disabled(model))


def _gateway_api_disabled(model: Model) -> Iterator[Problem]:
    found = [r for r in gateways(model) if not model.graph.evidence.illustrates(r)]
    for settings in model.installations if found else ():
        if (
            not is_off(settings, "enableGatewayApi")
            or not runs_standard(model, settings)
            or not is_reached_from_outside(settings)
            or _uses_ingress(model, settings)
        ):
            continue
        written = _is_written(settings, "enableGatewayApi")
        gateway = _nearest(found, settings, model)[0]
        yield Problem(
            place(settings, "ingress", "enableGatewayApi"),
            variant="written" if written else "default",
            related=[(gateway.body.at("metadata", "name"), "a Gateway stands here")],
            about=settings.resource,
            gateway=gateway.name,
            ingress_class=settings.text("ingress", "ingressClassName"),
        )


def ingress_gateway_missing(model: Model) -> Iterator[Problem]:
    """Routes that name a Gateway which is not among those in the tree."""
    yield from once(_ingress_gateway_missing(model))


def _ingress_gateway_missing(model: Model) -> Iterator[Problem]:
    found = gateways(model)
    named = all(r.name and is_literal(f"{r.namespace or ''}/{r.name}") for r in found)
    for settings in model.installations if found and named else ():
        text = settings.text("ingress", "kserveIngressGateway")
        namespace, _, name = text.partition("/")
        if not settings.flag("ingress", "enableGatewayApi") or not is_literal(text):
            continue
        if not namespace or not name or "/" in name or makes_gateway(settings, name):
            continue
        lookup = model.graph.find("Gateway", name, namespace, GROUP)
        if lookup.found is not None or model.config.cluster.complete is False:
            continue
        near = lookup.elsewhere or _nearest(found, settings, model)
        there = model.graph.namespace_of(near[0]) or "?"
        certain = lookup.answer == ABSENT
        yield Problem(
            place(settings, "ingress", "kserveIngressGateway"),
            variant="elsewhere" if lookup.elsewhere else "default",
            severity=None if certain else "warning",
            related=[
                (r.body.at("metadata", "name"), f"`{model.graph.namespace_of(r) or '?'}/{r.name}`")
                for r in near[:3]
            ],
            about=settings.resource,
            gateway=text,
            name=name,
            there=f"{there}/{near[0].name}",
        )


def undeclared_gateway_class(model: Model) -> Iterator[Problem]:
    """A Gateway of a class that no controller in the tree is there for."""
    if model.config.cluster.complete is False or is_open(model.graph):
        return
    installed = installed_classes(model)
    for resource in gateways(model):
        node = resource.body.at("spec", "gatewayClassName")
        name = "" if node is None else node.text or ""
        if node is None or not name or not is_literal(name) or may_exist(name, model):
            continue
        declared = installed | classes_beside(resource, model)
        if declared and name not in declared:
            classes = ", ".join(f"`{each}`" for each in sorted(declared))
            yield Problem(node, about=resource, gateway=resource.name, name=name, classes=classes)


def default_domain(model: Model) -> Iterator[Problem]:
    """Hosts under example.com, because nobody set the domain."""
    yield from once(_default_domain(model))


def _default_domain(model: Model) -> Iterator[Problem]:
    for settings in model.installations:
        root = settings.data.get("ingress")
        domain = settings.text("ingress", "ingressDomain")
        template = settings.text("ingress", "domainTemplate") or DEFAULT_DOMAIN_TEMPLATE
        if root is None or domain not in ("", DEFAULT_DOMAIN) or ".IngressDomain" not in template:
            continue
        if settings.text("ingress", "disableIngressCreation") in ("", "false"):
            written = _is_written(settings, "ingressDomain") and bool(domain)
            yield Problem(
                place(settings, "ingress", "ingressDomain"),
                variant="written" if written else "default",
                about=settings.resource,
            )


def _nearest(found: list[Resource], settings: Settings, model: Model) -> list[Resource]:
    """Gateways, those first that the settings are likeliest to mean."""
    namespace, _, name = settings.text("ingress", "kserveIngressGateway").partition("/")
    return sorted(found, key=lambda r: (r.name != name, model.graph.namespace_of(r) != namespace))


def once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """One problem a place, which builds of one base and Applications of one template share."""
    seen = set()
    for problem in problems:
        if problem.at.place not in seen:
            seen.add(problem.at.place)
            yield problem


def _is_written(settings: Settings, field: str) -> bool:
    node = settings.get("ingress", field)
    return node is not None and node.span is not None


def runs_standard(model: Model, settings: Settings) -> bool:
    """Is Standard the default mode, or asked for by any service?"""
    return default_mode(settings) == names.STANDARD or any(
        service.mode.name == names.STANDARD and service.mode.annotated
        for service in model.inference_services
    )


def is_reached_from_outside(settings: Settings) -> bool:
    """Do services get routes, and hosts that lead into the cluster?"""
    disabled = settings.text("ingress", "disableIngressCreation")
    domain = settings.text("ingress", "ingressDomain")
    return disabled in ("", "false") and domain != CLUSTER_LOCAL_DOMAIN


def _uses_ingress(model: Model, settings: Settings) -> bool:
    """Does something serve Ingress objects here, or does the user ask for their class by name?"""
    name = settings.text("ingress", "ingressClassName")
    chosen = _is_written(settings, "ingressClassName") and name not in ("", _ISTIO_CLASS)
    return chosen or not lacks(model, ISTIO) or serves_ingresses(model.graph)
