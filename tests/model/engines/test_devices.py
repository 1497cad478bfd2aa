"""How many devices a server takes, what its container is given, and who shares one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.model.answer import Absent, Known, Unknown
from kslint.model.engines.server import EITHER, POD, RAY
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.engines.vllm.sharing import shares
from kslint.model.kubernetes.accelerators import devices, past_kubernetes, pod_devices
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.source.nodes import JsonValue, Node

ORIGIN = Origin("file", "here")
GPU = "nvidia.com/gpu"


def container(*args: str, tag: str = "v0.23.0", **fields: JsonValue) -> Node:
    image = f"vllm/vllm-openai:{tag}"
    return made({"name": "a", "image": image, "args": ["--model=m", *args], **fields}, ORIGIN)


def need(*args: str, tag: str = "v0.23.0", **fields: JsonValue) -> tuple[int, str, str] | None:
    engine = read_engine(container(*args, tag=tag, **fields))
    assert engine is not None
    found = engine.need
    return None if found is None else (found.number, found.among, found.text)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], (1, POD, "")),
        (["-tp", "4"], (4, POD, "TP 4")),
        (["-tp=2", "-pp=3"], (6, POD, "TP 2 x PP 3")),
        (["--data-parallel-size=4"], (4, POD, "DP 4")),
        (["--data-parallel-size=4", "--data-parallel-size-local=2"], (2, POD, "DP 2")),
        (["--data-parallel-size=2", "-tp=2"], (4, POD, "TP 2 x DP 2")),
        (["--data-parallel-size=4", "--data-parallel-rank=1"], (1, POD, "")),
        (["--prefill-context-parallel-size=2"], (2, POD, "PCP 2")),
        (["-tp=8", "--nnodes=2"], (4, POD, "TP 8 over 2 nodes")),
        (["-tp=8", "--distributed-executor-backend=ray"], (8, RAY, "TP 8")),
        (["-tp=8", "--distributed-executor-backend=external_launcher"], None),
        (["-tp=8", "--distributed-executor-backend=mp"], (8, POD, "TP 8")),
        (["-tp=9", "--nnodes=2"], None),
        (["-tp=2", "--data-parallel-size=2", "--nnodes=2"], None),
        (["-tp=2", "--nnodes=x"], None),
        (["-tp=2", "--data-parallel-hybrid-lb"], None),
        (["--data-parallel-size=2", "--data-parallel-size-local=0"], None),
        (["-tp=0"], None),
        (["-tp=two"], None),
        (["-tp=99999999"], None),
        (["--config=/c.yaml"], None),
    ],
)  # fmt: skip
def test_ranks(args: list[str], expected: tuple[int, str, str] | None) -> None:
    assert need(*args) == expected


def test_old_releases_turn_to_ray_where_there_is_a_cluster() -> None:
    ray: JsonValue = [{"name": "RAY_ADDRESS", "value": "head:6379"}]
    assert need("-tp=2", tag="v0.9.2") == (2, POD, "TP 2")
    assert need("-tp=2", tag="v0.9.2", env=ray) == (2, EITHER, "TP 2")
    assert need("-tp=2", env=ray) == (2, POD, "TP 2")
    script = made({"image": "vllm/vllm-openai:v0.9.2", "command": ["sh", "-c"], "args": [
        "ray start --head; vllm serve m -tp 2"]}, ORIGIN)  # fmt: skip
    engine = read_engine(script)
    assert engine is not None
    assert engine.need is not None
    assert engine.need.among == EITHER


def test_ranks_that_the_environment_tells_are_not_known() -> None:
    size: JsonValue = [{"name": "VLLM_DP_SIZE", "value": "2"}]
    assert need(env=size) is None


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, 0),
        ({"limits": {GPU: "0"}}, 0),
        ({"limits": {GPU: 2}}, 2),
        ({"limits": {GPU: "2"}, "requests": {GPU: "2"}}, 2),
        ({"requests": {"amd.com/gpu": 1}}, 1),
        ({"limits": {GPU: "two"}}, None),
        ({"limits": {"nvidia.com/mig-1g.5gb": 1}}, None),
        ({"limits": {"google.com/tpu": 4}}, None),
        ({"limits": {GPU: 1, "amd.com/gpu": 1}}, None),
        ({"claims": [{"name": "gpu"}]}, None),
    ],
)
def test_devices_of_a_container(resources: JsonValue, expected: int | None) -> None:
    found = devices(made({"resources": resources}, ORIGIN))
    if expected:
        assert isinstance(found, Known)
        assert found.value.number == expected
    else:
        assert isinstance(found, Unknown if expected is None else Absent)


def test_devices_of_a_pod() -> None:
    one: JsonValue = {"resources": {"limits": {GPU: 1}}}
    claimed: JsonValue = {"resources": {"claims": [{"name": "gpu"}]}}
    assert pod_devices(made({"containers": [one, {}, one]}, ORIGIN)) == 2
    assert pod_devices(made({"containers": [one, claimed]}, ORIGIN)) is None


@pytest.mark.parametrize(
    ("own", "pod", "expected"),
    [
        ({}, {}, False),
        ({"securityContext": {"privileged": True}}, {}, True),
        ({"securityContext": {"privileged": False}}, {}, False),
        ({}, {"runtimeClassName": "nvidia"}, True),
        ({}, {"schedulerName": "kai-scheduler"}, True),
        ({}, {"schedulerName": "default-scheduler"}, False),
        ({"env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"}]}, {}, True),
        ({}, {"volumes": [{"name": "d", "hostPath": {"path": "/dev/nvidia0"}}]}, True),
        ({}, {"volumes": [{"name": "d", "hostPath": {"path": "/data"}}]}, False),
    ],
)
def test_ways_past_kubernetes(own: JsonValue, pod: JsonValue, expected: bool) -> None:
    assert past_kubernetes(made(own, ORIGIN), made(pod, ORIGIN)) is expected
    assert not past_kubernetes(made({}, ORIGIN), None)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("vllm serve a & vllm serve b & wait", [0.92, 0.92]),
        ("vllm serve a --gpu-memory-utilization 0.5 & vllm serve b", [0.5, 0.92]),
        ("vllm serve a & vllm serve b & vllm serve c", [0.92, 0.92, 0.92]),
        ("vllm serve a", None),
        ("vllm serve a; vllm serve b", None),
        ("vllm serve a & if [ $X ]; then vllm serve b; fi", None),
        ("vllm serve a & CUDA_VISIBLE_DEVICES=1 vllm serve b", None),
        ("export CUDA_VISIBLE_DEVICES=0; vllm serve a & vllm serve b", None),
        ("vllm serve a & vllm serve b --gpu-memory-utilization $X", None),
        ("vllm serve a & vllm serve b --gpu-memory-utilization 2", None),
        ("vllm serve a & vllm serve b --kv-cache-memory-bytes 2G", None),
    ],
)
def test_servers_of_one_script(script: str, expected: list[float] | None) -> None:
    image = "vllm/vllm-openai:v0.23.0"
    engine = read_engine(made({"image": image, "command": ["sh", "-c", script]}, ORIGIN))
    assert engine is not None
    found = shares(engine)
    assert (None if found is None else [share.part for share in found]) == expected
