"""Multi-node predictors: `workerSpec` in runtime and InferenceService, split over head and workers.

Mirrors pkg/controller/v1beta1/inferenceservice/components/predictor.go:473-717 and
reconcilers/deployment/deployment_reconciler.go:75-120,182-216,407-448 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Failure
from kslint.model.kserve import names
from kslint.model.kserve.workload import (
    Built,
    controller_origin,
    merged_container,
    of_runtime,
    pod_of_runtime,
    with_variables,
)
from kslint.model.kubernetes.pod import container_named, containers
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.model.tree import put, strategic_merge, without
from kslint.source.nodes import Map, Seq, made

if TYPE_CHECKING:
    from kslint.model.kserve.runtimes import Runtime
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import Node, Origin

GPU_TYPES = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi")
EXECUTOR_BACKEND = "multinode/executor-backend"
GENERATION = "1"
"""A new InferenceService is at its first generation; names of headless Services carry it."""
GENERATION_LABEL = "isvc.generation"

_FILE = "components/predictor.go:473-717"


class Split(NamedTuple):
    """How many nodes serve one model, and with how many GPUs each. `error` excludes the rest."""

    nodes: int = 1
    worker_gpus: int = 0
    head_gpus: int = 0
    error: str = ""


class Group(NamedTuple):
    """The head's pod spec, the workers' and the number of workers; or why there are none."""

    head: Built
    worker: Map | None = None
    replicas: int = 0


def split(isvc: Map, head: Map, runtime: Runtime | None, settings: Settings) -> Group:
    """Divide a multi-node predictor into head and workers. A custom one has no runtime."""
    predictor = isvc.at("spec", "predictor")
    asked = None if predictor is None else predictor.get("workerSpec")
    given = None if runtime is None else of_runtime(runtime).get("workerSpec")
    if runtime is None or asked is None or given is None:
        message = "runtime error: invalid memory address or nil pointer dereference (the runtime has no workerSpec)"  # noqa: E501
        node = asked or isvc
        return Group(Built(None, (Failure("controller", message, node, "no-worker-spec"),)))
    base = container_named(given, names.WORKER_CONTAINER)
    if base is None:
        message = f"failed to find {names.WORKER_CONTAINER} in ServingRuntime containers"
        return Group(Built(None, (Failure("controller", message, asked, "no-worker-container"),)))
    own = next(iter(containers(asked)), Map({}))
    pod = pod_of_runtime(given, settings)
    overrides = asked if isinstance(asked, Map) else Map({})
    overrides = without(overrides, "containers", "pipelineParallelSize", "tensorParallelSize")
    merged = strategic_merge(pod, overrides)
    assert isinstance(merged, Map)
    worker = put(merged, ("containers",), Seq([merged_container(base, own, settings)]))
    pipeline = _size(asked, given, "pipelineParallelSize", 1)
    tensor = _size(asked, given, "tensorParallelSize", 1)
    backend = runtime.spec.string("annotations", EXECUTOR_BACKEND)
    if backend == "mp" and settings.has("multi-node-by-processes"):
        division = Split(pipeline, tensor, tensor)
    else:
        division = ray_split(pipeline * tensor, _gpus(head), _gpus(worker))
    if division.error:
        failure = Failure("controller", division.error, asked, "invalid-gpu-allocation")
        return Group(Built(None, (failure,)))
    sizes = {"PIPELINE_PARALLEL_SIZE": str(pipeline), "TENSOR_PARALLEL_SIZE": str(tensor)}
    return _arranged(isvc, head, worker, division, sizes, settings)


def ray_split(total: int, head: int, worker: int) -> Split:
    """computeRayNodeAndGPUs: nodes and GPUs for a world of `total` ranks.

    `head` and `worker` are the GPUs that the containers ask for; 0 for none.
    """
    if worker > 0:
        nodes = -(-total // worker)
        if head > 0 and -(-total // head) == 1:
            nodes = 1
        if head == 0:
            head = total - worker * (nodes - 1)
        if nodes == 1:
            worker, head = 0, total
    elif head > 0:
        worker = 1
        nodes = max(total - head, 0) + 1
    else:
        return Split(total, 1, 1)
    if total > head + worker * (nodes - 1):
        error = (
            f"the total required number of GPUs({total}) is less than the number of GPUs "
            f"assigned to the head node({head}) + worker node({worker * (nodes - 1)})"
        )
        return Split(error=error)
    return Split(nodes, worker, head)


def _arranged(
    isvc: Map,
    head: Map,
    worker: Map,
    division: Split,
    sizes: dict[str, str],
    settings: Settings,
) -> Group:
    """Both pod specs with the environment and the GPUs that the split gives them."""
    name = isvc.string("metadata", "name") or ""
    nodes = {"RAY_NODE_COUNT": str(division.nodes)}
    first = {**sizes, **nodes, "REQUEST_GPU_COUNT": str(division.head_gpus), "MODEL_NAME": name}
    uri = isvc.string("spec", "predictor", "model", "storageUri") or ""
    if uri.startswith(("pvc://", "oci://")):
        first["MODEL_DIR"] = names.MODEL_MOUNT_PATH
    informed = settings.has("workers-know-the-division")
    others = {
        **nodes,
        "REQUEST_GPU_COUNT": str(division.worker_gpus),
        **(sizes if informed else {}),
        "ISVC_NAME": name,
        "HEAD_SVC": f"{name}-head-{GENERATION}",
        **({"WORKER_SVC": f"{name}-workers-{GENERATION}"} if informed else {}),
    }
    head = _fitted(head, names.PREDICTOR_CONTAINER, first, division.head_gpus)
    worker = _fitted(worker, names.WORKER_CONTAINER, others, division.worker_gpus)
    return Group(Built(head), worker, division.nodes - 1)


def _fitted(pod: Map, container: str, variables: dict[str, str], gpus: int) -> Map:
    origin = controller_origin("the multi-node arrangement", _FILE)
    changed = [
        _with_gpus(with_variables(item, variables, origin), gpus, origin)
        if isinstance(item, Map) and item.string("name") == container
        else item
        for item in containers(pod)
    ]
    return put(pod, ("containers",), Seq(changed))


def _with_gpus(container: Map, gpus: int, origin: Origin) -> Map:
    """addGPUResourceToDeployment: the same count as limit and as request."""
    kind = next((kind for kind in GPU_TYPES if _amount(container, kind)), GPU_TYPES[0])
    for side in ("limits", "requests"):
        container = put(container, ("resources", side, kind), made(str(gpus), origin))
    return container


def _amount(container: Node, kind: str) -> int:
    for side in ("limits", "requests"):
        quantity = parse_or_none(container.string("resources", side, kind))
        if quantity is not None and quantity.whole():
            return quantity.whole()
    return 0


def _gpus(pod: Node) -> int:
    """GPUs that the first container requests."""
    first = next(iter(containers(pod)), None)
    for kind in GPU_TYPES:
        text = None if first is None else first.string("resources", "requests", kind)
        quantity = parse_or_none(text)
        if quantity is not None:
            return quantity.whole()
    return 0


def _size(asked: Node, given: Node, field: str, default: int) -> int:
    return asked.integer(field) or given.integer(field) or default
