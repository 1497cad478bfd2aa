"""vLLM on CPU: cores, threads, memory and flags."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Absent, Invalid, Known
from kslint.model.engines.vllm.engine import GIB
from kslint.model.engines.vllm.image import version_of
from kslint.model.kubernetes.quantity import parse, parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.model import Model
    from kslint.model.workload import Server
    from kslint.source.nodes import Node

_TWO_CORES = parse("2")
_BIND = "VLLM_CPU_OMP_THREADS_BIND"
_KV_SPACE = "VLLM_CPU_KVCACHE_SPACE"
_BF16_FEATURES = frozenset(("amx", "amx_bf16", "avx512_bf16", "bf16"))
_ELSEWHERE = ("nnodes", "data-parallel-size-local", "headless")
"""Flags that put some of the workers into other pods."""


def _on_cpu(engine: Engine) -> bool:
    """Certainly vLLM, and on CPU: KServe's server may choose another backend by the model."""
    return engine.device == "cpu" and engine.backend_certain


def _reads_cpu_variables(engine: Engine) -> bool:
    """The GPU builds never look at VLLM_CPU_*; a CPU image does, whatever the pod asks for."""
    return engine.device != "gpu" or engine.image.device == "cpu"


def _command(container: Node) -> Node:
    """Where a missing flag belongs: `args`, else `command`, else the container."""
    for field in ("args", "command"):
        node = container.get(field)
        if node is not None and node.place is not None:
            return node
    return container


def too_few_cores(server: Server) -> Iterator[Problem]:
    """A CPU engine limited to under two cores, or asking for fewer without a limit."""
    if not _on_cpu(server.engine):
        return
    for side, severity in (("limits", None), ("requests", "warning")):
        node = server.container.at("resources", side, "cpu")
        if node is None or node.is_null:
            continue
        cores = parse_or_none(node.text)
        if cores is not None and cores < _TWO_CORES:
            origin = node.origin
            written = origin is None or (origin.kind == "runtime" and node.place is not None)
            yield Problem(
                node if written else server.container.nearest("resources", side),
                variant=side if written else f"injected-{side}",
                severity=severity,
                workload=server.resource.name,
                cores=cores,
                origin="" if origin is None else origin.root.text,
            )
        return


def omp_bind_all(server: Server) -> Iterator[Problem]:
    """VLLM_CPU_OMP_THREADS_BIND=all, which is no CPU list."""
    engine = server.engine
    bind = engine.env(_BIND)
    if not isinstance(bind, Known) or bind.value.strip() != "all" or bind.node is None:
        return
    if not _reads_cpu_variables(engine):
        return
    version = engine.version or version_of(engine.image.tag)  # a private build may count as vLLM
    old = version is not None and version < (0, 20)
    yield Problem(
        bind.node,
        variant="old" if old else "default",
        severity="warning" if old else None,
        version=".".join(map(str, version)) if version is not None else "",
    )


def omp_bind_invalid(server: Server) -> Iterator[Problem]:
    """A value of VLLM_CPU_OMP_THREADS_BIND that is no list for each rank."""
    engine = server.engine
    bind = engine.omp_bind
    if not _reads_cpu_variables(engine) or not isinstance(bind, (Known, Invalid)):
        return
    text = bind.text if isinstance(bind, Invalid) else bind.value.value
    if text.strip() == "all" or bind.node is None:
        return
    ranks = engine.ranks
    count = ranks.value if isinstance(ranks, Known) else 1
    if isinstance(bind, Invalid):
        few = bind.error.startswith("AssertionError")
        yield Problem(
            bind.node,
            variant="few" if few else "default",
            value=text,
            given=text.count("|") + 1,
            ranks=count,
            error=bind.error,
        )
        return
    lists = bind.value.binding.lists
    if any(not cores for cores in lists):
        yield Problem(bind.node, variant="empty", value=text, error="OMP_NUM_THREADS=0")
    elif len(lists) > _lists_wanted(engine, count):
        yield Problem(
            bind.node, variant="many", value=text, given=len(lists), ranks=count, error="no message"
        )


def _lists_wanted(engine: Engine, ranks: int) -> int:
    """One list for each worker of the pod; more than anyone writes where that is not known."""
    data = engine.data_parallel
    if not isinstance(data, Known) or not isinstance(engine.ranks, Known):
        return 1 << 30
    return ranks * max(data.value, 1)


def missing_enforce_eager(server: Server) -> Iterator[Problem]:
    """A CPU engine that compiles its model at start."""
    engine = server.engine
    eager, level = engine.enforce_eager, engine.value("optimization-level")
    if not _on_cpu(engine) or not isinstance(eager, Known) or eager.value:
        return
    if isinstance(level, Known) and level.value == "0":
        return
    if engine.version is not None and engine.version < (0, 9):  # it forced eager mode on CPU
        return
    at = eager.node or _command(server.container)
    yield Problem(at, variant="negated" if eager.node else "default", workload=server.resource.name)


def slow_dtype(model: Model) -> Iterator[Problem]:
    """CPU engines that compute in another type than float32."""
    if _has_bf16_nodes(model):
        return
    for server in model.server_templates:
        engine, name = server.engine, server.resource.name
        dtype = engine.dtype
        if not _on_cpu(engine):
            continue
        known = isinstance(dtype, Known)
        if isinstance(dtype, Absent) or (isinstance(dtype, Known) and dtype.value == "auto"):
            if engine.kind == "huggingfaceserver":  # without CUDA it makes float32 of auto
                continue
            at = dtype.node if isinstance(dtype, Known) else None
            at = at or _command(server.container)
            variant = "auto" if known else "unset"
            yield Problem(at, variant=variant, about=server.resource, workload=name, dtype="auto")
        elif isinstance(dtype, Known) and dtype.value != "float32" and dtype.node is not None:
            yield Problem(dtype.node, about=server.resource, workload=name, dtype=dtype.value)


def _has_bf16_nodes(model: Model) -> bool:
    """cluster.nodes[].cpuFeatures of the configuration: is a node told that computes in bf16?"""
    nodes = model.config.cluster.nodes
    features = {feature.lower() for node in nodes for feature in node.cpu_features}
    return bool(features & _BF16_FEATURES)


def kvcache_space_missing(server: Server) -> Iterator[Problem]:
    """A CPU engine that sizes its KV cache by itself."""
    engine = server.engine
    if not _on_cpu(engine) or not isinstance(engine.kv_space, Absent):
        return
    written = engine.env(_KV_SPACE)
    limit = server.container.at("resources", "limits", "memory")
    version = engine.version
    variant = "default"
    if version is not None and version < (0, 13):
        variant = "four"
    elif version is not None and version >= (0, 24):
        variant = "limit"
    yield Problem(
        (written.node if isinstance(written, Known) else None) or server.container.nearest("env"),
        variant=variant,
        related=[(limit, "the memory limit")],
        workload=server.resource.name,
    )


def kvcache_over_limit(server: Server) -> Iterator[Problem]:
    """A KV cache that alone fills the memory limit."""
    engine = server.engine
    space = engine.kv_space
    limit = server.container.at("resources", "limits", "memory")
    if not _on_cpu(engine) or not isinstance(space, Known) or space.node is None or limit is None:
        return
    allowed = parse_or_none(limit.text)
    workers = _workers(engine)
    if (
        allowed is None
        or allowed.amount <= 0
        or Fraction(space.value) * workers * GIB < allowed.amount
    ):
        return
    origin = limit.origin
    yield Problem(
        space.node,
        variant="default" if workers == 1 else "workers",
        related=[(limit.place or (origin and origin.root.span), "the memory limit")],
        workload=server.resource.name,
        space=f"{space.value:g}",
        workers=workers,
        limit=allowed,
        origin="" if origin is None else f" from {origin.root.text}",
    )


def _workers(engine: Engine) -> int:
    """Worker processes in the container: TP x PP x DP; 1 where that is not certain."""
    ranks, data = engine.ranks, engine.data_parallel
    if not isinstance(ranks, Known) or not isinstance(data, Known):
        return 1
    if any(engine.flag(name) is not None for name in _ELSEWHERE):
        return 1
    return max(ranks.value, 1) * max(data.value, 1)
