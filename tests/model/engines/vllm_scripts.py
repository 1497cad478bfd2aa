"""Containers and scripts that start vLLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.engines.vllm.commandline import (
    read_commandline,
)
from kslint.model.engines.vllm.image import read_image
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.engines.vllm.commandline import CommandLine

IMAGE = "vllm/vllm-openai:v0.23.0"


def of_items(*args: str, command: list[str] | None = None, image: str = IMAGE) -> CommandLine:
    body: dict[str, object] = {"image": image, "args": list(args)}
    if command is not None:
        body["command"] = command
    container = made(body, Origin("written", "a test"))
    assert isinstance(container, Map)
    return read_commandline(container, read_image(image))


def script(text: str, *args: str, **env: str) -> CommandLine:
    body = {
        "image": "python:3.12",
        "command": ["bash", "-lc", text],
        "args": list(args),
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    return read_commandline(made(body, Origin("written", "a test")), read_image("python:3.12"))


def flags(line: CommandLine) -> dict[str, str | None]:
    return {flag.name: flag.value for flag in line.flags}
