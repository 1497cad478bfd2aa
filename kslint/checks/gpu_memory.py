"""GPUs that cannot hold the weights, and slices of GPUs that cannot work together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import Problem
from kslint.model.answer import Absent, Known
from kslint.model.engines.server import POD
from kslint.model.engines.vllm.weights import certain_bytes
from kslint.model.kubernetes.accelerators import devices, slices
from kslint.model.kubernetes.capacity import demand
from kslint.model.kubernetes.gpus import memory_of
from kslint.model.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.answer import Answer
    from kslint.model.workload import ModelServer
    from kslint.source.nodes import Node

_GIB = 1 << 30
_ROOM = 0.95
"""Names round: what is 5 percent over by its name may fit."""
_OTHER_PLACES = ("cpu-offload-gb", "offload-backend", "load-format", "data-parallel-size")
"""Options by which weights lie elsewhere, or are of another kind than the name says."""

_NARROW = ("nnodes", "torchao-config", "modelopt-quant", "json-model-override-args")
"""Options of SGLang that do the same."""


class _Memory(NamedTuple):
    """What one device has, in GiB; what it is called, and where it is chosen."""

    amount: int
    name: str
    node: Node | None


def too_small(server: ModelServer) -> Iterator[Problem]:
    """A model whose weights alone exceed the memory of all GPUs that it is spread over."""
    engine, named = server.engine, repository(server)
    need = engine.need
    if named is None or need is None or need.among != POD or engine.device != "gpu":
        return
    if any(not isinstance(engine.value(name), Absent) for name in _OTHER_PLACES):
        return
    if engine.kind in ("sglang", "tgi") and _is_moved(server, need.number):
        return
    dtype, method = engine.dtype, engine.value("quantization")
    if not all(isinstance(told, (Known, Absent)) for told in (dtype, method)):
        return
    size = certain_bytes(named.name, _text(dtype), _text(method))
    memory = _memory(server, need.number)
    if size is None or memory is None or size * _ROOM <= memory.amount * need.number * _GIB:
        return
    yield Problem(
        named.node or engine.container,
        variant="default" if need.number == 1 else "several",
        related=[(memory.node, "the GPU is chosen here")],
        workload=server.resource.name,
        model=named.name,
        size=round(size / _GIB),
        count=need.number,
        gpu=memory.name,
        memory=memory.amount,
        total=memory.amount * need.number,
        option="--num-shard" if engine.kind == "tgi" else "--tensor-parallel-size",
    )


def _is_moved(server: ModelServer, wanted: int) -> bool:
    """May weights of SGLang or TGI be elsewhere than on this pod's GPUs, or narrower than named?

    SGLang has several options that leave parts to the CPU, and spreads a model over nodes; TGI lets
    transformers use every GPU that it sees, where it has no code of its own for a model.
    """
    engine, given = server.engine, devices(server.container)
    if isinstance(given, Known) and given.value.number != wanted:
        return True
    names = [flag.name for flag in engine.commandline.flags]
    return not isinstance(engine.value("quantization"), Absent) or any(
        name in _NARROW or name.startswith("kt-") or "offload" in name for name in names
    )


def _text(answer: Answer[str]) -> str | None:
    return answer.value if isinstance(answer, Known) else None


def _memory(server: ModelServer, wanted: int) -> _Memory | None:
    """What each of the devices has, if the container gets as many as are wanted."""
    found = slices(server.container)
    if found is not None:
        mine = found.number >= wanted
        return _Memory(found.gigabytes, found.resource, found.node) if mine else None
    limit, pod_spec = devices(server.container), server.workload.pod_spec
    if not isinstance(limit, Known) or limit.value.number < wanted:
        return None  # parallel-size-over-gpus speaks of that
    gpu = memory_of(pod_spec, server.pools, demand(pod_spec))
    return None if gpu is None or gpu.memory is None else _Memory(gpu.memory, gpu.name, gpu.node)


def sliced_ranks(server: ModelServer) -> Iterator[Problem]:
    """Ranks that are to talk to each other, on slices of GPUs."""
    found, need = slices(server.container), server.engine.need
    if found is None or need is None or need.number < 2 or need.among != POD:
        return
    few = found.number < need.number
    yield Problem(
        need.node or found.node,
        variant="few" if few else "default",
        related=[(found.node, "the slices are asked for here")],
        workload=server.resource.name,
        engine=server.engine.name,
        ranks=need.number,
        sizes=need.text,
        there=found.number,
        resource=found.resource,
    )
