"""vLLM on CPU: cores, threads, memory and flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.quantity import parse, parse_or_none
from kslint.model.vllm.answer import Known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.workload import Server

_TWO_CORES = parse("2")


def too_few_cores(server: Server) -> Iterator[Problem]:
    """A CPU engine limited to under two cores, or asking for fewer without a limit."""
    if server.engine.device != "cpu":
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
                variant=side if written else "injected",
                severity=severity,
                workload=server.resource.name,
                cores=cores,
                origin="" if origin is None else origin.root.text,
            )
        return


def omp_bind_all(server: Server) -> Iterator[Problem]:
    """VLLM_CPU_OMP_THREADS_BIND=all, which is no CPU list."""
    bind = server.engine.env("VLLM_CPU_OMP_THREADS_BIND")
    if not isinstance(bind, Known) or bind.value.strip() != "all" or bind.node is None:
        return
    version = server.engine.version
    old = version is not None and version < (0, 20)
    yield Problem(
        bind.node,
        variant="old" if old else "default",
        severity="warning" if old else None,
        version=".".join(map(str, version)) if version is not None else "",
    )
