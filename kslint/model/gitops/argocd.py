"""What Argo CD will do with an Application: its sources, values and sync options.

Source: argoproj/argo-cd v3.4.4, docs/user-guide/{helm,sync-options}.md and
gitops-engine/pkg/sync/sync_context.go. `applications` reads an ApplicationSet's template as one
Application, `{{ }}` and all; `owners` has the generator's parameters filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import GROUP, sources_of
from kslint.graph.sync_options import annotation_option, option_is
from kslint.model.gitops.helm import with_parameter
from kslint.source.inner import inner_document
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.argo import Place
    from kslint.graph.graph import Graph
    from kslint.graph.kustomize import Emission
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_GLOB = frozenset("*?[{")
SYNC_WAVE = "argocd.argoproj.io/sync-wave"


class Application(NamedTuple):
    """An Application, or the one that an ApplicationSet's template describes."""

    resource: Resource
    metadata: Node | None
    spec: Node
    templated: bool

    @property
    def name(self) -> str:
        name = None if self.metadata is None else self.metadata.string("name")
        return name or self.resource.name

    @property
    def sync_options(self) -> Node | None:
        return self.spec.at("syncPolicy", "syncOptions")

    @property
    def automated(self) -> Node | None:
        """Its `syncPolicy.automated`, if commits are synced without a hand; else None."""
        node = self.spec.at("syncPolicy", "automated")
        if node is None or node.is_null or node.boolean("enabled") is False:
            return None
        return node

    @property
    def self_heals(self) -> bool:
        """Are changes in the cluster put back? Off unless `selfHeal: true`."""
        automated = self.automated
        return automated is not None and automated.boolean("selfHeal") is True


class Source(NamedTuple):
    """One source of an Application. `node` is its mapping."""

    application: Application
    node: Node

    @property
    def chart(self) -> str | None:
        """The chart's name, also where an `oci://` repository URL ends with it (since v3.1)."""
        chart = self.node.string("chart")
        if chart:
            return chart.rpartition("/")[2]
        url = self.node.string("repoURL") or ""
        return url.rstrip("/").rpartition("/")[2] or None if url.startswith("oci://") else None

    @property
    def revision(self) -> str | None:
        return self.node.string("targetRevision")

    @property
    def path(self) -> str | None:
        return self.node.string("path")


def applications(graph: Graph) -> Iterator[Application]:
    """Every Application and every ApplicationSet template in the input."""
    for resource in graph.of_kind("Application", GROUP):
        if resource.spec is not None:
            yield Application(resource, resource.body.get("metadata"), resource.spec, False)
    for resource in graph.of_kind("ApplicationSet", GROUP):
        template = resource.body.at("spec", "template")
        spec = None if template is None else template.get("spec")
        if template is not None and spec is not None:
            yield Application(resource, template.get("metadata"), spec, True)


def deploying(graph: Graph) -> Iterator[Application]:
    """Every Application that will be there: written ones, and generated ones filled in."""
    for owner in graph.scopes.applications or ():
        yield Application(owner.resource, owner.metadata, owner.spec, not owner.known)


def chart_sources(graph: Graph) -> Iterator[Source]:
    """The Helm charts that Applications deploy, generated Applications filled in."""
    applications = graph.scopes.applications
    for place in () if applications is None else applications.places:
        owner = place.owner
        application = Application(owner.resource, owner.metadata, owner.spec, not owner.known)
        source = Source(application, place.source)
        if source.chart:
            yield source


def places(graph: Graph, application: Application) -> list[Place]:
    """What each source of an Application deploys, and where that lies."""
    found = graph.scopes.applications
    return [] if found is None else found.places_of(application.resource, application.spec)


def emission(graph: Graph, place: Place) -> Emission | None:
    """The kustomize build of a place, with the Application's overrides; None if there is none."""
    applications = graph.scopes.applications
    folded = applications is not None and applications.overrides(place) is not None
    key = place.owner.key if folded else ""
    for built in graph.scopes.emissions:
        if (built.directory, built.application) == (place.directory, key):
            return built
    return None


def is_patched(application: Application, *words: str) -> bool:
    """May an ApplicationSet's `templatePatch` set a field that one of the words names?"""
    text = application.resource.body.string("spec", "templatePatch") or ""
    return application.resource.kind == "ApplicationSet" and any(word in text for word in words)


def owners(graph: Graph, resource: Resource) -> list[Application]:
    """The Applications that deploy an object, generated ones filled in; see `Graph.owners`.

    `templated` is left True where an ApplicationSet's generator cannot be followed.
    """
    return [
        Application(owner.resource, owner.metadata, owner.spec, not owner.known)
        for owner in graph.owners(resource)
    ]


def sources(application: Application) -> list[Source]:
    """The sources in order. With `sources` set, `source` is ignored."""
    return [Source(application, node) for node in sources_of(application.spec)]


def sync_wave(resource: Resource) -> int | None:
    """The wave of an object among those its Application deploys; None if it is no integer."""
    text = resource.annotation(SYNC_WAVE)
    if text is None:
        return 0
    digits = text[text[:1] in ("+", "-") :]
    return int(text) if digits.isascii() and digits.isdigit() and len(text) < 10 else None


def keeps_live(
    application: Application, resource: Resource, namespace: str | None, path: str
) -> bool:
    """Does a sync leave the live value at a JSON pointer alone?

    It takes an `ignoreDifferences` entry for the object that covers the pointer, and the option
    RespectIgnoreDifferences=true; without it the entry hides the difference and a sync still
    writes. What cannot be weighed here counts: field managers, and jq expressions that filter
    the parent or name the last step.
    """
    respected = option_is(application.sync_options, "RespectIgnoreDifferences")
    return respected and ignores(application, resource, namespace, path)


def restores(application: Application, resource: Resource, annotation: str) -> bool:
    """Does a sync write an annotation of a live object that somebody has set there?

    A three-way apply, and server-side apply, leave alone what they never applied.
    """
    replaced = option_is(application.sync_options, "Replace")
    own = annotation_option(resource, "Replace") == "true"
    return replaced or own or resource.annotation(annotation) is not None


def ignores(application: Application, resource: Resource, namespace: str | None, path: str) -> bool:
    """Does an `ignoreDifferences` entry of the Application cover a JSON pointer of an object?"""
    return ignoring(application, resource, namespace, path) is not None


def ignoring(
    application: Application, resource: Resource, namespace: str | None, path: str
) -> Node | None:
    """The `ignoreDifferences` entry of the Application that covers a JSON pointer of an object."""
    for entry in application.spec.listed("ignoreDifferences"):
        wanted = (entry.string("name"), entry.string("namespace"))
        if (
            (entry.string("group") or "") not in (resource.group, "*")
            or entry.string("kind") not in (resource.kind, "*")
            or wanted[0] not in (None, "", resource.name)
            or wanted[1] not in (None, "", namespace)
        ):
            continue
        if entry.get("managedFieldsManagers") is not None:
            return entry
        for pointer in entry.listed("jsonPointers"):
            text = (pointer.text or "").rstrip("/")
            if path == text or path.startswith(text + "/"):
                return entry
        for expression in entry.listed("jqPathExpressions"):
            if _jq_covers(expression.text or "", path):
                return entry
    return None


def _jq_covers(expression: str, path: str) -> bool:
    """May a jq path expression cover a JSON pointer?"""
    steps = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    if steps[-1] in expression:
        return True
    parent = "." + ".".join(steps[:-1])
    text = expression.strip().removesuffix("[]")
    return bool(text) and (
        (parent + ".").startswith(text + ".") or (parent in text and "|" in text)
    )


def ignores_everywhere(
    graph: Graph, application: Application, resource: Resource, field: str
) -> bool:
    """Does Argo CD itself, by its ConfigMap or chart values, ignore a field of an object?

    It counts in syncs only for an Application with RespectIgnoreDifferences=true.
    """
    if not option_is(application.sync_options, "RespectIgnoreDifferences"):
        return False
    wanted = (f"{_IGNORED}{resource.group}_{resource.kind}", f"{_IGNORED}all")
    return any(
        field in (data.string(name) or "") for data in _argocd_settings(graph) for name in wanted
    )


def _argocd_settings(graph: Graph) -> Iterator[Node]:
    """The data of ConfigMaps, and of Argo CD's chart values, that may hold such a customization."""
    for resource in graph.of_kind("ConfigMap", ""):
        data = resource.body.get("data") if graph.may_hold(resource, _IGNORED) else None
        if data is not None:
            yield data
    for file in graph.documents:
        for root in graph.documents[file] if graph.documents.may_hold(file, _IGNORED) else ():
            for data in (root.get("data"), root.at("configs", "cm")):
                if data is not None:
                    yield data


_IGNORED = "resource.customizations.ignoreDifferences."


def option(options: Node | None, name: str) -> Scalar | None:
    """The last `name=value` item of a syncOptions list, or None."""
    found = None
    for item in [] if options is None else options.elements():
        if isinstance(item, Scalar) and item.text.partition("=")[0].strip() == name:
            found = item
    return found


def applied_client_side(options: Node | None, resource: Resource | None = None) -> bool:
    """Will `kubectl apply` write the last-applied annotation for this object?

    Not with ServerSideApply or Replace, of the app or of the resource; a resource's
    `ServerSideApply=false` wins over the app's true (shouldUseServerSideApply).
    """
    if option_is(options, "Replace"):
        return False
    server_side = option_is(options, "ServerSideApply")
    if resource is not None:
        if annotation_option(resource, "Replace") == "true":
            return False
        own = annotation_option(resource, "ServerSideApply")
        if own is not None:
            server_side = own == "true"
    return not server_side


def helm_values(graph: Graph, source: Source) -> Map:
    """The values a source hands to its chart, merged, each with the place it is written at.

    Precedence: parameters over valuesObject over valueFiles, of which the last wins. `values`
    counts only where there is no valuesObject (ValuesYAML, values.go v3.4.4). A values file
    that is not in the input contributes nothing.
    """
    helm = source.node.get("helm")
    values = Map({})
    if helm is None:
        return values
    for file in value_files(graph, source):
        for document in graph.documents[file]:
            values = _overlay(values, document)
    inline, values_object = helm.get("values"), helm.get("valuesObject")
    if values_object is not None and not values_object.is_null:
        values = _overlay(values, values_object)
    elif isinstance(inline, Scalar) and inline.text:
        document_node = inner_document(inline)
        if document_node is not None:
            values = _overlay(values, document_node)
    parameters = helm.get("parameters")
    for item in [] if parameters is None else parameters.elements():
        name, value = item.string("name"), item.get("value")
        if name and value is not None:
            force = item.boolean("forceString") is True
            values = with_parameter(values, name, value, force)
    return values


def value_files(graph: Graph, source: Source) -> list[str]:
    """The values files of a source that are in the input, in the order of their merging.

    `$ref/path` is a path from the root of another source, any other one from the chart.
    """
    found: list[str] = []
    near = source.application.resource.file
    for item in source.node.listed("helm", "valueFiles"):
        name = path = item.text or ""
        if name.startswith("$"):
            path = name.partition("/")[2]
        elif source.path and not name.startswith("/"):
            path = f"{source.path.strip('/')}/{name}"
        if _GLOB.intersection(path):
            found += [file for file, _ in graph.documents_like(path)]
        elif (document := graph.document(path, near)) is not None:
            found.append(document[0])
    return found


def merged(documents: Iterable[Node]) -> Map:
    """Helm values of several documents, of which the last wins."""
    values = Map({})
    for document in documents:
        values = _overlay(values, document)
    return values


def _overlay(base: Map, patch: Node) -> Map:
    """Helm's merge of values: mappings merge, all else is replaced, null removes."""
    if not isinstance(patch, Map):
        return base
    entries = dict(base.entries)
    for name, value in patch.entries.items():
        existing = entries.get(name)
        if isinstance(existing, Map) and isinstance(value, Map):
            entries[name] = _overlay(existing, value)
        else:
            entries[name] = value
    return patch.with_entries(entries)
