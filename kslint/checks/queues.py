"""Queues of Kueue that are refused, or that never admit what waits in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import queue_rules
from kslint.model.cluster import node_pools
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


def quota_over_capacity(model: Model) -> Iterator[Problem]:
    """Quotas of GPUs that go over what the declared nodes have."""
    found = queue_rules.over_capacity(model.graph, node_pools(model.config))
    if found is not None and model.judges(found.queue):
        yield Problem(
            found.node,
            about=found.queue,
            quota=found.quota,
            capacity=found.capacity,
        )


def job_beside_queue(model: Model) -> Iterator[Problem]:
    """A Job with GPUs that no queue counts, in a namespace that has one."""
    for kind in ("Job", "JobSet", "RayJob"):
        for job in model.of_kind(kind):
            queue = queue_rules.beside_queue(job, model.graph)
            if queue is not None:
                name = job.body.at("metadata", "name")
                yield Problem(
                    name or job.body,
                    about=job,
                    related=[(queue.body.at("metadata", "name"), "the queue")],
                    user=f"{job.kind} `{job.name}`",
                    queue=queue.name,
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
