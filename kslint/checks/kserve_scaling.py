"""What scales an InferenceService in Standard mode: KServe's own scaler, and others beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.metadata import autoscaler_class
from kslint.model.scaling import scalers
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.model import Model
    from kslint.model.refusals import Refusal
    from kslint.resources import Resource
    from kslint.source.nodes import Node

REFUSED = {"no-triggers": "default", "scale-metric-with-keda": "metric"}
"""Refusals that this topic explains, and the variant of the message for each."""


def keda_without_triggers(model: Model) -> Iterator[Problem]:
    """The autoscaler class `keda` without metrics that KServe could make triggers of."""
    found = [refusal for refusal in model.refusals if refusal.code in REFUSED]
    told = {id(r.resource) for r in found if r.code == "scale-metric-with-keda"}
    for refusal in found:
        if refusal.code == "scale-metric-with-keda" or id(refusal.resource) not in told:
            yield _refused(refusal)


def _refused(refusal: Refusal) -> Problem:
    return Problem(
        refusal.at,
        variant=REFUSED[refusal.code],
        about=refusal.resource,
        metric=refusal.at.text,
        said=refusal.said,
    )


def behavior_ignored(component: Component) -> Iterator[Problem]:
    """`autoScaling.behavior` where KServe makes an HPA, which does not get it."""
    scaler, behavior = component.scaler, component.written.at("autoScaling", "behavior")
    if not isinstance(behavior, Map) or not behavior.entries:
        return
    if scaler is not None and scaler.string("kind") == "HorizontalPodAutoscaler":
        yield Problem(behavior, deployment=component.metadata.string("name") or "")


def second_scaler(component: Component) -> Iterator[Problem]:
    """A scaler of the input on a Deployment that KServe already scales."""
    owner = component.owner
    deployment = component.metadata.string("name") or ""
    own = autoscaler_class(component.metadata)
    if owner.mode.name != names.STANDARD or own not in ("hpa", "keda") or owner.stopped:
        return
    others = [s for s in scalers(owner.graph, deployment, owner.namespace) if _is_meant(s, owner)]
    if not others:
        return
    first = others[0]
    target = first.body.at("spec", "scaleTargetRef")
    certain = owner.mode_is_known and owner.graph.belong_together(first, owner.resource)
    yield Problem(
        _class_node(component),
        variant="hpa" if first.kind == "HorizontalPodAutoscaler" else "default",
        severity=None if certain else "warning",
        related=[(target, f"{first.kind} `{first.name}` scales it too")],
        kind=first.kind,
        name=first.name,
        deployment=deployment,
        own="HorizontalPodAutoscaler" if own == "hpa" else "ScaledObject",
        service=owner.resource.name,
    )


def _is_meant(scaler: Resource, owner: InferenceService) -> bool:
    """Does a scaler act on the Deployment of this very InferenceService?

    A tree may hold one of the same name for each cluster: it is the nearest that counts.
    """
    graph, resource = owner.graph, owner.resource
    if not graph.evidence.reaches(scaler, resource):
        return False
    found = graph.find(resource.kind, resource.name, owner.namespace, resource.group, scaler)
    return found.found is resource


def _class_node(component: Component) -> Node:
    """The annotation that chooses the scaler, or the block in which it is missing."""
    own = component.written.at("annotations", names.AUTOSCALER_CLASS)
    body = component.owner.resource.body
    return own or body.nearest("metadata", "annotations", names.AUTOSCALER_CLASS)
