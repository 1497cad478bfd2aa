"""What the API server cannot read or does not allow: by the schema of an object's kind."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.references import is_imageless
from kslint.model.kserve import amounts
from kslint.model.schemas import quantities
from kslint.resources import KUSTOMIZATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.schemas.walk import Dropped
    from kslint.resources import Resource
    from kslint.source.nodes import Node


def invalid_quantity(model: Model) -> Iterator[Problem]:
    """A text where Kubernetes expects a quantity, in objects and in KServe's settings."""
    for resource in model.resources:
        for met in model.schemas.reading(resource).bad:
            yield from _refused(met.node, met.path, resource, "default")
    for settings in model.settings:
        for amount in amounts.of_settings(settings) if model.judges(settings.resource) else ():
            place, owner = amount.node.place, settings.resource
            inside = owner is not None and place is not None and place.file == owner.file
            yield from _refused(amount.node, amount.path, owner if inside else None, "setting")


def _refused(node: Node, path: str, resource: Resource | None, variant: str) -> Iterator[Problem]:
    reason = quantities.refusal(node)
    if reason is None or node.place is None:
        return
    text = node.text or ""
    yield Problem(
        node,
        variant=variant,
        about=resource,
        field=path,
        text=text or '""',
        reason=reason,
        fix=quantities.suggestion(text) or "a number with one of m, k, M, G, Ki, Mi, Gi behind it",
    )


def unknown_field(model: Model) -> Iterator[Problem]:
    """A field that no schema of its kind has, so that the API server drops it."""
    for resource in model.resources:
        problems = [
            _unknown(model, resource, dropped)
            for dropped in model.schemas.dropped(resource)
            if dropped.node.place is not None
        ]
        meant = Counter((one.facts["block"], one.facts["name"]) for one in problems)
        for problem in problems:  # two fields cannot both become the one that is meant
            problem.facts["alone"] = meant[problem.facts["block"], problem.facts["name"]] == 1
            yield problem


def _unknown(model: Model, resource: Resource, dropped: Dropped) -> Problem:
    from kslint.model.schemas.meant import meant  # mostly nothing is unknown

    differing = model.schemas.differing(resource, dropped)
    wanted = None
    if differing is None:
        wanted = meant(model.schemas.reading(resource), dropped)
    above, _, name = ("" if wanted is None else wanted).rpartition(".")
    same = above == dropped.path.rpartition(".")[0]
    variant = "default" if wanted is None else "nearest" if same else "elsewhere"
    if differing is not None:
        variant = "newer" if differing.newer else "older"
    fix = "remove it" if wanted is None else f"write `{wanted}`"
    related = []
    if wanted is None and dropped.name == "selector" and _is_of_kustomization(dropped.node):
        variant, fix = "labels", "use `labels` without `includeSelectors: true`"
        related = [(resource.body.at("metadata", "name"), f"a {resource.kind} of {resource.group}")]
    return Problem(
        dropped.node,
        variant=variant,
        severity=_severity(model, resource, sure=differing is None or differing.told),
        related=related,
        about=resource,
        field=dropped.path,
        kind=resource.kind,
        version=resource.version,
        name=name,
        block=above,
        release="" if differing is None else differing.release,
        fix=fix,
    )


def _is_of_kustomization(node: Node) -> bool:
    return node.place is not None and posixpath.basename(node.place.file) in KUSTOMIZATIONS


def missing_field(model: Model) -> Iterator[Problem]:
    """A field that must be there and is not, where nothing else could still bring it."""
    for resource in model.resources:
        for lack in model.schemas.lacking(resource):
            yield Problem(
                lack.node,
                severity=_severity(
                    model, resource, sure=lack.field != "image" or not is_imageless(resource)
                ),
                about=resource,
                field=lack.path,
                name=lack.field,
                kind=resource.kind,
                version=resource.version,
            )


def value_not_allowed(model: Model) -> Iterator[Problem]:
    """A value of the right type that its field does not take."""
    for resource in model.resources:
        for refusal in model.schemas.refusals(resource):
            yield Problem(
                refusal.node,
                variant=refusal.variant,
                severity=_severity(model, resource),
                about=resource,
                field=refusal.path,
                kind=resource.kind,
                version=resource.version,
                value=_short(refusal.node.text),
                reason=refusal.reason,
                allowed=refusal.allowed,
            )


def _severity(model: Model, resource: Resource, sure: bool = True) -> str | None:
    return None if sure and not _is_defined_otherwise(model, resource) else "warning"


def _is_defined_otherwise(model: Model, resource: Resource) -> bool:
    """Does GKE, or a chart that a file elsewhere is called after, bring what the file defines?"""
    for file in model.schemas.far_definitions(resource):
        *above, last = file.split("/")
        if resource.group.endswith(_OF_GKE) or any(
            chart in last or chart in above for chart in model.charts
        ):
            return True
    return False


_OF_GKE = (".gke.io", "cloud.google.com")
"""Groups whose definitions a cluster of GKE brings, of its own release."""


_SHOWN = 60


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
