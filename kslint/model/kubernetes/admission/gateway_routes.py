"""What the API server says to HTTPRoutes and GRPCRoutes: the rules in their definitions, as code.

Source: kubernetes-sigs/gateway-api v1.4.1 config/crd/standard, x-kubernetes-validations of
HTTPRoute.spec and GRPCRoute.spec. The same from v1.0 to v1.6, but for the timeouts (since v1.1) and
the shares of mirrors (v1.3). References with a port, which only the experimental channel has, are
passed by.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_FOR_PATHS = "type one of ['Exact', 'PathPrefix']"
_NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F", "#")
_NOT_AT_END = ("/..", "/.")
_PATH = "(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+"
_FILTERS = {
    "requestHeaderModifier": "RequestHeaderModifier",
    "responseHeaderModifier": "ResponseHeaderModifier",
    "requestMirror": "RequestMirror",
    "requestRedirect": "RequestRedirect",
    "urlRewrite": "URLRewrite",
    "extensionRef": "ExtensionRef",
}
_ONCE = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS")
_MODIFIERS = {"requestRedirect": "RequestRedirect", "urlRewrite": "URLRewrite"}
_REPLACEMENTS = {"ReplaceFullPath": "replaceFullPath", "ReplacePrefixMatch": "replacePrefixMatch"}
_SERVICE = r"\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*"
_METHOD = "[A-Za-z_][A-Za-z_0-9]*"
_VALID = "valid characters (matching"
_GROUP = "gateway.networking.k8s.io"
_TWICE = "when parentRefs includes 2 or more references to the same parent"
_MATCHES = 128
_SPAN = "([0-9]{1,5})(h|ms|m|s)"
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def route_failures(body: Map) -> list[Failure]:
    """What the rules of an HTTPRoute's definition refuse of its rules. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    _parents(errors, spec)
    route_rules(errors, spec, "spec")
    return errors.failures


def route_rules(errors: FieldErrors, spec: Map, at: str) -> None:
    """The rules of an HTTPRoute, or of a field of its type."""
    _matches(errors, spec, at)
    for index, rule in each(spec, "rules"):
        path = f"{at}.rules[{index}]"
        for number, match in each(rule, "matches"):
            _path(errors, match.get("path"), f"{path}.matches[{number}].path")
        redirects = filters(errors, rule, path)
        if redirects is not None and rule.listed("backendRefs"):
            detail = "RequestRedirect filter must not be used together with backendRefs"
            errors.invalid(path, "object", detail, redirects, "redirect-with-backends")
        _backends(errors, rule, path)
        _prefixes(errors, rule, path)
        _timeouts(errors, rule.get("timeouts"), f"{path}.timeouts")


def grpc_failures(body: Map) -> list[Failure]:
    """What the rules of a GRPCRoute's definition refuse of its rules. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    _parents(errors, spec)
    _matches(errors, spec, "spec")
    for index, rule in each(spec, "rules"):
        path = f"spec.rules[{index}]"
        for number, match in each(rule, "matches"):
            method = match.get("method")
            if isinstance(method, Map):
                _method(errors, method, f"{path}.matches[{number}].method")
        filters(errors, rule, path)
        _backends(errors, rule, path)
    return errors.failures


def _matches(errors: FieldErrors, spec: Map, at: str) -> None:
    """All rules together; one without matches has one by default."""
    rules = [rule for _, rule in each(spec, "rules")]
    total = sum(len(r.listed("matches")) if present(r, "matches") else 1 for r in rules[:16])
    if total > _MATCHES:
        detail = (
            "While 16 rules and 64 matches per rule are allowed, the total number of matches "
            "across all rules in a route must be less than 128"
        )
        errors.invalid(f"{at}.rules", "array", detail, child(spec, "rules"), "too-many-matches")


def _method(errors: FieldErrors, method: Map, path: str) -> None:
    service, name = (word(method.get(field)) for field in ("service", "method"))
    details = []
    if service == name == "":
        details.append("One or both of 'service' or 'method' must be specified")
    if word(method.get("type")) in ("", "Exact"):
        if service and not re.fullmatch(_SERVICE, service, re.IGNORECASE):
            details.append(f"service must only contain {_VALID} ^(?i){_SERVICE}$)")
        if present(method, "method") and name is not None and not re.fullmatch(_METHOD, name):
            details.append(f"method must only contain {_VALID} ^{_METHOD}$)")
    for detail in details:
        node = child(method, detail.partition(" ")[0])
        errors.invalid(path, "object", detail, node, "invalid-method")


def _parents(errors: FieldErrors, spec: Map) -> None:
    """Of several references to one parent each has to name another part of it."""
    met: dict[tuple[str | None, ...], set[str | None]] = {}
    for _, parent in each(spec, "parentRefs"):
        group, kind = parent.get("group"), parent.get("kind")
        who = (
            _GROUP if group is None else word(group),
            "Gateway" if kind is None else word(kind),
            word(parent.get("name")),
            word(parent.get("namespace")),
        )
        part, port = word(parent.get("sectionName")), parent.get("port")
        if None in who or part is None or port is not None:
            continue
        parts = met.setdefault(who, set())
        node = child(parent, "sectionName" if part else "name")
        if part in parts:
            detail = f"sectionName must be unique {_TWICE}"
            errors.invalid("spec.parentRefs", "array", detail, node, "same-parent")
        elif parts and ("" in parts or not part):
            detail = f"sectionName must be specified {_TWICE}"
            errors.invalid("spec.parentRefs", "array", detail, node, "same-parent")
        parts.add(part)


def _backends(errors: FieldErrors, rule: Map, path: str) -> None:
    for index, backend in each(rule, "backendRefs"):
        here = f"{path}.backendRefs[{index}]"
        _needs_port(errors, backend, here)
        filters(errors, backend, here)


def _needs_port(errors: FieldErrors, backend: Map, path: str) -> None:
    kind = "Service" if backend.get("kind") is None else word(backend.get("kind"))
    if kind == "Service" and word(backend.get("group")) == "" and not present(backend, "port"):
        detail = "Must have port for Service reference"
        errors.invalid(path, "object", detail, backend, "backend-without-port")


def _prefixes(errors: FieldErrors, rule: Map, path: str) -> None:
    """What replaces a prefix is for a rule that matches just one."""
    matches = rule.listed("matches")
    kind = word(matches[0].at("path", "type")) if len(matches) == 1 else None
    if not present(rule, "matches") or kind in ("", "PathPrefix"):
        return
    if len(matches) == 1 and kind is None:
        return
    backends = [backend for _, backend in each(rule, "backendRefs")]
    for within, field in product((False, True), _MODIFIERS):
        nodes = _replaced(rule, field)
        if within:
            held = [found for one in backends if len(found := _replaced(one, field)) == 1]
            nodes = [node for found in held for node in found]
        if len(nodes) != 1:  # a rule of the definition is about exactly one
            continue
        when = "when" if within and field == "requestRedirect" else "When"  # sic
        detail = (
            f"{'Within backendRefs, ' if within else ''}{when} using {_MODIFIERS[field]} filter "
            "with path.replacePrefixMatch, exactly one PathPrefix match must be specified"
        )
        errors.invalid(path, "object", detail, nodes[0], "prefix-without-prefix")


def _replaced(holder: Map, field: str) -> list[Node]:
    """What the filters of one kind of a rule or backend put in the place of a prefix."""
    found = []
    for _, item in each(holder, "filters"):
        node = item.at(field, "path", "replacePrefixMatch")
        if node is not None and item.string(field, "path", "type") == "ReplacePrefixMatch":
            found.append(node)
    return found


def _path(errors: FieldErrors, match: Node | None, path: str) -> None:
    if not isinstance(match, Map) or (match.string("type") or "PathPrefix") == "RegularExpression":
        return
    if not present(match, "value"):
        return  # it is defaulted
    value = word(match.get("value"))
    if value is None or word(match.get("type") or match.get("value")) is None:
        return
    details = []
    if not value.startswith("/"):
        details.append(f"value must be an absolute path and start with '/' when {_FOR_PATHS}")
    details += [f"must not contain '{p}' when {_FOR_PATHS}" for p in _NOT_IN_PATHS if p in value]
    details += [
        f"must not end with '{p}' when {_FOR_PATHS}" for p in _NOT_AT_END if value.endswith(p)
    ]
    if not re.fullmatch(_PATH, value):
        details.append(
            f"must only contain valid characters (matching ^{_PATH}$) for types "
            "['Exact', 'PathPrefix']"
        )
    for detail in details:
        errors.invalid(path, "object", detail, child(match, "value"), "invalid-path")


def filters(errors: FieldErrors, holder: Map, path: str) -> Node | None:
    """The filters of a rule or backend; one that redirects, if there is one."""
    found = None
    kinds: list[str] = []
    for index, item in each(holder, "filters"):
        kind, here = word(item.get("type")), f"{path}.filters[{index}]"
        if present(item, "requestRedirect"):
            found = item.get("requestRedirect")
        for field, its in _FILTERS.items() if kind in _FILTERS.values() else ():
            detail = ""
            if present(item, field) and kind != its:
                detail = f"filter.{field} must be nil if the filter.type is not {its}"
            elif not present(item, field) and kind == its:
                detail = f"filter.{field} must be specified for {its} filter.type"
            if detail:
                where = child(item, field if present(item, field) else "type")
                errors.invalid(here, "object", detail, where, "filter-type")
        if kind in kinds and kind in _ONCE:
            detail, node = f"{kind} filter cannot be repeated", child(item, "type")
            errors.invalid(f"{path}.filters", "array", detail, node, "filter-again")
        kinds.append(kind or "")
        _mirror(errors, item.get("requestMirror"), f"{here}.requestMirror")
        for field in _MODIFIERS:
            _modifier(errors, item.at(field, "path"), f"{here}.{field}.path")
    if {"RequestRedirect", "URLRewrite"} <= set(kinds):
        detail = (
            "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, "
            "but not both"
        )
        errors.invalid(f"{path}.filters", "array", detail, child(holder, "filters"), "two-filters")
    return found


def _mirror(errors: FieldErrors, mirror: Node | None, path: str) -> None:
    if not isinstance(mirror, Map):
        return
    backend, share = mirror.get("backendRef"), mirror.get("fraction")
    if isinstance(backend, Map):
        _needs_port(errors, backend, f"{path}.backendRef")
    if present(mirror, "percent") and present(mirror, "fraction"):
        detail = "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter"
        errors.invalid(path, "object", detail, child(mirror, "fraction"), "two-shares")
    part = None if share is None else share.integer("numerator")
    whole = (
        100 if share is None or not present(share, "denominator") else share.integer("denominator")
    )
    if share is not None and part is not None and whole is not None and part > whole:
        detail = "numerator must be less than or equal to denominator"
        errors.invalid(f"{path}.fraction", "object", detail, child(share, "numerator"), "over-one")


def _modifier(errors: FieldErrors, modifier: Node | None, path: str) -> None:
    """How a path is replaced: as its type says, and with nothing for another type."""
    if not isinstance(modifier, Map):
        return
    kind = word(modifier.get("type"))
    for its, field in _REPLACEMENTS.items():
        detail = ""
        if kind == its and not present(modifier, field):
            detail = f"{field} must be specified when type is set to '{its}'"
        elif kind in _REPLACEMENTS and kind != its and present(modifier, field):
            detail = f"type must be '{its}' when {field} is set"
        if detail:
            errors.invalid(path, "object", detail, child(modifier, "type"), "path-modifier")


def _timeouts(errors: FieldErrors, timeouts: Node | None, path: str) -> None:
    if not isinstance(timeouts, Map):
        return
    whole, each_try = (_milliseconds(timeouts.get(f)) for f in ("request", "backendRequest"))
    if whole and each_try and each_try > whole:
        detail = "backendRequest timeout cannot be longer than request timeout"
        node = child(timeouts, "backendRequest")
        errors.invalid(path, "object", detail, node, "backend-timeout")


def _milliseconds(node: Node | None) -> int | None:
    text = word(node)
    if not text or not re.fullmatch(f"(?:{_SPAN})+", text):
        return None
    return sum(int(count) * _MILLISECONDS[unit] for count, unit in re.findall(_SPAN, text))
