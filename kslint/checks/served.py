"""Kinds that the API server does not know in the version they are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.gitops.releases import serves_on
from kslint.model.schemas.served import EARLY, UNKNOWN, unserved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.schemas.served import Unserved
    from kslint.resources import Resource


def not_served(model: Model) -> Iterator[Problem]:
    """A version that the cluster's release no longer serves, or does not serve yet."""
    for resource, found in _all(model):
        if found.what != UNKNOWN:
            variant = "early" if found.what == EARLY else "default"
            fix = f"write `apiVersion: {found.instead}`" if found.instead else "remove the object"
            severity = None if found.told else "warning"
            yield from _problem(resource, found, variant, fix, severity)


def never_heard_of(model: Model) -> Iterator[Problem]:
    """A version or kind that a known API group never had."""
    for resource, found in _all(model):
        if found.what == UNKNOWN:
            meant = f"kind: {found.kind}" if found.kind else f"apiVersion: {found.instead}"
            variant = "kind" if found.kind else "default"
            severity = None if found.told else "warning"
            yield from _problem(resource, found, variant, f"write `{meant}`", severity)


def _all(model: Model) -> Iterator[tuple[Resource, Unserved]]:
    seen: dict[tuple[str, str], Unserved | None] = {}
    for resource in model.resources:
        key = (resource.api_version, resource.kind)
        if key not in seen:
            seen[key] = unserved(model.schemas, resource)
        found = seen[key]
        if found is None or model.schemas.is_patch(resource):
            continue
        if not serves_on(model.graph, resource.group, resource.version):
            yield resource, found


def _problem(
    resource: Resource, found: Unserved, variant: str, fix: str, severity: str | None
) -> Iterator[Problem]:
    node = resource.body.get("kind" if found.kind else "apiVersion")
    if node is None or node.place is None:
        return
    yield Problem(
        node,
        variant=variant,
        severity=severity,
        about=resource,
        kind=resource.kind,
        version=resource.api_version,
        release=found.release,
        meant=found.kind,
        fix=fix,
    )
