"""How ranks are divided over a head and its workers."""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world

from kslint.model.kserve.multinode import Split, ray_split


@pytest.mark.parametrize(
    ("total", "head", "worker", "expected"),
    [
        (4, 0, 0, Split(4, 1, 1)),
        (4, 2, 2, Split(2, 2, 2)),
        (4, 0, 2, Split(2, 2, 2)),
        (5, 0, 2, Split(3, 2, 1)),
        (4, 2, 0, Split(3, 1, 2)),
        (2, 2, 0, Split(1, 1, 2)),
        (2, 4, 2, Split(1, 0, 2)),
        (2, 0, 4, Split(1, 0, 2)),
        (5, 3, 2, Split(3, 2, 3)),
    ],
)
def test_a_division_that_adds_up(total: int, head: int, worker: int, expected: Split) -> None:
    assert ray_split(total, head, worker) == expected


def test_one_rank_too_many() -> None:
    assert not ray_split(4, 2, 2).error
    assert ray_split(4, 1, 2).error
    assert not ray_split(3, 1, 2).error


def multi_node(
    worker: str, head: str = "", runtime_worker: str | None = None, version: str = "0.19"
) -> Any:
    """A vLLM predictor over several nodes."""
    given = "{name: worker-container, image: 'vllm:1'}"
    spec = f"workerSpec: {{containers: [{given}], {runtime_worker or ''}}}"
    service = world(
        f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: qwen, namespace: team, annotations: {{serving.kserve.io/autoscalerClass: none}}}}
spec:
  predictor:
    model:
      modelFormat: {{name: huggingface}}
      runtime: rt
      storageUri: pvc://weights/qwen
      {head}
    workerSpec: {worker}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {{name: rt, namespace: team}}
spec:
  supportedModelFormats: [{{name: huggingface}}]
  containers: [{{name: kserve-container, image: 'vllm:1', env: [{{name: MODEL_NAME, value: x}}]}}]
  {"" if runtime_worker is None else spec}
""",
        version=version,
    )
    assert service.predictor is not None
    return service.predictor


def variables(pod: Any) -> dict[str, str]:
    return {item["name"]: item["value"] for item in pod["containers"][0]["env"]}


@pytest.mark.parametrize(
    "kind", ["nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"]
)
def test_head_and_workers_know_each_other_and_have_their_gpus(kind: str) -> None:
    """components/predictor.go:473-717 @v0.19.0."""
    resources = f"resources: {{requests: {{{kind}: 2}}, limits: {{{kind}: 2}}}}"
    worker = f"{{pipelineParallelSize: 3, containers: [{{name: worker-container, {resources}}}]}}"
    component = multi_node(worker, resources, "tensorParallelSize: 2, pipelineParallelSize: 1")
    group = component.group
    assert group.replicas == 2
    sizes = {
        "PIPELINE_PARALLEL_SIZE": "3",
        "TENSOR_PARALLEL_SIZE": "2",
        "RAY_NODE_COUNT": "3",
        "REQUEST_GPU_COUNT": "2",
    }
    head, workers = group.head.pod_spec.plain(), group.worker.plain()
    assert variables(head) == {
        **sizes,
        "MODEL_NAME": "qwen",
        "MODEL_DIR": "/mnt/models",
        "INFERENCE_SERVICE_NAME": "qwen",
    }
    assert variables(workers) == {
        **sizes,
        "ISVC_NAME": "qwen",
        "HEAD_SVC": "qwen-head-1",
        "WORKER_SVC": "qwen-workers-1",
    }
    for pod in (head, workers):
        found = pod["containers"][0]["resources"]
        assert {side: str(found[side][kind]) for side in found} == {"limits": "2", "requests": "2"}
        assert len(found["limits"]) == 1


@pytest.mark.parametrize("version", ["0.16", "0.17"])
def test_workers_once_knew_only_the_head(version: str) -> None:
    """components/predictor.go:597-612 @v0.17.1."""
    sizes = "tensorParallelSize: 2, pipelineParallelSize: 2"
    component = multi_node("{}", "", sizes, version)
    names = [s.string("metadata", "name") for s in component.group_services]
    assert names == ["qwen-head-1"]
    group = component.group
    assert variables(group.worker.plain()) == {
        "RAY_NODE_COUNT": "4",
        "REQUEST_GPU_COUNT": "1",
        "ISVC_NAME": "qwen",
        "HEAD_SVC": "qwen-head-1",
    }
    assert variables(group.head.pod_spec.plain())["TENSOR_PARALLEL_SIZE"] == "2"


def test_servers_that_ask_for_no_gpu_get_one_each() -> None:
    sizes = "tensorParallelSize: 2, pipelineParallelSize: 2"
    group = multi_node("{}", "", sizes).group
    assert group.replicas == 3
    for pod in (group.head.pod_spec.plain(), group.worker.plain()):
        assert variables(pod)["REQUEST_GPU_COUNT"] == "1"
        gpu = {"nvidia.com/gpu": "1"}
        assert pod["containers"][0]["resources"] == {"limits": gpu, "requests": gpu}


def test_a_group_that_cannot_hold_the_model_is_refused() -> None:
    resources = "resources: {requests: {nvidia.com/gpu: %s}}"
    worker = f"{{pipelineParallelSize: 4, containers: [{{{resources % 2}}}]}}"
    component = multi_node(worker, resources % 1, "tensorParallelSize: 1, pipelineParallelSize: 1")
    (failure,) = component.built.failures
    assert failure.code == "invalid-gpu-allocation"
    assert component.deployment is None


def test_workers_have_a_deployment_that_surges_fully() -> None:
    resources = "resources: {requests: {nvidia.com/gpu: 1}}"
    worker = f"{{pipelineParallelSize: 2, containers: [{{{resources}}}]}}"
    component = multi_node(worker, resources, "tensorParallelSize: 1, pipelineParallelSize: 1")
    found = component.worker_deployment.plain()
    label = {"app": "isvc.qwen-predictor-worker"}
    assert found["metadata"]["name"] == "qwen-predictor-worker"
    assert found["spec"]["selector"]["matchLabels"] == label
    assert found["spec"]["template"]["metadata"]["labels"]["app"] == label["app"]
    assert found["metadata"]["labels"]["isvc.generation"] == "1"
    assert component.deployment.plain()["metadata"]["labels"]["isvc.generation"] == "1"
    assert [s.string("metadata", "labels", "multinode/role") for s in component.group_services] == [
        "head", "worker",
    ]  # fmt: skip
    assert found["spec"]["replicas"] == 1
    surge = {"maxUnavailable": "0%", "maxSurge": "100%"}
    assert found["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": surge}
    assert [s.string("metadata", "name") for s in component.group_services] == [
        "qwen-head-1", "qwen-workers-1",
    ]  # fmt: skip
    assert [s.plain()["spec"] for s in component.group_services] == [
        {"selector": {"app": f"isvc.qwen-predictor{suffix}", "isvc.generation": "1"},
         "clusterIP": "None", "publishNotReadyAddresses": True}
        for suffix in ("", "-worker")
    ]  # fmt: skip


def test_a_runtime_without_workers_serves_on_one_node_only() -> None:
    """A nil workerSpec of the runtime is dereferenced."""
    failures = multi_node("{pipelineParallelSize: 2}").built.failures
    assert [failure.code for failure in failures] == ["no-worker-spec"]
