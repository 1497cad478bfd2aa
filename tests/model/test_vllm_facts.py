"""The tables: flags and variables by release, images, and the size of weights."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.answer import Known, Unknown
from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.image import is_upstream, read_image
from kslint.model.engines.vllm.programs import API_SERVER, HUGGINGFACE, VLLM_SERVE
from kslint.model.engines.vllm.weights import weight_bytes

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("dtype", (0, 23, 0), "known"),
        ("dtype", None, "known"),
        ("device", (0, 23, 0), "removed"),
        ("device", (0, 10, 2), "removed"),
        ("device", (0, 10, 0), "known"),  # between two samples: in doubt for the user
        ("device", (0, 9, 2), "known"),
        ("swap-space", (0, 19, 0), "known"),
        ("swap-space", (0, 19, 1), "removed"),
        ("shutdown-timeout", (0, 17, 1), "too-new"),
        ("shutdown-timeout", (0, 18, 0), "known"),
        ("device-ids", (0, 23, 0), "too-new"),
        ("device-ids", (0, 24, 0), "known"),
        ("calculate-kv-scales", (0, 28, 0), "removed"),
        ("speculative-model", (0, 23, 0), "removed"),
        ("enforce-eagr", (0, 23, 0), "unknown"),
        ("no-enforce-eager", (0, 23, 0), "known"),
        ("no-headless", (0, 23, 0), "unknown"),
        ("compilation-config.mode", (0, 23, 0), "known"),
    ],
)
def test_flag_status(name: str, version: tuple[int, ...] | None, status: str) -> None:
    assert facts.flag_status(name, version) == status


def test_flag_info() -> None:
    info = facts.flag_info("dtype", (0, 23, 0))
    assert info is not None
    assert "bfloat16" in info.choices
    older = facts.flag_info("dtype", (0, 9, 2))
    assert older is not None
    assert older.choices == ()
    eager = facts.flag_info("enforce-eager")
    assert eager is not None
    assert (eager.type, eager.arity, eager.negatable) == ("bool", "0", True)
    names = facts.flag_info("served-model-name")
    assert names is not None
    assert names.arity == "+"
    gone = facts.flag_info("disable-log-requests")
    assert gone is not None
    assert (gone.arity, gone.gone) == ("0", (0, 17, 1))
    assert facts.flag_info("x") is None
    assert facts.long_name("tp") == "tensor-parallel-size"
    assert "awq" in facts.registry("quantization_methods")


@pytest.mark.parametrize(
    ("name", "arity"),
    [
        ("enable-reasoning", "0"),
        ("disable-async-output-proc", "0"),
        ("use-v2-block-manager", "0"),
        ("guided-decoding-disable-fallback", "0"),
        ("worker-use-ray", "0"),
        ("speculative-model", "1"),
    ],
)
def test_values_of_options_of_other_releases(name: str, arity: str) -> None:
    info = facts.flag_info(name)
    assert info is not None
    assert info.arity == arity


@pytest.mark.parametrize("name", sorted(facts._OLD_SWITCHES))
def test_switches_of_other_releases_are_options_without_a_type(name: str) -> None:
    info = facts.flag_info(name)
    assert info is not None
    assert (info.type, info.arity) == ("", "0")


def test_nearest() -> None:
    assert facts.nearest_flag("enforce-eagr") == "enforce-eager"
    assert facts.nearest_flag("max-modellen") == "max-model-len"
    assert facts.nearest_flag("zzzzzz") is None
    assert facts.nearest_env("VLLM_CPU_KVCACHE_SPCE") == "VLLM_CPU_KVCACHE_SPACE"
    assert facts.nearest_env("VLLM_MAX_MODEL_LEN") == "--max-model-len"


@pytest.mark.parametrize(
    ("name", "version", "status"),
    [
        ("VLLM_CPU_KVCACHE_SPACE", (0, 23, 0), "known"),
        ("VLLM_USE_V1", (0, 23, 0), "removed"),
        ("VLLM_USE_V1", (0, 10, 2), "known"),
        ("VLLM_IMAGE_TAG", (0, 23, 0), "too-new"),
        ("VLLM_HOST", (0, 23, 0), "unknown"),
        ("VLLM_CPU_SIM_MULTI_NUMA", (0, 23, 0), "known"),
        ("HF_HOME", (0, 23, 0), "known"),
        ("VLLM_USE_V1", None, "known"),
    ],
)
def test_env_status(name: str, version: tuple[int, ...] | None, status: str) -> None:
    assert facts.env_status(name, version) == status


def test_env_info() -> None:
    info = facts.env_info("VLLM_USE_MODELSCOPE")
    assert info is not None
    assert (info.type, info.form) == ("bool", "true only")
    assert facts.env_info("HOME") is None


def test_covers() -> None:
    assert facts.covers((0, 23, 0))
    assert facts.covers((0, 8, 5))
    assert facts.covers((0, 32, 0))
    assert not facts.covers((0, 8, 4))
    assert not facts.covers((0, 32, 1))
    assert not facts.covers((0, 33, 0))
    assert not facts.covers((0, 6, 0))
    assert not facts.covers(None)


@given(st.text(), st.none() | st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 9)))
def test_any_name_has_a_status(name: str, version: tuple[int, ...] | None) -> None:
    assert facts.flag_status(name, version) in ("known", "removed", "too-new", "unknown")
    assert facts.env_status(name, version) in ("known", "removed", "too-new", "unknown")


@pytest.mark.parametrize(
    ("reference", "family", "device", "version"),
    [
        ("vllm/vllm-openai:v0.23.0", "vllm", "gpu", (0, 23, 0)),
        ("vllm/vllm-openai:v0.23.0@sha256:" + "0" * 64, "vllm", "gpu", (0, 23, 0)),
        ("vllm/vllm-openai:latest", "vllm", "gpu", None),
        ("vllm/vllm-openai", "vllm", "gpu", None),
        ("vllm/vllm-openai:v0.8.5.post1", "vllm", "gpu", (0, 8, 5)),
        ("docker.io/vllm/vllm-openai-cpu:v0.23.0-x86_64", "vllm", "cpu", (0, 23, 0)),
        ("public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.19.0", "vllm", "cpu", (0, 19, 0)),
        ("public.ecr.aws/q9t5s3a7/vllm-arm64-cpu-release-repo:v0.17.1", "vllm", "cpu", (0, 17, 1)),
        ("registry.corp:5000/mirror/vllm-openai:v0.9.2", "vllm", "gpu", (0, 9, 2)),
        ("ghcr.io/me/vllm:0.8-cpu", "vllm", "cpu", (0, 8, 0)),
        ("ghcr.io/me/vllm:1.2.3", "vllm", "unknown", None),
        ("rocm/vllm:rocm6.4.1_vllm_0.9.1_20250715", "vllm", "gpu", (0, 9, 1)),
        ("rocm/vllm-dev:nightly", "vllm", "gpu", None),
        ("opea/vllm-cpu:latest", "vllm", "cpu", None),
        ("nvcr.io/nvidia/vllm:25.09-py3", "vllm", "gpu", None),
        ("quay.io/modh/vllm:rhoai-2.20-cuda", "vllm", "gpu", None),
        ("registry.redhat.io/rhaiis/vllm-cuda-rhel9:3.2.1", "vllm", "gpu", None),
        ("substratusai/vllm:v0.6.3", "substratus", "unknown", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.0", "llm-d", "gpu", None),
        ("ghcr.io/llm-d/llm-d-cpu:v0.6.0", "llm-d", "cpu", None),
        ("lmcache/vllm-openai:v0.3.9", "vllm", "gpu", None),
        ("kserve/huggingfaceserver:v0.15.0", "huggingfaceserver", "unknown", None),
        ("kserve/huggingfaceserver:v0.15.0-gpu", "huggingfaceserver", "gpu", None),
        ("huggingfaceserver-gpu:replace", "huggingfaceserver", "gpu", None),
        ("vllmserver:replace", "vllm", "unknown", None),
        ("me/vllm:v0.4.0", "vllm", "unknown", (0, 4, 0)),
        ("me/vllm:v0.3.3", "vllm", "unknown", None),
        ("me/vllm:1.0", "vllm", "unknown", None),
        ("me/vllm:v0.23.0-cu128", "vllm", "gpu", (0, 23, 0)),
        ("me/vllm-rocm6:0.9", "vllm", "gpu", (0, 9, 0)),
        ("me/vllm:0.9.2-rocm", "vllm", "gpu", (0, 9, 2)),
        ("me/vllm-gpu-cpu:1", "vllm", "cpu", None),
        ("ghcr.io/llm-d/llm-d-aws:v0.6.0", "llm-d", "unknown", None),
        ("ghcr.io/llm-d/llm-d-cuda-gb200-dev:v0.6.0", "llm-d", "gpu", None),
        ("me/substratusai-vllm:v0.6.3", "", "unknown", None),
        ("substratusai/vllm-openai:v0.6.3", "vllm", "gpu", (0, 6, 3)),
        ("lmcache/vllm-router:latest", "", "unknown", None),
        ("ghcr.io/vllm-project/production-stack/router:v0.1", "", "unknown", None),
        ("lmcache/lmstack-router:latest", "", "unknown", None),
        ("ghcr.io/llm-d/llm-d-inference-sim:v0.8.2", "", "unknown", None),
        ("ghcr.io/llm-d/llm-d-routing-sidecar:v0.7.1", "", "unknown", None),
        ("ghcr.io/llm-d/llm-d-inference-scheduler:v0.7.1", "", "unknown", None),
        ("ghcr.io/vllm-project/guidellm:v0.5.0", "", "unknown", None),
        ("me/vllm-playground:1", "", "unknown", None),
        ("vllm/vllm-tpu-exporter", "", "unknown", None),
        ("ghcr.io/vllm-project/semantic-router/vllm-sr:latest", "", "unknown", None),
        ("python:3.12", "", "unknown", None),
        ("", "", "unknown", None),
    ],
)
def test_images(reference: str, family: str, device: str, version: tuple[int, ...] | None) -> None:
    image = read_image(reference)
    assert (image.family, image.device, image.version) == (family, device, version)


@pytest.mark.parametrize(
    ("reference", "entrypoint"),
    [
        ("vllm/vllm-openai:v0.23.0", VLLM_SERVE),
        ("registry.corp/mirror/vllm-cpu", VLLM_SERVE),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.0", VLLM_SERVE),
        ("opea/vllm-cpu:latest", API_SERVER),
        ("substratusai/vllm:v0.6.3", API_SERVER),
        ("vllmserver:replace", API_SERVER),  # KServe's placeholder
        ("kserve/huggingfaceserver:v0.15.0", HUGGINGFACE),
        ("rocm/vllm:latest", ""),
        ("nvcr.io/nvidia/vllm:25.09-py3", ""),
        ("python:3.12", ""),
    ],
)
def test_entrypoints(reference: str, entrypoint: str) -> None:
    assert read_image(reference).entrypoint == entrypoint


@pytest.mark.parametrize(
    ("reference", "upstream"),
    [
        ("vllm/vllm-openai", True),
        ("registry.corp:5000/vllm/vllm-openai:v0.23.0", True),
        ("public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:v0.19.0", True),
        ("kserve/huggingfaceserver", True),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.0", True),
        ("me/vllm-openai", False),
        ("vllm-openai", False),
        ("kserve/vllm", False),
        ("substratusai/vllm", False),
        ("vllm/python", False),
    ],
)
def test_images_of_the_projects_themselves(reference: str, upstream: bool) -> None:
    assert is_upstream(read_image(reference)) is upstream


@pytest.mark.parametrize(
    "name",
    [
        "vllm-openai-nightly", "vllm-openai-aarch64", "vllm-arm64", "vllm-amd64", "vllm-x86-64",
        "vllm-openai-nonroot", "vllm-release-repo", "vllm-dev", "vllm-base", "odh-vllm-rhel8",
        "rh-vllm-ubi8", "vllm-rhel9", "vllm-ubi9", "lmcache-vllm", "vllm-test",
    ],
)  # fmt: skip
def test_names_of_builds(name: str) -> None:
    image = read_image(f"registry.corp/ml/{name}:v0.23.0")
    assert (image.family, image.device) == (
        "vllm", "gpu" if name.startswith("vllm-openai") else "unknown",
    )  # fmt: skip


@pytest.mark.parametrize(
    "word",
    ["gpu", "cuda", "cuda12", "cu128", "rocm", "xpu", "hpu", "gaudi", "tpu", "neuron", "ascend",
     "nvidia", "amd"],
)  # fmt: skip
def test_names_of_accelerators(word: str) -> None:
    assert read_image(f"me/vllm-{word}:1").device == "gpu"
    assert read_image(f"me/vllm:1-{word}").device == "gpu"


def test_image_parts() -> None:
    image = read_image("registry.corp:5000/a/vllm-openai:v1@sha256:ab")
    assert image[:4] == ("registry.corp:5000/a/vllm-openai", "vllm-openai", "v1", "sha256:ab")


@given(st.text())
def test_any_image_reads(reference: str) -> None:
    read_image(reference)


GIB = 1 << 30


@pytest.mark.parametrize(
    ("model", "dtype", "gib"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", "bfloat16", 0.92),
        ("Qwen/Qwen2.5-0.5B-Instruct", "float32", 1.84),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", None, 14.2),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "auto", 15.0),
        ("Qwen/Qwen3-30B-A3B", None, 55.9),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", None, 87.0),
        ("facebook/opt-125m", "float32", 0.47),
        ("/mnt/models/Qwen2.5-1.5B", "half", 2.88),
        ("Qwen/Qwen2.5-Coder-14B-Instruct-AWQ", "float32", 7.57),
        ("RedHatAI/Llama-3.1-8B-FP8", None, 7.63),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", None, 2.05),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", None, 0.251),
        ("Qwen/Qwen3-0.6B", None, 1.11),
        ("Qwen/Qwen2.5-72B-Instruct/", "auto", 135.4),
        ("openai/gpt-oss-20b", "bfloat16", 10.2),
        ("org/x-7B-w4a16", None, 3.59),
        ("org/x-7B.int8", None, 6.65),
        ("org/x-270m", "float16", 0.503),
    ],
)
def test_weights(model: str, dtype: str | None, gib: float) -> None:
    answer = weight_bytes(model, dtype)
    assert isinstance(answer, Known)
    assert answer.value / GIB == pytest.approx(gib, rel=0.01)


@pytest.mark.parametrize(
    ("method", "width"),
    [
        ("awq", 0.55), ("awq_marlin", 0.55), ("gptq", 0.55), ("gptq_marlin", 0.55),
        ("bitsandbytes", 0.55), ("mxfp4", 0.55), ("fp8", 1.02), ("experts_int8", 1.02),
    ],
)  # fmt: skip
def test_quantized_weights(method: str, width: float) -> None:
    answer = weight_bytes("org/x-7B", "float32", method)
    assert isinstance(answer, Known)
    assert answer.value == round(7e9 * width)


@pytest.mark.parametrize(
    ("model", "dtype", "method"),
    [
        ("gpt2", None, None),
        ("/models/qwen", None, None),
        ("org/x-8x22B", None, None),
        ("org/x-7B-GGUF", None, None),
        ("org/x-7B:Q4_K_M", None, None),
        ("org/x-7B", "weird", None),
        ("org/x-7B", None, "weird"),
    ],
)
def test_weights_unknown(model: str, dtype: str | None, method: str | None) -> None:
    assert isinstance(weight_bytes(model, dtype, method), Unknown)


@given(st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_model_has_an_answer(model: str, dtype: str | None, method: str | None) -> None:
    answer = weight_bytes(model, dtype, method)
    assert not isinstance(answer, Known) or answer.value >= 0


FLAGS = """
# Sampled versions for first_seen: 0.8.5, 0.23.0
flags:
  - {name: --dtype, aliases: ["-d"], type: str, choices: [auto], default: auto, first_seen: "0.8.5"}
removed_flags:
  - {name: --device, first_seen: "0.8.5", absent_at: "0.23.0", replacement: none}
later_flags: []
registries: {load_formats: [b, a]}
"""
ENV = """
env: [{name: VLLM_A, type: bool, form: "1 only", first_seen: "0.8.5"}]
removed_env: []
later_env: []
unlisted_but_read: [{name: VLLM_B}]
related_env: [{name: HOME}]
common_misnomers: [{name: VLLM_C, meant: VLLM_A}]
"""


def test_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    (tmp_path / "flags.yaml").write_text(FLAGS)
    (tmp_path / "env.yaml").write_text(ENV)
    paths = [str(tmp_path / name) for name in ("flags.yaml", "env.yaml", "")]
    monkeypatch.setattr(sys, "argv", ["fold_vllm.py", *paths])
    with pytest.raises(SystemExit) as exit_info:
        runpy.run_path(str(ROOT / "scripts" / "fold_vllm.py"), run_name="__main__")
    assert exit_info.value.code == 0
    flags = json.loads((tmp_path / "flags.json").read_text())
    assert flags == {
        "samples": ["0.8.5", "0.23.0"],
        "flags": {
            "device": {"first_seen": "0.8.5", "gone": "0.23.0", "replacement": "none"},
            "dtype": {"choices": ["auto"], "first_seen": "0.8.5", "type": "str"},
        },
        "short": {"d": "dtype"},
        "registries": {"load_formats": ["a", "b"]},
    }
    env = json.loads((tmp_path / "env.json").read_text())
    assert env["env"] == {"VLLM_A": {"first_seen": "0.8.5", "form": "1 only", "type": "bool"}}
    assert (env["read"], env["related"], env["meant"]) == (
        ["VLLM_B"], ["HOME"], {"VLLM_C": "VLLM_A"},
    )  # fmt: skip
