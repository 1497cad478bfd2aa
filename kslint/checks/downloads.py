"""Weights from the Hugging Face hub at start, where the way out is throttled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.downloads import LASTING, SCRATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.downloads import Download
    from kslint.model.model import Model

OFFLINE = "offline"


def from_hub(model: Model) -> Iterator[Problem]:
    """Weights that a pod fetches when it starts; an error where it cannot."""
    egress = model.config.cluster.huggingface
    for download in model.downloads:
        if egress == "open" and download.kind != OFFLINE:
            continue
        yield Problem(
            download.node,
            variant="cached" if download.place == LASTING else download.kind,
            severity=_severity(download, egress),
            about=download.resource,
            text=download.text,
        )


def _severity(download: Download, egress: str) -> str | None:
    """How bad it is: a server that may not ask the hub fails for certain, a cache spares much."""
    if download.place != SCRATCH:
        return "warning" if egress == "blocked" else "note"
    return "error" if egress == "blocked" or download.kind == OFFLINE else None


def token_alone(model: Model) -> Iterator[Problem]:
    """A token beside such a download, and no cache: the limit is on the address."""
    if model.config.cluster.huggingface == "open":
        return
    for download in model.downloads:
        if download.token is not None and download.place == SCRATCH and not download.gated:
            yield Problem(
                download.token,
                related=[(download.node, "the download is here")],
                about=download.resource,
                text=download.text,
            )
