"""The objects the controller would create for an InferenceService, in the order it creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.admission import made
from kslint.model.kserve.admission.refusals import of_service
from kslint.model.kserve.admission.runtimes import clashes_with_stock, runtime_rejections
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.routing.ingress import routes
from kslint.model.kserve.selection import unserved
from kslint.model.kserve.storage.failures import unless_taken
from kslint.model.kubernetes.admission import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.model.kserve.runtimes import Runtime
    from kslint.model.schemas.catalogue import Schemas
    from kslint.source.nodes import Map, Node


class Refused(NamedTuple):
    """Who refuses the service, or what is made of it, with its message and the value at fault."""

    stage: str
    message: str
    node: Node


def created(service: InferenceService) -> list[Map]:
    """The objects KServe makes; none when the service is stopped."""
    return [] if service.stopped else when_running(service)


def when_running(service: InferenceService) -> list[Map]:
    """Deployment, Service and scaler of each component, then the routes.

    In Knative mode a Knative Service each; the VirtualService around them is not modelled. None
    when the service is refused, or in another mode. The API server may refuse what is made, and
    the pod webhook its pods: see `refusals`.
    """
    if any(failure.stage != "pod-webhook" for failure in of_service(service)):
        return []
    if service.mode.name == names.KNATIVE:
        made = [component.knative_service for component in service.components]
        return [body for body in made if body is not None]
    if service.mode.name != names.STANDARD:
        return []
    found: list[Map] = []
    for component in service.components:
        if component.deployment is not None:
            found += _of_component(component)
    for canary in service.canaries if found else ():
        found += _of_component(canary)
    return found + (routes(service) if found else [])


def _of_component(component: Component) -> list[Map]:
    """Its objects; those of a predictor's workers are deleted again where KServe cleans up."""
    workers, group = component.worker_deployment, component.group_services
    if component.owner.settings.has("predictor-objects-cleaned-up"):
        workers, group = None, []
    bodies = (component.deployment, workers, component.service, component.scaler)
    return [body for body in bodies if body is not None] + group


def refusals(service: InferenceService, schemas: Schemas | None = None) -> Iterator[Refused]:
    """Every refusal on the way to the objects, in the order it would be met.

    `schemas` judge the object's own fields, if they are given.
    """
    resource = service.resource
    prefix = f"{kinds.shown(resource)} is invalid: "
    for refusal in () if schemas is None else schemas.refusals(resource):
        yield Refused("api-server", prefix + refusal.reason, refusal.node)
    for failure in kinds.failures(resource, frozenset({names.GROUP})):
        if failure.code != "missing-namespace":
            yield Refused("api-server", prefix + failure.message, failure.node)
    for failure in of_service(service):
        yield Refused(failure.stage, failure.message, failure.node)
    for met in made.refusals(service):
        yield Refused("api-server", met.prefix + met.failure.message, met.failure.node)


def reasons_missing(service: InferenceService, schemas: Schemas | None = None) -> Iterator[str]:
    """Why a service has no objects, or not all of them."""
    if service.stopped:
        yield "is stopped: KServe deletes its objects"
    elif service.mode.name == names.KNATIVE:
        yield "is in Knative mode, whose VirtualService is not modelled"
    elif service.mode.name != names.STANDARD:
        yield (
            f"is in {service.mode.name} mode, which is not modelled"
            if service.mode.name
            else "is in a mode that the input does not tell"
        )
    for refused in () if service.stopped else refusals(service, schemas):
        place = refused.node.place
        where = f" ({place})" if place is not None else ""
        yield f"is refused by the {refused.stage}: {refused.message}{where}"
    for component in service.components:
        if component.built.unknown and unserved(component) is None:
            yield f"has an unknown {component.name}: {component.built.unknown}"


def unless_more(service: InferenceService) -> str | None:
    """What the controller refuses unless the cluster has more than the input and the chart show."""
    for component in service.components:
        message = unserved(component)
        if message is not None:
            where = "(unless a runtime that the input does not show serves it)"
            return f"is refused by the controller: {message} {where}"
        uri = unless_taken(component)
        if uri is not None:
            where = "(unless a ClusterStorageContainer that the input does not show takes it)"
            return f"is refused by the controller: {uri.message} {where}"
    return None


def as_admitted(service: InferenceService) -> tuple[InferenceService, list[str]]:
    """The service as it is once the webhook has refused runtimes of the input, and which ones.

    KServe's own runtimes are there first, so one of their format and priority is refused.
    """
    reasons: list[str] = []
    while (refused := _refused_runtime(service)) is not None:
        runtime, why = refused
        choices = service.choices.without(runtime)
        service = InferenceService(service.resource, service.graph, service.settings, choices)
        reasons.append(f"is shown without {runtime.name}, which the webhook refuses: {why}")
    return service, reasons


def _refused_runtime(service: InferenceService) -> tuple[Runtime, str] | None:
    settings, graph = service.settings, service.graph
    for component in service.components:
        runtime = component.runtime
        if runtime is None or runtime.stock:
            continue
        failures = runtime_rejections(runtime.resource, graph, settings)
        if not failures and service.choices.shipped(settings.profile):
            failures = list(clashes_with_stock(runtime, settings.profile))
        if failures:
            return runtime, failures[0].message
    return None
