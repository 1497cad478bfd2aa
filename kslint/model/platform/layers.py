"""The order in which a KServe platform comes up, and where an Application stands in it.

Each layer needs the one before: KServe's webhooks get their certificates from cert-manager, the
controller watches kinds that the CRD charts bring, models are objects of those kinds.
Sources: charts/*/Chart.yaml of KServe v0.19.0; the runbook, section 2 (waves 0, 1, 2, 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import FOREIGN, KUSTOMIZE, OPAQUE
from kslint.graph.gaps import OBJECTS
from kslint.model.gitops import argocd
from kslint.model.gitops.remote import in_repository, remote
from kslint.model.kserve import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.model.gitops.remote import Remote
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CERTIFICATES, DEFINITIONS, CONTROLLER, WORKLOADS = range(4)
USUAL_WAVES = (0, 1, 2, 4)
"""The runbook's waves, layer by layer."""

CLASSIC, LLM = "InferenceService", "LLMInferenceService"
_BOTH = frozenset((CLASSIC, LLM))
_CHARTS = {
    "cert-manager": (CERTIFICATES, _BOTH),
    "kserve-crd": (DEFINITIONS, frozenset((CLASSIC,))),
    "kserve-crd-minimal": (DEFINITIONS, frozenset((CLASSIC,))),
    "kserve-llmisvc-crd": (DEFINITIONS, frozenset((LLM,))),
    "kserve-llmisvc-crd-minimal": (DEFINITIONS, frozenset((LLM,))),
    "llmisvc-crd": (DEFINITIONS, frozenset((LLM,))),
    "llmisvc-crd-minimal": (DEFINITIONS, frozenset((LLM,))),
    "kserve": (CONTROLLER, frozenset((CLASSIC,))),
    "kserve-resources": (CONTROLLER, frozenset((CLASSIC,))),
    "kserve-llmisvc-resources": (CONTROLLER, frozenset((LLM,))),
    "llmisvc-resources": (CONTROLLER, frozenset((LLM,))),
}
"""Layer by chart, and the kinds of model it is for."""

_DIRECTORIES = {
    "config/crd": (DEFINITIONS, frozenset((CLASSIC,))),
    "config/crd/full": (DEFINITIONS, frozenset((CLASSIC,))),
    "config/crd/minimal": (DEFINITIONS, frozenset((CLASSIC,))),
    "config/crd/full/llmisvc": (DEFINITIONS, frozenset((LLM,))),
    "config/crd/minimal/llmisvc": (DEFINITIONS, frozenset((LLM,))),
}
"""The same for directories of kserve/kserve."""


class Member(NamedTuple):
    """An Application of an app-of-apps that belongs to a layer, for some kinds of model."""

    application: Application
    layer: int
    kinds: frozenset[str]
    wave: int

    @property
    def at(self) -> Node:
        """Its sync-wave annotation, or the block it is missing from."""
        return self.application.resource.body.nearest("metadata", "annotations", argocd.SYNC_WAVE)

    @property
    def annotated(self) -> bool:
        return self.application.resource.annotation(argocd.SYNC_WAVE) is not None


class Clash(NamedTuple):
    """`first` must come before `second`, and does not."""

    first: Member
    second: Member


class Culprit(NamedTuple):
    """The Application to move, and the one it clashes with most."""

    member: Member
    other: Member
    late: bool
    """Is it the first of the two, and comes too late? Else it comes too early."""


def families(graph: Graph) -> Iterator[list[Member]]:
    """The layered Applications of each app-of-apps.

    Waves order what one Application deploys; an ApplicationSet's children, and those of parents
    that are not known, have no order to speak of.
    """
    groups: dict[str, list[Member]] = {}
    for application in argocd.deploying(graph):
        resource = application.resource
        if resource.kind != "Application":
            continue
        parent, wave = graph.parent(resource), argocd.sync_wave(resource)
        if parent is None or wave is None:
            continue
        groups.setdefault(parent, [])
        for layer, kinds in _layers(graph, application):
            groups[parent].append(Member(application, layer, kinds, wave))
    yield from groups.values()


def clashes(members: list[Member]) -> list[Clash]:
    """Pairs that are out of order. Two Applications without a wave ask for no order."""
    return [
        Clash(first, second)
        for first in members
        for second in members
        if first.layer < second.layer
        and first.kinds & second.kinds
        and first.application.resource is not second.application.resource
        and first.wave >= second.wave
        and (first.annotated or second.annotated)
    ]


def culprits(members: list[Member]) -> Iterator[Culprit]:
    """The fewest Applications to move, so that the order is right.

    One in more clashes than any other goes first. Between two of a kind it is the one that
    strays from the runbook's waves, else the one for which there is another wave to go to, else
    the one that comes too early.
    """
    members = sorted(members, key=lambda m: (m.layer, m.wave, m.application.name))
    left = clashes(members)
    while left:
        counts: dict[int, int] = {}
        for clash in left:
            for member in clash:
                counts[_key(member)] = counts.get(_key(member), 0) + 1
        first, second = max(left, key=lambda clash: max(counts[_key(m)] for m in clash))
        if counts[_key(first)] != counts[_key(second)]:
            late = counts[_key(first)] > counts[_key(second)]
        elif _strays(first) != _strays(second):
            late = _strays(first)
        else:
            late = not _has_room(second, members) and _has_room(first, members)
        culprit = first if late else second
        yield Culprit(culprit, second if late else first, late)
        left = [clash for clash in left if all(_key(m) != _key(culprit) for m in clash)]


def _key(member: Member) -> int:
    return id(member.application.resource)


def _strays(member: Member) -> bool:
    return member.wave != USUAL_WAVES[member.layer]


def _has_room(member: Member, members: list[Member]) -> bool:
    """Is there a wave between the layers below and above?"""
    related = [m for m in members if m.kinds & member.kinds]
    below = max((m.wave for m in related if m.layer < member.layer), default=None)
    above = min((m.wave for m in related if m.layer > member.layer), default=None)
    return below is None or above is None or above - below > 1


def _layers(graph: Graph, application: Application) -> Iterator[tuple[int, frozenset[str]]]:
    found = {*_by_charts(_charts(graph, application)), *_by_remotes(graph, application)}
    owned = _children(graph, application)
    models = frozenset(r.kind for r in owned if r.kind in _BOTH and r.group == names.GROUP)
    groups = {r.name for r in owned if r.kind == "CustomResourceDefinition"}
    for kind, plural in ((CLASSIC, "inferenceservices"), (LLM, "llminferenceservices")):
        if f"{plural}.{names.GROUP}" in groups:
            found.add((DEFINITIONS, frozenset((kind,))))
    if any(name.endswith(".cert-manager.io") for name in groups):
        found.add((CERTIFICATES, _BOTH))
    if models:
        found.add((WORKLOADS, models))
    yield from sorted(found, key=lambda pair: (pair[0], sorted(pair[1])))


def _children(graph: Graph, application: Application) -> list[Resource]:
    keys = {place.owner.key for place in argocd.places(graph, application)}
    kinds = (CLASSIC, LLM, "CustomResourceDefinition")
    return [
        resource
        for kind in kinds
        for resource in graph.of_kind(kind)
        if any(owner.key in keys for owner in graph.owners(resource))
    ]


def _charts(graph: Graph, application: Application) -> Iterator[str]:
    for source in argocd.sources(application):
        if source.chart:
            yield source.chart
    for place in argocd.places(graph, application):
        emission = argocd.emission(graph, place) if place.tool == KUSTOMIZE else None
        for chart in () if emission is None else emission.charts:
            yield chart.node.string("name") or ""


def _by_charts(charts: Iterable[str]) -> Iterator[tuple[int, frozenset[str]]]:
    for chart in charts:
        if chart in _CHARTS:
            yield _CHARTS[chart]


def _by_remotes(graph: Graph, application: Application) -> Iterator[tuple[int, frozenset[str]]]:
    for address in _remotes(graph, application):
        if address.repo.lower() == "cert-manager/cert-manager":
            yield CERTIFICATES, _BOTH
        elif address.repo.lower() == "kserve/kserve" and address.path in _DIRECTORIES:
            yield _DIRECTORIES[address.path]
        elif address.repo.lower() == "kserve/kserve" and address.path in (
            "config/default", "kserve.yaml",
        ):  # fmt: skip
            yield CONTROLLER, frozenset((CLASSIC,))


def _remotes(graph: Graph, application: Application) -> Iterator[Remote]:
    for place in argocd.places(graph, application):
        path = place.source.string("path")
        found = None
        if place.tool in (FOREIGN, OPAQUE) and path is not None:
            found = in_repository(place.source.string("repoURL") or "", "", path)
        if found is not None:
            yield found
        emission = argocd.emission(graph, place) if place.tool == KUSTOMIZE else None
        for gap in () if emission is None else emission.gaps:
            address = remote(gap.node.text or "") if gap.kind == OBJECTS else None
            if address is not None:
                yield address
