"""A server in its pod: caches, names of users, scratch space, ranks, pinned memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kslint.model.answer import Absent, Known, Unknown
from kslint.model.engines.vllm import caches, ranks
from kslint.model.engines.vllm.engine import read_engine
from kslint.source.files import Source
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.model.engines.vllm.engine import Engine

OWN = "vllm/vllm-openai:v0.23.0"


def engine(image: str = OWN, **parts: str) -> Engine:
    text = f"image: {image}\n" + "".join(f"{key}: {value}\n" for key, value in parts.items())
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    found = read_engine(document.root)
    assert found is not None
    return found


def env(**values: str) -> str:
    return "[" + ", ".join(f"{{name: {n}, value: {v!r}}}" for n, v in values.items()) + "]"


def paths(found: Engine, uid: int | None) -> dict[str, str]:
    return {cache.variable: cache.path for cache in caches.caches(found, uid)}


GPU = "{limits: {nvidia.com/gpu: 1}}"


@pytest.mark.parametrize(
    ("given", "uid", "expected"),
    [
        ({}, None, ("/root/.cache/huggingface/hub", "/root/.triton/cache", "/root/.cache/vllm")),
        ({}, 0, ("/root/.cache/huggingface/hub", "/root/.triton/cache", "/root/.cache/vllm")),
        ({}, 7, ("/.cache/huggingface/hub", "/.triton/cache", "/.cache/vllm")),
        ({"HOME": "/h"}, 7, ("/h/.cache/huggingface/hub", "/h/.triton/cache", "/h/.cache/vllm")),
        ({"HOME": ""}, 7, ()),
        ({"HF_HOME": "/hf"}, 7, ("/hf/hub", "/.triton/cache", "/.cache/vllm")),
        ({"HF_HUB_CACHE": "/hf"}, 7, ("/hf", "/.triton/cache", "/.cache/vllm")),
        ({"XDG_CACHE_HOME": "/x"}, 7, ("/x/huggingface/hub", "/.triton/cache", "/x/vllm")),
        ({"TRITON_HOME": "/t"}, 7, ("/.cache/huggingface/hub", "/t/.triton/cache", "/.cache/vllm")),
        ({"VLLM_CACHE_ROOT": "/v/"}, 7, ("/.cache/huggingface/hub", "/.triton/cache", "/v")),
    ],
)
def test_caches(given: dict[str, str], uid: int | None, expected: tuple[str, ...]) -> None:
    found = engine(args="[--model=Qwen/Qwen3-8B]", env=env(**given), resources=GPU)
    assert tuple(paths(found, uid).values()) == expected


def test_caches_that_are_not_needed() -> None:
    local = engine(args="[--model=/m/q]", resources=GPU)
    assert set(paths(local, 7)) == {"TRITON_CACHE_DIR", "VLLM_CACHE_ROOT"}
    cpu = engine("vllm/vllm-openai-cpu:v0.23.0", args="[--model=Qwen/Qwen3-8B]")
    assert set(paths(cpu, 7)) == {"HF_HOME"}
    offline = env(HF_HUB_OFFLINE="1")
    assert paths(engine("vllm/vllm-openai-cpu", args="[--model=a/b]", env=offline), 7) == {}
    folder = engine(args="[--model=a/b, --download-dir=/d]", resources=GPU)
    assert paths(folder, 7)["--download-dir"] == "/d"


def test_homes_that_are_not_known() -> None:
    for image in ("registry.example/vllm:v0.23.0", "vllm/vllm-openai-nonroot:v0.24.0"):
        found = engine(image, args="[--model=a/b]", resources=GPU, command="[vllm, serve]")
        assert paths(found, 7) == {}
        assert paths(found, 0)["HF_HOME"] == "/root/.cache/huggingface/hub"
    elsewhere = engine(args="[--model=a/b]", resources=GPU, envFrom="[{secretRef: {name: s}}]")
    assert paths(elsewhere, 7) == {}


@pytest.mark.parametrize(
    ("image", "uid", "expected"),
    [
        (OWN, 1000, True),
        (OWN, 1002700000, True),
        (OWN, 0, False),
        (OWN, 999, False),
        (OWN, 65534, False),
        ("vllm/vllm-openai:v0.24.0-ubuntu2404", 1000, False),
        ("vllm/vllm-openai:v0.24.0-ubuntu2404", 1001, True),
        ("vllm/vllm-openai:v0.24.0-nonroot", 1001, False),
    ],
)
def test_users_without_a_name(image: str, uid: int, expected: bool) -> None:
    assert caches.has_no_name(engine(image), uid) is expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ((), False),
        (((0, 21, 0),), False),
        (((0, 22, 0),), True),
        (((0, 26, 0),), True),
        (((0, 26, 0), (0, 27, 0)), False),
    ],
)
def test_releases_that_ask_for_a_name(
    versions: tuple[tuple[int, ...], ...], expected: bool
) -> None:
    assert caches.asks_for_name(versions) is expected


def test_scratch() -> None:
    sealed = "{readOnlyRootFilesystem: true}"
    mount = "[{name: e, mountPath: /e}]"
    assert isinstance(caches.scratch(engine(), None), Known)
    bare = engine(securityContext=sealed, volumeMounts=mount)
    assert isinstance(caches.scratch(bare, None), Absent)
    for found in (
        engine(securityContext=sealed, volumeMounts=mount, env=env(TMPDIR="/e/x")),
        engine(securityContext=sealed, volumeMounts=mount, workingDir="/e"),
        engine(securityContext=sealed, volumeMounts="[{name: e, mountPath: /var/tmp}]"),
    ):
        assert isinstance(caches.scratch(found, None), Known)
    private = engine(
        "registry.example/vllm:v1",
        securityContext=sealed,
        volumeMounts=mount,
        command="[vllm, serve]",
    )
    assert isinstance(caches.scratch(private, None), Unknown)
    elsewhere = engine(securityContext=sealed, envFrom="[{secretRef: {name: s}}]")
    assert isinstance(caches.scratch(elsewhere, None), Unknown)


@pytest.mark.parametrize(
    ("args", "limits", "expected"),
    [
        ("[-tp=2]", "{nvidia.com/gpu: 2}", (2, True)),
        ("[-tp=2, -pp=2]", "{nvidia.com/gpu: 4}", (4, True)),
        ("[-tp=2, -pp=2]", "{nvidia.com/gpu: 2}", (2, True)),
        ("[-tp=2]", "{nvidia.com/gpu: 1}", None),
        ("[-tp=2]", "{nvidia.com/gpu: two}", (2, True)),
        ("[-tp=2]", "{}", (2, True)),
        ("[-tp=1, -dp=2]", "{amd.com/gpu: 2}", (2, False)),
        ("[-dp=4, --data-parallel-size-local=1]", "{amd.com/gpu: 2}", None),
        ("[-tp=2]", "{google.com/tpu: 4}", None),
        ("[-tp=two]", "{nvidia.com/gpu: 2}", None),
        ("[]", "{nvidia.com/gpu: 2}", None),
        ("[-tp=2, --distributed-executor-backend=ray]", "{}", None),
        ("[-tp=8, --distributed-executor-backend=ray]", "{nvidia.com/gpu: 4}", (4, True)),
    ],
)
def test_ranks(args: str, limits: str, expected: tuple[int, bool] | None) -> None:
    found = ranks.sharing_ranks(engine(args=args, resources=f"{{limits: {limits}}}"))
    assert (None if found is None else found[:2]) == expected


LMCACHE = "--kv-transfer-config={}".format('{"kv_connector":"LMCacheConnectorV1"}')


@pytest.mark.parametrize(
    ("args", "given", "expected"),
    [
        (["--cpu-offload-gb=4"], {}, [4]),
        (["--cpu-offload-gb=4", "-tp=2", "--kv-offloading-size=10"], {}, [10, 8]),
        (["--cpu-offload-gb=much"], {}, []),
        (["--cpu-offload-gb=inf"], {}, []),
        (["--cpu-offload-gb=0"], {}, []),
        ([], {"LMCACHE_MAX_LOCAL_CPU_SIZE": "20"}, []),
        ([LMCACHE], {"LMCACHE_MAX_LOCAL_CPU_SIZE": "20"}, [20]),
        (["--kv-offloading-backend=lmcache"], {"LMCACHE_MAX_LOCAL_CPU_SIZE": "2.5"}, [2.5]),
        ([LMCACHE], {"LMCACHE_MAX_LOCAL_CPU_SIZE": "2", "LMCACHE_CONFIG_FILE": "/c"}, []),
    ],
)
def test_pinned(args: list[str], given: dict[str, str], expected: list[float]) -> None:
    found = ranks.pinned(engine(args=str(args), env=env(**given)))
    assert [part.gib for part in found] == expected
