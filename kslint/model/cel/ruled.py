"""The parts of a schema that rules in CEL see: types, defaults, and the rules at their places.

They come from a definition in the input, or from a folded table (`rule_tables`). Source:
k8s.io/apiextensions-apiserver v0.34 pkg/apiserver/schema (structural schemas).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.schemas.definitions import RULES
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.source.nodes import Node

    Child = Callable[[Any], "Ruled"]

ABSENT = object()
"""Stands for no default, since null may be one."""
MAX_RULES = 500
"""Rules of one node that are looked at."""
_LONGEST = 20_000
"""Characters of a rule."""
_TEXT = re.compile(
    r"""[rR]?(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CHAIN = re.compile(r"(?<![\w.])self((?:\s*\.\s*\??[A-Za-z_]\w*)+)(\s*\()?", re.ASCII)


class Rule(NamedTuple):
    """An entry of `x-kubernetes-validations`, with the keys that it has there."""

    rule: str
    message: str = ""
    expression: str = ""
    reason: str = ""
    field: str = ""
    optional: bool = False

    @property
    def asked(self) -> str | None:
        """What is evaluated when an object is created; None if nothing is.

        A rule about changes holds then, unless it takes an old object that is not there.
        """
        return _created(self.rule, self.optional)

    @property
    def asked_message(self) -> str:
        """The expression that gives the message, if one can."""
        return _created(self.expression, self.optional) or ""

    @property
    def names(self) -> frozenset[str]:
        """Everything that might be a name of a field."""
        return frozenset(_NAME.findall(_TEXT.sub("''", self.rule)))

    @property
    def chains(self) -> list[tuple[str, ...]]:
        """The fields that are read of `self`, each with the way there."""
        found = []
        for chain, call in _CHAIN.findall(_TEXT.sub("''", self.rule)):
            names = tuple(_NAME.findall(chain))
            found.append(names[:-1] if call else names)
        return found

    @property
    def said(self) -> str:
        """What the API server says, where no expression gives another message."""
        return self.message.strip() if self.message else f"failed rule: {self.rule.strip()}"


def _created(text: str, optional: bool) -> str | None:
    """An expression as it is evaluated on creation."""
    if "oldSelf" not in text:
        return text
    pieces, place, met = [], 0, False
    for literal in [*_TEXT.finditer(text), None]:
        end = literal.start() if literal else len(text)
        code, count = re.subn(r"\boldSelf\b", "optional.none()", text[place:end])
        met = met or count > 0
        pieces += [code, literal[0] if literal else ""]
        place = literal.end() if literal else end
    return "".join(pieces) if optional or not met else None


class Ruled:
    """A node of a schema, for rules. `values` is the schema of a map with free keys."""

    __slots__ = ("_child", "_fields", "default", "format", "nullable", "raw", "rules", "type")

    def __init__(self, type_: str, child: Child, fields: dict[str, Any]) -> None:
        self.type = type_
        self.raw: dict[str, Any] = {}
        self.default: Any = ABSENT
        self.nullable = False
        self.format = ""
        self.rules: tuple[Rule, ...] = ()
        self._child = child
        self._fields = fields

    @property
    def names(self) -> list[str]:
        return list(self._fields)

    def field(self, name: str) -> Ruled | None:
        """The schema of a field, which must be among the named ones."""
        return self._made(self._fields, name)

    def part(self, key: str) -> Ruled | None:
        """That of `items` or of `values`."""
        return self._made(self.raw, key)

    def _made(self, holder: dict[str, Any], key: str) -> Ruled | None:
        """A schema below this one, which is read once it is asked for."""
        found = holder.get(key)
        if found is not None and not isinstance(found, Ruled):
            found = holder[key] = self._child(found)
        return found

    def without_rules(self, fields: dict[str, Any]) -> Ruled:
        """The same with some of its fields, and neither rules nor parts."""
        made = Ruled(self.type, self._child, fields)
        made.default, made.nullable, made.format = self.default, self.nullable, self.format
        return made

    @property
    def items(self) -> Ruled | None:
        return self.part("items")

    @property
    def values(self) -> Ruled | None:
        return self.part("values")

    def at(self, path: tuple[Any, ...]) -> Ruled | None:
        """The schema at a path (see `values.Path`); None where there is none."""
        node: Ruled | None = self
        for step in path:
            if node is None:
                return None
            is_field = isinstance(step, str)
            node = node.field(step) if is_field else node.part(_PARTS[type(step)])
        return node


_PARTS: dict[type, str] = {int: "items", tuple: "values"}


def of_definition(node: Node) -> Ruled:
    """A node of the `openAPIV3Schema` of a definition in the input."""
    fields = node.get("properties")
    type_ = node.string("type") or ""
    if node.boolean("x-kubernetes-int-or-string") is True:
        type_ = "int-or-string"
    made = Ruled(type_, of_definition, dict(fields.entries) if isinstance(fields, Map) else {})
    for key, name in (("items", "items"), ("additionalProperties", "values")):
        part = node.get(key)
        if isinstance(part, Map):
            made.raw[name] = part
    made.nullable = node.boolean("nullable") is True
    made.format = node.string("format") or ""
    default = node.get("default")
    if default is not None:
        made.default = default.plain()
    nested = [part for each in node.listed("allOf") for part in each.listed(RULES)]
    made.rules = tuple(map(_rule, [*node.listed(RULES), *nested][:MAX_RULES]))
    return made


def _rule(node: Node) -> Rule:
    return Rule(
        (node.string("rule") or "")[:_LONGEST],
        node.string("message") or "",
        (node.string("messageExpression") or "")[:_LONGEST],
        node.string("reason") or "",
        node.string("fieldPath") or "",
        node.boolean("optionalOldSelf") is True,
    )
