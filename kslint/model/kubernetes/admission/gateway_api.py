"""What the API server says to Gateways: the rules in their definition, as code.

Source: kubernetes-sigs/gateway-api v1.4.1 config/crd/standard, x-kubernetes-validations of
Gateway.spec. The same from v1.1 to v1.6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.model.tree import is_empty
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_PLAIN = ("HTTP", "TCP", "UDP")
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = rf"(\*\.)?{_LABEL}(\.{_LABEL})*"


def gateway_failures(body: Map) -> list[Failure]:
    """What the rules of a Gateway's definition refuse of its listeners. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    met: list[tuple[object, ...]] = []
    for index, listener in each(spec, "listeners"):
        protocol, host = word(listener.get("protocol")), listener.get("hostname")
        tls = listener.get("tls")
        if isinstance(tls, Map):
            _certificates(errors, tls, f"spec.listeners[{index}].tls")
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
    _addresses(errors, spec)
    return errors.failures


def _certificates(errors: FieldErrors, tls: Map, path: str) -> None:
    """The rule reads both fields, whether they are there or not, and names the one that is not."""
    given = tls.listed("certificateRefs") or not is_empty(tls.get("options"))
    if word(tls.get("mode")) in ("", "Terminate") and not given:
        detail = "certificateRefs or options must be specified when mode is Terminate"
        for field in ("certificateRefs", "options"):
            if not present(tls, field):
                detail = f"no such key: {field} evaluating rule: {detail}"
                break
        errors.invalid(path, "object", detail, tls, "no-certificates")


def _addresses(errors: FieldErrors, spec: Map) -> None:
    met: set[tuple[str, str]] = set()
    for index, address in each(spec, "addresses"):
        kind, value = word(address.get("type")) or "IPAddress", word(address.get("value"))
        if not value:
            continue
        node = child(address, "value")
        if (kind, value) in met and kind in ("IPAddress", "Hostname"):
            detail = f"{kind} values must be unique"
            errors.invalid("spec.addresses", "array", detail, node, "same-address")
        if kind == "Hostname" and not re.fullmatch(_HOST, value):
            what = f"contain only valid characters (matching ^{_HOST}$)"
            detail = f"Hostname value must be empty or {what}"
            errors.invalid(f"spec.addresses[{index}]", "object", detail, node, "invalid-host")
        met.add((kind, value))


def _listeners(errors: FieldErrors, detail: str, node: Node, code: str) -> None:
    errors.invalid("spec.listeners", "array", detail, node, code)
