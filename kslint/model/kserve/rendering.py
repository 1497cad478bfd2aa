"""The objects the controller would create for an InferenceService, in the order it creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.admission.refusals import of_service
from kslint.model.kserve.routing.ingress import routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.source.nodes import Map


def created(service: InferenceService) -> list[Map]:
    """The objects there will be; none when the service is stopped."""
    return [] if service.stopped else when_running(service)


def when_running(service: InferenceService) -> list[Map]:
    """Deployment, Service and scaler of each component, then the routes.

    In Knative mode a Knative Service each; the VirtualService around them is not modelled. None
    when the service is refused, or in another mode.
    """
    if of_service(service):
        return []
    if service.mode.name == names.KNATIVE:
        made = [component.knative_service for component in service.components]
        return [body for body in made if body is not None]
    if service.mode.name != names.STANDARD:
        return []
    found: list[Map] = []
    for component in service.components:
        if component.deployment is not None:
            workers = component.worker_deployment
            bodies = (component.deployment, workers, component.service, component.scaler)
            found += [body for body in bodies if body is not None]
            found += component.group_services
    return found + (routes(service) if found else [])


def reasons_missing(service: InferenceService) -> Iterator[str]:
    """Why a service has no objects, or not all of them."""
    if service.stopped:
        yield "is stopped: KServe deletes its objects"
    elif service.mode.name == names.KNATIVE:
        yield "is in Knative mode, whose VirtualService is not modelled"
    elif service.mode.name != names.STANDARD:
        yield f"is in {service.mode.name} mode, which is not modelled"
    for failure in of_service(service):
        place = failure.node.place
        where = f" ({place})" if place is not None else ""
        yield f"is refused by the {failure.stage}: {failure.message}{where}"
    for component in service.components:
        if component.built.unknown:
            yield f"has an unknown {component.name}: {component.built.unknown}"
