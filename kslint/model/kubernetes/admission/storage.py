"""What the API server says to volumes and storage classes.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(ValidatePersistentVolume), pkg/apis/storage/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.affinity import node_selector
from kslint.model.kubernetes.admission.claims import MODES, access_modes, positive
from kslint.model.kubernetes.admission.field_errors import (
    MAX_ANNOTATIONS,
    FieldErrors,
    child,
    each,
    present,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.selectors import label_key
from kslint.model.kubernetes.admission.volumes import csi_driver, no_backsteps
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_MOST_PARAMETERS = 512
_CLASS = "volumeAttributesClassName"
_SECRETS = (
    "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
    "nodeExpandSecretRef",
)  # fmt: skip
"""What a CSI driver is called with, as far as it is validated."""
_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd",
    "quobyte", "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""In the order in which the API server looks at them."""


def volume_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PersistentVolume. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    access_modes(errors, spec, "spec.accessModes")
    _capacity(errors, spec)
    errors.one_of("spec", spec, "persistentVolumeReclaimPolicy", ("Delete", "Recycle", "Retain"))
    affinity = spec.get("nodeAffinity")
    if isinstance(affinity, Map) and not present(affinity, "required"):
        detail = "must specify required node constraints"
        errors.required("spec.nodeAffinity.required", affinity, "no-node-constraints", detail)
    required = spec.at("nodeAffinity", "required")
    node_selector(errors, required, "spec.nodeAffinity.required")
    given = [source for source in _SOURCES if present(spec, source)]
    for source in given[1:]:
        if source == "flexVolume":
            continue  # nobody looks whether it is the only one
        detail = "may not specify more than 1 volume type"
        errors.forbidden(f"spec.{source}", detail, child(spec, source), "two-volume-sources")
    if not given:
        detail = "must specify a volume type"
        errors.required("spec", spec, "no-volume-source", detail)
    else:
        _volume_source(errors, spec, given[0])
    errors.named("spec", spec, "storageClassName", grammar.dns_subdomain, "invalid-reference")
    errors.one_of("spec", spec, "volumeMode", MODES, pointer=True)
    if present(spec, _CLASS):
        detail = "an empty string is disallowed"
        errors.needed("spec", spec, _CLASS, "missing-value", detail)
        errors.named("spec", spec, _CLASS, grammar.dns_subdomain, "invalid-reference")
    return errors.failures


def _capacity(errors: FieldErrors, spec: Map) -> None:
    capacity = spec.get("capacity")
    if capacity is not None and not isinstance(capacity, Map) and not capacity.is_null:
        return
    entries = {} if not isinstance(capacity, Map) else capacity.entries
    where = child(spec, "capacity")
    if not entries:
        errors.required("spec.capacity", where, "no-capacity")
    if set(entries) != {"storage"}:
        shown = {name: node.plain() for name, node in entries.items()} or None
        errors.unsupported("spec.capacity", shown, ("storage",), where, "no-capacity")
    for name, node in entries.items():
        positive(errors, node, f"spec.capacity[{name}]", "no-capacity")


def _volume_source(errors: FieldErrors, spec: Map, source: str) -> None:
    holder, path = spec.get(source), f"spec.{source}"
    if not isinstance(holder, Map):
        return
    needed = {
        "nfs": ("server", "path"),
        "hostPath": ("path",),
        "local": ("path",),
        "csi": ("driver", "volumeHandle"),
    }
    for field in needed.get(source, ()):
        errors.needed(path, holder, field, "missing-value")
    for field in _SECRETS if source == "csi" else ():
        reference = holder.get(field)
        if isinstance(reference, Map):
            if errors.needed(f"{path}.{field}", reference, "name", "missing-name"):
                rule = grammar.dns_subdomain
                errors.named(f"{path}.{field}", reference, "name", rule, "invalid-reference")
            if errors.needed(f"{path}.{field}", reference, "namespace", "missing-namespace"):
                rule = grammar.dns_label
                errors.named(f"{path}.{field}", reference, "namespace", rule, "invalid-reference")
    text = word(holder.get("path"))
    if source == "nfs" and text and not text.startswith("/"):
        node, detail = child(holder, "path"), "must be an absolute path"
        errors.invalid(f"{path}.path", text, detail, node, "relative-path")
    policy = spec.get("persistentVolumeReclaimPolicy")
    if source == "hostPath" and policy is not None and word(policy) == "Recycle" and text:
        import posixpath

        if posixpath.normpath(text) == "/":
            detail = "may not be 'recycle' for a hostPath mount of '/'"
            at = "spec.persistentVolumeReclaimPolicy"
            errors.forbidden(at, detail, policy, "recycling-the-root")
    if source in ("hostPath", "local"):
        no_backsteps(errors, holder, "path", path)
    if source == "local" and not present(spec, "nodeAffinity"):
        detail = "Local volume requires node affinity"
        errors.required("spec.nodeAffinity", holder, "local-without-affinity", detail)
    if source == "csi" and word(holder.get("driver")):
        csi_driver(errors, holder, "driver", path)


def storage_class_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a StorageClass. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    text, node = word(body.get("provisioner")), child(body, "provisioner")
    if text == "":
        errors.required("provisioner", node, "missing-provisioner")
    elif text:
        details = grammar.qualified_name(text.lower())
        errors.each_invalid("provisioner", text.lower(), details, node, "invalid-name")
    for field, supported in (
        ("reclaimPolicy", ("Delete", "Retain")),
        ("volumeBindingMode", ("Immediate", "WaitForFirstConsumer")),
    ):
        text = word(body.get(field))
        is_mode = field == "volumeBindingMode" and present(body, field)
        if text is not None and (text or is_mode) and text not in supported:
            errors.unsupported(field, text, supported, child(body, field), "unsupported-value")
    _parameters(errors, body.get("parameters"))
    met: list[dict[str, set[str]]] = [{}]  # as if there had been an empty one (sic)
    for index, term in each(body, "allowedTopologies"):
        path = f"allowedTopologies[{index}].matchLabelExpressions"
        values: dict[str, set[str]] = {}
        for number, item in each(term, "matchLabelExpressions"):
            key = word(item.get("key")) or ""
            if key in values:
                node = child(item, "key")
                errors.duplicate(f"{path}[{number}].key", key, node, "duplicate-key")
            values[key] = _topology(errors, item, f"{path}[{number}]")
        if values in met:
            errors.duplicate(path, "", term, "duplicate-topology")
        met.append(values)
    return errors.failures


def _parameters(errors: FieldErrors, node: Node | None) -> None:
    """As validateParameters."""
    if not isinstance(node, Map):
        return
    size = 0
    if len(node.entries) > _MOST_PARAMETERS:
        text = f"parameters: Too long: may not be more than {_MOST_PARAMETERS} bytes"
        errors.add(text, node, "too-many-parameters")
    for key, value in node.items():
        if not key:
            errors.invalid("parameters", key, "field can not be empty.", value, "empty-parameter")
        size += len(key.encode("utf-8", "replace")) + len(value.text or "")
    if size > MAX_ANNOTATIONS:
        text = f"parameters: Too long: may not be more than {MAX_ANNOTATIONS} bytes"
        errors.add(text, node, "too-many-parameters")


def _topology(errors: FieldErrors, item: Map, path: str) -> set[str]:
    """As validateTopologySelectorLabelRequirement; its values."""
    values = item.listed("values")
    if not values:
        errors.required(f"{path}.values", child(item, "values"), "selector-values")
    seen: set[str] = set()
    for index, value in enumerate(values):
        text = word(value)
        if text and text in seen:
            errors.duplicate(f"{path}.values[{index}]", text, value, "duplicate-value")
        seen.add(text or "")
    label_key(errors, item, f"{path}.key")
    return seen
