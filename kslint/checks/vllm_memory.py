"""vLLM's memory on the host: what its ranks share, and what it pins."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Absent, Known
from kslint.model.engines.vllm.engine import GIB
from kslint.model.engines.vllm.ranks import pinned, sharing_ranks
from kslint.model.kubernetes.memory import memory_limit, shared_memory, tmpfs_limits
from kslint.model.kubernetes.quantity import BINARY, Quantity, parse, parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.workload import Server
    from kslint.source.nodes import Node

_ENOUGH, _HOPELESS = parse("1Gi"), parse("256Mi")


def shm_too_small(server: Server) -> Iterator[Problem]:
    """Ranks that share a pod, and hardly a /dev/shm for what they say to each other."""
    engine = server.engine
    ranks = sharing_ranks(engine)
    if ranks is None or not isinstance(engine.env("NCCL_SHM_DISABLE"), Absent):
        return
    size = shared_memory(server.container, server.workload.pod_spec)
    if not isinstance(size, Known) or size.value >= _ENOUGH:
        return
    certain = ranks.split and size.value < _HOPELESS
    yield Problem(
        size.node or _mounts_beside(ranks.node, server.container),
        variant="default" if size.node is None else "limited",
        severity=None if certain else "warning",
        related=[(ranks.node, f"{ranks.number} ranks in one pod")],
        ranks=ranks.number,
        size=size.value,
    )


def _mounts_beside(option: Node, container: Node) -> Node:
    """Where the missing mount belongs, if that is in the file in which the option is written."""
    here, there = option.place, container.nearest("volumeMounts").place
    same = here is not None and there is not None and here.file == there.file
    return container.nearest("volumeMounts") if same else option


def pinned_over_limit(server: Server) -> Iterator[Problem]:
    """Memory that the server is told to pin, and is not allowed to take."""
    parts = pinned(server.engine)
    written = server.container.at("resources", "limits", "memory")
    limit = None if written is None else parse_or_none(written.text)
    total = sum((Fraction(part.gib) for part in parts), Fraction(0)) * GIB
    if written is not None and limit is not None and total > limit.amount > 0:
        first, *others = parts
        yield Problem(
            first.node or server.container,
            related=[
                *((part.node, f"{part.gib:g} GiB more") for part in others),
                (written, "the memory limit"),
            ],
            name=first.name,
            gib=f"{float(total) / GIB:g}",
            limit=limit,
            workload=server.resource.name,
        )
    yield from _tmpfs_over_limit(server)


def _tmpfs_over_limit(server: Server) -> Iterator[Problem]:
    spec = server.workload.pod_spec
    limit = memory_limit(spec)
    for path, node, size in tmpfs_limits(server.container, spec):
        if limit is not None and size > limit:
            yield Problem(
                node,
                variant="tmpfs",
                severity="warning",
                path=path,
                size=size,
                limit=Quantity(limit.amount, BINARY),
            )
