"""What the API server says to Gateways and HTTPRoutes: the rules in their definitions, as code.

Source: kubernetes-sigs/gateway-api v1.4.1 config/crd/standard, x-kubernetes-validations of
Gateway.spec.listeners and HTTPRoute.spec.rules. The same since v1.0, but for the timeouts (v1.1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_PLAIN = ("HTTP", "TCP", "UDP")
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
_SPAN = "([0-9]{1,5})(h|ms|m|s)"
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


def gateway_failures(body: Map) -> list[Failure]:
    """What the rules of a Gateway's definition refuse of its listeners. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    met: list[tuple[object, ...]] = []
    for _, listener in each(spec, "listeners"):
        protocol, host = word(listener.get("protocol")), listener.get("hostname")
        tls = listener.get("tls")
        if protocol in _PLAIN and present(listener, "tls"):
            detail = "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"
            _listeners(errors, detail, child(listener, "tls"), "tls-without-need")
        if protocol == "HTTPS" and isinstance(tls, Map) and word(tls.get("mode")) == "Passthrough":
            detail = "tls mode must be Terminate for protocol HTTPS"
            _listeners(errors, detail, child(tls, "mode"), "tls-mode")
        if protocol in ("TCP", "UDP") and word(host):
            detail = "hostname must not be specified for protocols ['TCP', 'UDP']"
            _listeners(errors, detail, child(listener, "hostname"), "hostname-without-need")
        given = host is not None and not host.is_null
        key = (listener.integer("port"), protocol, given, word(host) if given else "")
        if None in key:
            continue
        if key in met:
            detail = "Combination of port, protocol and hostname must be unique for each listener"
            _listeners(errors, detail, listener, "same-listener")
        met.append(key)
    return errors.failures


def _listeners(errors: FieldErrors, detail: str, node: Node, code: str) -> None:
    errors.invalid("spec.listeners", "array", detail, node, code)


def route_failures(body: Map) -> list[Failure]:
    """What the rules of an HTTPRoute's definition refuse of its rules. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    for index, rule in each(spec, "rules"):
        path = f"spec.rules[{index}]"
        for number, match in each(rule, "matches"):
            _path(errors, match.get("path"), f"{path}.matches[{number}].path")
        redirects = _filters(errors, rule, path)
        if redirects is not None and rule.listed("backendRefs"):
            detail = "RequestRedirect filter must not be used together with backendRefs"
            errors.invalid(path, "object", detail, redirects, "redirect-with-backends")
        for number, backend in each(rule, "backendRefs"):
            _filters(errors, backend, f"{path}.backendRefs[{number}]")
        _timeouts(errors, rule.get("timeouts"), f"{path}.timeouts")
    return errors.failures


def _path(errors: FieldErrors, match: Node | None, path: str) -> None:
    if not isinstance(match, Map) or (match.string("type") or "PathPrefix") == "RegularExpression":
        return
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


def _filters(errors: FieldErrors, holder: Map, path: str) -> Node | None:
    """The filters of a rule or backend; one that redirects, if there is one."""
    found = None
    for index, item in each(holder, "filters"):
        kind = word(item.get("type"))
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
                errors.invalid(f"{path}.filters[{index}]", "object", detail, where, "filter-type")
    return found


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
