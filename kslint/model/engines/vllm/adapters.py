"""LoRA adapters that a server is given at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.answer import Absent
from kslint.model.engines.server import reference
from kslint.model.engines.vllm.values import parse_json

if TYPE_CHECKING:
    from kslint.model.engines.server import ModelRef
    from kslint.model.engines.vllm.engine import Engine


def adapters(engine: Engine) -> list[ModelRef]:
    """What --lora-modules names, as `name=path` or as JSON with the key `path`.

    Source: LoRAParserAction in vllm/entrypoints/openai/cli_args.py v0.23.0.
    """
    found = []
    for flag in engine.commandline.all("lora-modules"):
        for text, node in zip(flag.values, flag.value_nodes, strict=False):
            path = text.partition("=")[2]
            if text.lstrip().startswith("{"):
                read = parse_json(text)
                path = str(read.get("path", "")) if isinstance(read, dict) else ""
            if path and not any(character.isspace() for character in path):
                found.append(reference(path, node))
    return found


def adapter_names(engine: Engine) -> tuple[str, ...] | None:
    """The names under which clients ask for adapters; None where more may come while it runs."""
    if not isinstance(engine.env("VLLM_ALLOW_RUNTIME_LORA_UPDATING"), Absent):
        return None
    found = []
    for flag in engine.commandline.all("lora-modules"):
        if not flag.known:
            return None
        for text in flag.values:
            read = parse_json(text) if text.lstrip().startswith("{") else None
            named = read.get("name", "") if isinstance(read, dict) else text.partition("=")[0]
            found.append(str(named))
    return tuple(found)
