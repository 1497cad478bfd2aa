"""What the API server says to a pod spec.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go, after the defaults of
pkg/apis/core/v1/defaults.go. Fields of a wrong type are the schema's business and are passed by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import field_errors as grammar
from kslint.model.kubernetes.admission.containers import container_failures
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.model.kubernetes.admission.resources import quantity
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_VOLUME_SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret",
    "nfs", "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs",
    "quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral", "image",
)  # fmt: skip
"""In the order in which the API server looks at them."""
_PRINTED_SOURCES = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""Sources whose path is printed otherwise than it is written (sic)."""
_SOURCE_NAMES = (
    ("secret", "secretName"),
    ("configMap", "name"),
    ("persistentVolumeClaim", "claimName"),
    ("hostPath", "path"),
)
_RESTART = ("Always", "OnFailure", "Never")
_DNS = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def pod_failures(pod_spec: Node, path: str) -> list[Failure]:
    """Everything the API server would refuse in a pod spec that stands at `path`.

    `path` is how kubectl names it, such as `spec.template.spec`. Never raises.
    """
    errors = FieldErrors()
    if not isinstance(pod_spec, Map):
        return []
    known = _volumes(errors, pod_spec, f"{path}.volumes")
    container_failures(errors, pod_spec, path, known)
    errors.one_of(path, pod_spec, "restartPolicy", _RESTART)
    errors.one_of(path, pod_spec, "dnsPolicy", _DNS)
    errors.labels(f"{path}.nodeSelector", pod_spec.get("nodeSelector"))
    context = pod_spec.get("securityContext")
    errors.ids(f"{path}.securityContext", context, ("fsGroup", "runAsUser", "runAsGroup"))
    _topology_spread(errors, pod_spec, f"{path}.topologySpreadConstraints")
    _names(errors, pod_spec, path)
    _tolerations(errors, pod_spec, f"{path}.tolerations")
    return errors.failures


def _volumes(errors: FieldErrors, pod_spec: Map, path: str) -> set[str] | None:
    """The names of the valid volumes; None if they cannot all be known."""
    names: set[str] = set()
    node = pod_spec.get("volumes")
    unknown = node is not None and not node.is_null and not isinstance(node, Seq)
    for index, volume in each(pod_spec, "volumes"):
        here = f"{path}[{index}]"
        before = len(errors.failures)
        _volume_source(errors, volume, here)
        name = word(volume.get("name"))
        where = child(volume, "name")
        if name is None:
            unknown = True
            continue
        if not name:
            errors.required(f"{here}.name", where, "missing-name")
        else:
            details = grammar.dns_label(name)
            errors.each_invalid(f"{here}.name", name, details, where, "invalid-volume-name")
        if name in names:
            errors.duplicate(f"{here}.name", name, where, "duplicate-volume")
        if len(errors.failures) == before:
            names.add(name)
    if node is not None and any(not isinstance(item, Map) for item in node.elements()):
        unknown = True
    return None if unknown else names


def _volume_source(errors: FieldErrors, volume: Map, path: str) -> None:
    first = ""
    for source in _VOLUME_SOURCES:
        if not present(volume, source):
            continue
        if first:
            shown = f"{path}.{_PRINTED_SOURCES.get(source, source)}"
            detail = "may not specify more than 1 volume type"
            errors.forbidden(shown, detail, child(volume, source), "two-volume-sources")
        first = first or source
        if source == "emptyDir":
            limit = volume.at("emptyDir", "sizeLimit")
            amount = quantity(errors, limit)
            if limit is not None and amount is not None and amount.amount < 0:
                detail = "SizeLimit field must be a valid resource quantity"
                errors.forbidden(f"{path}.emptyDir.sizeLimit", detail, limit, "negative-quantity")
    for source, field in _SOURCE_NAMES:
        holder = volume.get(source)
        if source == first and isinstance(holder, Map) and word(holder.get(field)) == "":
            errors.required(f"{path}.{source}.{field}", child(holder, field), "missing-name")


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


def _names(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    for field, rule in (
        ("serviceAccountName", grammar.dns_subdomain),
        ("nodeName", grammar.dns_subdomain),
        ("hostname", grammar.dns_label),
        ("subdomain", grammar.dns_label),
        ("priorityClassName", grammar.dns_subdomain),
        ("runtimeClassName", grammar.dns_subdomain),
    ):
        text = word(pod_spec.get(field))
        if text:
            node = child(pod_spec, field)
            errors.each_invalid(f"{path}.{field}", text, rule(text), node, "invalid-reference")


def _tolerations(errors: FieldErrors, pod_spec: Map, path: str) -> None:
    for index, item in each(pod_spec, "tolerations"):
        here = f"{path}[{index}]"
        key, operator = word(item.get("key")), word(item.get("operator"))
        effect, value = word(item.get("effect")), word(item.get("value"))
        at_operator, at_effect = child(item, "operator"), child(item, "effect")
        if key:
            where = child(item, "key")
            errors.each_invalid(
                f"{here}.key", key, grammar.qualified_name(key), where, "invalid-label-key"
            )
        if key == "" and operator is not None and operator != "Exists":
            detail = (
                'operator must be Exists when `key` is empty, which means "match all values and '
                'all keys"'
            )
            errors.invalid(
                f"{here}.operator", operator, detail, at_operator, "toleration-without-key"
            )
        if present(item, "tolerationSeconds") and effect not in (None, "NoExecute"):
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.invalid(f"{here}.effect", effect, detail, at_effect, "toleration-seconds")
        _toleration_value(errors, operator, value, f"{here}.operator", at_operator, item)
        if effect and effect not in _EFFECTS:
            errors.unsupported(f"{here}.effect", effect, _EFFECTS, at_effect, "unsupported-value")


def _toleration_value(
    errors: FieldErrors,
    operator: str | None,
    value: str | None,
    path: str,
    node: Node,
    item: Map,
) -> None:
    where = child(item, "value")
    if operator is not None and operator not in ("", "Equal", "Exists"):
        errors.unsupported(path, operator, ("Equal", "Exists"), node, "unsupported-value")
    elif not value:
        return
    elif operator == "Exists":
        detail = "value must be empty when `operator` is 'Exists'"
        errors.invalid(path, value, detail, where, "toleration-value")
    elif operator is not None:
        details = grammar.label_value(value)
        if details:
            errors.invalid(path, value, ";".join(details), where, "invalid-label-value")
