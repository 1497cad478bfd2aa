"""The options of `vllm serve` as a release's own source builds its argparse parser.

Followed are EngineArgs.add_cli_args, AsyncEngineArgs.add_cli_args, make_arg_parser, FrontendArgs,
and what the command itself adds. An option takes its type, choices and default from `add_argument`,
or from a field of a configuration class by the rules of _compute_kwargs (vllm/engine/arg_utils.py).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from vllm_source import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vllm_source import Field, Hints, Module, Source

Facts = dict[str, Any]

_ENGINE = "vllm.engine.arg_utils"
_COMMANDS = ("vllm.entrypoints.cli.serve", "vllm.scripts")
_PARSERS = ("vllm.utils.argparse_utils", "vllm.utils", "vllm.utils.__init__")
_SOMETIMES = frozenset(
    ("LoRAConfig", "MultiModalConfig", "SpeculativeConfig", "PoolerConfig", "PrefetchOffloadConfig")
)
"""Classes that are only built where their feature is used, so their limits may never be seen."""
_BUILTIN = frozenset(
    ("None", "bool", "int", "float", "str", "dict", "list", "tuple", "set", "Literal", "bytes")
)
_WORDS = {
    "human_readable_int": "human-int", "human_readable_int_or_auto": "human-int-or-auto",
    "nullable_kvs": "pairs", "union_dict_and_str": "json-or-string", "json.loads": "json",
    "loads": "json", "str": "str", "nullable_str": "str", "int": "int", "float": "float",
}  # fmt: skip


def read_options(source: Source) -> dict[str, Facts]:
    """Every option by its long name without dashes.

    Facts: `type` (bool, word-bool, int, float, str, json, json-or-string, json-or-pairs, pairs,
    human-int, human-int-or-auto, or other), `nargs` (absent: one value), `choices`, `default`,
    `nullable`, `negatable`, `aliases` (with dashes), and limits (`gt`, `ge`, `lt`, `le`).
    """
    return _Reader(source).read()


def pairs_switches(source: Source) -> bool:
    """True for releases in which `--enable-x` always has a `--disable-x`, and the reverse."""
    modules = (source.module(name) for name in _PARSERS)
    return any(module is not None and "EnableDisableAction" in module.defined for module in modules)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: dict[str, Facts] = {}
        engine = source.module(_ENGINE)
        frontend = _frontend(source)
        if engine is None or frontend is None:
            raise ValueError("no vllm/engine/arg_utils.py and cli_args.py in this tree")
        self.engine, self.frontend = engine, frontend
        self.sizes = self._human_sizes()
        parsing = (engine.defined.get(name) for name in ("parse_type", "optional_type"))
        self.loose_json = any("nullable_kvs" in ast.unparse(node) for node in parsing if node)

    def read(self) -> dict[str, Facts]:
        for name in ("EngineArgs", "AsyncEngineArgs"):
            for method in self._methods(name, self.engine, "add_cli_args"):
                self._arguments(method, self.engine)
        if "FrontendArgs" in self.frontend.defined:
            self._class_arguments()
        for node in self.frontend.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == "make_arg_parser":
                self._arguments(node, self.frontend)
        for module in map(self.source.module, _COMMANDS):
            for inner in [] if module is None else ast.walk(module.tree):
                if isinstance(inner, ast.FunctionDef) and module is not None:
                    self._arguments(inner, module, "serve_parser.add_argument")
        return self.found

    def _methods(self, cls: str, module: Module, *names: str) -> Iterator[ast.FunctionDef]:
        """Methods of a class, those of its bases first."""
        place = module.find(cls)
        if place is None or not isinstance(place.node, ast.ClassDef):
            return
        if cls != "AsyncEngineArgs":
            for base in place.node.bases:
                yield from self._methods(ast.unparse(base), place.module, *names)
        for item in place.node.body:
            if isinstance(item, ast.FunctionDef) and item.name in names:
                yield item

    def _class_arguments(self) -> None:
        """An option for each field of FrontendArgs, with what its methods then change."""
        changes: dict[str, dict[str, ast.expr | None]] = {}
        for method in self._methods(
            "FrontendArgs", self.frontend, "add_cli_args", "_customize_cli_kwargs"
        ):
            for (_, name), change in _changes(method).items():
                changes.setdefault(name, {}).update(change)
        for name, field in self.source.fields("FrontendArgs", self.frontend).items():
            facts = self._of_field(name, field)
            self._apply(facts, changes.get(name, {}), self.frontend)
            self.found[name.replace("_", "-")] = facts

    def _arguments(
        self, function: ast.FunctionDef, module: Module, method: str = ".add_argument"
    ) -> None:
        """Every add_argument of a function that names an option."""
        classes, single = {}, {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, node.value
                if isinstance(value, ast.Call) and ast.unparse(value.func) == "get_kwargs":
                    classes[name] = ast.unparse(value.args[0])
                elif isinstance(value, ast.Subscript):
                    single[name] = value
        changes = _changes(function)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(method):
                words = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
                long = [word for word in words if word.startswith("--")]
                if long:
                    facts = self._of_call(call, module, classes, single, changes)
                    facts["aliases"] = [word for word in words if word != long[0]]
                    self.found[long[0][2:]] = facts

    def _of_call(
        self,
        call: ast.Call,
        module: Module,
        classes: dict[str, str],
        single: dict[str, ast.Subscript],
        changes: dict[tuple[str, str], dict[str, ast.expr | None]],
    ) -> Facts:
        facts: Facts = {"type": "str"}
        for word in call.keywords:
            spread = word.value if word.arg is None else None
            overrides: dict[str, ast.expr | None] = {}
            if isinstance(spread, ast.Dict):
                for key, value in zip(spread.keys, spread.values, strict=True):
                    if isinstance(key, ast.Constant):
                        overrides[str(key.value)] = value
                    else:
                        spread = value
            if isinstance(spread, ast.Name):
                if spread.id not in single:
                    raise ValueError(f"line {call.lineno}: where does `{spread.id}` come from?")
                spread = single[spread.id]
            found = _kwargs_of(spread, classes)
            if found is not None:
                cls, name, variable = found
                field = self.source.fields(cls, module).get(name)
                if field is not None:
                    facts.update(self._of_field(name, field))
                self._apply(facts, changes.get((variable, name), {}), module)
            self._apply(facts, overrides, module)
        given = {word.arg: word.value for word in call.keywords if word.arg is not None}
        self._apply(facts, dict(given), module)
        return facts

    def _apply(self, facts: Facts, given: dict[str, ast.expr | None], module: Module) -> None:
        """Keywords of add_argument over what is there; None takes one away."""
        for key, node in given.items():
            if key == "action" and node is not None:
                facts.update(_action(ast.unparse(node)))
            elif key == "type" and node is not None:
                facts.update(self._converter(node, module))
            elif key == "nargs":
                facts.pop("nargs", None)
                if node is not None:
                    facts["nargs"] = str(self.source.value(node, module))
            elif key == "choices":
                choices = self.source.value(node, module)
                facts.pop("choices", None)
                if isinstance(choices, list):
                    facts["choices"] = [choice for choice in choices if choice is not None]
            elif key == "default":
                _set_default(facts, self.source.value(node, module))

    def _converter(self, node: ast.expr, module: Module) -> Facts:
        """The type that a `type=` function makes."""
        text = ast.unparse(node)
        nullable = text in ("nullable_str", "nullable_kvs")
        while isinstance(node, ast.Call) and node.args:
            nullable = nullable or ast.unparse(node.func) == "optional_type"
            node = node.args[0]
        kind = _WORDS.get(ast.unparse(node)) or self._read_by_class(node, module)
        if kind == "json" and self.loose_json and text != "json.loads":
            kind = "json-or-pairs"
        return {"type": kind, "nullable": True} if nullable else {"type": kind}

    def _read_by_class(self, node: ast.expr, module: Module) -> str:
        """`SomeConfig.from_cli`: JSON if that method reads JSON."""
        if isinstance(node, ast.Attribute):
            for method in self._methods(ast.unparse(node.value), module, node.attr):
                return "json" if "json" in ast.unparse(method) else "other"
        return "other"

    def _of_field(self, name: str, field: Field) -> Facts:
        facts = self._of_hints(name, self.source.hints(field.annotation, field.module), field)
        _set_default(facts, self.source.value(field.value, field.module))
        if field.owner not in _SOMETIMES:
            facts.update(self.source.bounds(field))
        return facts

    def _of_hints(self, name: str, hints: Hints, field: Field) -> Facts:
        """The rules of _compute_kwargs, in its order."""
        names = hints.names
        if any(self._is_dataclass(one, field.module) for one in names):
            return self._json("None" in names)
        if names == {"bool", "str", "None"}:
            return {"type": "str", "nargs": "?"}
        if "bool" in names:
            return {"type": "bool", "negatable": True}
        facts: Facts = {"nullable": True} if "None" in names else {}
        collection = names & {"list", "tuple", "set"}
        if "Literal" in names and not collection:
            numbers = all(isinstance(value, int) for value in hints.literals)
            facts["type"] = "int" if numbers else "str"
            if "str" not in names:
                facts["choices"] = list(dict.fromkeys(hints.literals))
        elif collection:
            element = next(iter(hints.elements & {"int", "float"}), "str")
            several = "str" in hints.elements or len(hints.elements) > 1
            facts.update(type="str" if several else element, nargs="+")
            if "Literal" in hints.elements and "str" not in hints.elements:
                facts["choices"] = list(hints.literals)
        elif "int" in names:
            facts["type"] = self.sizes.get(name, "int")
        elif "float" in names:
            facts["type"] = "float"
        elif "dict" in names and (names - {"dict", "None"}):
            facts["type"] = "json-or-string"
        elif "dict" in names:
            facts = self._json("None" in names)
        else:
            facts["type"] = "str"
        return facts

    def _json(self, nullable: bool) -> Facts:
        kind = "json-or-pairs" if self.loose_json else "json"
        return {"type": kind, "nullable": True} if nullable else {"type": kind}

    def _is_dataclass(self, name: str, module: Module) -> bool:
        place = module.find(name) if name not in _BUILTIN else None
        if place is None or not isinstance(place.node, ast.ClassDef):
            return False
        marks = " ".join(ast.unparse(mark) for mark in place.node.decorator_list)
        return "config" in marks or "dataclass" in marks

    def _human_sizes(self) -> dict[str, str]:
        """Fields whose numbers may have a suffix: _compute_kwargs names them."""
        sizes = {}
        for name in ("_compute_kwargs", "get_kwargs"):
            function = self.engine.defined.get(name)
            for test in [] if function is None else ast.walk(function):
                if not isinstance(test, (ast.If, ast.Assign)):
                    continue
                body = test.body if isinstance(test, ast.If) else []
                text = " ".join(ast.unparse(line) for line in body)
                auto = "= human_readable_int_or_auto" in text
                told = isinstance(test, ast.If) and ast.unparse(test.test).startswith("name ")
                listed = isinstance(test, ast.Assign) and "human" in ast.unparse(test.targets[0])
                for node in ast.walk(test.test if isinstance(test, ast.If) else test.value):
                    if (told or listed) and isinstance(node, ast.Constant):
                        plain = "human-int-or-auto" if auto else "human-int"
                        if auto or listed or "= human_readable_int" in text:
                            sizes[str(node.value)] = plain
        return sizes


def _frontend(source: Source) -> Module | None:
    """The module of make_arg_parser, which has moved about."""
    for path in sorted(source.root.glob("vllm/entrypoints/*/cli_args.py")):
        module = source.module(".".join(path.relative_to(source.root).with_suffix("").parts))
        if module is not None and "make_arg_parser" in module.defined:
            return module
    return None


def _changes(function: ast.FunctionDef) -> dict[tuple[str, str], dict[str, ast.expr | None]]:
    """`kwargs["field"]["choices"] = x`, and `del` of such: by the variable and the field."""
    found: dict[tuple[str, str], dict[str, ast.expr | None]] = {}
    aliases: dict[str, tuple[str, str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            at = _subscript(node.value)
            if at is not None:
                aliases[node.targets[0].id] = at
    for node in ast.walk(function):
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]  # `["choices"] += ...` makes a list that is not to be read here
        elif isinstance(node, ast.Delete):
            targets = node.targets
        for target in targets:
            if not isinstance(target, ast.Subscript) or not isinstance(target.slice, ast.Constant):
                continue
            inner = target.value
            at = aliases.get(inner.id) if isinstance(inner, ast.Name) else _subscript(inner)
            if at is not None:
                found.setdefault(at, {})[str(target.slice.value)] = value
    return found


def _subscript(node: ast.AST) -> tuple[str, str] | None:
    """`kwargs["field"]` as (kwargs, field)."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return ast.unparse(node.value), str(node.slice.value)
    return None


def _kwargs_of(node: ast.AST | None, classes: dict[str, str]) -> tuple[str, str, str] | None:
    """The class and field behind `kwargs["field"]` or `get_kwargs(Class)["field"]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
        return None
    name, variable = str(node.slice.value), ast.unparse(node.value)
    if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "get_kwargs":
        return ast.unparse(node.value.args[0]), name, variable
    return (classes[variable], name, variable) if variable in classes else None


def _action(text: str) -> Facts:
    if "BooleanOptional" in text:
        return {"type": "bool", "negatable": True}
    if "StoreBoolean" in text:
        return {"type": "word-bool"}
    return {"type": "bool"} if "store_" in text else {}


def _set_default(facts: Facts, value: Any) -> None:
    facts.pop("default", None)
    if value is not UNKNOWN and value is not None and not isinstance(value, (list, dict)):
        facts["default"] = value
