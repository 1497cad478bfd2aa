"""One walk over an object says all that its schema can say of it.

Unknown fields, missing ones, values that are not allowed or no quantities, and values that YAML
may not read as they were meant. Below a field that is dropped, kept free or of the wrong type
nothing is looked at. Templates and the directives of patches (`$patch`) are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from kslint.model.kubernetes.admission.field_errors import templated
from kslint.model.schemas.quantities import refusal
from kslint.model.schemas.schema import (
    ARRAY,
    BOOLEAN,
    EITHER,
    FREE,
    INTEGER,
    NUMBER,
    OBJECT,
    QUANTITY,
    TEXT,
)
from kslint.source.nodes import Map, Scalar, Seq
from kslint.source.scalars import WORDS

if TYPE_CHECKING:
    from kslint.model.schemas.schema import Schema
    from kslint.source.nodes import Node

    Trail = Union[tuple["Trail", "str | int"], None]
    """The way to a value, from its end; joined only where there is something to say."""

_NO_WORD = frozenset("+-.0123456789~")
_FALSE_TRUE = frozenset({"true", "false"})
MODES = frozenset({"defaultMode", "mode"})
"""Fields that hold file modes, in volumes."""


class Met:
    """A value met on the walk, its schema and the way to it."""

    __slots__ = ("node", "schema", "trail")

    def __init__(self, node: Node, schema: Schema, trail: Trail) -> None:
        self.node = node
        self.schema = schema
        self.trail = trail

    @property
    def path(self) -> str:
        """As `spec.containers[0].image`; "" for the object itself."""
        return joined(self.trail)


class Lack:
    """A field that is missing in a block. `node` is the block, or what stands there for nothing."""

    __slots__ = ("field", "node", "trail")

    def __init__(self, node: Node, field: str, trail: Trail) -> None:
        self.node = node
        self.field = field
        self.trail = trail

    @property
    def path(self) -> str:
        return joined((self.trail, self.field))


class Dropped:
    """A field that the API server drops; `block` is the schema of what it stands in."""

    __slots__ = ("block", "node", "trail")

    def __init__(self, node: Node, block: Schema, trail: Trail) -> None:
        self.node = node
        self.block = block
        self.trail = trail

    @property
    def name(self) -> str:
        assert self.trail is not None
        return str(self.trail[1])

    @property
    def path(self) -> str:
        return joined(self.trail)


class Reading:
    """What the schema of its kind says of an object.

    `odd` are values that may be of another type than their field, `bad` quantities that are
    none, `limited` values and blocks with limits that may be overstepped.
    """

    __slots__ = ("bad", "dropped", "lacking", "limited", "odd", "root", "schema")

    def __init__(self, root: Node, schema: Schema) -> None:
        self.root = root
        self.schema = schema
        self.dropped: list[Dropped] = []
        self.lacking: list[Lack] = []
        self.limited: list[Met] = []
        self.odd: list[Met] = []
        self.bad: list[Met] = []


def joined(trail: Trail) -> str:
    """`spec.containers[0].image` of a way there."""
    steps: list[str] = []
    while trail is not None:
        trail, step = trail
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def read(root: Node, schema: Schema) -> Reading:  # noqa: C901  (the loop that a run spends its time in)
    """Hold the values of an object against its schema. Fast, so `odd` and `limited` are broad."""
    reading = Reading(root, schema)
    odd, limited = reading.odd, reading.limited
    stack: list[tuple[Node, Schema, Trail]] = [(root, schema, None)]
    push = stack.append
    while stack:
        node, wanted, trail = stack.pop()
        code = wanted.code
        if node.__class__ is Map:
            if code != OBJECT:
                if code != FREE:
                    odd.append(Met(node, wanted, trail))
                continue
            entries = node.entries
            fields = wanted.fields
            for name, child in entries.items():
                field = fields[name]
                if field is None:
                    _dropped(reading, child, wanted, (trail, name))
                    continue
                code = field.code
                if code == FREE:
                    continue
                if child.__class__ is not Scalar:
                    push((child, field, (trail, name)))
                elif code == TEXT:
                    literal = child.literal
                    if (
                        child.plain_style and (literal[:1] in _NO_WORD or literal in WORDS)
                    ) or child.tag is not None:
                        odd.append(Met(child, field, (trail, name)))
                    if field.limits and not (field.choices and literal in field.choices):
                        limited.append(Met(child, field, (trail, name)))
                else:
                    _scalar(reading, child, field, (trail, name))
            if wanted.required:
                for name in wanted.required:
                    given = entries.get(name)
                    if given is None or given.is_null or _is_empty(given, fields[name]):
                        reading.lacking.append(Lack(given or node, name, trail))
            if wanted.limits:
                limited.append(Met(node, wanted, trail))
        elif node.__class__ is Seq:
            if code != ARRAY:
                if code != FREE:
                    odd.append(Met(node, wanted, trail))
                continue
            items = wanted.items
            if wanted.limits and (len(node.children) != 1 or wanted.facets.get("imin", 0) > 1):
                limited.append(Met(node, wanted, trail))
            if items is None or items.code == FREE:
                continue
            for index, child in enumerate(node.children):
                if child.__class__ is not Scalar:
                    push((child, items, (trail, index)))
                else:
                    _scalar(reading, child, items, (trail, index))
        elif not isinstance(node, Map):  # nor a large schema of a definition, whoever read it
            _scalar(reading, node, wanted, trail)
    return reading


def _is_empty(node: Node, field: Schema | None) -> bool:
    """Is it an empty text or list, in a field of which that says as much as nothing?"""
    if field is None or "z" not in field.facets:
        return False
    return not node.children if isinstance(node, Seq) else node.text == ""


def _dropped(reading: Reading, node: Node, block: Schema, trail: Trail) -> None:
    assert trail is not None
    name = str(trail[1])
    if trail[0] is None and name.startswith("x-"):
        return  # `x-` holds anchors: what is dropped there is meant to be
    if name.startswith("$") or templated(name):
        return
    if name == "creationTimestamp" and node.is_null:
        return  # Go programs print it in every template, and nothing is lost with it
    reading.dropped.append(Dropped(node, block, trail))


def _scalar(reading: Reading, node: Node, field: Schema, trail: Trail) -> None:
    """A scalar where not simply any text will do."""
    assert isinstance(node, Scalar)
    literal, code = node.literal, field.code
    if code == BOOLEAN:
        if not (node.plain_style and literal in _FALSE_TRUE):
            reading.odd.append(Met(node, field, trail))
    elif code == TEXT:
        if (
            node.plain_style and (literal[:1] in _NO_WORD or literal in WORDS)
        ) or node.tag is not None:
            reading.odd.append(Met(node, field, trail))
    elif code == QUANTITY:
        if refusal(node) is not None:
            reading.bad.append(Met(node, field, trail))
        elif node.plain_style and (
            "." in literal or "e" in literal or "E" in literal or len(literal) > 18
        ):
            reading.odd.append(Met(node, field, trail))
    elif code == EITHER:
        if (node.plain_style and not literal.isdigit()) or node.tag is not None:
            reading.odd.append(Met(node, field, trail))
    elif code in (INTEGER, NUMBER):
        if (
            not node.plain_style
            or not literal.isdigit()
            or (literal[0] == "0" and literal != "0")
            or len(literal) > 9
            or (trail is not None and trail[1] in MODES)
        ):
            reading.odd.append(Met(node, field, trail))
    elif code in (OBJECT, ARRAY):
        reading.odd.append(Met(node, field, trail))
    if field.limits and not (field.choices and literal in field.choices):
        reading.limited.append(Met(node, field, trail))
