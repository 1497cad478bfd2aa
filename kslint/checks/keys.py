"""Names that pods and workloads need beyond their objects: keys, queues, classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.graph.graph import ABSENT
from kslint.model import keys, queues, storage_classes, stores
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.nodes import barred
from kslint.model.platform.installers import installers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.model.model import Model
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_SHOWN = 4


def key_missing(model: Model, *, kind: str) -> Iterator[Problem]:
    """A key of a Secret or ConfigMap that nothing puts into it."""
    for workload in model.workloads:
        resource = workload.resource
        namespace = workload.namespace
        for lack in keys.lacking(workload.pod_spec, namespace, resource, model.graph, kind):
            place = lack.wanted.node.place
            if place is None or (place.file != resource.file and not resource.emitter):
                continue  # a runtime's, which other services use too
            shown = ", ".join(f"`{key}`" for key in lack.keys[:_SHOWN])
            yield Problem(
                lack.wanted.node,
                about=resource,
                related=[(_name(lack.maker), f"makes {shown}")],
                key=lack.wanted.key,
                secret=lack.wanted.secret,
                keys=shown + (" and others" if len(lack.keys) > _SHOWN else ""),
                maker=f"{lack.maker.kind} `{lack.maker.name}`",
            )


def queue_missing(model: Model) -> Iterator[Problem]:
    """A workload that waits in a queue which is not there."""
    for stray in queues.strays(model.resources, model.graph):
        asked = stray.asked
        other = stray.elsewhere or stray.others[0]
        yield Problem(
            asked.node,
            variant="elsewhere" if stray.elsewhere is not None else "default",
            about=asked.resource,
            related=[(_name(other), "a LocalQueue")],
            user=f"{asked.resource.kind} `{asked.resource.name}`",
            queue=asked.queue,
            namespace=model.graph.namespace_of(asked.resource),
            other=other.name,
            there=model.graph.namespace_of(other),
        )


def queue_wiring(model: Model) -> Iterator[Problem]:
    """A queue of Kueue's that names a ClusterQueue or a ResourceFlavor which is not there."""
    found = [
        r for kind in ("LocalQueue", "ClusterQueue") for r in model.of_kind(kind, queues.GROUP)
    ]
    for loose in queues.loose_ends(model.graph, found):
        yield Problem(
            loose.node,
            about=loose.resource,
            user=f"{loose.resource.kind} `{loose.resource.name}`",
            kind=loose.kind,
            name=loose.node.text,
        )


def store_missing(model: Model) -> Iterator[Problem]:
    """An ExternalSecret whose store is not there, or is asked for too much."""
    for secret in model.of_kind("ExternalSecret", stores.GROUP):
        for loose in stores.loose(secret, model.graph):
            yield Problem(
                loose.node,
                variant=loose.reason,
                severity="warning" if loose.reason == "property" else None,
                about=secret,
                related=[(_name(loose.other), f"a {loose.other.kind}")],
                secret=secret.name,
                name=loose.name,
                kind=loose.kind,
                other=loose.other.kind,
            )


def class_missing(model: Model) -> Iterator[Problem]:
    """A PriorityClass that is none of those in the input."""
    graph = model.graph
    declared = graph.of_kind("PriorityClass")
    if not declared or graph.completeness.is_open("PriorityClass", ""):
        return
    for workload in model.workloads:
        if not (workload.pod_spec.string("priorityClassName") or "").startswith("system-"):
            yield from _none_of(declared, graph.belong_together, workload, "priorityClassName")


def storage_class_missing(model: Model) -> Iterator[Problem]:
    """A storage class whose name is nearly that of one in the input."""
    if not model.graph.of_kind(storage_classes.KIND):
        return
    for resource in model.resources:
        for one in storage_classes.missed(resource, model.graph):
            yield Problem(
                one.node,
                about=resource,
                related=[(_name(one.meant), "the class there is")],
                user=f"{resource.kind} `{resource.name}`",
                name=one.node.text,
                meant=one.meant.name,
            )


def account_missing(model: Model) -> Iterator[Problem]:
    """A ServiceAccount that is not in a namespace whose accounts are all known."""
    graph = model.graph
    for reference in graph.references_of(model.resources):
        if reference.role != "serviceAccount" or opaque(reference.name):
            continue
        found = graph.resolve(reference)
        if found.answer != ABSENT or reference.namespace is None:
            continue
        elsewhere = [r for r in found.elsewhere if graph.belong_together(r, reference.source)]
        if not elsewhere and not graph.owners(reference.source):
            continue  # accounts with a role in a cloud are often made by hand
        yield Problem(
            reference.node,
            variant="elsewhere" if elsewhere else "default",
            about=reference.source,
            related=[(_name(r), "it is here") for r in elsewhere[:1]],
            user=f"{reference.source.kind} `{reference.source.name}`",
            name=reference.name,
            namespace=reference.namespace,
            there=graph.namespace_of(elsewhere[0]) if elsewhere else None,
        )


def runtime_class_missing(model: Model) -> Iterator[Problem]:
    """A RuntimeClass that is none of those in the input."""
    graph = model.graph
    declared = graph.of_kind("RuntimeClass")
    if not declared or any(word in name for name in _installed(model) for word in _MAKERS):
        return
    for workload in model.workloads:
        yield from _none_of(declared, graph.evidence.reaches, workload, "runtimeClassName")


def _none_of(
    declared: list[Resource],
    is_near: Callable[[Resource, Resource], bool],
    workload: Workload,
    field: str,
) -> Iterator[Problem]:
    """A class that a pod names and the input does not declare, though it has some near it."""
    node = workload.pod_spec.get(field)
    name = "" if node is None else node.text or ""
    resource = workload.resource
    if node is None or not name or opaque(name) or node.place is None:
        return
    if node.place.file != resource.file and not resource.emitter:
        return  # a runtime's, which other services use too
    near = [each for each in declared if is_near(each, resource)]
    if near and all(name != each.name and not opaque(each.name) for each in declared):
        yield Problem(
            node,
            about=resource,
            related=[(_name(near[0]), f"a {near[0].kind} of the input")],
            user=f"{resource.kind} `{resource.name}`",
            name=name,
            others=", ".join(f"`{each}`" for each in sorted({r.name for r in near})),
        )


_MAKERS = ("gpu-operator", "kata", "gvisor", "nvidia", "runtime-class", "runtimeclass")
"""What makes RuntimeClasses of its own, by a word in its name."""


def _installed(model: Model) -> Iterator[str]:
    for installer in installers(model.graph):
        yield from (name.lower() for name in installer.names)


def pool_untolerated(model: Model) -> Iterator[Problem]:
    """A pod with GPUs that does not tolerate the taint of any nodes that have them."""
    if not model.config.cluster.nodes and not model.graph.of_kind("NodePool", "karpenter.sh"):
        return
    for workload in model.workloads:
        found = barred(workload, model.config, model.graph)
        if found is None:
            continue
        spec = workload.pod_spec
        at = spec.get("tolerations") or (spec if spec.place is not None else workload.home)
        if at.place is None:
            at = workload.home
        taint = found.taint
        yield Problem(
            at,
            severity="warning" if found.resource is not None else None,
            about=workload.resource,
            related=[] if found.resource is None else [(_name(found.resource), "has the taint")],
            user=f"{workload.resource.kind} `{workload.resource.name}`",
            pool=found.pool,
            taint=f"{taint.key}={taint.value}:{taint.effect}" if taint.value
            else f"{taint.key}:{taint.effect}",
        )  # fmt: skip


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
