"""Kustomize's `configurations`: more fields that its transformers reach into.

Names are followed: `namePrefix`, `nameSuffix` and `nameReference`. What a base configures holds for
all that take it in. Source: kustomize v5.8.1, api/internal/plugins/builtinconfig and
api/internal/accumulator/resaccumulator.go (MergeConfig).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.edit import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.items import Id
    from kslint.source.nodes import Node

FOLLOWED = frozenset(
    {"apiVersion", "kind", "metadata", "namePrefix", "nameSuffix", "nameReference"}
)
"""Fields of a configuration that are followed, or say nothing."""
_NAME = ("metadata", "name")


class Field(NamedTuple):
    """A field of the objects of a kind. "" stands for any group, version and kind."""

    group: str
    version: str
    kind: str
    path: tuple[str, ...]

    def is_of(self, identity: Id) -> bool:
        """Has an object with this identity the field?"""
        pairs = zip((self.group, self.version, self.kind), identity, strict=False)
        return all(not wanted or wanted == its for wanted, its in pairs)


class Reference(NamedTuple):
    """A field that names an object of the kind `target`."""

    target: str
    field: Field


class Configured(NamedTuple):
    """What the configurations of some kustomizations add."""

    prefixed: tuple[Field, ...] = ()
    suffixed: tuple[Field, ...] = ()
    references: tuple[Reference, ...] = ()


def configured(documents: Iterable[Node]) -> Configured:
    """What configuration files add."""
    documents = list(documents)
    return Configured(
        tuple(field for root in documents for field in _affixed(root, "namePrefix")),
        tuple(field for root in documents for field in _affixed(root, "nameSuffix")),
        tuple(
            Reference(entry.string("kind") or "", field)
            for root in documents
            for entry in listing(root, "nameReference")
            for field in _fields(entry, "fieldSpecs")
        ),
    )


def joined(several: Iterable[Configured]) -> Configured:
    """What several kustomizations configure together, each field once."""
    several = list(several)
    return Configured(
        tuple(dict.fromkeys(field for one in several for field in one.prefixed)),
        tuple(dict.fromkeys(field for one in several for field in one.suffixed)),
        tuple(dict.fromkeys(each for one in several for each in one.references)),
    )


def _affixed(root: Node, name: str) -> Iterator[Field]:
    """The fields beside the name itself, which is always among them."""
    return (field for field in _fields(root, name) if field.path != _NAME)


def _fields(root: Node, name: str) -> Iterator[Field]:
    for spec in listing(root, name):
        path = (spec.string("path") or "").replace("[]", "").strip("/")
        if path:
            group, version, kind = (spec.string(key) or "" for key in ("group", "version", "kind"))
            yield Field(group, version, kind, tuple(path.split("/")))
