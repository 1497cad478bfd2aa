"""Values that YAML reads as another type than the field they stand in has, and their like.

kubectl and Argo CD read manifests as sigs.k8s.io/yaml does. kustomize reads YAML 1.2 and writes
it anew: to it `no` and `on` are text, the labels and annotations of an object always are, and a
date is a point in time (v5.8.1, run).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import stands_in
from kslint.model.schemas.schema import EITHER, QUANTITY, TEXT
from kslint.model.schemas.walk import MODES as MODES  # noqa: PLC0414  (part of what this offers)
from kslint.model.schemas.walk import Met
from kslint.source.nodes import Map, Scalar, Seq
from kslint.source.scalars import is_date, is_word

if TYPE_CHECKING:
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_INT32, _INT64 = 2**31, 2**63


class Suspect:
    """A value that is worth a second look, in a field of a known type.

    `native`: is it a kind of Kubernetes' own, which is decoded and not held against a schema?
    `mended`: does a webhook decode the object, and write it anew, before that?
    """

    __slots__ = ("mended", "met", "native", "resource")

    def __init__(self, met: Met, resource: Resource, native: bool, mended: bool) -> None:
        self.met = met
        self.resource = resource
        self.native = native
        self.mended = mended

    def in_place_of(self, node: Node) -> Suspect:
        """The same with another value."""
        met = Met(node, self.met.schema, self.met.trail)
        return Suspect(met, self.resource, self.native, self.mended)

    @property
    def node(self) -> Node:
        return self.met.node

    @property
    def wanted(self) -> str:
        """string, integer, number, boolean, quantity, int-or-string, object or array."""
        return self.met.schema.type

    @property
    def path(self) -> str:
        return self.met.path

    @property
    def is_metadata(self) -> bool:
        trail = self.met.trail
        while trail is not None and trail[0] is not None:
            trail = trail[0]
        return trail is not None and trail[1] == "metadata"

    @property
    def misfits(self) -> bool:
        """Is it of another type than its field when it reaches the API server?"""
        if self._fits:
            return False
        return not self.resource.emitter or not (self.is_metadata or self._is_mended)

    @property
    def becomes_time(self) -> bool:
        """Does kustomize turn the text into a point in time?"""
        node = self.node
        return (
            isinstance(node, Scalar)
            and bool(self.resource.emitter)
            and self.met.schema.code == TEXT
            and node.plain_style
            and is_date(node.literal)
            and not self.is_metadata
        )

    @property
    def _is_mended(self) -> bool:
        """Is it a word that kustomize reads, and writes, as text?"""
        node = self.node
        return isinstance(node, Scalar) and node.plain_style and is_word(node.literal)

    @property
    def _fits(self) -> bool:
        node, schema, native = self.node, self.met.schema, self.native
        if node.is_null:
            # of a custom resource the API server takes nulls out of mappings, not out of lists
            trail = self.met.trail
            in_list = trail is not None and isinstance(trail[1], int)
            return native or self.mended or not in_list or bool(schema.facets.get("n"))
        if schema.code == QUANTITY and isinstance(node, Scalar):
            value = node.value  # what is no quantity is said elsewhere
            if native or self.mended or not isinstance(value, (int, float)):
                return True
            return float(value).is_integer() and -_INT64 <= value < _INT64
        if not fits(node, schema.type):
            return False
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return True
        if schema.code == EITHER:
            return not native or -_INT32 <= value < _INT32
        if schema.type != "integer":
            return True
        limit = _INT32 if native and schema.facets.get("f") == "int32" else _INT64
        return -limit <= value < limit


def fits(node: Node, wanted: str) -> bool:
    """Has a value the type that a schema asks for? A null and a template always do."""
    if wanted == "any" or node.is_null:
        return True
    if wanted in ("object", "array"):
        return isinstance(node, Map if wanted == "object" else Seq) or _is_template(node)
    if isinstance(node, Seq):
        children = node.elements()
        return len(children) == 1 and _is_template(children[0])  # [PROJECT_ID], to be replaced
    if not isinstance(node, Scalar):  # or {name}, to be replaced
        values = [child for _, child in node.items()]
        return len(values) == 1 and isinstance(values[0], Scalar) and not values[0].literal
    value = node.value
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool):
        return wanted == "boolean"
    if isinstance(value, str):
        return wanted in ("string", "int-or-string", "quantity") or _is_template(node)
    return wanted in ("number", "quantity") or (whole and wanted in ("integer", "int-or-string"))


def _is_template(node: Node) -> bool:
    return isinstance(node, Scalar) and stands_in(node.text)
