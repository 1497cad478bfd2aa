"""LoRA adapters, as KServe v0.19.0 downloads, mounts and passes them (workload_lora.go)."""

from __future__ import annotations

from typing import Any

import pytest
from llm_worlds import objects


def pod(adapters: str, more: str = "", uri: str = "hf://org/model", **rest: str) -> Any:
    spec = f"model: {{uri: '{uri}', lora: {{adapters: [{adapters}]{more}}}}}"
    return objects(spec, **rest)["Deployment", "llm-kserve"]["spec"]["template"]["spec"]


def test_adapters_are_downloaded_beside_the_model() -> None:
    found = pod("{name: b, uri: 's3://bucket/b'}, {name: a, uri: 'hf://org/a'}")
    (init,) = found["initContainers"]
    assert init["args"] == [
        "hf://org/model", "/mnt/models", "hf://org/a", "/mnt/lora/a", "s3://bucket/b",
        "/mnt/lora/b",
    ]  # fmt: skip
    assert init["volumeMounts"][-1]["mountPath"] == "/mnt"
    (main,) = found["containers"]
    assert main["volumeMounts"][-1] == {
        "name": "kserve-provision-location", "mountPath": "/mnt", "readOnly": True,
    }  # fmt: skip
    assert main["args"] == [
        "--enable-lora",
        "--lora-modules",
        """'{"name":"a","path":"/mnt/lora/a"}'""",
        """'{"name":"publishers/team/models/a","path":"/mnt/lora/a"}'""",
        """'{"name":"b","path":"/mnt/lora/b"}'""",
        """'{"name":"publishers/team/models/b","path":"/mnt/lora/b"}'""",
    ]


def test_an_adapter_on_a_claim_is_mounted() -> None:
    found = pod("{name: My_Adapter, uri: 'pvc://claim/sub/dir'}")
    assert found["initContainers"][0]["args"] == ["hf://org/model", "/mnt/models"]
    mount = found["containers"][0]["volumeMounts"][-1]
    assert mount["mountPath"] == "/mnt/lora/My_Adapter"
    assert mount["subPath"] == "sub/dir"
    assert mount["readOnly"] is True
    volume = found["volumes"][-1]
    assert volume["name"] == mount["name"] == "lora-pvc-My_Adapter"
    assert volume["persistentVolumeClaim"] == {"claimName": "claim"}


def test_a_model_on_a_claim_leaves_the_initializer_to_its_adapters() -> None:
    found = pod("{name: a, uri: 'hf://org/a'}", uri="pvc://models/base")
    (init,) = found["initContainers"]
    assert init["args"] == ["hf://org/a", "/mnt/lora/a"]
    assert init["volumeMounts"][-1]["mountPath"] == "/mnt/lora/a", "of one path, itself"
    mounts = {m["mountPath"]: m["name"] for m in found["containers"][0]["volumeMounts"]}
    assert mounts["/mnt/models"] == "kserve-pvc-source"
    assert mounts["/mnt/lora/a"] == "kserve-provision-location"


@pytest.mark.parametrize(
    ("more", "option"),
    [
        (", maxRank: 64", "--max-lora-rank=64"),
        (", maxAdapters: 2", "--max-loras=2"),
        (", maxCpuAdapters: 8", "--max-cpu-loras=8"),
    ],
)
def test_sizes_are_passed_where_they_are_given(more: str, option: str) -> None:
    assert pod("{name: a, uri: 'hf://o/a'}", more)["containers"][0]["args"][1] == option


def test_own_arguments_come_last_and_own_modules_stay_alone() -> None:
    spec = (
        "model: {uri: 'hf://org/model', lora: {adapters: [{name: a, uri: 'hf://o/a'}]}}\n"
        "template: {containers: [{name: main, args: [%s]}]}"
    )
    for own, first in (("--seed=1", "--enable-lora"), ("--lora-modules=x=y", "--lora-modules=x=y")):
        found = objects(spec % own)["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
        args = found["containers"][0]["args"]
        assert args[0] == first
        assert args[-1] == own


def test_modules_in_the_variable_are_the_users() -> None:
    spec = (
        "model: {uri: 'hf://org/model', lora: {adapters: [{name: a, uri: 'hf://o/a'}]}}\n"
        "template: {containers: [{name: main, env: [{name: VLLM_ADDITIONAL_ARGS,"
        " value: '--lora-modules a=/b'}]}]}"
    )
    found = objects(spec)["Deployment", "llm-kserve"]["spec"]["template"]["spec"]
    assert "args" not in found["containers"][0]


def test_the_pods_of_prefill_have_the_adapters_and_the_scheduler_has_not() -> None:
    spec = (
        "model: {uri: 'hf://org/model', lora: {adapters: [{name: a, uri: 'hf://o/a'}]}}\n"
        "prefill: {}\nrouter: {scheduler: {}, route: {}}"
    )
    found = objects(spec)
    prefill = found["Deployment", "llm-kserve-prefill"]["spec"]["template"]["spec"]
    assert prefill["containers"][0]["args"][0] == "--enable-lora"
    picker = found["Deployment", "llm-kserve-router-scheduler"]["spec"]["template"]["spec"]
    (init,) = picker["initContainers"]
    assert init["args"] == ["hf://org/model", "/mnt/models"]
