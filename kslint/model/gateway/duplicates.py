"""Routes that ask for the same requests: one gets them all.

Source: Gateway API v1.5.0 apis/v1/httproute_types.go (among equal matches the oldest route wins,
then the first by namespace and name; within a route the first rule).
"""

from __future__ import annotations

from functools import cached_property
from heapq import merge
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
_Place = tuple[str, str | None, str | None, int | None]


class Shadowed(NamedTuple):
    """A rule whose matches another takes: `other` has the rule at `before`."""

    rule: Node
    text: str
    other: Resource
    before: Node


def within(route: Resource) -> Iterator[Shadowed]:
    """The rules of a route that come after one with the same matches."""
    seen: dict[Match, Node] = {}
    for rule in _rules(route):
        matches = _matches(rule)
        before = [seen[each] for each in matches if each in seen]
        if matches and len(before) == len(matches):
            yield Shadowed(rule, _text(matches[0]), route, before[0])
        for each in matches:
            seen.setdefault(each, rule)


class Routes:
    """The routes of an input by what they ask for, so that each is compared with few others."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[int, dict[Match, Node]] = {}

    def between(self, route: Resource) -> Iterator[Shadowed]:
        """The rules of a route whose matches one before it, by name, has on the same Gateway."""
        hosts = _hosts(route)
        if hosts is None or self._graph.evidence.excerpts(route):
            return
        own = _places(route, self._graph)
        for rule in _rules(route) if own else ():
            matches = _matches(rule)
            if not matches:
                continue
            asked = [self._asked.get((hosts, place, matches[0]), []) for place in own]
            for _, other in merge(*asked):
                if not self._precedes(other, route):
                    continue
                known = self._rules_of(other)
                before = known[matches[0]]
                if all(each in known for each in matches) and _backends(before) != _backends(rule):
                    yield Shadowed(rule, _text(matches[0]), other, before)
                    break

    @cached_property
    def _asked(self) -> dict[tuple[frozenset[str], _Place, Match], list[tuple[int, Resource]]]:
        """The routes, with their number, by host names, Gateway and each of their matches."""
        found: dict[tuple[frozenset[str], _Place, Match], list[tuple[int, Resource]]] = {}
        for number, route in enumerate(self._graph.of_kind(KIND, GROUP)):
            hosts = _hosts(route)
            places = set() if hosts is None else _places(route, self._graph)
            for match in self._rules_of(route) if places else ():
                for place in places:
                    found.setdefault((hosts or frozenset(), place, match), []).append(
                        (number, route)
                    )
        return found

    def _rules_of(self, route: Resource) -> dict[Match, Node]:
        """The first rule for each match."""
        if id(route) not in self._known:
            rules = reversed(_rules(route))
            self._known[id(route)] = {each: rule for rule in rules for each in _matches(rule)}
        return self._known[id(route)]

    def _precedes(self, other: Resource, route: Resource) -> bool:
        """Does another route come first, if the two meet?"""
        graph = self._graph
        if other is route or other.emitter != route.emitter:
            return False
        own = (graph.namespace_of(route) or "", route.name)
        if (graph.namespace_of(other) or "", other.name) >= own:
            return False
        if graph.evidence.illustrates(route) and other.file != route.file:
            return False  # one example or the other
        return graph.belong_together(other, route)


def _rules(route: Resource) -> list[Node]:
    return [] if route.spec is None else route.spec.listed("rules")


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
