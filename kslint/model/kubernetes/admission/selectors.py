"""Label selectors: what the API server says to them, and what they match.

Source: k8s.io/apimachinery v0.34 pkg/apis/meta/v1/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, each, opaque, present, word
from kslint.model.tree import is_empty
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

LISTED, _BARE = ("In", "NotIn"), ("Exists", "DoesNotExist")
"""Operators by whether they take a list of values, or none."""


def label_selector(errors: FieldErrors, selector: Node | None, path: str) -> None:
    """As ValidateLabelSelector; an absent one is fine."""
    if not isinstance(selector, Map):
        return
    errors.labels(f"{path}.matchLabels", selector.get("matchLabels"))
    for index, item in each(selector, "matchExpressions"):
        requirement(errors, item, f"{path}.matchExpressions[{index}]")


def requirement(
    errors: FieldErrors,
    item: Map,
    path: str,
    numeric: tuple[str, ...] = (),
    strict: bool = True,
) -> None:
    """One of matchExpressions. `numeric` are operators that take one number.

    `strict`: are its values held against the grammar of labels?
    """
    operator = word(item.get("operator"))
    values = item.listed("values")
    where = child(item, "values")
    if operator in LISTED and not values:
        detail = "must be specified when `operator` is 'In' or 'NotIn'"
        errors.required(f"{path}.values", where, "selector-values", detail)
    elif operator in _BARE and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        errors.forbidden(f"{path}.values", detail, where, "selector-values")
    elif operator in numeric and len(values) != 1:
        detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        errors.required(f"{path}.values", where, "selector-values", detail)
    elif operator is not None and operator not in (*LISTED, *_BARE, *numeric):
        detail, node = "not a valid selector operator", child(item, "operator")
        errors.invalid(f"{path}.operator", operator, detail, node, "unsupported-value")
    label_key(errors, item, f"{path}.key")
    for index, value in enumerate(values if strict else ()):
        text = word(value)
        if text:
            details = grammar.label_value(text)
            errors.each_invalid(f"{path}.values[{index}]", text, details, value, "invalid-label")


def match_keys(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """As validateLabelKeys: labels of the pod itself that its selector is widened by."""
    keys = holder.listed(field)
    if keys and not present(holder, "labelSelector"):
        detail, node = "must not be specified when labelSelector is not set", child(holder, field)
        errors.forbidden(f"{path}.{field}", detail, node, "keys-without-selector")
        return
    for index, key in enumerate(keys):
        text = word(key)
        if text is not None:
            details = grammar.qualified_name(text)
            errors.each_invalid(f"{path}.{field}[{index}]", text, details, key, "invalid-label-key")


def label_key(errors: FieldErrors, item: Map, path: str, field: str = "key") -> None:
    """ValidateLabelName of a field; absent is empty."""
    text = word(item.get(field))
    if text is not None:
        node = child(item, field)
        errors.each_invalid(path, text, grammar.qualified_name(text), node, "invalid-label-key")


def is_empty_selector(selector: Node) -> bool:
    """Does it match everything?"""
    fields = (selector.get("matchLabels"), selector.get("matchExpressions"))
    return all(is_empty(node) for node in fields)


def unreadable(node: Node | None) -> bool:
    """Does a value hold something no label can be, or a template?"""
    if node is None or node.is_null:
        return False
    if isinstance(node, Map):
        values = [value for _, value in node.items()]
        return any(word(v) is None for v in values) or any(opaque(k) for k, _ in node.items())
    return not isinstance(node, Seq)


def matches(selector: Node, labels: Node | None) -> bool | None:
    """Does a label selector match? None where it cannot be known."""
    parts = [selector.get(field) for field in ("matchLabels", "matchExpressions")]
    if unreadable(labels) or any(unreadable(part) for part in parts):
        return None
    found = {k: v.text or "" for k, v in (() if labels is None else labels.items())}
    wanted = parts[0]
    for key, value in () if wanted is None else wanted.items():
        if found.get(key) != (value.text or ""):
            return False
    for _, expression in each(selector, "matchExpressions"):
        name, operator = word(expression.get("key")), word(expression.get("operator"))
        texts = [word(v) for v in expression.listed("values")]
        if not name or None in texts:
            return None
        fits = {
            "In": name in found and found[name] in texts,
            "NotIn": name not in found or found[name] not in texts,
            "Exists": name in found,
            "DoesNotExist": name not in found,
        }.get(operator or "")
        if not fits:
            return fits
    return True
