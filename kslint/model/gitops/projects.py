"""What Argo CD refuses of an Application before it renders anything.

Sources: argo-cd v3.4.4 util/argo/argo.go (sources need a path or a chart; the project must exist
and permit sources and destination), pkg/apis/application/v1alpha1/app_project_types.go
(IsSourcePermitted, IsDestinationPermitted, IsGroupKindNamePermitted), types.go (IsOCI is asked
before IsHelm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import GROUP
from kslint.graph.graph import CLUSTER_SCOPED
from kslint.model.gitops import argocd
from kslint.source.globs import by_parts, crossing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.resources import Resource
    from kslint.source.nodes import Node

DEFAULT = "default"
_IN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
_GLOBAL = "globalProjects"


class Refused(NamedTuple):
    """What Argo CD refuses: `reason` is source, oci, project, repository, destination or kind."""

    reason: str
    at: Node
    application: Application
    project: str = ""
    what: str = ""
    related: Node | None = None


def refused(graph: Graph) -> Iterator[Refused]:
    """Everything that Argo CD refuses of the input's Applications."""
    projects = graph.of_kind("AppProject", GROUP)
    widened = any(
        graph.may_hold(each, _GLOBAL) and each.body.at("data", _GLOBAL) is not None
        for each in graph.of_kind("ConfigMap", "")
    )
    for application in argocd.deploying(graph):
        yield from _of_sources(application)
        if projects and not application.templated and not widened:
            yield from _of_project(application, graph)


def _of_sources(application: Application) -> Iterator[Refused]:
    spec = application.spec
    if spec.get("sourceHydrator") is not None:
        return
    for source in argocd.sources(application):
        node = source.node
        url, chart = node.string("repoURL") or "", node.get("chart")
        if not url or _is_open(url) or argocd.is_patched(application, "source", "chart", "path"):
            continue
        if url.startswith("oci://") and chart is not None and chart.text:
            at = node.get("repoURL")
            if at is not None and not _is_open(chart.text):
                yield Refused("oci", at, application, what=chart.text)
        elif not url.startswith("oci://") and not any(
            node.get(name) for name in ("path", "chart", "ref", "plugin")
        ):
            yield Refused("source", node, application, what=url)


def _of_project(application: Application, graph: Graph) -> Iterator[Refused]:
    at = application.spec.get("project")
    name = "" if at is None else at.text or ""
    if at is None or not name or _is_open(name):
        return
    found = _projects(name, application.resource, graph)
    if not found:
        others = graph.of_kind("AppProject", GROUP)
        near = [each for each in others if graph.belong_together(each, application.resource)]
        home = graph.namespace_of(application.resource)
        complete = home is not None and graph.complete_for("AppProject", home, application.resource)
        if name != DEFAULT and near and complete and not _may_be_brought(graph):
            yield Refused("project", at, application, name, ", ".join(sorted(
                {f"`{each.name}`" for each in near})))  # fmt: skip
        return
    project = found[0]
    if len(found) != 1 or project.spec is None or _may_inherit(project, graph):
        return
    yield from _of_repositories(application, project)
    yield from _of_destination(application, project)


def _projects(name: str, asker: Resource, graph: Graph) -> list[Resource]:
    found = graph.find("AppProject", name, None, GROUP, asker).resources
    return [each for each in found if graph.evidence.reaches(each, asker)]


def _may_be_brought(graph: Graph) -> bool:
    """May a chart such as argocd-apps make projects?"""
    return any("argo" in (source.chart or "") for source in argocd.chart_sources(graph)) or any(
        _is_open(each.name) for each in graph.of_kind("AppProject", GROUP)
    )


def _of_repositories(application: Application, project: Resource) -> Iterator[Refused]:
    allowed = project.body.at("spec", "sourceRepos")
    patterns = [each.text or "" for each in project.body.listed("spec", "sourceRepos")]
    if any(_is_open(pattern) for pattern in patterns):
        return
    for source in argocd.sources(application):
        at = source.node.get("repoURL")
        url = "" if at is None else at.text or ""
        if at is not None and url and not _is_open(url) and not _permits(patterns, _plain(url)):
            yield Refused("repository", at, application, project.name, url, allowed or project.body)


def _permits(patterns: list[str], url: str) -> bool:
    """IsSourcePermitted: one pattern has to match, and none of those that deny."""
    matched = False
    for pattern in patterns:
        denies = pattern.startswith("!")
        text = _plain(pattern.removeprefix("!"))
        fits = pattern == "*" or by_parts(text, url) or text == url
        if denies and fits:
            return False
        matched = matched or (fits and not denies) or (denies and not fits)
    return matched


def _plain(url: str) -> str:
    """A URL as Argo CD compares it, about: without `.git`, a user, and case."""
    text = url.strip().lower().removesuffix(".git")
    if "://" not in text and "@" in text:
        text = "ssh://" + text.replace(":", "/", 1)
    return text


def _of_destination(application: Application, project: Resource) -> Iterator[Refused]:
    wanted = application.spec.get("destination")
    allowed = project.body.listed("spec", "destinations")
    if wanted is None:
        return
    namespace = wanted.string("namespace") or ""
    cluster = [text for name in ("server", "name") if (text := wanted.string(name))]
    if not cluster or any(_is_open(text) for text in (namespace, *cluster)):
        return
    if any(_may_match(each, namespace, cluster) for each in allowed):
        return
    at = wanted.get("namespace") or wanted
    related = project.body.at("spec", "destinations") or project.body
    yield Refused("destination", at, application, project.name, namespace, related)


def _may_match(allowed: Node, namespace: str, cluster: list[str]) -> bool:
    """Does an entry of the project allow a destination? True too where that is unclear."""
    pattern = allowed.string("namespace") or ""
    places = [text for name in ("server", "name") if (text := allowed.string(name))]
    if any(_is_open(text) or text.startswith("!") for text in (pattern, *places)):
        return True
    if not (pattern == "*" or crossing(pattern, namespace)):
        return False
    own = {*cluster, *(_IN_CLUSTER if set(cluster) & set(_IN_CLUSTER) else ())}
    if any(place == "*" or crossing(place, text) for place in places for text in own):
        return True
    local = own & set(_IN_CLUSTER)
    by_name = all("://" not in text for text in own) != all("://" not in text for text in places)
    return by_name and not local  # a cluster's name against another's address


def kinds_refused(graph: Graph) -> Iterator[tuple[Resource, Resource, Application, Node]]:
    """Objects whose kind their project does not permit, the project, and the list to change."""
    if not graph.of_kind("AppProject", GROUP):
        return
    for owner in graph.scopes.applications or ():
        name = owner.spec.string("project") or ""
        found = _projects(name, owner.resource, graph)
        if not owner.known or len(found) != 1:
            continue
        spec = None if _may_inherit(found[0], graph) else found[0].spec
        application = argocd.Application(owner.resource, owner.metadata, owner.spec, False)
        said = set()
        for resource in graph.children(owner) if spec is not None else ():
            kind = (resource.group, resource.kind)
            at = None if spec is None or kind in said else _denied(spec, resource)
            if at is not None:
                said.add(kind)
                yield resource, found[0], application, at


def _may_inherit(project: Resource, graph: Graph) -> bool:
    """May a global project add to what a project permits? Argo CD chooses those by labels.

    Its ConfigMap says which (`globalProjects`), where the input shows it.
    """
    labels = project.body.at("metadata", "labels")
    own = [name for name, _ in labels.items() if "/" not in name] if labels is not None else []
    settings = graph.find("ConfigMap", "argocd-cm", None).resources
    known = bool(settings) and all(each.body.at("data", _GLOBAL) is None for each in settings)
    return bool(own) and not known


_GLOBAL = "globalProjects"


def _denied(spec: Node, resource: Resource) -> Node | None:
    """The list of a project that does not permit an object's kind; None if they do, or may."""
    cluster = _list_denies(spec, "clusterResource", resource, False)
    namespaced = _list_denies(spec, "namespaceResource", resource, True)
    if resource.kind in CLUSTER_SCOPED:
        return cluster
    if resource.namespace or resource.group in _NAMESPACED:
        return namespaced
    return namespaced if cluster is not None else None


_NAMESPACED = ("", "apps", "batch", "autoscaling", "serving.kserve.io")


def _list_denies(spec: Node, prefix: str, resource: Resource, open_without: bool) -> Node | None:
    allowed, denied = spec.get(f"{prefix}Whitelist"), spec.get(f"{prefix}Blacklist")
    if allowed is None or allowed.is_null:
        if not open_without:
            return spec
    elif not any(_is_kind(each, resource) for each in allowed.elements()):
        return allowed
    hits = [] if denied is None else [e for e in denied.elements() if _is_kind(e, resource)]
    return hits[0] if hits else None


def _is_kind(entry: Node, resource: Resource) -> bool:
    group, kind = entry.string("group") or "", entry.string("kind") or ""
    if _is_open(group) or _is_open(kind):
        return True
    return (kind == "*" or crossing(kind, resource.kind)) and (
        group == "*" or crossing(group, resource.group) or group == resource.group
    )


def _is_open(text: str) -> bool:
    return "{{" in text or "$" in text or "<" in text
