"""What was not checked and may matter: files that name KServe, and builds that are too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.load import CHART_TEMPLATE, Other
from kslint.source.manifests import KSERVE
from kslint.source.nodes import Mark, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.gaps import Gap
    from kslint.graph.graph import Graph
    from kslint.source.files import Source


class Unchecked(NamedTuple):
    """A place where KServe is named. `what` is default, broken or chart; `templates` how many."""

    node: Scalar
    what: str
    reason: str
    templates: int = 1


def unchecked(graph: Graph) -> Iterator[Unchecked]:
    """One of each file or, of templates of a chart, of each chart.

    Charts name the group in roles too: of them only objects count.
    """
    charts: dict[str, list[Scalar]] = {}
    seen: set[str] = set()
    names = set(graph.documents)
    for part in graph.skipped:
        source = part.source
        if source is None or not source.may_hold(KSERVE):
            continue
        if source.name in seen:
            continue
        chart = _chart(source.name, names)
        if chart is None and part.reason == CHART_TEMPLATE:  # its Chart.yaml is not in the input
            chart = source.name.rpartition("/templates/")[0]
        place = _named(source, part.first, part.last, "" if chart is None else "apiVersion")
        if place is None:
            continue
        seen.add(source.name)
        if chart is not None:
            charts.setdefault(chart, []).append(place)
        else:
            yield Unchecked(place, "default", part.reason)
    for places in charts.values():
        yield Unchecked(places[0], "chart", CHART_TEMPLATE, len(places))
    for file in graph.files:
        if isinstance(file, Other) and file.is_broken and file.source.may_hold(KSERVE):
            place = _named(file.source, 0, len(file.source.lines))
            if place is not None:
                yield Unchecked(place, "broken", "")


def bounded(graph: Graph) -> Iterator[tuple[Gap, list[str]]]:
    """Where builds were given up, as too large: the first such gap for each reason, and all builds.

    A build goes by the directory of its kustomization.
    """
    found: dict[str, tuple[Gap, list[str]]] = {}
    for emission in graph.scopes.emissions:
        for gap in emission.gaps:
            if gap.bound:
                _, builds = found.setdefault(gap.reason, (gap, []))
                if emission.directory not in builds[-1:]:
                    builds.append(emission.directory)
    yield from found.values()


def _chart(file: str, names: set[str]) -> str | None:
    """The directory of the chart that a file is part of."""
    directory = file
    while "/" in directory:
        directory = directory.rpartition("/")[0]
        if f"{directory}/Chart.yaml" in names:
            return directory
    return "" if "Chart.yaml" in names else None


def _named(source: Source, first: int, last: int, beside: str = "") -> Scalar | None:
    """The first place in some lines, from 0, that names KServe, and what stands beside it."""
    for number, line in enumerate(source.lines[first:last], first):
        column = line.find(KSERVE)
        if column >= 0 and beside in line:
            start = Mark(number, column)
            end = Mark(number, column + len(KSERVE))
            return Scalar(KSERVE, True, None, source, start, end)
    return None
