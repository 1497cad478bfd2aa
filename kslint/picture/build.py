"""From a model and its findings to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import SEVERITIES
from kslint.graph import argo
from kslint.graph.completeness import ALWAYS_THERE
from kslint.graph.graph import ABSENT
from kslint.model import dependencies
from kslint.model.gitops import argocd
from kslint.model.kserve import names, runtimes
from kslint.model.kserve.admission.refusals import of_service
from kslint.model.kserve.rendering import created
from kslint.picture import (
    CREATED,
    CREATES,
    DEPLOYS,
    INPUT,
    MISSING,
    UNKNOWN,
    GraphPicture,
    PictureEdge,
    PictureNode,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from kslint.findings import Finding
    from kslint.graph.argo import Owner
    from kslint.graph.references import Reference
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose pods a Service may select."""


def picture(model: Model, findings: Sequence[Finding]) -> GraphPicture:
    """The picture of an input. The indexes of its nodes lead into `findings`."""
    return _Builder(model, findings).built()


class _Builder:
    """Collects nodes under a key each (a Resource, or a tuple that says what), and edges."""

    def __init__(self, model: Model, findings: Sequence[Finding]) -> None:
        self._model = model
        self._graph = model.graph
        self._findings = findings
        self._nodes: dict[Hashable, PictureNode] = {}
        self._edges: set[tuple[Hashable, Hashable, str, str]] = set()
        self._by_name: dict[tuple[str, str, str], list[Hashable]] = {}
        self._readers: dict[str, list[Hashable]] = {}
        """The Applications that read a values file."""

    def built(self) -> GraphPicture:
        """All of it; objects first, since the rest leads to them."""
        graph = self._graph
        for resource in graph.resources:
            self._add(resource, resource)
        for _, _, _, resource in graph.scopes.generated():
            self._add(resource, resource, CREATED, "by a kustomize generator")
        self._applications()
        for service in self._model.inference_services:
            self._service(service)
        for reference in self._references():
            self._refer(reference)
        self._selections()
        return self._numbered()

    def _add(
        self, key: Hashable, resource: Resource, state: str = INPUT, note: str = ""
    ) -> Hashable:
        namespace = self._graph.namespace_of(resource) or ""
        node = PictureNode(
            "", resource.kind, namespace, resource.name, state=state, note=note,
            place=(resource.body.at("metadata", "name") or resource.body).place,
            api_version=resource.api_version,
        )  # fmt: skip
        return self._put(key, node)

    def _put(self, key: Hashable, node: PictureNode) -> Hashable:
        if key not in self._nodes:
            self._nodes[key] = node
            self._by_name.setdefault((node.kind, node.namespace, node.name), []).append(key)
        return key

    def _note(self, key: Hashable, text: str) -> None:
        self._nodes[key] = self._nodes[key]._replace(note=text)

    def _link(self, source: Hashable, target: Hashable, role: str, via: str = "") -> None:
        if source != target:
            self._edges.add((source, target, role, via))

    # ---- Argo CD

    def _applications(self) -> None:
        """Applications, generated ones too, what each deploys and what it brings from elsewhere."""
        graph = self._graph
        keys = {}
        for owner in graph.scopes.applications or ():
            keys[owner.resource, owner.key] = key = self._application(owner)
            application = argocd.Application(
                owner.resource, owner.metadata, owner.spec, not owner.known
            )
            for source in argocd.sources(application):
                for file in argocd.value_files(graph, source):
                    self._readers.setdefault(file, []).append(key)
            self._note(key, ", ".join(_brought(application, self._model)))
        for resource in graph.resources:
            for owner in graph.owners(resource):
                self._link(keys[owner.resource, owner.key], resource, DEPLOYS)

    def _application(self, owner: Owner) -> Hashable:
        """The node of an Application. A template that cannot be filled in is its ApplicationSet."""
        if owner.resource.kind == "Application" or not owner.known:
            return owner.resource
        home = self._nodes[owner.resource]
        namespace = owner.key.rpartition("/")[0] or home.namespace
        made = home._replace(
            kind="Application", namespace=namespace, name=owner.name, state=CREATED
        )
        key = self._put(("application", owner.resource, owner.key), made)
        self._link(owner.resource, key, CREATES)
        return key

    # ---- KServe

    def _service(self, service: InferenceService) -> None:
        """What KServe makes of an InferenceService, and the runtimes it picks for it."""
        graph, key = self._graph, service.resource
        self._note(key, _condition(service))
        for body in created(service):
            made = PictureNode(
                "", body.string("kind") or "", service.namespace or "",
                body.string("metadata", "name") or "", state=CREATED,
                api_version=body.string("apiVersion") or "",
            )  # fmt: skip
            self._link(key, self._put((made.kind, made.namespace, made.name), made), CREATES)
        for component in service.components:
            runtime = component.runtime
            if runtime is not None:
                self._link(key, self._runtime(runtime), "runtime")
            elif component.name == "predictor":
                name = component.written.string("model", "runtime")
                profile = service.settings.profile
                home, user = service.namespace, service.resource
                found = runtimes.find(name, home, graph, profile, user) if name else None
                if found is not None:
                    self._link(key, self._runtime(found), "runtime")

    def _runtime(self, runtime: runtimes.Runtime) -> Hashable:
        if not runtime.stock:
            return runtime.resource
        node = PictureNode(
            "", runtime.resource.kind, "", runtime.name, state=CREATED,
            note="ships with KServe", api_version=runtime.resource.api_version,
        )  # fmt: skip
        return self._put((node.kind, "", node.name), node)

    # ---- references

    def _references(self) -> Iterator[Reference]:
        """The graph's references and the model's, each once; not those to runtimes that are had."""
        served = {source for source, _, role, _ in self._edges if role == "runtime"}
        for reference in (*self._graph.references, *self._model.needed):
            if reference.role == "runtime" and reference.source in served:
                continue
            if not dependencies.dynamic(reference.name):
                yield reference

    def _refer(self, reference: Reference) -> None:
        graph, kind, name = self._graph, reference.kind, reference.name
        lookup = graph.resolve(reference)
        if lookup.resources:
            target = self._nearest(reference.source, lookup.resources)
            via = "" if target.kind == kind else f"{kind} {name}"
            self._link(reference.source, target, reference.role, via)
        where = reference.namespace or ""
        made = (kind, where, name)
        if lookup.resources or (kind, name) in ALWAYS_THERE:
            return
        if made in self._nodes:
            self._link(reference.source, made, reference.role)
            return
        state, note = self._absence(reference, lookup.answer)
        node = PictureNode("", kind, where, name, state=state, note=note)
        self._link(reference.source, self._put((*made, state, note), node), reference.role)

    def _nearest(self, source: Resource, same: Sequence[Resource]) -> Resource:
        """Of objects of one name the one that is deployed with `source`, or deployed at all.

        Trees hold alternatives: overlays, of which the Applications choose one.
        """
        graph = self._graph
        own = {owner.key for owner in graph.owners(source)}

        def order(target: Resource) -> tuple[object, ...]:
            keys = {owner.key for owner in graph.owners(target)}
            together = target.emitter and target.emitter == source.emitter
            return (not keys & own, not together, not keys, _order(self._nodes[target]))

        return min(same, key=order)

    def _absence(self, reference: Reference, answer: str) -> tuple[str, str]:
        """What is known of a target that is not in the input: its state, and a word on it."""
        if reference.optional:
            return UNKNOWN, "optional"
        if reference.kind in dependencies.KINDS:
            found = dependencies.answer(reference, self._graph, self._model.makers)
            if found.kind == dependencies.ELSEWHERE:
                homes = {self._graph.namespace_of(other) or "" for other in found.others}
                return MISSING, f"there is one in {', '.join(sorted(homes))}"
            answer = ABSENT if found.kind == dependencies.MISSING else ""
        return (MISSING if answer == ABSENT else UNKNOWN), ""

    def _selections(self) -> None:
        """From Services to the workloads of their namespace whose pods they select."""
        graph = self._graph
        pods: dict[str | None, list[tuple[Resource, dict[str, str]]]] = {}
        for kind in _TEMPLATES:
            for resource in graph.of_kind(kind):
                labels = _pairs(resource.body.at("spec", "template", "metadata", "labels"))
                pods.setdefault(graph.namespace_of(resource), []).append((resource, labels))
        for service in graph.of_kind("Service", ""):
            wanted = _pairs(service.body.at("spec", "selector"))
            found: dict[str, list[Resource]] = {}
            for resource, labels in pods.get(graph.namespace_of(service), ()):
                if wanted and wanted.items() <= labels.items():
                    found.setdefault(resource.name, []).append(resource)
            for same in found.values():
                self._link(service, self._nearest(service, same), "selects")

    # ---- the whole

    def _numbered(self) -> GraphPicture:
        """Nodes with their ids and findings, and all in an order that the input's does not show."""
        marks, loose = self._marks()
        order = sorted(self._nodes, key=lambda key: _order(self._nodes[key]))
        ids: dict[Hashable, str] = {}
        taken: set[str] = set()
        nodes = []
        for key in order:
            node = self._nodes[key]
            base = identity = f"{node.kind}/{node.namespace}/{node.name}"
            number = 1
            while identity in taken:
                number += 1
                identity = f"{base}#{number}"
            taken.add(identity)
            ids[key] = identity
            own = marks.get(key, [])
            counting = [
                self._findings[index].severity
                for index in own
                if self._findings[index].suppressed is None
            ]
            worst = min(counting, key=SEVERITIES.index, default="")
            nodes.append(node._replace(id=identity, severity=worst, findings=tuple(own)))
        edges = {PictureEdge(ids[a], ids[b], role, via) for a, b, role, via in self._edges}
        return GraphPicture(tuple(nodes), tuple(sorted(edges)), tuple(loose))

    def _marks(self) -> tuple[dict[Hashable, list[int]], list[int]]:
        """The findings of each node, and those of none."""
        marks: dict[Hashable, list[int]] = {}
        loose = []
        for index, finding in enumerate(self._findings):
            found = self._by_name.get((*finding.subject,), [])
            own = [key for key in found if _file(self._nodes[key]) == finding.span.file]
            # of objects of one name, that in the finding's file; a values file has readers instead
            keys = (own or found)[:1] or self._readers.get(finding.span.file, [])
            for key in dict.fromkeys(keys):
                marks.setdefault(key, []).append(index)
            if not keys:
                loose.append(index)
        return marks, loose


def _brought(application: argocd.Application, model: Model) -> Iterator[str]:
    """What an Application deploys that is not in the input, source by source."""
    for place in argocd.places(model.graph, application):
        source = argocd.Source(application, place.source)
        revision = f" {source.revision}" if source.revision else ""
        if place.tool == argo.CHART and source.chart:
            yield f"chart {source.chart}{revision}"
        elif place.tool == argo.CHART:
            yield f"chart in {source.path}"
        elif place.tool in (argo.FOREIGN, argo.OPAQUE):
            url = (place.source.string("repoURL") or "?").removesuffix(".git")
            yield f"{source.path or '.'} of {'/'.join(url.split('/')[-2:])}{revision}"


def _condition(service: InferenceService) -> str:
    """Why KServe makes no objects of a service; "" if it does."""
    if service.stopped:
        return "stopped"
    for failure in of_service(service):
        return f"refused by the {failure.stage}"
    return "" if service.mode.name == names.STANDARD else f"{service.mode.name} mode"


def _pairs(labels: Node | None) -> dict[str, str]:
    return {} if labels is None else {name: node.text or "" for name, node in labels.items()}


def _file(node: PictureNode) -> str:
    return "" if node.place is None else node.place.file


def _order(node: PictureNode) -> tuple[object, ...]:
    place = node.place or ("",)
    return (node.kind, node.namespace, node.name, node.state, node.note, *place, node.api_version)
