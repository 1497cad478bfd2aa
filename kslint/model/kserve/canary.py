"""Canaries of a predictor: what each is made of, and how many pods it takes.

Mirrors buildCanaryPredictor and canaryReplicaCount,
pkg/controller/v1beta1/inferenceservice/components/predictor.go:886-914 @v0.20.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kserve.workload import controller_origin
from kslint.model.tree import is_empty, put, without
from kslint.source.nodes import Map, Scalar, made

if TYPE_CHECKING:
    from kslint.source.nodes import Node

_FILE = "components/predictor.go:794-914"
_SCALED = ("maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling")


def canaries(isvc: Map) -> list[Map]:
    """The entries of spec.canary that are mappings with a predictor."""
    listed = isvc.at("spec", "canary")
    found = [] if listed is None else listed.elements()
    return [c for c in found if isinstance(c, Map) and isinstance(c.get("predictor"), Map)]


def replicas(isvc: Map, canary: Map) -> int:
    """The pods of a canary: its own minReplicas, or its share of the stable predictor's."""
    own = canary.integer("predictor", "minReplicas")
    if own is not None:
        return own
    stable = isvc.integer("spec", "predictor", "minReplicas")
    percent = canary.integer("trafficPercent") or 0
    return -(-(1 if stable is None else stable) * percent // 100)


def of_canary(isvc: Map, canary: Map) -> Map:
    """The InferenceService as it would be with a canary for its predictor."""
    stable = isvc.at("spec", "predictor")
    own = canary.get("predictor")
    assert isinstance(own, Map)
    predictor = _merged(stable, own) if isinstance(stable, Map) else own
    origin = controller_origin("the canary's share", _FILE)
    predictor = put(
        without(predictor, *_SCALED), ("minReplicas",), made(replicas(isvc, canary), origin)
    )
    return put(isvc, ("spec", "predictor"), predictor)


def scaled_down(isvc: Map) -> Map:
    """The InferenceService with the stable predictor's minReplicas less those of its canaries."""
    least = isvc.integer("spec", "predictor", "minReplicas")
    taken = sum(replicas(isvc, canary) for canary in canaries(isvc))
    if least is None or not taken:
        return isvc
    origin = controller_origin("minReplicas less those of the canaries", _FILE)
    left = made(max(least - taken, 1), origin)
    return put(isvc, ("spec", "predictor", "minReplicas"), left)


def _merged(base: Map, override: Map) -> Map:
    """mergo.Merge with override: what is zero in Go changes nothing, lists are replaced."""
    entries = dict(base.entries)
    for name, value in override.entries.items():
        below = entries.get(name)
        if isinstance(value, Map) and isinstance(below, Map):
            entries[name] = _merged(below, value)
        elif not _is_zero(value):
            entries[name] = value
    return override.with_entries(entries)


def _is_zero(value: Node) -> bool:
    return is_empty(value) or (isinstance(value, Scalar) and value.value in (0, False))
