"""The GPU that a pod lands on: by labels, by affinity, by the declared nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.config import Config
from kslint.config import Node as Pool
from kslint.model.cluster import node_pools
from kslint.model.engines.vllm.builds import dropped_from
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.kubernetes.capacity import demand
from kslint.model.kubernetes.gpus import memory_of, of_label, of_pod, of_pools
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.source.nodes import JsonValue, Node

ORIGIN = Origin("file", "here")
GKE, TYPE = "cloud.google.com/gke-accelerator", "node.kubernetes.io/instance-type"


@pytest.mark.parametrize(
    ("key", "value", "capability"),
    [
        (GKE, "nvidia-tesla-t4", (7, 5)),
        (GKE, "nvidia-l4", (8, 9)),
        ("k8s.amazonaws.com/accelerator", "nvidia-tesla-v100", (7, 0)),
        ("karpenter.k8s.aws/instance-family", "g4dn", (7, 5)),
        ("nvidia.com/gpu.product", "Tesla-V100-SXM2-16GB", (7, 0)),
        ("nvidia.com/gpu.product", "Tesla-P40", (6, 1)),
        ("nvidia.com/gpu.product", "Tesla-P4-SHARED", (6, 1)),
        ("nvidia.com/gpu.product", "NVIDIA-GeForce-RTX-2080-Ti", (7, 5)),
        ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB", (8, 0)),
        ("nvidia.com/gpu.product", "NVIDIA-L40S", (8, 9)),
        ("nvidia.com/gpu.product", "NVIDIA-H20", None),
        ("nvidia.com/gpu.family", "volta", (7, 0)),
        ("nvidia.com/gpu.family", "hopper", (9, 0)),
        ("nvidia.com/gpu.compute.major", "7", (7, 0)),
        (TYPE, "g4dn.12xlarge", (7, 5)),
        (TYPE, "Standard_NC4as_T4_v3", (7, 5)),
        (TYPE, "g5.xlarge", (8, 6)),
        (TYPE, "g6f.xlarge", None),
        ("app", "nvidia-tesla-t4", None),
    ],
)
def test_labels(key: str, value: str, capability: tuple[int, int] | None) -> None:
    found = of_label(key, value)
    assert (found and found.capability) == capability


def term(key: str, values: list[str], operator: str = "In") -> JsonValue:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": [*values]}]}


def affinity(*terms: JsonValue) -> Node:
    required: JsonValue = {"nodeSelectorTerms": [*terms]}
    node: JsonValue = {"requiredDuringSchedulingIgnoredDuringExecution": required}
    return made({"affinity": {"nodeAffinity": node}}, ORIGIN)


@pytest.mark.parametrize(
    ("pod", "names"),
    [
        (made({}, ORIGIN), []),
        (made({"nodeSelector": {"pool": "gpu", GKE: "nvidia-tesla-t4"}}, ORIGIN), ["T4"]),
        (made({"nodeSelector": {GKE: "nvidia-l4"}}, ORIGIN), ["L4"]),
        (affinity(term(GKE, ["nvidia-tesla-t4", "nvidia-tesla-v100"])), ["T4", "V100"]),
        (affinity(term(GKE, ["nvidia-tesla-t4", "nvidia-l4"])), ["T4", "L4"]),
        (affinity(term(GKE, ["nvidia-tesla-t4", "nvidia-x"])), []),
        (affinity(term(GKE, ["nvidia-tesla-t4"], "NotIn")), []),
        (affinity(term(GKE, [])), []),
        (affinity(term(GKE, ["nvidia-tesla-t4"]), term("pool", ["gpu"])), []),
        (affinity(term(GKE, ["nvidia-tesla-t4"]), term(TYPE, ["p3.2xlarge"])), ["T4", "V100"]),
    ],
)
def test_pods(pod: Node, names: list[str]) -> None:
    assert [gpu.name for gpu in of_pod(pod)] == names


def test_the_memory_that_is_certainly_not_exceeded() -> None:
    both = affinity(term(GKE, ["nvidia-tesla-t4", "nvidia-l4"]))
    found = memory_of(both, (), demand(both))
    assert found is not None
    assert (found.name, found.memory) == ("L4", 24)
    family = made({"nodeSelector": {"nvidia.com/gpu.family": "hopper"}}, ORIGIN)
    assert memory_of(family, (), demand(family)) is None
    assert memory_of(made({}, ORIGIN), (), demand(family)) is None


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ((), []),
        ((Pool("a", 1, "g4dn.xlarge"), Pool("cpu", 3, "m5.large")), ["T4"]),
        ((Pool("a", 1, "n1-standard-8", labels=((GKE, "nvidia-tesla-t4"),)),), ["T4"]),
        ((Pool("a", 1, "n1-standard-8"),), []),
        ((Pool("a", 1, "g4dn.xlarge"), Pool("b", 1, "g2-standard-8")), ["T4", "L4"]),
        ((Pool("a", 1, "p3.2xlarge", labels=(("pool", "other"),)),), []),
    ],
)
def test_declared_nodes(nodes: tuple[Pool, ...], names: list[str]) -> None:
    config = Config()
    config = config._replace(cluster=config.cluster._replace(nodes=nodes))
    limits: JsonValue = {"limits": {"nvidia.com/gpu": "1"}}
    container: JsonValue = {"name": "a", "resources": limits}
    pod = made({"containers": [container], "nodeSelector": {"pool": "gpu"}}, ORIGIN)
    if all(pool.labels is None or pool.labels[0][0] == GKE for pool in nodes):
        pod = made({"containers": [container]}, ORIGIN)
    found = of_pools(node_pools(config), demand(pod), pod)
    assert [gpu.name for gpu in found] == names


@pytest.mark.parametrize(
    ("image", "capability", "expected"),
    [
        ("vllm/vllm-openai:v0.23.0", (7, 0), "0.22"),
        ("vllm/vllm-openai:v0.23.0", (7, 5), None),
        ("vllm/vllm-openai:v0.12.0", (7, 0), None),
        ("vllm/vllm-openai:v0.23.0-cu129", (7, 0), None),
        ("vllm/vllm-openai:latest", (7, 0), None),
        ("vllm/vllm-openai:v0.12.0", (6, 1), ""),
        ("registry.example.com/team/vllm:v0.23.0", (6, 1), None),
    ],
)
def test_builds(image: str, capability: tuple[int, int], expected: str | None) -> None:
    engine = read_engine(made({"image": image, "args": ["--model=m"]}, ORIGIN))
    assert engine is not None
    assert dropped_from(capability, engine) == expected
