"""What vLLM is given in the pods of an LLMInferenceService, by KServe's presets and the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from llm_worlds import HEAD, graph_of, indented

from kslint.config import Config
from kslint.model.answer import Known, Unknown
from kslint.model.model import Model

if TYPE_CHECKING:
    from kslint.model.workload import Server

IMAGE = "vllm/vllm-openai:v0.23.0"


def servers(spec: str, version: str = "0.19") -> list[Server]:
    config = Config()._replace(kserve_version=version)
    return Model(graph_of(HEAD + indented(spec)), config).servers


def main(fields: str) -> str:
    return f"template: {{containers: [{{name: main, image: '{IMAGE}', {fields}}}]}}"


def given(server: Server) -> dict[str, tuple[str, ...]]:
    return {flag.name: flag.values for flag in server.engine.commandline.flags}


def test_the_preset_serves_the_mount_under_two_names() -> None:
    (server,) = servers("")
    assert server.engine.commandline.execed
    assert server.engine.model.text == "/mnt/models"
    assert isinstance(server.engine.port, Known)
    assert server.engine.port.value == 8000
    served = server.engine.served_names
    assert isinstance(served, Known)
    assert served.value == ("llm", "publishers/team/models/llm")
    assert server.engine.commandline.complete
    assert server.engine.device == "gpu"


def test_what_the_user_writes_comes_after_and_wins() -> None:
    (server,) = servers(
        main(
            "args: ['--port=9000', \"--compilation-config='{\\\"mode\\\":0}'\"], env: [{name: "
            "VLLM_ADDITIONAL_ARGS, value: \"--max-model-len 4k --port 1 --seed '7'\"}]"
        )
    )
    found = given(server)
    assert found["max-model-len"] == ("4k",)
    assert found["seed"] == ("7",)
    assert found["compilation-config"] == ('{"mode":0}',)
    assert isinstance(server.engine.port, Known)
    assert server.engine.port.value == 9000
    size = server.engine.flag("max-model-len")
    assert size is not None
    assert size.value_node is not None
    assert size.value_node.span is not None
    assert size.value_node.text == "4k"


def test_the_shell_reads_arguments_a_second_time() -> None:
    (server,) = servers(main("args: ['--compilation-config={\"mode\":0}', '--dtype auto', '\"x']"))
    found = given(server)
    assert found["compilation-config"] == ("{mode:0}",)
    assert found["dtype"] == ("auto",)


def test_an_own_command_takes_the_place_of_the_script() -> None:
    (server,) = servers(main("command: [vllm, serve, /m], args: [--port=1]"))
    assert server.engine.model.text == "/m"
    assert list(given(server)) == ["port"]


@pytest.mark.parametrize(("version", "tensor"), [("0.19", None), ("0.20", ("2",))])
def test_one_node_takes_the_tensor_size_from_020_on(
    version: str, tensor: tuple[str, ...] | None
) -> None:
    (server,) = servers("parallelism: {tensor: 2}", version)
    assert given(server).get("tensor-parallel-size") == tensor


def test_sizes_are_pointed_at_where_they_are_written() -> None:
    leader, worker = servers("parallelism: {data: 4, tensor: 2, expert: true}\nworker: {}")
    for server in (leader, worker):
        found = given(server)
        assert found["data-parallel-size"] == ("4",)
        assert found["data-parallel-size-local"] == ("1",)
        assert found["tensor-parallel-size"] == ("2",)
        assert "enable-expert-parallel" in found
        assert ("headless" in found) is (server is worker)
    tensor = leader.engine.tensor_parallel
    assert isinstance(tensor, Known)
    assert tensor.value == 2
    assert tensor.node is not None
    assert tensor.node.span is not None
    assert (tensor.node.text, tensor.node.span.line) == ("2", 7)


def test_prefill_and_decode_are_two_servers() -> None:
    decode, prefill = servers("prefill: {}")
    ports = [s.engine.port.value for s in (decode, prefill) if isinstance(s.engine.port, Known)]
    assert ports == [8001, 8000]


def test_presets_that_are_not_known_serve_nothing_known() -> None:
    assert servers("", "0.16") == []
    assert servers("baseRefs: [{name: elsewhere}]") == []


def test_arguments_that_a_config_map_may_add_leave_it_open() -> None:
    (server,) = servers(main("envFrom: [{configMapRef: {name: more}}]"))
    assert not server.engine.commandline.complete
    assert isinstance(server.engine.served_names, Known)


def test_tls_is_not_known_where_the_settings_are_not() -> None:
    (server,) = servers("")
    assert isinstance(server.engine.scheme, Unknown)
