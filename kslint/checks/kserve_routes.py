"""How requests reach an InferenceService: classes, hosts and timeouts of its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import is_reached_from_outside, once, runs_standard
from kslint.findings import Problem
from kslint.model.answer import Known
from kslint.model.kserve import names
from kslint.model.kserve.installation import is_literal, is_off, place
from kslint.model.kserve.routing.hosts import is_external, uses_gateway
from kslint.model.kserve.routing.ingress import DEFAULT_TIMEOUT
from kslint.model.platform.ingresses import ingress_classes, may_be_served
from kslint.model.platform.installers import is_open
from kslint.model.platform.pieces import ISTIO, lacks
from kslint.model.workload import of_component
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.model.model import Model

_ISTIO_CLASS = "istio"
_TEXT_TASKS = ("text-generation", "text2text-generation")


def ingress_class_missing(model: Model) -> Iterator[Problem]:
    """Ingress objects of a class for which the input, which shows others, has no controller."""
    yield from once(_ingress_class_missing(model))


def _ingress_class_missing(model: Model) -> Iterator[Problem]:
    if model.config.cluster.complete is False or is_open(model.graph):
        return
    for settings in model.installations:
        name = settings.text("ingress", "ingressClassName")
        if not name or not is_literal(name) or not _makes_ingresses(model, settings):
            continue
        if name == _ISTIO_CLASS and not lacks(model, ISTIO):
            continue
        found = ingress_classes(model.graph)
        if not found or name in found or may_be_served(model.graph, name):
            continue
        node = settings.get("ingress", "ingressClassName")
        yield Problem(
            place(settings, "ingress", "ingressClassName"),
            variant="written" if node is not None and node.span is not None else "default",
            about=settings.resource,
            name=name,
            classes=", ".join(f"`{each}`" for each in sorted(found)),
        )


def _makes_ingresses(model: Model, settings: Settings) -> bool:
    return (
        is_off(settings, "enableGatewayApi")
        and runs_standard(model, settings)
        and is_reached_from_outside(settings)
    )


def domain_without_namespace(model: Model) -> Iterator[Problem]:
    """A template of hosts that leaves the namespace out."""
    yield from once(_domain_without_namespace(model))


def _domain_without_namespace(model: Model) -> Iterator[Problem]:
    for settings in model.installations:
        template = settings.text("ingress", "domainTemplate")
        if "{{" not in template or any(f".{field}" in template for field in _TELLING):
            continue
        if not is_reached_from_outside(settings):
            continue
        twins = _twins([s for s in model.every_inference_service if s.settings is settings])
        yield Problem(
            place(settings, "ingress", "domainTemplate"),
            variant="clash" if twins else "default",
            severity=None if twins else "warning",
            related=[
                (s.resource.body.at("metadata", "name"), f"in namespace `{s.namespace}`")
                for s in twins
            ],
            about=settings.resource,
            template=template,
            service=twins[0].resource.name if twins else "",
        )


_TELLING = ("Namespace", "Annotations", "Labels")
"""Variables of the template that can tell two services of one name apart."""


def _twins(services: list[InferenceService]) -> list[InferenceService]:
    """The first two services of one name in different namespaces that get a route."""
    seen: dict[str, InferenceService] = {}
    for service in services:
        if service.namespace is None or not is_external(service):
            continue
        other = seen.setdefault(service.resource.name, service)
        if other.namespace != service.namespace:
            return [other, service]
    return []


def timeout_not_applied(component: Component) -> Iterator[Problem]:
    """A timeout that an Ingress cannot carry, or the 60 seconds of a route on long answers."""
    service, settings = component.owner, component.owner.settings
    if service.mode.name != names.STANDARD or not service.mode_is_known or service.stopped:
        return
    if not settings.in_input or not is_external(service):
        return
    if settings.resource is not None and not component.owner.graph.evidence.reaches(
        settings.resource, service.resource
    ):
        return
    written = component.written.get("timeout")
    given = written is not None and not written.is_null
    if is_off(settings, "enableGatewayApi"):
        if written is not None and given and not _is_told_otherwise(service):
            yield Problem(written, seconds=written.text)
    elif uses_gateway(service) and not given and _waits_long(component):
        yield Problem(component.written, variant="default-of-route", seconds=DEFAULT_TIMEOUT)


def _waits_long(component: Component) -> bool:
    """Is it the route of a language model, and has that route a timeout?"""
    settings = component.owner.settings
    switch = settings.has("route-timeout-switch")
    unlimited = switch and settings.flag("ingress", "disableHTTPRouteTimeout")
    return component.name == "predictor" and not unlimited and _generates(component)


def _is_told_otherwise(service: InferenceService) -> bool:
    """Has the Ingress, which gets the service's annotations, a timeout by one of them?"""
    written = service.resource.body.at("metadata", "annotations")
    return isinstance(written, Map) and any("timeout" in key for key in written.entries)


def _generates(component: Component) -> bool:
    """Is it a language model on a GPU, whose answers take their time?"""
    workload = of_component(component)
    for server in () if workload is None else workload.servers:
        task = server.engine.value("task")
        told = task.value.replace("_", "-") if isinstance(task, Known) else _TEXT_TASKS[0]
        if server.engine.device == "gpu" and told in (*_TEXT_TASKS, "generate", "auto"):
            return True
    return False
