"""What a scaler sees of a model server that has no pods, or whose numbers never change.

Sources: KEDA v2.20 pkg/scaling/executor/scale_scaledobjects.go (from zero, and from an idle count,
pods are added when a trigger is active), pkg/scalers/prometheus_scaler.go (an empty result is 0 and
not active unless `ignoreNullValues: "false"`); vLLM, SGLang and TGI export their metrics
themselves, so that there are none without pods; dcgm-exporter 4.2 default-counters.csv; vLLM
reserves its share of the GPU's memory when it starts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.scaling import is_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_OWN = re.compile(
    r"(?:vllm:(?:num_requests_\w+|\w*cache\w*|time_\w+|e2e_\w+|inter_token_\w+|request_\w+"
    r"|prompt_\w+|generation_\w+|iteration_\w+)|sglang:\w+|tgi_\w+)"
)
"""Metrics that a server exports, and none that a router does under the same prefix."""
_WORD = re.compile(r"(?<!\w)([a-zA-Z_]\w*(?::\w+)?)(\s*[\[{])?")
_BY_LOAD = ("cpu", "memory")
_BUSY = re.compile(r"DCGM_FI_DEV_GPU_UTIL|DCGM_FI_PROF_GR_ENGINE_ACTIVE|duty_cycle|gpu_util\w*")
_FULL = re.compile(r"DCGM_FI_DEV_FB_(?:USED|FREE|USED_PERCENT)\b|gpu_memory_used\w*")


def asleep(spec: Node) -> Node | None:
    """The place by which KEDA takes all pods of a server away, and sees nothing to add one by.

    `spec` is that of a ScaledObject.
    """
    idle = spec.get("idleReplicaCount")
    least = spec.get("minReplicaCount")
    at = idle if idle is not None else least
    if spec.integer("minReplicaCount") != 0 and least is not None and idle is None:
        return None
    if at is not None and at.integer() != 0:
        return None
    if spec.at("advanced", "scalingModifiers", "formula") is not None:
        return None
    seen = [each for each in spec.listed("triggers") if each.string("type") not in _BY_LOAD]
    if not seen or not all(_is_blind(each) for each in seen):
        return None
    return at or seen[0].at("metadata", "query")


def _is_blind(trigger: Node) -> bool:
    """Does a trigger ask for nothing but what the server's own pods export?"""
    query = trigger.string("metadata", "query") or ""
    if trigger.string("type") != "prometheus" or "absent" in query or "up{" in query:
        return False
    if (trigger.string("metadata", "ignoreNullValues") or "true").lower() != "true":
        return False
    if any(number.strip("0") for number in re.findall(r"vector\(\s*(\d+)", query)):
        return False
    names = set(_names(query))
    return bool(names) and all(_OWN.fullmatch(name) for name in names)


def _names(query: str) -> Iterator[str]:
    """The metrics of a query: by a colon, by who exports them, or by what is asked of them."""
    for word, asked in _WORD.findall(query):
        if (
            ":" in word
            or word.startswith(("tgi_", "vllm_", "sglang_"))
            or (asked and "_" in word[1:-1])
        ):
            yield word


def same_number(scaler: Resource, graph: Graph) -> tuple[Node, Resource] | None:
    """A query for a server's own metrics that a scaler of another workload goes by, too."""
    own = _queries(scaler)
    namespace = graph.namespace_of(scaler)
    for other in _asking(own, scaler, graph):
        if other.name >= scaler.name or other.emitter != scaler.emitter:
            continue
        target, its = (
            each.body.string("spec", "scaleTargetRef", "name") for each in (scaler, other)
        )
        if target == its or is_paused(other) or not graph.belong_together(other, scaler):
            continue
        if graph.namespace_of(other) != namespace or graph.evidence.illustrates(scaler):
            continue
        shared = sorted(own.keys() & _queries(other).keys())
        if shared:
            return own[shared[0]], other
    return None


def _asking(queries: Iterable[str], scaler: Resource, graph: Graph) -> list[Resource]:
    """The scalers of the namespace and kind of another that have one of some queries, in order."""
    where = (scaler.kind, graph.namespace_of(scaler), scaler.group)

    def found() -> dict[str, list[tuple[int, Resource]]]:
        by_query: dict[str, list[tuple[int, Resource]]] = {}
        for pair in enumerate(graph.of_namespace(*where)):
            for query in _queries(pair[1]):
                by_query.setdefault(query, []).append(pair)
        return by_query

    known = graph.kept(("scalers by query", where), found)
    asking = dict(pair for query in queries for pair in known.get(query, ()))
    return [asking[number] for number in sorted(asking)]


def _queries(scaler: Resource) -> dict[str, Node]:
    """The queries of a scaler for metrics that servers export, blanks left out."""
    found = {}
    for trigger in [] if scaler.spec is None else scaler.spec.listed("triggers"):
        node = trigger.at("metadata", "query")
        text = "" if node is None else "".join((node.text or "").split())
        if node is not None and _OWN.search(text) and "{{" not in text and "$" not in text:
            found[text] = node
    return found


class Counter(NamedTuple):
    """A counter of the GPU that a scaler goes by: `kind` is busy or full."""

    kind: str
    node: Node
    name: str


def gpu_counters(scaler: Resource) -> Iterator[Counter]:
    """The queries and metrics of a scaler that tell how busy or how full a GPU is."""
    spec = scaler.spec
    if spec is None:
        return
    nodes = [trigger.at("metadata", "query") for trigger in spec.listed("triggers")]
    for metric in spec.listed("metrics"):
        nodes += [metric.at(kind, "metric", "name") for kind in ("pods", "external", "object")]
    for node in nodes:
        text = "" if node is None else node.text or ""
        for kind, pattern in (("full", _FULL), ("busy", _BUSY)):
            found = pattern.search(text)
            if node is not None and found is not None:
                yield Counter(kind, node, found[0])
                break
