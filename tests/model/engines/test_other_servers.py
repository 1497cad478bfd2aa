"""SGLang, Text Generation Inference and KServe's server, as their command lines have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.model.answer import Absent, Known, Unknown
from kslint.model.engines.others import read_other
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.engines.vllm.image import read_image
from kslint.source.nodes import Origin, made

if TYPE_CHECKING:
    from kslint.model.engines.server import ServerEngine
    from kslint.source.nodes import JsonValue

ORIGIN = Origin("file", "here")
TGI = "ghcr.io/huggingface/text-generation-inference:3.3.4"


def sglang(*args: str, **fields: JsonValue) -> ServerEngine:
    command: JsonValue = ["python3", "-m", "sglang.launch_server"]
    container: dict[str, JsonValue] = {"image": "lmsysorg/sglang:v0.5.5", "command": command}
    found = read_other(made({**container, "args": [*args], **fields}, ORIGIN))
    assert found is not None
    return found


def tgi(*args: str, **fields: JsonValue) -> ServerEngine:
    found = read_other(made({"image": TGI, "args": [*args], **fields}, ORIGIN))
    assert found is not None
    return found


def numbers(engine: ServerEngine) -> tuple[int, str] | None:
    found = engine.need
    return None if found is None else (found.number, found.text)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], (1, "")),
        (["--tp", "4"], (4, "TP 4")),
        (["--tensor-parallel-size=2", "--pp-size=2"], (4, "TP 2 x PP 2")),
        (["--tp=2", "--dp=2"], (4, "TP 2 x DP 2")),
        (["--tp=4", "--enable-dp-attention", "--dp=4"], (4, "TP 4")),
        (["--tp=16", "--nnodes=2"], (8, "TP 16 over 2 nodes")),
        (["--tp=3", "--nnodes=2"], None),
        (["--tp=2", "--dp=2", "--nnodes=2"], None),
        (["--tp=2", "--nnodes=no"], None),
        (["--tp=no"], None),
        (["--config=c.yaml"], None),
    ],
)
def test_gpus_of_sglang(args: list[str], expected: tuple[int, str] | None) -> None:
    assert numbers(sglang(*args)) == expected


def test_sglang() -> None:
    engine = sglang("--model", "org/name", "--unknown", "x", "--dtype", "half", "--port", "80")
    assert (engine.kind, engine.name, engine.device) == ("sglang", "SGLang", "gpu")
    assert engine.model.kind == "hub"
    assert isinstance(engine.port, Known)
    assert engine.port.value == 80
    assert isinstance(engine.dtype, Known)
    assert engine.dtype.value == "float16"
    assert engine.health_path == "/health"
    other = sglang(env=[{"name": "A", "value": "1"}])
    assert isinstance(other.port, Known)
    assert (other.port.value, other.model.kind) == (30000, "unknown")
    assert isinstance(other.env("A"), Known)
    assert isinstance(other.env("B"), Absent)
    assert isinstance(other.dtype, Absent)


@pytest.mark.parametrize(
    ("fields", "device"),
    [
        ({"image": "lmsysorg/sglang:v0.5.5-xeon"}, "cpu"),
        ({"args": ["--device=cpu"]}, "cpu"),
        ({"args": ["--device=cuda"], "image": "a/sglang:cpu"}, "gpu"),
        ({"resources": {"claims": [{"name": "g"}]}, "image": "a/sglang:cpu"}, "gpu"),
    ],
)
def test_devices(fields: dict[str, JsonValue], device: str) -> None:
    assert sglang(**fields).device == device


@pytest.mark.parametrize(
    ("args", "env", "expected"),
    [
        (["--num-shard=2"], {}, (2, "2 shards")),
        (["--num-shard", "1"], {}, (1, "")),
        ([], {"NUM_SHARD": "4"}, (4, "4 shards")),
        (["--num-shard=2"], {"NUM_SHARD": "4"}, (2, "2 shards")),
        ([], {}, None),
        (["--num-shard=x"], {}, None),
    ],
)
def test_gpus_of_tgi(
    args: list[str], env: dict[str, str], expected: tuple[int, str] | None
) -> None:
    variables: JsonValue = [{"name": name, "value": value} for name, value in env.items()]
    assert numbers(tgi("--model-id=m", *args, env=variables)) == expected


def test_tgi() -> None:
    given = {"MODEL_ID": "/models/a", "DTYPE": "bfloat16"}
    engine = tgi(env=[{"name": name, "value": value} for name, value in given.items()])
    assert (engine.kind, engine.device, engine.model.kind) == ("tgi", "gpu", "path")
    assert isinstance(engine.port, Known)
    assert engine.port.value == 80
    assert isinstance(engine.dtype, Known)
    assert tgi().model.kind == "default"
    port = tgi("-p", "8080").port
    assert isinstance(port, Known)
    assert port.value == 8080
    key: JsonValue = {"secretKeyRef": {"name": "s", "key": "k"}}
    assert tgi(env=[{"name": "MODEL_ID", "valueFrom": key}]).model.kind == "unknown"
    open_ended = tgi(envFrom=[{"configMapRef": {"name": "c"}}])
    assert isinstance(open_ended.env("NUM_SHARD"), Unknown)
    google = "us-docker.pkg.dev/p/r/huggingface-text-generation-inference-cu124.2-3.ubuntu2204"
    assert isinstance(tgi("--num-shard=1", image=google).port, Unknown)


@pytest.mark.parametrize(
    "fields",
    [
        {"image": "lmsysorg/sglang:v0.5.5"},
        {"image": "lmsysorg/sglang-router:v0.1", "command": ["python", "-m", "sglang_router"]},
        {"image": "quay.io/team/tgi:1", "command": ["sleep", "1"]},
        {"image": "vllm/vllm-openai:v0.23.0", "args": ["--served-model-name=sglang"]},
        {"image": "busybox"},
    ],
)
def test_others_are_none(fields: dict[str, JsonValue]) -> None:
    assert read_other(made(fields, ORIGIN)) is None


def test_shells_start_them_too() -> None:
    script = "export A=1; exec sglang serve --model-path m --tp 2"
    engine = sglang(command=["bash", "-c", script], args=[])
    assert numbers(engine) == (2, "TP 2")
    assert read_engine(engine.container) is None


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v0.16.0", (0, 9, 2)),
        ("v0.19.0-gpu", (0, 20, 0)),
        ("v0.21.1", (0, 24, 0)),
        ("v0.15.0", None),
        ("latest-gpu", None),
    ],
)
def test_the_vllm_inside_kserves_server(tag: str, version: tuple[int, ...] | None) -> None:
    assert read_image(f"kserve/huggingfaceserver:{tag}").version == version


@pytest.mark.parametrize(
    ("image", "name", "path"),
    [
        ("ghcr.io/huggingface/text-generation-inference:3.3.4", "HF_HOME", "/data"),
        ("ghcr.io/huggingface/text-generation-inference", "HF_HOME", "/data"),
        (
            "ghcr.io/huggingface/text-generation-inference:2.2.0",
            "HUGGINGFACE_HUB_CACHE",
            "/data",
        ),
        (
            "ghcr.io/huggingface/text-generation-inference:3.3.4-intel-cpu",
            "HUGGINGFACE_HUB_CACHE",
            "/data",
        ),
        ("ghcr.io/huggingface/text-generation-inference:3.3.4-trtllm", "HF_HOME", None),
        ("registry.example.com/text-generation-inference:3.3.4", "HF_HOME", None),
    ],
)
def test_caches_of_tgi_images(image: str, name: str, path: str | None) -> None:
    command: JsonValue = ["text-generation-launcher", "--model-id=Qwen/Qwen2.5-7B-Instruct"]
    found = tgi(image=image, command=command).env(name)
    assert (found.value if isinstance(found, Known) else None) == path


def test_the_fork_of_ibm_is_another_server() -> None:
    image = "quay.io/opendatahub/text-generation-inference:stable"
    command: JsonValue = ["text-generation-launcher", "--model-name=/mnt/models"]
    assert read_other(made({"image": image, "command": command}, ORIGIN)) is None


def test_hub_of_other_servers() -> None:
    option = tgi("--huggingface-hub-cache=/hub").env("HUGGINGFACE_HUB_CACHE")
    assert isinstance(option, Known)
    assert option.value == "/hub"
    override: JsonValue = [{"name": "WEIGHTS_CACHE_OVERRIDE", "value": "/weights"}]
    assert isinstance(tgi(env=override).offline, Unknown)
    offline: JsonValue = [{"name": "HF_HUB_OFFLINE", "value": "1"}]
    for engine in (sglang(env=offline), tgi(env=offline)):
        assert isinstance(engine.offline, Known)
        assert engine.offline.value
    token: JsonValue = [{"name": "HF_API_TOKEN", "value": "x"}]
    assert isinstance(tgi(env=token).hf_token, Known)
    assert isinstance(sglang(env=token).hf_token, Absent)
