"""What the API server says to Services.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (ValidateServiceCreate).
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
from kslint.source.nodes import Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Map

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_EXTERNAL = ("LoadBalancer", "NodePort")
_FAMILIES = ("IPv4", "IPv6")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_FOR_BALANCERS = "may only be used when `type` is 'LoadBalancer'"
_DAY = 86400
_KUBELET = 10250
_FIRST_NODE_PORT, _LAST_NODE_PORT = 30000, 32767
"""The API server's own range; hardly anyone gives it another (--service-node-port-range)."""


def service_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Service. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns1035_label)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    kind = word(spec.get("type"))
    kind = "ClusterIP" if kind == "" else kind
    ports = spec.get("ports")
    none = ports is None or ports.is_null or (isinstance(ports, Seq) and not ports.children)
    headless = spec.string("clusterIP") == "None"
    if none and not headless and kind not in ("ExternalName", None):
        errors.required("spec.ports", spec if ports is None else ports, "no-ports")
    if headless and kind in _EXTERNAL:
        detail = f"may not be set to 'None' for {kind} services"
        node = child(spec, "clusterIP")
        errors.invalid("spec.clusterIPs[0]", "None", detail, node, "headless-and-external")
    if kind == "ExternalName":
        _external_name(errors, spec)
    _ports(errors, spec, kind)
    errors.labels("spec.selector", spec.get("selector"))
    _affinity(errors, spec)
    if kind != "ExternalName":
        _addresses(errors, spec)
    errors.one_of("spec", spec, "type", _TYPES)
    if kind is not None:
        _balancer(errors, spec, kind)
    errors.one_of("spec", spec, "internalTrafficPolicy", ("Cluster", "Local"), pointer=True)
    spread = ("PreferClose", "PreferSameZone", "PreferSameNode")
    errors.one_of("spec", spec, "trafficDistribution", spread, pointer=True)
    return errors.failures


def _external_name(errors: FieldErrors, spec: Map) -> None:
    name, where = word(spec.get("externalName")), child(spec, "externalName")
    if present(spec, "clusterIP"):
        detail, node = "may not be set for ExternalName services", child(spec, "clusterIP")
        if word(node):
            errors.forbidden("spec.clusterIPs", detail, node, "address-of-an-external-name")
    if name == "":
        errors.required("spec.externalName", where, "missing-name")
    elif name:
        details = grammar.dns_subdomain(name.removesuffix("."))
        errors.each_invalid("spec.externalName", name, details, where, "invalid-name")


def _ports(errors: FieldErrors, spec: Map, kind: str | None) -> None:
    several = len(spec.listed("ports")) > 1
    names: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    node_ports: set[tuple[str, int]] = set()
    for index, port in each(spec, "ports"):
        path = f"spec.ports[{index}]"
        name = word(port.get("name"))
        again = "name" if name and name in names else "port"
        _port(errors, port, path, several, names)
        protocol = word(port.get("protocol"))
        on_node, number = port.integer("nodePort"), port.integer("port")
        where = child(port, "nodePort")
        if number == _KUBELET and kind == "LoadBalancer":
            detail = f"may not expose port {_KUBELET} externally since it is used by kubelet"
            errors.invalid(path, number, detail, child(port, "port"), "port-of-the-kubelet")
        if on_node and kind in _EXTERNAL and not _FIRST_NODE_PORT <= on_node <= _LAST_NODE_PORT:
            valid = f"{_FIRST_NODE_PORT}-{_LAST_NODE_PORT}"
            detail = f"provided port is not in the valid range. The range of valid ports is {valid}"
            errors.invalid(f"{path}.nodePort", on_node, detail, where, "node-port-out-of-range")
        if on_node and kind == "ClusterIP":
            detail = "may not be used when `type` is 'ClusterIP'"
            errors.forbidden(f"{path}.nodePort", detail, where, "node-port-of-a-cluster-ip")
        if protocol is None:
            continue
        key = protocol or "TCP"
        if on_node and (key, on_node) in node_ports:
            text = f"{path}.nodePort: Duplicate value: {on_node}"
            errors.add(text, where, "duplicate-node-port")
        if number is not None and (key, number) in numbers:
            shown = (
                f'{{"Name":"","Protocol":"{key}","AppProtocol":null,"Port":{number},'
                '"TargetPort":0,"NodePort":0}'
            )
            text = f"{path}: Duplicate value: {shown}"
            errors.add(text, child(port, again), "duplicate-port")
        if on_node:
            node_ports.add((key, on_node))
        if number is not None:
            numbers.add((key, number))


def _port(errors: FieldErrors, port: Map, path: str, several: bool, names: set[str]) -> None:
    """As validateServicePort."""
    name = word(port.get("name"))
    where = child(port, "name")
    if name == "" and several:
        errors.required(f"{path}.name", where, "missing-port-name")
    elif name:
        details = grammar.dns_label(name)
        errors.each_invalid(f"{path}.name", name, details, where, "invalid-port-name")
        if name in names:
            errors.duplicate(f"{path}.name", name, where, "duplicate-port-name")
        names.add(name)
    number = 0 if port.get("port") is None else port.integer("port")
    if number is not None:
        errors.port(f"{path}.port", number, child(port, "port"))
    errors.one_of(path, port, "protocol", _PROTOCOLS)
    target = port.get("targetPort")
    if target is None or target.is_null or target.text in ("", "0"):
        if number is not None:
            errors.port(f"{path}.targetPort", number, child(port, "port"))
    else:
        errors.port_or_name(f"{path}.targetPort", port, "targetPort")
    rule = grammar.qualified_name
    errors.named(path, port, "appProtocol", rule, "invalid-app-protocol", pointer=True)


def _affinity(errors: FieldErrors, spec: Map) -> None:
    kind = word(spec.get("sessionAffinity"))
    errors.one_of("spec", spec, "sessionAffinity", ("ClientIP", "None"))
    path = "spec.sessionAffinityConfig"  # dropped where there is no affinity
    seconds = spec.integer("sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if kind == "ClientIP" and seconds is not None and not 0 < seconds <= _DAY:
        detail = f"must be greater than 0 and less than {_DAY}"
        node = spec.nearest("sessionAffinityConfig", "clientIP", "timeoutSeconds")
        at = f"{path}.clientIP.timeoutSeconds"
        errors.invalid(at, seconds, detail, node, "number-out-of-range")


def _addresses(errors: FieldErrors, spec: Map) -> None:
    """As ValidateServiceClusterIPsRelatedFields, for what one writes."""
    first, given = word(spec.get("clusterIP")), spec.listed("clusterIPs")
    texts = [word(item) for item in given]
    where = child(spec, "clusterIPs")
    if None in texts or first is None:
        return
    if first and texts and texts[0] != first:
        detail = "first value must match `clusterIP`"
        errors.invalid("spec.clusterIPs", list(texts), detail, where, "cluster-ips-differ")
    if given and not first and any(texts):
        detail = "must be empty when `clusterIP` is not specified"
        errors.invalid("spec.clusterIPs", list(texts), detail, where, "cluster-ips-differ")
    nodes = given or ([child(spec, "clusterIP")] if first else [])
    for index, node in enumerate(nodes):
        text = word(node)
        if text and not (index == 0 and text == "None"):
            at = f"spec.clusterIPs[{index}]"
            errors.each_invalid(at, text, grammar.ip_address(text), node, "invalid-address")
    seen: set[str] = set()
    for index, node in enumerate(spec.listed("ipFamilies")):
        family, at = word(node), f"spec.ipFamilies[{index}]"
        if family is not None and family not in _FAMILIES:
            errors.unsupported(at, family, _FAMILIES, node, "unsupported-value")
        if family and family in seen:
            errors.duplicate(at, family, node, "duplicate-family")
        seen.add(family or "")
    policies = ("PreferDualStack", "RequireDualStack", "SingleStack")
    errors.one_of("spec", spec, "ipFamilyPolicy", policies, pointer=True)
    for index, node in enumerate(spec.listed("externalIPs")):
        text, at = word(node), f"spec.externalIPs[{index}]"
        if text is not None:
            details = grammar.ip_address(text) or grammar.special_address(text)
            errors.each_invalid(at, text, details, node, "invalid-address")


def _balancer(errors: FieldErrors, spec: Map, kind: str) -> None:
    """Fields for what is reached from outside of the cluster."""
    balances = kind == "LoadBalancer"
    ranges = spec.listed("loadBalancerSourceRanges")
    path, where = "spec.LoadBalancerSourceRanges", child(spec, "loadBalancerSourceRanges")
    if ranges and not balances:
        errors.forbidden(path, _FOR_BALANCERS, where, "balancer-field")
    for index, node in enumerate(ranges):
        text = word(node)
        if text is not None:
            text = text.strip()
            details = grammar.cidr(text)
            errors.each_invalid(f"{path}[{index}]", text, details, node, "invalid-address")
    for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
        if present(spec, field) and not balances:
            errors.forbidden(f"spec.{field}", _FOR_BALANCERS, child(spec, field), "balancer-field")
    if balances:
        rule = grammar.qualified_name
        errors.named("spec", spec, "loadBalancerClass", rule, "invalid-name", pointer=True)
    policy, where = word(spec.get("externalTrafficPolicy")), child(spec, "externalTrafficPolicy")
    outside = kind in _EXTERNAL or bool(spec.listed("externalIPs"))
    if policy and not outside:
        detail = "may only be set for externally-accessible services"
        errors.invalid("spec.externalTrafficPolicy", policy, detail, where, "balancer-field")
    elif policy:
        errors.one_of("spec", spec, "externalTrafficPolicy", ("Cluster", "Local"))
    check, where = spec.integer("healthCheckNodePort"), child(spec, "healthCheckNodePort")
    if check and not (balances and policy == "Local") and policy is not None:
        detail = (
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )
        errors.invalid("spec.healthCheckNodePort", check, detail, where, "balancer-field")
