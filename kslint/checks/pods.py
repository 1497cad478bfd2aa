"""Pods that their namespace does not admit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import pod_admission

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Span

_SHOWN = 3


def refused_by_pod_security(model: Model) -> Iterator[Problem]:
    """A pod that does not meet the level which its namespace enforces."""
    if not model.graph.of_kind("Namespace", ""):
        return
    seen: set[tuple[Span | None, str]] = set()
    for workload in model.workloads:
        barred = pod_admission.barred(workload, model.graph)
        if barred is None:
            continue
        resource, first = workload.resource, barred.found[0]
        key = (first.node.place, workload.namespace or "")
        if key in seen:
            continue
        seen.add(key)
        texts = list(dict.fromkeys(each.text for each in barred.found))
        more = len(texts) - _SHOWN
        labels = barred.namespace.body.at("metadata", "labels", pod_admission.LABEL)
        yield Problem(
            first.node,
            variant=barred.level,
            about=resource,
            related=[(labels, "what the namespace enforces")],
            user=f"{resource.kind} `{resource.name}`",
            namespace=workload.namespace,
            why="; ".join(texts[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""),
        )
