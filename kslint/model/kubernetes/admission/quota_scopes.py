"""What the API server says to the scopes of a quota.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (validateResourceQuotaScopes,
validateScopedResourceSelectorRequirement), pkg/apis/core/helper/helpers.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission.field_errors import child, each, word

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import JsonValue, Map, Node

_PODS = frozenset({"pods"})
_COMPUTE = _PODS.union(
    ("cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
)
_CLAIMS = frozenset({"persistentvolumeclaims", "requests.storage"})
_COUNTED = {
    "Terminating": _COMPUTE,
    "NotTerminating": _COMPUTE,
    "BestEffort": _PODS,
    "NotBestEffort": _COMPUTE,
    "PriorityClass": _COMPUTE,
    "CrossNamespacePodAffinity": _COMPUTE,
    "VolumeAttributesClass": _CLAIMS,
}
"""The scopes, and the standard resources that a quota with one may limit."""
_BARE = (
    "BestEffort",
    "NotBestEffort",
    "Terminating",
    "NotTerminating",
    "CrossNamespacePodAffinity",
)
_OPPOSITES = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_BARE_ONLY = (
    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, "
    "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
    "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)


def quota_scopes(errors: FieldErrors, spec: Map, limited: list[str]) -> None:
    """Judge them; `limited` are the standard resources that the quota limits."""
    nodes = spec.listed("scopes")
    texts = [word(node) for node in nodes]
    if None not in texts:
        shown: JsonValue = list(texts)
        for text, node in zip(texts, nodes, strict=True):
            _scope(errors, text, limited, (f"spec.{_SCOPES}", shown), node)
        _conflict(errors, texts, child(spec, _SCOPES), f"spec.{_SCOPES}", shown)
    selector = spec.get("scopeSelector")
    terms = [term for _, term in each(selector, "matchExpressions")]
    names = [word(term.get("scopeName")) for term in terms]
    if selector is None or None in names:
        return
    path = "spec.scopeSelector.matchExpressions"
    for name, term in zip(names, terms, strict=True):
        node = child(term, "scopeName")
        if name not in _COUNTED:
            errors.invalid(f"{path}.scopeName", name, "unsupported scope", node, "unknown-scope")
        else:
            _scope(errors, name, limited, (path, selector.plain()), node)
        _operator(errors, term, name, path)
    _conflict(errors, names, selector, path, shown=[word(n) for n in nodes] or None)


_SCOPES = "scopes"


def _scope(
    errors: FieldErrors,
    scope: str | None,
    limited: list[str],
    at: tuple[str, JsonValue],
    node: Node,
) -> None:
    """`at` is the path of the error, and the value it shows."""
    counted = _COUNTED.get(scope or "")
    if counted is None:
        errors.invalid(*at, "unsupported scope", node, "unknown-scope")
        return
    for name in limited:
        if name not in counted:
            detail = "unsupported scope applied to resource"
            errors.invalid(*at, detail, node, "scope-without-resource")


def _operator(errors: FieldErrors, term: Map, scope: str | None, path: str) -> None:
    operator, values = word(term.get("operator")), term.listed("values")
    node, at = child(term, "operator"), child(term, "values")
    if operator is None:
        return
    if scope in _BARE and operator != "Exists":
        errors.invalid(f"{path}.operator", operator, _BARE_ONLY, node, "scope-operator")
    if operator in ("In", "NotIn"):
        if not values:
            detail = (
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            )
            errors.required(f"{path}.values", at, "selector-values", detail)
    elif operator not in ("Exists", "DoesNotExist"):
        detail = "not a valid selector operator"
        errors.invalid(f"{path}.operator", operator, detail, node, "unsupported-value")
    elif values:
        detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
        errors.invalid(f"{path}.values", at.plain(), detail, at, "selector-values")


def _conflict(
    errors: FieldErrors, names: list[str | None], node: Node, path: str, shown: JsonValue
) -> None:
    for pair in _OPPOSITES:
        if set(pair) <= set(names):
            errors.invalid(path, shown, "conflicting scopes", node, "two-scopes")
