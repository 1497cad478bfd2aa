"""Clients that ask a server for a model by name."""

from __future__ import annotations

import pytest

from kslint.model import clients
from kslint.model.engines.vllm.adapters import adapter_names
from kslint.model.engines.vllm.engine import read_engine
from kslint.source.files import Source
from kslint.source.parser import compose

LISTED = """
model_list:
  - model_name: a
    litellm_params:
      # model: openai/commented
      model: openai/one

      api_base: http://one/v1
  - model_name: b
    litellm_params: {model: "openai/two", api_base: 'http://two/v1'}
  - litellm_params:
      - api_base: http://three/v1
        model: hosted_vllm/three
      - model: openai/no-address
  - litellm_params:
      model: other/four
      api_base: http://four
router:
  model: openai/alone
other:
  api_base: http://alone"""


def test_entries() -> None:
    found = list(clients._entries(LISTED))
    assert [(name, base) for name, _, base in found] == [
        ("openai/one", "http://one/v1"),
        ("openai/two", "http://two/v1"),
        ("hosted_vllm/three", "http://three/v1"),
    ]
    assert all(LISTED[start:].startswith(name) for name, start, _ in found)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://qwen:8000/v1", ("qwen", None)),
        ("http://qwen.llm", ("qwen", "llm")),
        ("https://qwen.llm.svc:80", ("qwen", "llm")),
        ("http://qwen.llm.svc.cluster.local.:8000/v1", ("qwen", "llm")),
        ("https://api.openai.com/v1", None),
        ("os.environ/URL", None),
        ("http://$(HOST)/v1", None),
    ],
)
def test_addresses(address: str, expected: tuple[str, str | None] | None) -> None:
    match = clients._HOST.match(address)
    assert (None if match is None else match.groups()) == expected


@pytest.mark.parametrize(
    ("args", "env", "expected"),
    [
        ("[]", "[]", ()),
        ('[--lora-modules, a=/a, \'{"name": "b", "path": "/b"}\']', "[]", ("a", "b")),
        ("[--lora-modules, a=$(PATHS)]", "[{name: PATHS, valueFrom: {}}]", None),
        ("[]", "[{name: VLLM_ALLOW_RUNTIME_LORA_UPDATING, value: '1'}]", None),
    ],
)
def test_adapters(args: str, env: str, expected: tuple[str, ...] | None) -> None:
    text = f"image: vllm/vllm-openai:v0.23.0\nargs: {args}\nenv: {env}\n"
    source = Source("x.yaml", text.encode())
    (document,) = compose(source, source.data)
    engine = read_engine(document.root)
    assert engine is not None
    assert adapter_names(engine) == expected
