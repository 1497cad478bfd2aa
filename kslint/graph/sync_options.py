"""Argo CD's sync options, as an Application lists them and an object's annotation gives them.

Source: argoproj/argo-cd v3.4.4 pkg/apis/application/v1alpha1/types.go (SyncOptions.HasOption),
docs/user-guide/sync-options.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.graph.argo import Owner
    from kslint.resources import Resource
    from kslint.source.nodes import Node

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
"""The annotation that gives one object options of its own."""


def option_is(options: Node | None, name: str, value: str = "true") -> bool:
    """Is `name=value` among the options? Argo CD compares the whole text, case and all."""
    items = [] if options is None else options.elements()
    return any(item.text == f"{name}={value}" for item in items)


def annotation_option(resource: Resource, name: str) -> str | None:
    """A sync option given by annotation on one resource: its value, or None."""
    for option in _annotated(resource):
        key, _, value = option.partition("=")
        if key == name:
            return value
    return None


def may_be_in_part(resource: Resource, owners: Iterable[Owner]) -> bool:
    """May an object be a part of one that is in the cluster already, to be patched?

    Applied on the server's side it may (with `Validate=false`, as the documentation has it).
    Applications ask for that side for other reasons too, and then for all.
    """
    own = _annotated(resource)
    if "ServerSideApply=true" in own:
        return True
    options = [owner.spec.at("syncPolicy", "syncOptions") for owner in owners]
    return any(
        option_is(every, "ServerSideApply")
        and ("Validate=false" in own or option_is(every, "Validate", "false"))
        for every in options
    )


def _annotated(resource: Resource) -> list[str]:
    return [option.strip() for option in (resource.annotation(SYNC_OPTIONS) or "").split(",")]
