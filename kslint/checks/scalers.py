"""Scalers that scale nothing, or by numbers that say nothing of the load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import scaler_targets
from kslint.model.scaler_rules import KEDA
from kslint.model.scaling import is_paused
from kslint.model.signals import gpu_server_of
from kslint.model.waking import asleep, gpu_counters, same_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_HPA = scaler_targets.HPA


def never_wakes(model: Model) -> Iterator[Problem]:
    """A server that is scaled to zero by metrics which only its own pods have."""
    for scaler in model.of_kind("ScaledObject", KEDA):
        at = None if scaler.spec is None or is_paused(scaler) else asleep(scaler.spec)
        if at is not None:
            yield Problem(at, about=scaler, name=scaler.name)
    for service in model.inference_services:
        for component in service.components:
            made = component.scaler
            spec = None if made is None else made.get("spec")
            at = component.written.get("minReplicas")
            if made is None or made.string("kind") != "ScaledObject":
                continue
            if spec is not None and at is not None and asleep(spec) is not None:
                name = service.resource.name
                yield Problem(at, variant="kserve", about=service.resource, name=name)


def shared_query(model: Model) -> Iterator[Problem]:
    """Two servers that are scaled by one number, to which both add."""
    for scaler in model.of_kind("ScaledObject", KEDA):
        found = None if is_paused(scaler) else same_number(scaler, model.graph)
        if found is not None:
            node, other = found
            yield Problem(
                node,
                about=scaler,
                related=[(_name(other), "goes by the same query")],
                scaler=scaler.name,
                other=other.name,
            )


def reference_missing(model: Model) -> Iterator[Problem]:
    """A scaler that names a workload, or a login, which is not there."""
    kinds = ((_HPA, "autoscaling"), ("ScaledObject", KEDA), ("ScaledJob", KEDA))
    for scaler in (r for kind, group in kinds for r in model.of_kind(kind, group)):
        for one in scaler_targets.loose_ends(scaler, model.graph):
            other = one.other
            yield Problem(
                one.node,
                variant=one.reason,
                severity=None if one.reason == "kind" else "warning",
                about=scaler,
                related=[] if other is None else [(_name(other), "it is here")],
                scaler=f"{scaler.kind} `{scaler.name}`",
                kind=one.kind,
                name=one.name,
                meant=None if other is None else other.name,
                namespace=model.graph.namespace_of(scaler),
                other=None if other is None else other.kind,
                there=None if other is None else model.graph.namespace_of(other),
            )


def gpu_counter(model: Model) -> Iterator[Problem]:
    """A model server that is scaled by how busy or how full its GPU is."""
    for kind in (_HPA, "ScaledObject"):
        for scaler in model.of_kind(kind):
            counters = list(gpu_counters(scaler))
            server = gpu_server_of(scaler, model.graph) if counters else None
            for one in counters if server is not None else ():
                yield Problem(
                    one.node,
                    variant=one.kind,
                    severity="warning" if one.kind == "full" else None,
                    about=scaler,
                    related=[] if server is None else [(_name(server), "runs on a GPU")],
                    scaler=f"{scaler.kind} `{scaler.name}`",
                    counter=one.name,
                )


def _name(resource: Resource) -> Node | None:
    return resource.body.at("metadata", "name")
