"""Storage classes that claims name, and those that the input declares.

Source: Kubernetes v1.34 (a claim of a class that is not there stays Pending: ProvisioningFailed).
Clouds and provisioners bring classes of their own, so that only a name that nearly is one of those
declared counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "StorageClass"
_FIELD = "storageClassName"
_SHORTEST, _LETTERS = 6, 2
_VALUE = re.compile(rb"storageClassName['\"]?:(?! *\n[^\n]*:(?: |\n))")
"""The field where it has a text, and not a block of its own, as it has in schemas."""
_DIGITS = re.compile(r"[0-9]")


class Missed(NamedTuple):
    """A class that is not there, and the declared one that is meant."""

    node: Node
    meant: Resource


def missed(resource: Resource, graph: Graph) -> Iterator[Missed]:
    """The classes that an object names and that differ in a few letters from one declared."""
    declared = graph.of_kind(KIND)
    if not declared or not graph.may_hold(resource, _FIELD) or resource.kind == "PersistentVolume":
        return
    names = graph.kept(("storage classes",), lambda: _by_name(declared))
    for node in walk(resource.spec, _VALUE) if resource.spec is not None else ():
        text = node.text or ""
        if node.key is None or node.key.text != _FIELD or not text or opaque(text) or text in names:
            continue
        near = next((name for name in names if _is_slip(text, name)), "")
        if near and graph.belong_together(names[near], resource) and not _static(graph, text):
            yield Missed(node, names[near])


def _by_name(declared: list[Resource]) -> dict[str, Resource]:
    """Classes by name, in the order of these; of several that of the first file."""
    found = {each.name: each for each in sorted(declared, key=lambda each: each.file, reverse=True)}
    return dict(sorted(found.items()))


def _is_slip(one: str, other: str) -> bool:
    """Do two names differ by a letter or two that were mistyped?

    One that goes on where the other ends, and another number, are of a provisioner's own family.
    """
    if min(len(one), len(other)) < _SHORTEST or one.startswith(other) or other.startswith(one):
        return False
    if _DIGITS.sub("", one) == _DIGITS.sub("", other):
        return False
    from difflib import SequenceMatcher

    same = sum(block.size for block in SequenceMatcher(None, one, other).get_matching_blocks())
    return len(one) + len(other) - 2 * same <= _LETTERS


def _static(graph: Graph, name: str) -> bool:
    """Is there a volume of that class? It needs no StorageClass then."""
    return any(
        each.body.string("spec", _FIELD) == name for each in graph.of_kind("PersistentVolume")
    )
