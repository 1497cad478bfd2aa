"""Everything that refuses an InferenceService on its way: webhook, controller, API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kserve.admission.services import controller_refusals, rejections
from kslint.model.kserve.routing.hosts import ingress_failures, label_failures

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import InferenceService


def of_service(service: InferenceService) -> list[Failure]:
    """The refusals in the order they would be met."""
    found = [*_of_settings(service), *rejections(service), *controller_refusals(service)]
    for component in service.components:
        found += component.built.failures
    return [*found, *ingress_failures(service), *label_failures(service)]


def _of_settings(service: InferenceService) -> list[Failure]:
    """A default mode that NewDeployConfig refuses, and with it every InferenceService.

    Source: pkg/apis/serving/v1beta1/configmap.go:365-394 @v0.19.0.
    """
    node = service.settings.get("deploy")
    if node is None:
        return []
    mode = service.settings.text("deploy", "defaultDeploymentMode")
    if not mode:
        message = "invalid deploy config, defaultDeploymentMode is required"
        return [Failure("webhook", message, node, "default-mode-missing")]
    if names.LEGACY_MODES.get(mode, mode) not in (names.STANDARD, names.KNATIVE, names.MODELMESH):
        message = "invalid deployment mode. Supported modes are Knative, Standard and ModelMesh"
        return [Failure("webhook", message, node, "default-mode-unknown")]
    return []
