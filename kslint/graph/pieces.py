"""Patches of what a build does not show: pieces of objects that a remote base brings.

A field that a patch carries has its value, whatever the base says of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.edit import put
from kslint.graph.patches import merge_keys, strategic_merge
from kslint.resources import Resource
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.source.nodes import Node


class Pieces:
    """The pieces that one build's patches tell, by kind and name."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Resource] = {}

    def add(self, patch: Map, target: Node | None = None) -> None:
        """Note a strategic merge patch; a target's name goes before the patch's own."""
        kind, name = _named(patch if target is None else target)
        if not kind or not name:
            return
        known = self._found.get((kind, name))
        merged = None
        if known is not None:
            merged = strategic_merge(known.body, patch, merge_keys(known))
        body = merged if isinstance(merged, Map) else patch
        self._found[kind, name] = Resource(body, _file(patch) if known is None else known.file)

    def add_operations(self, operations: Node, target: Node) -> None:
        """Note what a JSON patch puts into the fields of an object."""
        kind, name = target.get("kind"), target.get("name")
        if kind is None or name is None:
            return
        body = Map({"kind": kind, "metadata": Map({"name": name})})
        written = False
        for operation in operations.elements():
            steps = (operation.string("path") or "").split("/")[1:]
            value = operation.get("value")
            if operation.string("op") in ("add", "replace") and value is not None and steps:
                path = tuple(s.replace("~1", "/").replace("~0", "~") for s in steps)
                body, written = put(body, path, value), True
        if written:
            self.add(body)

    def resources(self, emitter: str) -> list[Resource]:
        """The pieces as objects of which some fields are known."""
        found = list(self._found.values())
        for resource in found:
            resource.emitter = emitter
        return found


def _named(node: Node) -> tuple[str, str]:
    name = node.string("metadata", "name") or node.string("name") or ""
    return node.string("kind") or "", name


def _file(node: Node) -> str:
    place = node.place
    return "" if place is None else place.file
