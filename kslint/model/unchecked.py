"""What was not checked and may matter: files that name KServe, and builds that are too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import MAX_GENERATED
from kslint.graph.repository import MAX_LOOKS
from kslint.source.load import CHART_TEMPLATE, Other
from kslint.source.manifests import KSERVE
from kslint.source.nodes import Mark, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.source.files import Source
    from kslint.source.nodes import Node


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


class Bounded(NamedTuple):
    """What was given up as too large, for one reason: `node` is the first place."""

    node: Node
    reason: str
    thing: str
    names: list[str]


def bounded(graph: Graph) -> Iterator[Bounded]:
    """Where builds, which go by their directories, and ApplicationSets were not followed."""
    found: dict[str, Bounded] = {}
    for emission in graph.scopes.emissions:
        for gap in emission.gaps:
            if gap.bound:
                one = found.setdefault(gap.reason, Bounded(gap.node, gap.reason, "build", []))
                if emission.directory not in one.names[-1:]:
                    one.names.append(emission.directory or ".")
    yield from found.values()
    applications = graph.scopes.applications
    sets = [] if applications is None else applications.unfollowed
    if sets:
        reason = f"all ApplicationSets together make more than {MAX_GENERATED:,} Applications, or "
        reason += f"hold more than {MAX_LOOKS:,} paths against their patterns"
        names = [resource.name for resource in sets]
        yield Bounded(sets[0].body, reason, "ApplicationSet", names)


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
