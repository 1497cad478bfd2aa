"""Pod templates of every kind that makes pods, and which pods work together."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.kubernetes.pod import containers, environment
from kslint.model.kubernetes.templates import group_of
from kslint.model.model import Model
from kslint.model.workload import of_template
from kslint.source.files import Source
from kslint.source.load import Input, load_source

POD = "{containers: [{name: %s, image: 'vllm/vllm-openai:v0.23.0', command: [vllm, serve, m]}]}"
ONE = f"{{spec: {POD % 'one'}}}"
TWO = f"{{spec: {POD % 'two'}}}"
RAY = f"{{headGroupSpec: {{template: {ONE}}}, workerGroupSpecs: [{{template: {TWO}}}, {{}}]}}"
LWS = f"{{leaderWorkerTemplate: {{leaderTemplate: {ONE}, workerTemplate: {TWO}, size: 4}}}}"

MAKERS = [
    ("apps/v1", "ReplicaSet", f"{{template: {ONE}}}", ["one"]),
    ("batch/v1", "CronJob", f"{{jobTemplate: {{spec: {{template: {ONE}}}}}}}", ["one"]),
    ("argoproj.io/v1alpha1", "Rollout", f"{{template: {ONE}}}", ["one"]),
    ("serving.knative.dev/v1", "Service", f"{{template: {ONE}}}", ["one"]),
    ("v1", "Service", "{ports: [{port: 80}]}", []),
    ("v1", "Service", f"{{template: {ONE}}}", []),
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", LWS, ["one", "two"]),
    ("ray.io/v1", "RayCluster", RAY, ["one", "two"]),
    ("ray.io/v1", "RayService", f"{{rayClusterConfig: {RAY}}}", ["one", "two"]),
    (
        "ray.io/v1",
        "RayJob",
        f"{{rayClusterSpec: {RAY}, submitterPodTemplate: {ONE}}}",
        ["one", "two", "one"],
    ),
    (
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        f"{{replicatedJobs: [{{template: {{spec: {{template: {TWO}}}}}}}, {{template: {ONE}}}]}}",
        ["two"],
    ),
]


def graph_of(version: str, kind: str, spec: str) -> Graph:
    loaded = Input([], [], [])
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: n}}\nspec: {spec}"
    load_source(Source("x.yaml", text.encode()), loaded)
    assert not loaded.troubles, loaded.troubles
    return Graph(loaded)


@pytest.mark.parametrize(("version", "kind", "spec", "names"), MAKERS)
def test_servers_are_seen_in_every_pod_template(
    version: str, kind: str, spec: str, names: list[str]
) -> None:
    servers = Model(graph_of(version, kind, spec), Config()).servers
    assert [server.container.string("name") for server in servers] == names
    assert {server.resource.kind for server in servers} <= {kind}


def test_users_write_about_a_single_template_in_spec_and_else_in_the_template() -> None:
    (cron,) = graph_of(*MAKERS[1][:3]).resources
    (workload,) = of_template(cron, "n")
    assert workload.home is cron.spec
    (lws,) = graph_of(*MAKERS[6][:3]).resources
    leader, worker = of_template(lws, "n")
    assert leader.home is lws.body.at("spec", "leaderWorkerTemplate", "leaderTemplate")
    assert worker.home is lws.body.at("spec", "leaderWorkerTemplate", "workerTemplate")
    assert leader.group is worker.group


@pytest.mark.parametrize(
    ("version", "kind", "spec", "group"),
    [
        ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", LWS, ("lws", 4, 2)),
        (
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            f"{{leaderWorkerTemplate: {{workerTemplate: {ONE}}}}}",
            ("lws", 1, 1),
        ),
        ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "null", ("lws", 1, 0)),
        ("ray.io/v1", "RayCluster", RAY, ("ray", None, 2)),
        ("apps/v1", "Deployment", f"{{template: {ONE}}}", None),
    ],
)
def test_pods_that_work_together(
    version: str, kind: str, spec: str, group: tuple[str, int | None, int] | None
) -> None:
    found = group_of(graph_of(version, kind, spec).resources[0])
    assert (found and (found.kind, found.size, len(found.members))) == group


def test_variables_of_the_controller_may_be_used() -> None:
    pod = (
        "{containers: [{name: a, image: i, args: [$(LWS_WORKER_INDEX)], env: [{name: OWN, value: "
        "$(LWS_GROUP_SIZE)x}]}, {name: b, env: 1}, 7]}"
    )
    spec = f"{{leaderWorkerTemplate: {{workerTemplate: {{spec: {pod}}}}}}}"
    (lws,) = graph_of("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", spec).resources
    (workload,) = of_template(lws, "n")
    first, *_ = containers(workload.pod_spec)
    found = environment(first)
    assert found["LWS_WORKER_INDEX"].value is None
    assert found["OWN"].value is None
    assert list(found)[-1] == "OWN"


def test_without_containers_nothing_is_given() -> None:
    (job,) = graph_of("batch/v1", "Job", "{template: {spec: {containers: 1}}}").resources
    (workload,) = of_template(job, "n")
    assert workload.servers == []


def test_the_first_container_of_a_ray_node_starts_ray() -> None:
    """KubeRay puts its own command there: the image's ENTRYPOINT does not run."""
    pod = (
        "{spec: {containers: [{name: ray, image: 'vllm/vllm-openai:v0.23.0'}, "
        "{name: beside, image: 'vllm/vllm-openai:v0.23.0', args: [--model=m]}]}}"
    )
    spec = (
        f"{{headGroupSpec: {{template: {pod}}}, workerGroupSpecs: [{{template: {{spec: {{}}}}}}]}}"
    )
    servers = Model(graph_of("ray.io/v1", "RayCluster", spec), Config()).servers
    assert [server.container.string("name") for server in servers] == ["beside"]
