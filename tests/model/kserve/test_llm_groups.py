"""LeaderWorkerSets, accounts and rights, as KServe v0.19.0 makes them (workload_multi_node.go)."""

from __future__ import annotations

from typing import Any

import pytest
from llm_worlds import objects

WORKERS = "worker: {containers: [{name: main}]}\nparallelism: {data: 4, dataLocal: 2}\n"
PREFILL = (
    "prefill: {worker: {containers: [{name: main}]}, parallelism: {data: 8, dataLocal: 2},"
    " replicas: 3, labels: {of: prefill}}\n"
)
NAME = "llm-kserve-mn"


def group(spec: str, name: str = NAME, **more: str) -> Any:
    return objects(spec, **more)["LeaderWorkerSet", name]


def test_workers_make_a_group_of_its_size() -> None:
    found = objects(WORKERS + "replicas: 2")
    assert ("Deployment", "llm-kserve") not in found
    body = found["LeaderWorkerSet", NAME]
    assert body["apiVersion"] == "leaderworkerset.x-k8s.io/v1"
    assert body["spec"]["replicas"] == 2
    template = body["spec"]["leaderWorkerTemplate"]
    assert template["size"] == 2
    assert template["restartPolicy"] == "RecreateGroupOnPodRestart"
    assert body["spec"]["rolloutStrategy"] == {"type": "RollingUpdate"}
    assert body["spec"]["startupPolicy"] == "LeaderCreated"
    leader, worker = template["leaderTemplate"], template["workerTemplate"]
    assert leader["metadata"]["labels"]["llm-d.ai/role"] == "both"
    assert leader["metadata"]["labels"]["kserve.io/component"] == "workload"
    assert "kserve.io/component" not in worker["metadata"]["labels"]
    assert body["metadata"]["labels"] == worker["metadata"]["labels"]
    for pod in (leader["spec"], worker["spec"]):
        assert pod["serviceAccountName"] == NAME
        assert "restartPolicy" not in pod, "the LeaderWorkerSet's pods are defaulted once made"
        assert [c["name"] for c in pod["initContainers"]] == ["storage-initializer"]


def test_a_group_runs_under_an_account_of_its_own() -> None:
    account = objects(WORKERS)["ServiceAccount", NAME]
    assert account["metadata"]["labels"] == {
        "app.kubernetes.io/name": "llm",
        "app.kubernetes.io/part-of": "llminferenceservice",
    }
    assert ("Role", "llm-kserve-mn-role") not in objects(WORKERS)


def test_the_made_account_has_the_secrets_of_the_default_one() -> None:
    rest = """---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: team, annotations: {eks.amazonaws.com/role-arn: a}}
secrets: [{name: hub}]
imagePullSecrets: [{name: pull}]
---
apiVersion: v1
kind: Secret
metadata: {name: hub, namespace: team}
stringData: {HF_TOKEN: t}
"""
    found = objects(WORKERS, rest=rest)
    account = found["ServiceAccount", NAME]
    assert account["secrets"] == [{"name": "hub"}]
    assert account["imagePullSecrets"] == [{"name": "pull"}]
    assert "annotations" not in account["metadata"], "they are not copied"
    template = found["LeaderWorkerSet", NAME]["spec"]["leaderWorkerTemplate"]
    (init,) = template["workerTemplate"]["spec"]["initContainers"]
    env = {item["name"]: item for item in init["env"]}
    assert env["HF_TOKEN"]["valueFrom"]["secretKeyRef"] == {"name": "hub", "key": "HF_TOKEN"}
    assert "AWS_DEFAULT_REGION" not in env


def test_an_account_of_the_user_brings_its_credentials() -> None:
    rest = """---
apiVersion: v1
kind: ServiceAccount
metadata: {name: own, namespace: team}
secrets: [{name: hub}]
---
apiVersion: v1
kind: Secret
metadata: {name: hub, namespace: team}
stringData: {HF_TOKEN: t}
"""
    found = objects("template: {serviceAccountName: own, containers: []}", rest=rest)
    pod = found["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "own"
    names = [item["name"] for item in pod["initContainers"][0]["env"]]
    assert names[0] == "HF_TOKEN", "the credentials come before the defaults of the hub"
    assert ("ServiceAccount", "llm-kserve") not in found


def test_workers_of_prefill_are_a_group_of_their_own() -> None:
    body = group(PREFILL, "llm-kserve-mn-prefill")
    template = body["spec"]["leaderWorkerTemplate"]
    assert body["spec"]["replicas"] == 3
    assert template["size"] == 4
    assert template["subGroupPolicy"] == {"subGroupSize": 4}
    assert template["workerTemplate"]["metadata"]["labels"]["of"] == "prefill"
    assert body["metadata"]["labels"]["of"] == "prefill", "one map in the controller"
    assert template["leaderTemplate"]["metadata"]["labels"]["llm-d.ai/role"] == "prefill"
    assert ("ServiceAccount", "llm-kserve-mn-prefill") in objects(PREFILL)


def test_labels_of_the_main_pods_reached_prefill_until_0_20() -> None:
    spec = PREFILL + "labels: {of: main, shared: s}\n"
    for version, shared in (("0.19", True), ("0.20", False)):
        body = group(spec, "llm-kserve-mn-prefill", version=version)
        labels = body["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["labels"]
        assert labels["of"] == "prefill"
        assert ("shared" in labels) == shared
        found = objects("prefill: {}\nlabels: {shared: s}", version=version)
        pod = found["Deployment", "llm-kserve-prefill"]["spec"]["template"]
        assert ("shared" in pod["metadata"]["labels"]) == shared


def test_the_sidecar_of_disaggregated_serving_gets_an_account_and_its_pool() -> None:
    found = objects("prefill: {}\nrouter: {scheduler: {}, route: {}}")
    pod = found["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "llm-kserve"
    (sidecar,) = [c for c in pod["initContainers"] if c["name"] == "llm-d-routing-sidecar"]
    assert sidecar["env"][-1] == {"name": "INFERENCE_POOL_NAME", "value": "llm-inference-pool"}
    role = found["Role", "llm-kserve-role"]
    assert role["rules"][1]["apiGroups"] == ["inference.networking.x-k8s.io"]
    (subject,) = found["RoleBinding", "llm-kserve-rb"]["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "llm-kserve", "namespace": "team"}
    prefill = found["Deployment", "llm-kserve-prefill"]["spec"]["template"]["spec"]
    assert "serviceAccountName" not in prefill


def test_the_sidecar_of_0_20_is_told_the_pool_by_an_option_too() -> None:
    for router, pool in (("", "llm-inference-pool"), ("scheduler: {pool: {ref: {name: p}}}", "p")):
        found = objects(f"prefill: {{}}\nrouter: {{route: {{}}, {router}}}", version="0.20")
        pod = found["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
        (sidecar,) = [c for c in pod["initContainers"] if c["name"] == "llm-d-routing-sidecar"]
        assert f"--inference-pool=team/{pool}" in sidecar["command"]


def test_the_sidecar_is_not_told_a_pool_without_a_router() -> None:
    pod = objects("prefill: {}")["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
    (sidecar,) = [c for c in pod["initContainers"] if c["name"] == "llm-d-routing-sidecar"]
    assert all(item["name"] != "INFERENCE_POOL_NAME" for item in sidecar["env"])


def test_the_rights_of_a_sidecar_in_a_group_stand_twice() -> None:
    found = objects(WORKERS + "prefill: {}")
    for name in ("llm-kserve-mn-role", "llm-kserve-role"):
        assert ("Role", name) in found
    assert ("ServiceAccount", "llm-kserve") in found
    assert ("ServiceAccount", NAME) in found


@pytest.mark.parametrize(
    ("annotation", "passed"),
    [
        ("leaderworkerset.sigs.k8s.io/exclusive-topology", True),
        ("prometheus.io/scrape", True),
        ("other.io/note", False),
    ],
)
def test_some_annotations_of_the_service_reach_its_group(annotation: str, passed: bool) -> None:
    body = group(WORKERS, metadata=f"annotations: {{{annotation}: 'x'}}")
    template = body["spec"]["leaderWorkerTemplate"]
    for meta in (body["metadata"], template["workerTemplate"]["metadata"]):
        assert (annotation in meta.get("annotations", {})) == passed


def test_the_protocol_of_a_port_is_the_only_default() -> None:
    spec = WORKERS + "template: {containers: [{name: main, ports: [{containerPort: 8000}]}]}"
    pod = group(spec)["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
    assert pod["containers"][0]["ports"] == [{"containerPort": 8000, "protocol": "TCP"}]


def test_sizes_of_a_base_are_not_seen_by_the_presets() -> None:
    from llm_worlds import config

    base = config("base", "team", WORKERS)
    sizes = "parallelism: {data: 4, dataLocal: 2}"
    assert objects("baseRefs: [{name: base}]", rest=base) == {}
    assert objects("baseRefs: [{name: base}]\n" + sizes, rest=base) != {}
