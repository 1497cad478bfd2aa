"""Argo CD: how Applications apply what they deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import argocd
from kslint.model.crd import ANNOTATION_LIMIT, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def oversized_crd_applied_client_side(model: Model) -> Iterator[Problem]:
    """An Application whose client-side apply cannot store a CRD it deploys."""
    for application in model.applications:
        options = application.sync_options
        too_large = [
            definition
            for definition in deployed(application, model.graph)
            if argocd.applied_client_side(options, definition.resource)
        ]
        if not too_large:
            continue
        worst = max(too_large, key=lambda definition: definition.size)
        yield Problem(
            argocd.option(options, "ServerSideApply")
            or application.spec.nearest("syncPolicy", "syncOptions"),
            about=application.resource,
            related=[
                (d.resource.body.at("metadata", "name"), f"{d.size} bytes of annotations")
                for d in too_large
                if d.resource is not None
            ],
            application=application.name,
            crd=worst.name,
            size=worst.size,
            source=worst.source,
            limit=ANNOTATION_LIMIT,
            others=f" and {len(too_large) - 1} more" if len(too_large) > 1 else "",
        )
