"""What the API server says to the expressions of its own admission, as far as no CEL is run.

Source: k8s.io/kubernetes v1.34 pkg/apis/admissionregistration/validation/validation.go
(validateMatchConditions, validateVariable, validateParamKind, validateValidation).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import cel, grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, word
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors

_MOST_CONDITIONS = 64
_IDENTIFIER = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED = frozenset(
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for",
        "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void",
        "while",
    }
)  # fmt: skip
TYPES = frozenset(
    {
        "true", "false", "null", "in", "int", "uint", "double", "string", "bool", "bytes", "list",
        "map", "type", "null_type", "dyn",
    }
)  # fmt: skip
"""What any expression of CEL may name."""
_KNOWN = TYPES | {"object", "oldObject", "request", "authorizer", "namespaceObject"}
"""And any of admission."""
_TEXT = re.compile(
    r"""[rRbB]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL
)
_NAME = re.compile(
    r"(?<![\w.])(?<!\.\?)([_a-zA-Z]\w*)(?!\w)(?!\s*[.(])|(?<![\w.])(params|variables)(?=\s*\.)"
)
_BOUND = re.compile(
    r"\.\s*(?:all|exists|exists_one|existsOne|map|filter|bind|transformList|transformMap|transformMapEntry|sortBy|optMap|optFlatMap)\s*\(\s*(\w+)(?:\s*,\s*(\w+)\s*,)?"
)


def match_conditions(errors: FieldErrors, holder: Map, path: str) -> None:
    conditions = holder.listed("matchConditions")
    if len(conditions) > _MOST_CONDITIONS:
        text = f"{path}: Too many: {len(conditions)}: must have at most {_MOST_CONDITIONS} items"
        errors.add(text, child(holder, "matchConditions"), "too-many")
    given = present(holder, "paramKind")
    names: set[str] = set()
    for index, item in each(holder, "matchConditions"):
        here, name = f"{path}[{index}]", word(item.get("name"))
        _expression(errors, item, here, _Seen(given, False), "")
        if errors.needed(here, item, "name", "missing-name"):
            errors.named(here, item, "name", grammar.qualified_name, "invalid-name")
        if name and name in names:
            errors.duplicate(f"{here}.name", name, child(item, "name"), "duplicate-condition")
        names.add(name or "")


def policy_words(errors: FieldErrors, spec: Map) -> None:
    """Of a ValidatingAdmissionPolicy: its parameters, variables, expressions and messages."""
    kind = spec.get("paramKind")
    if isinstance(kind, Map):
        _param_kind(errors, kind, "spec.paramKind")
    seen = _Seen(present(spec, "paramKind"), bool(spec.listed("variables")))
    for index, item in each(spec, "variables"):
        here, node = f"spec.variables[{index}]", child(item, "name")
        name = word(item.get("name"))
        if name is not None and not name.strip():
            errors.required(f"{here}.name", node, "missing-name", "name is not specified")
        elif name and (not _IDENTIFIER.fullmatch(name) or name in _RESERVED):
            detail = "name is not a valid CEL identifier"
            errors.invalid(f"{here}.name", name, detail, node, "invalid-name")
        _expression(errors, item, here, seen, "expression is not specified", "any")
    for index, item in each(spec, "validations"):
        here = f"spec.validations[{index}]"
        _expression(errors, item, here, seen, "expression is not specified")
        for field, what in (("message", "message must be"), ("messageExpression", "must be")):
            text, node = word(item.get(field)), child(item, field)
            if text and not text.strip():
                detail = f"{what} non-empty if specified"
                errors.invalid(f"{here}.{field}", text, detail, node, "empty-message")
        text, node = word(item.get("message")), child(item, "message")
        if text and "\n" in text.strip():
            detail = "message must not contain line breaks"
            errors.invalid(f"{here}.message", text, detail, node, "message-of-lines")
        text = word(item.get("messageExpression"))
        if text and text.strip():
            _compiles(errors, item, "messageExpression", here, "string")
    for index, item in each(spec, "auditAnnotations"):
        if (word(item.get("valueExpression")) or "").strip():
            _compiles(errors, item, "valueExpression", f"spec.auditAnnotations[{index}]", "any")


class _Seen:
    """What else expressions may name."""

    def __init__(self, params: bool, variables: bool) -> None:
        self.names = {
            *_KNOWN,
            *(("params",) if params else ()),
            *(("variables",) if variables else ()),
        }


def _param_kind(errors: FieldErrors, kind: Map, path: str) -> None:
    version = errors.needed(path, kind, "apiVersion", "missing-version")
    at, node = f"{path}.apiVersion", child(kind, "apiVersion")
    if version and version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {version}"
        errors.invalid(at, version, detail, node, "invalid-version")
    elif version:
        group, _, name = version.rpartition("/")
        for part, rule in ((group, grammar.dns_subdomain), (name, grammar.dns1035_label)):
            details = rule(part) if part else []
            if details:
                errors.invalid(at, part, ",".join(details), node, "invalid-version")
    text = errors.needed(path, kind, "kind", "missing-kind")
    details = grammar.dns1035_label(text.lower()) if text else []
    if details:
        detail = "may have mixed case, but should otherwise match: " + ",".join(details)
        errors.invalid(f"{path}.kind", text, detail, child(kind, "kind"), "invalid-name")


def _expression(
    errors: FieldErrors, holder: Map, path: str, seen: _Seen, detail: str, wanted: str = "bool"
) -> None:
    text, node, at = (
        word(holder.get("expression")),
        child(holder, "expression"),
        f"{path}.expression",
    )
    if text is None:
        return
    if not text.strip():
        errors.required(at, node, "no-expression", detail)
        return
    if _compiles(errors, holder, "expression", path, wanted) and (
        told := undeclared(text, seen.names)
    ):
        errors.invalid(at, text, f"compilation failed: {told}", node, "undeclared-name")


def _compiles(errors: FieldErrors, holder: Map, field: str, path: str, wanted: str) -> bool:
    text, node = holder.string(field) or "", child(holder, field)
    told = cel.complaint(text, {}, wanted)
    if told is None:
        return True
    detail = f"compilation failed: {told}" if told else f"must evaluate to {wanted}"
    errors.invalid(f"{path}.{field}", text, detail, node, "expression-does-not-compile")
    return False


def undeclared(text: str, names: set[str]) -> str:
    """What the compiler says to names that nothing declares; "" if there are none.

    Expressions that make messages are passed over: there a name may be a field's.
    """
    plain = _TEXT.sub(lambda match: " " * len(match[0]), text)
    if "{" in plain or "//" in plain:
        return ""
    bound = {name for match in _BOUND.finditer(plain) for name in match.groups() if name}
    found = []
    for match in _NAME.finditer(plain):
        name = match[1] or match[2]
        if name in names or name in bound:
            continue
        start = match.start()
        line = text.count("\n", 0, start)
        column = start - (text.rfind("\n", 0, start) + 1)
        shown = text.split("\n")[line]
        found.append(
            f"ERROR: <input>:{line + 1}:{column + 1}: undeclared reference to '{name}' "
            f"(in container '')\n | {shown}\n | {'.' * column}^"
        )
    return "\n".join(found)
