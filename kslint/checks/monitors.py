"""Monitors that find no metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import monitors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def finds_nothing(model: Model) -> Iterator[Problem]:
    """A ServiceMonitor or PodMonitor for a port, or a Service, that is not there."""
    for kind in ("ServiceMonitor", "PodMonitor"):
        for monitor in model.of_kind(kind, monitors.GROUP):
            shown = f"{kind} `{monitor.name}`"
            for found in monitors.blind(monitor, model.graph):
                names = ", ".join(f"`{name}`" for name in found.names if name)
                yield Problem(
                    found.node,
                    variant="default" if names else "unnamed",
                    about=monitor,
                    related=[(found.found.body.at("metadata", "name"), "which it selects")],
                    monitor=shown,
                    port=found.node.text,
                    found=f"{found.found.kind} `{found.found.name}`",
                    names=names,
                )
            stray = monitors.stray(monitor, model.graph)
            if stray is not None:
                yield Problem(
                    stray.node,
                    variant="label" if stray.has is None else "value",
                    about=monitor,
                    related=[(stray.service.body.at("metadata", "name"), "the Service")],
                    monitor=shown,
                    label=stray.label,
                    value=stray.node.text,
                    has=stray.has,
                    service=stray.service.name,
                )
