"""The pod webhook: which services need it, and the namespaces that it passes by.

Sources: config/webhook/manifests.yaml:37-40 @v0.19.0 (namespaceSelector);
config/manager/service.yaml @v0.16.0, whose Namespace has the label that the selector leaves out;
config/base/namespace.yaml @v0.17.0, which has it no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import OBJECTS
from kslint.model.gitops import argocd
from kslint.model.gitops.remote import in_repository, remote
from kslint.model.kserve.settings import normal_version
from kslint.model.kserve.storage.sources import serves_without_storage, single_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.remote import Remote
    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CONTROL_PLANE = "control-plane"
"""A namespace with this label, whatever its value, has no pod webhook."""
OWN_NAMESPACE = "kserve"
"""The namespace that KServe's manifests make."""
_UNLABELLED_SINCE = (0, 17)
_MANIFESTS = ("kserve.yaml", "config/default", "config/overlays/kserve")


def need_of_webhook(service: InferenceService) -> str:
    """What the pods of a service get from the webhook, in words; "" if they do without it."""
    for component in service.components:
        if serves_without_storage(component) or _has_agent(component):
            return "the agent"
        if single_uri(component) is not None:
            return "the model"
    return ""


def _has_agent(component: Component) -> bool:
    wanted = (component.stored.get("logger"), component.stored.get("batcher"))
    return any(node is not None and not node.is_null for node in wanted)


class PassingLabel(NamedTuple):
    """The label that keeps the webhook away, and the object that it is written in."""

    node: Node
    resource: Resource


def passing_label(graph: Graph, service: InferenceService) -> PassingLabel | None:
    """The label by which the webhook passes the namespace of a service by."""
    name = service.namespace
    if not name:
        return None
    found = graph.find("Namespace", name, "", "", service.resource).found
    label = None if found is None else found.body.at("metadata", "labels", CONTROL_PLANE)
    if found is not None and label is not None:
        near = graph.evidence.reaches(found, service.resource)
        return PassingLabel(label, found) if near else None
    for application in argocd.owners(graph, service.resource):
        if application.spec.string("destination", "namespace") == name:
            labels = application.spec.at("syncPolicy", "managedNamespaceMetadata", "labels")
            label = None if labels is None else labels.get(CONTROL_PLANE)
            if label is not None:
                return PassingLabel(label, application.resource)
    return None


def labels_own_namespace(graph: Graph) -> str:
    """The version whose manifests, with their labelled Namespace, install KServe; "" if none do."""
    for address in _remotes(graph):
        version = normal_version(address.revision)
        if address.repo.lower() != "kserve/kserve" or version is None:
            continue
        if address.path in _MANIFESTS and _number(version) < _UNLABELLED_SINCE:
            return version
    return ""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _remotes(graph: Graph) -> Iterator[Remote]:
    for emission in graph.scopes.emissions:
        for gap in emission.gaps:
            address = remote(gap.node.text or "") if gap.kind == OBJECTS else None
            if address is not None:
                yield address
    for application in argocd.applications(graph):
        for source in argocd.sources(application):
            url, path = source.node.string("repoURL") or "", source.path
            address = in_repository(url, source.revision or "", path) if path else None
            if address is not None:
                yield address
