"""Autoscaling of LLMInferenceServices, as KServe v0.19.0 sets it up (scaling.go)."""

from __future__ import annotations

from llm_worlds import objects

CONFIG = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: inferenceservice-config, namespace: kserve}
data:
  autoscaling-wva-controller-config: |-
    {"prometheus": {"url": "https://p:9091", "authModes": "bearer", "triggerAuthName": "t",
     "triggerAuthKind": "ClusterTriggerAuthentication", "tlsInsecureSkipVerify": true}}
"""


def test_an_hpa_follows_the_variant() -> None:
    spec = "scaling: {maxReplicas: 4, wva: {hpa: {}}}\n"
    spec += "labels: {inference.optimization/acceleratorName: H100}"
    found = objects(spec)
    variant = found["VariantAutoscaling", "llm-kserve-va"]
    assert variant["apiVersion"] == "llmd.ai/v1alpha1"
    assert variant["metadata"]["labels"]["inference.optimization/acceleratorName"] == "H100"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llm-kserve"}
    assert variant["spec"] == {
        "scaleTargetRef": target, "modelID": "llm", "minReplicas": 1, "maxReplicas": 4,
        "variantCost": "10.0",
    }  # fmt: skip
    hpa = found["HorizontalPodAutoscaler", "llm-kserve-hpa"]["spec"]
    assert (hpa["minReplicas"], hpa["maxReplicas"]) == (1, 4)
    (metric,) = hpa["metrics"]
    assert metric["external"]["metric"] == {
        "name": "wva_desired_replicas",
        "selector": {"matchLabels": {"variant_name": "llm-kserve-va"}},
    }
    assert metric["external"]["target"] == {"type": "Value", "value": "1"}
    assert "replicas" not in found["Deployment", "llm-kserve"]["spec"] or (
        found["Deployment", "llm-kserve"]["spec"]["replicas"] == 1
    )


def test_groups_and_prefill_are_scaled_apart() -> None:
    spec = (
        "worker: {containers: [{name: main}]}\nparallelism: {data: 4, dataLocal: 2}\n"
        "scaling: {minReplicas: 2, maxReplicas: 4, wva: {variantCost: '3', hpa: {behavior:"
        " {scaleDown: {stabilizationWindowSeconds: 60}}}}}\n"
        "prefill: {scaling: {maxReplicas: 8, wva: {hpa: {}}}}"
    )
    found = objects(spec)
    variant = found["VariantAutoscaling", "llm-kserve-va"]["spec"]
    assert variant["variantCost"] == "3"
    assert variant["scaleTargetRef"] == {
        "apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet",
        "name": "llm-kserve-mn",
    }  # fmt: skip
    behavior = found["HorizontalPodAutoscaler", "llm-kserve-hpa"]["spec"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 60
    prefill = found["VariantAutoscaling", "llm-kserve-prefill-va"]
    assert prefill["spec"]["scaleTargetRef"]["name"] == "llm-kserve-prefill"
    assert prefill["metadata"]["labels"]["inference.optimization/acceleratorName"] == "unknown"
    assert ("HorizontalPodAutoscaler", "llm-kserve-prefill-hpa") in found


def test_keda_asks_prometheus() -> None:
    spec = "scaling: {minReplicas: 0, maxReplicas: 4, wva: {keda: {pollingInterval: 5}}}"
    found = objects(spec.replace("minReplicas: 0", "minReplicas: 1"), rest=CONFIG)
    body = found["ScaledObject", "llm-kserve-keda"]["spec"]
    assert body["scaleTargetRef"]["name"] == "llm-kserve"
    assert (body["minReplicaCount"], body["maxReplicaCount"]) == (1, 4)
    assert body["pollingInterval"] == 5
    (trigger,) = body["triggers"]
    query = 'wva_desired_replicas{variant_name="llm-kserve-va",exported_namespace="team"}'
    assert trigger == {
        "type": "prometheus",
        "name": "wva-desired-replicas",
        "metadata": {
            "serverAddress": "https://p:9091", "query": query, "threshold": "1",
            "unsafeSsl": "true", "authModes": "bearer",
        },
        "authenticationRef": {"name": "t", "kind": "ClusterTriggerAuthentication"},
    }  # fmt: skip


def test_without_the_address_of_prometheus_the_scaled_object_is_unknown() -> None:
    found = objects("scaling: {maxReplicas: 4, wva: {keda: {}}}")
    assert ("VariantAutoscaling", "llm-kserve-va") in found
    assert ("ScaledObject", "llm-kserve-keda") not in found
