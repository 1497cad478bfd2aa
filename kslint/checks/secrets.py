"""ExternalSecrets that never make their Secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import external_secrets
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
                about=secret,
                related=[] if other is None else [(name, f"{other.kind} `{other.name}`")],
                secret=secret.name,
                text=one.text,
                keys=one.keys,
                other=None if other is None else other.name,
                namespace=model.graph.namespace_of(secret),
            )
