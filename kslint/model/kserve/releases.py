"""Where the input installs KServe's controller by a chart, and with which values.

An Application of the chart; a chart of the input that depends on it, or is a copy of it, whether or
not an Application deploys that; a kustomization's `helmCharts`. Remote bases tell a version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import OBJECTS
from kslint.model.gitops import argocd
from kslint.model.gitops.localcharts import deployed_charts, handed_values, local_charts
from kslint.model.gitops.remote import remote
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.graph.kustomize import Emission
    from kslint.model.gitops.argocd import Source
    from kslint.model.gitops.localcharts import LocalChart
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CONTROLLER_CHARTS = ("kserve-resources", "kserve")
_REPOSITORY = "kserve/kserve"


class Release(NamedTuple):
    """One installation of a chart.

    `holder` is the node that a missing value belongs to. `source` is what deploys it, None where
    no Application does. `copied` says that the chart itself lies in the input, `whole` that
    another tool than Argo CD cannot hand over more values.
    """

    chart: str
    revision: str
    values: Map
    holder: Node
    resource: Resource | None = None
    source: Source | None = None
    copied: bool = False
    whole: bool = True


def releases(graph: Graph) -> Iterator[Release]:
    """Every installation of the controller's chart."""
    for application in argocd.applications(graph):
        for source in argocd.sources(application):
            if source.chart in CONTROLLER_CHARTS:
                values = argocd.helm_values(graph, source)
                revision = source.revision or ""
                yield Release(
                    source.chart, revision, values, source.node, application.resource, source
                )
    deployed = set()
    for chart, source in deployed_charts(graph):
        deployed.add(chart.directory)
        yield from _of_chart(chart, handed_values(graph, chart, source), source)
    for chart in local_charts(graph):
        if chart.directory not in deployed:
            for release in _of_chart(chart, chart.values(graph), None):
                yield release._replace(whole=not chart.has_more_values(graph))
    for emission in graph.scopes.emissions:
        for entry in emission.charts:
            name = (entry.node.string("name") or "").rpartition("/")[2]
            if name in CONTROLLER_CHARTS:
                revision = entry.node.string("version") or ""
                values = argocd.merged(entry.values)
                yield Release(name, revision, values, entry.node, whole=entry.whole)


def _of_chart(chart: LocalChart, values: Map, source: Source | None) -> Iterator[Release]:
    resource = None if source is None else source.application.resource
    if is_copy(chart, values):
        yield Release(chart.name, chart.version, values, chart.root, resource, source, copied=True)
    for each in chart.dependencies(values):
        if each.name in CONTROLLER_CHARTS:
            yield Release(each.name, each.version, each.values, each.node, resource, source)


def is_copy(chart: LocalChart, values: Map) -> bool:
    """Is it the controller's own chart, by its name and the layout of its values?"""
    return chart.name in CONTROLLER_CHARTS and isinstance(values.at("kserve", "controller"), Map)


def base_version(emission: Emission) -> str | None:
    """The revision of KServe's own repository that a build takes in."""
    for gap in emission.gaps:
        address = remote(gap.node.text or "") if gap.kind == OBJECTS else None
        if address is not None and address.repo.lower() == _REPOSITORY:
            return address.revision
    return None
