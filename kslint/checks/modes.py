"""Deployment modes, the names they make, and the webhook certificates KServe starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.answer import Invalid
from kslint.model.kserve import names
from kslint.model.kserve.admission.services import rejections
from kslint.model.kserve.installation import (
    default_mode,
    is_installed,
    is_literal,
    place,
)
from kslint.model.kserve.routing.domain import LABEL_LIMIT
from kslint.model.kserve.routing.hosts import hosts, label_failures
from kslint.model.platform.pieces import KNATIVE, lacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.model.model import Model

_REFUSED = {"strategy-in-knative-mode": "strategy", "unsupported-scale-metric": "metric"}


def standard_only_field(model: Model) -> Iterator[Problem]:
    """A field for Deployments on an InferenceService that becomes a Knative Service."""
    yield from once(_standard_only_field(model))


def _standard_only_field(model: Model) -> Iterator[Problem]:
    known = model.installations
    for service in model.inference_services:
        if service.mode.name != names.KNATIVE:
            continue
        if not service.mode.annotated and service.settings not in known:
            continue
        for failure in rejections(service):
            variant = _REFUSED.get(failure.code)
            if variant is None or (variant == "metric" and not _is_resource(failure.node.text)):
                continue
            yield Problem(
                failure.node,
                variant=variant,
                related=[(service.mode.node, f"the mode is `{names.KNATIVE}` because of this")],
                about=service.resource,
                service=service.resource.name,
                metric=failure.node.text,
                error=failure.message,
            )


def _is_resource(metric: str | None) -> bool:
    return metric in ("cpu", "memory")


def knative_missing(model: Model) -> Iterator[Problem]:
    """InferenceServices in Knative mode, and nothing that brings Knative."""
    yield from once(_knative_missing(model))


def _knative_missing(model: Model) -> Iterator[Problem]:
    if model.config.cluster.complete is not True and not is_installed(model.graph, model.settings):
        return  # what installs KServe elsewhere may install Knative as well
    annotated = [s for s in model.inference_services if s.mode.annotated]
    asking = [s for s in annotated if s.mode.name == names.KNATIVE]
    own = [s for s in model.installations if model.judges(s.resource)]
    by_default = [settings for settings in own if _decides(settings, model)]
    if not (asking or by_default) or not lacks(model, KNATIVE):
        return
    for service in asking:
        node = service.mode.node
        assert node is not None
        name = service.resource.name
        yield Problem(
            node, variant="annotation", about=service.resource, service=name, mode=node.text
        )
    for settings in by_default:
        node = settings.get("deploy", "defaultDeploymentMode")
        written = node is not None and node.span is not None
        yield Problem(
            place(settings, "deploy", "defaultDeploymentMode"),
            variant="written" if written else "default",
            about=settings.resource,
            mode="" if node is None else node.text,
            service="<name>",
        )


def _decides(settings: Settings, model: Model) -> bool:
    """Is an installation's default Knative, and does anything go by it?

    A tree without InferenceServices is that of a platform, whose users' go by it.
    """
    if default_mode(settings) != names.KNATIVE:
        return False
    services = [s for s in model.every_inference_service if s.settings is settings]
    services = services or model.every_inference_service
    if not services:
        return not model.graph.of_kind("LLMInferenceService", names.GROUP)
    return not all(service.mode.annotated for service in services)


def name_too_long(service: InferenceService) -> Iterator[Problem]:
    """A name that makes a host label or an object label of over 63 characters."""
    at = service.resource.body.at("metadata", "name")
    name = service.resource.name
    if at is None or not is_literal(f"{service.namespace}/{name}"):
        return
    for component, host in hosts(service).items():
        label = max(host.text.split("."), key=len) if isinstance(host, Invalid) else ""
        if len(label) > LABEL_LIMIT and isinstance(host, Invalid):
            yield Problem(
                at, variant="host", service=name, component=component,
                host=host.text, label=label, length=len(label), error=host.error,
            )  # fmt: skip
            return
    for failure in label_failures(service):
        label = failure.message.partition('"')[2].partition('"')[0]
        yield Problem(
            at, variant="label", service=name, component=service.components[0].name,
            host="", label=label, length=len(label), error=failure.message,
        )  # fmt: skip
        return
