"""Variables that containers take from ConfigMaps (kubelet_pods.go makeEnvironmentVariables)."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.model.kubernetes.pod import environment, has_env_from
from kslint.model.model import Model
from kslint.model.variables import MOST_KEYS
from kslint.source.files import Source
from kslint.source.load import Input, load_source

MAPS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: llm}
data: {A: "1", B: $(A), "no name!": x}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: two, namespace: llm}
data: {A: "2"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: twin, namespace: llm}
data: {A: "3"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: twin, namespace: llm}
data: {A: "4"}
---
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: %s}
spec:
  containers: [{name: c, image: i, %s}]
"""
TWO = "envFrom: [{configMapRef: {name: two}}]"
KEY = "env: [{name: C, valueFrom: {configMapKeyRef: {name: %s, key: %s}}}]"


def variables(
    container: str, namespace: str = "llm", more: str = ""
) -> tuple[dict[str, str | None], bool]:
    """The variables by name, and whether there may be more."""
    loaded = Input([], [], [])
    load_source(Source("tree.yaml", (MAPS + more + POD % (namespace, container)).encode()), loaded)
    made = Model.of(loaded, Config()).workloads[0].pod_spec.listed("containers")[0]
    return {name: one.value for name, one in environment(made).items()}, has_env_from(made)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("envFrom: [{configMapRef: {name: one}}]", ({"A": "1", "B": None}, False)),
        ("envFrom: [{configMapRef: {name: one}}, {configMapRef: {name: two}}]",
         ({"A": "2", "B": None}, False)),
        ("envFrom: [{prefix: X_, configMapRef: {name: two}}]", ({"X_A": "2"}, False)),
        ("envFrom: [{secretRef: {name: s}}, {configMapRef: {name: two}}]", ({"A": "2"}, True)),
        ("envFrom: [{configMapRef: {name: two}}, {secretRef: {name: s}}]", ({}, True)),
        ("envFrom: [{configMapRef: {name: absent}}]", ({}, True)),
        ("envFrom: [{configMapRef: {name: twin}}]", ({}, True)),
        (f"{TWO}, env: [{{name: A, value: own}}]", ({"A": "own"}, False)),
        (f"{TWO}, env: [{{name: C, value: x$(A)}}]", ({"A": "2", "C": "x2"}, False)),
        (KEY % ("two", "A"), ({"C": "2"}, False)),
        (KEY % ("two", "Z"), ({"C": None}, False)),
        (KEY % ("one", "B"), ({"C": None}, False)),
        ("env: [{name: C, valueFrom: {secretKeyRef: {name: two, key: A}}}]", ({"C": None}, False)),
    ],
)  # fmt: skip
def test_variables(container: str, expected: tuple[dict[str, str | None], bool]) -> None:
    assert variables(container) == expected


def test_another_namespace_has_maps_of_its_own() -> None:
    assert variables(TWO, "other") == ({}, True)


def test_of_a_large_map_only_single_keys_are_followed() -> None:
    keys = ", ".join(f"K{number}: ok" for number in range(MOST_KEYS + 1))
    large = MAPS.partition("---")[0].replace("one", "large").rpartition("data:")[0]
    large += f"data: {{{keys}}}\n---\n"
    source = "envFrom: [{configMapRef: {name: large}}]"
    assert variables(source, more=large) == ({}, True)
    assert variables(KEY % ("large", "K1"), more=large) == ({"C": "ok"}, False)
