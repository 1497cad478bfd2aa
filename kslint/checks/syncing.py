"""How Argo CD is told to sync, and what of that it does not take in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.sync_options import SYNC_OPTIONS
from kslint.model.gitops import argo_secrets, argocd, options, phases
from kslint.model.platform import namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.gitops.phases import Deadlock
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node, Span

_MOST_SHOWN = 3


def option_not_read(model: Model) -> Iterator[Problem]:
    """A sync option that Argo CD does not find."""
    found = [
        (application.resource, one)
        for application in model.applications
        for one in options.unread(application)
    ]
    for resource in model.resources:
        if model.graph.may_hold(resource, SYNC_OPTIONS):
            found += [(resource, one) for one in options.unread_of(resource)]
    seen: set[tuple[Span | None, str]] = set()
    for resource, one in found:
        if (one.node.place, one.text) not in seen:
            seen.add((one.node.place, one.text))
            yield Problem(
                one.node,
                variant=one.reason,
                about=resource,
                option=one.text,
                meant=one.meant,
                application=resource.name,
            )


def ignores_nothing(model: Model) -> Iterator[Problem]:
    """An `ignoreDifferences` entry that matches no object or no field."""
    seen: set[Span | None] = set()
    for application in argocd.deploying(model.graph):
        for one in options.idle(application, model.graph):
            if one.node.place not in seen:
                seen.add(one.node.place)
                yield Problem(
                    one.node,
                    variant=one.reason,
                    about=application.resource,
                    application=application.name,
                    kind=one.kind,
                    text=one.text,
                    meant=one.meant,
                )


def claim_replaced(model: Model) -> Iterator[Problem]:
    """A claim that an Application replaces as a whole."""
    for one in options.replaced(model.of_kind("PersistentVolumeClaim", ""), model.graph):
        yield Problem(
            _name(one.claim) or one.claim.body,
            variant="lost" if one.lost else "default",
            about=one.claim,
            related=[(one.node, "replaces what it deploys")],
            claim=one.claim.name,
            application=one.application.name,
        )


def needs_come_later(model: Model) -> Iterator[Problem]:
    """Pods that their Application makes before what they need, and waits for."""
    graph = model.graph
    if graph.scopes.applications is None:
        return
    waiting: dict[tuple[int, str], list[Deadlock]] = {}
    for one in phases.deadlocks(list(graph.references_of(model.resources)), graph):
        waiting.setdefault((id(one.resource), one.reason), []).append(one)
    seen: set[Span | None] = set()
    for its in waiting.values():
        if its[0].node.place not in seen:
            seen.add(its[0].node.place)
            yield _deadlock(its)


def _deadlock(its: list[Deadlock]) -> Problem:
    """What keeps one object waiting, told once: its wave or phase is the cause of all."""
    one = its[0]
    needed = list({id(each.needed): each.needed for each in its}.values())
    others = len(needed) - 1
    return Problem(
        one.node,
        variant=one.reason,
        severity="warning" if one.reason == "claim" else None,
        about=one.resource,
        related=[
            (_name(each), "applied in another wave or phase") for each in needed[:_MOST_SHOWN]
        ],
        user=f"{one.resource.kind} `{one.resource.name}`",
        needed=f"{one.needed.kind} `{one.needed.name}`",
        more=f"; so it is with {others} more of what it needs" if others else "",
        early=min(one.own.wave, one.its.wave),
        late=max(one.own.wave, one.its.wave),
    )


def secret_unlabelled(model: Model) -> Iterator[Problem]:
    """A Secret of Argo CD's settings that Argo CD does not look into."""
    for one in argo_secrets.unlabelled(model.graph):
        yield Problem(
            one.node,
            about=one.settings,
            related=[(_name(one.maker), "makes the Secret")],
            reference=one.node.text,
            maker=f"{one.maker.kind} `{one.maker.name}`",
        )


def namespace_missing(model: Model) -> Iterator[Problem]:
    """An Application for a namespace that nothing creates."""
    seen: set[Span | None] = set()
    for application, node in namespaces.unmade(model.graph):
        if node.place not in seen:
            seen.add(node.place)
            yield Problem(
                node,
                about=application.resource,
                application=application.name,
                namespace=node.text,
            )


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
