"""References of KServe's objects to objects that are not there.

Sources: inferencegraph/controller.go:160-180, trainedmodel/controller.go:86-98, llmisvc/
{config_merge.go:646-666,router_validation.go:140-172} and localmodel/reconcilers @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.llm.configs import KIND, SYSTEM_NAMESPACE, stock
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.graph.references import Reference
    from kslint.resources import Resource
    from kslint.source.nodes import Node

USERS = frozenset(
    {
        "InferenceGraph", "LLMInferenceService", "LocalModelCache", "LocalModelNamespaceCache",
        "TrainedModel",
    }
)  # fmt: skip


class Dangling(NamedTuple):
    """A reference that nothing satisfies. `elsewhere` has the name, in another namespace.

    `together`: it stands near, or the same tool deploys both.
    """

    reference: Reference
    elsewhere: Resource | None
    together: bool


def dangling(
    graph: Graph, resources: Iterable[Resource], kinds: Iterable[str], profile: str
) -> Iterator[Dangling]:
    """The references of some objects to objects of some kinds that are known not to be there."""
    users = [r for r in resources if r.kind in USERS and r.group == names.GROUP]
    wanted = set(kinds)
    for reference in graph.references_of(users):
        if reference.kind not in wanted or reference.optional or opaque(reference.name):
            continue
        found = _verdict(graph, reference, profile)
        if found is not None:
            yield found


def _verdict(graph: Graph, reference: Reference, profile: str) -> Dangling | None:
    kind, name, home = reference.kind, reference.name, reference.namespace
    if home is None or (kind == KIND and _may_be_shipped(graph, reference, profile)):
        return None
    asker = reference.source
    lookup = graph.find(kind, name, home, reference.group or None, asker)
    if lookup.found is not None or graph.completeness.is_open(kind, home):
        return None
    others = [r for r in lookup.elsewhere if graph.evidence.reaches(r, asker)]
    if others:
        return Dangling(reference, others[0], graph.belong_together(others[0], asker))
    complete = graph.complete_for(kind, home, asker)
    return Dangling(reference, None, False) if complete else None


def _may_be_shipped(graph: Graph, reference: Reference, profile: str) -> bool:
    """Is a config one of KServe's presets, or in the controller's namespace?"""
    own = graph.find(KIND, reference.name, SYSTEM_NAMESPACE, names.GROUP, reference.source)
    open_there = graph.completeness.is_open(KIND, SYSTEM_NAMESPACE)
    return own.found is not None or reference.name in stock(profile) or open_there


def steps_to_no_node(resource: Resource) -> Iterator[Node]:
    """The `nodeName`s of an InferenceGraph's steps that it has no node for."""
    nodes = resource.body.at("spec", "nodes")
    for _, node in () if nodes is None else nodes.items():
        for step in node.listed("steps"):
            name = step.get("nodeName")
            text = "" if name is None else name.text or ""
            if nodes is not None and name is not None and text and nodes.get(text) is None:
                yield name
