"""What another release of vLLM takes from a server."""

from __future__ import annotations

from kslint.model.engines.vllm.engine import read_engine
from kslint.model.engines.vllm.facts import span
from kslint.model.engines.vllm.moving import losses
from kslint.source.nodes import Map, Origin, made


def lost(
    old: tuple[int, ...],
    new: tuple[int, ...],
    args: list[str],
    env: dict[str, str] | None = None,
    image: str = "vllm/vllm-openai:v0.9.2",
) -> list[tuple[str, str]]:
    """What is lost, and of what, defaults aside."""
    container = {
        "name": "main",
        "image": image,
        "args": args,
        "env": [{"name": name, "value": value} for name, value in (env or {}).items()],
    }
    node = made(container, Origin("written", "a test"))
    engine = read_engine(node, Map({}))
    assert engine is not None
    assert hasattr(engine, "commandline")
    found = losses(engine, span(old), span(new))
    return [(one.what, one.name) for one in found if one.what != "default"]


OLD, NEW = (0, 9, 2), (0, 20, 0)


def test_options_that_are_gone() -> None:
    args = ["--swap-space=4", "--task", "embed", "--max-model-len=4096"]
    assert lost(OLD, NEW, args) == [("gone", "--swap-space"), ("gone", "--task")]


def test_what_was_refused_before_is_no_loss() -> None:
    assert lost(OLD, NEW, ["--nonsense", "--dtype=nonsense"]) == []


def test_values_that_are_taken_no_longer() -> None:
    args = ["--mamba-cache-mode=all"]
    assert lost((0, 31, 0), (0, 32, 0), args) == [("value", "--mamba-cache-mode")]


def test_variables_that_are_not_read() -> None:
    env = {"VLLM_USE_V1": "1", "VLLM_LOGGING_LEVEL": "INFO", "HF_TOKEN": "x"}
    assert lost(OLD, NEW, [], env) == [("unread", "VLLM_USE_V1")]


def test_options_of_the_hugging_face_server_are_its_own() -> None:
    image = "kserve/huggingfaceserver:v0.16.0"
    assert lost(OLD, NEW, ["--model_name=x", "--task=embed"], image=image) == []


def test_defaults() -> None:
    node = made({"name": "main", "image": "vllm/vllm-openai:v0.9.2"}, Origin("written", "a test"))
    engine = read_engine(node, Map({}))
    assert engine is not None
    assert hasattr(engine, "commandline")
    found = {one.name: one.detail for one in losses(engine, span(OLD), span(NEW))}
    assert found["--gpu-memory-utilization"] == "0.9 → 0.92"
    assert "--model" not in found


def test_releases_that_are_not_known() -> None:
    assert lost((1, 0, 0), NEW, ["--swap-space=4"]) == []
