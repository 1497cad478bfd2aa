"""What the API server says to claims, volumes and storage classes.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(ValidatePersistentVolumeClaim, ValidatePersistentVolume), pkg/apis/storage/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.affinity import node_selector
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.model.kubernetes.admission.resources import quantity
from kslint.model.kubernetes.admission.selectors import label_key, label_selector
from kslint.model.kubernetes.admission.volumes import csi_driver, no_backsteps
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_MODES = ("Block", "Filesystem")
_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd",
    "quobyte", "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume",
    "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""In the order in which the API server looks at them."""


def claim_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a new PersistentVolumeClaim. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    claim_spec(errors, body.get("spec"), "spec")
    return errors.failures


def claim_spec(errors: FieldErrors, spec: Node | None, path: str) -> None:
    """As ValidatePersistentVolumeClaimSpec."""
    if not isinstance(spec, Map):
        return
    detail = "at least 1 access mode is required"
    _access_modes(errors, spec, f"{path}.accessModes", detail)
    label_selector(errors, spec.get("selector"), f"{path}.selector")
    at = f"{path}.resources[storage]"
    storage = spec.at("resources", "requests", "storage")
    if storage is None:
        where = spec.nearest("resources", "requests")
        if isinstance(where, Map):
            errors.required(at, where, "no-storage-request")
    else:
        _positive(errors, storage, at, "no-storage-request")
    errors.named(path, spec, "storageClassName", grammar.dns_subdomain, "invalid-reference")
    errors.one_of(path, spec, "volumeMode", _MODES)
    for field in ("dataSource", "dataSourceRef"):
        source = spec.get(field)
        if isinstance(source, Map):
            _data_source(errors, source, f"{path}.{field}")


def _positive(errors: FieldErrors, node: Node, path: str, code: str) -> None:
    amount = quantity(errors, node)
    if amount is not None and amount.amount <= 0:
        errors.invalid(path, str(amount), "must be greater than zero", node, code)


def _data_source(errors: FieldErrors, source: Map, path: str) -> None:
    errors.needed(path, source, "name", "missing-name")
    kind = errors.needed(path, source, "kind", "missing-kind")
    group = word(source.get("apiGroup"))
    if group == "" and kind and kind != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        errors.invalid(path, kind, detail, child(source, "kind"), "data-source-kind")


def _access_modes(errors: FieldErrors, spec: Map, path: str, detail: str = "") -> None:
    node = spec.get("accessModes")
    if node is None or node.is_null or (isinstance(node, Seq) and not node.children):
        errors.required(path, spec if node is None else node, "no-access-mode", detail)
        return
    modes = [(word(item), item) for item in node.elements()]
    for mode, item in modes:
        if mode is not None and mode not in _ACCESS_MODES:
            errors.unsupported(path, mode, _ACCESS_MODES, item, "unsupported-value")
    known = {mode for mode, _ in modes if mode in _ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        errors.forbidden(path, detail, node, "read-write-once-pod-mixed")


def volume_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PersistentVolume. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    _access_modes(errors, spec, "spec.accessModes")
    _capacity(errors, spec)
    errors.one_of("spec", spec, "persistentVolumeReclaimPolicy", ("Delete", "Recycle", "Retain"))
    required = spec.at("nodeAffinity", "required")
    node_selector(errors, required, "spec.nodeAffinity.required")
    given = [source for source in _SOURCES if present(spec, source)]
    for source in given[1:]:
        detail = "may not specify more than 1 volume type"
        errors.forbidden(f"spec.{source}", detail, child(spec, source), "two-volume-sources")
    if not given:
        detail = "must specify a volume type"
        errors.required("spec", spec, "no-volume-source", detail)
    else:
        _volume_source(errors, spec, given[0])
    errors.named("spec", spec, "storageClassName", grammar.dns_subdomain, "invalid-reference")
    errors.one_of("spec", spec, "volumeMode", _MODES)
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
        _positive(errors, node, f"spec.capacity[{name}]", "no-capacity")


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
    text = word(holder.get("path"))
    if source == "nfs" and text and not text.startswith("/"):
        node, detail = child(holder, "path"), "must be an absolute path"
        errors.invalid(f"{path}.path", text, detail, node, "relative-path")
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
        if text and text not in supported:
            errors.unsupported(field, text, supported, child(body, field), "unsupported-value")
    for index, term in each(body, "allowedTopologies"):
        path = f"allowedTopologies[{index}].matchLabelExpressions"
        for number, item in each(term, "matchLabelExpressions"):
            _topology(errors, item, f"{path}[{number}]")
    return errors.failures


def _topology(errors: FieldErrors, item: Map, path: str) -> None:
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
