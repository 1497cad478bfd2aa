"""Clients of model servers in the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.clients import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def unknown_name(model: Model) -> Iterator[Problem]:
    """A model that is asked for under a name its server does not have."""
    for client in clients(model):
        if client.name not in client.served:
            yield Problem(
                client.node,
                about=client.resource,
                related=[(client.service.body.at("metadata", "name"), "in front of them")],
                name=client.name,
                kind=client.service.kind,
                service=client.service.name,
                served="`" + "`, `".join(client.served) + "`",
            )
