"""ExternalSecrets that never make their Secret, and objects that do not find theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import external_secrets, secret_users
from kslint.model.stores import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def never_synced(model: Model) -> Iterator[Problem]:
    """An ExternalSecret that is refused, or that cannot sync."""
    for secret in model.of_kind(external_secrets.KIND, GROUP):
        for one in external_secrets.stuck(secret, model.graph):
            other = one.other
            name = None if other is None else other.body.at("metadata", "name")
            yield Problem(
                one.node,
                variant=one.reason,
                severity="warning" if one.reason == "manifest" else None,
                about=secret,
                related=[] if other is None else [(name, f"{other.kind} `{other.name}`")],
                secret=secret.name,
                text=one.text,
                keys=one.keys,
                other=None if other is None else other.name,
                namespace=model.graph.namespace_of(secret),
            )


def not_for_object(model: Model) -> Iterator[Problem]:
    """An object that does not find its Secret, or the key in it."""
    for resource in model.resources:
        if resource.kind not in secret_users.KINDS:
            continue
        for one in secret_users.unfit(resource, model.graph, model.makers):
            used, other = one.used, one.other
            yield Problem(
                (used.key_node or used.name) if one.keys else used.name,
                variant="key" if one.keys else "default",
                severity=None if one.keys else "warning",
                about=resource,
                related=[(other.body.at("metadata", "name"), "the Secret, or what makes it")],
                user=f"{resource.kind} `{resource.name}`",
                name=used.name.text,
                key=used.key,
                keys=", ".join(f"`{key}`" for key in one.keys),
                namespace=used.namespace,
                there=model.graph.namespace_of(other),
            )
