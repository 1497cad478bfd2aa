"""LLMInferenceServiceConfigs: the presets KServe ships, those of the input, and their merge.

Mirrors pkg/controller/v1alpha2/llmisvc/config_merge.go @v0.19.0.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.graph import ABSENT, FOUND, UNKNOWN, Lookup
from kslint.model.kserve import names
from kslint.model.tree import put, strategic_merge
from kslint.source.nodes import Map, Origin, Scalar, Seq, made

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "LLMInferenceServiceConfig"
SYSTEM_NAMESPACE = "kserve"
"""Where the controller looks last: its own namespace, POD_NAMESPACE (constants.go:41)."""
PREFIX = "kserve-config-llm-"
"""What every preset's name begins with, unless LLM_INFERENCE_SERVICE_CONFIG_PREFIX is set."""
POD_FIELDS = ("template", "worker")
SCRIPT = "<script>"
"""What stands for a preset's shell script in the data."""

_GO_ZERO = frozenset(
    {
        "expert", "failureThreshold", "hostIPC", "hostNetwork", "hostPID", "hostPort",
        "initialDelaySeconds", "periodSeconds", "readOnly", "stdin", "stdinOnce",
        "successThreshold", "timeoutSeconds", "tty",
    }
)  # fmt: skip
"""Booleans and numbers that are no pointers in Go: `omitempty` drops their false and 0."""

_TLS = re.compile(
    r"\{\{-?\s*if \.GlobalConfig\.EnableTLS\s*-?\}\}([^{]*)"
    r"(?:\{\{-?\s*else\s*-?\}\}([^{]*))?\{\{-?\s*end\s*-?\}\}"
)
_VALUE = re.compile(r"\{\{-?\s*(?:(ChildName)\s+)?(\.[A-Za-z.]+)(?:\s+`([^`]*)`)?\s*-?\}\}")
_LONGEST_NAME = 63
_HASH = 32


class Serving(NamedTuple):
    """What a preset's script runs in a container: `vllm serve <model> --port <port> ...`.

    `flags` are always passed, `conditional_flags` depend on the spec, TLS or the vLLM version.
    The container's args are appended; with `user_args` "shell", a shell evaluates them again.
    """

    container: str
    port: int
    model: str
    flags: tuple[str, ...]
    conditional_flags: tuple[str, ...]
    user_args: str


class Config(NamedTuple):
    """A config that a service is made from. `spec` is None where the input does not show it.

    `answer` is found, absent or unknown, as the graph gives it; `node` is the reference that the
    user wrote, None for a preset; `shipped` says whether KServe ships a config of this name.
    """

    name: str
    spec: Map | None
    answer: str
    resource: Resource | None
    node: Node | None
    shipped: bool
    serving: dict[str, Serving]

    @property
    def preset(self) -> bool:
        """True if the controller adds it by itself."""
        return self.node is None


class Stock(NamedTuple):
    """A preset as KServe ships it: its spec, and what it serves by place in the spec."""

    spec: Map
    serving: dict[str, Serving]


@lru_cache(maxsize=4)
def stock(profile: str) -> dict[str, Stock]:
    """The presets of a KServe version by name; empty for a version whose presets are not known.

    Source: config/llmisvcconfig of the version; data/presets.json.
    """
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "presets.json")
    with open(path, encoding="utf-8") as handle:
        table = json.load(handle).get(profile, {"presets": [], "source": ""})
    found = {}
    for entry in table["presets"]:
        text = f"{KIND} {entry['name']} as KServe {profile} ships it"
        spec = made(entry["spec"], Origin("chart", text, table["source"]))
        serving = {
            place: Serving(
                facts["container"],
                facts["port"],
                facts["model"],
                tuple(facts["flags"]),
                tuple(facts["conditionalFlags"]),
                facts["userArgs"],
            )
            for place, facts in entry.get("servesByPod", {}).items()
        }
        found[entry["name"]] = Stock(spec if isinstance(spec, Map) else Map({}), serving)
    return found


def config(
    name: str,
    namespace: str | None,
    graph: Graph,
    profile: str,
    node: Node | None = None,
    asker: Resource | None = None,
) -> Config:
    """A config by name: in the service's namespace, else in `kserve`, else as KServe ships it.

    A shipped preset that is not in the input comes from a chart or a remote kustomization, so
    its absence is never known. Source: config_merge.go:646-666.
    """
    found = first_found(graph, name, (namespace, SYSTEM_NAMESPACE), asker=asker)
    shipped = stock(profile).get(name)
    resource = found.found
    if resource is not None:
        spec = resource.spec
        origin = Origin("config", f"{KIND} {name}")
        own = spec.from_origin(origin) if isinstance(spec, Map) else Map({})
        return Config(name, own, FOUND, resource, node, shipped is not None, {})
    if shipped is not None:
        return Config(name, shipped.spec, UNKNOWN, None, node, True, shipped.serving)
    return Config(name, None, found.answer, None, node, False, {})


def first_found(
    graph: Graph,
    name: str,
    namespaces: tuple[str | None, ...],
    kind: str = KIND,
    asker: Resource | None = None,
) -> Lookup:
    """Look an object up in one namespace after the other; absent only if absent in all."""
    group = names.GROUP if kind == KIND else ""
    answers = [graph.find(kind, name, namespace, group, asker) for namespace in namespaces]
    for answer in answers:
        if answer.answer == FOUND:
            return answer
    absent = all(answer.answer == ABSENT for answer in answers)
    return Lookup(ABSENT if absent else UNKNOWN, (), lambda: answers[0].elsewhere)


def preset_names(shape: Node) -> list[str]:
    """The presets a merged spec pulls in, in the order they are merged.

    `shape` is the spec with its baseRefs merged over it. A worker without data or pipeline
    parallelism pulls in none. Source: config_merge.go:202-249.
    """
    found = []
    if present(shape, "router", "scheduler") and not shape.string(
        "router", "scheduler", "pool", "ref", "name"
    ):
        found.append("scheduler")
    refs = shape.at("router", "route", "http", "refs")
    if present(shape, "router", "route") and not (refs is not None and refs.elements()):
        found.append("router-route")
    blocks = [(shape, "")]
    prefill = shape.get("prefill")
    if isinstance(prefill, Map):
        blocks = [(prefill, "prefill-"), (shape, "decode-")]
    for block, role in blocks:
        size = block.get("parallelism")
        if not present(block, "worker"):
            found.append(f"{role}template")
        elif positive(size, "data") or positive(size, "dataLocal"):
            found.append(f"{role}worker-data-parallel")
        elif positive(size, "pipeline"):
            found.append(f"{role}worker-pipeline-parallel")
    return [PREFIX + name for name in found]


def present(node: Node | None, *path: str) -> bool:
    """Is a struct there? An empty mapping counts: in Go it is a pointer that is not nil."""
    return node is not None and isinstance(node.at(*path), Map)


def positive(node: Node | None, field: str) -> bool:
    value = None if node is None else node.integer(field)
    return value is not None and value > 0


def merge_specs(base: Map, override: Map) -> Map:
    """MergeSpecs: a strategic merge of two specs, in which Go's zero values change nothing.

    `{}` for a struct is no zero value: it switches the struct on. Pod specs merge by container
    name; other lists, also args and command, are replaced. Source: config_merge.go:687-735.
    """
    entries = dict(base.entries)
    for name, value in override.entries.items():
        existing = entries.get(name)
        if _is_zero(name, value):
            continue
        if isinstance(existing, Map) and isinstance(value, Map):
            merge = _merged_pod if name in POD_FIELDS else merge_specs
            entries[name] = merge(existing, value)
        else:
            entries[name] = _without_zeros(value) if name in POD_FIELDS else value
    return (override if override.start is not None else base).with_entries(entries)


def _merged_pod(base: Map, override: Map) -> Map:
    merged = strategic_merge(base, _without_zeros(override))
    lower, upper = base.get("nodeSelector"), override.get("nodeSelector")
    if isinstance(merged, Map) and isinstance(lower, Map) and isinstance(upper, Map):
        # A label may be empty; strategic_merge takes it for a field that is not set.
        both = upper.with_entries({**lower.entries, **upper.entries})
        return put(merged, ("nodeSelector",), both)
    return merged if isinstance(merged, Map) else base


def _without_zeros(node: Node) -> Node:
    if isinstance(node, Map):
        kept = {k: _without_zeros(v) for k, v in node.entries.items() if not _is_go_zero(k, v)}
        return node.with_entries(kept)
    if isinstance(node, Seq):
        return node.with_children([_without_zeros(child) for child in node.children])
    return node


def _is_zero(name: str, value: Node) -> bool:
    if isinstance(value, Map):
        return False
    if isinstance(value, Seq):
        return not value.children
    return value.is_null or value.text == "" or _is_go_zero(name, value)


def _is_go_zero(name: str, value: Node) -> bool:
    return name in _GO_ZERO and isinstance(value, Scalar) and value.value in (False, 0)


def rendered(node: Node, values: dict[str, str | None], tls: bool) -> Node:
    """A spec with the templates of presets filled in; other templates stay as written.

    `values` holds the text of each field, such as `.ObjectMeta.Name`; None is unknown. Mirrors
    ReplaceVariables (config_merge.go:566-630) for what the shipped presets use.
    """
    if isinstance(node, Map):
        entries = {name: rendered(child, values, tls) for name, child in node.entries.items()}
        return node.with_entries(entries)
    if isinstance(node, Seq):
        return node.with_children([rendered(child, values, tls) for child in node.children])
    if not isinstance(node, Scalar) or "{{" not in node.literal:
        return node
    text = _TLS.sub(lambda match: match[1] if tls else match[2] or "", node.text)
    text = _VALUE.sub(lambda match: _value(match, values), text)
    other = Scalar(text, False, None, node.source, node.start, node.end)
    other.key, other.origin = node.key, node.origin
    return other


def _value(match: re.Match[str], values: dict[str, str | None]) -> str:
    """`{{ .Field }}` or `{{ ChildName .Field `suffix` }}`."""
    text, suffix = values.get(match[2]), match[3] or ""
    if text is None or bool(match[1]) != (match[3] is not None):
        return match[0]
    return child_name(text, suffix) if match[1] else text


def child_name(parent: str, suffix: str) -> str:
    """The name of what is made for an object; one that is too long is cut, and hashed.

    Source: knative.dev/pkg kmeta/names.go.
    """
    if len(parent) + len(suffix) <= _LONGEST_NAME:
        return parent + suffix
    import hashlib

    room = _LONGEST_NAME - _HASH - len(suffix)
    if room > 0:
        digest = hashlib.md5(parent.encode(), usedforsecurity=False).hexdigest()
        return f"{parent[:room]}{digest}{suffix}"
    digest = hashlib.md5((parent + suffix).encode(), usedforsecurity=False).hexdigest()
    return (parent[: _LONGEST_NAME - _HASH] + digest + suffix)[:_LONGEST_NAME]
