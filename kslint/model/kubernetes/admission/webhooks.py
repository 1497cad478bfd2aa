"""What the API server says to the configuration of its own admission: webhooks and policies.

Source: k8s.io/kubernetes v1.34 pkg/apis/admissionregistration/validation/validation.go. CEL is
not compiled.
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
from kslint.model.kubernetes.admission.selectors import label_selector
from kslint.model.kubernetes.admission.webhook_clients import webhook_service, webhook_url
from kslint.model.kubernetes.admission.webhook_words import match_conditions, policy_words
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_TIMEOUT = "the timeout value must be between 1 and 30 seconds"


def webhook_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Validating- or MutatingWebhookConfiguration."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    names: set[str] = set()
    for index, hook in each(body, "webhooks"):
        path = f"webhooks[{index}]"
        _hook(errors, hook, path)
        name = word(hook.get("name"))
        if name and name in names:
            node = child(hook, "name")
            errors.duplicate(f"{path}.name", name, node, "duplicate-webhook")
        names.add(name or "")
    return errors.failures


def _hook(errors: FieldErrors, hook: Map, path: str) -> None:
    name, where = word(hook.get("name")), child(hook, "name")
    if name == "":
        errors.required(f"{path}.name", where, "missing-name")
    elif name:
        details = grammar.dns_subdomain(name)
        if details:
            text = ",".join(details)
            errors.invalid(f"{path}.name", name, text, where, "invalid-name")
        elif name.count(".") < 2:
            detail = "should be a domain with at least three segments separated by dots"
            errors.invalid(f"{path}.name", name, detail, where, "invalid-name")
    for index, rule in each(hook, "rules"):
        _rule(errors, rule, f"{path}.rules[{index}]")
    errors.one_of(path, hook, "failurePolicy", ("Fail", "Ignore"), pointer=True)
    errors.one_of(path, hook, "matchPolicy", ("Equivalent", "Exact"), pointer=True)
    if not present(hook, "sideEffects"):
        detail = f"must specify one of {', '.join(_SIDE_EFFECTS)}"
        errors.required(f"{path}.sideEffects", hook, "no-side-effects", detail)
    errors.one_of(path, hook, "sideEffects", _SIDE_EFFECTS, pointer=True)
    errors.within(path, hook, "timeoutSeconds", 1, 30, _TIMEOUT)
    for field in ("namespaceSelector", "objectSelector"):
        label_selector(errors, hook.get(field), f"{path}.{field}")
    errors.one_of(path, hook, "reinvocationPolicy", ("IfNeeded", "Never"), pointer=True)
    config = hook.get("clientConfig")
    if isinstance(config, Map) or config is None:
        holder = config or Map({})
        if present(holder, "url") == present(holder, "service"):
            detail = "exactly one of url or service is required"
            node = child(hook, "clientConfig")
            errors.required(f"{path}.clientConfig", node, "no-webhook-client", detail)
        elif present(holder, "url"):
            webhook_url(errors, child(holder, "url"), f"{path}.clientConfig.url")
        else:
            webhook_service(errors, holder.get("service"), f"{path}.clientConfig.service")
    match_conditions(errors, hook, f"{path}.matchConditions")
    _review_versions(errors, hook, f"{path}.admissionReviewVersions")


def _review_versions(errors: FieldErrors, hook: Map, at: str) -> None:
    """As validateAdmissionReviewVersions."""
    versions = hook.listed("admissionReviewVersions")
    where = child(hook, "admissionReviewVersions")
    if not versions:
        detail = "must specify one of v1, v1beta1"
        errors.required(at, where, "no-review-versions", detail)
        return
    seen: set[str] = set()
    for index, item in enumerate(versions):
        text = word(item)
        if text is None:
            continue
        if text in seen:
            errors.invalid(f"{at}[{index}]", text, "duplicate version", item, "duplicate-version")
        details = [] if text in seen else grammar.dns1035_label(text)
        errors.each_invalid(f"{at}[{index}]", text, details, item, "invalid-version")
        seen.add(text)
    if not {word(v) for v in versions} & {"v1", "v1beta1", None}:
        detail = "must include at least one of v1, v1beta1"
        errors.invalid(at, where.plain(), detail, where, "no-review-versions")


def _rule(errors: FieldErrors, rule: Map, path: str) -> None:
    """As validateRuleWithOperations."""
    for field in ("operations", "apiGroups", "apiVersions", "resources"):
        items, where = rule.listed(field), child(rule, field)
        texts = [word(item) for item in items]
        if not items and (where is rule or where.is_null or not where.text):
            errors.required(f"{path}.{field}", where, "incomplete-rule")
        what = {
            "operations": "operations",
            "apiGroups": "API groups",
            "apiVersions": "API versions",
        }
        if field in what and len(items) > 1 and "*" in texts:
            detail = f"if '*' is present, must not specify other {what[field]}"
            errors.invalid(f"{path}.{field}", where.plain(), detail, where, "star-among-others")
    for index, item in enumerate(rule.listed("operations")):
        text, at = word(item), f"{path}.operations[{index}]"
        if text is not None and text not in _OPERATIONS:
            errors.unsupported(at, text, _OPERATIONS, item, "unsupported-value")
    for index, item in enumerate(rule.listed("apiVersions")):
        if word(item) == "":
            errors.required(f"{path}.apiVersions[{index}]", item, "incomplete-rule")
    _resources(errors, rule, f"{path}.resources")
    errors.one_of(path, rule, "scope", _SCOPES, pointer=True)


def _resources(errors: FieldErrors, rule: Map, path: str) -> None:
    """As validateResources: what a star takes in is not to be named beside it."""
    items, where = rule.listed("resources"), child(rule, "resources")
    texts = [word(item) for item in items]
    wide: set[str] = set()
    for index, (text, item) in enumerate(zip(texts, items, strict=True)):
        if text == "":
            errors.required(f"{path}[{index}]", item, "incomplete-rule")
        if not text or "/" not in text:
            continue
        name, _, part = text.partition("/")
        for star in (f"{name}/*", f"*/{part}"):
            if star in wide:
                detail = f"if '{star}' is present, must not specify {text}"
                errors.invalid(f"{path}[{index}]", text, detail, item, "star-among-others")
        if "*" in (name, part):
            wide.add(text)
    if "*/*" in texts and len(texts) > 1:
        detail = "if '*/*' is present, must not specify other resources"
        errors.invalid(path, where.plain(), detail, where, "star-among-others")
    bare = [text for text in texts if text and "/" not in text]
    if "*" in bare and bare[-1] != "*":
        detail = "if '*' is present, must not specify other resources without subresources"
        errors.invalid(path, where.plain(), detail, where, "star-among-others")


def policy_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ValidatingAdmissionPolicy, less CEL."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    errors.one_of("spec", spec, "failurePolicy", ("Fail", "Ignore"), pointer=True)
    if not present(spec, "matchConstraints"):
        errors.required("spec.matchConstraints", spec, "no-match")
    match = spec.get("matchConstraints")
    if isinstance(match, Map):
        _match(errors, match, "spec.matchConstraints")
        if not match.listed("resourceRules"):
            node = child(match, "resourceRules")
            errors.required("spec.matchConstraints.resourceRules", node, "no-match")
    validations, notes = spec.listed("validations"), spec.listed("auditAnnotations")
    if not validations and not notes:
        detail = "validations or auditAnnotations must contain at least one item"
        node = child(spec, "validations")
        errors.required("spec.validations", node, "no-validations", detail)
        errors.required("spec.auditAnnotations", node, "no-validations", detail)
    match_conditions(errors, spec, "spec.matchConditions")
    policy_words(errors, spec)
    for index, item in each(spec, "validations"):
        path = f"spec.validations[{index}]"
        reasons = ("Forbidden", "Invalid", "RequestEntityTooLarge")
        errors.one_of(path, item, "reason", reasons, pointer=True)
    name = word(body.at("metadata", "name")) or ""
    keys: set[str] = set()
    for index, item in each(spec, "auditAnnotations"):
        key, node = word(item.get("key")), child(item, "key")
        if key and key in keys:
            errors.duplicate(f"spec.auditAnnotations[{index}].key", key, node, "duplicate-key")
        keys.add(key or "")
        if key and name:
            details = grammar.qualified_name(f"{name}/{key}")
            at = f"spec.auditAnnotations[{index}].key"
            errors.each_invalid(at, f"{name}/{key}", details, node, "invalid-key")
    return errors.failures


def _match(errors: FieldErrors, match: Map, path: str) -> None:
    for field in ("namespaceSelector", "objectSelector"):
        label_selector(errors, match.get(field), f"{path}.{field}")
    for field in ("resourceRules", "excludeResourceRules"):
        for index, rule in each(match, field):
            here = f"{path}.{field}[{index}]"
            names: set[str] = set()
            for number, item in enumerate(rule.listed("resourceNames")):
                text, at = word(item), f"{here}.resourceNames[{number}]"
                if text is not None:
                    details = grammar.path_segment(text)
                    errors.each_invalid(at, text, details, item, "invalid-name")
                if text and text in names:
                    errors.duplicate(at, text, item, "duplicate-name")
                names.add(text or "")
            _rule(errors, rule, here)
    errors.one_of(path, match, "matchPolicy", ("Equivalent", "Exact"), pointer=True)


def binding_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ValidatingAdmissionPolicyBinding."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    if errors.needed("spec", spec, "policyName", "missing-name"):
        errors.named("spec", spec, "policyName", grammar.dns_subdomain, "invalid-reference")
    _parameters(errors, spec.get("paramRef"), "spec.paramRef")
    match = spec.get("matchResources")
    if isinstance(match, Map):
        _match(errors, match, "spec.matchResources")
    actions, where = spec.listed("validationActions"), child(spec, "validationActions")
    texts = [word(action) for action in actions]
    if not actions:
        detail = "at least one validation action is required"
        errors.required("spec.validationActions", where, "no-actions", detail)
    known = ("Audit", "Deny", "Warn")
    before: set[str] = set()
    for index, (text, node) in enumerate(zip(texts, actions, strict=True)):
        at = f"spec.validationActions[{index}]"
        if text is not None and text not in known:
            errors.unsupported(at, text, known, node, "unsupported-value")
        if text and text in before:
            errors.duplicate(at, text, node, "duplicate-action")
        before.add(text or "")
    if {"Deny", "Warn"} <= set(texts):
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure "
            "information in the API response and headers serves no purpose)"
        )
        errors.invalid("spec.validationActions", where.plain(), detail, where, "deny-and-warn")
    return errors.failures


def _parameters(errors: FieldErrors, reference: Node | None, path: str) -> None:
    """As validateParamRef."""
    if not isinstance(reference, Map):
        return
    name, chooses = word(reference.get("name")), present(reference, "selector")
    if name and chooses:
        for field in ("name", "selector"):
            detail, node = "name and selector are mutually exclusive", child(reference, field)
            errors.forbidden(f"{path}.{field}", detail, node, "name-and-selector")
    elif name == "" and not chooses:
        errors.required(
            path, reference, "missing-name", "one of name or selector must be specified"
        )
    if chooses:
        label_selector(errors, reference.get("selector"), f"{path}.selector")
    field = "parameterNotFoundAction"
    if errors.needed(path, reference, field):
        errors.one_of(path, reference, field, ("Deny", "Allow"))
