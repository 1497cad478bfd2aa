"""The webhook's way from a framework key to `model`."""

from __future__ import annotations

from typing import Any

import pytest
from kserve_worlds import world


def stored(block: str) -> Any:
    service = world(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        f"metadata: {{name: iris, namespace: team}}\nspec: {{predictor: {{{block}}}}}\n"
    )
    assert service.predictor is not None
    return service.predictor.stored.plain()


@pytest.mark.parametrize(
    ("block", "protocol"),
    [
        ("triton: {storageUri: 's3://b'}", "v2"),
        ("onnx: {storageUri: 's3://b'}", "v2"),
        ("huggingface: {args: [--model_id=a]}", "v2"),
        ("triton: {storageUri: 's3://b', protocolVersion: v1}", "v1"),
        ("sklearn: {storageUri: 's3://b', protocolVersion: v2}", "v2"),
    ],
)
def test_the_protocol_is_the_written_one_or_that_of_the_framework(
    block: str, protocol: str
) -> None:
    model = stored(block)["model"]
    assert model["modelFormat"]["name"] == block.partition(":")[0]
    assert model["protocolVersion"] == protocol


def test_frameworks_of_the_first_protocol_get_it_from_the_runtime() -> None:
    assert stored("sklearn: {storageUri: 's3://b'}")["model"].get("protocolVersion") in (None, "v1")


def test_the_block_moves_as_a_whole() -> None:
    text = "sklearn: {env: [{name: A, value: b}], runtime: own}, minReplicas: 2"
    found = stored(text)
    assert "sklearn" not in found
    assert found["minReplicas"] == 2
    assert found["model"]["env"] == [{"name": "A", "value": "b"}]
    assert found["model"].get("runtime") != "own"  # no field of a framework block
