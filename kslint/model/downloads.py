"""Weights that a pod fetches from the Hugging Face hub when it starts, and what could spare that.

Sources: vLLM v0.23.0 vllm/transformers_utils/repo_utils.py:204-226 (a name that is no path is a
repository), huggingface_hub constants.py v1.10.0 (where the cache is), KServe v0.19.0
python/storage/kserve_storage/kserve_storage.py:544-568 (hf://).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import ABSENT, Known, Unknown
from kslint.model.engines.hub import TOKENS
from kslint.model.engines.vllm.caches import HUB
from kslint.model.engines.vllm.commandline import read_commandline
from kslint.model.engines.vllm.engine import Engine
from kslint.model.engines.vllm.image import is_released, is_upstream, read_image
from kslint.model.kserve import names
from kslint.model.kserve.storage.sources import DROPPED, model_sources, storage_identity
from kslint.model.kubernetes.pod import (
    containers,
    environment,
    has_env_from,
    init_containers,
    mount_of,
    mounts,
)
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.answer import Answer
    from kslint.model.engines.server import ServerEngine
    from kslint.model.kserve.isvc import Component, InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.workload import Workload
    from kslint.resources import Resource
    from kslint.source.nodes import Node

    Lookup = Callable[[str], Answer[str]]

LASTING, SCRATCH, UNSURE = "lasting", "scratch", "unsure"
"""Where files go: a volume that outlives the pod, the pod itself, or nobody can tell."""

_LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet")
_OWN_FILES = ("emptyDir", "configMap", "secret", "downwardAPI", "projected", "ephemeral")
_OLD_CACHE_VARIABLE = "TRANSFORMERS_CACHE"
"""Where transformers, and older releases of the hub's client, keep what they load."""
_GATED = re.compile(
    r"(?:meta-llama|mistralai|black-forest-labs|bigcode)/"
    r"|google/(?:gemma|codegemma|paligemma|shieldgemma|recurrentgemma|medgemma|t5gemma)"
    r"|(?:CohereForAI|CohereLabs)/(?:c4ai|aya)|databricks/dbrx|nvidia/Llama|stabilityai/stable",
    re.IGNORECASE,
)
"""Families whose authors want a licence accepted, so that nobody reads them without a token."""
_DEFAULT_CACHE = "/root/.cache/huggingface/hub"
_NAMES = 20
"""Other names of one function that a script may give it."""
_IMPORT = re.compile(r"\bsnapshot_download\s+as\s+(\w+)")
_TOOL = re.compile(r"\b(?:huggingface-cli|hf)\s+download\b[^\n;&|]*")
_TARGET = re.compile(r"(?:local|cache)[-_]dir[\"']?[\s=:,\"']+([^\s\"',)]+)")
_REPOSITORY = re.compile(r"[\"'\s=(]([\w.-]+/[\w.-]+)(?=[\"'\s,)]|$)")


class Download(NamedTuple):
    """One download at start.

    `kind`: model (the server's own name of a repository), uri (an hf:// URI), script (a command),
    offline (a repository that the server may not fetch, and no volume can hold). `text` is the
    repository or the URI, `token` what gives it a token, `place` where the weights go: they come
    once into what is LASTING.
    """

    resource: Resource
    node: Node
    kind: str
    text: str
    token: Node | None = None
    place: str = SCRATCH

    @property
    def gated(self) -> bool:
        """Can it not be read without a token, by its family?"""
        return _GATED.match(self.text.removeprefix("hf://")) is not None


def downloads(
    services: Iterable[InferenceService],
    llm_services: Iterable[LLMInferenceService],
    workloads: Iterable[Workload],
) -> Iterator[Download]:
    """Every download from the hub that the input's own workloads do at start."""
    for service in services:
        for component in service.components:
            yield from _of_uris(component)
    for llm in llm_services:
        yield from _of_llm(llm)
    for workload in workloads:
        yield from _of_workload(workload)


def _of_uris(component: Component) -> Iterator[Download]:
    token: Node | None = None
    for source in model_sources(component):
        text = source.uri.text or ""
        if source.scheme != "hf" or source.kind == DROPPED:
            continue
        if is_cached(component.owner.graph, text):
            continue
        if token is None:
            token = _initializer_token(component)
        yield Download(component.owner.resource, source.uri, "uri", text, token)


def is_cached(graph: Graph, uri: str) -> bool:
    """Does a LocalModelCache hold this model? (MatchStorageURI, local_model_cache_types.go)"""
    for kind in ("LocalModelCache", "LocalModelNamespaceCache"):
        for resource in graph.of_kind(kind, names.GROUP):
            source = resource.body.string("spec", "sourceModelUri") or ""
            if source and (uri == source or uri.startswith(source.rstrip("/") + "/")):
                return True
    return False


def _initializer_token(component: Component) -> Node | None:
    """The token of an hf:// URI: a Secret of the account; the server's own does not reach it."""
    identity = storage_identity(component)
    if identity is None or not any(use.kind == "hf" for use in identity.secrets):
        return None
    return identity.account_node


def _of_llm(llm: LLMInferenceService) -> Iterator[Download]:
    token = None
    pods = [
        llm.resource.body.at("spec", *path) for path in (("template",), ("prefill", "template"))
    ]
    for container in (c for pod in pods for c in containers(pod)):
        token = token or _token_item(container)
    for storage in (llm.storage, *llm.adapters):
        if storage is None or storage.scheme != "hf" or not storage.downloads:
            continue
        if not is_cached(llm.graph, storage.uri):
            yield Download(llm.resource, storage.node, "uri", storage.uri, token)


def _token_item(container: Node) -> Node | None:
    variables = environment(container)
    for name in TOKENS:
        if name in variables and variables[name].value != "":
            return variables[name].node
    return None


def _of_workload(workload: Workload) -> Iterator[Download]:
    engines = {id(server.container): server.engine for server in workload.model_servers}
    for container in containers(workload.pod_spec):
        engine = engines.get(id(container)) or _huggingface(container)
        if engine is not None:
            yield from _of_engine(workload, engine)
    if workload.component is None and not engines and workload.resource.kind not in _LONG_RUNNING:
        return
    for container in (*init_containers(workload.pod_spec), *containers(workload.pod_spec)):
        yield from _of_script(workload, container)


def _huggingface(container: Node) -> Engine | None:
    """KServe's server on another backend than vLLM: it fetches its `--model_id` all the same."""
    image = read_image(container.string("image") or "")
    if image.family != "huggingfaceserver":
        return None
    commandline = read_commandline(container, image)
    return Engine(container, image, commandline) if commandline.program else None


def _of_engine(workload: Workload, engine: ServerEngine) -> Iterator[Download]:
    model, container = engine.model, engine.container
    repository = model.kind == "hub" and "/" in model.text
    if model.node is None or not (repository or model.text.startswith("hf://")):
        return
    if _elsewhere(engine.env) or _is_relative_path(model.text, workload, container):
        return
    offline, place = engine.offline, _weights_place(engine, workload.pod_spec)
    if isinstance(offline, Unknown):
        return
    if isinstance(offline, Known) and offline.value:
        if place == SCRATCH and is_upstream(engine.image) and not _is_filled(engine, workload):
            yield Download(workload.resource, model.node, "offline", model.text)
        return
    token = engine.hf_token
    yield Download(
        workload.resource,
        model.node,
        "model",
        model.text,
        token.node if isinstance(token, Known) else None,
        place,
    )


def _weights_place(engine: ServerEngine, pod_spec: Node) -> str:
    """Where the weights go: into `--download-dir`, else into the hub's cache."""
    given = engine.value("download-dir")
    if isinstance(given, Unknown):
        return UNSURE
    if isinstance(given, Known) and given.value.startswith("/"):
        return _place(given.value, engine.container, pod_spec)
    place = cache_place(engine.env, engine.container, pod_spec)
    return UNSURE if place == SCRATCH and _may_last(engine, pod_spec) else place


def _may_last(engine: ServerEngine, pod_spec: Node) -> bool:
    """May a volume be the cache, by variables that are not seen: the image's, or of envFrom?"""
    seen = is_released(engine.image) and not has_env_from(engine.container)
    if seen or engine.kind not in ("sglang", "tgi"):
        return False
    return any(lasts(mount.volume) for mount in mounts(engine.container, pod_spec))


def _is_relative_path(text: str, workload: Workload, container: Node) -> bool:
    """Could `org/name` be a directory? An existing path goes before a repository."""
    home = container.string("workingDir")
    return home is not None and mount_of(f"{home}/{text}", container, workload.pod_spec) is not None


def _is_filled(engine: ServerEngine, workload: Workload) -> bool:
    """Can an init container have put the model into a volume, or is the weights' folder set?"""
    if engine.flag("download-dir") is not None:
        return True
    own = {m.volume_name for m in mounts(engine.container, workload.pod_spec)}
    return any(
        mount.volume_name in own
        for container in init_containers(workload.pod_spec)
        for mount in mounts(container, workload.pod_spec)
    )


def _elsewhere(env: Lookup) -> bool:
    """True if another hub than huggingface.co is asked, or that cannot be told."""
    endpoint = env("HF_ENDPOINT")
    for name in ("VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE"):
        scope = env(name)
        if isinstance(scope, Known) and scope.value.lower() in ("true", "1"):
            return True
    if isinstance(endpoint, Known):
        return bool(endpoint.value) and "huggingface.co" not in endpoint.value
    return isinstance(endpoint, Unknown) and endpoint.node is not None


def cache_place(env: Lookup, container: Node, pod_spec: Node) -> str:
    """Where the hub's cache is: LASTING, SCRATCH or UNSURE (huggingface_hub constants.py)."""
    for name, suffix in HUB:
        answer = env(name)
        if isinstance(answer, Unknown) and answer.node is not None:
            return UNSURE
        if isinstance(answer, Known) and answer.value:
            return _place(answer.value + suffix, container, pod_spec)
    old = env(_OLD_CACHE_VARIABLE)
    if isinstance(old, Known) and _place(old.value, container, pod_spec) == LASTING:
        return LASTING
    own = [mount for mount in mounts(container, pod_spec) if "/.cache" in mount.path]
    if any(lasts(mount.volume) for mount in own):
        return LASTING  # of whichever home the image's user has
    return _place(_DEFAULT_CACHE, container, pod_spec)


def _place(path: str, container: Node, pod_spec: Node) -> str:
    mount = mount_of(posixpath.normpath(path), container, pod_spec)
    return LASTING if mount is not None and lasts(mount.volume) else SCRATCH


def lasts(volume: Node | None) -> bool:
    """Does a volume outlive the pod? One that is not declared is a StatefulSet's claim."""
    return volume is None or not any(volume.get(kind) is not None for kind in _OWN_FILES)


def _of_script(workload: Workload, container: Node) -> Iterator[Download]:
    calls = list(_calls(container))
    if not calls:
        return
    env = _lookup(container)
    offline = env("HF_HUB_OFFLINE")
    switched_off = isinstance(offline, Known) and offline.value.upper() in (
        "1",
        "ON",
        "YES",
        "TRUE",
    )
    if switched_off or _elsewhere(env):
        return
    for node, call, name in calls:
        if _destination(call, env, container, workload.pod_spec) == SCRATCH:
            yield Download(workload.resource, node, "script", name, _token_item(container))


def _lookup(container: Node) -> Lookup:
    variables, open_ended = environment(container), has_env_from(container)

    def answer(name: str) -> Answer[str]:
        variable = variables.get(name)
        if variable is None:
            return Unknown("envFrom may set it") if open_ended else ABSENT
        if variable.value is None:
            return Unknown("its value is set elsewhere", variable.node)
        return Known(variable.value, variable.node)

    return answer


def _calls(container: Node) -> Iterator[tuple[Node, str, str]]:
    """Commands that download from the hub: place, arguments, and the repository as written."""
    items = [
        item
        for field in ("command", "args")
        if (listed := container.get(field)) is not None
        for item in listed.elements()
    ]
    for index, item in enumerate(items):
        text = item.text or ""
        following = items[index + 1 : index + 2]
        is_tool = posixpath.basename(text) in ("hf", "huggingface-cli")
        if is_tool and following and following[0].text == "download":
            call = " ".join(other.text or "" for other in items[index:])
            yield item, call, _repository(call)
        else:
            yield from _calls_in(item, text)


def _repository(*texts: str) -> str:
    """The first `org/name` in texts; what stands there instead is not known."""
    matches = (_REPOSITORY.search(text) for text in texts)
    return next((match[1] for match in matches if match is not None), "a model")


def _calls_in(item: Node, text: str) -> Iterator[tuple[Node, str, str]]:
    """Downloads in a script, shell or Python; those of local files, datasets and comments not."""
    if "download" not in text:
        return
    parts = Parts(item)
    known = "|".join({"snapshot_download", *_IMPORT.findall(text)[:_NAMES]})
    # the span of a call's arguments ends at the first closing parenthesis
    patterns = (re.compile(rf"(?<![\w.])(?:\w+\.)?(?:{known})\s*\([^)]*\)?"), _TOOL)
    for pattern in patterns:
        for match in pattern.finditer(text):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            call = " " + match[0]
            ignored = "local_files_only=True" in call or "dataset" in call
            if not ignored and not line.lstrip().startswith("#"):
                yield parts.part(match.start(), match.end()), call, _repository(call, text)


def _destination(call: str, env: Lookup, container: Node, pod_spec: Node) -> str:
    target = _TARGET.search(call)
    if target is None:
        place = cache_place(env, container, pod_spec)
    elif target[1].startswith("/") and "$" not in target[1]:
        place = _place(target[1], container, pod_spec)
    else:
        place = UNSURE
    if place != UNSURE:
        return place
    lasting = any(lasts(mount.volume) for mount in mounts(container, pod_spec))
    return UNSURE if lasting else SCRATCH
