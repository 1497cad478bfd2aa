"""Everything that refuses an InferenceService on its way: webhook, controller, API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Failure
from kslint.model.kserve.admission.config import deploy_failures
from kslint.model.kserve.admission.services import controller_refusals, rejections
from kslint.model.kserve.routing.hosts import ingress_failures, label_failures
from kslint.model.kubernetes.admission.field_errors import printed

if TYPE_CHECKING:
    from kslint.model.kserve.isvc import InferenceService

_OCI_MODES = ("", "modelcar", "native", "fetch")


def of_service(service: InferenceService) -> list[Failure]:
    """The refusals in the order they would be met."""
    found = [*_of_settings(service), *rejections(service), *controller_refusals(service)]
    for component in service.components:
        found += component.built.failures
    return [*found, *ingress_failures(service), *label_failures(service)]


def _of_settings(service: InferenceService) -> list[Failure]:
    """A default mode or a way with images that is refused, and with it every InferenceService."""
    found = []
    settings = service.settings
    mode = settings.get("storageInitializer", "ociModelMode")
    if settings.has("native-images") and mode is not None and mode.text not in _OCI_MODES:
        message = (
            "failed to get StorageInitializer config: invalid "
            f'"storageInitializer".ociModelMode {printed(mode.text)}: must be one of '
            '"modelcar", "native", "fetch"'
        )
        found.append(Failure("controller", message, mode, "unknown-image-mode"))
    root = settings.get("deploy")
    if root is not None:
        found += deploy_failures(root, settings.has("new-mode-names"))
    return found
