"""The replicas and metrics of the autoscalers that KServe makes, and of those in the input."""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.model import Model
from kslint.model.scaling import most_replicas
from kslint.source.files import Source
from kslint.source.load import Input, load_source

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


def test_without_a_target_for_memory_the_api_server_scales_by_cpu() -> None:
    (metric,) = scaler("scaleMetric: memory")["metrics"]
    assert metric["resource"]["name"] == "cpu"


DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: qwen, namespace: team}
spec:
  replicas: %s
  template: {spec: {containers: [{name: main, image: a}]}}
---
"""


def scaling(kind: str, spec: str, annotations: str = "{}", namespace: str = "team") -> str:
    group = {"HorizontalPodAutoscaler": "autoscaling/v2", "ScaledObject": "keda.sh/v1alpha1"}
    return (
        f"apiVersion: {group.get(kind, 'http.keda.sh/v1alpha1')}\nkind: {kind}\n"
        f"metadata: {{name: s, namespace: {namespace}, annotations: {annotations}}}\n"
        f"spec: {spec}\n---\n"
    )


HPA, KEDA, HTTP = "HorizontalPodAutoscaler", "ScaledObject", "HTTPScaledObject"
ITS = "scaleTargetRef: {name: qwen}"


@pytest.mark.parametrize(
    ("replicas", "scalers", "most"),
    [
        (2, "", 2),
        (2, scaling(HPA, f"{{{ITS}, maxReplicas: 5}}"), 5),
        (2, scaling(HPA, f"{{{ITS}, maxReplicas: 5}}", namespace="other"), 2),
        (2, scaling(HPA, "{scaleTargetRef: {name: other}, maxReplicas: 5}"), 2),
        (2, scaling(HPA, "{scaleTargetRef: {name: qwen, kind: StatefulSet}, maxReplicas: 5}"), 2),
        (2, scaling(HPA, "{scaleTargetRef: {name: qwen, kind: Deployment}, maxReplicas: 5}"), 5),
        (2, scaling(HPA, "{maxReplicas: 5}"), 2),
        (2, scaling(KEDA, f"{{{ITS}, maxReplicaCount: 7}}"), 7),
        (2, scaling(KEDA, f"{{{ITS}}}"), 100),
        (2, scaling(HTTP, f"{{{ITS}, replicas: {{max: 9}}}}"), 9),
        (2, scaling(HTTP, "{scaleTargetRef: {deployment: qwen}, replicas: {max: 9}}"), 9),
        (2, scaling(HTTP, f"{{{ITS}}}"), 100),
        (2, scaling(KEDA, f"{{{ITS}}}", "{autoscaling.keda.sh/paused-replicas: '3'}"), 3),
        (2, scaling(KEDA, f"{{{ITS}}}", "{autoscaling.keda.sh/paused: 'TRUE'}"), 2),
        (2, scaling(KEDA, f"{{{ITS}}}", "{autoscaling.keda.sh/paused: 'false'}"), 100),
        (0, scaling(KEDA, f"{{{ITS}}}", "{autoscaling.keda.sh/paused: 'true'}"), 1),
        (2, scaling(HPA, f"{{{ITS}, maxReplicas: 5}}")
         + scaling(KEDA, f"{{{ITS}, maxReplicaCount: 4}}"), 5),
        (0, "", 0),
    ],
)  # fmt: skip
def test_the_most_pods_of_a_deployment(replicas: int, scalers: str, most: int) -> None:
    loaded = Input([], [], [])
    load_source(Source("x.yaml", (DEPLOYMENT % replicas + scalers).encode()), loaded)
    model = Model(Graph(loaded), Config())
    (workload,) = model.workloads
    assert most_replicas(workload, model.graph) == most
