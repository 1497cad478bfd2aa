"""The objects there will be in a cluster: those of the input, and what KServe makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.changes import Subject
from kslint.graph.references import is_patch
from kslint.model.kserve.llm import rendering
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.rendering import created
from kslint.model.kubernetes.defaults import defaulted_deployment, defaulted_pod
from kslint.model.tree import put, without
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.model import Model
    from kslint.resources import Resource

_TEMPLATED = ("StatefulSet", "DaemonSet", "Job")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT = frozenset(
    ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
)
_POD = ("spec", "template", "spec")


class Effective(NamedTuple):
    """An object as the API server will hold it.

    `resource` is what the input says of it, None for what KServe makes; `owner` is then what
    KServe makes it of. `place` is where it comes from, and tells it from twins.
    """

    subject: Subject
    body: Map
    place: str
    resource: Resource | None = None
    owner: Subject | None = None


def subject_of(resource: Resource, graph: Graph) -> Subject:
    return Subject(resource.kind, resource.group, graph.namespace_of(resource), resource.name)


def place_of(resource: Resource) -> str:
    return resource.emitter or resource.file


def written(model: Model) -> Iterator[Effective]:
    """The objects of the input, as kustomize and Argo CD apply them, with defaults."""
    graph = model.graph
    generated = [one for emission in graph.scopes.emissions for one in emission.generated]
    for resource in (*model.resources, *generated):
        if not resource.name or is_patch(resource):
            continue
        yield Effective(
            subject_of(resource, graph), _defaulted(resource), place_of(resource), resource
        )


def _defaulted(resource: Resource) -> Map:
    body = _as_applied(resource.body)
    pod = body.at(*_POD)
    if resource.kind == "Deployment" and resource.group == "apps" and isinstance(pod, Map):
        return defaulted_deployment(body)
    if resource.kind in _TEMPLATED and isinstance(pod, Map):
        return put(body, _POD, defaulted_pod(pod))
    return body


def _as_applied(body: Map) -> Map:
    """Less what the API server keeps for itself: exports of live objects have it."""
    metadata = body.get("metadata")
    if not isinstance(metadata, Map):
        return body
    annotations = metadata.get("annotations")
    if isinstance(annotations, Map) and _LAST_APPLIED in annotations.entries:
        metadata = put(metadata, ("annotations",), without(annotations, _LAST_APPLIED))
    if _KEPT.isdisjoint(metadata.entries) and metadata is body.get("metadata"):
        return body if "status" not in body.entries else without(body, "status")
    return without(put(body, ("metadata",), without(metadata, *_KEPT)), "status")


def of_service(service: InferenceService, graph: Graph) -> list[Effective]:
    """What KServe makes of an InferenceService, and the pods as its webhook lets them in."""
    owner = subject_of(service.resource, graph)
    bodies = created(service)
    found = list(_made(bodies, owner, service.resource))
    for component in service.components if bodies else ():
        pod = admitted_pod(component)
        if pod is not None and component.deployment is not None:
            name = component.deployment.string("metadata", "name") or ""
            subject = Subject("Pod", "", owner.namespace, name)
            body = Map({"spec": defaulted_pod(pod)})
            found.append(Effective(subject, body, place_of(service.resource), None, owner))
    return found


def of_llm_service(service: LLMInferenceService, graph: Graph) -> list[Effective]:
    """What KServe makes of an LLMInferenceService, as far as it is known."""
    owner = subject_of(service.resource, graph)
    return list(_made(rendering.created(service), owner, service.resource))


def _made(bodies: Iterable[Map], owner: Subject, resource: Resource) -> Iterator[Effective]:
    for body in bodies:
        group = (body.string("apiVersion") or "").rpartition("/")[0]
        subject = Subject(
            body.string("kind") or "",
            group,
            body.string("metadata", "namespace") or owner.namespace,
            body.string("metadata", "name") or "",
        )
        yield Effective(subject, body, place_of(resource), None, owner)
