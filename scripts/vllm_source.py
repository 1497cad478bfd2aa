"""Names, annotations and values in a source tree of vLLM, read without running it.

Names are followed through imports as Python binds them at run time: of `if TYPE_CHECKING` the
other branch counts, for that is what vLLM's own argument reader sees.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN: Any = object()
"""A value that the source does not state."""


class Place(NamedTuple):
    """A definition, and the module whose names it uses."""

    node: ast.AST
    module: Module


class Field(NamedTuple):
    """A field of a dataclass: its annotation and default, and the class that declares it."""

    annotation: ast.expr
    value: ast.expr | None
    module: Module
    owner: str


class Hints(NamedTuple):
    """What an annotation allows, as vLLM's get_type_hints sees it.

    `names` are types (`int`, `list`, `None`, classes), `literals` the values of a Literal,
    `elements` what a list, set or tuple holds.
    """

    names: frozenset[str]
    literals: tuple[Any, ...]
    elements: frozenset[str]


class Module:
    """One file: what it defines, and what it imports."""

    def __init__(self, source: Source, name: str, path: Path) -> None:
        self.source = source
        self.name = name
        self.package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.defined: dict[str, ast.AST] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self._bind(self.tree.body, certain=True)

    def _bind(self, body: list[ast.stmt], certain: bool) -> None:
        for node in body:
            if isinstance(node, ast.If):
                checking = "TYPE_CHECKING" in ast.unparse(node.test)
                self._bind(node.orelse, certain)
                self._bind(node.body, certain and not checking)
            elif isinstance(node, ast.Try):
                self._bind(node.body, certain)
            elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                self._set(node.name, node, certain)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._set(node.targets[0].id, node.value, certain)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if node.value is not None:
                    self._set(node.target.id, node.value, certain)
            elif isinstance(node, ast.ImportFrom):
                self._import(node, certain)

    def _set(self, name: str, node: ast.AST, certain: bool) -> None:
        if certain or (name not in self.defined and name not in self.imported):
            self.defined[name] = node

    def _import(self, node: ast.ImportFrom, certain: bool) -> None:
        origin = node.module or ""
        if node.level:
            parts = self.package.split(".")
            base = parts[: len(parts) - node.level + 1]
            origin = ".".join([*base, origin] if origin else base)
        for alias in node.names:
            name = alias.asname or alias.name
            if certain or (name not in self.defined and name not in self.imported):
                self.imported[name] = (origin, alias.name)

    def find(self, name: str) -> Place | None:
        """Where a name of this module is defined."""
        if name in self.defined:
            return Place(self.defined[name], self)
        if name not in self.imported:
            return None
        origin, original = self.imported[name]
        module = self.source.module(origin)
        return module.find(original) if module is not None and module is not self else None


class Source:
    """A tree that holds the `vllm` package."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.module = lru_cache(None)(self._module)

    def _module(self, name: str) -> Module | None:
        if name != "vllm" and not name.startswith("vllm."):
            return None
        path = self.root.joinpath(*name.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.exists():
                return Module(self, name, candidate)
        return None

    def fields(self, name: str, module: Module) -> dict[str, Field]:
        """The fields of a dataclass by name, those of its bases first."""
        place = module.find(name)
        if place is None or not isinstance(place.node, ast.ClassDef):
            return {}
        found: dict[str, Field] = {}
        for base in place.node.bases:
            found |= self.fields(ast.unparse(base), place.module)
        for item in place.node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                found[item.target.id] = Field(item.annotation, item.value, place.module, name)
        return found

    def hints(self, annotation: ast.expr, module: Module, depth: int = 0) -> Hints:
        """Take an annotation apart, through aliases, unions and quoted text."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = ast.parse(annotation.value, mode="eval").body
        if isinstance(annotation, ast.BinOp):
            return self._union([annotation.left, annotation.right], module, depth)
        if isinstance(annotation, ast.Subscript):
            head = ast.unparse(annotation.value).rpartition(".")[2]
            inner = annotation.slice
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return self._generic(head, items, module, depth)
        name = ast.unparse(annotation)
        place = module.find(name) if depth < 8 else None
        if place is not None and isinstance(place.node, ast.expr):
            return self.hints(place.node, place.module, depth + 1)
        return Hints(frozenset((name.rpartition(".")[2],)), (), frozenset())

    def _union(self, items: list[ast.expr], module: Module, depth: int) -> Hints:
        parts = [self.hints(item, module, depth) for item in items]
        return Hints(
            frozenset().union(*(part.names for part in parts)),
            tuple(value for part in parts for value in part.literals),
            frozenset().union(*(part.elements for part in parts)),
        )

    def _generic(self, head: str, items: list[ast.expr], module: Module, depth: int) -> Hints:
        if head == "Optional":
            hints = self.hints(items[0], module, depth)
            return hints._replace(names=hints.names | {"None"})
        if head == "Union":
            return self._union(items, module, depth)
        if head in ("Annotated", "SkipValidation", "ClassVar", "InitVar"):
            return self.hints(items[0], module, depth)
        if head == "Literal":
            values = [value for item in items for value in self._literal(item, module, depth)]
            return Hints(frozenset(("Literal",)), tuple(values), frozenset())
        if head.lower() in ("list", "tuple", "set", "sequence", "iterable"):
            inner = self.hints(items[0], module, depth)
            return Hints(frozenset((head.lower(),)), inner.literals, inner.names)
        if head.lower() in ("dict", "mapping"):
            return Hints(frozenset(("dict",)), (), frozenset())
        return Hints(frozenset((head,)), (), frozenset())

    def _literal(self, item: ast.expr, module: Module, depth: int) -> tuple[Any, ...]:
        if isinstance(item, ast.Constant):
            return (item.value,)
        return self.hints(item, module, depth).literals

    def value(self, node: ast.AST | None, module: Module, depth: int = 0) -> Any:
        """The value of an expression, or UNKNOWN: constants, defaults of fields, lists of them."""
        if node is None or depth > 6:
            return UNKNOWN
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self._listed(node.elts, module, depth)
        if isinstance(node, ast.Call):
            return self._called(node, module, depth)
        if isinstance(node, ast.ListComp):
            return self._enumerated(node, module)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [self.value(side, module, depth) for side in (node.left, node.right)]
            both = all(isinstance(side, list) for side in sides)
            return [*sides[0], *sides[1]] if both else UNKNOWN
        if isinstance(node, ast.Name):
            place = module.find(node.id)
            return UNKNOWN if place is None else self.value(place.node, place.module, depth + 1)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            field = self.fields(node.value.id, module).get(node.attr)
            return UNKNOWN if field is None else self.value(field.value, field.module, depth + 1)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            return UNKNOWN

    def _listed(self, items: list[ast.expr], module: Module, depth: int) -> Any:
        found: list[Any] = []
        for item in items:
            spread = isinstance(item, ast.Starred)
            value = self.value(item.value if isinstance(item, ast.Starred) else item, module, depth)
            if value is UNKNOWN or (spread and not isinstance(value, list)):
                return UNKNOWN
            found += value if spread else [value]
        return found

    def _called(self, node: ast.Call, module: Module, depth: int) -> Any:
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("Field", "field"):
            given = {word.arg: word.value for word in node.keywords}
            if node.args or "default" in given:
                default = node.args[0] if node.args else given["default"]
                return self.value(default, module, depth + 1)
            factory = given.get("default_factory")
            return self.value(factory.body, module) if isinstance(factory, ast.Lambda) else UNKNOWN
        if called == "get_field":
            field = self.fields(ast.unparse(node.args[0]), module).get(_text(node.args[1]))
            return UNKNOWN if field is None else self.value(field.value, field.module, depth + 1)
        if called == "get_args":
            return list(self.hints(node.args[0], module).literals) or UNKNOWN
        if called in ("list", "sorted", "tuple") and len(node.args) == 1:
            return self.value(node.args[0], module, depth + 1)
        return UNKNOWN

    def _enumerated(self, node: ast.ListComp, module: Module) -> Any:
        """`[member.value for member in AnEnum]`."""
        place = module.find(ast.unparse(node.generators[0].iter))
        if place is None or not isinstance(place.node, ast.ClassDef):
            return UNKNOWN
        members = [item.value for item in place.node.body if isinstance(item, ast.Assign)]
        return self._listed(members, place.module, 0)

    def bounds(self, field: Field) -> dict[str, float]:
        """The limits that pydantic holds a number to: `gt`, `ge`, `lt`, `le`."""
        calls = [
            node
            for part in (field.annotation, field.value)
            for node in ([] if part is None else ast.walk(part))
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Field"
        ]
        found = {}
        for word in (word for call in calls for word in call.keywords):
            if word.arg in ("gt", "ge", "lt", "le"):
                value = self.value(word.value, field.module)
                if isinstance(value, (int, float)):
                    found[word.arg] = value
        return found


def _text(node: ast.AST) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""
