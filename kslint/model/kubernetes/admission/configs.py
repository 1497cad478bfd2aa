"""What the API server says to ConfigMaps, Secrets, namespaces and classes.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go, and those of
scheduling, node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.encoded import stop
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    opaque,
    present,
    printed,
    word,
)
from kslint.model.kubernetes.admission.resources import overhead
from kslint.model.kubernetes.admission.tolerations import tolerations
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import JsonValue, Node

_MOST = 1048576
"""Bytes of a ConfigMap's or Secret's data."""
_LEVELS = ("privileged", "baseline", "restricted")
"""Of the admission plugin PodSecurity (k8s.io/pod-security-admission v0.34 api/helpers.go)."""
_HIGHEST_PRIORITY = 1000000000
_SYSTEM_CLASSES = {"system-cluster-critical": 2000000000, "system-node-critical": 2000001000}
_NEEDED = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Keys that a Secret of a type has to have."""
_NOT_EMPTY = ("kubernetes.io/ssh-auth",)
_JSON = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")


def config_map_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ConfigMap. Never raises."""
    errors = FieldErrors()
    for path, node, offset in _illegal(body.get("binaryData")):
        errors.undecodable(_undecodable("ConfigMap", offset), node, path)
    errors.metadata(body, grammar.dns_subdomain)
    size = 0
    binary = body.get("binaryData")
    for field in ("data", "binaryData"):
        holder = body.get(field)
        for key, node in () if holder is None else holder.items():
            _key(errors, key, node, field)
            size += _size(node)
            if field == "data" and binary is not None and binary.get(key) is not None:
                detail = "duplicate of key present in binaryData"
                errors.invalid(f"data[{key}]", key, detail, node, "duplicate-key")
    _total(errors, body, size, "")
    return errors.failures


def secret_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Secret. Never raises."""
    errors = FieldErrors()
    data, texts = body.get("data"), body.get("stringData")
    for path, node, offset in _illegal(data):
        errors.undecodable(_undecodable("Secret", offset), node, path)
    errors.metadata(body, grammar.dns_subdomain)
    size = 0
    keys: set[str] = set()
    for holder in (data, texts):
        for key, node in () if holder is None else holder.items():
            _key(errors, key, node, "data")
            keys.add(key)
            size += _size(node) * (3 if holder is data else 4) // 4
    _total(errors, body, size, "data")
    kind = word(body.get("type"))
    where = data or texts or child(body, "type")
    if kind is None or any(opaque(key) for key in keys):
        return errors.failures
    values = {key: node for holder in (data, texts) if holder for key, node in holder.items()}
    if kind == "kubernetes.io/basic-auth":
        names = ("username", "password")
        if not any(key in keys for key in names):
            for key in names:
                errors.required(f"data[{key}]", where, "missing-secret-key")
    for key in _NEEDED.get(kind, ()):
        if key not in keys or (kind in _NOT_EMPTY and values[key].text == ""):
            errors.required(f"data[{key}]", where, "missing-secret-key")
        elif kind in _JSON:
            _registries(errors, values[key], key, texts is None or texts.get(key) is None)
    account = "kubernetes.io/service-account.name"
    if kind == "kubernetes.io/service-account-token" and not body.string(
        "metadata", "annotations", account
    ):
        path = f"metadata.annotations[{account}]"
        errors.required(path, where, "missing-account")
    return errors.failures


def _registries(errors: FieldErrors, node: Node, key: str, encoded: bool) -> None:
    """Credentials of registries have to be JSON."""
    from kslint.model.go_json import problem

    text = word(node)
    if text is None or (encoded and stop(text) is not None):
        return
    if encoded:
        import base64

        text = base64.b64decode(text).decode("utf-8", "replace")
    broken = problem(text)
    if broken is not None:
        shown = "<secret contents redacted>"
        errors.invalid(f"data[{key}]", shown, broken.message, node, "no-json")


def _key(errors: FieldErrors, key: str, node: Node, field: str) -> None:
    if not opaque(key):
        details = grammar.config_key(key)
        errors.each_invalid(f"{field}[{key}]", key, details, node, "invalid-key")


def _size(node: Node) -> int:
    literal = node.literal if isinstance(node, Scalar) else ""
    return len(literal) if literal.isascii() else len(literal.encode("utf-8", "replace"))


def _total(errors: FieldErrors, body: Map, size: int, path: str) -> None:
    if size > _MOST:
        where = child(body, "data") if body.get("data") is not None else child(body, "stringData")
        shown = path or '""'
        text = f"{shown}: Too long: may not be more than {_MOST} bytes"
        errors.add(text, where, "data-too-long")


def _undecodable(kind: str, offset: int) -> str:
    return (
        f'{kind} in version "v1" cannot be handled as a {kind}: illegal base64 data at input byte '
        f"{offset}"
    )


def _illegal(data: Node | None) -> list[tuple[str, Node, int]]:
    """Values that are no base64, each with the byte at which Go's decoder stops.

    Source: go encoding/base64 StdEncoding, which skips line breaks.
    """
    found = []
    for _, node in () if data is None else data.items():
        text = word(node)
        offset = None if not text else stop(text)
        if offset is not None:
            found.append(("illegal-base64", node, offset))
    return found


def account_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ServiceAccount. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    return errors.failures


def namespace_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Namespace. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_label)
    errors.finalizers("spec.finalizers", body.at("spec", "finalizers"))
    labels = body.at("metadata", "labels")
    for mode in ("enforce", "audit", "warn"):
        key = f"pod-security.kubernetes.io/{mode}"
        node = None if labels is None else labels.get(key)
        level = word(node)
        if node is not None and level is not None and level not in _LEVELS:
            detail = f"must be one of {', '.join(_LEVELS)}"
            errors.invalid(f"metadata.labels[{key}]", level, detail, node, "pod-security-level")
    return errors.failures


def priority_class_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PriorityClass. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    name, value = word(body.at("metadata", "name")), body.integer("value")
    if name and name.startswith("system-"):
        if name not in _SYSTEM_CLASSES:
            detail = (
                "priority class names with 'system-' prefix are reserved for system use only. "
                f"error: {name} is not a known system priority class"
            )
            node = body.nearest("metadata", "name")
            errors.forbidden("metadata.name", detail, node, "reserved-name")
        elif value is not None and value != _SYSTEM_CLASSES[name]:
            detail = (
                "priority class names with 'system-' prefix are reserved for system use only. "
                f"error: value of {name} PriorityClass must be {_SYSTEM_CLASSES[name]}"
            )
            node = body.nearest("metadata", "name")
            errors.forbidden("metadata.name", detail, node, "reserved-name")
    elif value is not None and value > _HIGHEST_PRIORITY:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}"
        errors.forbidden("value", detail, child(body, "value"), "priority-too-high")
    policy, policies = word(body.get("preemptionPolicy")), ("PreemptLowerPriority", "Never")
    node = child(body, "preemptionPolicy")
    if policy == "" and present(body, "preemptionPolicy"):
        errors.required("preemptionPolicy", node, "missing-value")
    elif policy and policy not in policies:
        errors.unsupported("preemptionPolicy", policy, policies, node, "unsupported-value")
    return errors.failures


def runtime_class_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a RuntimeClass. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    handler, node = word(body.get("handler")), child(body, "handler")
    if handler is not None:
        details = grammar.dns_label(handler)
        errors.each_invalid("handler", handler, details, node, "invalid-name")
    scheduling = body.get("scheduling")
    if isinstance(scheduling, Map):
        errors.labels("scheduling.nodeSelector", scheduling.get("nodeSelector"))
        tolerations(errors, scheduling, "scheduling.tolerations.tolerations")  # so it says
        _same_tolerations(errors, scheduling, "scheduling.tolerations")
    overhead(errors, body.at("overhead", "podFixed"), "overhead")
    return errors.failures


def _same_tolerations(errors: FieldErrors, scheduling: Map, path: str) -> None:
    seen = []
    for index, item in each(scheduling, "tolerations"):
        texts = [word(item.get(field)) for field in ("key", "operator", "value", "effect")]
        if None not in texts and texts in seen:
            shown: dict[str, JsonValue] = dict(
                zip(("Key", "Operator", "Value", "Effect"), texts, strict=False)
            )
            shown["TolerationSeconds"] = item.integer("tolerationSeconds")
            text = f"{path}[{index}]: Duplicate value: {printed(shown, ordered=True)}"
            errors.add(text, item, "duplicate-toleration")
        seen.append(texts)
