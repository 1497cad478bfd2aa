"""CEL by `cel-expr-python`, the extra `cel`: what it reports as values is raised here.

The library (0.1.3, over cel-cpp) hands out run-time errors as values that count as true, and cuts
strings at a NUL. It bounds the size of an expression (100,000 characters), its depth (32) and its
iterations (10,000), but neither time nor memory: those are the worker's to bound.

The functions are those of Kubernetes 1.34 that rules about manifests need: CEL's own, strings,
optional fields, quantities, and those of `functions`. Source: k8s.io/apiserver
pkg/cel/library/quantity.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from kslint.model.cel.functions import FUNCTIONS
from kslint.model.kubernetes.quantity import Quantity, QuantityError, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DYN = cel.Type.DYN
_FIELDS = cel.Type.Map(cel.Type.STRING, _DYN)
VARIABLES = {
    "object": _FIELDS,
    "effective": cel.Type.List(_DYN),
    "pod": _FIELDS,
    "container": _FIELDS,
    "self": _DYN,
}
"""Everything that an expression may see, by name; what it does see depends on its rule."""

_LOCATED = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_NO_VALUE = "No value with name "
_NO_KEY = re.compile(r"Key not found in map : (.*)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)' \(in container ''\)")


class CelError(Exception):
    """An expression that cannot be compiled, or that fails on an object."""


class UnknownValueError(Exception):
    """An expression asks for something that is not known of this object."""


class Complaint(NamedTuple):
    """What is wrong with an expression. Line and column count from 1; 0 where there is no place."""

    line: int
    column: int
    message: str


class CompileError(CelError):
    """An expression that cannot be compiled, with every complaint."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("; ".join(complaint.message for complaint in complaints))
        self.complaints = complaints


class Environment:
    """What expressions may name."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self._variables = variables
        self._env = cel.NewEnv(
            variables={name: VARIABLES[name] for name in variables},
            extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
            functions=[*_functions(), *_more()],
        )

    def compile(self, text: str, result: str) -> Program:
        """An expression that gives a `bool` or a `string`. Raises CompileError."""
        try:
            expression = self._env.compile(text)
            given = expression.return_type().name().lower()
        except Exception as error:  # noqa: BLE001  (the library has no error types)
            raise CompileError(self._complaints(str(error))) from None
        if given not in (result, "dyn"):
            message = f"gives {given} where {result} is due"
            raise CompileError([Complaint(1, 1, message)])
        return Program(expression, result)

    def activation(self, values: Mapping[str, object]) -> Any:
        """The values of the variables, for any number of evaluations. Unknown ones are left out."""
        return self._env.Activation(dict(values))

    def _complaints(self, text: str) -> list[Complaint]:
        found = [
            Complaint(max(int(line), 0), max(int(column), 0), self._worded(message))
            for line, column, message in _LOCATED.findall(text)
        ]
        return list(dict.fromkeys(found)) or [Complaint(0, 0, _without_status(text))]

    def _worded(self, message: str) -> str:
        message = _without_status(message).removeprefix("Syntax error: ")
        if undeclared := _UNDECLARED.fullmatch(message):
            known = ", ".join(f"`{name}`" for name in self._variables)
            return f"`{undeclared[1]}` is not known here; a rule sees {known}"
        return message


class Program:
    """A compiled expression."""

    def __init__(self, expression: Any, result: str) -> None:
        self._expression = expression
        self._result: type[object] = bool if result == "bool" else str

    def evaluate(self, activation: Any) -> object:
        """True or False, or text. Raises CelError and UnknownValueError."""
        try:
            value = self._expression.eval(activation)
            kind = value.type()
            plain = None if kind.name() not in ("BOOL", "STRING", "ERROR") else value.plain_value()
        except Exception as error:  # noqa: BLE001  (the library has no error types)
            raise CelError(_without_status(str(error))) from None
        if kind == cel.Type.ERROR:
            message = _without_status(str(plain))
            if message.startswith(_NO_VALUE):
                raise UnknownValueError(message)
            missing = _NO_KEY.fullmatch(message)
            raise CelError(f"there is no `{missing[1].strip(chr(34))}`" if missing else message)
        if not isinstance(plain, self._result):
            raise CelError(f"it gives {kind.name().lower()}, not {self._result.__name__}")
        return plain


def _without_status(message: str) -> str:
    """Without the status codes that cel-cpp puts around its messages."""
    return _STATUS.sub("", _STATUS.sub("", message.strip())).strip()


def _functions() -> list[Any]:
    """Quantities. One is held as text in its canonical form, so that equal ones are equal."""
    text, truth, whole = cel.Type.STRING, cel.Type.BOOL, cel.Type.INT
    return [
        _function("quantity", _quantity, text, [text], [whole], [cel.Type.DOUBLE]),
        _function("isQuantity", _is_quantity, truth, [text], [whole], [cel.Type.DOUBLE]),
        _method("isGreaterThan", lambda a, b: parse(a) > parse(b), truth, [text, text]),
        _method("isLessThan", lambda a, b: parse(a) < parse(b), truth, [text, text]),
        _method("compareTo", _compare, whole, [text, text]),
        _method("add", lambda a, b: _canonical(parse(a).amount + _amount(b)), text,
                [text, text], [text, whole]),
        _method("sub", lambda a, b: _canonical(parse(a).amount - _amount(b)), text,
                [text, text], [text, whole]),
        _method("asInteger", _as_integer, whole, [text]),
        _method("asApproximateFloat", lambda a: float(parse(a).amount), cel.Type.DOUBLE, [text]),
    ]  # fmt: skip


def _more() -> list[Any]:
    """The other functions of Kubernetes, all overloads of one name together."""
    types = {
        "bool": cel.Type.BOOL, "string": cel.Type.STRING, "int": cel.Type.INT, "dyn": _DYN,
        "list": cel.Type.List(_DYN),
    }  # fmt: skip
    overloads: dict[str, list[Any]] = {}
    for name, call, gives, takes, member in FUNCTIONS:
        kinds = [types[each] for each in takes]
        overloads.setdefault(name, []).append(_overload(name, call, types[gives], kinds, member))
    return [cel.FunctionDecl(name, several) for name, several in overloads.items()]


def _function(name: str, call: Callable[..., Any], gives: Any, *takes: list[Any]) -> Any:
    return cel.FunctionDecl(name, [_overload(name, call, gives, kinds, False) for kinds in takes])


def _method(name: str, call: Callable[..., Any], gives: Any, *takes: list[Any]) -> Any:
    return cel.FunctionDecl(name, [_overload(name, call, gives, kinds, True) for kinds in takes])


def _overload(
    name: str, call: Callable[..., Any], gives: Any, kinds: list[Any], is_member: bool
) -> Any:
    key = "_".join((name, *(kind.name().lower() for kind in kinds)))
    return cel.Overload(key, return_type=gives, parameters=kinds, is_member=is_member, impl=call)


def _quantity(value: object) -> str:
    try:
        return _canonical(_amount(value))
    except QuantityError:
        raise ValueError(f"`{value}` is not a quantity") from None


def _is_quantity(value: object) -> bool:
    try:
        parse(str(value))
    except QuantityError:
        return False
    return True


def _amount(value: Any) -> Any:
    return value if isinstance(value, int) else parse(str(value)).amount


def _canonical(amount: Any) -> str:
    return str(Quantity(amount))


def _compare(one: str, other: str) -> int:
    return (parse(one) > parse(other)) - (parse(one) < parse(other))


def _as_integer(text: str) -> int:
    amount = parse(text).amount
    if amount.denominator != 1:
        raise ValueError(f"`{text}` is no whole number")
    return int(amount)
