"""A picture as trees: each node in full once, where people would look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.picture import CREATES, DEPLOYS
from kslint.picture.sketch import plain_edges
from kslint.report.yaml import key_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.picture import GraphPicture, PictureEdge, PictureNode

APPLICATIONS = ("Application", "ApplicationSet")
_FIRST = (*APPLICATIONS, "InferenceService", "LLMInferenceService", "Deployment", "StatefulSet")
"""Kinds that come before others below one parent."""
ABOVE, ELSEWHERE = "above", "elsewhere"
_DEEPEST = 24
"""Levels of one tree; what lies deeper stands at the top again."""


class Item:
    """A node below its parent. `again`: it is shown in full above, or elsewhere; "" here.

    `edges` are what leads to it from the parent; none at the top.
    """

    __slots__ = ("again", "children", "depth", "edges", "node")

    def __init__(
        self, node: PictureNode, edges: list[PictureEdge], depth: int = 0, again: str = ""
    ) -> None:
        self.node = node
        self.edges = edges
        self.depth = depth
        self.again = again
        self.children: list[Item] = []

    @property
    def roles(self) -> list[str]:
        return [edge.role for edge in self.edges]


class Forest:
    """Trees of Applications, and of the rest by namespace."""

    def __init__(self, picture: GraphPicture) -> None:
        self._nodes = {node.id: node for node in picture.nodes}
        self._leads: dict[str, dict[str, list[PictureEdge]]] = {}
        self._deployers: dict[str, set[str]] = {}
        self._named_by: dict[str, list[str]] = {}
        for edge in plain_edges(picture):
            self._leads.setdefault(edge.source, {}).setdefault(edge.target, []).append(edge)
            if edge.role == DEPLOYS:
                self._deployers.setdefault(edge.target, set()).add(edge.source)
            else:
                self._named_by.setdefault(edge.target, []).append(edge.source)
        self._shown: set[str] = set()
        self.applications: list[Item] = []
        self.namespaces: dict[str, list[Item]] = {}
        self._grow(picture.nodes)

    def home(self, node: PictureNode) -> PictureNode | None:
        """The Application that a node is shown below; None without one, or with several."""
        deployers = self._deployers.get(node.id, set())
        return self._nodes[min(deployers)] if len(deployers) == 1 else None

    def leads_on(self, node: PictureNode) -> bool:
        """Does a node stand with others below it?"""
        return node.id in self._leads

    def _grow(self, nodes: Iterable[PictureNode]) -> None:
        ordered = sorted(nodes, key=_order)
        tops = [n for n in ordered if n.id not in self._deployers and n.id not in self._named_by]
        # what only circles lead to, or only what stands elsewhere, is at the top as well
        for node in (*tops, *ordered):
            if node.id in self._shown:
                continue
            item = self._tree(node)
            if node.kind in APPLICATIONS:
                self.applications.append(item)
            else:
                self.namespaces.setdefault(node.namespace, []).append(item)

    def _tree(self, top: PictureNode) -> Item:
        """One tree, depth first; without recursion, since references can form long chains."""
        root = Item(top, [])
        self._shown.add(top.id)
        todo = self._below(root)
        while todo:
            parent, target, edges = todo.pop()
            node = self._nodes[target]
            if target in self._shown and self._is_needed(target, parent.node.id, edges):
                continue
            depth = parent.depth + 1
            elsewhere = depth > _DEEPEST or not self._belongs(parent.node, node)
            again = ABOVE if target in self._shown else ELSEWHERE if elsewhere else ""
            item = Item(node, edges, depth, again)
            parent.children.append(item)
            if not item.again:
                self._shown.add(target)
                todo += self._below(item)
        return root

    def _below(self, item: Item) -> list[tuple[Item, str, list[PictureEdge]]]:
        """What is to be put below an item, last first."""
        leads = self._leads.get(item.node.id, {})

        def order(target: str) -> tuple[object, ...]:
            roles = {edge.role for edge in leads[target]}
            rank = 2 if CREATES in roles else 0 if DEPLOYS in roles else 1
            needed = self._is_needed(target, item.node.id, leads[target])
            return (needed, rank, _order(self._nodes[target]))

        targets = sorted(leads, key=order, reverse=True)
        return [(item, target, leads[target]) for target in targets]

    def _is_needed(self, target: str, application: str, edges: list[PictureEdge]) -> bool:
        """Does an Application deploy an object together with another one that names it?

        It is shown below that one, then.
        """
        return all(edge.role == DEPLOYS for edge in edges) and any(
            application in self._deployers.get(user, ()) for user in self._named_by.get(target, ())
        )

    def _belongs(self, parent: PictureNode, node: PictureNode) -> bool:
        """May a node stand in full below another? What Applications deploy stays with them."""
        deployers = self._deployers.get(node.id, set())
        here = {parent.id, *self._deployers.get(parent.id, ())}
        return not deployers or bool(deployers & here)


def _order(node: PictureNode) -> tuple[object, ...]:
    rank = _FIRST.index(node.kind) if node.kind in _FIRST else len(_FIRST)
    return (rank, node.kind, key_order(node.namespace), key_order(node.name), node.id)
