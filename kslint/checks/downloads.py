"""Weights from the Hugging Face hub at start, where the way out is throttled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def from_hub(model: Model) -> Iterator[Problem]:
    """Weights that a pod downloads when it starts; an error where the hub is blocked."""
    egress = model.config.cluster.huggingface
    if egress == "open":
        return
    for download in model.downloads:
        yield Problem(
            download.node,
            variant=download.kind,
            severity="error" if egress == "blocked" else None,
            about=download.resource,
            text=download.text,
        )


def token_alone(model: Model) -> Iterator[Problem]:
    """A token beside such a download, and no cache: the limit is on the address."""
    if model.config.cluster.huggingface == "open":
        return
    for download in model.downloads:
        if download.token is not None and not download.cached:
            yield Problem(
                download.token,
                related=[(download.node, "the download is here")],
                about=download.resource,
                text=download.text,
            )
