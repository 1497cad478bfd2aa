"""What installs objects that the input does not show: charts, remote bases, operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import DIRECTORY, KUSTOMIZE
from kslint.graph.edit import listing
from kslint.model.gitops.argocd import chart_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.graph.kustomize import Emission
    from kslint.resources import Resource


class Installer(NamedTuple):
    """Something that installs objects which are not in the input, by the names it goes by."""

    names: tuple[str, ...]
    repository: str


def installers(graph: Graph) -> Iterator[Installer]:
    """Everything in the input that installs what the input does not show."""
    for source in chart_sources(graph):
        yield Installer((source.chart or "",), source.node.string("repoURL") or "")
    yield from hidden(graph)


def hidden(graph: Graph) -> Iterator[Installer]:
    """As `installers`, without the charts of Applications."""
    yield from _unseen(graph)
    for emission in graph.scopes.emissions:
        yield from _bases(emission)
    for resource in graph.resources:
        name = operated(resource)
        if name:
            yield Installer((name,), resource.name)
    for plain in graph.others:
        if plain.file.rpartition("/")[2] in ("Chart.yaml", "helmfile.yaml", "helmfile.yml"):
            root = plain.document.root
            for entry in (*listing(root, "dependencies"), *listing(root, "releases")):
                chart = (entry.string("chart") or entry.string("name") or "").rpartition("/")[2]
                yield Installer((chart,), entry.string("repository") or "")


def charts(graph: Graph) -> frozenset[str]:
    """The charts and operators that Argo CD, Flux, k3s and OLM are told to install, by name."""
    told = [source.chart for source in chart_sources(graph)]
    told += [operated(resource) for kind in OPERATED for resource in graph.of_kind(kind)]
    return frozenset(name for name in told if name)


def is_open(graph: Graph) -> bool:
    """Does an ApplicationSet deploy charts or paths that the input does not name?"""
    applications = graph.scopes.applications
    return any(
        "{{" in (place.source.string("chart") or "")
        or (place.source.string("path") or "").lstrip("/").startswith("{{")
        for place in (() if applications is None else applications.places)
    )


def _unseen(graph: Graph) -> Iterator[Installer]:
    """Applications of a git path whose manifests are not in the input."""
    applications = graph.scopes.applications
    for place in () if applications is None else applications.places:
        path, url = place.source.string("path"), place.source.string("repoURL") or ""
        if path is None or place.tool in (KUSTOMIZE, DIRECTORY) or url.startswith("oci://"):
            continue
        names = [place.owner.name, *path.split("/"), url.rpartition("/")[2]]
        yield Installer((*names, place.owner.destination or ""), url)


def _bases(emission: Emission) -> Iterator[Installer]:
    """Remote and missing bases of a build, and its charts."""
    for chart in emission.charts:
        yield Installer((chart.node.string("name") or "",), chart.node.string("repo") or "")
    for gap in emission.gaps:
        text = gap.node.text
        if gap.kind != "objects" or not text:
            continue
        parts = (text.partition("://")[2] or text).partition("?")[0].split("/")
        file = parts[-1]
        names = (file,) if "crd" in file else tuple(parts[2:] if "." in parts[0] else parts)
        yield Installer(names, text)


OPERATED = frozenset({"HelmRelease", "HelmChart", "Subscription"})
"""Kinds by which Flux, k3s and OLM are told to install something."""


def operated(resource: Resource) -> str | None:
    """What an object of Flux, of k3s or of OLM installs."""
    spec = resource.spec if resource.kind in OPERATED else None
    if spec is None:
        return None
    if resource.kind == "HelmRelease":
        return spec.string("chart", "spec", "chart") or spec.string("chartRef", "name")
    if resource.kind == "HelmChart":
        return (spec.string("chart") or "").rpartition("/")[2]
    if resource.kind == "Subscription" and resource.group == "operators.coreos.com":
        return spec.string("name")
    return None
