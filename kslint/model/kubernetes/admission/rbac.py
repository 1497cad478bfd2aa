"""What the API server says to roles and their bindings.

Source: k8s.io/kubernetes v1.34 pkg/apis/rbac/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, word
from kslint.model.kubernetes.admission.selectors import label_selector
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")


def role_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Role. Never raises."""
    return _role(body, True)


def cluster_role_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ClusterRole. Never raises."""
    return _role(body, False)


def _role(body: Map, namespaced: bool) -> list[Failure]:
    errors = FieldErrors()
    errors.metadata(body, grammar.path_segment)
    for index, rule in each(body, "rules"):
        _rule(errors, rule, f"rules[{index}]", namespaced)
    aggregation = body.get("aggregationRule")
    if not namespaced and isinstance(aggregation, Map):
        path = "aggregationRule.clusterRoleSelectors"
        if not aggregation.listed("clusterRoleSelectors"):
            detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            node = child(aggregation, "clusterRoleSelectors")
            errors.required(path, node, "no-role-selectors", detail)
        for index, selector in each(aggregation, "clusterRoleSelectors"):
            label_selector(errors, selector, f"{path}[{index}]")
    return errors.failures


def _rule(errors: FieldErrors, rule: Map, path: str, namespaced: bool) -> None:
    """As ValidatePolicyRule."""
    fields = ("verbs", "nonResourceURLs", "apiGroups", "resources", "resourceNames")
    for field in fields:
        node = rule.get(field)
        if node is not None and not node.is_null and not isinstance(node, Seq):
            return
    verbs, urls, groups, resources, names = (rule.listed(field) for field in fields)
    if not verbs:
        detail = "verbs must contain at least one value"
        errors.required(f"{path}.verbs", child(rule, "verbs"), "rule-without-verbs", detail)
    if urls:
        node, at = child(rule, "nonResourceURLs"), f"{path}.nonResourceURLs"
        if namespaced:
            detail = "namespaced rules cannot apply to non-resource URLs"
            errors.invalid(at, node.plain(), detail, node, "rule-for-urls")
        if groups or resources or names:
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            errors.invalid(at, node.plain(), detail, node, "rule-for-urls")
        return
    if not groups:
        detail = "resource rules must supply at least one api group"
        errors.required(f"{path}.apiGroups", child(rule, "apiGroups"), "rule-without-group", detail)
    if not resources:
        detail = "resource rules must supply at least one resource"
        node = child(rule, "resources")
        errors.required(f"{path}.resources", node, "rule-without-resource", detail)


def role_binding_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a RoleBinding. Never raises."""
    return _binding(body, ("Role", "ClusterRole"), True)


def cluster_role_binding_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ClusterRoleBinding. Never raises."""
    return _binding(body, ("ClusterRole",), False)


def _binding(body: Map, kinds: tuple[str, ...], namespaced: bool) -> list[Failure]:
    errors = FieldErrors()
    errors.metadata(body, grammar.path_segment)
    role = body.get("roleRef")
    if isinstance(role, Map):
        group, kind = word(role.get("apiGroup")), word(role.get("kind"))
        if group and group != _GROUP:
            node = child(role, "apiGroup")
            errors.unsupported("roleRef.apiGroup", group, (_GROUP,), node, "unsupported-value")
        if kind is not None and kind not in kinds:
            node = child(role, "kind")
            errors.unsupported("roleRef.kind", kind, kinds, node, "unsupported-value")
        if errors.needed("roleRef", role, "name", "missing-name"):
            errors.named("roleRef", role, "name", grammar.path_segment, "invalid-reference")
    elif role is None or role.is_null:
        errors.required("roleRef.name", child(body, "roleRef"), "missing-name")
    for index, subject in each(body, "subjects"):
        _subject(errors, subject, f"subjects[{index}]", namespaced)
    return errors.failures


def _subject(errors: FieldErrors, subject: Map, path: str, namespaced: bool) -> None:
    """As ValidateRoleBindingSubject, after the default of apiGroup."""
    errors.needed(path, subject, "name", "missing-name")
    kind, group = word(subject.get("kind")), word(subject.get("apiGroup"))
    node = child(subject, "apiGroup")
    if kind == "ServiceAccount":
        errors.named(path, subject, "name", grammar.dns_subdomain, "invalid-reference")
        if group:
            errors.unsupported(f"{path}.apiGroup", group, ("",), node, "unsupported-value")
        if not namespaced:
            errors.needed(path, subject, "namespace", "missing-namespace")
    elif kind in _SUBJECTS:
        if group and group != _GROUP:
            errors.unsupported(f"{path}.apiGroup", group, (_GROUP,), node, "unsupported-value")
    elif kind is not None:
        where = child(subject, "kind")
        errors.unsupported(f"{path}.kind", kind, _SUBJECTS, where, "unsupported-value")
