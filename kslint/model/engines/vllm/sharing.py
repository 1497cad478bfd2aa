"""Servers that share one GPU: the part of its memory that each of them reserves.

A server stops where less is free than `--gpu-memory-utilization` of the whole
(vllm/v1/worker/utils.py:414-423 v0.23.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.engines.vllm import facts

if TYPE_CHECKING:
    from kslint.model.engines.vllm.commandline import CommandLine
    from kslint.model.engines.vllm.engine import Engine
    from kslint.source.nodes import Node

_OPTION = "gpu-memory-utilization"
_INSTEAD = ("kv-cache-memory-bytes", "enable-sleep-mode")
"""Options with which it does not count, or not all the time."""
_DEVICES = "CUDA_VISIBLE_DEVICES"


class Share(NamedTuple):
    """The part of a GPU's memory that one server takes, and where that is written."""

    part: float
    node: Node | None


def shares(engine: Engine) -> list[Share] | None:
    """Those of all servers of a container; None for a single one, or where that is not known."""
    lines = [engine.commandline, *engine.commandline.beside]
    if len(lines) < 2 or _DEVICES in engine.env_names:
        return None
    found = [_share(line, engine) for line in lines]
    known = [share for share in found if share is not None]
    return known if len(known) == len(found) else None


def _share(line: CommandLine, engine: Engine) -> Share | None:
    if _DEVICES in line.environment or any(line.flag(name) for name in _INSTEAD):
        return None
    flag = line.flag(_OPTION)
    if flag is None:
        option = facts.described(_OPTION, engine.version)
        default = None if option is None else option.default
        return Share(default, None) if isinstance(default, float) else None
    try:
        part = float(flag.value or "")
    except ValueError:
        return None
    return Share(part, flag.value_node) if 0 < part <= 1 else None
