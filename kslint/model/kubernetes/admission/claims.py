"""What the API server says to claims, and to the templates that pods hold of them.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(ValidatePersistentVolumeClaim).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    present,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.resources import quantity
from kslint.model.kubernetes.admission.selectors import label_selector
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
MODES = ("Block", "Filesystem")
_SOURCES = (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))
"""What a claim's `dataSource` may be."""


def claim_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a new PersistentVolumeClaim. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    claim_spec(errors, spec_of(body), "spec")
    return errors.failures


def claim_spec(errors: FieldErrors, spec: Node | None, path: str) -> None:
    """As ValidatePersistentVolumeClaimSpec."""
    if not isinstance(spec, Map):
        return
    detail = "at least 1 access mode is required"
    access_modes(errors, spec, f"{path}.accessModes", detail)
    label_selector(errors, spec.get("selector"), f"{path}.selector")
    at = f"{path}.resources[storage]"
    storage = spec.at("resources", "requests", "storage")
    if storage is None:
        where = spec.nearest("resources", "requests")
        if isinstance(where, Map):
            errors.required(at, where, "no-storage-request")
    else:
        positive(errors, storage, at, "no-storage-request")
    errors.named(path, spec, "storageClassName", grammar.dns_subdomain, "invalid-reference")
    errors.named(
        path, spec, "volumeAttributesClassName", grammar.dns_subdomain, "invalid-reference"
    )
    errors.one_of(path, spec, "volumeMode", MODES, pointer=True)
    for field in ("dataSource", "dataSourceRef"):
        source = spec.get(field)
        if isinstance(source, Map):
            _data_source(errors, source, f"{path}.{field}")


def positive(errors: FieldErrors, node: Node, path: str, code: str) -> None:
    amount = quantity(errors, node)
    if amount is not None and amount.amount <= 0:
        errors.invalid(path, str(amount), "must be greater than zero", node, code)


def _data_source(errors: FieldErrors, source: Map, path: str) -> None:
    group, kind = word(source.get("apiGroup")), word(source.get("kind"))
    if path.endswith("dataSource") and (group, kind) not in _SOURCES:
        return  # dropped, as of old
    if present(source, "namespace"):
        return  # dropped too, but for a gate
    errors.needed(path, source, "name", "missing-name")
    errors.needed(path, source, "kind", "missing-kind")
    errors.named(path, source, "apiGroup", grammar.dns_subdomain, "invalid-reference")
    if group == "" and kind and kind != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        errors.invalid(path, kind, detail, child(source, "kind"), "data-source-kind")


def access_modes(errors: FieldErrors, spec: Map, path: str, detail: str = "") -> None:
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
