"""What changed in the files and is not followed: nobody knows what the cluster makes of it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.changes import Unmodelled
from kslint.resources import KUSTOMIZATIONS
from kslint.source.load import CHART_TEMPLATE, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.changes import Difference
    from kslint.changes.side import Side

_CHART = "Chart.yaml"


def unmodelled(old: Side, new: Side, found: Iterable[Difference]) -> Iterator[Unmodelled]:
    """Changed templates, values of charts, and parts of kustomizations, in the files' order."""
    shown = {
        value.span.file
        for one in found
        for change in one.changes
        for value in (change.old, change.new)
        if value is not None and value.span is not None
    }
    reasons: dict[str, str] = {}
    sides = [(_unrendered(side), _data(side)) for side in (old, new)]
    (old_templates, old_data), (new_templates, new_data) = sides
    for name in {**old_data, **new_data}:
        if old_data.get(name) == new_data.get(name):
            continue
        reason = new_templates.get(name) or old_templates.get(name)
        if reason is not None:
            reasons[name] = f"{reason}, which is not rendered"
        elif shown.isdisjoint((old.full(name), new.full(name))):
            reason = _of_values(name, new) or _of_values(name, old)
            if reason is not None:
                reasons[name] = reason
    for name, reason in _of_builds(old, new):
        reasons.setdefault(name, reason)
    for name in sorted(reasons):
        yield Unmodelled(new.full(name), reasons[name])


def unseen(side: Side) -> Iterator[Unmodelled]:
    """The services of which nothing is known, whatever changes."""
    for (subject, place), served in side.served.items():
        if served.unknown and not served.objects:
            reason = f"{subject.kind} {subject.name}: {served.unknown[0]}"
            yield Unmodelled(place, reason)


def _unrendered(side: Side) -> dict[str, str]:
    return {
        side.relative(one.file): one.reason
        for one in side.loaded.skipped
        if one.reason in (CHART_TEMPLATE, TEMPLATE)
    }


def _data(side: Side) -> dict[str, bytes]:
    found = {side.relative(file.source.name): file.source.data for file in side.loaded.files}
    for one in side.loaded.skipped:
        if one.source is not None:
            found[side.relative(one.file)] = one.source.data
    return found


def _of_values(name: str, side: Side) -> str | None:
    """Why a file that is no manifest may change the cluster, if it may."""
    documents = side.model.graph.documents
    full = side.full(name)
    if full not in documents:
        return None
    directory, base = posixpath.split(full)
    if base in KUSTOMIZATIONS:
        return None
    if posixpath.join(directory, _CHART) in documents:
        return f"belongs to the Helm chart in {directory or '.'}, which is not rendered"
    if full in side.values_files:
        return "holds values of a Helm chart, which is not rendered"
    return None


def _of_builds(old: Side, new: Side) -> Iterator[tuple[str, str]]:
    """What a kustomize build takes in that is not in the input, where that changed."""
    before, after = _gaps(old), _gaps(new)
    for directory, (reasons, file) in after.items():
        if directory not in before:
            continue
        known, _ = before[directory]
        for reason, content in reasons.items():
            if known.get(reason) != content:
                yield file, reason


def _gaps(side: Side) -> dict[str, tuple[dict[str, object], str]]:
    found: dict[str, tuple[dict[str, object], str]] = {}
    for emission in side.model.graph.scopes.emissions:
        for gap in emission.gaps:
            file = emission.directory if gap.node.source is None else gap.node.source.name
            reasons, _ = found.setdefault(
                side.relative(emission.directory), ({}, side.relative(file))
            )
            reasons[gap.reason] = gap.node.plain()
    return found
