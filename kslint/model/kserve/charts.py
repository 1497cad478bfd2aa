"""What KServe's charts make of the values they are given: objects they share, values nobody reads.

Sources: charts/*/templates of kserve/kserve @v0.17.0 to v0.20.0; data/chart_values.json.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.kserve.installation import LLM_CHART, is_literal
from kslint.model.kserve.releases import CONTROLLER_CHARTS
from kslint.model.kserve.versions import normal
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.source.nodes import Node

CONFIG_SWITCH = ("kserve", "inferenceServiceConfig", "enabled")
SHARED = ("kserve", "createSharedResources")
SHARED_SINCE = (0, 17)
"""The first release in which two charts render the same objects by the same switch."""


class Twice(NamedTuple):
    """Two sources that render one ConfigMap in one namespace."""

    first: Source
    second: Source
    namespace: str


def renders_config(values: Map) -> bool:
    """Does a chart render `inferenceservice-config`? An `enabled: false` counts as not given.

    Source: templates/common/configmap.yaml of both charts (`enabled | default create...`).
    """
    own = values.string(*CONFIG_SWITCH) or ""
    if own not in ("", "false"):
        return True
    return (values.string(*SHARED) or "true") != "false"


def configs_rendered_twice(graph: Graph) -> Iterator[Twice]:
    """The pairs of charts, that of the controller and that for LLMs, in one namespace."""
    sources = [s for s in chart_sources(graph) if s.chart in (*CONTROLLER_CHARTS, LLM_CHART)]
    shared = [s for s in sources if _shares(s) and renders_config(helm_values(graph, s))]
    for second in shared:
        for first in shared if second.chart == LLM_CHART else ():
            place = _place(first)
            if first.chart != LLM_CHART and place == _place(second) and place is not None:
                yield Twice(first, second, place[1])


def _shares(source: Source) -> bool:
    version = normal(source.revision or "")
    return version is not None and tuple(map(int, version.split("."))) >= SHARED_SINCE


def _place(source: Source) -> tuple[str, str] | None:
    """Cluster and namespace; None where a template fills them in."""
    spec = source.application.spec
    cluster = spec.string("destination", "server") or spec.string("destination", "name") or ""
    namespace = spec.string("destination", "namespace") or ""
    return (cluster, namespace) if is_literal(cluster + namespace) else None


class Unread(NamedTuple):
    """A value that a chart is given and does not read. `others` are charts that do."""

    source: Source
    path: str
    node: Node
    version: str
    others: tuple[str, ...]


def unread_values(graph: Graph) -> Iterator[Unread]:
    """The values, or blocks of values, of KServe's charts that no template reads.

    What another of the charts is given by the same file, and reads, is left out; so are the
    chart's own defaults, and values that ask for nothing.
    """
    given = []
    for source in chart_sources(graph):
        version = normal(source.revision or "")
        if source.chart in _charts() and version in _versions():
            given.append((source, version, helm_values(graph, source)))
    used = {
        node.place
        for source, version, values in given
        for path, node in _leaves(values, ())
        if _is_read(source.chart or "", version or "", path)
    }
    for source, version, values in given:
        for path, node in _outermost(source.chart or "", version or "", values, ()):
            if node.place is None or any(leaf.place in used for _, leaf in _leaves(node, path)):
                continue
            dotted = ".".join(path)
            others = tuple(c for c in _charts() if _is_read(c, version or "", path))
            yield Unread(source, dotted, node, version or "", others)


def _outermost(
    chart: str, version: str, node: Node, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Node]]:
    """The highest nodes of which no chart reads anything, and values that another chart reads."""
    for name, child in node.items():
        below = (*path, name)
        if below == ("global",):
            continue
        inner = isinstance(child, Map) and bool(child.entries)
        if not inner or not any(_is_read(each, version, below) for each in _charts()):
            asks = any(_asks(chart, leaf, value) for leaf, value in _leaves(child, below))
            if asks and not _is_read(chart, version, below):
                yield below, child
        elif not _is_read_whole(chart, version, below):
            yield from _outermost(chart, version, child, below)


def _asks(chart: str, path: tuple[str, ...], node: Node) -> bool:
    """Is it neither a default of the chart nor empty or false?"""
    dotted, plain = ".".join(path), node.plain()
    idle = _charts()[chart]["idle"]
    return bool(plain) and plain != "false" and not (dotted in idle and idle[dotted] == plain)


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    if isinstance(node, Map) and node.entries:
        for name, child in node.items():
            yield from _leaves(child, (*path, name))
    elif not (isinstance(node, Scalar) and node.is_null):
        yield path, node


def _is_read(chart: str, version: str, path: tuple[str, ...]) -> bool:
    """Is a value read: itself, as part of a block, or in a part of it?"""
    dotted = ".".join(path)
    return any(
        dotted == read or dotted.startswith(read + ".") or read.startswith(dotted + ".")
        for read in _read(chart, version)
    )


def _is_read_whole(chart: str, version: str, path: tuple[str, ...]) -> bool:
    dotted = ".".join(path)
    return any(dotted == r or dotted.startswith(r + ".") for r in _read(chart, version))


@lru_cache(maxsize=16)
def _read(chart: str, version: str) -> frozenset[str]:
    found: set[str] = set()
    for span, paths in _charts()[chart]["read"].items():
        first, last = span.split("-")
        if _versions().index(first) <= _versions().index(version) <= _versions().index(last):
            found |= set(paths)
    return frozenset(found)


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "chart_values.json")
    with open(path, encoding="utf-8") as handle:
        data: dict[str, Any] = json.load(handle)
    return data


def _charts() -> dict[str, Any]:
    charts: dict[str, Any] = _data()["charts"]
    return charts


def _versions() -> list[str]:
    versions: list[str] = _data()["versions"]
    return versions
