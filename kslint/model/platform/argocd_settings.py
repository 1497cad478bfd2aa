"""Argo CD's own settings in the input, and what they leave out.

Sources: argo-cd v3.4.4 docs/user-guide/kustomize.md (charts in a kustomization need --enable-helm
in `kustomize.buildOptions`), docs/operator-manual/health.md (the health of an Application is not
judged since 1.8, unless a customization does), gitops-engine/pkg/sync (a wave waits for health).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import GROUP, KUSTOMIZE
from kslint.model.gitops import argocd
from kslint.model.kserve.installation import values_are_known
from kslint.model.mentions import mentioned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.argo import Owner
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_CONFIG = "argocd-cm"
_CHART = "argo-cd"
_HELM_ON = "enable-helm"
_HEALTH = ("argoproj.io_Application", "argoproj.io/Application", "ArgoCD")
"""Texts of which one stands where the health of Applications is restored, or may be."""


class Settings(NamedTuple):
    """An object that says how Argo CD is set up, and where in it."""

    resource: Resource
    node: Node


def settings(graph: Graph) -> Iterator[Settings]:
    """The places where the input says how Argo CD is set up: its ConfigMap, or its chart."""
    for resource in graph.of_kind("ConfigMap", ""):
        if resource.name == _CONFIG and not graph.evidence.illustrates(resource):
            yield Settings(resource, resource.body.get("data") or resource.body)
    for source in argocd.chart_sources(graph):
        if source.chart == _CHART and values_are_known(graph, source):
            yield Settings(source.application.resource, source.node)


def _foremost(graph: Graph) -> Settings | None:
    """The settings to point at, whatever order they were read in."""
    found = [*settings(graph)]
    by_name = sorted(found, key=lambda one: (one.resource.kind != "ConfigMap", one.resource.file))
    return by_name[0] if by_name else None


class Uninflated(NamedTuple):
    """A kustomization with charts, an Application that builds it, and the settings without Helm."""

    node: Node
    application: Owner
    settings: Settings


def uninflated(graph: Graph) -> Iterator[Uninflated]:
    """The kustomizations with charts that Argo CD, as the input sets it up, does not build."""
    applications = graph.scopes.applications
    every = [] if applications is None else applications.places
    places = [place for place in every if place.tool == KUSTOMIZE]
    found = _foremost(graph) if places else None
    if found is None or mentioned(graph, _HELM_ON):
        return
    seen = set()
    for place in places:
        built = argocd.emission(graph, place)
        chart = built.charts[0].node if built is not None and built.charts else None
        if chart is not None and chart.span not in seen:
            seen.add(chart.span)
            yield Uninflated(chart, place.owner, found)


class Ungated(NamedTuple):
    """Applications of one parent in several waves, and the settings that let none wait."""

    settings: Settings
    first: Resource
    last: Resource
    waves: tuple[int, int]


def ungated(graph: Graph) -> Iterator[Ungated]:
    """Waves of Applications that do not wait for one another."""
    found = _foremost(graph)
    if found is None or mentioned(graph, *_HEALTH):
        return
    families: dict[str, list[tuple[int, str, Resource]]] = {}
    for resource in graph.of_kind("Application", GROUP):
        parent, wave = graph.parent(resource), argocd.sync_wave(resource)
        if parent is not None and wave is not None:
            families.setdefault(parent, []).append((wave, resource.name, resource))
    for _, members in sorted(families.items()):
        members.sort(key=lambda each: each[:2])
        first, last = members[0], members[-1]
        if first[0] != last[0]:
            yield Ungated(found, first[2], last[2], (first[0], last[0]))
            return
