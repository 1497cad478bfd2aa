"""Objects that the cluster would refuse: with its message, at the value that is to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.kserve.storage.failures import LATER_URI
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.refusals import Refusal
    from kslint.source.nodes import Node, Span

_OWN_PAGE = frozenset({"invalid-quantity", "no-secret", "no-triggers", "scale-metric-with-keda"})
"""Refusals that rules of their own report, at other places too."""
_UNSURE = frozenset({LATER_URI, "node-port-out-of-range"})
"""What a later KServe, or another `--service-node-port-range`, accepts."""
_OVER_LIMIT = "request-over-limit"
CONTROLLER = "controller"


def refused(model: Model, *, stages: list[str]) -> Iterator[Problem]:
    """A value that one of the stages on an object's way refuses."""
    said: dict[int, set[Span | None]] = {}
    shared: dict[Span | None, Refusal] = {}
    for refusal in model.refusals:
        if refusal.stage in stages and refusal.code not in {*_OWN_PAGE, _OVER_LIMIT}:
            key = id(refusal.resource)
            if key not in said:
                said[key] = {node.place for node in model.schemas.faulty(refusal.resource)}
            place = refusal.at.place
            if place in said[key]:  # the rules about schemas speak there
                continue
            origin = refusal.at.origin
            if refusal.stage == CONTROLLER and origin is not None and origin.kind == "runtime":
                shared[place] = min(refusal, shared.get(place, refusal), key=_user)
            else:
                yield _problem(refusal)
    for refusal in shared.values():
        problem = _problem(refusal)
        problem.variant = "runtime"
        problem.related = ((refusal.resource.body.at("metadata", "name"), "uses it"),)
        yield problem


def _user(refusal: Refusal) -> tuple[str, str]:
    """Of several objects that stumble over the same text the first by name is told."""
    return refusal.resource.name, refusal.resource.namespace or ""


def request_over_limit(model: Model) -> Iterator[Problem]:
    """A request over its limit, where KServe's settings give neither of them."""
    for refusal in model.refusals:
        if refusal.code != _OVER_LIMIT:
            continue
        request, limit = refusal.failure.node, refusal.failure.other
        assert limit is not None
        problem = _problem(refusal)
        problem.related = ((limit, "the limit is given here"),)
        name = refusal.message.rpartition(" limit of ")[0].rpartition(" ")[2]
        problem.facts.update(
            resource=name, request=parse_or_none(request.text), limit=parse_or_none(limit.text)
        )
        yield problem


def _problem(refusal: Refusal) -> Problem:
    return Problem(
        refusal.at,
        variant="made" if refusal.made else "default",
        severity="warning" if refusal.code in _UNSURE else None,
        related=_elsewhere(refusal),
        about=refusal.resource,
        kind=refusal.resource.kind,
        made=refusal.made,
        maker="KServe" if refusal.resource.group == names.GROUP else "its controller",
        error=refusal.message.partition("\n")[0],
        said=refusal.shown,
    )


def _elsewhere(refusal: Refusal) -> list[tuple[Node, str]]:
    """The value of another file that the refused one contradicts."""
    at, failure = refusal.at.place, refusal.failure
    both = (failure.node, failure.other)
    return [
        (node, "contradicts this")
        for node in both
        if node is not None and node.place is not None and at is not None
        if failure.other is not None and node.place.file != at.file
    ]
