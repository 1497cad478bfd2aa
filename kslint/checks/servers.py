"""Model servers and their accelerators: are there as many as they take, and are they used?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Absent, Known
from kslint.model.engines.server import EITHER, POD
from kslint.model.engines.vllm.builds import dropped_from
from kslint.model.engines.vllm.image import is_cuda, is_staged
from kslint.model.engines.vllm.sharing import shares
from kslint.model.kubernetes.accelerators import devices, past_kubernetes, pod_devices
from kslint.model.kubernetes.capacity import demand
from kslint.model.kubernetes.gpus import of_pod, of_pools
from kslint.model.kubernetes.quantity import parse, parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.server import Need
    from kslint.model.kubernetes.accelerators import Devices
    from kslint.model.workload import ModelServer, Server, Workload
    from kslint.source.nodes import Node

_AMPERE = (8, 0)
"""The capability from which on a GPU computes in bfloat16."""
_KSERVES_MEMORY = parse("2Gi")


def parallel_over_devices(server: ModelServer) -> Iterator[Problem]:
    """More ranks than the pod, or with Ray the pods that work together, have devices."""
    found = _counted(server)
    if found is None:
        return
    need, limit = found
    group = server.workload.group
    together = _together(server.workload) if need.among != POD else None
    there = limit.number if need.among == POD else together
    if there is None or need.number <= there:
        return
    size = "" if group is None else group.size
    yield Problem(
        need.node or limit.node,
        variant="default" if need.among == POD else "group",
        related=[(limit.node, f"the limit of {limit.number} is set here")],
        workload=server.resource.name,
        container=server.name,
        engine=server.engine.name,
        ranks=need.number,
        sizes=need.text,
        there=there,
        resource=limit.resource,
        size=size,
    )


def devices_over_parallel(server: ModelServer) -> Iterator[Problem]:
    """More devices than the one server of a container takes."""
    found = _counted(server)
    if found is None:
        return
    need, limit = found
    if need.among != POD or server.workload.group is not None or limit.number <= need.number:
        return
    image = server.engine.image
    if not image.family or is_staged(image):  # with parts that kslint does not know
        return
    if not isinstance(server.engine.env("CUDA_VISIBLE_DEVICES"), Absent):
        return
    yield Problem(
        limit.node,
        related=[(need.node, f"the server takes {need.number}")],
        workload=server.resource.name,
        container=server.name,
        engine=server.engine.name,
        ranks=need.number,
        sizes=f" ({need.text})" if need.text else "",
        there=limit.number,
        idle=limit.number - need.number,
        resource=limit.resource,
    )


def _counted(server: ModelServer) -> tuple[Need, Devices] | None:
    """What a server takes and what its container has, where both are known."""
    need = server.engine.need
    if need is None or server.engine.image.device == "cpu" or _is_multi_node(server.workload):
        return None
    limit = devices(server.container)
    if not isinstance(limit, Known):
        return None
    if need.among == EITHER and server.workload.group is None:
        return None
    return need, limit.value


def _is_multi_node(workload: Workload) -> bool:
    """An InferenceService with workers: KServe makes a Ray cluster of its pods."""
    component = workload.component
    return component is not None and component.group.worker is not None


def _together(workload: Workload) -> int | None:
    """The devices of all pods of a LeaderWorkerSet; None where that is not known."""
    group = workload.group
    if group is None or group.size is None or not group.members:
        return None
    counts = [pod_devices(member) for member in group.members]
    leader, worker = counts[0], counts[-1]
    if leader is None or worker is None:
        return None
    return leader + worker * (group.size - 1)


def image_without_device(server: ModelServer) -> Iterator[Problem]:
    """A server built for GPUs in a container that gets none; a CPU build in one that does."""
    engine, container = server.engine, server.container
    limit = devices(container)
    image = container.get("image")
    if engine.image.device == "cpu":
        if isinstance(limit, Known) and limit.value.number:
            yield Problem(
                limit.value.node,
                variant="idle",
                severity="warning",
                related=[(image, "the image is built for CPUs")],
                workload=server.resource.name,
                container=server.name,
                resource=limit.value.resource,
            )
        return
    if not isinstance(limit, Absent) or not _looks_for_cuda(server) or _has_neighbour(server):
        return
    if image is None or image.place is None or _may_get_devices(server):
        return
    yield Problem(
        container.nearest("resources"),
        severity="warning" if engine.kind == "tgi" else None,
        related=[(image, "the image is built for GPUs")],
        workload=server.resource.name,
        container=server.name,
        engine=engine.name,
    )


def _may_get_devices(server: ModelServer) -> bool:
    """May it have devices without asking for them, or those of other pods, through Ray?"""
    workload = server.workload
    if workload.group is not None and workload.group.kind == "ray":
        return True
    return workload.has_given_resources or past_kubernetes(server.container, workload.pod_spec)


def _looks_for_cuda(server: ModelServer) -> bool:
    """Is it a build that finds no device on a CPU, and is it told no other?"""
    engine = server.engine
    return engine.device == engine.image.device == "gpu" and is_cuda(engine.image)


def _has_neighbour(server: ModelServer) -> bool:
    """Has another vLLM server of the pod a GPU? Then the two are two-servers-on-one-gpu's."""
    own = server.workload.servers
    return server in own and any(
        other is not server and isinstance(devices(other.container), Known) for other in own
    )


def dtype_not_on_gpu(server: Server) -> Iterator[Problem]:
    """bfloat16 on a GPU before Ampere, and a GPU that the image has no kernels for."""
    engine, pod_spec = server.engine, server.workload.pod_spec
    if engine.device != "gpu" or not is_cuda(engine.image):
        return
    gpus = of_pod(pod_spec) or of_pools(server.pools, demand(pod_spec), pod_spec)
    if not gpus:
        return
    best = max(gpus, key=lambda gpu: gpu.capability)
    since = dropped_from(best.capability, engine)
    image, dtype = engine.container.get("image"), engine.dtype
    variant, severity, at = "default", None, None
    if since is not None:
        variant, at = "image" if since else "never", image
        advice = "run an older image, or another GPU" if since else "choose a newer GPU"
    elif isinstance(dtype, Known) and dtype.value == "bfloat16" and best.capability < _AMPERE:
        advice = "write `half`, or choose a GPU from Ampere on"
        severity, at = None if engine.backend_certain else "warning", dtype.node
    if at is not None and at.place is not None:
        yield Problem(
            at,
            variant=variant,
            severity=severity,
            related=[(best.node, "the GPU is chosen here")],
            gpu=best.name,
            capability=f"{best.capability[0]}.{best.capability[1]}",
            since=since,
            advice=advice,
        )


def servers_share_device(server: Server) -> Iterator[Problem]:
    """Two servers in a pod, and a GPU for one."""
    container, engine = server.container, server.engine
    limit = devices(container)
    if isinstance(limit, Absent):
        if _has_neighbour(server) and _looks_for_cuda(server) and not _may_get_devices(server):
            yield _second_without(server)
        return
    if not isinstance(limit, Known) or limit.value.number != 1:
        return
    taken = shares(engine)
    if taken is None or sum(share.part for share in taken) <= 1:
        return
    last = taken[-1]
    yield Problem(
        last.node or _command(container),
        related=[(limit.value.node, "one GPU")],
        workload=server.resource.name,
        container=server.name,
        count=len(taken),
        parts=" and ".join(f"{share.part:g}" for share in taken),
    )


def _second_without(server: Server) -> Problem:
    pod = server.workload
    owner = next(
        one
        for one in pod.servers
        if one is not server and isinstance(devices(one.container), Known)
    )
    return Problem(
        server.container.nearest("resources"),
        variant="second",
        related=[(owner.container.at("resources", "limits"), "only this container has a GPU")],
        workload=server.resource.name,
        container=server.name,
        other=owner.name,
    )


def _command(container: Node) -> Node:
    return container.get("args") or container.get("command") or container


def memory_by_default(server: ModelServer) -> Iterator[Problem]:
    """A GPU of the user's, beside a memory limit that KServe or a runtime put there."""
    container = server.container
    limit = container.at("resources", "limits", "memory")
    gpus = devices(container)
    origin = None if limit is None else limit.origin
    amount = None if limit is None else parse_or_none(limit.text)
    if origin is None or amount is None or not isinstance(gpus, Known):
        return
    if server.workload.has_given_resources:
        return
    if amount > _KSERVES_MEMORY or gpus.node is None or gpus.node.origin is not None:
        return
    yield Problem(
        gpus.node,
        related=[(limit, "the limit comes from here")],
        workload=server.resource.name,
        limit=amount,
        origin=origin.root.text,
    )
