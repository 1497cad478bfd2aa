"""How many devices a vLLM server takes in its pod.

Sources: vllm/config/parallel.py (world size, the choice of an executor) and
vllm/engine/arg_utils.py (data-parallel ranks of one node) at 0.10.2, 0.11.2, 0.12.0 and 0.23.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from kslint.model.answer import Absent, Known
from kslint.model.engines.server import EITHER, POD, RAY, Need

if TYPE_CHECKING:
    from collections.abc import Collection

    from kslint.model.answer import Answer
    from kslint.model.engines.vllm.arguments import Flag
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.model.engines.vllm.facts import Version
    from kslint.source.nodes import Node


class Told(Protocol):
    """What a vLLM server is told: its options and variables."""

    container: Node
    commandline: CommandLine
    version: Version | None

    @property
    def env_names(self) -> Collection[str]: ...

    def flag(self, name: str) -> Flag | None: ...
    def value(self, name: str) -> Answer[str]: ...
    def env(self, name: str) -> Answer[str]: ...


_NO_RAY = (0, 11, 2)
"""From here on a server that is told no executor does not turn to Ray; 0.10.2 still does."""
_SIZES = (
    ("tensor-parallel-size", "TP"),
    ("pipeline-parallel-size", "PP"),
    ("prefill-context-parallel-size", "PCP"),
)
_DATA, _LOCAL = "data-parallel-size", "data-parallel-size-local"
_UNSURE = (
    "data-parallel-hybrid-lb", "data-parallel-external-lb", "data-parallel-backend",
    "enable-elastic-ep",
)  # fmt: skip
"""Options that leave it to the cluster where the data-parallel ranks run."""
_DIGITS = 7
"""Longer numbers are nobody's."""
_RAY_WORDS = re.compile(r"\bray\b|\bray_|multi-node-serving|run_cluster")
_EXECUTORS = {"ray": RAY, "mp": POD, "uni": POD}


def need(engine: Told) -> Need | None:
    """The devices of one pod, or with Ray of all pods together; None where that is not known."""
    if not engine.commandline.complete or any(engine.flag(name) for name in _UNSURE):
        return None
    among = _among(engine)
    sizes = _sizes(engine)
    data = _data_parallel(engine)
    if among is None or sizes is None or data is None:
        return None
    nodes = _number(engine, "nnodes", 1)
    parts = [*sizes, *([data] if data[0] > 1 else [])]
    count = 1
    for size, _, _ in parts:
        count *= size
    if nodes is None or (nodes > 1 and (data[0] > 1 or count % nodes)):
        return None
    text = " x ".join(f"{name} {size}" for size, name, _ in parts if size > 1)
    if nodes > 1:
        text += f" over {nodes} nodes"
    largest = max(parts, key=lambda part: part[0])
    return Need(count // nodes, among, text, largest[2] if largest[0] > 1 else None)


def _among(engine: Told) -> str | None:
    """Whose devices they are, by the executor; None for one that something else starts."""
    backend = engine.value("distributed-executor-backend")
    if isinstance(backend, Known):
        return _EXECUTORS.get(backend.value)
    version = engine.version
    certain = version is not None and version >= _NO_RAY
    if certain or engine.flag("nnodes") is not None or not _speaks_of_ray(engine):
        return POD
    return EITHER


def _speaks_of_ray(engine: Told) -> bool:
    """Does the container's command start Ray, or its environment name a Ray cluster?"""
    if any(name.startswith("RAY_") for name in engine.env_names):
        return True
    fields = ("command", "args")
    items = (item for field in fields for item in engine.container.listed(field))
    return any(_RAY_WORDS.search(item.text or "") for item in items)


def _sizes(engine: Told) -> list[tuple[int, str, Node | None]] | None:
    found = []
    for name, short in _SIZES:
        size = _number(engine, name, 1)
        if size is None:
            return None
        flag = engine.flag(name)
        found.append((size, short, None if flag is None else flag.value_node or flag.node))
    return found


def _data_parallel(engine: Told) -> tuple[int, str, Node | None] | None:
    """The data-parallel ranks that start in this pod: all, unless it is told how many."""
    if not isinstance(engine.env("VLLM_DP_SIZE"), Absent):
        return None
    if engine.flag("data-parallel-rank") is not None:
        return 1, "DP", None
    local = engine.flag(_LOCAL)
    name = _DATA if local is None else _LOCAL
    size = _number(engine, name, 1)
    flag = engine.flag(name)
    if size is None:
        return None
    return size, "DP", None if flag is None else flag.value_node or flag.node


def _number(engine: Told, name: str, default: int) -> int | None:
    """An option's number if it is one, and above zero; it is left out for the default."""
    answer = engine.value(name)
    if isinstance(answer, Absent):
        return default
    text = answer.value.strip() if isinstance(answer, Known) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0
    return number if number > 0 else None
