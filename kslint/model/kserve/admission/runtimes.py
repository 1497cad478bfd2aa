"""What KServe's webhooks refuse of runtimes, graphs and trained models.

Mirrors pkg/webhook/admission/servingruntime/servingruntime_webhook.go, pkg/validation and
pkg/apis/serving/v1alpha1/{inference_graph_validation,trainedmodel_webhook}.go @v0.19.0.
"""

from __future__ import annotations

import re
from collections import Counter
from heapq import merge
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

from kslint.model.kserve import names
from kslint.model.kserve.admission.components import given, refused, said
from kslint.model.kserve.runtimes import Runtime, stock
from kslint.model.kubernetes.admission.field_errors import child, opaque
from kslint.model.kubernetes.pod import containers
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.answer import Failure
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import Node

NAME_PATTERN = "[a-z]([-a-z0-9]*[a-z0-9])?"
"""Names of InferenceServices and InferenceGraphs (IsvcNameFmt, GraphNameFmt)."""
_MODEL_NAME = "[a-zA-Z0-9_-]+"
_AGENT_SCHEMES = ("s3://", "gs://", "https://", "http://")
"""SupportedProtocols, pkg/agent/storage/provider.go."""
_BLOCKED = ("PYTHONPATH",)
_GPU_ANNOTATION = "serving.kserve.io/gpu-resource-types"
_GPU_TYPES = frozenset({"nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi"})
_BASIC_RESOURCES = frozenset({"cpu", "memory", "storage", "ephemeral-storage"})


_Selected = tuple[str, "str | None", int, str]
"""A format's name, its version, and the priority with which it is selected."""


class UnknownGpu(NamedTuple):
    """A resource that is no known GPU, or (`message`) an annotation that cannot be read."""

    node: Node
    message: str = ""


def blocked_variables(
    servers: Iterable[Node], prefix: str, name: str | None = None
) -> Iterator[Failure]:
    """ValidateBlockedEnvVars over containers, whose `name` may be known otherwise."""
    for server in servers:
        for item in server.listed("env"):
            variable = item.string("name")
            if variable in _BLOCKED:
                shown = server.string("name") or "" if name is None else name
                message = (
                    f'{prefix}setting {variable} in container "{shown}" is not allowed for '
                    "security reasons"
                )
                yield refused(message, child(item, "name"), "blocked-variable")


def parallel_variables(container: Node, prefix: str) -> Iterator[Failure]:
    """Variables that KServe sets itself where a workerSpec is given."""
    items = container.listed("env")
    for variable in ("PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE"):
        for item in items:
            if item.string("name") == variable:
                message = f"{prefix}setting {variable} in environment variables is not allowed"
                yield refused(message, child(item, "name"), "parallel-size-variable")
                break


def parallel_sizes(worker: Node, prefix: str) -> Iterator[Failure]:
    """Sizes of a workerSpec are at least 1. `prefix` ends in WorkerSpec."""
    for field in ("pipelineParallelSize", "tensorParallelSize"):
        size = worker.integer(field)
        if size is not None and size < 1:
            message = f"{prefix}.{field[0].upper()}{field[1:]} cannot be less than 1({size})"
            yield refused(message, child(worker, field), "parallel-size-below-one")


def unknown_gpu(
    container: Node, annotations: Node | None, settings: Settings | None
) -> UnknownGpu | None:
    """HasUnknownGpuResourceType: a resource that is neither basic nor a declared GPU.

    GPUs are declared by KServe, by the ConfigMap's multiNode.customGPUResourceTypeList, and by
    an annotation (pkg/utils/utils.go:336-430 @v0.19.0).
    """
    known = _GPU_TYPES | _BASIC_RESOURCES
    extra = None if settings is None else settings.get("multiNode", "customGPUResourceTypeList")
    known |= {item.text or "" for item in ([] if extra is None else extra.elements())}
    node, text = given(annotations, _GPU_ANNOTATION), said(annotations, _GPU_ANNOTATION)
    if text is None:
        return None
    if node is not None and text:
        listed = _gpu_list(text)
        if listed is None:
            message = (
                f"invalid GPU format({text}) for {_GPU_ANNOTATION} annotation: "
                "must be a valid JSON array"
            )
            return UnknownGpu(node, message)
        known |= set(listed)
    for side in ("limits", "requests"):
        amounts = container.at("resources", side)
        for name, amount in () if amounts is None else amounts.items():
            if name not in known and not opaque(name):
                return UnknownGpu(amount)
    return None


def _gpu_list(text: str) -> list[str] | None:
    """A JSON array of at least one string, none of them empty; else None."""
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not value:
        return None
    return value if all(isinstance(item, str) and item for item in value) else None


def runtime_rejections(
    resource: Resource, graph: Graph | None = None, settings: Settings | None = None
) -> list[Failure]:
    """Every rejection of a ServingRuntime or ClusterServingRuntime, in the webhook's order.

    Of two runtimes of the input that clash, the later one is refused. Runtimes that the input
    does not hold, stock ones among them, are not held against it. Never raises.
    """
    new = Runtime(resource, False)
    if new.disabled:
        return []
    found: list[Failure] = []
    neighbours = None if graph is None else _Neighbours.of(resource, graph)
    if graph is not None and neighbours is not None and neighbours.any(resource, graph):
        found += _formats(new)
        rivals = (_clash(new, one, graph) for one in neighbours.rivals(new, graph))
        found += next((clash for clash in map(list, rivals) if clash), [])
    prefix = f"the {resource.kind} {resource.name} is invalid: "
    worker = given(new.spec, "workerSpec")
    if isinstance(worker, Map):
        found += _worker(new, worker, prefix, settings)
    if settings is None or settings.has("pythonpath-refused"):
        prefix = f'the {resource.kind} "{resource.name}" is invalid: '
        found += blocked_variables(containers(new.spec), prefix)
        found += blocked_variables(containers(worker), prefix)
    return found


class _Neighbours:
    """The runtimes of a kind and namespace, by what they select.

    One counts for another where both meet in one cluster, and each is written once: copies are for
    several clusters.
    """

    _known: ClassVar[WeakKeyDictionary[Graph, dict[tuple[str, str], _Neighbours]]] = (
        WeakKeyDictionary()
    )

    def __init__(self, there: list[Resource]) -> None:
        self._there = there
        self._written = Counter((one.name, one.namespace) for one in there)
        self._numbers = {id(one): number for number, one in enumerate(there)}
        self._selecting: dict[_Selected, list[Runtime]] = {}
        for one in there:
            runtime = Runtime(one, False)
            for key in _selected(runtime):
                self._selecting.setdefault(key, []).append(runtime)

    @classmethod
    def of(cls, resource: Resource, graph: Graph) -> _Neighbours | None:
        """Those of a runtime's own kind and namespace; None where the namespace is not known."""
        namespace = graph.namespace_of(resource)
        if namespace is None:
            return None
        known = cls._known.setdefault(graph, {})
        key = (resource.kind, namespace)
        if key not in known:
            listed = graph.of_namespace(resource.kind, namespace, names.GROUP)
            known[key] = cls([one for one in listed if graph.namespace_of(one) == namespace])
        return known[key]

    def any(self, resource: Resource, graph: Graph) -> bool:
        """Is there another one that meets it?"""
        return any(self._meet(resource, other, graph) for other in self._there)

    def rivals(self, new: Runtime, graph: Graph) -> Iterator[Runtime]:
        """Those before it in the input that select a format with the same priority."""
        groups = [self._selecting[key] for key in _selected(new) if key in self._selecting]
        own = self._numbers.get(id(new.resource), len(self._there))
        for one in merge(*groups, key=lambda each: self._numbers[id(each.resource)]):
            if self._numbers[id(one.resource)] >= own:
                return
            if self._meet(new.resource, one.resource, graph):
                yield one

    def _meet(self, one: Resource, other: Resource, graph: Graph) -> bool:
        written = (self._written[each.name, each.namespace] for each in (one, other))
        return one is not other and set(written) == {1} and graph.belong_together(one, other)


def _selected(runtime: Runtime) -> set[_Selected]:
    """The formats that a runtime selects by itself, each with its priority and a protocol."""
    return {
        (*_format(item), priority, protocol)
        for item in _auto_selected(runtime)
        if (priority := item.integer("priority")) is not None
        for protocol in runtime.protocols
    }


def _auto_selected(runtime: Runtime) -> list[Node]:
    items = runtime.spec.listed("supportedModelFormats")
    return [item for item in items if item.boolean("autoSelect") is True]


def _formats(runtime: Runtime) -> Iterator[Failure]:
    """validateModelFormatPrioritySame: one format, one priority."""
    priorities: dict[str, int | None] = {}
    kind = runtime.resource.kind.lower()
    for item in _auto_selected(runtime):
        name, priority = item.string("name") or "", item.integer("priority")
        if name not in priorities:
            priorities[name] = priority
        elif None not in (priority, priorities[name]) and priority != priorities[name]:
            message = (
                f"different priorities assigned for the model format {name} under the {kind} "
                f"{runtime.name}"
            )
            yield refused(message, child(item, "priority"), "two-priorities")


def _clash(new: Runtime, existing: Runtime, graph: Graph | None) -> Iterator[Failure]:
    """validateServingRuntimePriority: which of two runtimes would be selected?"""
    if new.multi_model != existing.multi_model or existing.disabled or new.name == existing.name:
        return
    if not set(new.protocols) & set(existing.protocols):
        return
    where = f"{new.resource.kind.lower()}s {existing.name} and {new.name}"
    if new.resource.kind == "ServingRuntime" and graph is not None:
        where += f" in namespace {graph.namespace_of(new.resource)}"
    for theirs in _auto_selected(existing):
        for ours in _auto_selected(new):
            priority = ours.integer("priority")
            same = _format(theirs) == _format(ours) and priority == theirs.integer("priority")
            if same and priority is not None:
                name = ours.string("name") or ""
                message = f"same priority assigned for the model format {name} in the {where}"
                yield refused(message, child(ours, "priority"), "same-priority")
                return


def clashes_with_stock(runtime: Runtime, profile: str) -> Iterator[Failure]:
    """What the webhook says to a cluster's runtime where KServe's own ones are installed first."""
    if runtime.resource.kind == "ClusterServingRuntime":
        yield from _formats(runtime)
        for own in stock(profile):
            yield from _clash(runtime, own, None)


def _format(item: Node) -> tuple[str, str | None]:
    return (item.string("name") or "").lower(), item.string("version")


def _worker(
    runtime: Runtime, worker: Map, prefix: str, settings: Settings | None
) -> Iterator[Failure]:
    """As validateMultiNodeSpec."""
    workers = containers(worker)
    if len(workers) > 1:
        message = f"{prefix}setting multiple containers in workerSpec is not allowed"
        yield refused(message, workers[1], "two-worker-containers")
    servers = [c for c in containers(runtime.spec) if c.string("name") == names.PREDICTOR_CONTAINER]
    for server in servers:
        yield from parallel_variables(server, prefix)
    workers = [c for c in workers[:1] if c.string("name") == names.WORKER_CONTAINER]
    for container in (*servers, *workers):
        wrong = unknown_gpu(container, runtime.spec.get("annotations"), settings)
        if wrong is not None:
            name = container.string("name")
            message = wrong.message or f"unknown GPU resource type in a container({name})"
            code = "invalid-gpu-types-annotation" if wrong.message else "unknown-gpu-type"
            yield refused(f"{prefix}{message}", wrong.node, code)
    yield from parallel_sizes(worker, f"{prefix}the WorkerSpec")


def inference_graph_rejections(resource: Resource) -> list[Failure]:
    """Every rejection of an InferenceGraph, in the webhook's order. Never raises."""
    found: list[Failure] = []
    body, name = resource.body, resource.name
    if name and not opaque(name) and not re.fullmatch(NAME_PATTERN, name):
        message = (
            f'The InferenceGraph "{name}" is invalid: a InferenceGraph name must consist of lower '
            "case alphanumeric characters or '-', and must start with alphabetical character. "
            f'(e.g. "my-name" or "abc-123", regex used for validation is \'{NAME_PATTERN}\')'
        )
        found.append(refused(message, body.nearest("metadata", "name"), "invalid-name"))
    nodes = body.at("spec", "nodes")
    if nodes is not None and not isinstance(nodes, Map):
        return found
    if nodes is None or "root" not in nodes.entries:
        message = (
            "root node not found, InferenceGraph needs a node with name 'root' as the root node "
            "of the graph"
        )
        found.append(refused(message, body.nearest("spec", "nodes"), "no-root-node"))
    routers = list(() if nodes is None else nodes.items())
    for check in (_step_names, _step_targets, _weights):
        for router, node in routers:
            found += check(name, router, node)
    return found


def _steps(router: Node) -> list[Node]:
    return [s for s in router.listed("steps") if isinstance(s, Map)]


def _step_names(graph: str, router: str, node: Node) -> Iterator[Failure]:
    seen: set[str] = set()
    for step in _steps(node):
        name = said(step, "name")
        if name and name in seen:
            message = (
                f'Node "{router}" of InferenceGraph "{graph}" contains more than one step with '
                f'name "{name}"'
            )
            yield refused(message, child(step, "name"), "duplicate-step")
        if name:
            seen.add(name)


def _step_targets(graph: str, router: str, node: Node) -> Iterator[Failure]:
    for index, step in enumerate(_steps(node)):
        targets = [f for f in ("nodeName", "serviceName", "serviceUrl") if step.string(f)]
        if len(targets) == 1:
            continue
        what = (
            "specifies more than one of nodeName, serviceName, serviceUrl"
            if targets
            else "does not specify an inference target"
        )
        name = step.string("name") or ""
        message = f'Step {index} ("{name}") in node "{router}" of InferenceGraph "{graph}" {what}'
        where = child(step, targets[1]) if targets else step
        yield refused(message, where, "step-target")


def _weights(graph: str, router: str, node: Node) -> Iterator[Failure]:
    if node.string("routerType") != "Splitter":
        return
    total = 0
    for step in _steps(node):
        if given(step, "weight") is None:
            route = step.string("serviceName") or ""
            message = f"InferenceGraph[{graph}] Node[{router}] Route[{route}] missing the 'Weight'"
            yield refused(message, step, "missing-weight")
            return
        weight = step.integer("weight")
        if weight is None:
            return
        total += weight
    if total != 100:
        message = (
            f"InferenceGraph[{graph}] Node[{router}] splitter node: the sum of traffic weights "
            "for all routing targets should be 100"
        )
        yield refused(message, node, "weights-not-100")


def trained_model_rejections(resource: Resource) -> list[Failure]:
    """Every rejection of a new TrainedModel, in the webhook's order. Never raises."""
    found: list[Failure] = []
    body, name = resource.body, resource.name
    if name and not opaque(name) and not re.fullmatch(_MODEL_NAME, name):
        message = (
            f'the Trained Model "{name}" is invalid: a Trained Model name must consist of '
            "alphanumeric characters, '_', or '-'. (e.g. \"my-Name\" or \"abc_123\", regex used "
            f"for validation is '^{_MODEL_NAME}$')"
        )
        found.append(refused(message, body.nearest("metadata", "name"), "invalid-name"))
    uri = said(body.at("spec", "model"), "storageUri")
    if uri is not None and not uri.startswith(_AGENT_SCHEMES):
        message = (
            f'the Trained Model "{name}" storageUri field is invalid. The storage uri must start '
            f"with one of the prefixes: {', '.join(_AGENT_SCHEMES)}. (the storage uri given is "
            f'"{uri}")'
        )
        node = body.nearest("spec", "model", "storageUri")
        found.append(refused(message, node, "unsupported-storage-uri"))
    return found
