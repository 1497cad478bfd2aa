"""Values of options by release, and what is known of a server's release."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.engines.vllm import facts, values
from kslint.model.engines.vllm.image import is_fork, is_stock, read_image
from kslint.model.engines.vllm.release import NEWEST, TOLD, UNTOLD, release_of

NOW = ((0, 23, 0),)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("dtype", "half", None),
        ("dtype", "bf16", "one of auto, bfloat16, float, float16, float32, half"),
        ("tensor-parallel-size", "2", None),
        ("tensor-parallel-size", " 1_0 ", None),
        ("tensor-parallel-size", "2.0", "a whole number"),
        ("tensor-parallel-size", "0", "a number of 1 or more"),
        ("tensor-parallel-size", "1" * 400, "a whole number"),
        ("gpu-memory-utilization", "1", None),
        ("gpu-memory-utilization", "0", "a number over 0 and up to 1"),
        ("gpu-memory-utilization", "nan", "a number over 0 and up to 1"),
        ("gpu-memory-utilization", "90%", "a number"),
        ("max-model-len", "4k", None),
        ("max-model-len", "AUTO", None),
        ("max-model-len", "-2", "a number of -1 or more"),
        ("max-model-len", "4Ki", "a whole number, or one such as 4k or 4K"),
        ("max-lora-rank", "016", None),
        ("max-lora-rank", "24", "one of 1, 8, 16, 32, 64, 128, 256, 320, 512"),
        ("max-cpu-loras", "None", None),
        ("max-cpu-loras", "", None),
        ("max-num-seqs", "", "a whole number"),
        ("served-model-name", "anything at all", None),
        ("moe-backend", "Any-Case", None),
        ("no-such-option", "1", None),
    ],
)
def test_what_an_option_takes(name: str, text: str, wanted: str | None) -> None:
    assert values.refused(name, text, NOW) == wanted


def test_only_what_every_release_refuses_is_refused() -> None:
    both = ((0, 6, 0), (0, 23, 0))
    assert values.refused("max-model-len", "8k", both) is None
    assert values.refused("max-model-len", "8k", both[:1]) == "a whole number"
    assert values.refused("enable-chunked-prefill", "yes", both[:1]) == "true or false"
    assert values.refused("gpu-memory-utilization", "90", both[:1]) == "a number up to 1"
    assert not values.is_switch("enable-chunked-prefill", both)
    assert values.is_switch("enforce-eager", both)


@pytest.mark.parametrize(
    ("name", "text", "releases", "refused"),
    [
        ("limit-mm-per-prompt", '{"image": 2}', NOW, False),
        ("limit-mm-per-prompt", "image=2", NOW, True),
        ("limit-mm-per-prompt", "image=2,audio=1", ((0, 9, 2),), False),
        ("limit-mm-per-prompt", "image=x", ((0, 9, 2),), True),
        ("limit-mm-per-prompt", "image=2", ((0, 9, 2), *NOW), False),
        ("kv-transfer-config", '{"a": 80m, "b": "80m"}', NOW, False),
        ("kv-transfer-config", "None", NOW, False),
        ("kv-transfer-config", "null", NOW, False),
        ("additional-config", "anything", NOW, False),
        ("additional-config", "{a: 1}", NOW, True),
        ("allowed-origins", "*", NOW, True),
        ("dtype", "{", NOW, False),
        ("no-such-option", "{", NOW, False),
    ],
)
def test_json(name: str, text: str, releases: tuple[facts.Version, ...], refused: bool) -> None:
    assert values.refused_json(name, text, releases) is refused


@given(st.recursive(st.integers() | st.text() | st.booleans(), st.lists))
def test_json_is_read_as_it_is(value: object) -> None:
    assert values.parse_json(json.dumps(value)) == value


@given(st.text(max_size=20), st.sampled_from(sorted(facts.spellings((0, 23, 0)))))
def test_any_value_has_an_answer(text: str, name: str) -> None:
    values.refused(name, text, NOW)
    values.refused_json(name, text, NOW)


@pytest.mark.parametrize(
    ("reference", "certainty", "candidates"),
    [
        ("vllm/vllm-openai:v0.23.0", TOLD, NOW),
        ("registry.example/mirror/vllm-openai:v0.23.0", TOLD, NOW),
        ("me/vllm:v0.22", TOLD, ((0, 22, 0), (0, 22, 1))),
        ("vllm/vllm-openai:v0.99.0", TOLD, ()),
        ("vllm/vllm-openai", NEWEST, facts.releases()[-1:]),
        ("vllm/vllm-openai:latest", NEWEST, facts.releases()[-1:]),
        ("vllm/vllm-openai:latest@sha256:" + "0" * 64, UNTOLD, ()),
        ("vllm/vllm-openai:nightly", UNTOLD, ()),
        ("me/vllm:latest", UNTOLD, ()),
        ("lmcache/vllm-openai:latest", UNTOLD, ()),
        ("registry.example/mirror/vllm-openai:latest", UNTOLD, ()),
        ("aibrix/vllm-openai:v0.6.1-edb07092-20250118", UNTOLD, ()),
        ("vllm/vllm-tpu:v0.13.2-ironwood", UNTOLD, ()),
        ("me/vllm:v0.13.2", UNTOLD, ()),
        ("vllm/vllm-openai:v0.23.0-cu129-x86_64", TOLD, NOW),
        ("vllm/vllm-openai:v0.8.5.post1", TOLD, ((0, 8, 5),)),
        ("quay.io/ascend/vllm-ascend:v0.9.1", UNTOLD, ()),
        ("vault.habana.ai/gaudi-docker/vllm-gaudi:0.9", UNTOLD, ()),
        ("rocm/vllm:rocm6.4.1_vllm_0.9.1_20250715", UNTOLD, ()),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.0", TOLD, ((0, 17, 1),)),
        ("ghcr.io/llm-d/llm-d-cuda:v0.6.1", UNTOLD, ()),
    ],
)
def test_which_release_an_image_has(
    reference: str, certainty: str, candidates: tuple[facts.Version, ...]
) -> None:
    image = read_image(reference)
    found = release_of(image, image.version)
    assert (found.certainty, found.candidates) == (certainty, candidates)


def test_a_verdict_on_releases_that_are_not_told() -> None:
    newest = release_of(read_image("vllm/vllm-openai"), None)
    private = release_of(read_image("me/vllm"), None)
    beyond = release_of(read_image("vllm/vllm-openai:v0.99.0"), (0, 99, 0))

    def of_all(releases: tuple[facts.Version, ...]) -> str | None:
        return "always" if releases else None

    def of_some(releases: tuple[facts.Version, ...]) -> str | None:
        return None if (0, 6, 0) in releases else "now"

    assert newest.judged(of_all) == ("always", True)
    assert newest.judged(of_some) == ("now", False)
    assert private.judged(of_all) == ("always", False)
    assert private.judged(of_some) is None
    assert beyond.judged(of_all) is None


@pytest.mark.parametrize(
    ("reference", "stock", "fork"),
    [
        ("vllm/vllm-openai:v0.23.0", True, False),
        ("registry.example/vllm-openai-cpu", True, False),
        ("public.ecr.aws/q9t5s3a7/vllm-arm64-cpu-release-repo:v0.23.0", True, False),
        ("me/vllm:v0.23.0", False, False),
        ("rocm/vllm-openai", False, True),
        ("me/vllm-hpu", False, True),
        ("intel/vllm:0.10.0-xpu", False, True),
        ("me/vllm:1-neuron", False, True),
    ],
)
def test_whose_image_it_is(reference: str, stock: bool, fork: bool) -> None:
    image = read_image(reference)
    assert (is_stock(image), is_fork(image)) == (stock, fork)
