"""The tables: flags and variables by release, images, and the size of weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.answer import Known, Unknown
from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.image import is_upstream, read_image
from kslint.model.engines.vllm.programs import API_SERVER, HUGGINGFACE, VLLM_SERVE
from kslint.model.engines.vllm.weights import weight_bytes


@pytest.mark.parametrize(
    ("spelling", "version", "kind", "at"),
    [
        ("dtype", (0, 23, 0), "", None),
        ("device", (0, 23, 0), "removed", (0, 10, 0)),
        ("device", (0, 10, 0), "removed", (0, 10, 0)),
        ("device", (0, 33, 0), "removed", (0, 10, 0)),  # though it begins two others
        ("device", (0, 9, 2), "", None),
        ("device", (0, 9), "", None),
        ("swap-space", (0, 17, 1), "", None),
        ("swap-space", (0, 19, 1), "removed", (0, 18, 0)),
        ("shutdown-timeout", (0, 8, 5), "new", (0, 18, 0)),
        ("shutdown-timeout", (0, 18, 0), "", None),
        ("device-ids", (0, 23, 0), "new", (0, 24, 0)),
        ("device-ids", (0, 24, 0), "", None),
        ("enforce-eagr", (0, 23, 0), "never", None),
        ("no-enforce-eager", (0, 23, 0), "", None),
        ("no-runner", (0, 23, 0), "never", None),
        ("no-headless", (0, 23, 0), "never", None),
        ("gpu-memory-util", (0, 23, 0), "", None),
        ("max", (0, 23, 0), "ambiguous", None),
        ("disable-log-requests", (0, 23, 0), "removed", (0, 17, 0)),
        ("disable-log-requests", (0, 33, 0), "", None),
        ("disable-prefix-caching", (0, 33, 0), "", None),
        ("device-memory-utilization", (0, 33, 0), "", None),
        ("-tp", (0, 23, 0), "", None),
        ("-tensor-parallel-size", (0, 23, 0), "never", None),
        ("anything", (0, 99, 0), "", None),
        ("anything", (0, 5, 5), "", None),
        ("anything", None, "", None),
    ],
)
def test_which_release_refuses_what(
    spelling: str, version: tuple[int, ...] | None, kind: str, at: tuple[int, ...] | None
) -> None:
    found = facts.refusal(spelling, facts.span(version))
    assert (found.kind if found else "", found.version if found else None) == (kind, at)


@pytest.mark.parametrize(
    ("spelling", "never"),
    [
        ("enforce-eagr", True),
        ("-tensor-parallel-size", True),
        ("no-such-thing", True),
        ("swap-space", False),
        ("no-enable-reasoning", False),
        ("disable-prefix-caching", False),
        ("gpu-memory-util", False),
        ("device-memory", False),
        ("-tp", False),
        ("", False),
    ],
)
def test_names_that_no_release_has(spelling: str, never: bool) -> None:
    assert facts.never_had(spelling) is never


def test_between_two_releases_only_what_both_say_is_known() -> None:
    between = (facts.releases()[-2][0], facts.releases()[-2][1], 99)
    assert facts.span(between) == facts.releases()[-2:]
    assert facts.span((*facts.releases()[-1][:2], 99)) == facts.releases()[-1:]
    assert facts.span((0, 9)) == tuple(one for one in facts.releases() if one[:2] == (0, 9))


def types(name: str, *releases: facts.Version) -> list[str]:
    found = [facts.option(name, release) for release in releases]
    return [one.type for one in found if one is not None]


def test_options_change_with_the_release() -> None:
    new = facts.option("dtype", (0, 23, 0))
    assert new is not None
    assert "bfloat16" in new.choices
    assert facts.option("device", (0, 23, 0)) is None
    at = (0, 6, 0), (0, 9, 2), (0, 23, 0)
    assert types("max-model-len", *at) == ["int", "human-int", "human-int-or-auto"]
    assert types("limit-mm-per-prompt", *at) == ["pairs", "json-or-pairs", "json"]
    share = facts.option("gpu-memory-utilization", (0, 20, 0))
    assert share is not None
    assert (share.default, share.limits) == (0.92, (("gt", 0), ("le", 1)))
    ranks = facts.option("max-lora-rank", (0, 23, 0))
    assert ranks is not None
    assert ranks.choices == ("1", "128", "16", "256", "32", "320", "512", "64", "8")


@pytest.mark.parametrize(
    ("name", "arity"),
    [
        ("enforce-eager", "0"),
        ("served-model-name", "+"),
        ("enable-reasoning", "0"),
        ("disable-async-output-proc", "0"),
        ("use-v2-block-manager", "0"),
        ("guided-decoding-disable-fallback", "0"),
        ("worker-use-ray", "0"),
        ("speculative-model", "1"),
        ("hf-token", "?"),
    ],
)
def test_how_many_values_an_option_takes(name: str, arity: str) -> None:
    found = facts.described(name, None)
    assert found is not None
    assert found.arity == arity


def test_what_was_meant() -> None:
    assert facts.nearest_flag("enforce-eagr", ()) == "enforce-eager"
    assert facts.nearest_flag("max-modellen", facts.span((0, 23, 0))) == "max-model-len"
    assert facts.nearest_flag("zzzzzz", ()) is None
    assert facts.nearest_env("VLLM_CPU_KVCACHE_SPCE", ()) == "VLLM_CPU_KVCACHE_SPACE"
    assert facts.nearest_env("VLLM_MAX_MODEL_LEN", ()) == "--max-model-len"
    assert facts.replacement("cuda-graph-sizes") == "--cudagraph-capture-sizes"
    assert facts.replacement("VLLM_USE_V1").startswith("remove it")
    assert facts.replacement("dtype") == ""


def test_words_are_of_names_there_were() -> None:
    words = facts._table("words")
    assert set(words["flags"]) <= set(facts._table("flags")["entries"])
    assert set(words["env"]) <= set(facts._table("env")["entries"])
    assert not set(words["meant"]) & set(facts._table("env")["entries"])
    assert set(words["metrics"]) <= set(facts.metric_names())


@pytest.mark.parametrize(
    ("name", "version", "kind"),
    [
        ("VLLM_CPU_KVCACHE_SPACE", (0, 23, 0), ""),
        ("VLLM_USE_V1", (0, 23, 0), "removed"),
        ("VLLM_USE_V1", (0, 10, 2), ""),
        ("VLLM_IMAGE_TAG", (0, 23, 0), "new"),
        ("VLLM_HOST", (0, 23, 0), "never"),
        ("VLLM_CPU_SIM_MULTI_NUMA", (0, 23, 0), ""),  # read, but not in the table of envs.py
        ("VLLM_HOST", None, ""),
    ],
)
def test_which_release_reads_a_variable(
    name: str, version: tuple[int, ...] | None, kind: str
) -> None:
    found = facts.env_refusal(name, facts.span(version))
    assert (found.kind if found else "") == kind


def test_forms_of_variables() -> None:
    scope = facts.variable("VLLM_USE_MODELSCOPE", (0, 23, 0))
    assert scope is not None
    assert (scope.type, scope.form) == ("bool", "true only")
    verbose = facts.variable("VLLM_LOG_STATS_INTERVAL", (0, 23, 0))
    assert verbose is not None
    assert verbose.type == "float"
    assert facts.variable("HOME", (0, 23, 0)) is None


VERSIONS = st.none() | st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 9))


@given(st.text() | st.sampled_from(sorted(facts.spellings((0, 23, 0)))), VERSIONS)
def test_any_name_has_an_answer(name: str, version: tuple[int, ...] | None) -> None:
    candidates = facts.span(version)
    refused = facts.refusal(name, candidates)
    assert refused is None or not any(facts.accepts(name, one) for one in candidates)
    facts.resolve(name, version)
    facts.env_refusal(name, candidates)


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
        ("ghcr.io/me/vllm:0.8-cpu", "vllm", "cpu", (0, 8)),
        ("ghcr.io/me/vllm:1.2.3", "vllm", "unknown", None),
        ("rocm/vllm:rocm6.4.1_vllm_0.9.1_20250715", "vllm", "gpu", (0, 9, 1)),
        ("rocm/vllm-dev:nightly", "vllm", "gpu", None),
        ("opea/vllm-cpu:latest", "vllm", "cpu", None),
        ("nvcr.io/nvidia/vllm:25.09-py3", "vllm", "gpu", None),
        ("quay.io/modh/vllm:rhoai-2.20-cuda", "vllm", "gpu", None),
        ("registry.redhat.io/rhaiis/vllm-cuda-rhel9:3.2.1", "vllm", "gpu", None),
        ("substratusai/vllm:v0.6.3", "substratus", "unknown", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.0", "llm-d", "gpu", (0, 17, 1)),
        ("ghcr.io/llm-d/llm-d-cpu:v0.6.0", "llm-d", "cpu", (0, 17, 1)),
        ("lmcache/vllm-openai:v0.3.9", "vllm", "gpu", None),
        ("kserve/huggingfaceserver:v0.15.0", "huggingfaceserver", "unknown", None),
        ("kserve/huggingfaceserver:v0.15.0-gpu", "huggingfaceserver", "gpu", None),
        ("huggingfaceserver-gpu:replace", "huggingfaceserver", "gpu", None),
        ("vllmserver:replace", "vllm", "unknown", None),
        ("me/vllm:v0.4.0", "vllm", "unknown", (0, 4, 0)),
        ("me/vllm:v0.3.3", "vllm", "unknown", None),
        ("me/vllm:1.0", "vllm", "unknown", None),
        ("me/vllm:v0.23.0-cu128", "vllm", "gpu", (0, 23, 0)),
        ("me/vllm-rocm6:0.9", "vllm", "gpu", (0, 9)),
        ("vllm/vllm-openai:v0.11.0rc2", "vllm", "gpu", None),
        ("vllm/vllm-openai:v0.11.0.dev5", "vllm", "gpu", None),
        ("me/vllm:0.9.2-rocm", "vllm", "gpu", (0, 9, 2)),
        ("vllm/vllm-tpu:v0.13.2-ironwood", "vllm", "gpu", None),  # tpu-inference's own releases
        ("acme/vllm-openai:v0.6.1-edb07092-20250118", "vllm", "gpu", None),
        ("acme/vllm-openai:v0.9.1-gdeadbeef1", "vllm", "gpu", None),
        ("acme/vllm-openai:v0.9.1-20250118", "vllm", "gpu", (0, 9, 1)),
        ("acme/vllm-openai:v0.9.1-defaced", "vllm", "gpu", (0, 9, 1)),
        ("me/vllm-gpu-cpu:1", "vllm", "cpu", None),
        ("ghcr.io/llm-d/llm-d-aws:v0.6.0", "llm-d", "unknown", (0, 17, 1)),
        ("ghcr.io/llm-d/llm-d-cuda-gb200-dev:v0.6.0", "llm-d", "gpu", (0, 17, 1)),
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
