"""A node of a schema: of a folded table, of a CustomResourceDefinition, or of two of them.

Nodes are made when a value meets them, and kept: a run pays for the kinds that it sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Facets = dict[str, Any]
    Child = Callable[[Any], "Schema"]

FREE, TEXT, BOOLEAN, INTEGER, NUMBER, QUANTITY, EITHER, OBJECT, ARRAY = range(9)
"""What a value must be. FREE: anything; EITHER: an integer or a text."""

_CODES = {
    "any": FREE, "string": TEXT, "boolean": BOOLEAN, "integer": INTEGER, "number": NUMBER,
    "quantity": QUANTITY, "int-or-string": EITHER, "object": OBJECT, "array": ARRAY,
}  # fmt: skip
TYPES = {
    FREE: "any", TEXT: "string", BOOLEAN: "boolean", INTEGER: "integer", NUMBER: "number",
    QUANTITY: "quantity", EITHER: "int-or-string", OBJECT: "object", ARRAY: "array",
}  # fmt: skip
_FORMATS = frozenset(
    {"byte", "cidr", "date", "date-time", "duration", "email", "ipv4", "ipv6", "uri", "uuid"}
)
"""Formats of texts that are judged."""
_LIMITS = frozenset(
    {"re", "min", "max", "xmin", "xmax", "mul", "lmin", "lmax", "imin", "imax", "pmin", "pmax",
     "k", "s"}
)  # fmt: skip


class Foreign(str):
    """A pattern that stands in the input: it may take for ever to match. Wherever it is handed."""

    __slots__ = ()


QUANTITY_PATTERN = r"(([KMGTPE]i)|[numkMGTPE]|"
"""What the pattern of every quantity in a CRD holds, and that of nothing else."""


class Schema:
    """One node. `facets` are as `scripts/fold_schemas.py` describes them.

    `fields` gives the schema of a field by its name: None where the API server drops it.
    `later` are fields that the installed release does not have, though another has.
    `limits` is set where a value of the right type may still not be allowed; `choices` are the
    texts that are, where nothing else limits them. `parts` are those that one was joined from.
    """

    __slots__ = (
        "__weakref__",
        "choices",
        "code",
        "facets",
        "fields",
        "items",
        "later",
        "limits",
        "names",
        "parts",
        "required",
    )

    def __init__(
        self, type_: str, facets: Facets, child: Child, release: int | None = None
    ) -> None:
        self.facets = facets
        self.parts: frozenset[Schema] = frozenset()
        self.code = (
            FREE if type_ == "object" and facets.get("u") and "p" not in facets else _CODES[type_]
        )
        self.required: tuple[str, ...] = tuple(facets.get("r", ()))
        limited = not _LIMITS.isdisjoint(facets)
        self.limits = limited or "e" in facets or facets.get("f") in _FORMATS
        self.choices = (
            frozenset(choice for choice in facets["e"] if isinstance(choice, str))
            if not limited and self.code == TEXT and "e" in facets
            else None
        )
        names = facets.get("p", _NOTHING)
        self.later: dict[str, list[int | None]] = {}
        if release is not None and "v" in facets:
            self.later = {n: s for n, s in facets["v"].items() if not within(s, release)}
            names = {name: index for name, index in names.items() if name not in self.later}
        self.names: dict[str, Any] = names
        values = facets.get("a")
        free = "u" in facets or values is True
        rest = ANYTHING if free else None if values is None else child(values)
        self.fields: dict[str, Schema | None] = _Fields(names, child, rest)
        items = facets.get("i")
        self.items: Schema | None = None if items is None else child(items)

    @property
    def type(self) -> str:
        return TYPES[self.code]


class _Fields(dict[str, "Schema | None"]):
    """The schemas of fields by name, made when they are asked for."""

    __slots__ = ("_child", "_names", "_rest")

    def __init__(self, names: dict[str, Any], child: Child, rest: Schema | None) -> None:
        super().__init__()
        self._names = names
        self._child = child
        self._rest = rest

    def __missing__(self, name: str) -> Schema | None:
        raw = self._names.get(name)
        if raw is None:
            return self._rest
        made = self[name] = self._child(raw)
        return made


_NOTHING: dict[str, Any] = {}


def within(span: Iterable[int | None], release: int) -> bool:
    """Is a release in a span (from, to) of releases?"""
    since, until = span
    return (since is None or since <= release) and (until is None or release < until)


def _same(child: Any) -> Schema:
    return child if isinstance(child, Schema) else Schema(child, {}, _same)


ANYTHING = Schema("any", {}, _same)
ANYTHING.fields = _Fields(_NOTHING, _same, ANYTHING)
PLAIN_TEXT = Schema("string", {}, _same)


def of_object(fields: dict[str, Any], free: bool = False) -> Schema:
    """A mapping of fields whose schemas are at hand. `free`: others are not judged."""
    return Schema("object", {"p": fields, **({"u": True} if free else {})}, _same)


def either(first: Schema, second: Schema) -> Schema:
    """Two schemas of one kind: what one of them knows is known; the first gives the type.

    Only what both demand is demanded.
    """
    if first is second or FREE in (first.code, second.code) or first.code != second.code:
        return ANYTHING if FREE in (first.code, second.code) else first
    parts, others = first.parts or {first}, second.parts or {second}
    if parts >= others:
        return first  # which knows what it would learn
    both = first.names.keys() & second.names.keys()
    fields: dict[str, Any] = {}
    for name in {**first.names, **second.names}:
        fields[name] = (
            (first, second, name)
            if name in both
            else (first if name in first.names else second).fields[name]
        )
    facets: Facets = {"p": fields, "r": [r for r in first.required if r in second.required]}
    if first.facets.get("u") or second.facets.get("u"):
        facets["u"] = True
    values = [s.fields[""] for s in (first, second) if s.facets.get("a") is not None]
    if values:
        facets["a"] = values[0] if len(values) == 1 or values[1] is None else (values[0], values[1])
    if first.items is not None and second.items is not None:
        facets["i"] = (first.items, second.items)
    elif first.items or second.items:
        facets["i"] = first.items or second.items
    for key in (*_LIMITS, "e", "f", "t"):
        if key in first.facets and first.facets[key] == second.facets.get(key):
            facets[key] = first.facets[key]
    joined = Schema(first.type, facets, _joined)
    joined.parts = frozenset(parts | others)
    return joined


def _joined(raw: Any) -> Schema:
    if isinstance(raw, Schema):
        return raw
    if len(raw) == 3:
        first, second, name = raw
        return either(first.fields[name] or ANYTHING, second.fields[name] or ANYTHING)
    return either(*raw)
