"""Why KServe finds no runtime for a model."""

from __future__ import annotations

import pytest
from kserve_worlds import world

from kslint.model.kserve.selection import fits_shipped, lack

TEXT = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: team, annotations: {serving.kserve.io/deploymentMode: %s}}
spec: {predictor: {%s}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt, namespace: team}
spec: {supportedModelFormats: [%s], containers: []%s}
"""


def why(
    model: str,
    formats: str = "{name: x, autoSelect: true}",
    more: str = "",
    around: str = "",
    mode: str = "Standard",
) -> tuple[str, tuple[str, ...]] | None:
    component = world(TEXT % (mode, f"model: {{{model}}} {around}", formats, more)).predictor
    assert component is not None
    found = lack(component)
    return None if found is None else (found.why, found.offered)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("modelFormat: {name: x}", None),
        ("modelFormat: {name: y}", ("format", ())),
        ("modelFormat: {name: X}", ("spelling", ("x",))),
        ("modelFormat: {name: y}, runtime: rt", None),
        ("modelFormat: {}", None),
        ("modelFormat: {name: '{{ f }}'}", None),
        ("modelFormat: {name: pmml, version: '5'}", ("version", ("3", "4"))),
        ("modelFormat: {name: mlflow}", ("protocol", ("v2",))),
        ("modelFormat: {name: sklearn}", None),
    ],
)
def test_reasons(model: str, expected: tuple[str, tuple[str, ...]] | None) -> None:
    assert why(model) == expected


def test_reasons_that_the_runtime_gives() -> None:
    model = "modelFormat: {name: x}"
    assert why(model, "{name: x}") == ("by_name", ("rt",))
    assert why(model, more=", disabled: true") == ("disabled", ("rt",))
    assert why(model, more=", multiModel: true") == ("format", ())
    assert why(model, more=", protocolVersions: [v2]") == ("protocol", ("v2",))
    assert why(model, around=", workerSpec: {}") == ("workers", ("rt",))
    assert why(model, more=", workerSpec: {}") == ("workers", ("rt",))
    assert why("modelFormat: {name: y}", mode="ModelMesh") is None


def shipped(model: str) -> bool:
    component = world(TEXT % ("Standard", f"model: {{{model}}}", "{name: x}", "")).predictor
    assert component is not None
    component.owner.choices._ships = lambda: False
    return fits_shipped(component)


def test_models_that_need_a_shipped_runtime() -> None:
    assert shipped("modelFormat: {name: sklearn}")
    assert shipped("modelFormat: {name: huggingface}, runtime: kserve-huggingfaceserver")
    assert not shipped("modelFormat: {name: x}, runtime: other")
    assert not shipped("modelFormat: {name: statsmodels}")
    assert not shipped("modelFormat: {name: x}, runtime: rt")
