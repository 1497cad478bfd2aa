"""What the API server says to values taken from the pod itself: the downward API.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go
(validateObjectFieldSelector, validateContainerResourceFieldSelector), pkg/apis/core/pods.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, present, word
from kslint.model.kubernetes.quantity import parse_or_none
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Node

ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_FILE_FIELDS = (
    "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
    "metadata.uid",
)  # fmt: skip
_CONVERTED = frozenset(
    {
        *ENV_FIELDS, *_FILE_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase",
        "spec.serviceAccountName",
    }
)  # fmt: skip
"""Fields that ConvertDownwardAPIFieldLabel knows."""
_SUBSCRIPT = re.compile(r"([^\[\]]+)\['(.*)'\]")
_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu",
    "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_HUGE = ("requests.hugepages-", "limits.hugepages-")
_UNITS = ("1", *(f"1{unit}{end}" for end in ("", "i") for unit in "KMGTPE"))


def field_reference(
    errors: FieldErrors, node: Node | None, path: str, fields: tuple[str, ...] = ENV_FIELDS
) -> None:
    """As validateObjectFieldSelector."""
    if not isinstance(node, Map):
        return
    text, version = word(node.get("fieldPath")), word(node.get("apiVersion"))
    where = child(node, "fieldPath")
    if text and version not in (None, "", "v1"):
        detail = f"error converting fieldPath: unsupported pod version: {version}"
        errors.invalid(f"{path}.fieldPath", text, detail, node, "unknown-field-path")
        return
    if text == "":
        errors.required(f"{path}.fieldPath", where, "missing-field-path")
    if not text:
        return
    subscripted = _SUBSCRIPT.fullmatch(text)
    name = text if subscripted is None else subscripted[1]
    if name == "spec.host":
        name = "spec.nodeName"  # as it was called once
    if name not in _CONVERTED or (subscripted and not name.startswith("metadata.")):
        detail = f"error converting fieldPath: field label not supported: {text}"
        errors.invalid(f"{path}.fieldPath", text, detail, where, "unknown-field-path")
    elif subscripted is not None:
        key = subscripted[2]
        if name == "metadata.annotations":
            details = grammar.qualified_name(key.lower())
            errors.each_invalid(path, key.lower(), details, where, "invalid-label-key")
        elif name == "metadata.labels":
            details = grammar.qualified_name(key)
            errors.each_invalid(path, key, details, where, "invalid-label-key")
        else:
            errors.invalid(path, name, "does not support subscript", where, "unknown-field-path")
    elif name not in fields:
        errors.unsupported(f"{path}.fieldPath", name, fields, where, "unknown-field-path")


def resource_reference(
    errors: FieldErrors, node: Node | None, path: str, in_volume: bool = False
) -> None:
    """As validateContainerResourceFieldSelector."""
    if not isinstance(node, Map):
        return
    resource, where = word(node.get("resource")), child(node, "resource")
    if in_volume and word(node.get("containerName")) == "":
        errors.required(f"{path}.containerName", child(node, "containerName"), "missing-name")
    elif resource == "":
        errors.required(f"{path}.resource", where, "missing-resource")
    elif resource and resource not in _RESOURCES and not resource.startswith(_HUGE):
        errors.unsupported(f"{path}.resource", resource, _RESOURCES, where, "unsupported-value")
    divisor = parse_or_none(word(node.get("divisor")) or "0")
    if not resource or divisor is None or divisor.amount == 0:
        return
    shown, node = str(divisor), child(node, "divisor")
    if resource.endswith(".cpu"):
        if shown not in ("1m", "1"):
            detail = "only divisor's values 1m and 1 are supported with the cpu resource"
            errors.invalid(f"{path}.divisor", resource, detail, node, "unsupported-divisor")
    elif shown.replace("1k", "1K") not in _UNITS:
        kind = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}
        what = kind.get(resource.partition(".")[2], "hugepages")
        detail = (
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are "
            f"supported with the {what} resource"
        )
        errors.invalid(f"{path}.divisor", resource, detail, node, "unsupported-divisor")


def downward_file(errors: FieldErrors, item: Map, path: str) -> None:
    """As validateDownwardAPIVolumeFile, less the path's form."""
    errors.needed(path, item, "path", "missing-path")
    both = present(item, "fieldRef"), present(item, "resourceFieldRef")
    if both[0]:
        field_reference(errors, item.get("fieldRef"), f"{path}.fieldRef", _FILE_FIELDS)
        if both[1]:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            node = child(item, "resourceFieldRef")
            errors.invalid(path, "resource", detail, node, "two-downward-sources")
    elif both[1]:
        here = f"{path}.resourceFieldRef"
        resource_reference(errors, item.get("resourceFieldRef"), here, True)
    else:
        detail = "one of fieldRef and resourceFieldRef is required"
        errors.required(path, item, "no-downward-source", detail)
    errors.file_mode(path, item, "mode")
