"""Argo CD: how Applications apply what they deploy, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gitops import argocd
from kslint.model.gitops.crd import ANNOTATION_LIMIT, deployed
from kslint.model.kserve import names
from kslint.model.platform import layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.gitops.argocd import Application
    from kslint.model.gitops.crd import Definition
    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.model import Model
    from kslint.source.nodes import Node, Span


_SHOWN = 3
"""Related places of a finding; more of the same kind say no more."""


def oversized_crd_applied_client_side(model: Model) -> Iterator[Problem]:
    """An Application whose client-side apply cannot store a CRD it deploys."""
    seen: set[Span | None] = set()
    for application in argocd.deploying(model.graph):
        options = application.sync_options
        too_large = [
            definition
            for definition in deployed(application, model.graph)
            if argocd.applied_client_side(options, definition.resource)
        ]
        at = argocd.option(options, "ServerSideApply") or application.spec.nearest(
            "syncPolicy", "syncOptions"
        )
        if not too_large or at.place in seen or _may_be_set(application):
            continue
        seen.add(at.place)
        worst = max(too_large, key=lambda definition: definition.size)
        yield Problem(
            at,
            about=application.resource,
            related=[*_bodies(too_large)],
            application=application.name,
            crd=worst.name,
            size=worst.size if worst.exact else f"about {round(worst.size, -3)}",
            source=worst.source,
            limit=ANNOTATION_LIMIT,
            others=f" and {len(too_large) - 1} more" if len(too_large) > 1 else "",
        )


def _bodies(definitions: list[Definition]) -> Iterator[tuple[Node | None, str]]:
    for definition in definitions:
        if definition.resource is not None:
            name = definition.resource.body.at("metadata", "name")
            yield name, f"{definition.size} bytes of annotations"


def _may_be_set(application: Application) -> bool:
    """May an ApplicationSet give its Applications more options than are written in one list?"""
    options = application.sync_options
    texts = [item.text or "" for item in ([] if options is None else options.elements())]
    return any("{{" in text for text in texts) or argocd.is_patched(application, "syncOptions")


def self_heal_reverts_stop(model: Model) -> Iterator[Problem]:
    """A self-healing Application that owns a model which is paused by a live annotation."""
    if model.config.idle_pause == "none":
        return
    reverted: dict[Span | None, list[tuple[Node, Application, InferenceService]]] = {}
    for service in model.inference_services:
        for application in argocd.owners(model.graph, service.resource):
            automated = application.automated
            heals = None if automated is None else automated.get("selfHeal")
            if heals is None or not _reverts(application, service):
                continue
            reverted.setdefault(heals.place, []).append((heals, application, service))
    for found in reverted.values():
        restored = [
            each for each in found if argocd.restores(each[1], each[2].resource, names.STOP)
        ]
        heals, application, first = min(
            restored or found,
            key=lambda each: (each[2].resource.name, each[2].resource.namespace or ""),
        )
        yield Problem(
            heals,
            variant="default" if restored else "unlikely",
            severity=None if restored else "note",
            about=application.resource,
            related=[
                (s.resource.body.at("metadata", "name"), "deployed by it")
                for _, _, s in found[:_SHOWN]
            ],
            application=application.name,
            service=first.resource.name,
            others=f" and {len(found) - 1} more" if len(found) > 1 else "",
        )


def _reverts(application: Application, service: InferenceService) -> bool:
    if not application.self_heals or service.stopped:
        return False
    if argocd.is_patched(application, "selfHeal", "automated", "ignoreDifferences"):
        return False
    if argocd.ignores_everywhere(service.graph, application, service.resource, "annotations"):
        return False
    pointer = "/metadata/annotations/" + names.STOP.replace("/", "~1")
    return not argocd.keeps_live(application, service.resource, service.namespace, pointer)


def sync_waves_out_of_order(model: Model) -> Iterator[Problem]:
    """An Application that is synced before, or together with, what it needs."""
    for family in layers.families(model.graph):
        for culprit in layers.culprits(family.members):
            member, other = culprit.member, culprit.other
            certain = family.parent_known and not culprit.may_recover
            yield Problem(
                member.at,
                variant="late" if culprit.late else "early",
                severity=None if certain else "warning",
                about=member.application.resource,
                related=[(other.at, f"`{other.application.name}` is in wave {other.wave}")],
                application=member.application.name,
                wave=member.wave,
                other=other.application.name,
                its=other.wave,
                wanted=f"below {other.wave}" if culprit.late else f"over {other.wave}",
            )
