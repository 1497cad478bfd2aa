"""What the webhook refuses of canaries and confidential models.

Mirrors pkg/apis/serving/v1beta1/inference_service_validation.go:183-266,854-886 and
pkg/validation/confidential.go @v0.20.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kserve import names
from kslint.model.kserve.admission.components import given, refused, said
from kslint.model.kserve.admission.storage import model_server
from kslint.model.kserve.canary import canaries
from kslint.model.kserve.metadata import source_uri
from kslint.model.kubernetes.admission.field_errors import child, printed
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_RESOURCE = re.compile(r"kbs:///[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+")
_FIXED = ("maxReplicas", "scaleTarget", "scaleMetric", "autoScaling")


def canary_rejections(body: Map) -> Iterator[Failure]:
    """As validateCanarySpecs: the first refusal of each canary, then of all."""
    listed = canaries(body)
    if not listed:
        return
    node = body.at("spec", "canary") or body
    node = node if node.place is not None else body
    mode = said(body.at("metadata", "annotations"), names.DEPLOYMENT_MODE)
    if mode is not None and mode != names.STANDARD:
        yield refused(
            f"canary is only supported in {names.STANDARD} deployment mode", node, "canary-mode"
        )
        return
    predictor = body.at("spec", "predictor")
    if source_uri(body, "predictor") is None and given(predictor, "model") is None:
        message = (
            "canary requires a stable predictor with a model "
            "(multi-model serving is not supported with canary)"
        )
        yield refused(message, node, "canary-without-model")
        return
    seen: set[str] = set()
    for index, canary in enumerate(listed):
        wrong = next(_canary(body, canary, index, seen), None)
        if wrong is not None:
            yield wrong
            return
    total = sum(canary.integer("trafficPercent") or 0 for canary in listed)
    if total > 100:
        message = f"sum of canary trafficPercent values ({total}) must be <= 100"
        yield refused(message, listed[-1].get("trafficPercent") or node, "canary-traffic")


def _canary(body: Map, canary: Map, index: int, seen: set[str]) -> Iterator[Failure]:
    own = canary.get("predictor") or canary
    name = said(own, "name")
    if name is None:
        return
    at_name = own if given(own, "name") is None else child(own, "name")
    if not name:
        yield refused(f"canary[{index}] predictor.name is required", at_name, "canary-name")
    elif name in seen:
        message = f"canary predictor.name {printed(name)} is duplicated"
        yield refused(message, at_name, "canary-name")
    elif name == said(body.at("spec", "predictor"), "name"):
        message = f"canary predictor.name {printed(name)} conflicts with stable predictor name"
        yield refused(message, at_name, "canary-name")
    seen.add(name)
    shown = f"canary {printed(name)}"
    percent = canary.integer("trafficPercent") or 0
    if not 0 <= percent <= 100:
        message = f"{shown} trafficPercent must be between 0 and 100, got {percent}"
        yield refused(message, child(canary, "trafficPercent"), "canary-traffic")
    if given(own, "workerSpec") is not None:
        message = f"{shown} must not set workerSpec (multi-node is not yet supported for canary)"
        yield refused(message, child(own, "workerSpec"), "canary-field")
    for field in _FIXED:
        is_zero = field == "maxReplicas" and (own.integer(field) or 0) <= 0
        if given(own, field) is not None and not is_zero:
            message = f"{shown} must not set {field} (canary uses fixed replicas)"
            yield refused(message, child(own, field), "canary-field")
    least = own.integer("minReplicas")
    stable = body.integer("spec", "predictor", "minReplicas")
    stable = 1 if stable is None else stable
    if least is not None and least > stable:
        message = (
            f"{shown} minReplicas ({least}) must not exceed stable predictor minReplicas ({stable})"
        )
        yield refused(message, child(own, "minReplicas"), "canary-field")


def confidential_rejections(predictor: Node | None) -> Iterator[Failure]:
    """As validateConfidential."""
    server = model_server(predictor)
    spec = given(server, "confidential")
    if server is None or not isinstance(spec, Map) or spec.boolean("enabled") is not True:
        return
    uri, resource = said(server, "storageUri"), said(spec, "resourceId")
    if uri == "":
        message = "confidential model serving requires storageUri to be set"
        yield refused(message, child(server, "confidential"), "confidential-without-uri")
    elif resource and _RESOURCE.fullmatch(resource) is None:
        message = (
            f"spec.predictor.confidential.resourceId: Invalid value: {printed(resource)}: "
            "must be in the format kbs:///<repo>/<type>/<tag>"
        )
        yield refused(message, child(spec, "resourceId"), "confidential-resource")
