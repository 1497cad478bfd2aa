"""Node capacity: machine tables, formulas, what a pod asks for and how many fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from kslint.graph.graph import Graph
from kslint.model.kubernetes.capacity import (
    NodePool,
    Taint,
    allocatable,
    demand,
    quota_slots,
    quotas,
    slots,
)
from kslint.model.kubernetes.machines import aks, eks, gke, machine
from kslint.model.kubernetes.quantity import parse
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Origin, made
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node

MI, GI = 1 << 20, 1 << 30

GKE = [
    ("e2-standard-2", 1930, "5.88Gi", 0),
    ("n2-standard-2", 1930, "5.88Gi", 0),
    ("e2-standard-4", 3920, "12.95Gi", 0),
    ("g2-standard-4", 3920, "12.95Gi", 1),
    ("n2-standard-8", 7910, "27.71Gi", 0),
    ("g2-standard-8", 7910, "27.71Gi", 1),
    ("g2-standard-12", 11900, "42.47Gi", 1),
    ("e2-standard-16", 15890, "57.23Gi", 0),
    ("g2-standard-24", 23870, "86.76Gi", 2),
    ("g2-standard-32", 31850, "116.28Gi", 1),
    ("g2-standard-48", 47810, "177.98Gi", 4),
    ("g2-standard-96", 95690, "363.14Gi", 8),
    ("n1-standard-1", 940, "2.56Gi", None),
    ("n1-standard-2", 1930, "5.49Gi", None),
    ("n1-standard-4", 3920, "12.06Gi", None),
    ("n1-standard-8", 7910, "25.86Gi", None),
    ("n1-standard-16", 15890, "53.54Gi", None),
    ("a2-highgpu-1g", 11900, "76.6Gi", 1),
    ("a2-highgpu-2g", 23870, "156.8Gi", 2),
    ("a2-highgpu-4g", 47810, "320.7Gi", 4),
    ("a2-highgpu-8g", 95690, "648.6Gi", 8),
]
EKS = [
    ("m5.large", 1930, "7.34Gi", 29, 0),
    ("m5.xlarge", 3920, "15.03Gi", 58, 0),
    ("m5.2xlarge", 7910, "31.0Gi", 58, 0),
    ("m5.4xlarge", 15890, "61.1Gi", 234, 0),
    ("g4dn.xlarge", 3920, "15.3Gi", 29, 1),
    ("g5.xlarge", 3920, "15.0Gi", 58, 1),
    ("g5.12xlarge", 47810, "183.7Gi", 737, 4),
]


def node(text: str) -> Node:
    (document,) = compose(Source("pod.yaml", text.encode()), text.encode())
    return document.root


def container(requests: str = "{}", limits: str = "{}", more: str = "") -> str:
    return f"{{name: a, resources: {{requests: {requests}, limits: {limits}}}{more}}}"


def pod(*containers: str, init: tuple[str, ...] = (), more: str = "") -> Node:
    return node(
        f"{{containers: [{', '.join(containers)}], initContainers: [{', '.join(init)}]{more}}}"
    )


@pytest.mark.parametrize(("name", "cpu", "memory", "gpu"), GKE)
def test_gke_machines(name: str, cpu: int, memory: str, gpu: int | None) -> None:
    found = machine(name)
    assert found is not None
    assert (found.cpu, found.memory, found.gpu) == (cpu, parse(memory).whole(), gpu)
    assert (found.overhead_cpu, found.overhead_memory) == (250, 500 * MI)
    assert found.cloud == "gke"
    assert found.source


@pytest.mark.parametrize(
    ("vcpu", "memory", "cpu", "expected"),
    [
        (1, "3.75Gi", 940, "2.56Gi"),
        (2, "8Gi", 1930, "5.88Gi"),
        (4, "16Gi", 3920, "12.95Gi"),
        (8, "32Gi", 7910, "27.71Gi"),
        (12, "48Gi", 11900, "42.47Gi"),
        (32, "128Gi", 31850, "116.28Gi"),
        (96, "384Gi", 95690, "363.14Gi"),
    ],
)
def test_the_gke_formula_gives_the_table(vcpu: int, memory: str, cpu: int, expected: str) -> None:
    found = gke(vcpu, parse(memory).whole())
    assert found.cpu == cpu
    assert abs(found.memory - parse(expected).whole()) * 1000 < GI * 6


def test_the_gke_formula_to_the_byte() -> None:
    kernel = 8 * GI // 64 + (16 + 64 + 8) * MI + 8 * GI * 175 // 100_000
    reserved = GI + 4 * GI // 5
    assert abs(gke(2, 8 * GI).memory - (8 * GI - kernel - reserved - 100 * MI)) <= 2


def test_the_sample_node_of_the_gke_documentation_is_within_a_percent() -> None:
    found = gke(4, 16 * GI)
    documented = 13498416 * 1024
    assert abs(found.memory - documented) * 100 < documented


@pytest.mark.parametrize(("name", "cpu", "memory", "pods", "gpu"), EKS)
def test_eks_machines(name: str, cpu: int, memory: str, pods: int, gpu: int) -> None:
    found = machine(name)
    assert found is not None
    assert (found.cpu, found.pods, found.gpu) == (cpu, pods, gpu)
    assert abs(found.memory - parse(memory).whole()) < GI // 20


def test_more_pods_cost_memory_on_eks() -> None:
    assert eks(4, 16 * GI, 58).memory - eks(4, 16 * GI, 110).memory == 11 * 52 * MI


def test_aks() -> None:
    found = aks(4, 16 * GI, 30)
    assert found is not None
    assert (found.cpu, found.memory) == (3860, 16 * GI - (650 + 100) * MI)
    small = aks(2, 2 * GI, 250)
    assert small is not None
    assert small.memory == 2 * GI - GI // 2 - 100 * MI
    assert aks(6, 16 * GI, 30) is None


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("n2-highmem-8", 7910),
        ("n2-standard-32", 31850),
        ("e2-highcpu-16", 15890),
        ("n1-highmem-4", 3920),
        ("e2-custom-4-8192", 3920),
    ],
)
def test_families_by_name(name: str, cpu: int) -> None:
    found = machine(name)
    assert found is not None
    assert found.cpu == cpu


@pytest.mark.parametrize(
    "name",
    ["", "e2", "e2-medium", "e2-standard-3", "g2-standard-5", "x9-standard-4", "e2-custom-4",
     "e2-gpu-1", "m5.huge", "n2-standard-", "e2-custom-\u0664-1"],
)  # fmt: skip
def test_unknown_machines(name: str) -> None:
    assert machine(name) is None
    assert allocatable(NodePool("p", 1, name)) is None


def test_declared_amounts_win_over_the_table() -> None:
    pool = NodePool("p", 1, "e2-standard-4", cpu=parse("3500m"), overhead_cpu=parse("1"))
    found = allocatable(pool)
    assert found is not None
    assert (found.cpu, found.overhead_cpu) == (3500, 1000)
    assert found.memory == parse("12.95Gi").whole()
    found = allocatable(NodePool("p", 1, None, parse("4"), parse("8Gi")))
    assert found is not None
    assert (found.cpu, found.memory, found.gpu, found.overhead_cpu) == (4000, 8 * GI, 0, 0)
    assert allocatable(NodePool("p", 1, None, parse("4"))) is None


@pytest.mark.parametrize(
    ("spec", "cpu", "memory"),
    [
        (pod(container("{cpu: 1, memory: 1Gi}")), 1000, GI),
        (pod(container("{cpu: 1}"), container("{cpu: 500m}")), 1500, 0),
        (pod(container("{}", "{cpu: 2, memory: 1Gi}")), 2000, GI),
        (pod(container("{cpu: 1}", "{cpu: 2}")), 1000, 0),
        (pod(container("{cpu: 1}"), init=(container("{cpu: 3}"),)), 3000, 0),
        (pod(container("{cpu: 4}"), init=(container("{cpu: 3}"),)), 4000, 0),
        (
            pod(
                container("{cpu: 1}"), init=(container("{cpu: 2}", more=", restartPolicy: Always"),)
            ),
            3000,
            0,
        ),
        (
            pod(
                container("{cpu: 1}"),
                init=(
                    container("{cpu: 2}", more=", restartPolicy: Always"),
                    container("{cpu: 5}"),
                ),
            ),
            7000,
            0,
        ),
        (
            pod(
                container("{cpu: 1}"),
                init=(
                    container("{cpu: 5}"),
                    container("{cpu: 2}", more=", restartPolicy: Always"),
                ),
            ),
            5000,
            0,
        ),
        (pod(container("{cpu: 1}"), more=", overhead: {cpu: 250m}"), 1250, 0),
        (pod(container("{cpu: 1}"), more=", resources: {requests: {cpu: 3}}"), 3000, 0),
        (pod(container("{cpu: 1}"), more=", resources: {limits: {cpu: 3}}"), 1000, 0),
        (pod(container(), more=", resources: {limits: {cpu: 3}}"), 3000, 0),
        (pod(container(), more=", resources: {requests: {memory: 1k}}"), 0, 1000),
        (pod(container("{cpu: a lot, memory: -1}")), 0, 0),
        (node("[]"), 0, 0),
    ],
)
def test_demand(spec: Node, cpu: int, memory: int) -> None:
    found = demand(spec)
    assert (found.cpu, found.memory) == (cpu, memory)


def test_only_cpu_and_memory_can_be_asked_for_a_whole_pod() -> None:
    asked = "{cpu: 1, memory: 1, nvidia.com/gpu: 1, ephemeral-storage: 1}"
    found = demand(pod(container(), more=f", resources: {{requests: {asked}, limits: {asked}}}"))
    assert (found.cpu, found.memory, found.extended) == (1000, 1, {})


def test_demand_of_devices_and_limits() -> None:
    found = demand(pod(container("{}", "{cpu: 1, nvidia.com/gpu: 2}"), container("{cpu: 1}")))
    assert found.extended == {"nvidia.com/gpu": 2}
    assert (found.cpu_limit, found.memory_limit) == (None, None)
    assert found.cpu_requested
    assert not found.memory_requested
    assert demand(pod(container("{}", "{cpu: 1}"))).cpu_limit == 1000


FOUR = NodePool("four", 3, "e2-standard-4")
L4 = NodePool("l4", 2, "g2-standard-8", taints=(Taint("nvidia.com/gpu", "present"),))


@pytest.mark.parametrize(
    ("pools", "spec", "expected"),
    [
        ([], pod(container("{cpu: 1}")), None),
        ([FOUR], pod(container("{cpu: 4}")), 0),
        ([FOUR], pod(container("{cpu: 2}")), 3),
        ([FOUR], pod(container("{cpu: 1800m}")), 6),
        ([FOUR], pod(container("{cpu: 100m, memory: 7Gi}")), 3),
        ([FOUR], pod(container("{}")), 330),
        ([FOUR._replace(count=0)], pod(container("{cpu: 1}")), 0),
        ([FOUR._replace(overhead_cpu=parse("5"))], pod(container("{cpu: 1}")), 0),
        ([FOUR, NodePool("x", 1, "unheard-of")], pod(container("{cpu: 4}")), None),
        ([FOUR, L4], pod(container("{}", "{cpu: 2, nvidia.com/gpu: 1}")), 2),
        ([FOUR, L4], pod(container("{cpu: 5}")), 0),
        (
            [FOUR, L4],
            pod(container("{cpu: 5}"), more=", tolerations: [{operator: Exists}]"),
            2,
        ),
        (
            [L4],
            pod(
                container("{cpu: 5}"), more=", tolerations: [{key: nvidia.com/gpu, value: present}]"
            ),
            2,
        ),
        (
            [L4],
            pod(container("{cpu: 5}"), more=", tolerations: [{key: nvidia.com/gpu, value: no}]"),
            0,
        ),
        ([NodePool("t4", 1, "n1-standard-4")], pod(container("{}", "{nvidia.com/gpu: 1}")), None),
        (
            [NodePool("t4", 1, "n1-standard-4", gpu=parse("1"))],
            pod(container("{}", "{nvidia.com/gpu: 1}")),
            1,
        ),
        (
            [NodePool("own", 2, None, parse("8"), parse("16Gi"))],
            pod(container("{}", "{nvidia.com/gpu: 1}")),
            0,
        ),
    ],
)
def test_slots(pools: list[NodePool], spec: Node, expected: int | None) -> None:
    assert slots(pools, demand(spec), spec) == expected


@pytest.mark.parametrize(
    ("effect", "toleration", "tolerated"),
    [
        ("NoSchedule", "", False),
        ("PreferNoSchedule", "", True),
        ("NoSchedule", "{operator: Exists}", True),
        ("NoSchedule", "{key: a, operator: Exists}", True),
        ("NoSchedule", "{key: b, operator: Exists}", False),
        ("NoSchedule", "{key: a, operator: Exists, effect: NoSchedule}", True),
        ("NoSchedule", "{key: a, operator: Exists, effect: NoExecute}", False),
        ("NoSchedule", "{key: a, value: x}", True),
        ("NoSchedule", "{key: a, operator: Equal, value: x}", True),
        ("NoSchedule", "{key: a, value: y}", False),
        ("NoSchedule", "{key: a}", False),
        ("NoSchedule", "{value: x}", False),
        ("NoSchedule", "{key: a, operator: In, value: x}", False),
        ("NoSchedule", "{key: b, value: x}, {key: a, value: x}", True),
    ],
)
def test_taints(effect: str, toleration: str, tolerated: bool) -> None:
    pool = FOUR._replace(taints=(Taint("a", "x", effect),))
    spec = pod(container("{cpu: 2}"), more=f", tolerations: [{toleration}]")
    assert slots([pool], demand(spec), spec) == (3 if tolerated else 0)


@pytest.mark.parametrize(
    ("labels", "selector", "expected"),
    [
        (None, "{team: a}", 3),
        ({"team": "a"}, "{team: a}", 3),
        ({"team": "b"}, "{team: a}", 0),
        ({}, "{team: a}", 0),
        ({"team": "a"}, "{cloud.google.com/gke-accelerator: nvidia-l4}", 3),
        ({"kubernetes.io/arch": "amd64"}, "{kubernetes.io/arch: arm64}", 0),
        ({"team": "a"}, "{team: a, other: b}", 0),
    ],
)
def test_node_selectors(labels: dict[str, str] | None, selector: str, expected: int) -> None:
    spec = pod(container("{cpu: 2}"), more=f", nodeSelector: {selector}")
    assert slots([FOUR._replace(labels=labels)], demand(spec), spec) == expected


def test_an_unknown_pool_that_takes_no_such_pod_does_not_matter() -> None:
    spec = pod(container("{cpu: 2}"))
    tainted = NodePool("x", 9, "unheard-of", taints=(Taint("a"), Taint("b", effect="NoExecute")))
    assert slots([FOUR, tainted], demand(spec), spec) == 3


def quota(hard: str, namespace: str = "team", more: str = "") -> str:
    return (
        "---\napiVersion: v1\nkind: ResourceQuota\n"
        f"metadata: {{name: q, namespace: {namespace}}}\nspec: {{hard: {hard}{more}}}\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        (quota("{requests.cpu: 5}"), 2),
        (quota("{cpu: 5}"), 2),
        (quota("{limits.cpu: 8}"), 2),
        (quota("{requests.memory: 4Gi}"), 4),
        (quota("{requests.nvidia.com/gpu: 3}"), 3),
        (quota("{pods: 1}"), 1),
        (quota("{requests.cpu: 1}"), 0),
        (quota("{requests.cpu: 10, pods: '2'}") + quota("{pods: 3}"), 2),
        (quota("{pods: 1}", "other"), None),
        (quota("{pods: 1}", more=", scopes: [BestEffort]"), None),
        (quota("{services: 1, limits.memory: 1Gi}"), None),
        (quota("{pods: none}"), None),
    ],
)
def test_quotas(text: str, expected: int | None) -> None:
    loaded = Input([], [], [])
    load_source(Source("in.yaml", text.encode()), loaded)
    asked = demand(pod(container("{cpu: 2, memory: 1Gi}", "{cpu: 4, nvidia.com/gpu: 1}")))
    assert quota_slots(quotas(Graph(loaded), "team"), asked) == expected
    assert quota_slots(quotas(Graph(loaded), None), asked) is None


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(["1", "2Gi", "1e400", "x", "Always"])
)
_KEYS = st.sampled_from(
    [
        "containers", "initContainers", "resources", "requests", "limits", "cpu", "memory",
        "nvidia.com/gpu", "overhead", "restartPolicy", "nodeSelector", "tolerations", "key",
        "operator", "effect", "value", "name",
    ]
)  # fmt: skip
_PODS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=25,
)


@given(_PODS, st.integers(-1, 3))
@budget(max_examples=150, deadline=None)
def test_nothing_is_raised_on_any_pod(value: object, count: int) -> None:
    spec = made(value, Origin("written", "here"))
    found = demand(spec)
    assert found.cpu >= 0
    pools = [L4._replace(count=count), FOUR._replace(labels={"a": "b"})]
    fitting = slots(pools, found, spec)
    assert fitting is not None
    assert fitting >= 0


@given(st.integers(1, 500), st.integers(1 << 29, 1 << 42))
@budget(max_examples=60, deadline=None)
def test_nodes_never_offer_more_than_they_have(vcpu: int, memory: int) -> None:
    for found in (gke(vcpu, memory), eks(vcpu, memory)):
        assert 0 < found.cpu < vcpu * 1000
        assert 0 <= found.memory < memory
