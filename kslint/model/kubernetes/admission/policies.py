"""What the API server says to disruption budgets, quotas and limit ranges.

Source: k8s.io/kubernetes v1.34 pkg/apis/policy/validation/validation.go,
pkg/apis/core/validation/validation.go (ValidateResourceQuota, ValidateLimitRange).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    opaque,
    present,
    word,
)
from kslint.model.kubernetes.admission.quota_scopes import quota_scopes
from kslint.model.kubernetes.admission.resources import (
    is_integer,
    is_standard,
    may_overcommit,
    quantity,
)
from kslint.model.kubernetes.admission.selectors import label_selector
from kslint.model.kubernetes.admission.strategies import at_most_all, int_or_percent
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.model.kubernetes.quantity import Quantity
    from kslint.source.nodes import Node

_LIMIT_TYPES = ("Pod", "Container", "PersistentVolumeClaim")
_SIDES = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


def budget_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PodDisruptionBudget. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.path_segment, checks_prefix=False)  # it has no rule of its own
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    fields = ("minAvailable", "maxUnavailable")
    if all(present(spec, field) for field in fields):
        detail = "minAvailable and maxUnavailable cannot be both set"
        text = f"spec: Invalid value: {detail}"
        errors.add(text, child(spec, "maxUnavailable"), "two-budgets")
    for field in fields:
        number = int_or_percent(errors, spec, field, "spec")
        at_most_all(errors, spec, field, "spec", number)
    label_selector(errors, spec.get("selector"), "spec.selector")
    policies = ("AlwaysAllow", "IfHealthyBudget")
    errors.one_of("spec", spec, "unhealthyPodEvictionPolicy", policies, pointer=True)
    return errors.failures


def quota_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ResourceQuota. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    hard = None if spec is None else spec.get("hard")
    for name, node in () if hard is None else hard.items():
        if opaque(name):
            continue
        path = f"spec.hard[{name}]"
        _resource_name(errors, name, path, node)
        if "/" not in name and (name == "storage" or not is_standard(name)):
            detail = "must be a standard resource for quota"
            errors.invalid(path, name, detail, node, "not-a-quota-resource")
        amount = quantity(errors, node)
        if amount is not None and amount.amount < 0:
            detail = "must be greater than or equal to 0"
            errors.invalid(path, str(amount), detail, node, "negative-quantity")
        if amount is not None and is_integer(name) and amount.amount.denominator != 1:
            errors.invalid(path, str(amount), "must be an integer", node, "fractional-device")
    if isinstance(spec, Map):
        quota_scopes(errors, spec, [name for name in _names(hard) if is_standard(name)])
    return errors.failures


def _names(hard: Node | None) -> list[str]:
    return [] if hard is None else sorted(name for name, _ in hard.items())


def _resource_name(errors: FieldErrors, name: str, path: str, node: Node) -> None:
    """As validateResourceName."""
    details = grammar.qualified_name(name)
    errors.each_invalid(path, name, details, node, "invalid-resource-name")
    if not details and "/" not in name and not is_standard(name):
        detail = "must be a standard resource type or fully qualified"
        errors.invalid(path, name, detail, node, "invalid-resource-name")


def limit_range_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a LimitRange. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    kinds: set[str] = set()
    for index, limit in each(body.get("spec"), "limits"):
        path = f"spec.limits[{index}]"
        kind, where = word(limit.get("type")), child(limit, "type")
        if kind is None:
            continue
        details = grammar.qualified_name(kind)
        errors.each_invalid(f"{path}.type", kind, details, where, "invalid-limit-type")
        if not details and "/" not in kind and kind not in _LIMIT_TYPES:
            detail = "must be a standard limit type or fully qualified"
            errors.invalid(f"{path}.type", kind, detail, where, "invalid-limit-type")
        if kind in kinds:
            errors.duplicate(f"{path}.type", kind, where, "duplicate-limit-type")
        kinds.add(kind)
        _limit(errors, limit, kind, path)
    return errors.failures


def _limit(errors: FieldErrors, limit: Map, kind: str, path: str) -> None:
    amounts: dict[str, dict[str, Quantity]] = {}
    for side in _SIDES:
        node = limit.get(side)
        amounts[side] = {}
        if kind == "Pod" and side.startswith("default"):
            if node is not None and list(node.items()):
                detail = "may not be specified when `type` is 'Pod'"
                errors.forbidden(f"{path}.{side}", detail, node, "default-of-a-pod")
            continue
        for name, value in () if node is None else node.items():
            if not opaque(name):
                _resource_name(errors, name, f"{path}.{side}[{name}]", value)
                amount = quantity(errors, value)
                if amount is not None:
                    amounts[side][name] = amount
    if kind == "PersistentVolumeClaim":
        sides = [limit.get(side) for side in ("min", "max")]
        if not any(side is not None and side.get("storage") is not None for side in sides):
            detail = "either minimum or maximum storage value is required, but neither was provided"
            errors.required(f"{path}.limits", limit, "no-storage-limit", detail)
    for name in sorted({name for side in amounts.values() for name in side}):
        found = {side: its.get(name) for side, its in amounts.items()}
        _bounds(errors, limit, name, found, path)


_OVER, _REQUEST = "is greater than", "default request value {}"
_ORDER = (
    ("min", "max", "min", "min value {} is greater than max value {}"),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        f"min value {{}} {_OVER} default request value {{}}",
    ),
    ("defaultRequest", "max", "defaultRequest", f"{_REQUEST} {_OVER} max value {{}}"),
    ("defaultRequest", "default", "defaultRequest", f"{_REQUEST} {_OVER} default limit value {{}}"),
    ("min", "default", "default", "min value {} is greater than default value {}"),
    ("default", "max", "default", "default value {} is greater than max value {}"),
)
"""What may not be over what, the side that is blamed, and how it is put."""


def _bounds(
    errors: FieldErrors, limit: Map, name: str, found: dict[str, Quantity | None], path: str
) -> None:
    for low, high, blamed, text in _ORDER:
        less, more = found[low], found[high]
        if less is None or more is None or less <= more:
            continue
        shown = {"min": less, "defaultRequest": found["defaultRequest"]}.get(
            blamed, less if low == "min" else more
        )
        node = limit.at(blamed, name) or limit
        detail = text.format(less, more)
        at = f"{path}.{blamed}[{name}]"
        errors.invalid(at, str(shown), detail, node, "limits-out-of-order")
    ratio = found["maxLimitRequestRatio"]
    if ratio is not None and ratio.amount < 1:
        node = limit.at("maxLimitRequestRatio", name) or limit
        at = f"{path}.maxLimitRequestRatio[{name}]"
        errors.invalid(at, str(ratio), f"ratio {ratio} is less than 1", node, "limits-out-of-order")
    request, default = found["defaultRequest"], found["default"]
    if not may_overcommit(name) and request and default and request != default:
        detail = f"default value {default} must equal to defaultRequest value {request} in {name}"
        node = limit.at("defaultRequest", name) or limit
        at = f"{path}.defaultRequest[{name}]"
        errors.invalid(at, str(request), detail, node, "extended-resource-unequal")
