"""The order in which a KServe platform comes up, and where an Application stands in it.

Each layer needs the one before: KServe's webhooks get their certificates from cert-manager, the
controller watches kinds that the CRD charts bring, its webhook has to admit the runtimes, models
are objects of those kinds and name a runtime.
Sources: charts/*/Chart.yaml of KServe v0.19.0; the runbook, section 2 (waves 0, 1, 2, 4).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.argo import CHART, FOREIGN, KUSTOMIZE, OPAQUE
from kslint.graph.gaps import OBJECTS
from kslint.model.gitops import argocd
from kslint.model.gitops.argocd import Source
from kslint.model.gitops.localcharts import handed_values, local_chart
from kslint.model.gitops.remote import in_repository, remote
from kslint.model.kserve import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.model.gitops.remote import Remote
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CERTIFICATES, DEFINITIONS, CONTROLLER, RUNTIMES, WORKLOADS = range(5)
USUAL_WAVES = (0, 1, 2, 3, 4)
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

_PRESETS = "kserve-runtime-configs"
"""The chart of runtimes and of presets for LLM services; by its values it brings either."""
_PRESET_VALUES = {
    CLASSIC: ("kserve", "servingruntime", "enabled"),
    LLM: ("kserve", "llmisvcConfigs", "enabled"),
}
_PRESET_KINDS = {
    "ClusterServingRuntime": CLASSIC,
    "ServingRuntime": CLASSIC,
    "LLMInferenceServiceConfig": LLM,
}

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


class Family(NamedTuple):
    """Layered Applications that are synced together.

    `parent_known`: one Application of the input deploys them; else they lie in one directory.
    """

    members: list[Member]
    parent_known: bool


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

    @property
    def may_recover(self) -> bool:
        """Are runtimes in the controller's own wave? A retry finds its webhook."""
        layers = {self.member.layer, self.other.layer}
        return layers == {CONTROLLER, RUNTIMES} and self.member.wave == self.other.wave


def families(graph: Graph) -> Iterator[Family]:
    """The layered Applications of each app-of-apps, and of each directory that has none.

    Waves order what one Application deploys; an ApplicationSet's children have no order to speak
    of. Applications that nothing in the input deploys are siblings if they lie in one directory:
    somebody applies them together, since their waves say so.
    """
    groups: dict[tuple[bool, str], list[Member]] = {}
    deployed = _deployed(graph)
    for application in argocd.deploying(graph):
        resource = application.resource
        if resource.kind != "Application":
            continue
        parent, wave = graph.parent(resource), argocd.sync_wave(resource)
        if wave is None or (parent is None and graph.owners(resource)):
            continue
        home = resource.emitter or posixpath.dirname(resource.file)
        members = groups.setdefault((parent is not None, home if parent is None else parent), [])
        for layer, kinds in _layers(graph, application, deployed):
            members.append(Member(application, layer, kinds, wave))
    for (known, _), members in groups.items():
        yield Family(members, known)


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
        and not _waits(first, second)
    ]


def _waits(first: Member, second: Member) -> bool:
    """Does the second find the first once it is there, as a model finds its runtime?"""
    return (first.layer, second.layer) == (RUNTIMES, WORKLOADS) and first.wave == second.wave


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


def _layers(
    graph: Graph, application: Application, deployed: Mapping[str, list[Resource]]
) -> Iterator[tuple[int, frozenset[str]]]:
    found = {*_by_charts(_charts(graph, application)), *_by_remotes(graph, application)}
    keys = {place.owner.key for place in argocd.places(graph, application)}
    owned = [resource for key in keys for resource in deployed.get(key, ())]
    models = frozenset(r.kind for r in owned if r.kind in _BOTH and r.group == names.GROUP)
    groups = {r.name for r in owned if r.kind == "CustomResourceDefinition"}
    for kind, plural in ((CLASSIC, "inferenceservices"), (LLM, "llminferenceservices")):
        if f"{plural}.{names.GROUP}" in groups:
            found.add((DEFINITIONS, frozenset((kind,))))
    if any(name.endswith(".cert-manager.io") for name in groups):
        found.add((CERTIFICATES, _BOTH))
    presets = frozenset(
        _PRESET_KINDS[r.kind] for r in owned if r.kind in _PRESET_KINDS and r.group == names.GROUP
    )
    presets |= {*_of_preset_charts(graph, application)}
    if presets:
        found.add((RUNTIMES, presets))
    if models:
        found.add((WORKLOADS, models))
    yield from sorted(found, key=lambda pair: (pair[0], sorted(pair[1])))


def _deployed(graph: Graph) -> dict[str, list[Resource]]:
    """The objects that make layers, by the key of each Application that deploys them."""
    found: dict[str, list[Resource]] = {}
    for kind in (CLASSIC, LLM, "CustomResourceDefinition", *_PRESET_KINDS):
        for resource in graph.of_kind(kind):
            for owner in graph.owners(resource):
                found.setdefault(owner.key, []).append(resource)
    return found


def _charts(graph: Graph, application: Application) -> Iterator[str]:
    for source in argocd.sources(application):
        if source.chart:
            yield source.chart
    for place in argocd.places(graph, application):
        emission = argocd.emission(graph, place) if place.tool == KUSTOMIZE else None
        for chart in () if emission is None else emission.charts:
            yield chart.node.string("name") or ""
        local = local_chart(graph, place.directory) if place.tool == CHART else None
        if local is not None and place.source.get("chart") is None:
            values = handed_values(graph, local, Source(application, place.source))
            yield local.name
            yield from (each.name for each in local.dependencies(values))


def _of_preset_charts(graph: Graph, application: Application) -> Iterator[str]:
    """The kinds of model for which an Application of the chart brings runtimes or presets."""
    for source in argocd.sources(application):
        values = argocd.helm_values(graph, source) if source.chart == _PRESETS else None
        for kind, path in _PRESET_VALUES.items():
            if values is not None and values.boolean(*path) is True:
                yield kind


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
