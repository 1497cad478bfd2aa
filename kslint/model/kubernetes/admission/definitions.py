"""What the API server says to a CustomResourceDefinition.

Source: k8s.io/apiextensions-apiserver v0.34 pkg/apis/apiextensions/validation/validation.go. Of
generated definitions, which are long and right, the schemas are not gone through.
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
from kslint.model.kubernetes.admission.structural import root_fields, structural
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_LONG = 100_000
"""Bytes of a file with definitions that someone wrote by hand."""
_COLUMNS = ("boolean", "date", "integer", "number", "string")


def definition_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a CustomResourceDefinition (v1). Never raises."""
    errors = FieldErrors()
    spec = spec_of(body)
    if spec is None:
        return []
    group, plural = word(spec.get("group")), word(spec.at("names", "plural"))

    def rule(name: str) -> list[str]:
        details = list(grammar.dns_subdomain(name))
        if group and plural and name != f"{plural}.{group}":
            details.append('must be spec.names.plural+"."+spec.group')
        return details

    errors.metadata(body, rule)
    where = child(spec, "group")
    if group == "":
        errors.required("spec.group", where, "missing-group")
    elif group:
        details = grammar.dns_subdomain(group)
        if details:
            errors.invalid("spec.group", group, ",".join(details), where, "invalid-name")
        elif "." not in group:
            detail = "should be a domain with at least one dot"
            errors.invalid("spec.group", group, detail, where, "invalid-name")
    errors.needed("spec", spec, "scope", "missing-scope")
    errors.one_of("spec", spec, "scope", ("Cluster", "Namespaced"))
    if spec.boolean("preserveUnknownFields") is True:
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        node = child(spec, "preserveUnknownFields")
        errors.invalid("spec.preserveUnknownFields", True, detail, node, "unknown-fields-kept")
    _versions(errors, spec)
    names = spec_of(spec, "names")
    if names is not None:
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
    given = spec.get("versions")
    known = len(versions) == len(spec.listed("versions"))
    known = known and (given is None or given.is_null or isinstance(given, Seq))
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        storage = version.get("storage")
        stored += version.boolean("storage") is True
        known = known and not (storage is not None and version.boolean("storage") is None)
        name = word(version.get("name"))
        if name is not None:
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
        status = version.at("subresources", "status")
        if isinstance(schema, Map) and status is not None and not status.is_null:
            root_fields(errors, schema, f"{root}.openAPIV3Schema")
        structural(errors, schema, f"{root}.openAPIV3Schema")
    for field, below in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        scale = version.at("subresources", "scale")
        text = None if scale is None else word(scale.get(field))
        if isinstance(scale, Map) and text == "":
            errors.required(f"{path}.subresources.scale.{field}", child(scale, field), "scale-path")
        if scale is not None and text and not text.startswith(below):
            detail = f"should be a json path under {below[:-1]}"
            if not text.startswith("."):
                detail = "must be a simple json path starting with ."
            at = f"{path}.subresources.scale.{field}"
            errors.invalid(at, text, detail, child(scale, field), "scale-path")
    for index, column in each(version, "additionalPrinterColumns"):
        here = f"{path}.additionalPrinterColumns[{index}]"
        for field in ("name", "jsonPath"):
            errors.needed(here, column, field, "incomplete-column")
        kind, node = word(column.get("type")), child(column, "type")
        detail = f"must be one of {','.join(_COLUMNS)}"
        if kind == "":
            errors.required(f"{here}.type", node, "incomplete-column", detail)
        elif kind is not None and kind not in _COLUMNS:
            errors.invalid(f"{here}.type", kind, detail, node, "unsupported-value")


def _is_short(node: Node) -> bool:
    return node.source is not None and len(node.source.data) < _LONG


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
            details = [] if text is None else grammar.dns1035_label(text)
            if details:
                at = f"spec.names.{field}[{index}]"
                errors.invalid(at, text, ",".join(details), item, "invalid-name")
    for field in ("plural", "kind"):
        errors.needed("spec.names", names, field, "missing-name")
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
