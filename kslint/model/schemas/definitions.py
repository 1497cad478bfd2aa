"""Schemas of the CustomResourceDefinitions in the input, a node as it is met."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from kslint.model.schemas.schema import PLAIN_TEXT, QUANTITY_PATTERN, Foreign, Schema
from kslint.model.schemas.tables import metadata
from kslint.source.folding import text_of
from kslint.source.nodes import Deferred, Map, Node

if TYPE_CHECKING:
    from kslint.model.schemas.schema import Facets

_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})
_COPIED = {
    "enum": "e", "pattern": "re", "format": "f", "minLength": "lmin", "maxLength": "lmax",
    "minItems": "imin", "maxItems": "imax", "minProperties": "pmin", "maxProperties": "pmax",
    "multipleOf": "mul",
}  # fmt: skip
_FLAGS = {
    "x-kubernetes-preserve-unknown-fields": "u", "nullable": "n",
}  # fmt: skip
_WANTED: dict[str, type | tuple[type, ...]] = {
    "e": list, "re": str, "f": str, "mul": (int, float),
}  # fmt: skip
"""The types of these keywords; of the others it is an integer. A wrong one limits nothing."""
_BOUNDS = (("minimum", "exclusiveMinimum", "min"), ("maximum", "exclusiveMaximum", "max"))

RULES = "x-kubernetes-validations"
"""The keyword of rules in CEL."""


_made: WeakValueDictionary[bytes, Schema] = WeakValueDictionary()
"""By the digest of its text, what was made of a block: releases share most of theirs."""


def of_definition(node: Node, text: bytes | None = None) -> Schema:
    """A node of `openAPIV3Schema`. `text` is the digest of what it was composed from, if known."""
    text = text or text_of(node)
    if text is None:
        return _of_node(node)
    known = _made.get(text)
    if known is None:
        known = _made[text] = _of_node(node)
    return known


def _of_node(node: Node) -> Schema:
    facets: Facets = {}
    type_ = node.string("type") or ""
    if node.boolean("x-kubernetes-int-or-string") is True:
        is_quantity = QUANTITY_PATTERN in (node.string("pattern") or "")
        type_ = "quantity" if is_quantity else "int-or-string"
    elif type_ not in _TYPES:
        type_, facets["u"] = "any", True
    _limit(node, type_, facets)
    for keyword, short in _FLAGS.items():
        if node.boolean(keyword) is True:
            facets[short] = True
    fields = node.get("properties")
    if isinstance(fields, Map):
        facets["p"] = fields.entries
        facets["r"] = [
            name.text
            for name in node.listed("required")
            if name.text and fields.at(name.text, "default") is None
        ]
    if node.boolean("x-kubernetes-embedded-resource") is True:
        known = {"apiVersion": PLAIN_TEXT, "kind": PLAIN_TEXT, "metadata": metadata()}
        facets["p"] = {**facets.get("p", {}), **known}
    items, values = node.get("items"), node.get("additionalProperties")
    if isinstance(items, Map):
        facets["i"] = items
    if isinstance(values, Map):
        facets["a"] = values
    elif node.boolean("additionalProperties") is True:
        facets["a"] = True
    return Schema(type_, facets, _child)


def _limit(node: Node, type_: str, facets: Facets) -> None:
    """What may keep a value of the right type from being allowed."""
    for keyword, short in _COPIED.items():
        found = node.get(keyword)
        if found is None:
            continue
        value = found.plain()
        wanted = _WANTED.get(short, int)
        if isinstance(value, wanted) and not isinstance(value, bool):
            facets[short] = value
    if type_ == "quantity":
        facets.pop("re", None)
    elif "re" in facets:
        facets["re"] = Foreign(facets["re"])
    for keyword, exclusive, short in _BOUNDS:
        found = node.get(keyword)
        bound = None if found is None else found.plain()
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            facets["x" + short if node.boolean(exclusive) else short] = bound
    kind = node.string("x-kubernetes-list-type")
    if kind == "map":
        facets["k"] = [key.text for key in node.listed("x-kubernetes-list-map-keys")]
    elif kind == "set":
        facets["s"] = True


def _child(raw: Any) -> Schema:
    if isinstance(raw, Schema):
        return raw
    return of_definition(raw if isinstance(raw, Node) else Map({}))


_RULED = re.compile(rb'x-kubernetes-validations|"[^"\n]*\\[xuU]')
"""The field of rules in CEL, or a name that may be written so."""


def has_rules(node: Node | None) -> bool:
    """Has a schema of a definition a rule anywhere?"""
    stack = [node]
    while stack:
        found = stack.pop()
        if not isinstance(found, Map):
            continue
        if isinstance(found, Deferred) and not found.read.holds(_RULED):
            continue
        if found.listed(RULES):
            return True
        fields = found.get("properties")
        if isinstance(fields, Map):
            stack += fields.entries.values()
        stack += [found.get("items"), found.get("additionalProperties"), *found.listed("allOf")]
    return False
