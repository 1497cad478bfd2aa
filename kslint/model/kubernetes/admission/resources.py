"""What the API server says to `resources`: quantities, names, requests over limits.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(validateResourceRequirements) and pkg/apis/core/helper/helpers.go.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, opaque, word
from kslint.model.kubernetes.quantity import Quantity, QuantityError, parse, parse_or_none
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

_HUGE_PAGES = "hugepages-"
_CONTAINER_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_POD_RESOURCES = ("cpu", "memory")
_OBJECT_COUNTS = frozenset(
    {
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    }
)  # fmt: skip
_STANDARD = _OBJECT_COUNTS.difference(("services.nodeports", "services.loadbalancers")).union(
    _CONTAINER_RESOURCES,
    (
        "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu",
        "limits.memory", "limits.ephemeral-storage", "storage", "requests.storage",
        "services.nodeports", "services.loadbalancers",
    ),
)  # fmt: skip


def is_standard(resource: str) -> bool:
    """Is it a resource that needs no domain? (IsStandardResourceName)"""
    return resource in _STANDARD or resource.startswith((_HUGE_PAGES, f"requests.{_HUGE_PAGES}"))


def is_integer(resource: str) -> bool:
    """Is it counted in whole numbers? (IsIntegerResourceName)"""
    return resource in _OBJECT_COUNTS or is_extended(resource)


def is_native(resource: str) -> bool:
    """Is it one of Kubernetes' own resources? (IsNativeResource)"""
    return "/" not in resource or "kubernetes.io/" in resource


def is_extended(resource: str) -> bool:
    """A well-formed device resource such as `nvidia.com/gpu` (IsExtendedResourceName)."""
    if is_native(resource) or resource.startswith("requests."):
        return False
    return not grammar.qualified_name(f"requests.{resource}")


def may_overcommit(resource: str) -> bool:
    """May a request be below the limit, or stand without one? (IsOvercommitAllowed)"""
    return is_native(resource) and not resource.startswith(_HUGE_PAGES)


def quantity(errors: FieldErrors, node: Node | None) -> Quantity | None:
    """The amount a node holds as the API server stores it: thousandths, rounded up.

    None if there is none or it cannot be judged; what is no quantity is added to the errors.
    """
    if not isinstance(node, Scalar) or node.is_null or isinstance(node.value, bool):
        return None
    text = node.text
    if opaque(text):
        return None
    try:
        parsed = parse(text)
    except QuantityError as error:
        errors.undecodable(_said(text, error), node, "invalid-quantity")
        return None
    return Quantity(Fraction(parsed.milli(), 1000), parsed.format)


def _said(text: str, error: QuantityError) -> str:
    """What the API server says: a letter that no suffix has spoils the whole form."""
    number = text.lstrip("+-").lstrip("0123456789.")
    if number.strip("eEinumkKMGTP+-0123456789"):
        try:
            parse("")
        except QuantityError as malformed:
            return str(malformed)
    return str(error)


def container_resources(
    errors: FieldErrors, resources: Node | None, path: str, claims: list[str | None]
) -> None:
    """As validateResourceRequirements for a container; `claims` are the pod's resourceClaims."""
    if not isinstance(resources, Map):
        return
    limits = _side(errors, resources.get("limits"), f"{path}.limits")
    requests = _side(errors, resources.get("requests"), f"{path}.requests")
    _against(errors, resources, requests, limits, path)
    _huge_pages_alone(errors, resources, {*limits, *requests}, path)
    _claims(errors, resources, f"{path}.claims", claims)


def pod_resources(errors: FieldErrors, resources: Node | None, path: str) -> None:
    """As validatePodResources, for what pods as a whole may have."""
    if not isinstance(resources, Map):
        return
    if resources.listed("claims"):
        detail = "claims may not be set for Resources at pod-level"
        errors.forbidden(f"{path}.claims", detail, child(resources, "claims"), "pod-claims")
    for side in ("limits", "requests"):
        amounts = resources.get(side)
        for name, node in () if amounts is None else amounts.items():
            if not opaque(name) and name not in _POD_RESOURCES and not name.startswith(_HUGE_PAGES):
                at, known = f"{path}.{side}[{name}]", ("cpu", _HUGE_PAGES, "memory")
                errors.unsupported(at, name, known, node, "not-a-pod-resource")
                return
    limits = _side(errors, resources.get("limits"), f"{path}.limits")
    requests = _side(errors, resources.get("requests"), f"{path}.requests")
    _against(errors, resources, requests, limits, path)


def overhead(errors: FieldErrors, amounts: Node | None, path: str) -> None:
    """As validateOverhead: amounts are held against the rules for the limits of a container."""
    names = set(_side(errors, amounts, f"{path}.limits"))
    if isinstance(amounts, Map):
        _huge_pages_alone(errors, amounts, names, path)


def _huge_pages_alone(errors: FieldErrors, node: Node, names: set[str], path: str) -> None:
    if any(n.startswith(_HUGE_PAGES) for n in names) and not names & {"cpu", "memory"}:
        errors.forbidden(path, "HugePages require cpu or memory", node, "huge-pages-alone")


def _side(errors: FieldErrors, node: Node | None, path: str) -> dict[str, Quantity | None]:
    """One of limits and requests: amounts by name, None where they cannot be judged."""
    found: dict[str, Quantity | None] = {}
    for name, value in () if node is None else node.items():
        if opaque(name):
            continue
        here = f"{path}[{name}]"
        _name(errors, name, here, value)
        amount = found[name] = quantity(errors, value)
        if amount is not None:
            _amount(errors, name, amount, here, value)
    return found


def _against(
    errors: FieldErrors,
    resources: Map,
    requests: dict[str, Quantity | None],
    limits: dict[str, Quantity | None],
    path: str,
) -> None:
    """Requests held against the limits."""
    for name, amount in requests.items():
        node, other = resources.at("requests", name), resources.at("limits", name)
        limit = limits.get(name)
        if node is None:
            continue
        if name not in limits:
            if not may_overcommit(name):
                detail = "Limit must be set for non overcommitable resources"
                code = "extended-resource-without-limit"
                errors.required(f"{path}.limits", node, code, detail)
        elif amount is None or limit is None:
            continue
        elif amount != limit and not may_overcommit(name):
            detail = f"must be equal to {name} limit of {limit}"
            code = "extended-resource-unequal"
            errors.invalid(f"{path}.requests", str(amount), detail, node, code, other)
        elif amount > limit:
            detail = f"must be less than or equal to {name} limit of {limit}"
            code = "request-over-limit"
            errors.invalid(f"{path}.requests", str(amount), detail, node, code, other)


def _name(errors: FieldErrors, name: str, path: str, node: Node) -> None:
    """As validateContainerResourceName."""
    details = grammar.qualified_name(name)
    errors.each_invalid(path, name, details, node, "invalid-resource-name")
    if "/" not in name:
        huge = name.startswith(_HUGE_PAGES)
        code = "not-a-container-resource"
        if not details and not huge and name not in _STANDARD:
            detail = "must be a standard resource type or fully qualified"
            errors.invalid(path, name, detail, node, code)
        if name not in _CONTAINER_RESOURCES and not huge:
            errors.invalid(path, name, "must be a standard resource for containers", node, code)
    elif not is_native(name) and not is_extended(name):
        detail = "doesn't follow extended resource name standard"
        errors.invalid(path, name, detail, node, "invalid-resource-name")


def _amount(errors: FieldErrors, name: str, amount: Quantity, path: str, node: Node) -> None:
    if amount.amount < 0:
        detail = "must be greater than or equal to 0"
        errors.invalid(path, str(amount), detail, node, "negative-quantity")
    if is_integer(name) and amount.amount.denominator != 1:
        errors.invalid(path, str(amount), "must be an integer", node, "fractional-device")
    if name.startswith(_HUGE_PAGES):
        page = parse_or_none(name[len(_HUGE_PAGES) :])
        if page is None or page.amount <= 0 or amount.whole() % page.whole():
            detail = f"{amount} is not positive integer multiple of {name}"
            errors.invalid(path, str(amount), detail, node, "huge-pages-not-a-multiple")


def _claims(errors: FieldErrors, resources: Map, path: str, pod: list[str | None]) -> None:
    """As validateResourceClaimNames, of whole claims."""
    seen: set[str] = set()
    for index, claim in enumerate(resources.listed("claims")):
        name = word(claim.get("name"))
        here, where = f"{path}[{index}]", child(claim, "name")
        if name is None or not isinstance(claim, Map) or claim.get("request") is not None:
            continue
        if not name:
            errors.required(here, where, "missing-name")
            continue
        if name in seen:
            errors.duplicate(here, name, where, "duplicate-claim")
        seen.add(name)
        if name not in pod and None not in pod:
            listed = ": " + ", ".join(sorted({p for p in pod if p})) if pod else " which is empty"
            text = f'{here}: Not found: "{name}": must be one of the names in '
            errors.add(f"{text}pod.spec.resourceClaims{listed}", where, "claim-not-in-pod")
