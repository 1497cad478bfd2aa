"""Who asks a model server of the input for a model, and under which name.

Source: LiteLLM v1.80 litellm/types/router.py (`model_list`) and
litellm/litellm_core_utils/get_llm_provider_logic.py: what precedes the first slash is the provider.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.answer import Known
from kslint.model.endpoints import listeners, selected
from kslint.model.engines.vllm.adapters import adapter_names
from kslint.model.gateway.pools import KIND, members
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.engines.vllm.engine import Engine
    from kslint.model.kubernetes.selection import Pods
    from kslint.model.model import Model
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_PAIR = re.compile(r"[\"']?(model|api_base)[\"']?\s*:\s*[\"']?([^\s\"',}]+)")
_PROVIDER = re.compile(r"(?:openai|hosted_vllm|text-completion-openai|openai_like|vllm)/")
_HOST = re.compile(
    r"https?://([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?\.?)?)?(?::\d+)?(?:/|$)"
)


class Client(NamedTuple):
    """A model that somebody asks a Service for, and the names that its servers know."""

    resource: Resource
    node: Node
    name: str
    service: Resource
    """The Service, or the InferencePool, before the servers."""
    served: tuple[str, ...]


def clients(model: Model) -> Iterator[Client]:
    """Those that lead to vLLM servers of the input: entries of LiteLLM, and targets of pools."""
    yield from _of_pools(model)
    for resource in model.of_kind("ConfigMap", ""):
        data = resource.body.get("data")
        for _, node in () if data is None else data.items():
            if "api_base" in (node.text or ""):
                yield from _of_litellm(resource, node, model.graph)


def _of_pools(model: Model) -> Iterator[Client]:
    """The names under which an inference gateway asks the servers of a pool."""
    for kind, targets in _TARGETS.items():
        for resource in model.of_kind(kind):
            spec = resource.spec
            name = None if spec is None else spec.string("poolRef", "name")
            if spec is None or not name or not resource.group.startswith("inference."):
                continue
            namespace = model.graph.namespace_of(resource)
            found = model.graph.find(KIND, name, namespace, asker=resource).resources
            served = _served_by(members(found[0], model.graph)) if len(found) == 1 else None
            for node in targets(spec) if served is not None else ():
                if served is not None and node.text and not opaque(node.text):
                    yield Client(resource, node, node.text, found[0], served)


def _of_model(spec: Node) -> list[Node]:
    """Without targets the name that clients give goes on to the server as it is."""
    targets = [name for one in spec.listed("targetModels") if (name := one.get("name"))]
    own = spec.get("modelName")
    return targets or ([] if own is None else [own])


def _of_rewrite(spec: Node) -> list[Node]:
    return [
        name
        for rule in spec.listed("rules")
        for target in rule.listed("targets")
        if (name := target.get("modelRewrite"))
    ]


_TARGETS = {"InferenceModel": _of_model, "InferenceModelRewrite": _of_rewrite}
"""gateway-api-inference-extension v0.5.1 api/v1alpha2 and v1.2.0 apix/v1alpha2."""


def _of_litellm(resource: Resource, node: Node, graph: Graph) -> Iterator[Client]:
    parts = Parts(node)
    for name, start, base in _entries(node.text or ""):
        service = _service(base, resource, graph)
        served = None if service is None else _served_by(selected(service, graph))
        if service is not None and served is not None:
            part = parts.part(start, start + len(name))
            asked = name[name.index("/") + 1 :]
            yield Client(resource, part, asked, service, served)


def _entries(text: str) -> Iterator[tuple[str, int, str]]:
    """Models that are asked for by name: as written, where, and the address beside it."""
    found: dict[str, tuple[str, int]] = {}
    depth, at = -1, 0
    for line in [*text.splitlines(keepends=True), ""]:
        stripped = line.lstrip()
        indent = len(line) - len(stripped)
        item = stripped.startswith("- ")
        indent += 2 * item
        if item or not line or (indent != depth and stripped[:1] not in ("", "#")):
            yield from _entry(found)
            found, depth = {}, indent
        pairs = list(_PAIR.finditer(line))
        for pair in pairs if not stripped.startswith("#") else ():
            found[pair[1]] = (pair[2], at + pair.start(2))
        at += len(line)


def _entry(found: dict[str, tuple[str, int]]) -> Iterator[tuple[str, int, str]]:
    name, start = found.get("model", ("", 0))
    if "api_base" in found and _PROVIDER.match(name):
        yield name, start, found["api_base"][0]


def _service(address: str, asker: Resource, graph: Graph) -> Resource | None:
    """The Service that an address inside the cluster names, if the input has it."""
    match = _HOST.match(address)
    if match is None:
        return None
    namespace = match[2] or graph.namespace_of(asker)
    found = graph.find("Service", match[1], namespace, asker=asker).resources
    return found[0] if len(found) == 1 else None


def _served_by(several: Iterable[Pods]) -> tuple[str, ...] | None:
    """The names of all servers in some pods; None where one is not known."""
    names: list[str] = []
    for pods in several:
        engines = [each.engine for each in listeners(pods.pod_spec) if each.engine is not None]
        known = [_names(engine) for engine in engines]
        if len(known) != 1 or known[0] is None:
            return None
        names += known[0]
    return tuple(dict.fromkeys(names)) or None


def _names(engine: Engine) -> tuple[str, ...] | None:
    served, own = engine.served_names, adapter_names(engine)
    return (*served.value, *own) if isinstance(served, Known) and own is not None else None
