"""What the API server says to Ingresses, their classes, and NetworkPolicies.

Source: k8s.io/kubernetes v1.34 pkg/apis/networking/validation/validation.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    present,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.selectors import label_selector
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_CLASS = "kubernetes.io/ingress.class"
_LONGEST_CONTROLLER = 250
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_SUFFIXES = ("/..", "/.")


def ingress_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in an Ingress. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    if not spec.listed("rules") and not present(spec, "defaultBackend"):
        detail = "either `defaultBackend` or `rules` must be specified"
        errors.invalid("spec", None, detail, spec, "no-ingress-rules")
    _backend(errors, spec.get("defaultBackend"), "spec.defaultBackend")
    for index, rule in each(spec, "rules"):
        _rule(errors, rule, f"spec.rules[{index}]")
    for index, tls in each(spec, "tls"):
        path = f"spec.tls[{index}]"
        for number, host in enumerate(tls.listed("hosts")):
            _host(errors, host, f"{path}.hosts[{number}]", True)
        errors.named(path, tls, "secretName", grammar.dns_subdomain, "invalid-reference")
    grammar_of, field = grammar.dns_subdomain, "ingressClassName"
    errors.named("spec", spec, field, grammar_of, "invalid-reference", pointer=True)
    annotation = body.at("metadata", "annotations", _CLASS)
    old, new = word(annotation), word(spec.get("ingressClassName"))
    if annotation is not None and old is not None and new and old != new:
        detail = "must match `ingressClassName` when both are specified"
        errors.invalid(f"annotations.{_CLASS}", old, detail, annotation, "two-ingress-classes")
    return errors.failures


def _rule(errors: FieldErrors, rule: Map, path: str) -> None:
    host = rule.get("host")
    text = word(host)
    if host is not None and text:
        if not grammar.ip_address(text):
            detail = "must be a DNS name, not an IP address"
            errors.invalid(f"{path}.host", text, detail, host, "host-is-an-address")
        _host(errors, host, f"{path}.host")
    http = rule.get("http")
    if not isinstance(http, Map):
        return
    if not http.listed("paths"):
        errors.required(f"{path}.http.paths", http, "no-ingress-paths")
    for index, item in each(http, "paths"):
        _path(errors, item, f"{path}.http.paths[{index}]")


def _host(errors: FieldErrors, node: Node, path: str, needed: bool = False) -> None:
    text = word(node)
    if text or (needed and text is not None):
        rule = grammar.wildcard_subdomain if "*" in text else grammar.dns_subdomain
        errors.each_invalid(path, text, rule(text), node, "invalid-host")


def _path(errors: FieldErrors, item: Map, path: str) -> None:
    kind, text = word(item.get("pathType")), word(item.get("path"))
    where = child(item, "path")
    if kind == "":
        detail = "pathType must be specified"
        errors.required(f"{path}.pathType", child(item, "pathType"), "no-path-type", detail)
        return
    errors.one_of(path, item, "pathType", _PATH_TYPES)
    strict = kind in ("Exact", "Prefix")
    at = f"{path}.path"
    if text is not None and not text.startswith("/") and (text or strict):
        errors.invalid(at, text, "must be an absolute path", where, "relative-path")
    if text and strict:
        for sequence in _SEQUENCES:
            if sequence in text:
                detail = f"must not contain '{sequence}'"
                errors.invalid(at, text, detail, where, "invalid-path")
        for suffix in _SUFFIXES:
            if text.endswith(suffix):
                detail = f"cannot end with '{suffix}'"
                errors.invalid(at, text, detail, where, "invalid-path")
    if isinstance(item.get("backend"), Map):
        _backend(errors, item.get("backend"), f"{path}.backend")
    else:
        detail = "resource or service backend is required"
        errors.invalid(f"{path}.backend", "", detail, item, "no-backend")


def _backend(errors: FieldErrors, node: Node | None, path: str) -> None:
    if not isinstance(node, Map):
        return
    service = node.get("service")
    if present(node, "resource"):
        if service is not None:
            detail = "cannot set both resource and service backends"
            errors.invalid(path, "", detail, service, "two-backends")
            return
        resource = child(node, "resource")
        if isinstance(resource, Map):
            here = f"{path}.resource"
            errors.named(here, resource, "apiGroup", grammar.dns_subdomain, "invalid-reference")
            errors.reference(here, resource, "kind")
            errors.reference(here, resource, "name")
        return
    if service is None or service.is_null:
        detail = "resource or service backend is required"
        errors.invalid(path, "", detail, node, "no-backend")
    elif isinstance(service, Map):
        if errors.needed(f"{path}.service", service, "name", "missing-name"):
            rule = grammar.dns1035_label
            errors.named(f"{path}.service", service, "name", rule, "invalid-reference")
        _backend_port(errors, service, path)


def _backend_port(errors: FieldErrors, service: Map, path: str) -> None:
    port = service.get("port") or Map({})
    where = child(service, "port")
    name = word(port.get("name"))
    number = port.integer("number") if present(port, "number") else 0
    if name is None or number is None:
        return
    if name and number:
        detail = "cannot set both port name & port number"
        errors.invalid(path, "", detail, where, "two-backend-ports")
    elif name:
        at = f"{path}.service.port"
        errors.named(at, port, "name", grammar.port_name, "invalid-port-name")
    elif number:
        errors.port(f"{path}.service.port.number", number, child(port, "number"))
    else:
        detail = "port name or number is required"
        errors.required(path, where, "no-backend-port", detail)


def ingress_class_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in an IngressClass. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    holder = spec if isinstance(spec, Map) else body
    text = word(None if spec is None else spec.get("controller"))
    where = child(holder, "controller")
    if text == "":
        errors.required("spec.controller", where, "missing-controller")
    elif text:
        if len(text.encode("utf-8", "replace")) > _LONGEST_CONTROLLER:
            said = f"spec.controller: Too long: may not be more than {_LONGEST_CONTROLLER} bytes"
            errors.add(said, where, "invalid-controller")
        errors.domain_path("spec.controller", text, where, "invalid-controller")
    parameters = None if spec is None else spec.get("parameters")
    if isinstance(parameters, Map):
        _parameters(errors, parameters, "spec.parameters")
    return errors.failures


def _parameters(errors: FieldErrors, parameters: Map, path: str) -> None:
    """As validateIngressClassParametersReference; the scope is Cluster where none is named."""
    rule = grammar.dns_subdomain
    errors.named(path, parameters, "apiGroup", rule, "invalid-reference", pointer=True)
    errors.reference(path, parameters, "kind")
    errors.reference(path, parameters, "name")
    scope = word(parameters.get("scope")) if present(parameters, "scope") else "Cluster"
    errors.one_of(path, parameters, "scope", ("Cluster", "Namespace"), pointer=True)
    where = child(parameters, "namespace")
    if scope == "Namespace":
        if not present(parameters, "namespace"):
            detail = "`parameters.scope` is set to 'Namespace'"
            errors.required(f"{path}.namespace", where, "missing-namespace", detail)
        rule = grammar.dns_label
        errors.named(path, parameters, "namespace", rule, "invalid-reference", pointer=True)
    elif scope == "Cluster" and present(parameters, "namespace"):
        detail = "`parameters.scope` is set to 'Cluster'"
        errors.forbidden(f"{path}.namespace", detail, where, "namespace-of-a-cluster")


def network_policy_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a NetworkPolicy. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    label_selector(errors, spec.get("podSelector"), "spec.podSelector")
    for field, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in each(spec, field):
            path = f"spec.{field}[{index}]"
            for number, port in each(rule, "ports"):
                _policy_port(errors, port, f"{path}.ports[{number}]")
            for number, peer in each(rule, peers):
                _peer(errors, peer, f"{path}.{peers}[{number}]")
    types = spec.get("policyTypes")
    if types is not None and len(types.elements()) > 2:
        detail = "may not specify more than two policyTypes"
        errors.invalid("spec.policyTypes", types.plain(), detail, types, "three-policy-types")
        return errors.failures
    for index, node in enumerate(spec.listed("policyTypes")):
        kind, kinds = word(node), ("Ingress", "Egress")
        if kind is not None and kind not in kinds:
            at = f"spec.policyTypes[{index}]"
            errors.unsupported(at, kind, kinds, node, "unsupported-value")
    return errors.failures


def _policy_port(errors: FieldErrors, port: Map, path: str) -> None:
    errors.one_of(path, port, "protocol", ("TCP", "UDP", "SCTP"), pointer=True)
    end, where = port.integer("endPort"), child(port, "endPort")
    if not present(port, "port"):
        if end is not None:
            detail = "may not be specified when `port` is not specified"
            errors.invalid(f"{path}.endPort", end, detail, where, "end-port-alone")
        return
    errors.port_or_name(f"{path}.port", port, "port")
    number = port.integer("port")
    if end is None:
        return
    if number is None:
        if word(port.get("port")) is not None:
            detail = "may not be specified when `port` is non-numeric"
            errors.invalid(f"{path}.endPort", end, detail, where, "end-port-alone")
        return
    if end < number:
        detail = "must be greater than or equal to `port`"
        errors.invalid(f"{path}.endPort", number, detail, where, "end-port-below-port")
    errors.port(f"{path}.endPort", end, where)


def _peer(errors: FieldErrors, peer: Map, path: str) -> None:
    given = [f for f in ("podSelector", "namespaceSelector", "ipBlock") if present(peer, f)]
    for field in ("podSelector", "namespaceSelector"):
        label_selector(errors, peer.get(field), f"{path}.{field}")
    block = peer.get("ipBlock")
    if isinstance(block, Map):
        _block(errors, block, f"{path}.ipBlock")
    if not given:
        errors.required(path, peer, "no-peer", "must specify a peer")
    elif len(given) > 1 and "ipBlock" in given:
        detail = "may not specify both ipBlock and another peer"
        errors.forbidden(path, detail, child(peer, "ipBlock"), "two-peers")


def _block(errors: FieldErrors, block: Map, path: str) -> None:
    """As ValidateIPBlock."""
    import ipaddress

    text = errors.needed(path, block, "cidr", "no-address-range")
    if not text:
        return
    details = grammar.cidr(text)
    if details:
        errors.each_invalid(f"{path}.cidr", text, details, child(block, "cidr"), "invalid-address")
        return
    for index, node in enumerate(block.listed("except")):
        inner, at = word(node), f"{path}.except[{index}]"
        if inner is None:
            continue
        wrong = grammar.cidr(inner)
        errors.each_invalid(at, inner, wrong, node, "invalid-address")
        if wrong:
            continue
        try:
            outer_net = ipaddress.ip_network(text, strict=False)
            inner_net = ipaddress.ip_network(inner, strict=False)
        except ValueError:  # leading zeros
            continue
        same = outer_net.version == inner_net.version
        first = inner_net.network_address
        if not (same and first in outer_net and outer_net.prefixlen < inner_net.prefixlen):
            detail = "must be a strict subset of `cidr`"
            errors.invalid(at, inner, detail, node, "except-outside-of-cidr")
