"""What there will be of an LLMInferenceService, and why a part of it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.admission.kinds import of_llm
from kslint.model.kserve.llm.objects import objects, unknowns
from kslint.model.kubernetes.admission import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.schemas.catalogue import Schemas
    from kslint.source.nodes import Map


def created(service: LLMInferenceService) -> list[Map]:
    """The objects that are known; none when the service is stopped or refused."""
    if service.stopped or any(of_llm(service)):
        return []
    return objects(service)


def reasons_missing(service: LLMInferenceService, schemas: Schemas | None = None) -> Iterator[str]:
    """Why a service has no objects, or not all of them.

    `schemas` judge the object's own fields, if they are given.
    """
    if service.stopped:
        yield "is stopped: KServe deletes its workloads"
        return
    resource = service.resource
    prefix = f"{kinds.shown(resource)} is invalid: "
    refusals = [
        ("api-server", prefix + refusal.reason, refusal.node)
        for refusal in (() if schemas is None else schemas.refusals(resource))
    ]
    for met in of_llm(service):
        failure = met.failure
        refusals.append((failure.stage, met.prefix + failure.message, failure.node))
    for stage, message, node in refusals:
        where = f" ({node.place})" if node.place is not None else ""
        yield f"is refused by the {stage}: {message}{where}"
    for reason in () if refusals else unknowns(service):
        yield f"has an unknown {reason}"
