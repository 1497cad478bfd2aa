"""Everything that refuses an InferenceService on its way: webhook, controller, API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.admission.config import NEW_NAMES_SINCE, deploy_failures
from kslint.model.kserve.admission.services import controller_refusals, rejections
from kslint.model.kserve.routing.hosts import ingress_failures, label_failures

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.model.kserve.isvc import InferenceService


def of_service(service: InferenceService) -> list[Failure]:
    """The refusals in the order they would be met."""
    found = [*_of_settings(service), *rejections(service), *controller_refusals(service)]
    for component in service.components:
        found += component.built.failures
    return [*found, *ingress_failures(service), *label_failures(service)]


def _of_settings(service: InferenceService) -> list[Failure]:
    """A default mode that NewDeployConfig refuses, and with it every InferenceService."""
    root = service.settings.get("deploy")
    if root is None:
        return []
    return deploy_failures(root, service.settings.at_least(NEW_NAMES_SINCE))
