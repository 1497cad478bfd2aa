"""The replicas and metrics of the HorizontalPodAutoscaler that KServe makes."""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world

SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec:
  predictor:
    containers: [{name: kserve-container, image: a}]
"""


def scaler(fields: str) -> Any:
    service = world(SERVICE + "".join(f"    {field}\n" for field in fields.split("; ") if field))
    assert service.predictor is not None
    assert service.predictor.scaler is not None
    return service.predictor.scaler.plain()["spec"]


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ("", 1, 1),
        ("minReplicas: 2", 2, 2),
        ("minReplicas: 2; maxReplicas: 1", 2, 2),
        ("minReplicas: 2; maxReplicas: 2", 2, 2),
        ("minReplicas: 2; maxReplicas: 3", 2, 3),
        ("minReplicas: 0; maxReplicas: 3", 1, 3),
        ("minReplicas: 0", 1, 1),
        ("maxReplicas: 3", 1, 3),
        ("maxReplicas: 0", 1, 1),
    ],
)
def test_bounds(fields: str, low: int, high: int) -> None:
    spec = scaler(fields)
    assert (spec["minReplicas"], spec["maxReplicas"]) == (low, high)


@pytest.mark.parametrize(
    ("fields", "name", "percent"),
    [
        ("", "cpu", 80),
        ("scaleTarget: 50", "cpu", 50),
        ("scaleMetric: memory; scaleTarget: 70", "memory", 70),
        ("scaleMetric: cpu", "cpu", 80),
    ],
)
def test_metrics(fields: str, name: str, percent: int) -> None:
    (metric,) = scaler(fields)["metrics"]
    assert metric["resource"]["name"] == name
    assert metric["resource"]["target"]["averageUtilization"] == percent


def test_a_metric_without_its_target_is_none() -> None:
    assert "metrics" not in scaler("scaleMetric: memory")
