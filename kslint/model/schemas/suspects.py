"""Values that YAML reads as another type than the field they stand in has, and their like.

kubectl and Argo CD read manifests as sigs.k8s.io/yaml does. kustomize reads YAML 1.2 and writes
it anew: to it `no` and `on` are text, the labels and annotations of an object always are, and a
date is a point in time (v5.8.1, run).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple, Union

from kslint.model.kubernetes.admission.field_errors import stands_in
from kslint.model.schemas import types
from kslint.resources import KUSTOMIZATIONS, Resource
from kslint.source.nodes import Map, Scalar, Seq
from kslint.source.scalars import WORDS, is_date, is_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.schemas.schema import Schema, Schemas
    from kslint.resources import Plain
    from kslint.source.nodes import Node

    Trail = Union[tuple["Trail", "str | int"], None]
    """The way to a value, from its end; joined only where there is something to say."""

_NO_WORD = frozenset("+-.0123456789~")
_APART = frozenset({"metadata", "status"})
"""Of an object: metadata is walked by itself, a status is not applied."""
MODES = frozenset({"defaultMode", "mode"})
"""Fields that hold file modes, in volumes."""


class Suspect(NamedTuple):
    """A value that is worth a second look, in a field of a known type."""

    node: Node
    wanted: str
    """string, integer, number, boolean, object or array."""
    path: str
    resource: Resource
    is_metadata: bool

    @property
    def misfits(self) -> bool:
        """Is it of another type than its field when it reaches the API server?"""
        if fits(self.node, self.wanted):
            return False
        return not self.resource.emitter or not (self.is_metadata or self._is_mended)

    @property
    def becomes_time(self) -> bool:
        """Does kustomize turn the text into a point in time?"""
        node = self.node
        return (
            isinstance(node, Scalar)
            and bool(self.resource.emitter)
            and not self.is_metadata
            and self.wanted == "string"
            and node.plain_style
            and is_date(node.literal)
        )

    @property
    def _is_mended(self) -> bool:
        """Is it a word that kustomize reads, and writes, as text?"""
        node = self.node
        return isinstance(node, Scalar) and node.plain_style and is_word(node.literal)


def suspects(
    resources: Iterable[Resource], others: Iterable[Plain], schemas: Schemas
) -> Iterator[Suspect]:
    """The values of objects and kustomizations that YAML may not read as they were meant."""
    known: dict[tuple[str, str], _Type | None] = {}
    metadata_type, kustomization = _Type(types.METADATA), _Type(types.KUSTOMIZATION)
    for resource in resources:
        metadata = resource.body.get("metadata")
        if metadata is not None:
            for node, wanted, path in _odd(metadata, metadata_type):
                yield Suspect(node, wanted, f"metadata.{path}".rstrip("."), resource, True)
        key = (resource.api_version, resource.kind)
        if key not in known:
            found = schemas.of(resource) or types.kinds().get((resource.group, resource.kind))
            known[key] = None if found is None else _Type(found)
        schema = known[key]
        if schema is not None:
            for node, wanted, path in _odd(resource.body, schema, is_object=True):
                yield Suspect(node, wanted, path, resource, False)
    for plain in others:
        root = plain.document.root
        if isinstance(root, Map) and posixpath.basename(plain.file) in KUSTOMIZATIONS:
            about = Resource(root, plain.file)
            about.kind = "Kustomization"
            for node, wanted, path in _odd(root, kustomization):
                yield Suspect(node, wanted, path, about, False)


class _Type:
    """A schema whose fields are looked up once: this walk sees every value of the input."""

    __slots__ = ("_fields", "_schema", "items", "type")

    def __init__(self, schema: Schema) -> None:
        self.type = schema.type
        self._schema = schema
        self._fields: dict[str, _Type | None] = {}
        items = schema.items
        self.items = None if items is None else _Type(items)

    def field(self, name: str) -> _Type | None:
        try:
            return self._fields[name]
        except KeyError:
            found = None if name.startswith("$") else self._schema.field(name)
            made = self._fields[name] = None if found is None else _Type(found)
            return made


def _odd(root: Node, schema: _Type, is_object: bool = False) -> Iterator[tuple[Node, str, str]]:
    """Values that may misfit, with the type of their field and their path. Fast, so not exact."""
    stack: list[tuple[Node, _Type, Trail]] = [(root, schema, None)]
    while stack:
        node, wanted, trail = stack.pop()
        if node.__class__ is Scalar:
            if _is_odd(node, wanted.type, trail):
                yield node, wanted.type, _joined(trail)
        elif node.__class__ is Map and wanted.type in ("object", "any"):
            for name, child in node.items():
                field = wanted.field(name)
                if field is not None and not (is_object and trail is None and name in _APART):
                    stack.append((child, field, (trail, name)))
        elif node.__class__ is Seq and wanted.type in ("array", "any"):
            if wanted.items is not None:
                for index, child in enumerate(node.elements()):
                    stack.append((child, wanted.items, (trail, index)))
        elif wanted.type != "int-or-string":
            yield node, wanted.type, _joined(trail)


def _is_odd(node: Scalar, wanted: str, trail: Trail) -> bool:
    literal = node.literal
    if wanted == "string":
        return node.plain_style and (literal[:1] in _NO_WORD or literal in WORDS)
    if wanted in ("integer", "number"):
        return (
            not node.plain_style
            or not literal.isdigit()
            or literal[0] == "0"
            or (trail is not None and trail[1] in MODES)
        )
    return wanted in ("boolean", "object", "array") and not fits(node, wanted)


def _joined(trail: Trail) -> str:
    """`spec.containers[0].image` of a way there."""
    steps: list[str] = []
    while trail is not None:
        trail, step = trail
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def fits(node: Node, wanted: str) -> bool:
    """Has a value the type that a schema asks for? A null and a template always do."""
    if wanted == "any" or node.is_null:
        return True
    if wanted in ("object", "array"):
        return isinstance(node, Map if wanted == "object" else Seq) or _is_template(node)
    if isinstance(node, Seq):
        children = node.elements()
        return len(children) == 1 and _is_template(children[0])  # [PROJECT_ID], to be replaced
    if not isinstance(node, Scalar):
        return False
    value = node.value
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool):
        return wanted == "boolean"
    if isinstance(value, str):
        return wanted in ("string", "int-or-string") or _is_template(node)
    return wanted == "number" or (whole and wanted in ("integer", "int-or-string"))


def _is_template(node: Node) -> bool:
    return isinstance(node, Scalar) and stands_in(node.text)
