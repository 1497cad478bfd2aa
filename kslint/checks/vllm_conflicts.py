"""vLLM's command line: options that do not go together, and a model that nobody named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.image import is_stock
from kslint.model.engines.vllm.programs import API_SERVER, VLLM_SERVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.workload import Server
    from kslint.source.nodes import Node

_PLACEHOLDER = re.compile(r"<[A-Za-z][\w .-]*>")
"""`<model-id>`, which a shell takes for the names of two files."""
_NEEDED = {
    "enable-auto-tool-choice": "tool-call-parser",
    "enable-log-outputs": "enable-log-requests",
    "enable-reasoning": "reasoning-parser",
}
_MODEL_FIRST = (0, 17)
"""From here on `vllm serve` refuses a served name without a model (utils/argparse_utils.py)."""
_TAKES_POSITIONAL = (0, 10)
"""From here on the module takes a positional argument, and ignores it (openai/cli_args.py)."""


def arguments_conflict(server: Server) -> Iterator[Problem]:
    """An option without the one that it needs; a server without a model."""
    engine = server.engine
    if engine.kind != "vllm" or not engine.commandline.complete:
        return
    for name, other in _NEEDED.items():
        flag = engine.flag(name)
        if flag is None or flag.negated or not flag.whole:
            continue
        needed = engine.flag(other)
        if needed is None or needed.negated:
            yield Problem(
                flag.node, variant="needs", flag=name, other=other, advice=f"add `--{other}`"
            )
    if engine.model.kind == "default" and _tells_its_model(engine):
        yield _without_model(server)


def _tells_its_model(engine: Engine) -> bool:
    """False for a private image that may add arguments, and where a placeholder may be a model."""
    line = engine.commandline
    if line.doubled is not None or (line.by_image and not is_stock(engine.image)):
        return False
    fields = ("command", "args")
    items = (item for field in fields for item in engine.container.listed(field))
    return not any(_PLACEHOLDER.search(item.text or "") for item in items)


def _without_model(server: Server) -> Problem:
    engine, line = server.engine, server.engine.commandline
    candidates = engine.release.candidates
    option = facts.described("model", candidates[-1] if candidates else None)
    model = "" if option is None else option.default
    served = engine.flag("served-model-name")
    if line.program == API_SERVER and line.positionals:
        word = line.positionals[0]
        old = bool(candidates) and candidates[-1] < _TAKES_POSITIONAL
        return Problem(
            word.node,
            variant="extra" if old else "ignored",
            severity=None if old else "warning",
            word=word.text,
            model=model,
            advice=f"write `--model={word.text}`",
        )
    new = bool(candidates) and candidates[0] >= _MODEL_FIRST
    if served is not None and line.program == VLLM_SERVE and new:
        advice = "name the model as the first argument"
        return Problem(served.node, variant="served", model=model, advice=advice)
    return Problem(
        _arguments(server.container),
        variant="default",
        severity="warning",
        workload=server.resource.name,
        model=model,
        advice="name the model as the first argument, or by `--model`",
    )


def _arguments(container: Node) -> Node:
    """Where a missing argument belongs: `args`, else `command`, else the container."""
    for field in ("args", "command"):
        node = container.get(field)
        if node is not None and node.place is not None:
            return node
    return container
