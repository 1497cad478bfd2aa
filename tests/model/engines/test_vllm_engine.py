"""What a container is known to serve with, from the manifest alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kslint.model.answer import Absent, Invalid, Known, Unknown
from kslint.model.engines.vllm.engine import read_engine
from kslint.source.files import Source
from kslint.source.nodes import Origin, made
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.model.engines.vllm.engine import Engine
    from kslint.source.nodes import Node

CPU = "image: vllm/vllm-openai-cpu:v0.23.0\n"
GPU = "image: vllm/vllm-openai:v0.23.0\n"
HF = "image: kserve/huggingfaceserver:v0.15.0\n"


def parse(text: str) -> Node:
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    return document.root


def engine(text: str) -> Engine:
    found = read_engine(parse(text))
    assert found is not None
    return found


def env(**values: str) -> str:
    return "env:\n" + "".join(f"  - {{name: {n}, value: {v!r}}}\n" for n, v in values.items())


def known(answer: object) -> object:
    assert isinstance(answer, Known), answer
    return answer.value


@pytest.mark.parametrize(
    "text",
    [
        "image: python:3.12\n",
        "image: nginx\nargs: [--port, '80']\n",
        "{}",
        "[]",
        "image: lmcache/vllm-router:latest\nargs: [--port, '80']\n",
        "image: ghcr.io/llm-d/llm-d-inference-sim:v0.8.2\nargs: [--model, m, --port, '8000']\n",
        "image: ghcr.io/llm-d/llm-d-routing-sidecar:v0.7.1\nargs: [--vllm-port=8001]\n",
        "image: curlimages/curl\nargs: [http://vllm:8000/health]\n",
        GPU + "command: [vllm, bench, serve]\n",
        GPU + "command: [python3, -c, from huggingface_hub import snapshot_download]\n",
        GPU + "command: [sleep, infinity]\n",
        GPU + "args: [bash, -c, ls]\n",
        "image: rocm/vllm:latest\n",
        HF + "args: [--backend=huggingface]\n",
        HF + "command: [bash, -c, 'ray start --block']\n",
    ],
)
def test_no_server(text: str) -> None:
    assert read_engine(parse(text)) is None


def test_init_containers_do_not_serve() -> None:
    pod = parse(
        "initContainers:\n"
        "  - {name: a, image: vllm/vllm-openai}\n"
        "  - {name: b, image: vllm/vllm-openai, restartPolicy: Always}\n"
        "containers:\n"
        "  - {name: c, image: vllm/vllm-openai}\n"
    )
    nodes = [*pod.at("initContainers").elements(), *pod.at("containers").elements()]  # type: ignore[union-attr]
    assert [read_engine(node, pod) is not None for node in nodes] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "device"),
    [
        (CPU, "cpu"),
        (GPU, "gpu"),
        (CPU + "resources: {limits: {nvidia.com/gpu: 1}}\n", "gpu"),
        (CPU + "resources: {limits: {nvidia.com/gpu: 0}}\n", "cpu"),
        (CPU + "resources: {claims: [{name: gpu}]}\n", "gpu"),
        ("image: me/vllm:1\n", "unknown"),
        ("image: me/vllm:1\n" + env(VLLM_TARGET_DEVICE="cpu"), "cpu"),
        ("image: me/vllm:1\n" + env(VLLM_TARGET_DEVICE="cuda"), "unknown"),
        (CPU + env(VLLM_TARGET_DEVICE="empty"), "cpu"),
        ("image: me/vllm:1\nargs: [--device, cpu]\n", "cpu"),
        ("image: me/vllm:1\nargs: [--device, cuda]\n", "unknown"),
        ("image: me/vllm:1\nargs: [--device, '$(cpu)']\n", "unknown"),
        ("image: me/vllm:0.8-cpu\n", "cpu"),
        ("image: me/any\ncommand: [vllm, serve, m]\n", "unknown"),
        ("image: me/any\ncommand: [sh, -c, 'VLLM_TARGET_DEVICE=cpu vllm serve m']\n", "cpu"),
        (HF, "cpu"),
        ("image: kserve/huggingfaceserver:latest-gpu\n", "gpu"),
        (HF + "resources: {requests: {amd.com/gpu: 1}}\n", "gpu"),
    ],
)
def test_device(text: str, device: str) -> None:
    assert engine(text).device == device


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (GPU + "args: [--model, org/name]\n", "hub", "org/name"),
        (GPU + "args: [org/name, --port, '80']\n", "hub", "org/name"),
        (GPU + "args: [gpt2]\n", "hub", "gpt2"),
        (GPU + "args: [--model=/mnt/models]\n", "path", "/mnt/models"),
        (GPU + "args: [./models/x]\n", "path", "./models/x"),
        (GPU + "args: [a/b/c]\n", "path", "a/b/c"),
        (GPU + "args: ['s3://bucket/x']\n", "remote", "s3://bucket/x"),
        (GPU + "args: ['hf://org/name']\n", "remote", "hf://org/name"),
        (GPU, "default", "Qwen/Qwen3-0.6B"),
        (GPU + "args: [--config, x.yaml]\n", "unknown", ""),
        (GPU + "args: ['--model={{.Name}}']\n", "unknown", ""),
        ("command: [python3, -m, vllm.entrypoints.openai.api_server, org/name]\n",
         "default", "Qwen/Qwen3-0.6B"),
        ("image: substratusai/vllm\n" + env(MODEL="org/name"), "hub", "org/name"),
        ("image: substratusai/vllm\n", "unknown", ""),
        (HF, "path", "/mnt/models"),
        (HF + "args: [--model_id=org/name]\n", "hub", "org/name"),
        (HF + "args: [--model_dir, /x]\n", "path", "/x"),
        (HF + "args: [--model_dir, /x, --model_id, org/name]\n", "hub", "org/name"),
        (HF + "command: [sh, -c, 'python -m huggingfaceserver $ARGS']\n", "unknown", ""),
        (GPU + "args: ['~/models']\n", "path", "~/models"),
        (GPU + "args: [--port, '80', '--model=$(M)']\nenv: [{name: M, value: a/b}]\n",
         "hub", "a/b"),
        ("image: substratusai/vllm\n" + env(MODEL="a/b") + "args: [--model, c/d]\n",
         "hub", "c/d"),
        (GPU + env(MODEL="org/name"), "default", "Qwen/Qwen3-0.6B"),
        (HF + "args: ['--model_id=$(M)']\n" + "env: [{name: M, valueFrom: {}}]\n", "unknown", ""),
    ],
)  # fmt: skip
def test_model(text: str, kind: str, name: str) -> None:
    assert engine(text).model[:2] == (kind, name)


@pytest.mark.parametrize("option", ["model_id", "model_dir"])
def test_an_option_without_its_model(option: str) -> None:
    model = engine(HF + f"args: [--{option}]\n").model
    assert model.kind == "unknown"
    assert model.node is not None


def test_ports() -> None:
    assert known(engine(GPU).port) == 8000
    assert known(engine(GPU + "args: [--port, '80']\n").port) == 80
    assert known(engine(HF).port) == 8080
    assert known(engine(HF + "args: [--port=1]\n").port) == 8080
    assert known(engine(HF + "args: [--http_port=1]\n").port) == 1
    assert isinstance(engine(GPU + "args: [--uds, /x]\n").port, Absent)
    bad = engine(GPU + "args: [--port=http]\n").port
    assert isinstance(bad, Invalid)
    assert bad.error == "invalid literal for int() with base 10: 'http'"
    assert isinstance(engine("command: [sh, -c, 'vllm serve m --port $P']\n").port, Unknown)


def test_ranks() -> None:
    assert known(engine(GPU).ranks) == 1
    both = engine(GPU + "args: [-tp=2, --pipeline_parallel_size, '3', -dp, '4']\n")
    assert known(both.ranks) == 6
    assert known(both.data_parallel) == 4
    assert isinstance(engine(GPU + "args: [-tp, x]\n").ranks, Invalid)
    assert isinstance(engine(GPU + "args: [-pp, x]\n").ranks, Invalid)


def test_served_names() -> None:
    assert known(engine(GPU + "args: [org/m]\n").served_names) == ("org/m",)
    named = engine(GPU + "args: [org/m, --served-model-name, a, b]\n")
    assert known(named.served_names) == ("a", "b")
    assert known(engine(HF).served_names) == ("model",)
    assert known(engine(HF + "args: [--model_name=x]\n").served_names) == ("x",)
    assert isinstance(engine(HF + "args: ['--model_name={{.Name}}']\n").served_names, Unknown)
    assert isinstance(engine(GPU + "args: ['--model={{.Name}}']\n").served_names, Unknown)
    open_ended = "command: [sh, -c, 'vllm serve org/m $ARGS']\n"
    assert isinstance(engine(open_ended).served_names, Unknown)
    nameless = engine(GPU + "args: [org/m, --served-model-name]\n")
    assert isinstance(nameless.served_names, Unknown)


@pytest.mark.parametrize(
    ("text", "gib"),
    [
        (env(VLLM_CPU_KVCACHE_SPACE="4"), 4),
        (env(VLLM_CPU_KVCACHE_SPACE=" 40 "), 40),
        ("args: [--kv-cache-memory-bytes, 2G]\n", 2),
        ("args: [--kv-cache-memory-bytes=512M]\n", 0.5),
        ("args: [--kv-cache-memory-bytes, '1073741824']\n", 1),
        ("args: [--kv-cache-memory-bytes=1K]\n", 2**-20),
        ("args: [--kv-cache-memory-bytes=1T]\n", 1024),
        ("args: [--kv-cache-memory-bytes=1.5k]\n", 1500 / (1 << 30)),
        ("args: [--kv-cache-memory-bytes, ' 1G ']\n", 1),
        (env(VLLM_CPU_KVCACHE_SPACE="1"), 1),
        ("args: [--kv-cache-memory-bytes, 2g]\n", 2e9 / (1 << 30)),
        (env(VLLM_CPU_KVCACHE_SPACE="4") + "args: [--kv-cache-memory-bytes, 2G]\n", 4),
        (env(VLLM_CPU_KVCACHE_SPACE="") + "args: [--kv-cache-memory-bytes, 2G]\n", 2),
    ],
)
def test_kv_space(text: str, gib: float) -> None:
    assert known(engine(CPU + text).kv_space) == gib


@pytest.mark.parametrize("text", ["0", "-1", "4.0", "4Gi", "4GB"])
def test_kv_space_invalid(text: str) -> None:
    answer = engine(CPU + env(VLLM_CPU_KVCACHE_SPACE=text)).kv_space
    assert isinstance(answer, Invalid)
    assert answer.text == text
    flag = engine(CPU + "args: [--kv-cache-memory-bytes, 1.5G]\n").kv_space
    assert isinstance(flag, Invalid)


def test_kv_space_elsewhere() -> None:
    assert isinstance(engine(CPU).kv_space, Absent)
    elsewhere = "env: [{name: VLLM_CPU_KVCACHE_SPACE, valueFrom: {}}]\n"
    assert isinstance(engine(CPU + elsewhere).kv_space, Unknown)
    assert isinstance(engine(CPU + "envFrom: [{configMapRef: {name: x}}]\n").kv_space, Unknown)


def test_dtype_and_eager() -> None:
    assert known(engine(CPU + "args: [--dtype, float]\n").dtype) == "float32"
    assert known(engine(CPU + "args: [--dtype=half]\n").dtype) == "float16"
    assert isinstance(engine(CPU).dtype, Absent)
    assert known(engine(CPU).enforce_eager) is False
    assert known(engine(CPU + "args: [--enforce_eager]\n").enforce_eager) is True
    assert known(engine(CPU + "args: [--no-enforce-eager]\n").enforce_eager) is False
    assert isinstance(engine(CPU + "args: [m, --config=x]\n").enforce_eager, Unknown)


@pytest.mark.parametrize(
    ("values", "offline"),
    [
        ({}, False),
        ({"HF_HUB_OFFLINE": "1"}, True),
        ({"HF_HUB_OFFLINE": "yes"}, True),
        ({"TRANSFORMERS_OFFLINE": "True"}, True),
        ({"HF_HUB_OFFLINE": "on"}, True),
        ({"HF_HUB_OFFLINE": "no"}, False),
        ({"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}, False),
        ({"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "1"}, True),
    ],
)
def test_offline(values: dict[str, str], offline: bool) -> None:
    assert known(engine(GPU + env(**values)).offline) is offline


def test_offline_set_elsewhere() -> None:
    both = (
        "env: [{name: HF_HUB_OFFLINE, valueFrom: {}}, {name: TRANSFORMERS_OFFLINE, value: '1'}]\n"
    )
    assert isinstance(engine(GPU + both).offline, Unknown)


def test_token() -> None:
    legacy, path = "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"
    ignored = "HUGGINGFACE_TOKEN"
    assert isinstance(engine(GPU).hf_token, Absent)
    assert known(engine(GPU + env(**{legacy: "x"})).hf_token) == legacy
    assert isinstance(engine(GPU + env(**{"HF_TOKEN": "", ignored: "x"})).hf_token, Absent)
    given_by = "env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}]\n"
    assert known(engine(GPU + given_by).hf_token) == "HF_TOKEN"
    assert known(engine(GPU + "args: [m, --hf-token, x]\n").hf_token) == "--hf-token"
    assert known(engine(GPU + env(**{path: "/x"})).hf_token) == path
    assert isinstance(engine(GPU + "args: [m, '--hf-token=']\n").hf_token, Absent)
    assert isinstance(engine(GPU + "envFrom: [{secretRef: {name: x}}]\n").hf_token, Unknown)


def test_omp_bind() -> None:
    refused = engine(CPU + env(VLLM_CPU_OMP_THREADS_BIND="all")).omp_bind
    assert isinstance(refused, Invalid)
    assert refused.error == "ValueError: invalid literal for int() with base 10: 'all'"
    assert refused.node is not None
    assert refused.node.span is not None
    assert refused.node.span.line == 3
    older = engine(
        "image: vllm/vllm-openai-cpu:v0.10.2\n" + env(VLLM_CPU_OMP_THREADS_BIND="all")
    ).omp_bind
    assert isinstance(older, Known)
    assert older.value.binding.kind == "nobind"
    assert isinstance(engine(CPU).omp_bind, Absent)
    two = engine(CPU + env(VLLM_CPU_OMP_THREADS_BIND="0-1") + "args: [-tp, '2']\n").omp_bind
    assert isinstance(two, Invalid)
    assert "local world size 2" in two.error


def test_inline_environment_wins_and_is_placed() -> None:
    found = engine(
        "image: me/any\n"
        + env(VLLM_CPU_OMP_THREADS_BIND="auto")
        + "command:\n  - sh\n  - -c\n  - |\n"
        "    set -e\n"
        "    export VLLM_CPU_OMP_THREADS_BIND=all\n"
        "    exec vllm serve m\n"
    )
    answer = found.omp_bind
    assert isinstance(answer, Invalid)
    assert answer.node is not None
    assert answer.node.span is not None
    assert (answer.node.span.line, answer.node.span.column) == (9, 12)
    assert "VLLM_CPU_OMP_THREADS_BIND" in found.env_names


def test_backend() -> None:
    assert engine(GPU).backend_certain
    assert not engine(HF).backend_certain
    assert engine(HF + "args: [--backend, vllm]\n").backend_certain
    assert engine(HF).health_path is None
    assert engine(GPU).health_path == "/health"
    assert engine(HF).kind == "huggingfaceserver"
    assert not engine(HF + "args: [--backend, auto]\n").backend_certain
    assert not engine(
        HF + "args: ['--backend=$(B)']\nenv: [{name: B, valueFrom: {}}]\n"
    ).backend_certain


def test_values() -> None:
    found = engine(GPU + "args: [m, --seed=1, '--host=$(H)']\nenv: [{name: H, valueFrom: {}}]\n")
    assert known(found.value("seed")) == "1"
    assert isinstance(found.value("host"), Unknown)
    assert isinstance(found.value("dtype"), Absent)
    assert isinstance(found.env("H"), Unknown)
    assert isinstance(found.env("I"), Absent)
    assert known(engine(GPU + "args: [m, --seed]\n").value("seed")) == ""
    more = engine("command: [sh, -c, 'vllm serve m $ARGS']\nargs: [x]\n")
    assert isinstance(more.value("seed"), Unknown)
    assert isinstance(engine(GPU + "envFrom: [{secretRef: {name: x}}]\n").env("I"), Unknown)


def test_the_place_of_a_value_that_is_not_known() -> None:
    answer = engine(GPU + "args:\n  - --host\n  - $(H)\nenv: [{name: H, valueFrom: {}}]\n").value(
        "host"
    )
    assert isinstance(answer, Unknown)
    assert answer.node is not None
    assert answer.node.span is not None
    assert answer.node.span.line == 4


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["vllm", "serve", "sh", "-c", "vllm serve m $X", "-tp", "--port", "$(A)"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(
        st.sampled_from(
            ["image", "command", "args", "env", "envFrom", "name", "value", "valueFrom",
             "resources", "limits", "nvidia.com/gpu", "initContainers"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip
scalars = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["vllm", "serve", "sh", "-c", "vllm serve m $X --port $@", "-tp", "--port", "$(A)", "2"]
    ),
)


@given(json_values, json_values)
def test_random_nodes(container: object, pod: object) -> None:
    origin = Origin("written", "a test")
    read_engine(made(container, origin), made(pod, origin))


@given(
    st.sampled_from(
        ["vllm/vllm-openai:v0.9.2", "vllm/vllm-openai-cpu", "kserve/huggingfaceserver"]
    ),
    st.lists(scalars, max_size=8),
    st.lists(st.fixed_dictionaries({"name": scalars, "value": scalars}), max_size=3),
    scalars,
)
def test_random_arguments(
    image: str, args: list[str], variables: list[dict[str, str]], bind: str
) -> None:
    variables = [*variables, {"name": "VLLM_CPU_OMP_THREADS_BIND", "value": bind}]
    body = {"image": image, "args": args, "env": variables}
    found = read_engine(made(body, Origin("written", "a test")))
    if found is not None:
        for name in dir(type(found)):
            if isinstance(getattr(type(found), name), property):
                getattr(found, name)
