"""What the compiler of CEL says to an expression, where that is plain without running it.

Source: google/cel-spec doc/langdef.md (the grammar), google/cel-go v0.26 parser and checker, and
k8s.io/apiserver v0.34 pkg/cel (the types of a schema). Four things are said: the syntax is wrong,
a field is not in the schema, an operator is not for its two sides, the result is of another type.
What is rare is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.source.nodes import Node

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][-+]?\d+)?[uU]?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<quoted>`[^`\n]+`)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-<>!+*/%?:.,()\[\]{}])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_BINARY = (
    ("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_OF_BOOL = frozenset({sign for level in _BINARY[:3] for sign in level})
_PLAIN = frozenset({"bool", "int", "string"})
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
_WORDS = {"true": "bool", "false": "bool", "null": "null_type"}
_ESCAPED = {"__dot__": ".", "__dash__": "-", "__slash__": "/", "__underscores__": "__"}
_DEEPEST = 60


class _Thing(NamedTuple):
    """What an expression gives: its type, None if that is open; its schema; where it stands."""

    type_: str | None = None
    schema: Map | None = None


class _Refused(Exception):  # noqa: N818  (it is no error of ours)
    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at
        self.what = what


class _Unclear(Exception):  # noqa: N818  (nor is this)
    """What cannot be told here."""


def complaint(text: str, schemas: dict[str, Map | None], wanted: str) -> str | None:
    """What the compiler says to an expression; None if nothing that can be told.

    `schemas` are those of the names it may use, as far as they are known; `wanted` is the type it
    has to give, `any` if all will do. An answer without words is that it gives another.
    """
    try:
        reader = _Reader(text, {name: _of(schema) for name, schema in schemas.items()})
        thing = reader.whole()
    except _Unclear:
        return None
    except _Refused as refused:
        line = text.count("\n", 0, refused.at)
        column = refused.at - (text.rfind("\n", 0, refused.at) + 1)
        shown = text.split("\n")[line]
        return (
            f"ERROR: <input>:{line + 1}:{column + 1}: {refused.what}\n"
            f" | {shown}\n | {'.' * column}^"
        )
    return "" if wanted != "any" and thing.type_ not in (None, wanted) else None


def _of(schema: Node | None) -> _Thing:
    """What the values of a schema are; int-or-string and what has no type may be anything."""
    if not isinstance(schema, Map) or schema.boolean("x-kubernetes-int-or-string") is True:
        return _Thing()
    kind, format_ = schema.string("type"), schema.string("format")
    if kind == "string":
        return _Thing("string" if format_ not in ("date", "date-time", "duration", "byte") else "")
    named = {"integer": "int", "number": "double", "boolean": "bool", "array": "list"}
    if kind == "object":
        return _Thing("map" if schema.get("additionalProperties") else "object", schema)
    return _Thing(named.get(kind or ""), schema)


class _Reader:
    def __init__(self, text: str, names: dict[str, _Thing]) -> None:
        self.text = text
        self.names = names
        self.depth = 0
        self.at = 0
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise _Refused(place, "Syntax error: token recognition error")
            if match.lastgroup != "blank":
                self.tokens.append((match.lastgroup or "", match[0], place))
            place = match.end()
        self.tokens.append(("end", "", len(text)))

    def whole(self) -> _Thing:
        thing = self.expression()
        if self.tokens[self.at][0] != "end":
            raise self.refused()
        return thing

    def refused(self) -> _Refused:
        return _Refused(self.tokens[self.at][2], "Syntax error")

    def takes(self, *signs: str) -> str | None:
        kind, text, _ = self.tokens[self.at]
        if text in signs and kind in ("sign", "name"):
            self.at += 1
            return text
        return None

    def wants(self, sign: str) -> None:
        if self.takes(sign) is None:
            raise self.refused()

    def expression(self) -> _Thing:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Unclear
        first = self.binary(0)
        if self.takes("?"):
            first = self.binary(0)
            self.wants(":")
            other = self.expression()
            first = first if first.type_ == other.type_ else _Thing()
        self.depth -= 1
        return first

    def binary(self, level: int) -> _Thing:
        if level == len(_BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while sign := self.takes(*_BINARY[level]):
            place = self.tokens[self.at - 1][2]
            right = self.binary(level + 1)
            if sign != "in" and left.type_ != right.type_ and {left.type_, right.type_} <= _PLAIN:
                types = f"'({left.type_}, {right.type_})'"
                raise _Refused(
                    place, f"found no matching overload for '_{sign}_' applied to {types}"
                )
            same = left.type_ == right.type_ and left.type_ in ("int", "double", "string")
            left = _Thing("bool") if sign in _OF_BOOL else _Thing(left.type_ if same else None)
        return left

    def unary(self) -> _Thing:
        if self.takes("!"):
            while self.takes("!"):
                pass
            self.member()
            return _Thing("bool")
        minus = False
        while self.takes("-"):
            minus = True
        found = self.member()
        return _Thing(found.type_) if minus and found.type_ in ("int", "double") else found

    def member(self) -> _Thing:
        thing = self.primary()
        while True:
            dot = self.tokens[self.at][2]
            if self.takes("."):
                optional = self.takes("?") is not None
                kind, name, _ = self.tokens[self.at]
                if kind not in ("name", "quoted"):
                    raise self.refused()
                self.at += 1
                if kind == "name" and self.takes("("):
                    thing = self.call(name, thing)
                else:
                    real = name.strip("`") if kind == "quoted" else name
                    thing = _Thing() if optional else self.select(thing, real, dot)
            elif self.takes("["):
                self.takes("?")
                self.expression()
                self.wants("]")
                thing = self.inside(thing)
            else:
                return thing

    def inside(self, thing: _Thing) -> _Thing:
        if thing.schema is None:
            return _Thing()
        return _of(thing.schema.get("items" if thing.type_ == "list" else "additionalProperties"))

    def select(self, thing: _Thing, name: str, dot: int) -> _Thing:
        if thing.schema is None:
            return _Thing()
        if thing.type_ == "map":
            return self.inside(thing)
        if thing.type_ != "object" or thing.schema.boolean("x-kubernetes-embedded-resource"):
            return _Thing()
        properties = thing.schema.get("properties")
        known = properties.entries if isinstance(properties, Map) else {}
        real = re.sub("__(dot|dash|slash|underscores)__", lambda m: _ESCAPED[m[0]], name)
        for spelt in (name, real, name.strip("_")):
            if spelt in known:
                return _of(known[spelt])
        raise _Refused(dot, f"undefined field '{name}'")

    def call(self, name: str, target: _Thing | None) -> _Thing:
        """After its bracket."""
        outer = self.names
        if target is not None and name in _LOOPS and self.tokens[self.at][0] == "name":
            bound = self.tokens[self.at][1]
            if self.tokens[self.at + 1][1] == "," and target.type_ in ("list", "map"):
                each = self.inside(target) if target.type_ == "list" else _Thing("string")
                self.names = {**outer, bound: each}
            else:
                self.names = {**outer, bound: _Thing()}
        elif target is not None and self.tokens[self.at][0] == "name":
            self.names = {**outer, self.tokens[self.at][1]: _Thing()}
        if not self.takes(")"):
            self.expression()
            while self.takes(","):
                self.expression()
            self.wants(")")
        self.names = outer
        if name == "size":
            return _Thing("int")
        return _Thing("bool" if name == "has" and target is None else None)

    def primary(self) -> _Thing:
        kind, text, _ = self.tokens[self.at]
        if kind == "text":
            self.at += 1
            return _Thing("string" if not re.match("[rR]?[bB]", text) else None)
        if kind == "number":
            self.at += 1
            return _Thing("int" if text.isdigit() else None)
        if kind == "name":
            if text == "in":
                raise self.refused()
            self.at += 1
            if self.takes("("):
                return self.call(text, None)
            if text in _WORDS:
                return _Thing(_WORDS[text])
            if self.tokens[self.at][1] == "{":
                raise _Unclear
            return self.names.get(text, _Thing())
        if self.takes("("):
            thing = self.expression()
            self.wants(")")
            return thing
        if self.takes("["):
            self.entries("]", pairs=False)
            return _Thing("list")
        if self.takes("{"):
            self.entries("}", pairs=True)
            return _Thing("map")
        if kind == "sign" and text == ".":
            raise _Unclear
        raise self.refused()

    def entries(self, end: str, *, pairs: bool) -> None:
        while not self.takes(end):
            self.takes("?")
            self.expression()
            if pairs:
                self.wants(":")
                self.expression()
            if not self.takes(","):
                self.wants(end)
                return
