"""What the objects of an LLMInferenceService have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.tree import put
from kslint.source.nodes import made

if TYPE_CHECKING:
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import Map, Origin

POOL_GROUP, OLD_POOL_GROUP = "inference.networking.k8s.io", "inference.networking.x-k8s.io"


def new_object(
    service: LLMInferenceService,
    version: str,
    kind: str,
    name: str,
    labels: dict[str, str],
    origin: Origin,
) -> Map:
    body = put(None, ("apiVersion",), made(version, origin))
    body = put(body, ("kind",), made(kind, origin))
    metadata = {"name": name, "namespace": service.namespace or "", "labels": labels}
    return put(body, ("metadata",), made(metadata, origin))


def labels_of(service: LLMInferenceService, component: str) -> dict[str, str]:
    return {"app.kubernetes.io/component": component, **part_of_labels(service)}


def part_of_labels(service: LLMInferenceService) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": service.resource.name,
        "app.kubernetes.io/part-of": "llminferenceservice",
    }
