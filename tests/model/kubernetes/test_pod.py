"""Pod specs as the kubelet reads them: environment, mounts, devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.model.kubernetes import pod
from kslint.source.files import Source
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node


def node(text: str) -> Node:
    (document,) = compose(Source("x", b""), text)
    return document.root


def env(text: str) -> dict[str, str | None]:
    return {v.name: v.value for v in pod.environment(node(f"env: {text}")).values()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[{name: A, value: x}]", {"A": "x"}),
        ("[{name: A}]", {"A": ""}),
        ("[{name: A, value: null}]", {"A": ""}),
        ("[{name: A, value: 8}]", {"A": "8"}),  # refused later; read as the text meant
        ("[{name: A, value: x}, {name: B, value: $(A)/y}]", {"A": "x", "B": "x/y"}),
        ("[{name: B, value: $(A)}, {name: A, value: x}]", {"B": "$(A)", "A": "x"}),
        ("[{name: A, value: $$(B)}]", {"A": "$(B)"}),
        ("[{name: A, value: $$$(B)}]", {"A": "$$(B)"}),
        ("[{name: A, value: a}, {name: B, value: $$$(A)}]", {"A": "a", "B": "$a"}),
        ("[{name: A, value: $A}]", {"A": "$A"}),
        ("[{name: A, value: $(A}]", {"A": "$(A"}),
        ("[{name: A, value: $(no good)}]", {"A": "$(no good)"}),
        ("[{name: a.b-c, value: x}, {name: B, value: $(a.b-c)}]", {"a.b-c": "x", "B": "x"}),
        ("[{name: A, value: x}, {name: A, value: z}]", {"A": "z"}),
        ("[{name: A, value: x}, {name: A, value: $(A)z}]", {"A": "xz"}),
        ("[{name: A, value: $(B)}, {name: B, value: $(A)}]", {"A": "$(B)", "B": "$(B)"}),
        ("[{name: A, valueFrom: {}}, {name: B, value: $(A)/x}]", {"A": None, "B": None}),
        ("[{name: A, valueFrom: {}}, {name: A, value: x}]", {"A": "x"}),
        ("[{name: A, value: x, valueFrom: null}]", {"A": "x"}),
        ("[{value: x}, {name: ''}, 1, null, [], {name: []}]", {}),
        ("{name: A}", {}),
        ("null", {}),
    ],
)
def test_environment(text: str, expected: dict[str, str | None]) -> None:
    assert env(text) == expected


def test_an_expanded_value_is_not_expanded_again() -> None:
    assert env("[{name: A, value: $$(B)}, {name: B, value: b}, {name: C, value: $(A)}]")["C"] == (
        "$(B)"
    )


def test_where_a_value_stands() -> None:
    found = pod.environment(node("env:\n- name: A\n  value: x\n- name: B\n  valueFrom: {}\n"))
    assert found["A"].value_node is not None
    assert str(found["A"].value_node.span) == "x:3:10"
    assert found["B"].value_node is None
    assert str(found["B"].node.place) == "x:4:3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{envFrom: [{secretRef: {name: a}}]}", True),
        ("{envFrom: []}", False),
        ("{envFrom: null}", False),
        ("{envFrom: {a: b}}", False),
        ("{}", False),
    ],
)
def test_variables_as_a_whole(text: str, expected: bool) -> None:
    assert pod.has_env_from(node(text)) is expected


SPEC = node(
    """
containers:
- name: main
  volumeMounts:
  - {name: cache, mountPath: /models/}
  - {name: shm, mountPath: /dev/shm}
  - {name: deep, mountPath: /models/hub}
  - {name: none, mountPath: /none}
  - {name: root, mountPath: /}
  - {mountPath: /nameless}
  - {name: pathless}
  - 7
- name: side
initContainers: [{name: first}]
volumes:
- {name: cache, persistentVolumeClaim: {claimName: weights}}
- {name: shm, emptyDir: {medium: Memory}}
- {name: deep, persistentVolumeClaim: {claimName: hub}}
- {name: root, persistentVolumeClaim: {claimName: ''}}
- {persistentVolumeClaim: {claimName: nameless}}
- text
"""
)
MAIN = pod.containers(SPEC)[0]


def test_containers() -> None:
    assert [c.string("name") for c in pod.containers(SPEC)] == ["main", "side"]
    assert [c.string("name") for c in pod.init_containers(SPEC)] == ["first"]
    assert pod.container_named(SPEC, "side") is pod.containers(SPEC)[1]
    assert pod.container_named(SPEC, "first") is None
    for nothing in (None, node("{}"), node("containers: {}"), node("[]"), node("x")):
        assert pod.containers(nothing) == pod.init_containers(nothing) == []


def test_mounts_know_their_volumes() -> None:
    found = {m.path: (m.volume_name, m.volume is not None) for m in pod.mounts(MAIN, SPEC)}
    assert found == {
        "/models": ("cache", True),
        "/dev/shm": ("shm", True),  # noqa: S108
        "/models/hub": ("deep", True),
        "/none": ("none", False),
        "/": ("root", True),
    }


@pytest.mark.parametrize(
    ("path", "volume"),
    [
        ("/models", "cache"),
        ("/models/", "cache"),
        ("/models/x/y", "cache"),
        ("/modelsx", "root"),
        ("/models/hub", "deep"),
        ("/models/hub/x", "deep"),
        ("/models/hubx", "cache"),
        ("/etc", "root"),
        ("/", "root"),
        ("relative", None),
    ],
)
def test_mount_of_a_path(path: str, volume: str | None) -> None:
    found = pod.mount_of(path, MAIN, SPEC)
    assert (None if found is None else found.volume_name) == volume


def test_a_volume_without_a_name_is_none() -> None:
    assert list(pod.volumes(node("volumes: [{emptyDir: {}}, {name: a, emptyDir: {}}]"))) == ["a"]


def test_mount_of_nothing() -> None:
    assert pod.mount_of("/x", node("{}"), None) is None
    (mount,) = pod.mounts(node("volumeMounts: [{name: a, mountPath: /a}]"), None)
    assert mount.volume is None


def test_claims() -> None:
    assert [(name, str(n.span)) for name, n in pod.claims(SPEC)] == [
        ("weights", "x:16:52"), ("hub", "x:18:51"),
    ]  # fmt: skip
    assert list(pod.claims(None)) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("nvidia.com/gpu", True),
        ("nvidia.com/mig-1g.5gb", True),
        ("nvidia.com/gpu.shared", True),
        ("amd.com/gpu", True),
        ("intel.com/gpu", True),
        ("gpu.intel.com/i915", True),
        ("gpu.intel.com/xe", True),
        ("habana.ai/gaudi", True),
        ("huawei.com/Ascend910", True),
        ("google.com/tpu", True),
        ("aws.amazon.com/neuron", True),
        ("aws.amazon.com/neuroncore", True),
        ("cpu", False),
        ("memory", False),
        ("gpu", False),
        ("", False),
        ("/", False),
        ("hugepages-2Mi", False),
        ("rdma/hca", False),
        ("vpc.amazonaws.com/pod-eni", False),
    ],
)
def test_accelerators(resource: str, expected: bool) -> None:
    assert pod.accelerator(resource) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{limits: {nvidia.com/gpu: 1}}", True),
        ("{requests: {nvidia.com/gpu: '2'}}", True),
        ("{limits: {nvidia.com/gpu: 0}}", False),
        ("{limits: {nvidia.com/gpu: ''}}", False),
        ("{limits: {nvidia.com/gpu: null}}", False),
        ("{limits: {cpu: 4}}", False),
        ("{limits: [nvidia.com/gpu]}", False),
        ("null", False),
    ],
)
def test_requests_accelerator(text: str, expected: bool) -> None:
    assert pod.requests_accelerator(node(f"resources: {text}")) is expected
