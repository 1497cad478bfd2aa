"""What rules see of an object: pruned, with its defaults, of the types that its schema gives.

Source: k8s.io/apiextensions-apiserver v0.34 pkg/apiserver/schema/{pruning,defaulting,cel} and
k8s.io/apiserver v0.34 pkg/cel (values.go, escaping.go). Of lists that are sets or maps the order
counts here. Values of types that the CEL library cannot be given, such as times, are not known.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from kslint.model.cel.ruled import ABSENT, Ruled
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.source.nodes import Map, Node, Scalar, Seq

Path = tuple[Any, ...]
"""Steps: names of fields, indices, and (key,) for those of a map."""
_RESERVED = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
     "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}
)  # fmt: skip
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_OTHER_TYPES = frozenset({"byte", "date", "date-time", "duration"})
"""Formats that make a text a value of another type, which cannot be handed over."""
_INT64 = 2**63
_HERE = ""
"""Stands for a value that is itself unknown, among the names of fields with unknown values."""
_UNKNOWN = None, frozenset({_HERE})
_NONE: frozenset[str] = frozenset()
_TEXT = Ruled("string", lambda raw: raw, {})
MAX_SUBJECTS = 2000
"""Values of one object that are held against rules."""


class Subject(NamedTuple):
    """A value with rules. `node` is what is written of it, or what would hold it.

    `unknown` are the names of the fields on the way to values that are not known.
    """

    schema: Ruled
    path: Path
    node: Node
    value: Any
    unknown: frozenset[str]


class _Reader:
    """Reads one object."""

    def __init__(self) -> None:
        self.subjects: list[Subject] = []

    def read(self, schema: Ruled, raw: Any, path: Path, holder: Node) -> tuple[Any, frozenset[str]]:
        """A value (a node, or a default), and what is not known of it."""
        node = raw if isinstance(raw, Node) else holder
        if raw is None or (isinstance(raw, Node) and raw.is_null):
            return (None, _NONE) if schema.nullable else _UNKNOWN
        place = len(self.subjects)
        value, unknown = self._read(schema, raw, path, node)
        if schema.rules and place < MAX_SUBJECTS:
            self.subjects.insert(place, Subject(schema, path, node, value, unknown))
        return value, unknown

    def _read(self, schema: Ruled, raw: Any, path: Path, node: Node) -> tuple[Any, frozenset[str]]:
        if schema.type == "object":
            entries = raw.entries if isinstance(raw, Map) else raw
            if not isinstance(entries, dict):
                return _UNKNOWN
            if schema.values is not None and not schema.names:
                return self._map(schema.values, entries, path, node)
            return self._object(schema, entries, path, node)
        if schema.type == "array":
            elements = raw.children if isinstance(raw, Seq) else raw
            if not isinstance(elements, list) or schema.items is None:
                return _UNKNOWN
            return self._list(schema.items, elements, path, node)
        value = raw.value if isinstance(raw, Scalar) else raw
        return _scalar(schema, value)

    def _object(
        self, schema: Ruled, entries: dict[str, Any], path: Path, node: Node
    ) -> tuple[Any, frozenset[str]]:
        made: dict[str, Any] = {}
        unknown: set[str] = set()
        for name in schema.names:
            field = schema.field(name)
            raw = entries.get(name)
            assert field is not None
            if raw is None or (isinstance(raw, Node) and raw.is_null and not field.nullable):
                if field.default is ABSENT:
                    continue
                raw = field.default
            if not field.type:
                continue  # not typed: rules cannot read it
            value, doubts = self.read(field, raw, (*path, name), node)
            known_as = escaped(name)
            if known_as is not None:
                made[known_as] = value
                unknown |= {known_as, *doubts} - {_HERE} if doubts else set()
        return made, frozenset(unknown)

    def _map(
        self, schema: Ruled, entries: dict[str, Any], path: Path, node: Node
    ) -> tuple[Any, frozenset[str]]:
        made: dict[str, Any] = {}
        unknown: set[str] = set()
        for key, raw in entries.items():
            value, doubts = self.read(schema, raw, (*path, (key,)), node)
            unknown |= doubts
            if opaque(key):
                unknown.add(_HERE)
            made[key] = value
        return made, frozenset(unknown)

    def _list(
        self, schema: Ruled, elements: list[Any], path: Path, node: Node
    ) -> tuple[Any, frozenset[str]]:
        made = []
        unknown: set[str] = set()
        for index, raw in enumerate(elements):
            value, doubts = self.read(schema, raw, (*path, index), node)
            unknown |= doubts
            made.append(value)
        return made, frozenset(unknown)


def _scalar(schema: Ruled, value: Any) -> tuple[Any, frozenset[str]]:
    wanted = schema.type
    if isinstance(value, str):
        known = wanted in ("string", "int-or-string") and schema.format not in _OTHER_TYPES
        return (value, _NONE) if known and "\0" not in value and not opaque(value) else _UNKNOWN
    if isinstance(value, bool):
        return (value, _NONE) if wanted == "boolean" else _UNKNOWN
    if not isinstance(value, (int, float)):
        return _UNKNOWN
    if wanted == "number":
        return float(value), _NONE
    if wanted not in ("integer", "int-or-string") or not float(value).is_integer():
        return _UNKNOWN
    whole = int(value)
    return (whole, _NONE) if -_INT64 <= whole < _INT64 else _UNKNOWN


def escaped(name: str) -> str | None:
    """The name by which rules know a field; None if they cannot."""
    if name in _RESERVED:
        return f"__{name}__"
    if not re.fullmatch(r"[A-Za-z_./-][A-Za-z0-9_./-]*", name, re.ASCII):
        return None
    return re.sub(r"__|[-./]", lambda met: _ESCAPES[met[0]], name)


def subjects(schema: Ruled, body: Map) -> list[Subject]:
    """The values of an object that have rules, outer ones first."""
    reader = _Reader()
    value, unknown = reader.read(schema, body, (), body)
    if reader.subjects and reader.subjects[0].value is value and isinstance(value, dict):
        meta = body.get("metadata")
        names = {
            name: _scalar(_TEXT, None if meta is None else meta.string(name))
            for name in ("name", "generateName")
            if meta is not None and meta.get(name) is not None
        }
        value.update(
            apiVersion=body.string("apiVersion"),
            kind=body.string("kind"),
            metadata={name: found for name, (found, _) in names.items()},
        )
        if any(doubts for _, doubts in names.values()) or "generateName" in names:
            first = reader.subjects[0]
            reader.subjects[0] = first._replace(unknown=unknown | {"metadata"})
    return reader.subjects


def shown(path: Path) -> str:
    """A path as the API server prints it."""
    steps = [
        f"[{step}]" if isinstance(step, int) else f"[{step[0]}]" if isinstance(step, tuple)
        else f".{step}"
        for step in path
    ]  # fmt: skip
    return "".join(steps).removeprefix(".") or "<nil>"
