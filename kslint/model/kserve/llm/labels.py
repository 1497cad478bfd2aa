"""Labels and annotations that the workloads of an LLMInferenceService carry.

Mirrors propagate*Metadata of pkg/controller/v1alpha2/llmisvc/workload_{single,multi}_node.go
@v0.19.0 and, where it differs, @v0.20.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.llm.combined import MODEL_ROUTING
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import Node

_ANNOTATIONS = (
    "k8s.v1.cni.cncf.io", "kueue.x-k8s.io", "prometheus.io",
    "internal.serving.kserve.io/localmodel",
)  # fmt: skip
_LABELS = ("kueue.x-k8s.io", "internal.serving.kserve.io/localmodel")
_GROUP = "leaderworkerset.sigs.k8s.io"


def passed(service: LLMInferenceService, field: str, group: bool = False) -> dict[str, Node]:
    """What of the service's own labels or annotations goes on to its workloads."""
    prefixes: Iterable[str] = _LABELS if field == "labels" else _ANNOTATIONS
    if group and field == "annotations":
        prefixes = (*prefixes, _GROUP)
    listed = service.resource.body.at("metadata", field)
    pairs = listed.items() if listed is not None else ()
    return {key: value for key, value in pairs if key.startswith(tuple(prefixes))}


def given(service: LLMInferenceService, path: tuple[str, ...], field: str) -> dict[str, Node]:
    """What the spec gives the pods of a block; those of prefill had the main ones too, once."""
    spec = service.effective or Map({})
    own_only = service.settings.has("prefill-own-labels")
    blocks: list[Node | None] = [spec.at(*path, field) if path else spec.get(field)]
    if path and not own_only:
        blocks.insert(0, spec.get(field))
    found: dict[str, Node] = {}
    for block in blocks:
        found.update({} if block is None else dict(block.items()))
    if own_only:  # it switches routes, and no pod reads it
        found.pop(MODEL_ROUTING, None)
    return found
