"""Where a runtime's container and a model's get in each other's way."""

from __future__ import annotations

import pytest
from kserve_worlds import world

from kslint.model.kserve.merging import args_in_place_of_program, repeated, retagged

TEXT = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: team}
spec: {predictor: {model: {modelFormat: {name: x}, runtime: rt, %s}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec:
  supportedModelFormats: [{name: x}]
  containers: [{name: kserve-container, %s}]
"""
TGI = "image: 'ghcr.io/huggingface/text-generation-inference:3'"


def options(model: str, runtime: str) -> list[tuple[str, str]]:
    component = world(TEXT % (model, runtime)).predictor
    assert component is not None
    return [(one.option, one.how) for one in repeated(component)]


@pytest.mark.parametrize(
    ("model", "runtime", "expected"),
    [
        ("args: [--a=1, -b, c]", f"{TGI}, args: [--a, '1', -b]", [("--a", "refuses")]),
        ("args: [--a_b=1]", "image: 'vllm/vllm-openai:v0.9.0', args: [--a-b, '2']",
         [("--a-b", "last wins")]),
        ("args: [--a=1]", "image: 'kserve/sklearnserver@sha256:0', args: [--a, '1']", []),
        ("args: [--a=1]", "image: 'acme/server:1', args: [--a=2]", []),
        ("args: [--a=1]", ("image: 'acme/server:1', command: [/bin/text-generation-launcher],"
         " args: [--a=2]"), [("--a", "refuses")]),
        ("args: [--a=1], command: [sh]", f"{TGI}, args: [--a=2]", []),
        ("args: [--a]", f"{TGI}", []),
        ("args: [--a]", f"{TGI}, args: [--a]", [("--a", "refuses")]),
    ],
)  # fmt: skip
def test_options_that_are_there_twice(
    model: str, runtime: str, expected: list[tuple[str, str]]
) -> None:
    assert options(model, runtime) == expected


def test_without_a_runtime_nothing_is_repeated() -> None:
    unknown = (TEXT % ("args: [--a]", TGI)).replace("runtime: rt", "runtime: other")
    component = world(unknown).predictor
    assert component is not None
    assert not list(repeated(component))
    assert args_in_place_of_program(component) is None


@pytest.mark.parametrize(
    ("model", "runtime", "expected"),
    [
        ("args: [--x]", "image: 'seldonio/mlserver:1.5.0'", "--x"),
        ("args: [mlserver]", "image: 'seldonio/mlserver:1.5.0'", None),
        ("args: [--x], command: [mlserver]", "image: 'seldonio/mlserver:1.5.0'", None),
        ("args: [--x]", "image: 'kserve/sklearnserver:v1'", None),
        ("env: []", "image: 'seldonio/mlserver@sha256:0'", None),
    ],
)
def test_arguments_for_an_image_with_a_cmd_alone(
    model: str, runtime: str, expected: str | None
) -> None:
    component = world(TEXT % (model, runtime)).predictor
    assert component is not None
    found = args_in_place_of_program(component)
    assert (None if found is None else found[0].text) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("image: 'a/b:1', runtimeVersion: '2'", "1"),
        ("image: 'a/b:1', runtimeVersion: '1'", None),
        ("image: 'a:5000/b', runtimeVersion: '1'", None),
        ("image: 'a/b@sha256:0', runtimeVersion: '1'", None),
        ("image: 'a/b:1'", None),
        ("runtimeVersion: '1'", None),
    ],
)
def test_tags_that_are_replaced(model: str, expected: str | None) -> None:
    component = world(TEXT % (model, "image: 'x:1'")).predictor
    assert component is not None
    found = retagged(component)
    assert (None if found is None else found[2]) == expected
