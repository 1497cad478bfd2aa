"""Labels, annotations and old keys of InferenceServices that KServe does not take as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gitops import argocd
from kslint.model.kserve import names
from kslint.model.kserve.routing.hosts import is_external
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.source.nodes import Node


def legacy_framework(service: InferenceService) -> Iterator[Problem]:
    """A predictor under the key of its framework, which the webhook stores as `model`."""
    predictor = service.resource.body.at("spec", "predictor")
    found = [f for f in names.FRAMEWORKS if _is_block(predictor, f)]
    if predictor is None or len(found) != 1 or _is_block(predictor, "model"):
        return  # with two blocks that is the trouble, and another rule's
    if service.mode.name == names.MODELMESH:
        return
    path = f"/spec/predictor/{found[0]}"
    owners = argocd.owners(service.graph, service.resource)
    automated = [application for application in owners if application.automated is not None]
    syncing = [
        application
        for application in automated
        if not argocd.ignores(application, service.resource, service.namespace, path)
    ]
    if automated and not syncing:
        return  # somebody knows of it
    name = syncing[0].name if syncing else ""
    yield Problem(
        predictor.get(found[0]) or predictor,
        variant="synced" if syncing else "default",
        severity=None if syncing else "note",
        framework=found[0],
        application=name,
    )


def _is_block(predictor: Node | None, field: str) -> bool:
    return predictor is not None and isinstance(predictor.get(field), Map)


def dead_annotation(service: InferenceService) -> Iterator[Problem]:
    """An annotation that nothing reads, in the deployment mode in force."""
    standard = service.mode.name == names.STANDARD and service.mode_is_known
    for key, node in _annotations(service):
        instead = names.DEAD_ANNOTATIONS.get(key)
        if instead is not None and service.settings.at_least(names.DEAD_SINCE):
            yield Problem(node, annotation=key, instead=instead)
        elif standard and key.startswith(names.KNATIVE_AUTOSCALING):
            field = names.KNATIVE_FIELDS.get(key.removeprefix(names.KNATIVE_AUTOSCALING))
            instead = f"`{field}` of the component" if field else "the fields of the component"
            yield Problem(node, variant="knative", annotation=key, instead=instead)


def _annotations(service: InferenceService) -> Iterator[tuple[str, Node]]:
    """The annotations that are written on an InferenceService and its components."""
    body = service.resource.body
    parts = ("predictor", "transformer", "explainer")
    for path in (("metadata",), *(("spec", part) for part in parts)):
        written = body.at(*path, "annotations")
        if isinstance(written, Map):
            yield from written.items()


def visibility_ignored(service: InferenceService) -> Iterator[Problem]:
    """A request to keep a service inside the cluster that is written where KServe does not look."""
    metadata = service.resource.body.get("metadata")
    labels, annotations = (
        None if metadata is None else metadata.get(field) for field in ("labels", "annotations")
    )
    routed = service.mode.name == names.STANDARD and is_external(service)
    if not routed or (labels is not None and labels.get(names.VISIBILITY_LABEL) is not None):
        return
    label = None if labels is None else labels.get(names.KNATIVE_VISIBILITY)
    if label is not None and service.mode_is_known and label.text == names.CLUSTER_LOCAL:
        yield Problem(label)
    mark = None if annotations is None else annotations.get(names.VISIBILITY_LABEL)
    if mark is not None and mark.text == names.CLUSTER_LOCAL:
        yield Problem(mark, variant="annotation")
