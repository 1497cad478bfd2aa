"""What the API server says to a CustomResourceDefinition.

Source: k8s.io/apiextensions-apiserver v0.34 pkg/apis/apiextensions/validation/validation.go,
pkg/apiserver/schema/validation.go. Of generated definitions, which are long and right, the
schemas are not gone through.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_LONG = 100_000
"""Bytes of a file with definitions that someone wrote by hand."""
_UNSUPPORTED = re.compile(r"(?<!\\)\(\?(?:<?[=!]|>)")
"""What Go's regular expressions do not have: looking around."""
_COLUMNS = ("boolean", "date", "integer", "number", "string")
_NOT_UNIQUE = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"


def definition_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a CustomResourceDefinition (v1). Never raises."""
    errors = FieldErrors()
    spec = body.get("spec")
    if body.string("apiVersion") != "apiextensions.k8s.io/v1" or not isinstance(spec, Map):
        return []
    group, plural = word(spec.get("group")), word(spec.at("names", "plural"))

    def rule(name: str) -> list[str]:
        details = list(grammar.dns_subdomain(name))
        if group and plural and name != f"{plural}.{group}":
            details.append('must be spec.names.plural+"."+spec.group')
        return details

    errors.metadata(body, rule)
    where = child(spec, "group")
    if group:
        details = grammar.dns_subdomain(group)
        if details:
            errors.invalid("spec.group", group, ",".join(details), where, "invalid-name")
        elif "." not in group:
            detail = "should be a domain with at least one dot"
            errors.invalid("spec.group", group, detail, where, "invalid-name")
    errors.one_of("spec", spec, "scope", ("Cluster", "Namespaced"))
    if spec.boolean("preserveUnknownFields") is True:
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        node = child(spec, "preserveUnknownFields")
        errors.invalid("spec.preserveUnknownFields", True, detail, node, "unknown-fields-kept")
    _versions(errors, spec)
    names = spec.get("names")
    if isinstance(names, Map):
        _names(errors, names)
    conversion = spec.get("conversion")
    if isinstance(conversion, Map):
        _conversion(errors, conversion)
    return errors.failures


def _versions(errors: FieldErrors, spec: Map) -> None:
    versions = [version for _, version in each(spec, "versions")]
    stored = 0
    names: set[str] = set()
    where = child(spec, "versions")
    known = len(versions) == len(spec.listed("versions")) > 0
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        storage = version.get("storage")
        stored += version.boolean("storage") is True
        known = known and not (storage is not None and version.boolean("storage") is None)
        name = word(version.get("name"))
        if name:
            details = grammar.dns1035_label(name)
            if details:
                node = child(version, "name")
                errors.invalid(f"{path}.name", name, ",".join(details), node, "invalid-name")
        if name and name in names:
            detail = "must contain unique version names"
            text = f"spec.versions: Invalid value: {detail}"
            errors.add(text, child(version, "name"), "duplicate-version")
        names.add(name or "")
        alone = len(versions) == 1
        _version(errors, version, "spec" if alone else path, path)
    if known and stored != 1:
        detail = "must have exactly one version marked as storage version"
        errors.add(f"spec.versions: Invalid value: {detail}", where, "storage-version")


def _version(errors: FieldErrors, version: Map, path: str, place: str) -> None:
    """`path` is where errors see it: the parts of a single version count as the spec's own."""
    schema = version.at("schema", "openAPIV3Schema")
    if schema is None or schema.is_null:
        at = f"{place}.schema.openAPIV3Schema"
        errors.required(at, child(version, "schema"), "version-without-schema")
    elif _is_short(version):
        root = f"{path}.validation" if path == "spec" else f"{path}.schema"
        _schema(errors, schema, f"{root}.openAPIV3Schema")
    for field, below in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        scale = version.at("subresources", "scale")
        text = None if scale is None else word(scale.get(field))
        if scale is not None and text and not text.startswith(below):
            detail = f"should be a json path under {below[:-1]}"
            if not text.startswith("."):
                detail = "must be a simple json path starting with ."
            at = f"{path}.subresources.scale.{field}"
            errors.invalid(at, text, detail, child(scale, field), "scale-path")
    for index, column in each(version, "additionalPrinterColumns"):
        kind, node = word(column.get("type")), child(column, "type")
        if kind and kind not in _COLUMNS:
            detail = f"must be one of {','.join(_COLUMNS)}"
            at = f"{path}.additionalPrinterColumns[{index}].type"
            errors.invalid(at, kind, detail, node, "unsupported-value")


def _is_short(node: Node) -> bool:
    return node.source is not None and len(node.source.data) < _LONG


def _schema(errors: FieldErrors, root: Node, path: str) -> None:
    """Regular expressions that Go does not know, and lists that cannot be unique."""
    stack = [(root, path)]
    while stack:
        node, here = stack.pop()
        if not isinstance(node, Map):
            continue
        pattern = word(node.get("pattern"))
        found = _UNSUPPORTED.search(pattern) if pattern else None
        if found is not None:
            detail = (
                "must be a valid regular expression, but isn't: error parsing regexp: invalid or "
                f"unsupported Perl syntax: `{found[0]}`"
            )
            where = child(node, "pattern")
            errors.invalid(f"{here}.pattern", pattern, detail, where, "invalid-pattern")
        if node.boolean("uniqueItems") is True:
            where = child(node, "uniqueItems")
            errors.forbidden(f"{here}.uniqueItems", _NOT_UNIQUE, where, "unique-items")
        properties = node.get("properties")
        for name, below in () if properties is None else properties.items():
            stack.append((below, f"{here}.properties[{name}]"))
        for field in ("items", "additionalProperties", "not"):
            below_node = node.get(field)
            if below_node is not None:
                stack.append((below_node, f"{here}.{field}"))
        for field in ("allOf", "anyOf", "oneOf"):
            stack += [
                (item, f"{here}.{field}[{index}]") for index, item in enumerate(node.listed(field))
            ]


def _names(errors: FieldErrors, names: Map) -> None:
    """As ValidateCustomResourceDefinitionNames."""
    for field in ("plural", "singular", "kind", "listKind"):
        text, node = word(names.get(field)), child(names, field)
        cased = field in ("kind", "listKind")
        details = grammar.dns1035_label(text.lower() if cased else text) if text else []
        if details:
            start = "may have mixed case, but should otherwise match: " if cased else ""
            at = f"spec.names.{field}"
            errors.invalid(at, text, start + ",".join(details), node, "invalid-name")
    for field in ("shortNames", "categories"):
        for index, item in enumerate(names.listed(field)):
            text = word(item) if isinstance(item, Scalar) else None
            details = grammar.dns1035_label(text) if text else []
            if details:
                at = f"spec.names.{field}[{index}]"
                errors.invalid(at, text, ",".join(details), item, "invalid-name")
    kind, listed = word(names.get("kind")), word(names.get("listKind"))
    if kind and kind == listed:
        detail = "kind and listKind may not be the same"
        errors.invalid("spec.names.listKind", kind, detail, child(names, "listKind"), "same-kinds")


def _conversion(errors: FieldErrors, conversion: Map) -> None:
    errors.one_of("spec.conversion", conversion, "strategy", ("None", "Webhook"))
    if word(conversion.get("strategy")) != "Webhook":
        return
    webhook = conversion.get("webhook")
    if not present(conversion, "webhook"):
        detail = "required when strategy is set to Webhook"
        node = child(conversion, "strategy")
        errors.required("spec.conversion.webhookClientConfig", node, "no-webhook", detail)
    elif isinstance(webhook, Map) and not webhook.listed("conversionReviewVersions"):
        at = "spec.conversion.conversionReviewVersions"
        errors.required(at, child(webhook, "conversionReviewVersions"), "no-review-versions")
