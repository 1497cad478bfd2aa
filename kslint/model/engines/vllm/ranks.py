"""The ranks of a server that share a pod, and the host memory that they pin.

Sources: vllm/config/parallel.py, cache.py and offload.py v0.23.0 (GiB, and what is counted for each
GPU); LMCache v0.3 lmcache/v1/config.py, lmcache/v1/storage_backend/local_cpu_backend.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Known, Unknown
from kslint.model.engines.vllm.image import is_fork
from kslint.model.kubernetes.pod import accelerator
from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from kslint.model.engines.vllm.engine import Engine
    from kslint.source.nodes import Node

_NCCL_DEVICES = ("nvidia.com/gpu", "amd.com/gpu")
_LMCACHE = "LMCACHE_MAX_LOCAL_CPU_SIZE"


class Ranks(NamedTuple):
    """Processes of one pod that talk through NCCL, or RCCL.

    `split`: they share one model (TP, PP), and are not copies of it (DP). `node` is the option.
    """

    number: int
    split: bool
    node: Node


def sharing_ranks(engine: Engine) -> Ranks | None:
    """Two ranks or more in one pod, each on its GPU; None where it is not known that there are."""
    gpus = _gpus(engine)
    executor = engine.flag("distributed-executor-backend")
    lent = executor is not None and executor.value == "ray"
    if gpus == 0 or (lent and gpus is None):  # the ranks run on GPUs of other pods
        return None
    names = ("tensor-parallel-size", "pipeline-parallel-size")
    found = _product(engine, names, gpus)
    if found is not None:
        return Ranks(found[0], True, found[1])
    local = engine.flag("data-parallel-size-local") is not None
    found = _product(engine, ("data-parallel-size" + ("-local" if local else ""),), gpus)
    return None if found is None else Ranks(found[0], False, found[1])


def _product(engine: Engine, names: tuple[str, ...], gpus: int | None) -> tuple[int, Node] | None:
    """The product of options where it is 2 or more in one pod, and the first that is."""
    count, at = 1, None
    for name in names:
        flag = engine.flag(name)
        if flag is None:
            continue
        if flag.value is None or not flag.value.isascii() or not flag.value.isdigit():
            return None
        size = int(flag.value[:6])
        count *= size
        if size > 1 and at is None:
            at = flag.node
    count = count if gpus is None else min(count, gpus)
    return (count, at) if at is not None and count > 1 else None


def _gpus(engine: Engine) -> int | None:
    """The GPUs of the container; None where that is not known, 0 where its devices are others."""
    if engine.device != "gpu" or is_fork(engine.image):
        return 0
    limits = engine.container.at("resources", "limits")
    asked = [] if limits is None else [pair for pair in limits.items() if accelerator(pair[0])]
    if any(name not in _NCCL_DEVICES for name, _ in asked):
        return 0
    counts = [parse_or_none(amount.text) for _, amount in asked]
    known = [count.whole() for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


class Pinned(NamedTuple):
    """Host memory in GiB that a server takes at start, by one option or variable."""

    gib: float
    name: str
    node: Node | None


def pinned(engine: Engine) -> list[Pinned]:
    """All of it that is known, the largest part first."""
    found = []
    tensor = engine.tensor_parallel
    ranks = tensor.value if isinstance(tensor, Known) else 1
    for name, times in (("cpu-offload-gb", max(ranks, 1)), ("kv-offloading-size", 1)):
        answer = engine.value(name)
        size = _number(answer.value) if isinstance(answer, Known) else None
        if isinstance(answer, Known) and size:
            found.append(Pinned(size * times, f"--{name}", answer.node))
    answer = engine.env(_LMCACHE)
    size = _number(answer.value) if isinstance(answer, Known) else None
    if isinstance(answer, Known) and size and _uses_lmcache(engine):
        found.append(Pinned(size, _LMCACHE, answer.node))
    return sorted(found, key=lambda one: -one.gib)


def _uses_lmcache(engine: Engine) -> bool:
    """Is LMCache certainly the connector, and is it set up by variables?"""
    given = engine.env("LMCACHE_CONFIG_FILE")
    if isinstance(given, Unknown) or (isinstance(given, Known) and given.value):
        return False
    answers = [engine.value(name) for name in ("kv-transfer-config", "kv-offloading-backend")]
    return any(isinstance(one, Known) and "lmcache" in one.value.lower() for one in answers)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
