"""Where a predictor's model comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.kserve import names
from kslint.model.pod import container_named, environment
from kslint.model.vllm.engine import read_engine
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.isvc import Component
    from kslint.source.nodes import Node


def runtime_without_storage(component: Component) -> Iterator[Problem]:
    """`predictor.model` on a runtime that serves from an empty /mnt/models."""
    model = component.stored.get("model")
    if component.name != "predictor" or model is None or _has_storage(component):
        return
    if _is_fed_by_trained_models(component):
        return
    at = component.written.get("model") or _framework_block(component) or model
    runtime = component.runtime
    format_name = model.string("modelFormat", "name") or ""
    if runtime is None:
        if component.choice.unknown and format_name != "huggingface" and model.string("runtime"):
            yield Problem(
                at,
                variant="unknown",
                severity="warning",
                runtime=model.string("runtime"),
                format=format_name,
            )
        return
    server = container_named(component.built.pod_spec, names.PREDICTOR_CONTAINER)
    if server is not None and _serves_mount(server, component):
        yield Problem(
            at,
            variant="huggingface" if format_name == "huggingface" else "default",
            runtime=runtime.name,
            format=format_name,
        )


def _has_storage(component: Component) -> bool:
    stored = component.stored
    return any(
        node is not None and not node.is_null
        for node in (
            stored.at("model", "storageUri"),
            stored.at("model", "storage"),
            stored.get("storageUris"),
        )
    )


def _is_fed_by_trained_models(component: Component) -> bool:
    """A multi-model server on purpose: TrainedModel objects bring the models one by one."""
    owner = component.owner
    return any(
        trained.spec is not None and trained.spec.string("inferenceService") == owner.resource.name
        for trained in owner.graph.of_kind("TrainedModel", names.GROUP)
    )


def _framework_block(component: Component) -> Node | None:
    """The legacy key (`sklearn:` and the like) that the webhook turned into `model`."""
    for framework in names.FRAMEWORKS:
        block = component.written.get(framework)
        if block is not None:
            return block
    return None


def _serves_mount(server: Node, component: Component) -> bool:
    """Will the server look for its model under /mnt/models?"""
    engine = read_engine(server, component.built.pod_spec)
    if engine is not None:
        model = engine.model
        if engine.kind == "huggingfaceserver":
            return model.kind == "default" or _below_mount(model.text)
        return model.kind == "path" and _below_mount(model.text)
    places = [server.get("args"), server.get("command")]
    texts = [node.text or "" for place in places if place is not None for node in walk(place)]
    texts += [variable.value or "" for variable in environment(server).values()]
    return any(names.MODEL_MOUNT_PATH in text for text in texts)


def _below_mount(path: str) -> bool:
    return path == names.MODEL_MOUNT_PATH or path.startswith(names.MODEL_MOUNT_PATH + "/")
