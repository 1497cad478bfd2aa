"""What pods cannot start without: the claims, Secrets and runtimes that objects name.

Builds on the graph's references and adds what those leave to the model: `pvc://` URIs, Secrets of
ServiceAccounts, pods of further workload kinds, and the pods of a ClusterServingRuntime, which run
in the namespaces of the InferenceServices that use it.

Sources: Kubernetes v1.34 core/v1 types; KServe v0.19.0 pkg/utils/storage.go (`pvc://`) and
pkg/controller/v1beta1/inferenceservice/components/predictor.go:280-370 (runtimes).
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.evidence import are_near
from kslint.graph.references import KSERVE, Reference, container_references, pod_references
from kslint.model.kserve import names
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.kubernetes.templates import templates
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.graph.references import Named
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kubernetes.makers import Makers
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CLAIM, SECRET, RUNTIME = "PersistentVolumeClaim", "Secret", "ServingRuntime"
KINDS = (CLAIM, SECRET, RUNTIME)
"""The kinds that `answer` answers for."""
_CLUSTER_RUNTIME = "ClusterServingRuntime"
_URI = "storageUri"
_ROLES = ("volume", "env", "envFrom", "imagePullSecret", "runtime")

FOUND, MISSING, ELSEWHERE, UNKNOWN = "found", "missing", "elsewhere", "unknown"

_POD_PATHS = {
    "LLMInferenceService": (("router", "scheduler", "template"),),
    "ServingRuntime": (("workerSpec",),),
}
"""Pod specs below `spec` of KServe's kinds that the graph's references do not read."""
_READ = frozenset(("Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"))
"""Kinds whose pods they do read."""


class Answer(NamedTuple):
    """Is a dependency satisfied? `kind`: found, missing, elsewhere or unknown.

    `others` are the objects of that name in other namespaces, the nearest first. It is `certain`
    that one of them is meant where it stands near, or kustomize or Argo CD deploy both sides; and
    that what a change has `deleted` is missing, if nothing out of sight may bring it again.
    """

    kind: str
    others: tuple[Resource, ...] = ()
    certain: bool = True
    deleted: bool = False


def references(
    graph: Graph, resources: Iterable[Resource], services: Iterable[InferenceService]
) -> Iterator[Reference]:
    """Every claim, Secret and runtime that the objects name and need.

    Optional ones, and names that are filled in later, are left out. `services` are those that
    may use a ClusterServingRuntime among the objects.
    """
    resources = list(resources)
    for reference in graph.references_of(resources):
        wanted = reference.kind in KINDS and reference.role in _ROLES
        optional = reference.optional and reference.role != "imagePullSecret"
        cluster_wide = reference.source.kind == _CLUSTER_RUNTIME
        if wanted and not optional and not cluster_wide and not dynamic(reference.name):
            yield reference
    for resource in resources:
        if resource.kind != _CLUSTER_RUNTIME:
            namespace = graph.namespace_of(resource)
            yield from _references(resource, namespace, _further(resource))
    yield from _of_cluster_runtimes(resources, services)


def answer(reference: Reference, graph: Graph, makers: Makers) -> Answer:
    """Does anything in the input satisfy a dependency in its own namespace?"""
    namespace = reference.namespace
    group = KSERVE if reference.kind == RUNTIME else ""
    asker = reference.source
    lookup = graph.find(reference.kind, reference.name, namespace, group or None, asker)
    deleted = _is_deleted(reference, graph)
    if lookup.found is not None or (namespace is None and not deleted):
        return Answer(FOUND if lookup.found is not None else UNKNOWN)
    complete = namespace is not None and graph.complete_for(reference.kind, namespace, asker)
    if reference.kind == RUNTIME:
        cluster = graph.find(_CLUSTER_RUNTIME, reference.name, "", KSERVE)
        if cluster.found is not None or reference.name in shipped_runtimes():
            return Answer(FOUND)
        complete = complete or graph.complete_for(_CLUSTER_RUNTIME, "", asker)
    elif makers.may_make(reference):
        return Answer(UNKNOWN)
    is_open = graph.completeness.is_open(reference.kind, namespace)
    others = tuple(r for r in lookup.elsewhere if graph.evidence.reaches(r, asker))
    if others and not is_open:
        others = tuple(sorted(others, key=lambda other: not are_near(other, asker)))
        return Answer(ELSEWHERE, others, graph.belong_together(others[0], asker))
    if deleted:
        return Answer(MISSING, certain=not is_open, deleted=True)
    return Answer(MISSING if complete else UNKNOWN)


def _is_deleted(reference: Reference, graph: Graph) -> bool:
    """Does the change that is checked take away what is needed?"""
    name, namespace, asker = reference.name, reference.namespace, reference.source
    gone = graph.completeness.is_deleted
    return gone(reference.kind, name, namespace, asker) or (
        reference.kind == RUNTIME and gone(_CLUSTER_RUNTIME, name, "", asker)
    )


@lru_cache(maxsize=1)
def shipped_runtimes() -> frozenset[str]:
    """Names of the runtimes that any known KServe version ships, by chart or by kustomize."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "kserve", "data", "runtimes.json")
    with open(path, encoding="utf-8") as handle:
        table = json.load(handle)
    return frozenset(
        entry["object"]["metadata"]["name"]
        for version in table.values()
        for entry in version["runtimes"]
    )


def _references(
    resource: Resource, namespace: str | None, named: Iterable[Named]
) -> Iterator[Reference]:
    for role, kind, node, group, optional in named:
        text = "" if node is None or node.is_null else node.text or ""
        name = claim_of(text) if role == _URI else text
        if node is None or not name or kind not in KINDS or dynamic(name):
            continue
        if not optional or role == "imagePullSecret":
            yield Reference(resource, role, kind, name, namespace, node, group)


def _further(resource: Resource) -> Iterator[Named]:
    """Names of one object beyond the graph's references to it."""
    if resource.kind == "ServiceAccount":
        yield from _of_account(resource)
    spec = resource.spec
    if spec is None:
        return
    for path in _POD_PATHS.get(resource.kind, ()):
        yield from pod_references(spec.at(*path))
    for template in () if resource.kind in _READ else templates(resource):
        yield from pod_references(template.pod_spec)
    if resource.kind == "InferenceService":
        for part in ("predictor", "transformer", "explainer"):
            yield from _of_component(spec.get(part))
    elif resource.kind == "LLMInferenceService":
        uris = [spec.at("model", "uri")]
        uris += [a.get("uri") for a in spec.listed("model", "lora", "adapters")]
        yield from _claims(uris)


def _of_component(part: Node | None) -> Iterator[Named]:
    if part is None:
        return
    for framework in (*names.FRAMEWORKS, "art"):
        block = part.get(framework)
        if block is not None:
            yield from container_references(block)
    yield from _claims(uri for _, uri in storage_uris(part))


def storage_uris(part: Node) -> Iterator[tuple[str, Node]]:
    """The storage URIs of an InferenceService's component, as (text, node)."""
    found = [part.at(block, "storageUri") for block in ("model", *names.FRAMEWORKS)]
    listed, containers = part.get("storageUris"), part.get("containers")
    found += [item.get("uri") for item in ([] if listed is None else listed.elements())]
    for container in [] if containers is None else containers.elements():
        for variable in container.listed("env"):
            if variable.string("name") == "STORAGE_URI":
                found.append(variable.get("value"))
    for node in found:
        if node is not None and node.text:
            yield node.text, node


def claim_of(uri: str) -> str:
    """The claim that a storage URI names; "" for any other scheme."""
    return uri[len("pvc://") :].partition("/")[0] if uri.startswith("pvc://") else ""


def _claims(uris: Iterable[Node | None]) -> Iterator[Named]:
    for uri in uris:
        if uri is not None and claim_of(uri.text or ""):
            yield _URI, CLAIM, uri, "", False


def _of_account(resource: Resource) -> Iterator[Named]:
    """Secrets of a ServiceAccount; tokens and pull secrets that clusters add are not in git."""
    for field, role in (("secrets", "secret"), ("imagePullSecrets", "imagePullSecret")):
        for item in resource.body.listed(field):
            name = item.string("name") or ""
            if not name.startswith((f"{resource.name}-token-", f"{resource.name}-dockercfg-")):
                yield role, SECRET, item.get("name"), "", False


def _of_cluster_runtimes(
    resources: Iterable[Resource], services: Iterable[InferenceService]
) -> Iterator[Reference]:
    """A ClusterServingRuntime's pods need its names in every namespace that uses it."""
    named: dict[Resource, list[Named]] = {}
    for resource in resources:
        if resource.kind != _CLUSTER_RUNTIME or resource.group != names.GROUP:
            continue
        spec = resource.spec or Map({})
        found = [*pod_references(spec), *pod_references(spec.get("workerSpec"))]
        if any(node is not None for _, _, node, _, _ in found):
            named[resource] = found
    seen = set()
    for service in services if named else ():
        for component in service.components:
            runtime = component.runtime
            if runtime is None or runtime.resource not in named:
                continue
            if (runtime.resource, service.namespace) not in seen:
                seen.add((runtime.resource, service.namespace))
                found = named[runtime.resource]
                yield from _references(runtime.resource, service.namespace, found)


def dynamic(name: str) -> bool:
    """Is a name filled in later, by a template or a variable?"""
    return opaque(name)
