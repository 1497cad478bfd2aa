"""The pod specs of components, as KServe's reconcilers put them together.

Sources: components/predictor.go:100-470, pkg/apis/serving/v1beta1/explainer_art.go and
transformer_custom.go @v0.19.0.
"""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world

HEAD = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: team}
spec:
"""
RUNTIME = """
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec:
  supportedModelFormats: [{name: sklearn}]
  containers: %s
"""
SERVER = "{name: kserve-container, image: 'server:1'}"
MODEL = "model: {modelFormat: {name: sklearn}, runtime: rt, storageUri: 's3://b/m'}"


def containers(spec: str, component: int = 0, changes: dict[str, Any] | None = None) -> Any:
    built = world(HEAD + spec, changes).components[component].built
    assert built.pod_spec is not None
    pod: Any = built.pod_spec.plain()
    return pod["containers"]


@pytest.mark.parametrize(
    ("predictor", "runtime", "code", "unknown"),
    [
        ("containers: [{name: a, image: a}, {name: b, image: b}]", "[]", "no-kserve-container", ""),
        (MODEL, "[{name: other, image: a}]", "runtime-without-container", ""),
        (MODEL, f"[{SERVER[:-1]}, args: ['{{{{.Nothing}}}}']}}]", "placeholder", ""),
        (MODEL.replace("runtime: rt", "runtime: gone"), f"[{SERVER}]", "runtime-not-found", ""),
        ("containers: []", "[]", "", "the predictor has neither a model nor containers"),
    ],
)
def test_predictors_without_a_pod(predictor: str, runtime: str, code: str, unknown: str) -> None:
    service = world(f"{HEAD}  predictor: {{{predictor}}}\n{RUNTIME % runtime}")
    assert service.predictor is not None
    built = service.predictor.built
    assert built.pod_spec is None
    if code != "runtime-not-found":
        assert [failure.code for failure in built.failures] == ([code] if code else [])
        assert built.unknown == unknown


def test_the_server_of_a_custom_predictor_is_written_over_its_first_container() -> None:
    found = containers(f"  predictor: {{containers: [{{name: a, image: a}}, {SERVER}]}}\n")
    assert [c["name"] for c in found] == ["kserve-container", "kserve-container"]


def test_containers_of_a_model_stand_in_kserves_order() -> None:
    """Server, transformer (of both), the rest of the runtime's, the rest of the predictor's."""
    runtime = (
        f"[{{name: side, image: side}}, {SERVER}, "
        "{name: transformer-container, image: 't:1', args: [a]}]"
    )
    own = (
        "containers: [{name: own, image: own}, "
        "{name: transformer-container, image: 't:2', args: ['{{.Name}}']}]"
    )
    found = containers(f"  predictor: {{{MODEL}, {own}}}\n{RUNTIME % runtime}")
    assert [c["name"] for c in found] == [
        "kserve-container", "transformer-container", "side", "own",
    ]  # fmt: skip
    assert (found[1]["image"], found[1]["args"]) == ("t:2", ["a", "iris"])
    for container in found:
        assert {"name": "INFERENCE_SERVICE_NAME", "value": "iris"} in container["env"]


DEFAULTS = [
    "--model_name", "iris", "--predictor_host", "iris-predictor.team", "--http_port", "8080",
]  # fmt: skip


@pytest.mark.parametrize(
    ("component", "args", "more", "expected"),
    [
        ("transformer", "[]", "", DEFAULTS),
        ("transformer", "[-v]", "containerConcurrency: 2, ", ["-v", *DEFAULTS, "--workers", "2"]),
        ("transformer", "[--http_port=9000]", "", ["--http_port=9000", *DEFAULTS[:4]]),
        ("transformer", "[--model_name, a, --predictor_host=b, --http_port, '1']", "",
         ["--model_name", "a", "--predictor_host=b", "--http_port", "1"]),
        # a flag counts where an argument begins with it (utils.IncludesArg)
        ("transformer", "[-c, exec t --http_port 9000]", "",
         ["-c", "exec t --http_port 9000", *DEFAULTS]),
        ("explainer", "[--http_port=9000]", "", ["--http_port=9000", *DEFAULTS]),
    ],
)  # fmt: skip
def test_transformers_and_explainers_are_told_where_the_predictor_is(
    component: str, args: str, more: str, expected: list[str]
) -> None:
    text = (
        f"  predictor: {{containers: [{SERVER}]}}\n"
        f"  {component}: {{{more}containers: [{{image: t, args: {args}}}]}}\n"
    )
    assert containers(text, 1)[0]["args"] == expected


@pytest.mark.parametrize(
    ("art", "expected"),
    [
        ("type: SquareAttack",
         ["--model_name", "iris", "--http_port", "8080", "--predictor_host",
          "iris-predictor.team", "--adversary_type", "SquareAttack"]),
        ("type: SquareAttack, storageUri: 's3://b/m', config: {nb_classes: '10', a: b}",
         ["--model_name", "iris", "--http_port", "8080", "--predictor_host",
          "iris-predictor.team", "--storage_uri", "/mnt/models", "--adversary_type",
          "SquareAttack", "--a", "b", "--nb_classes", "10"]),
        ("type: SquareAttack, args: [--model_name=own, --http_port=1, --predictor_host=p]",
         ["--model_name", "iris", "--http_port", "8080", "--adversary_type", "SquareAttack",
          *["--model_name=own", "--http_port=1", "--predictor_host=p"] * 2]),
    ],
)  # fmt: skip
def test_an_art_explainer(art: str, expected: list[str]) -> None:
    """Its name and port come whatever its own arguments say, and those come twice."""
    text = f"  predictor: {{containers: [{SERVER}]}}\n  explainer: {{art: {{{art}}}}}\n"
    explainers = {"explainers": {"art": {"image": "art", "defaultImageVersion": "v9"}}}
    (found,) = containers(text, 1, explainers)
    assert found["args"] == expected
    assert (found["name"], found["image"]) == ("kserve-container", "art:v9")
