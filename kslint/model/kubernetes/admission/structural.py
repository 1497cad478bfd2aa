"""What the API server says to the schemas of a CustomResourceDefinition.

Source: k8s.io/apiextensions-apiserver v0.34 pkg/apis/apiextensions/validation/validation.go
(ValidateCustomResourceDefinitionOpenAPISchema), pkg/apiserver/schema/validation.go. Rules in CEL
are read, and not compiled.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission import cel
from kslint.model.kubernetes.admission.field_errors import child, present, printed, word
from kslint.model.kubernetes.admission.webhook_words import TYPES, undeclared
from kslint.model.tree import is_empty
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

_UNSUPPORTED = re.compile(r"(?<!\\)\(\?(?:<?[=!]|>)")
"""What Go's regular expressions do not have: looking around."""
_NOT_UNIQUE = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_SCALARS = ("boolean", "integer", "number", "string")
_EMPTY = {
    "root": "must not be empty at the root",
    "field": "must not be empty for specified object fields",
    "item": "must not be empty for specified array items",
}
_LIST_TYPES = ("atomic", "map", "set")
_LIST, _KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"
_OPEN, _EITHER = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"
_EMBEDDED, _RULES = "x-kubernetes-embedded-resource", "x-kubernetes-validations"
_NAMES = {"self", "oldSelf", *TYPES}
_NOT_BOOL = "cel expression must evaluate to a bool"
_NOT_TEXT = "messageExpression must evaluate to a string"
_JUNCTORS = ("allOf", "anyOf", "oneOf")


_CODE = "not-structural"
_NOT_SUPPORTED = (
    "$ref", "additionalItems", "definitions", "dependencies", "id", "patternProperties",
)  # fmt: skip
_NOT_IN_VALUES = {
    "title": "empty", "description": "empty", "default": "undefined", "nullable": "false",
    "additionalProperties": "undefined", _OPEN: "false", _EMBEDDED: "false", _EITHER: "false",
    _LIST: "undefined", "x-kubernetes-map-type": "undefined", _KEYS: "empty", _RULES: "empty",
}  # fmt: skip
_ROOT_FIELDS = (
    "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum",
    "ExclusiveMinimum", "MaxLength", "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems",
    "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example",
    "XPreserveUnknownFields", "XValidations",
)  # fmt: skip
_AT_ROOT = (
    *_JUNCTORS, "not", "nullable", "default", "enum", "minProperties", "maxProperties",
    "additionalProperties",
)  # fmt: skip
"""Those of the others that people write."""


class _Place(NamedTuple):
    """A schema, the path that errors name it by, and where it stands: root, field, item, value.

    A value is a schema that only narrows another.
    """

    schema: Map
    path: str
    level: str


def structural(errors: FieldErrors, root: Node, path: str) -> None:
    """Judge a schema and all below it."""
    stack = [_Place(root, path, "root")] if isinstance(root, Map) else []
    while stack:
        place = stack.pop()
        schema, here, level = place
        _type(errors, schema, here, level)
        _pattern(errors, schema, here)
        _bounds(errors, schema, here)
        if schema.boolean("uniqueItems") is True:
            where = child(schema, "uniqueItems")
            errors.forbidden(f"{here}.uniqueItems", _NOT_UNIQUE, where, "unique-items")
        if level != "value":
            _extensions(errors, schema, here, level)
        _forbidden(errors, schema, here, level)
        stack += reversed(list(_below(place)))


def _forbidden(errors: FieldErrors, schema: Map, path: str, level: str) -> None:
    """Words that no schema of a definition may have, or none that only narrows another."""
    for field in _NOT_SUPPORTED:
        node = schema.get(field)
        if node is not None and not is_empty(node):
            errors.forbidden(f"{path}.{field}", f"{field} is not supported", node, _CODE)
    items = schema.get("items")
    if isinstance(items, Seq):
        detail = "items must be a schema object and not an array"
        errors.forbidden(f"{path}.items", detail, items, _CODE)
    for field, what in _NOT_IN_VALUES.items() if level == "value" else ():
        node = schema.get(field)
        if node is None or is_empty(node) or (what == "false" and node.boolean() is not True):
            continue
        errors.forbidden(f"{path}.{field}", f"must be {what} to be structural", node, _CODE)


def root_fields(errors: FieldErrors, schema: Map, path: str) -> None:
    """Where there is a status, the root of the schema may have but some fields."""
    for field, node in schema.items():
        wanted = f"{field[:1].upper()}{field[1:]}"
        given = node.boolean() is not False if wanted == "Nullable" else not is_empty(node)
        if wanted not in _ROOT_FIELDS and field in _AT_ROOT and given:
            detail = (
                f"only [{' '.join(_ROOT_FIELDS)}] fields are allowed at the root of the schema if "
                "the status subresource is enabled"
            )
            errors.invalid(path, schema.plain(), detail, node, _CODE)
            return


def _below(place: _Place) -> Iterator[_Place]:
    schema, path, level = place
    inner = "value" if level == "value" else "field"
    properties = schema.get("properties")
    for name, node in () if properties is None else properties.items():
        if isinstance(node, Map):
            yield _Place(node, f"{path}.properties[{name}]", inner)
    for field in ("items", "additionalProperties", "not"):
        one = schema.get(field)
        if isinstance(one, Map):
            below = {"items": "item", "additionalProperties": "field"}.get(field, "value")
            yield _Place(one, f"{path}.{field}", "value" if level == "value" else below)
    either = schema.boolean(_EITHER) is True
    for field in () if either else _JUNCTORS:
        for index, each in enumerate(schema.listed(field)):
            if isinstance(each, Map):
                yield _Place(each, f"{path}.{field}[{index}]", "value")


def _type(errors: FieldErrors, schema: Map, path: str, level: str) -> None:
    kind, where, at = word(schema.get("type")), child(schema, "type"), f"{path}.type"
    if kind is None:
        return
    if level == "value":
        if kind:
            errors.forbidden(at, "must be empty to be structural", where, "not-structural")
        return
    if kind and kind not in _TYPES:
        errors.unsupported(at, kind, _TYPES, where, "unsupported-value")
    elif kind and level == "root" and kind != "object":
        errors.invalid(at, kind, "must be object at the root", where, "not-structural")
    elif not kind and not any(schema.boolean(mark) for mark in (_OPEN, _EITHER)):
        errors.required(at, where, "not-structural", _EMPTY[level])
    if kind == "array" and not present(schema, "items"):
        errors.required(f"{path}.items", where, "not-structural", "must be specified")


def _pattern(errors: FieldErrors, schema: Map, path: str) -> None:
    pattern = word(schema.get("pattern"))
    found = _UNSUPPORTED.search(pattern) if pattern else None
    if found is not None:
        detail = (
            "must be a valid regular expression, but isn't: error parsing regexp: invalid or "
            f"unsupported Perl syntax: `{found[0]}`"
        )
        where = child(schema, "pattern")
        errors.invalid(f"{path}.pattern", pattern, detail, where, "invalid-pattern")


def _bounds(errors: FieldErrors, schema: Map, path: str) -> None:
    more, at = schema.get("additionalProperties"), f"{path}.additionalProperties"
    if more is None:
        return
    properties = schema.get("properties")
    if isinstance(properties, Map) and properties.entries:
        detail = "additionalProperties and properties are mutual exclusive"
        errors.forbidden(at, detail, more, "properties-and-more")
    elif isinstance(more, Scalar) and more.value is False:
        detail = "additionalProperties cannot be set to false"
        errors.forbidden(at, detail, more, "properties-and-more")


def _extensions(errors: FieldErrors, schema: Map, path: str, level: str) -> None:
    kind = word(schema.get("type"))
    if schema.boolean(_EMBEDDED) is True:
        detail = f"must be object if {_EMBEDDED} is true"
        _has_type(errors, schema, "object", path, detail)
        properties = schema.get("properties")
        if schema.boolean(_OPEN) is not True and not (properties and list(properties.items())):
            detail = f"must not be empty if {_EMBEDDED} is true without {_OPEN}"
            where = child(schema, _EMBEDDED)
            errors.required(f"{path}.properties", where, "embedded-resource", detail)
    if present(schema, _LIST):
        _has_type(errors, schema, "array", path, f"must be array if {_LIST} is set")
        errors.one_of(path, schema, _LIST, _LIST_TYPES)
    if kind == "array":
        _list_map(errors, schema, path)
    for index, rule in enumerate(schema.listed(_RULES)):
        if isinstance(rule, Map):
            _rule(errors, schema, rule, f"{path}.{_RULES}[{index}]", level)
    _default(errors, schema, kind, path)


def _rule(errors: FieldErrors, schema: Map, rule: Map, path: str, level: str) -> None:
    """An expression of CEL, and the one that makes its message."""
    text, node = word(rule.get("rule")), child(rule, "rule")
    if text is not None and not text.strip():
        errors.required(f"{path}.rule", node, "no-rule", "rule is not specified")
        return
    itself = _with_metadata(schema) if level == "root" else schema
    for field, wanted in (("rule", "bool"), ("messageExpression", "string")):
        text, node = word(rule.get(field)), child(rule, field)
        told = cel.complaint(text, {"self": itself}, wanted) if text and text.strip() else None
        if text and told is None:
            told = undeclared(text, _NAMES) or None
        if told is None:
            continue
        if field == "rule":
            said = f"compilation failed: {told}" if told else _NOT_BOOL
        else:
            said = f"messageExpression compilation failed: {told}" if told else _NOT_TEXT
        errors.add(f"{path}.{field}: Invalid value: {_printed(rule)}: {said}", node, "rule-of-cel")


def _with_metadata(schema: Map) -> Map:
    """The root, of which every object has more than its schema says; of what form stays open."""
    properties, open_ = schema.get("properties"), schema.get("type")
    if not isinstance(properties, Map) or open_ is None:
        return schema
    more = dict.fromkeys(("apiVersion", "kind", "metadata"), open_)  # no schema: nothing is told
    return schema.with_entries(
        {**schema.entries, "properties": properties.with_entries({**properties.entries, **more})}
    )


def _printed(rule: Map) -> str:
    """As the API server's own type: all of its fields, in Go's JSON, which escapes some signs."""
    empty = {"rule": "", "message": "", "messageExpression": "", "reason": None, "fieldPath": ""}
    given = {name: rule.at(name) for name in (*empty, "optionalOldSelf")}
    shown = {
        f"{name[0].upper()}{name[1:]}": empty.get(name) if node is None else node.plain()
        for name, node in given.items()
    }
    text = printed(shown, ordered=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _has_type(errors: FieldErrors, schema: Map, wanted: str, path: str, detail: str) -> None:
    kind, where, at = word(schema.get("type")), child(schema, "type"), f"{path}.type"
    if kind == "":
        errors.required(at, where, "type-of-an-extension", detail)
    elif kind is not None and kind != wanted:
        errors.invalid(at, kind, detail, where, "type-of-an-extension")


def _list_map(errors: FieldErrors, schema: Map, path: str) -> None:
    keys, where, kind = schema.listed(_KEYS), child(schema, _KEYS), word(schema.get(_LIST))
    if kind == "map" and not keys:
        detail = f"must not be empty if {_LIST} is map"
        errors.required(f"{path}.{_KEYS}", where, "no-map-keys", detail)
    elif keys and kind is not None and kind != "map":
        detail, at = f"must be map if {_KEYS} is non-empty", f"{path}.{_LIST}"
        if kind == "":
            errors.required(at, where, "no-map-keys", detail)
        else:
            errors.invalid(at, kind, detail, child(schema, _LIST), "no-map-keys")
    items = schema.get("items")
    if kind != "map" or not keys or not isinstance(items, Map):
        return
    its = word(items.get("type"))
    if its and its != "object":
        detail = f"must be object if parent array's {_LIST} is map"
        node = child(items, "type")
        errors.invalid(f"{path}.items.type", its, detail, node, "no-map-keys")
    properties, required = items.get("properties"), {n.text for n in items.listed("required")}
    for index, key in enumerate(keys):
        name = word(key)
        found = None if properties is None or not name else properties.get(name)
        if name and found is None:
            at, detail = f"{path}.{_KEYS}[{index}]", "entries must all be names of item properties"
            errors.invalid(at, name, detail, key, "unknown-map-key")
        elif name and found is not None:
            at = f"{path}.items.properties[{name}]"
            if word(found.get("type")) not in (*_SCALARS, "", None):
                detail, node = f"must be a scalar type if parent array's {_LIST} is map", found
                errors.invalid(f"{at}.type", found.string("type"), detail, node, "unknown-map-key")
            if name not in required and not present(found, "default"):
                detail = (
                    f"this property is in {_KEYS}, so it must have a default or be a required "
                    "property"
                )
                errors.required(f"{at}.default", found, "optional-map-key", detail)


_IN_GO = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _default(errors: FieldErrors, schema: Map, kind: str | None, path: str) -> None:
    """A default has to be of its own type, and within the bounds of a number."""
    node = schema.get("default")
    if not isinstance(node, Scalar) or node.is_null or kind not in _SCALARS:
        return
    value, at = node.value, f"{path}.default"
    given = _IN_GO.get(type(value), "")
    fits = given == kind or (kind == "number" and given == "integer")
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        fits = True
    if given and not fits:
        detail = f'{at} in body must be of type {kind}: "{given}"'
        errors.invalid(at, given, detail, node, "default-does-not-fit")
    low, high = schema.integer("minimum"), schema.integer("maximum")
    if isinstance(value, int) and not isinstance(value, bool) and fits:
        if low is not None and value < low:
            detail = f"{at} in body should be greater than or equal to {low}"
            errors.invalid(at, value, detail, node, "default-does-not-fit")
        if high is not None and value > high:
            detail = f"{at} in body should be less than or equal to {high}"
            errors.invalid(at, value, detail, node, "default-does-not-fit")
