"""The platform of one input at two releases: what else there is to say than what is rendered.

Facts about the release, CRDs that leave a chart, fields that the API server drops or keeps from
then on, options and variables of vLLM that are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.changes import (
    CHANGED,
    DELETED,
    EFFECTS,
    NOTED,
    REFUSED,
    REMOVED,
    Difference,
    Effect,
    Subject,
    Unmodelled,
)
from kslint.changes.comparing import ordered
from kslint.changes.objects import place_of, subject_of
from kslint.model.engines.vllm import facts, moving
from kslint.model.engines.vllm.release import NEWEST, TOLD, dotted
from kslint.model.gitops import argocd
from kslint.model.gitops.chart_crds import leaving
from kslint.model.gitops.releases import installed as family_release
from kslint.model.kserve import names, upgrades
from kslint.model.kserve.releases import releases
from kslint.model.schemas import tables
from kslint.model.schemas.served import unserved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.changes.side import Side
    from kslint.model.engines.vllm.facts import Version
    from kslint.model.model import Model
    from kslint.model.workload import Server
    from kslint.resources import Resource

_PINS = "the dependency on vllm of the package kserve on PyPI"
_WORDS = {
    moving.GONE: "has no option `{name}`",
    moving.VALUE: "does not take the value of `{name}`",
    moving.UNREAD: "does not read `{name}`",
    moving.DEFAULT: "has another default of `{name}`",
}


class Move(NamedTuple):
    """From which release of KServe to which, and to which of vLLM, None where that stays."""

    old: str
    new: str
    vllm: Version | None = None


def installed(old: Model, new: Model) -> Move:
    """The move that two states of a tree are; none where one of them does not tell its release."""
    one, other = old.settings[0], new.settings[0]
    if not (one.told and other.told):
        return Move(other.version, other.version)
    return Move(one.version, other.version)


def with_upgrade(found: Iterable[Difference], old: Side, new: Side, move: Move) -> list[Difference]:
    """The differences, and what the move does beside them."""
    more: dict[tuple[Subject, str], list[Effect]] = {}
    for resource, effect in _effects(old.model, new.model, move):
        key = (subject_of(resource, new.model.graph), place_of(resource))
        several = more.setdefault(key, [])
        if effect not in several:
            several.append(effect)
    result = []
    for one in found:
        known = more.pop((one.subject, one.place), []) if one.owner is None else []
        result.append(one._replace(effects=(*one.effects, *known)))
    result += [
        Difference(CHANGED, subject, None, place, (), tuple(known))
        for (subject, place), known in more.items()
    ]
    return ordered([*result, *_definitions(new.model, move)])


def _effects(old: Model, new: Model, move: Move) -> Iterator[tuple[Resource, Effect]]:
    yield from _of_facts(new, move)
    yield from _of_platform(new, move)
    yield from _of_schemas(old, new, move)
    yield from _of_servers(old, new, move)


def _of_facts(model: Model, move: Move) -> Iterator[tuple[Resource, Effect]]:
    for fact in upgrades.facts(move.old, move.new):
        assert fact.kind in EFFECTS
        effect = Effect(fact.kind, fact.text, fact.reference)
        for service in model.inference_services:
            if upgrades.concerns_service(fact, service):
                yield service.resource, effect
        for llm in model.llm_services:
            if upgrades.concerns_llm(fact, llm):
                yield llm.resource, effect
        for resource in model.resources:
            if resource.group == names.GROUP and upgrades.concerns_object(fact, resource):
                yield resource, effect
        for release in releases(model.graph):
            concerned = upgrades.concerns_chart(fact, release.chart, release.values)
            if concerned and release.resource is not None:
                yield release.resource, effect


def _of_platform(model: Model, move: Move) -> Iterator[tuple[Resource, Effect]]:
    """Definitions that the tree installs in an older version than the release is built with."""
    for family, version, source in upgrades.platform(move.old, move.new):
        there = family_release(family, model.graph, model.config, move.new).version
        if not there or there >= tables.numbers(version)[: len(there)]:
            continue
        title = tables.TITLES[family]
        text = (
            f"KServe {move.new} is built with {title} {version}; the tree installs {dotted(there)}"
        )
        for release in releases(model.graph):
            if release.resource is not None:
                yield release.resource, Effect(NOTED, text, source)


def _of_schemas(old: Model, new: Model, move: Move) -> Iterator[tuple[Resource, Effect]]:
    """Fields that one of the releases does not have, and kinds that it does not serve."""
    if move.old == move.new:
        return
    for resource in new.resources:
        if resource.group != names.GROUP:
            continue
        gone = unserved(new.schemas, resource)
        if gone is not None and unserved(old.schemas, resource) is None:
            text = f"KServe {move.new} does not serve {resource.api_version} {resource.kind}"
            yield resource, Effect(REFUSED, text, "", resource.body.place)
            continue
        before, after = (
            {one.path: one.node for one in model.schemas.dropped(resource)} for model in (old, new)
        )
        for path, node in after.items():
            if path not in before:
                text = f"`{path}` is dropped: KServe {move.new} has no such field"
                yield resource, Effect(NOTED, text, "", node.place)
        # of a release whose schema is not known whole, `dropped` leaves out what may be new
        unheard = {one.path for one in new.schemas.reading(resource).dropped}
        for path, node in before.items():
            if path not in after and path not in unheard:
                text = f"`{path}` counts from now on: KServe {move.old} has no such field"
                yield resource, Effect(NOTED, text, "", node.place)


def _of_servers(old: Model, new: Model, move: Move) -> Iterator[tuple[Resource, Effect]]:
    """Servers whose release of vLLM changes, with KServe's own image or by `--vllm`."""
    before = {_key(server, old): server for server in old.servers}
    for server in new.servers:
        was = before.get(_key(server, new))
        if was is None or server.engine.kind not in ("vllm", "huggingfaceserver"):
            continue
        source, one, other = "", _releases(was), _releases(server)
        if server.engine.kind == "huggingfaceserver":
            one, other, source = _pinned(was), _pinned(server), _PINS
        elif move.vllm is not None and server.engine.release.certainty in (TOLD, NEWEST):
            other = facts.span(move.vllm)
        if not one or not other or one == other:
            continue
        label = f"vLLM {dotted(other[-1])}"
        if source:
            text = f"vLLM {dotted(one[-1])} → {dotted(other[-1])} in KServe's Hugging Face server"
            yield server.resource, Effect(NOTED, text, source)
        for loss in moving.losses(server.engine, one, other):
            words = _WORDS[loss.what].format(name=loss.name)
            detail = f": {loss.detail}" if loss.detail else ""
            fails = loss.what in (moving.GONE, moving.VALUE) and not source
            kind = REFUSED if fails else NOTED
            end = "; the server does not start" if fails else ""
            place = None if loss.node is None else loss.node.place
            text = f"{label} {words}{detail}{end}"
            yield server.resource, Effect(kind, text, f"vllm v{dotted(other[-1])}", place)


def untold(model: Model) -> Iterator[Unmodelled]:
    """The vLLM servers whose image does not tell which release they move from."""
    for server in model.servers:
        engine = server.engine
        if engine.kind == "vllm" and not _releases(server):
            resource = server.resource
            image = f"{engine.image.repository}:{engine.image.tag}".rstrip(":")
            reason = f"{resource.kind} {resource.name}: {image} tells no release of vLLM"
            yield Unmodelled(resource.file, reason)


def _key(server: Server, model: Model) -> tuple[object, ...]:
    workload = server.workload
    component = "" if workload.component is None else workload.component.name
    resource = workload.resource
    subject = subject_of(resource, model.graph)
    return subject, resource.emitter, component, server.container.string("name")


def _releases(server: Server) -> tuple[Version, ...]:
    return server.engine.release.candidates


def _pinned(server: Server) -> tuple[Version, ...]:
    pin = upgrades.pinned_vllm(server.engine.image.tag)
    return () if pin is None else facts.span(facts.parse_version(pin))


def _definitions(model: Model, move: Move) -> Iterator[Difference]:
    """The CRDs that leave a chart of KServe's which the input installs."""
    counts: dict[str, int] = {}
    for resource in model.resources:
        plural = f"{resource.kind.lower()}s.{resource.group}"
        counts[plural] = counts.get(plural, 0) + 1
    seen = set()
    for source in argocd.chart_sources(model.graph):
        chart = source.chart or ""
        for crd, now in leaving(chart, move.old, move.new) if chart.startswith("kserve") else ():
            if (chart, crd) in seen:
                continue
            seen.add((chart, crd))
            text = f"leaves chart {chart}: where it is pruned all its objects are deleted"
            if counts.get(crd):
                text += f", {counts[crd]} of the input among them"
            if now:
                text += f"; chart {now} brings it"
            subject = Subject("CustomResourceDefinition", "apiextensions.k8s.io", "", crd)
            place = source.application.resource.file
            reference = f"charts/{chart} @v{move.old}.0, @v{move.new}.0"
            yield Difference(REMOVED, subject, None, place, (), (Effect(DELETED, text, reference),))
