"""Helm charts that lie in the input: their own values, and the charts they depend on.

An umbrella chart hands values to a dependency below its name or alias.
Source: helm/helm v3 pkg/chartutil/dependencies.go (conditions) and coalesce.go (values).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import CHART
from kslint.graph.edit import listing
from kslint.model.gitops.argocd import Application, Source, helm_values, merged
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.source.nodes import Node

FILE = "Chart.yaml"


class Dependency(NamedTuple):
    """A chart that a chart in the input installs. `values` are those it is given."""

    name: str
    version: str
    values: Map
    node: Node
    """The entry of Chart.yaml."""


class LocalChart(NamedTuple):
    """A directory with a Chart.yaml, by the content of that file."""

    directory: str
    root: Node

    @property
    def name(self) -> str:
        return self.root.string("name") or ""

    @property
    def version(self) -> str:
        return self.root.string("version") or ""

    def values(self, graph: Graph, more: Iterable[Node] = ()) -> Map:
        """Its values.yaml, overlaid by others."""
        own = graph.documents.get(posixpath.join(self.directory, "values.yaml"), [])
        return merged((*own, *more))

    def has_more_values(self, graph: Graph) -> bool:
        """Do other values files lie beside it, that somebody may use with it?"""
        return any(
            posixpath.dirname(file) == self.directory
            and posixpath.basename(file) != "values.yaml"
            and "values" in posixpath.basename(file)
            for file in graph.documents
        )

    def dependencies(self, values: Map) -> Iterator[Dependency]:
        """The charts it installs, less those that a condition in its values switches off."""
        for entry in listing(self.root, "dependencies"):
            conditions = (entry.string("condition") or "").split(",")
            told = [values.boolean(*path.strip().split(".")) for path in conditions if path.strip()]
            if next((each for each in told if each is not None), True) is False:
                continue
            name = entry.string("name") or ""
            given = values.get(entry.string("alias") or name)
            version = entry.string("version") or ""
            yield Dependency(name, version, given if isinstance(given, Map) else Map({}), entry)


def local_chart(graph: Graph, directory: str) -> LocalChart | None:
    """The chart in a directory of the input."""
    roots = graph.documents.get(posixpath.join(directory, FILE), [])
    return LocalChart(directory, roots[0]) if roots else None


def local_charts(graph: Graph) -> Iterator[LocalChart]:
    """Every chart that lies in the input."""
    for plain in graph.others:
        if posixpath.basename(plain.file) == FILE:
            yield LocalChart(posixpath.dirname(plain.file), plain.document.root)


def deployed_charts(graph: Graph) -> Iterator[tuple[LocalChart, Source]]:
    """The charts of the input that Applications deploy, each with the source that does."""
    applications = graph.scopes.applications
    for place in () if applications is None else applications.places:
        chart = local_chart(graph, place.directory) if place.tool == CHART else None
        if chart is not None and place.source.get("chart") is None:
            owner = place.owner
            application = Application(owner.resource, owner.metadata, owner.spec, not owner.known)
            yield chart, Source(application, place.source)


def handed_values(graph: Graph, chart: LocalChart, source: Source) -> Map:
    """The values of a chart as an Application deploys it."""
    return chart.values(graph, (helm_values(graph, source),))
