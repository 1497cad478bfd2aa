"""The objects of LLMInferenceServices, as KServe v0.19.0 makes them."""

from __future__ import annotations

from typing import Any

import pytest
from llm_worlds import HEAD, graph_of, indented, llm

from kslint.model.kserve import settings
from kslint.model.kserve.llm.rendering import created, reasons_missing
from kslint.model.kserve.llm.service import LLMInferenceService

ROUTED = "router: {route: {}, scheduler: {}, gateway: {}}"


def made(
    spec: str = "", rest: str = "", version: str = "0.19", uri: str = "hf://org/model"
) -> dict[tuple[str, str], Any]:
    text = HEAD.replace("hf://org/model", uri) + indented(spec) + rest
    graph = graph_of(text)
    (resource,) = graph.of_kind("LLMInferenceService")
    service = LLMInferenceService(resource, graph, settings.defaults(version))
    bodies: list[Any] = [body.plain() for body in created(service)]
    return {(body["kind"], body["metadata"]["name"]): body for body in bodies}


def reasons(spec: str = "", rest: str = "", version: str = "0.19") -> list[str]:
    return list(reasons_missing(llm(spec, rest, version)))


def test_a_plain_service_is_a_deployment_and_a_service() -> None:
    found = made("replicas: 2")
    assert list(found) == [
        ("Secret", "llm-kserve-self-signed-certs"),
        ("Deployment", "llm-kserve"),
        ("Service", "llm-kserve-workload-svc"),
    ]
    assert found["Secret", "llm-kserve-self-signed-certs"]["type"] == "kubernetes.io/tls"
    deployment = found["Deployment", "llm-kserve"]
    labels = {
        "app.kubernetes.io/component": "llminferenceservice-workload",
        "app.kubernetes.io/name": "llm",
        "app.kubernetes.io/part-of": "llminferenceservice",
        "kserve.io/component": "workload",
        "llm-d.ai/role": "both",
    }
    assert deployment["metadata"]["labels"] == labels
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert deployment["spec"]["replicas"] == 2
    (port,) = found["Service", "llm-kserve-workload-svc"]["spec"]["ports"]
    assert port == {
        "name": "http", "protocol": "TCP", "appProtocol": "http", "port": 8000, "targetPort": 8000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "init", "volume"),
    [
        ("hf://org/model", "storage-initializer", {"emptyDir": {}}),
        ("s3://bucket/model", "storage-initializer", {"emptyDir": {}}),
        ("pvc://claim/a/b", None, {"persistentVolumeClaim": {"claimName": "claim"}}),
        ("oci://registry/model:1", "modelcar-init", {"emptyDir": {}}),
    ],
)
def test_the_model_comes_by_its_scheme(uri: str, init: str | None, volume: dict[str, Any]) -> None:
    pod = made(uri=uri)["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
    names = [container["name"] for container in pod.get("initContainers", ())]
    assert names == ([init] if init else [])
    (added,) = [v for v in pod["volumes"] if v["name"].startswith("kserve-p")]
    assert {key: value for key, value in added.items() if key != "name"} == volume
    mounts = {m["name"]: m for m in pod["containers"][0]["volumeMounts"]}
    mount = mounts[added["name"]]
    if uri.startswith("pvc"):
        assert mount["subPath"] == "a/b"
    env = [v["name"] for c in pod.get("initContainers", ()) for v in c.get("env", ())]
    assert ("HF_XET_HIGH_PERFORMANCE" in env) == uri.startswith("hf")


def test_without_the_initializer_nothing_is_mounted() -> None:
    pod = made("storageInitializer: {enabled: false}")["Deployment", "llm-kserve"]
    assert "initContainers" not in pod["spec"]["template"]["spec"]


def test_a_scheduler_brings_its_pool_its_rights_and_a_route() -> None:
    found = made(ROUTED)
    assert [kind for kind, _ in found] == [
        "Secret", "Deployment", "Service", "ServiceAccount", "ClusterRoleBinding", "Role",
        "RoleBinding", "Deployment", "Service", "InferencePool", "HTTPRoute",
    ]  # fmt: skip
    picker = found["Deployment", "llm-kserve-router-scheduler"]["spec"]
    assert picker["strategy"] == {"type": "Recreate"}
    (main, tokenizer) = picker["template"]["spec"]["containers"]
    assert main["args"][0] == "--config-text"
    assert "pluginRef: prefix-cache-scorer\n    weight: 3" in main["args"][1]
    assert "weight: 0" not in main["args"][1]
    assert any(m["mountPath"] == "/mnt/models/base" for m in tokenizer["volumeMounts"])
    pool = found["InferencePool", "llm-inference-pool"]
    assert pool["apiVersion"] == "inference.networking.x-k8s.io/v1alpha2", "the later of two"
    assert pool["spec"]["targetPortNumber"] == 8000
    assert pool["spec"]["extensionRef"]["portNumber"] == 9002
    ports = found["Service", "llm-epp-service"]["spec"]["ports"]
    assert [port["name"] for port in ports] == ["grpc", "grpc-health", "metrics", "zmq"]
    refs = {
        (ref["group"], ref["name"])
        for rule in found["HTTPRoute", "llm-kserve-route"]["spec"]["rules"]
        for ref in rule["backendRefs"]
    }
    assert ("inference.networking.x-k8s.io", "llm-inference-pool") in refs


def test_several_schedulers_elect_a_leader() -> None:
    found = made("router: {route: {}, scheduler: {replicas: 2, labels: {a: b}}}")
    picker = found["Deployment", "llm-kserve-router-scheduler"]
    (main, _) = picker["spec"]["template"]["spec"]["containers"]
    assert main["args"][0] == "--ha-enable-leader-election"
    assert picker["spec"]["replicas"] == 2
    assert picker["spec"]["selector"]["matchLabels"]["a"] == "b"


def test_labels_of_the_spec_reach_the_selector() -> None:
    found = made("labels: {team: a}\nannotations: {note: n1}")["Deployment", "llm-kserve"]
    assert found["spec"]["selector"]["matchLabels"]["team"] == "a"
    assert found["spec"]["template"]["metadata"]["annotations"] == {"note": "n1"}
    assert "annotations" not in found["metadata"]


def test_only_some_labels_of_the_service_are_passed_on() -> None:
    meta = "{name: llm, namespace: team, labels: {kueue.x-k8s.io/queue-name: q, other: o}}"
    graph = graph_of(HEAD.replace("{name: llm, namespace: team}", meta))
    (resource,) = graph.of_kind("LLMInferenceService")
    service = LLMInferenceService(resource, graph, settings.defaults("0.19"))
    deployment: Any = created(service)[1].plain()
    assert deployment["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "q"
    assert "other" not in deployment["metadata"]["labels"]


@pytest.mark.parametrize(
    ("spec", "rest", "version", "reason"),
    [
        ("template: {serviceAccountName: own, containers: []}", "", "0.19",
         "main: ServiceAccount own is not in the input"),
        ("worker: {serviceAccountName: own, containers: []}\nparallelism: {data: 2, dataLocal: 1}",
         "", "0.19", "main: ServiceAccount own is not in the input"),
        ("prefill: {template: {serviceAccountName: own, containers: []}}", "", "0.19",
         "prefill: ServiceAccount own is not in the input"),
        ("baseRefs: [{name: elsewhere}]", "", "0.19",
         "spec: LLMInferenceServiceConfig elsewhere is not in the input"),
        ("worker: {containers: []}\nparallelism: {pipeline: 2}", "", "0.19",
         "kserve-config-llm-worker-pipeline-parallel is not in the input"),
        ("", "", "0.17", "spec: the presets of KServe 0.17 are not known"),
        ("router: {route: {}, scheduler: {config: {ref: {name: there}}}}", "", "0.19",
         "scheduler: the ConfigMap of its configuration is not in the input"),
        ("scaling: {minReplicas: 1, maxReplicas: 2, wva: {keda: {}}}", "", "0.19", "autoscaler"),
        ("kvCacheOffloading: {}", "", "0.20", "main: kvCacheOffloading is not modelled"),
        ("tracing: {}\nprefill: {}", "", "0.20", "prefill: tracing is not modelled"),
    ],
)  # fmt: skip
def test_what_is_not_built_is_said(spec: str, rest: str, version: str, reason: str) -> None:
    assert any(reason in text for text in reasons(spec, rest, version))


def test_refused_and_stopped_services_have_no_objects() -> None:
    assert made("parallelism: {pipeline: 2, data: 2}") == {}
    assert any("is refused by" in text for text in reasons("parallelism: {pipeline: 2, data: 2}"))
    meta = "{name: llm, namespace: team, annotations: {serving.kserve.io/stop: 'true'}}"
    graph = graph_of(HEAD.replace("{name: llm, namespace: team}", meta))
    (resource,) = graph.of_kind("LLMInferenceService")
    service = LLMInferenceService(resource, graph, settings.defaults("0.19"))
    assert created(service) == []
    assert list(reasons_missing(service)) == ["is stopped: KServe deletes its workloads"]


def test_a_prefill_pool_has_a_role_of_its_own() -> None:
    found = made("prefill: {replicas: 3, labels: {p: q}}")
    prefill = found["Deployment", "llm-kserve-prefill"]
    assert prefill["spec"]["replicas"] == 3
    assert prefill["metadata"]["labels"]["llm-d.ai/role"] == "prefill"
    assert prefill["spec"]["template"]["metadata"]["labels"]["p"] == "q"


def test_a_long_name_is_cut_and_hashed_and_no_reason_to_refuse() -> None:
    name = "a-service-with-a-name-that-is-much-too-long-for-it"
    graph = graph_of(HEAD.replace("name: llm", f"name: {name}"))
    (resource,) = graph.of_kind("LLMInferenceService")
    service = LLMInferenceService(resource, graph, settings.defaults("0.19"))
    assert list(reasons_missing(service)) == []
    assert all(len(b.string("metadata", "name") or "") <= 63 for b in created(service))


@pytest.mark.parametrize(
    ("router", "missing"),
    [
        ("gateway: {refs: [{name: g, namespace: infra}]}, route: {}", "Gateway infra/g"),
        ("route: {http: {refs: [{name: r}]}}", "HTTPRoute team/r"),
        ("route: {http: {spec: {parentRefs: [{name: g}]}}}", "Gateway team/g"),
        ("route: {}, scheduler: {pool: {ref: {name: p}}}", "InferencePool team/p"),
    ],
)
def test_what_the_router_is_told_of_must_be_there(router: str, missing: str) -> None:
    assert reasons(f"router: {{{router}}}") == [
        f"has an unknown router: {missing} is not in the input"
    ]


def test_the_gateway_of_the_settings_is_the_platforms() -> None:
    assert reasons(ROUTED) == []
