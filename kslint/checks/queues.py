"""Queues of Kueue that are refused, or that never admit what waits in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import queue_rules
from kslint.model.queues import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def refused_by_kueue(model: Model) -> Iterator[Problem]:
    """A ClusterQueue that Kueue refuses."""
    for queue in model.of_kind("ClusterQueue", GROUP):
        for one in queue_rules.refused(queue):
            yield Problem(
                one.node, variant=one.reason, about=queue, queue=queue.name, text=one.text
            )


def never_admitted(model: Model) -> Iterator[Problem]:
    """A queue that admits nothing, or not what is asked for."""
    if not model.graph.of_kind("ClusterQueue", GROUP):
        return
    for resource in model.resources:
        for one in queue_rules.shut(resource, model.graph):
            selector = one.queue.body.at("spec", "namespaceSelector")
            groups = one.queue.body.at("spec", "resourceGroups")
            at = selector if one.reason == "namespace" else groups
            yield Problem(
                one.node,
                variant=one.reason,
                severity="warning" if one.reason == "uncovered" else None,
                about=one.about,
                related=[] if one.reason == "nothing" else [(at, f"of `{one.queue.name}`")],
                user=f"{one.about.kind} `{one.about.name}`",
                queue=one.queue.name,
                namespace=one.namespace,
                resource=one.resource,
                wanted=one.wanted,
                most=one.most,
            )
