"""LLMInferenceServices: the presets they are made from, sizes nobody reads, their way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.graph.graph import ABSENT
from kslint.model.gateway.gateways import gateways
from kslint.model.gateway.switches import takes_no_pools
from kslint.model.kserve.llm.configs import stock
from kslint.model.kubernetes.pod import container_named, environment
from kslint.model.platform.llm_crds import only_classic
from kslint.model.platform.presets import (
    SWITCH,
    controllers,
    preset_charts,
    presets_are_left_out,
)
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.llm.configs import Config
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.model import Model
    from kslint.source.nodes import Node

_SHOWN = 3
_MAIN = "main"
_FLAGS = {
    "pipeline": ("--pipeline-parallel-size", "-pp"),
    "tensor": ("--tensor-parallel-size", "-tp"),
}
_TENSOR_SINCE, _PRESETS_SINCE = "0.20", "0.17"
_VARIABLE = "VLLM_ADDITIONAL_ARGS"


def presets_missing(model: Model) -> Iterator[Problem]:
    """Services that need presets which nothing in the input brings."""
    yield from once(_presets_missing(model))


def _presets_missing(model: Model) -> Iterator[Problem]:
    graph = model.graph
    needing = [(s, missing) for s in model.llm_services if (missing := _missing(s, shipped=True))]
    installed = controllers(graph) if needing else []
    if installed and model.config.cluster.complete is not False and presets_are_left_out(graph):
        related = [
            (s.resource.body.at("metadata", "name"), f"needs `{missing[0].name}`")
            for s, missing in needing[:_SHOWN]
        ]
        for source in [*preset_charts(graph), *installed][:1]:
            switched = source not in installed
            at = source.node.nearest("helm", "valuesObject", *SWITCH) if switched else source.node
            yield Problem(
                at if switched else source.node.get("chart") or source.node,
                variant="switched-off" if switched else "default",
                related=related,
                about=source.application.resource,
                preset=needing[0][1][0].name,
                service=needing[0][0].resource.name,
            )
    for service in model.llm_services:
        for config in _missing(service, shipped=False):
            body = service.resource.body
            path = ("prefill",) if "-prefill-" in config.name else ()
            yield Problem(
                body.nearest("spec", *path, "parallelism", "pipeline"),
                variant="unshipped",
                severity=None if config.answer == ABSENT else "warning",
                about=service.resource,
                preset=config.name,
                service=service.resource.name,
            )


def crds_missing(model: Model) -> Iterator[Problem]:
    """LLMInferenceServices, where only the CRDs of InferenceServices are installed."""
    chart = only_classic(model) if model.llm_services else None
    if chart is None:
        return
    for service in model.llm_services:
        kind = service.resource.body.get("kind")
        if kind is not None and model.graph.evidence.reaches(
            service.resource, chart.application.resource
        ):
            yield Problem(
                kind,
                about=service.resource,
                related=[(chart.node.get("chart"), "brings the other CRDs")],
                service=service.resource.name,
                chart=chart.chart,
                version=chart.revision,
            )


def _missing(service: LLMInferenceService, shipped: bool) -> list[Config]:
    """The presets of a service that the input does not show."""
    found = [] if service.stopped else service.presets or []
    known = bool(stock(service.settings.profile))
    return [c for c in found if known and c.resource is None and c.shipped is shipped]


def size_ignored(model: Model) -> Iterator[Problem]:
    """A parallel size on one node that the preset does not hand to vLLM."""
    for service in model.llm_services:
        if service.shape is None or not service.settings.at_least(_PRESETS_SINCE):
            continue
        if any(config.resource is not None for config in service.presets or ()):
            continue  # presets of one's own may read any field
        for path in ((), ("prefill",)):
            block = service.shape.at(*path) if path else service.shape
            if isinstance(block, Map) and not isinstance(block.get("worker"), Map):
                yield from _ignored(service, path, block)


def _ignored(service: LLMInferenceService, path: tuple[str, ...], block: Map) -> Iterator[Problem]:
    written = service.resource.body.at("spec", *path, "parallelism")
    for field, flags in _FLAGS.items():
        node = None if written is None else written.get(field)
        size = None if written is None else written.integer(field)
        if node is None or size is None or size < 2 or _is_handed_over(block, flags):
            continue
        if field == "tensor" and service.settings.at_least(_TENSOR_SINCE):
            continue
        yield Problem(
            node, variant=field, about=service.resource, size=size, flag=flags[0],
            version=service.settings.version,
        )  # fmt: skip


def _is_handed_over(block: Map, flags: tuple[str, ...]) -> bool:
    """Does the service run a command of its own, or name the option itself?"""
    main = container_named(block.get("template"), _MAIN)
    if main is None:
        return False
    variable = environment(main).get(_VARIABLE)
    if main.listed("command") or (variable is not None and variable.value is None):
        return True
    texts = [item.text or "" for item in main.listed("args")]
    texts += [variable.value or ""] if variable is not None else []
    return any(flag in text.replace("_", "-") for text in texts for flag in flags)


def scheduler_without_gateway(model: Model) -> Iterator[Problem]:
    """A scheduler whose InferencePool no Gateway of the input takes."""
    for service in model.llm_services:
        router = service.router
        if service.stopped or router.scheduler is None or router.route is None:
            continue
        named = [t.lookup.found for t in router.gateways]
        every = [g for g in gateways(model) if not model.graph.evidence.illustrates(g)]
        found = [g for g in (named or every) if g is not None]
        if len(found) < len(named):
            continue
        lacking = [takes_no_pools(gateway, model) for gateway in found]
        if found and all(lacking):
            yield Problem(
                _scheduler(service),
                related=[
                    (g.body.at("spec", "gatewayClassName"), f"`{g.name}` is served by {name}")
                    for g, name in zip(found[:_SHOWN], lacking, strict=False)
                ],
                about=service.resource,
                controllers=" and ".join(sorted(set(lacking))),
                service=service.resource.name,
            )


def _scheduler(service: LLMInferenceService) -> Node:
    return service.resource.body.nearest("spec", "router", "scheduler")
