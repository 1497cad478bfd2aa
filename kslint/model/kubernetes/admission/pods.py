"""What the API server says to a pod spec.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go, after the defaults of
pkg/apis/core/v1/defaults.go. Fields of a wrong type are the schema's business and are passed by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.affinity import affinity
from kslint.model.kubernetes.admission.containers import container_failures
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    present,
    word,
)
from kslint.model.kubernetes.admission.resources import overhead, pod_resources
from kslint.model.kubernetes.admission.security import pod_context
from kslint.model.kubernetes.admission.selectors import label_selector, match_keys
from kslint.model.kubernetes.admission.tolerations import tolerations
from kslint.model.kubernetes.admission.volumes import volumes
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.model.answer import Failure
    from kslint.source.nodes import JsonValue, Node

_RESTART = ("Always", "OnFailure", "Never")
_DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MOST_SEARCHES, _LONGEST_SEARCHES = 32, 2048
_SYSTEMS = ("linux", "windows")
_HOST_SPACES = ("hostNetwork", "hostPID", "hostIPC")
_GIVEN = ("hostname", "subdomain")
_CLAIMS = ("resourceClaimName", "resourceClaimTemplateName")


def pod_failures(
    pod_spec: Node, path: str, extra: Iterable[str] | None = (), whole: bool = True
) -> list[Failure]:
    """Everything the API server would refuse in a pod spec that stands at `path`.

    `path` is how kubectl names it, such as `spec.template.spec`. `extra` are volumes that come
    from elsewhere; None if these are not known. Never raises.
    """
    errors = FieldErrors()
    if not isinstance(pod_spec, Map):
        return []
    known = volumes(errors, pod_spec, f"{path}.volumes")
    if known is not None and extra is None:
        known = None
    elif known is not None:
        known = known.union(extra or ())
    _resource_claims(errors, pod_spec, f"{path}.resourceClaims")
    container_failures(errors, pod_spec, path, known)
    _host_spaces(errors, pod_spec, path)
    errors.one_of(path, pod_spec, "restartPolicy", _RESTART)
    errors.one_of(path, pod_spec, "dnsPolicy", _DNS)
    errors.labels(f"{path}.nodeSelector", pod_spec.get("nodeSelector"))
    pod_context(errors, pod_spec, path)
    affinity(errors, pod_spec.get("affinity"), f"{path}.affinity")
    _dns(errors, pod_spec, path)
    _gates(errors, pod_spec, path)
    _topology_spread(errors, pod_spec, f"{path}.topologySpreadConstraints")
    _names(errors, pod_spec, path, whole)
    detail = "must be between 1 and 2147483647, inclusive"
    errors.within(path, pod_spec, "activeDeadlineSeconds", 1, 2**31 - 1, detail)
    tolerations(errors, pod_spec, f"{path}.tolerations")
    _host_aliases(errors, pod_spec, f"{path}.hostAliases")
    errors.one_of(path, pod_spec, "preemptionPolicy", ("PreemptLowerPriority", "Never"))
    if present(pod_spec, "preemptionPolicy"):
        errors.needed(path, pod_spec, "preemptionPolicy")
    overhead(errors, pod_spec.get("overhead"), f"{path}.overhead")
    pod_resources(errors, pod_spec.get("resources"), f"{path}.resources")
    _system(errors, pod_spec.get("os"), f"{path}.os")
    return errors.failures


def _host_spaces(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    """As validatePodHostNetworkDeps and validateHostUsers."""
    for index, container in each(pod_spec, "containers") if pod_spec.boolean("hostNetwork") else ():
        for number, port in each(container, "ports"):
            outer, inner = port.integer("hostPort"), port.integer("containerPort")
            if outer and inner and outer != inner:
                at = f"{path}.containers[{index}].ports[{number}].hostPort"
                detail = "must match `containerPort` when `hostNetwork` is true"
                node = child(port, "hostPort")
                errors.invalid(at, outer, detail, node, "host-port-of-a-host-network")
    for field in _HOST_SPACES if pod_spec.boolean("hostUsers") is False else ():
        if pod_spec.boolean(field):
            detail, node = "when `hostUsers` is false", child(pod_spec, field)
            errors.forbidden(f"{path}.{field}", detail, node, "host-users")


def _system(errors: FieldErrors, system: Node | None, path: str) -> None:
    """As validateOS."""
    if not isinstance(system, Map):
        return
    name = errors.needed(path, system, "name", "no-system", "cannot be empty")
    if name and name not in _SYSTEMS:
        node = child(system, "name")
        errors.unsupported(path, name, _SYSTEMS, node, "unsupported-value")


def _topology_spread(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    constraints = list(each(pod_spec, "topologySpreadConstraints"))
    pairs = [(word(c.get("topologyKey")), word(c.get("whenUnsatisfiable"))) for _, c in constraints]
    for position, (index, constraint) in enumerate(constraints):
        here = f"{path}[{index}]"
        skew = constraint.integer("maxSkew")
        skew = 0 if not present(constraint, "maxSkew") else skew
        if skew is not None and skew <= 0:
            where, detail = child(constraint, "maxSkew"), "must be greater than zero"
            errors.invalid(f"{here}.maxSkew", skew, detail, where, "invalid-max-skew")
        key, action = pairs[position]
        if key == "":
            where = child(constraint, "topologyKey")
            errors.required(f"{here}.topologyKey", where, "missing-key", "can not be empty")
        if action is not None and action not in ("DoNotSchedule", "ScheduleAnyway"):
            where = child(constraint, "whenUnsatisfiable")
            supported = ("DoNotSchedule", "ScheduleAnyway")
            errors.unsupported(
                f"{here}.whenUnsatisfiable", action, supported, where, "unsupported-value"
            )
        if None not in pairs[position] and pairs[position] in pairs[position + 1 :]:
            pair, where = "{topologyKey, whenUnsatisfiable}", child(constraint, "topologyKey")
            shown = "{" + f"{key}, {action}" + "}"
            errors.duplicate(f"{here}.{pair}", shown, where, "duplicate-topology-spread")
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            errors.one_of(here, constraint, field, ("Honor", "Ignore"), pointer=True)
        label_selector(errors, constraint.get("labelSelector"), f"{here}.labelSelector")
        match_keys(errors, constraint, "matchLabelKeys", here)
        domains = constraint.integer("minDomains")
        if domains is not None:
            _min_domains(errors, constraint, domains, action, f"{here}.minDomains")


def _min_domains(
    errors: FieldErrors, constraint: Map, domains: int, action: str | None, path: str
) -> None:
    where = child(constraint, "minDomains")
    if domains <= 0:
        errors.invalid(path, domains, "must be greater than zero", where, "negative-number")
    if action is not None and action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        errors.invalid(path, domains, detail, where, "min-domains-without-do-not-schedule")


def _resource_claims(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    names: set[str] = set()
    for index, claim in each(pod_spec, "resourceClaims"):
        here, where = f"{path}[{index}]", child(claim, "name")
        name = errors.needed(here, claim, "name", "missing-name")
        if name and name in names:
            errors.duplicate(f"{here}.name", name, where, "duplicate-claim")
        elif name:
            details = grammar.dns_label(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-name")
        names.add(name or "")
        given = [field for field in _CLAIMS if present(claim, field)]
        for field in given:
            errors.named(here, claim, field, grammar.dns_subdomain, "invalid-reference")
        if name and len(given) != 1 and set(claim.entries) <= {"name", *_CLAIMS}:
            shown: JsonValue = {
                "Name": name,
                **{f"{f[:1].upper()}{f[1:]}": claim.string(f) for f in _CLAIMS},
            }
            detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            if given:
                detail = f"at most one of `{_CLAIMS[0]}` or `{_CLAIMS[1]}` may be specified"
            errors.invalid(here, shown, detail, claim, "claim-source")


def _dns(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    """As validatePodDNSConfig."""
    config = pod_spec.get("dnsConfig")
    here = f"{path}.dnsConfig"
    servers = [] if config is None else config.listed("nameservers")
    if word(pod_spec.get("dnsPolicy")) == "None":
        where = child(pod_spec, "dnsPolicy")
        if not present(pod_spec, "dnsConfig"):
            detail = "must provide `dnsConfig` when `dnsPolicy` is None"
            errors.required(here, where, "no-dns-config", detail)
        elif isinstance(config, Map) and not servers:
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            node = child(config, "nameservers")
            errors.required(f"{here}.nameservers", node, "no-dns-server", detail)
    if config is None:
        return
    if len(servers) > 3:
        detail = "must not have more than 3 nameservers"
        node = child(config, "nameservers")
        errors.invalid(f"{here}.nameservers", node.plain(), detail, node, "too-many-servers")
    for index, server in enumerate(servers):
        text = word(server)
        if text is not None:
            details = grammar.ip_address(text)
            errors.each_invalid(
                f"{here}.nameservers[{index}]", text, details, server, "invalid-address"
            )
    _searches(errors, config, f"{here}.searches")
    for index, option in each(config, "options"):
        if word(option.get("name")) == "":
            node, detail = child(option, "name"), "must not be empty"
            errors.required(f"{here}.options[{index}]", node, "missing-name", detail)


def _searches(errors: FieldErrors, config: Node, path: str) -> None:
    searches, where = config.listed("searches"), child(config, "searches")
    if len(searches) > _MOST_SEARCHES:
        detail = f"must not have more than {_MOST_SEARCHES} search paths"
        errors.invalid(path, where.plain(), detail, where, "too-many-searches")
    if sum(len(item.text or "") + 1 for item in searches) - 1 > _LONGEST_SEARCHES:
        what = f"{_LONGEST_SEARCHES} characters (including spaces)"
        detail = f"must not have more than {what} in the search list"
        errors.invalid(path, where.plain(), detail, where, "too-many-searches")
    for index, item in enumerate(searches):
        text = word(item)
        if text is not None and text != ".":
            text = text.removesuffix(".")
            details = grammar.underscored_subdomain(text)
            errors.each_invalid(f"{path}[{index}]", text, details, item, "invalid-name")


def _gates(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    for index, gate in each(pod_spec, "readinessGates"):
        text = word(gate.get("conditionType"))
        if text is not None:
            node, details = child(gate, "conditionType"), grammar.qualified_name(text)
            at = f"{path}.readinessGates[{index}].conditionType"
            errors.each_invalid(at, text, details, node, "invalid-gate")
    names: set[str] = set()
    for index, gate in each(pod_spec, "schedulingGates"):
        text, node = word(gate.get("name")), child(gate, "name")
        here = f"{path}.schedulingGates[{index}]"
        if text is not None:
            errors.each_invalid(here, text, grammar.qualified_name(text), node, "invalid-gate")
        if text and text in names:
            errors.duplicate(here, text, node, "duplicate-gate")
        names.add(text or "")


def _host_aliases(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    for index, alias in each(pod_spec, "hostAliases"):
        address, node = word(alias.get("ip")), child(alias, "ip")
        if address is not None:
            at = f"{path}[{index}].ip"
            errors.each_invalid(at, address, grammar.ip_address(address), node, "invalid-address")
        for number, host in enumerate(alias.listed("hostnames")):
            text = word(host)
            if text is not None:
                details = grammar.dns_subdomain(text)
                at = f"{path}[{index}].hostnames[{number}]"
                errors.each_invalid(at, text, details, host, "invalid-name")


def _names(errors: FieldErrors, pod_spec: Map, path: str, whole: bool) -> None:
    """`whole`: also what a StatefulSet gives its pods itself."""
    for field, rule in (
        ("serviceAccountName", grammar.dns_subdomain),
        ("nodeName", grammar.dns_subdomain),
        ("hostname", grammar.dns_label),
        ("subdomain", grammar.dns_label),
        ("priorityClassName", grammar.dns_subdomain),
        ("runtimeClassName", grammar.dns_subdomain),
    ):
        text = word(pod_spec.get(field))
        empty = text == "" and field == "runtimeClassName" and present(pod_spec, field)
        if (text or empty) and text is not None and (whole or field not in _GIVEN):
            node = child(pod_spec, field)
            errors.each_invalid(f"{path}.{field}", text, rule(text), node, "invalid-reference")
