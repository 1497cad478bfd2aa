"""Where a predictor's model comes from, and whether the server finds it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model.answer import Known
from kslint.model.downloads import lasts
from kslint.model.engines.vllm.adapters import adapters
from kslint.model.engines.vllm.arguments import parse_arguments
from kslint.model.engines.vllm.engine import read_engine
from kslint.model.engines.vllm.image import is_upstream, read_image
from kslint.model.engines.vllm.words import item_words
from kslint.model.kserve import names
from kslint.model.kserve.pod_webhook import admitted_pod
from kslint.model.kserve.storage.sources import model_sources
from kslint.model.kubernetes.pod import (
    container_named,
    environment,
    init_containers,
    mount_of,
    mounts,
    volumes,
)
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.kserve.isvc import Component
    from kslint.model.workload import Server
    from kslint.source.nodes import Node

_IN_IMAGE = ("/vllm-workspace/", "/usr/", "/opt/")
"""Where vLLM's images keep files of their own, chat templates among them."""


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
            stored.at("storageUris", 0),
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
        return engine.model.kind == "path" and _below_mount(engine.model.text)
    places = [server.get("args"), server.get("command")]
    texts = [node.text or "" for place in places if place is not None for node in walk(place)]
    texts += [variable.value or "" for variable in environment(server).values()]
    return any(names.MODEL_MOUNT_PATH in text for text in texts)


def _below_mount(path: str) -> bool:
    return path == names.MODEL_MOUNT_PATH or path.startswith(names.MODEL_MOUNT_PATH + "/")


def argument_beside_storage(component: Component) -> Iterator[Problem]:
    """A `--model` or `--model_dir` that does not point where storage puts the model."""
    sources = model_sources(component) if component.name == "predictor" else []
    if not sources:
        return
    stored = component.stored
    pod_spec = component.built.pod_spec or stored
    server = container_named(pod_spec, names.PREDICTOR_CONTAINER) or stored.get("model")
    named = None if server is None else _named_model(server, pod_spec)
    if named is None or server is None:
        return
    text, node, flag, huggingface = named
    paths = {source.mount_path.rstrip("/") or "/" for source in sources}
    if any(text.rstrip("/") == path or text.startswith(path + "/") for path in paths):
        return
    above = text.rstrip("/") + "/"
    if any(path.startswith(above) for path in paths) and not _reads_one_directory(server, pod_spec):
        return
    yield Problem(
        node,
        variant="huggingface" if huggingface and not flag.endswith("dir") else "default",
        related=[(sources[0].uri, "what is put there is named here")],
        flag=flag,
        value=text,
        mount=sources[0].mount_path,
    )


def _reads_one_directory(server: Node, pod_spec: Node) -> bool:
    """Does a server look for its model in the very directory that it is given?

    The servers of sklearn, xgboost and lightgbm serve each directory below it as a model of its
    own, where they find no model in it; what others do is not known.
    """
    if read_engine(server, pod_spec) is not None:
        return True
    return read_image(server.string("image") or "").name in _ONE_DIRECTORY


_ONE_DIRECTORY = ("paddleserver", "pmmlserver")
"""KServe's servers that do (python/{paddleserver,pmmlserver}/**/__main__.py @v0.19.0)."""


def _named_model(server: Node, pod_spec: Node) -> tuple[str, Node, str, bool] | None:
    """The model a server's arguments name: text, place, flag, and is it KServe's own server?

    Of other servers than vLLM only what looks like a path or a repository counts, since `--model`
    may be a mere name there.
    """
    engine = read_engine(server, pod_spec)
    if engine is not None and engine.kind == "vllm":
        model = engine.model
        known = model.kind in ("hub", "path", "remote") and model.node is not None
        return (model.text, model.node, "--model", False) if known and model.node else None
    flags = parse_arguments(item_words(server, "args", environment(server))).flags
    for flag in reversed(flags):
        given = flag.name in ("model", "model-dir") and flag.known and flag.value_node is not None
        if given and flag.value and flag.value_node and ("/" in flag.value or engine is not None):
            return flag.value, flag.value_node, flag.written, engine is not None
    return None


def path_not_mounted(server: Server) -> Iterator[Problem]:
    """A path of a model, adapter or chat template that no volumeMount of the container covers."""
    workload = server.workload
    pod_spec: Node | None = workload.pod_spec
    if workload.component is not None:
        pod_spec = admitted_pod(workload.component)
    container = _same(server.container, pod_spec)
    if pod_spec is None or container is None:
        return
    own = [mount.path for mount in mounts(container, pod_spec)]
    for what, path, node in _paths(server.engine):
        brought = workload.resource.kind == "LLMInferenceService" and _below_mount(path)
        if brought or mount_of(path, container, pod_spec):  # model.uri is put below /mnt/models
            continue
        if not is_upstream(server.engine.image) and (
            what == "chat template" or _may_be_in_image(container, pod_spec)
        ):
            continue
        yield Problem(
            node,
            variant="elsewhere" if own else "default",
            related=[(container.get("volumeMounts"), "what is mounted")],
            what=what,
            path=path,
            container=container.string("name") or "",
            mounts=", ".join(f"`{one}`" for one in own),
        )


def _paths(engine: Engine) -> Iterator[tuple[str, str, Node]]:
    """The absolute paths that a server is given, but for those of files in vLLM's own image."""
    model = engine.model
    if model.kind == "path" and model.text.startswith("/") and model.node is not None:
        yield "model", model.text, model.node
    for adapter in adapters(engine):
        if adapter.kind == "path" and adapter.text.startswith("/") and adapter.node is not None:
            yield "adapter", adapter.text, adapter.node
    template = engine.value("chat-template")
    if isinstance(template, Known) and template.node is not None:
        path = template.value
        if path.startswith("/") and not path.startswith(_IN_IMAGE) and "{" not in path:
            yield "chat template", path, template.node


def _same(container: Node, pod_spec: Node | None) -> Node | None:
    """The container as the pod webhook leaves it."""
    return container_named(pod_spec, container.string("name") or "")


def _may_be_in_image(container: Node, pod_spec: Node) -> bool:
    """Could a private image itself hold the model? Not where volumes are there to bring one."""
    filled = {
        mount.volume_name
        for other in init_containers(pod_spec)
        for mount in mounts(other, pod_spec)
    }
    declared = volumes(pod_spec)
    bringing = [name for name, node in declared.items() if lasts(node) or name in filled]
    claimed = [mount for mount in mounts(container, pod_spec) if mount.volume is None]
    return not bringing and not claimed
