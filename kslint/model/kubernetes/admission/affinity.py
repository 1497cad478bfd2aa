"""What the API server says to the affinities of a pod, and to the nodes a volume is bound to.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (validateAffinity,
ValidateNodeSelector).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, spec_of, word
from kslint.model.kubernetes.admission.selectors import (
    LISTED,
    label_selector,
    match_keys,
    requirement,
)
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_WEIGHT = "must be in the range 1-100"
_NUMERIC = ("Gt", "Lt")


def affinity(errors: FieldErrors, node: Node | None, path: str) -> None:
    """As validateAffinity."""
    if not isinstance(node, Map):
        return
    nodes = node.get("nodeAffinity")
    if isinstance(nodes, Map):
        node_selector(errors, nodes.get(_REQUIRED), f"{path}.nodeAffinity.{_REQUIRED}")
        for index, term in each(nodes, _PREFERRED):
            here = f"{path}.nodeAffinity.{_PREFERRED}[{index}]"
            _weight(errors, term, here)
            _node_term(errors, term.get("preference"), f"{here}.preference", False)
    for field in ("podAffinity", "podAntiAffinity"):
        pods = node.get(field)
        for index, term in each(pods, _REQUIRED):
            _pod_term(errors, term, f"{path}.{field}.{_REQUIRED}[{index}]")
        for index, term in each(pods, _PREFERRED):
            here = f"{path}.{field}.{_PREFERRED}[{index}]"
            _weight(errors, term, here)
            inner = spec_of(term, "podAffinityTerm")
            if inner is not None:
                _pod_term(errors, inner, f"{here}.podAffinityTerm")


def _weight(errors: FieldErrors, term: Map, path: str) -> None:
    weight = term.integer("weight") if present(term, "weight") else 0
    if weight is not None and not 1 <= weight <= 100:
        node = child(term, "weight")
        errors.invalid(f"{path}.weight", weight, _WEIGHT, node, "affinity-weight")


def node_selector(errors: FieldErrors, node: Node | None, path: str) -> None:
    """As ValidateNodeSelector; an absent one is fine."""
    if not isinstance(node, Map):
        return
    if not node.listed("nodeSelectorTerms"):
        detail = "must have at least one node selector term"
        where = child(node, "nodeSelectorTerms")
        errors.required(f"{path}.nodeSelectorTerms", where, "no-selector-terms", detail)
    for index, term in each(node, "nodeSelectorTerms"):
        _node_term(errors, term, f"{path}.nodeSelectorTerms[{index}]", True)


def _node_term(errors: FieldErrors, term: Node | None, path: str, strict: bool) -> None:
    """`strict`: values are held against the grammar of labels too."""
    for index, item in each(term, "matchExpressions"):
        requirement(errors, item, f"{path}.matchExpressions[{index}]", _NUMERIC, strict)
    for index, item in each(term, "matchFields"):
        _node_field(errors, item, f"{path}.matchFields[{index}]")


def _node_field(errors: FieldErrors, item: Map, path: str) -> None:
    operator, key = word(item.get("operator")), word(item.get("key"))
    if operator in LISTED and len(item.listed("values")) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.required(f"{path}.values", child(item, "values"), "selector-values", detail)
    elif operator is not None and operator not in LISTED:
        detail, node = "not a valid selector operator", child(item, "operator")
        errors.invalid(f"{path}.operator", operator, detail, node, "unsupported-value")
    if key is not None and key != "metadata.name":
        detail = "not a valid field selector key"
        errors.invalid(f"{path}.key", key, detail, child(item, "key"), "unsupported-value")


def _pod_term(errors: FieldErrors, term: Map, path: str) -> None:
    for field in ("labelSelector", "namespaceSelector"):
        label_selector(errors, term.get(field), f"{path}.{field}")
    _match_keys(errors, term, path)
    for namespace in term.listed("namespaces"):
        text = word(namespace)
        if text:
            details = grammar.dns_label(text)
            errors.each_invalid(f"{path}.namespace", text, details, namespace, "invalid-name")
    key, where = word(term.get("topologyKey")), child(term, "topologyKey")
    if key == "":
        errors.required(f"{path}.topologyKey", where, "missing-key", "can not be empty")
    if key is not None:
        details = grammar.qualified_name(key)
        errors.each_invalid(f"{path}.topologyKey", key, details, where, "invalid-label-key")


def _match_keys(errors: FieldErrors, term: Map, path: str) -> None:
    """As validateMatchLabelKeysAndMismatchLabelKeys."""
    fields = ("matchLabelKeys", "mismatchLabelKeys")
    for field in fields:
        match_keys(errors, term, field, path)
    unwanted = {key.text for key in term.listed(fields[1])}
    for index, key in enumerate(term.listed(fields[0])):
        if key.text and key.text in unwanted:
            detail = f"exists in both {fields[0]} and {fields[1]}"
            errors.invalid(
                f"{path}.{fields[0]}[{index}]", key.text, detail, key, "key-in-two-places"
            )
