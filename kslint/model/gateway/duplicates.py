"""Routes that ask for the same requests: one gets them all.

Source: Gateway API v1.5.0 apis/v1/httproute_types.go (among equal matches the oldest route wins,
then the first by namespace and name; within a route the first rule).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gateway.gateways import GROUP
from kslint.model.gateway.routes import gateway_of, parents, refused
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "HTTPRoute"
_EVERYTHING = ("PathPrefix", "/")

Match = tuple[object, ...]


class Shadowed(NamedTuple):
    """A rule whose matches another takes: `other` has the rule at `before`."""

    rule: Node
    text: str
    other: Resource
    before: Node


def within(route: Resource) -> Iterator[Shadowed]:
    """The rules of a route that come after one with the same matches."""
    seen: dict[Match, Node] = {}
    for rule in [] if route.spec is None else route.spec.listed("rules"):
        matches = _matches(rule)
        before = [seen[each] for each in matches if each in seen]
        if matches and len(before) == len(matches):
            yield Shadowed(rule, _text(matches[0]), route, before[0])
        for each in matches:
            seen.setdefault(each, rule)


def between(route: Resource, graph: Graph) -> Iterator[Shadowed]:
    """The rules of a route whose matches one before it, by name, has on the same Gateway."""
    own = _places(route, graph)
    hosts = _hosts(route)
    if not own or hosts is None or graph.evidence.excerpts(route):
        return
    namespace = graph.namespace_of(route) or ""
    for other in graph.of_kind(KIND, GROUP):
        if (
            other.emitter != route.emitter
            or other is route
            or not graph.belong_together(other, route)
        ):
            continue
        if graph.evidence.illustrates(route) and other.file != route.file:
            continue  # one example or the other
        key = (graph.namespace_of(other) or "", other.name)
        if key >= (namespace, route.name) or not own & _places(other, graph):
            continue
        if _hosts(other) != hosts:
            continue
        rules = [] if other.spec is None else other.spec.listed("rules")
        known = {each: rule for rule in reversed(rules) for each in _matches(rule)}
        for rule in [] if route.spec is None else route.spec.listed("rules"):
            matches = _matches(rule)
            if matches and all(each in known for each in matches):
                before = known[matches[0]]
                if _backends(before) != _backends(rule):
                    yield Shadowed(rule, _text(matches[0]), other, before)


_Place = tuple[str, str | None, str | None, int | None]


def _places(route: Resource, graph: Graph) -> set[_Place]:
    """The Gateways, or parts of them, that a route attaches to, those that refuse it left out."""
    namespace = graph.namespace_of(route)
    names = sorted(_hosts(route) or ())
    found: set[_Place] = set()
    for parent in parents(route, graph):
        gateway = gateway_of(parent, graph, route)
        why = gateway and refused(KIND, namespace, names, parent, gateway, graph)
        if why is None:
            found.add((parent.name, parent.namespace, parent.section, parent.port))
    return found


def _hosts(route: Resource) -> frozenset[str] | None:
    """The host names of a route; None where one is filled in later."""
    listed = [] if route.spec is None else route.spec.listed("hostnames")
    names = frozenset((each.text or "").lower() for each in listed)
    return None if any(opaque(name) or "$" in name for name in names) else names


def _matches(rule: Node) -> list[Match]:
    """What a rule asks for; nothing where a value is filled in later."""
    listed = rule.listed("matches")
    if not listed:
        return [(_EVERYTHING, "", frozenset(), frozenset())]
    found: list[Match] = []
    for each in listed:
        path = (each.string("path", "type") or "PathPrefix", each.string("path", "value") or "/")
        if "{{" in path[1] or "$" in path[1]:
            return []
        headers = frozenset(map(_condition, each.listed("headers")))
        params = frozenset(map(_condition, each.listed("queryParams")))
        found.append((path, each.string("method") or "", headers, params))
    return found


def _condition(node: Node) -> tuple[str, str, str]:
    kind, name = node.string("type") or "Exact", (node.string("name") or "").lower()
    return kind, name, node.string("value") or ""


def _backends(rule: Node) -> list[object]:
    return [each.plain() for each in rule.listed("backendRefs")]


def _text(match: Match) -> str:
    kind, value = match[0] if isinstance(match[0], tuple) else _EVERYTHING
    method, headers = match[1], match[2]
    named = sorted(each[1] for each in headers) if isinstance(headers, frozenset) else []
    words = [f"{kind} `{value}`", *(f"method {method}" for _ in [0] if method)]
    return " with ".join([" and ".join(words), *(f"header `{name}`" for name in named)])
