"""The pools of pods of an LLMInferenceService: decode, prefill and the workers of each.

Mirrors pkg/controller/v1alpha2/llmisvc/workload_{single,multi}_node.go @v0.19.0. The rendered
result of a preset's shell script is not modelled: `Pool.serving` says what is known of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve.llm import configs as llm_configs
from kslint.model.kserve.llm.configs import present
from kslint.model.kubernetes.capacity import demand
from kslint.model.kubernetes.pod import accelerator, container_named
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kserve.llm.configs import Serving
    from kslint.model.kserve.llm.spec import MergedSpec
    from kslint.model.kubernetes.capacity import Demand
    from kslint.source.nodes import Node

MAIN_CONTAINER = "main"


class Parallelism(NamedTuple):
    """Sizes as written; None where unset or not known. `expert` is expert parallelism."""

    tensor: int | None
    pipeline: int | None
    data: int | None
    data_local: int | None
    expert: bool

    @property
    def by_data(self) -> bool:
        return (self.data or 0) > 0 or (self.data_local or 0) > 0

    @property
    def by_pipeline(self) -> bool:
        return (self.pipeline or 0) > 0

    @property
    def size(self) -> int | None:
        """Pods that work as one: data / dataLocal, else pipeline; None if neither is set.

        Source: llm_inference_service_types_func.go:78-93.
        """
        if self.by_data:
            return max(max(self.data or 1, 1) // max(self.data_local or 1, 1), 1)
        return self.pipeline if self.by_pipeline else None


def own_sizes(service: MergedSpec) -> tuple[int, ...]:
    """The sizes that the webhook holds against those before, main and prefill, by the own spec.

    Source: validateImmutableParallelism, llm_inference_service_validation.go:320-349 @v0.19.0.
    """
    body = service.resource.body
    blocks = [body.get("spec"), body.at("spec", "prefill")]
    found = []
    for block in blocks:
        if block is not None:
            pipeline, data, local = (
                block.integer("parallelism", field) for field in ("pipeline", "data", "dataLocal")
            )
            found.append(Parallelism(None, pipeline, data, local, expert=False).size or 1)
    return tuple(found)


class Pool:
    """Pods made from one pod template: main (or decode), worker, prefill or prefill-worker.

    Values that a config outside the input may decide are None.
    """

    def __init__(self, owner: MergedSpec, name: str, path: tuple[str, ...], pod: str):
        self.owner = owner
        self.name = name
        self.path = path
        """The block of the spec it belongs to: () or ("prefill",)."""
        self.pod = pod
        """The field its pod spec stands in: template or worker."""

    @property
    def block(self) -> Node:
        """Where the user writes replicas and parallelism, or the nearest block around it."""
        return self.owner.resource.body.nearest("spec", *self.path)

    @property
    def home(self) -> Node:
        """The mapping in which the user writes the pod, else the block a template belongs to."""
        written = self.block.get(self.pod)
        return written if isinstance(written, Map) else self.block

    @cached_property
    def pod_spec(self) -> Map | None:
        """The effective pod spec, without what the storage adds; None if it is not known.

        `<script>` in a command stands for a preset's shell script.
        """
        effective = self.owner.effective
        found = None if effective is None else effective.at(*self.path, self.pod)
        if not isinstance(found, Map):
            return None
        known = llm_configs.rendered(found, self.owner.template_values, self.owner.tls)
        return known if isinstance(known, Map) else None

    @cached_property
    def container(self) -> Node | None:
        """The effective container `main`, the one that presets define."""
        return container_named(self.pod_spec, MAIN_CONTAINER)

    @cached_property
    def serving(self) -> Serving | None:
        """What the preset's script serves; None if another command runs or it is not known."""
        command = None if self.container is None else self.container.get("command")
        words = [] if command is None else [item.text for item in command.elements()]
        if llm_configs.SCRIPT not in words:
            return None
        place = ".".join((*self.path, self.pod))
        found = [c.serving[place] for c in self.owner.presets or () if place in c.serving]
        return found[-1] if found else None

    @cached_property
    def parallelism(self) -> Parallelism:
        def size(field: str) -> int | None:
            node = self.size_node(field)
            return None if node is None else node.integer()

        expert = self._look("parallelism", "expert")
        return Parallelism(
            size("tensor"),
            size("pipeline"),
            size("data"),
            size("dataLocal"),
            expert is not None and expert.boolean() is True,
        )

    def size_node(self, field: str) -> Node | None:
        """Where a size of `parallelism` is written, by what is known; null counts as not."""
        return self._look("parallelism", field)

    @property
    def multi_node(self) -> bool:
        """True if the pods belong to a LeaderWorkerSet, by what is known."""
        return present(self.owner.known, *self.path, "worker")

    @cached_property
    def group_size(self) -> int | None:
        """Pods in a LeaderWorkerSet group, leader included; None without one or if unknown."""
        if not self.multi_node:
            return None
        size = self.parallelism.size
        return 1 if size is None and self.owner.complete else size

    @property
    def scaled(self) -> bool:
        """True if an autoscaler sets the replicas."""
        return present(self.owner.known, *self.path, "scaling")

    @cached_property
    def replicas(self) -> int | None:
        """The most replicas (groups, with workers): scaling.maxReplicas, replicas, or 1."""
        field = ("scaling", "maxReplicas") if self.scaled else ("replicas",)
        node = self._look(*field)
        if node is not None:
            return node.integer()
        return 1 if self.owner.effective is not None and not self.scaled else None

    @cached_property
    def pods(self) -> int | None:
        """The most pods of this template: replicas, times the workers in a group."""
        if self.replicas is None or not self.multi_node:
            return self.replicas
        if self.pod == "template":
            return self.replicas
        if self.group_size is None or self.owner.effective is None:
            return None
        leaders = 1 if present(self.owner.effective, *self.path, "template") else 0
        return self.replicas * (self.group_size - leaders)

    @cached_property
    def gpus(self) -> int | None:
        """Accelerators of container `main` in one pod; 0 if it asks for none.

        What the user writes decides even where the preset is not known.
        """
        if self.owner.effective is not None:
            return 0 if self.container is None else _accelerators(self.container)
        own = container_named(self.owner.known.at(*self.path, self.pod), MAIN_CONTAINER)
        count = 0 if own is None else _accelerators(own)
        return count or None

    @cached_property
    def demand(self) -> Demand | None:
        """What the scheduler counts for one pod, without the storage initializer."""
        return None if self.pod_spec is None else demand(self.pod_spec)

    @cached_property
    def total_gpus(self) -> int | None:
        """Accelerators of all its pods at their most; None if unknown."""
        each = self.gpus
        if each is not None and self.demand is not None:
            each = sum(n for name, n in self.demand.extended.items() if accelerator(name))
        return None if each is None or self.pods is None else each * self.pods

    def _look(self, *path: str) -> Node | None:
        """A scalar of the pool's block by what is known; None also where it is not settled.

        An own value wins over every config, so it is known even if a config is not.
        """
        source = self.owner.effective or self.owner.stored.get("spec")
        node = None if source is None else source.at(*self.path, *path)
        return None if node is None or node.is_null else node


def _accelerators(container: Node) -> int | None:
    """Accelerators a container asks for, the limit first; None if an amount is no quantity."""
    amounts: dict[str, Node] = {}
    for side in ("requests", "limits"):
        node = container.at("resources", side)
        amounts.update({} if node is None else dict(node.items()))
    total = 0
    for name, value in amounts.items():
        if accelerator(name):
            amount = parse_or_none(value.text)
            if amount is None:
                return None
            total += amount.whole()
    return total
