"""What there will be of an LLMInferenceService, and why a part of it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.admission.llm import llm_rejections
from kslint.model.kserve.llm.objects import objects, unknowns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.source.nodes import Map


def created(service: LLMInferenceService) -> list[Map]:
    """The objects that are known; none when the service is stopped or refused."""
    if service.stopped or llm_rejections(service):
        return []
    return objects(service)


def reasons_missing(service: LLMInferenceService) -> Iterator[str]:
    """Why a service has no objects, or not all of them."""
    if service.stopped:
        yield "is stopped: KServe deletes its workloads"
        return
    refusals = llm_rejections(service)
    for failure in refusals:
        place = failure.node.place
        where = f" ({place})" if place is not None else ""
        yield f"is refused by the {failure.stage}: {failure.message}{where}"
    for reason in () if refusals else unknowns(service):
        yield f"has an unknown {reason}"
