"""What Applications expect of Argo CD, and its settings do not give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gitops import argocd
from kslint.model.gitops.argosettings import inflated, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Node, Span


def charts_not_built(model: Model) -> Iterator[Problem]:
    """Helm charts in a kustomization, where Argo CD does not let kustomize run Helm."""
    known = settings(model.graph)
    if not known or any(each.builds_charts for each in known):
        return
    seen: set[Span | None] = set()
    for application in model.applications:
        for chart in inflated(application, model.graph):
            place = chart.place
            judged = place is not None and (model.share is None or place.file in model.share)
            if judged and place not in seen:
                seen.add(place)
                yield Problem(
                    chart,
                    about=application.resource,
                    related=[(known[0].node, "Argo CD's settings")],
                    application=application.name,
                    chart=chart.string("name"),
                )


def waves_without_health(model: Model) -> Iterator[Problem]:
    """Waves of child Applications, which Argo CD does not wait for without a health check."""
    known = settings(model.graph)
    if not known or any(each.waits_for_applications for each in known):
        return
    families: dict[str, list[tuple[int, str, Node]]] = {}
    for application in argocd.deploying(model.graph):
        resource = application.resource
        parent, wave = model.graph.parent(resource), argocd.sync_wave(resource)
        if resource.kind == "Application" and parent is not None and wave is not None:
            at = resource.body.at("metadata", "annotations", argocd.SYNC_WAVE)
            if at is not None:
                families.setdefault(parent, []).append((wave, application.name, at))
    waves = [sorted(members, key=lambda each: each[:2]) for members in families.values()]
    ordered = sorted((each for each in waves if each[0][0] != each[-1][0]), key=lambda e: e[0][:2])
    if not ordered or not model.judges(known[0].resource):
        return
    first, last = ordered[0][0], ordered[0][-1]
    yield Problem(
        known[0].node,
        about=known[0].resource,
        related=[(first[2], f"`{first[1]}` is to come first"), (last[2], f"`{last[1]}` after it")],
        first=first[1],
        second=last[1],
    )
