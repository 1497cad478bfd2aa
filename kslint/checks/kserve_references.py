"""Names in KServe's objects that lead nowhere: services, configs, Gateways, groups of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.dangling import dangling, steps_to_no_node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model


def missing(model: Model, *, kinds: list[str], severity: str = "warning") -> Iterator[Problem]:
    """A name of an object that is not where KServe looks for it."""
    for found in dangling(model.graph, model.resources, kinds, model.settings[0].profile):
        reference = found.reference
        declared = _is_declared(model, reference.namespace)
        certain = declared if not found.elsewhere else found.together
        yield Problem(
            reference.node,
            variant="elsewhere" if found.elsewhere else "default",
            severity="error" if certain else severity,
            related=[(found.elsewhere.body.at("metadata", "name"), "one of this name stands here")]
            if found.elsewhere
            else (),
            about=reference.source,
            kind=reference.kind,
            name=reference.name,
            namespace=reference.namespace,
            home=model.graph.namespace_of(found.elsewhere) if found.elsewhere else "",
            user=f"{reference.source.kind} `{reference.source.name}`",
        )


def inference_service_missing(model: Model) -> Iterator[Problem]:
    """A step of an InferenceGraph, or a TrainedModel, whose service is not there."""
    yield from missing(model, kinds=["InferenceService"])
    for resource in model.of_kind("InferenceGraph", names.GROUP):
        for node in steps_to_no_node(resource):
            yield Problem(
                node, variant="node", severity="error", about=resource, name=node.text,
                user=f"InferenceGraph `{resource.name}`",
            )  # fmt: skip


def _is_declared(model: Model, namespace: str | None) -> bool:
    """Does the user say that the namespace is complete?"""
    told = model.config.cluster.complete
    return told if isinstance(told, bool) else told is not None and namespace in told
