"""What the API server says to workloads: pods, and what makes pods of a template.

Source: k8s.io/kubernetes v1.34 pkg/apis/apps/validation/validation.go, after the defaults of
pkg/apis/apps/v1/defaults.go. Messages are what kubectl prints after `The Deployment "x" is
invalid: `. What holds a template is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.claims import claim_spec
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    spec_of,
    word,
)
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.admission.resources import quantity
from kslint.model.kubernetes.admission.selectors import (
    is_empty_selector,
    label_selector,
    matches,
    unreadable,
)
from kslint.model.kubernetes.admission.strategies import (
    daemon_update,
    deployment_strategy,
    stateful_strategy,
)
from kslint.model.tree import is_empty
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_RETENTION = ("Retain", "Delete")
_COST = "controller.kubernetes.io/pod-deletion-cost"


def deployment_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Deployment. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    errors.not_negative("spec", spec, "replicas")
    if _selector(errors, spec, "deployment"):
        template(errors, spec, "spec.template", "ReplicaSet")
    deployment_strategy(errors, spec)
    for field in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        errors.not_negative("spec", spec, field)
    deadline = spec.integer("progressDeadlineSeconds")
    ready = spec.integer("minReadySeconds") or 0
    deadline = 600 if deadline is None else deadline
    if deadline <= ready:
        field = "progressDeadlineSeconds"
        where = child(spec, field)
        if where is spec or where.place is None:
            where = child(spec, "minReadySeconds")
        detail = "must be greater than minReadySeconds"
        errors.invalid(f"spec.{field}", deadline, detail, where, "progress-deadline")
    return errors.failures


def replica_set_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ReplicaSet. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is not None:
        for field in ("replicas", "minReadySeconds"):
            errors.not_negative("spec", spec, field)
        if _selector(errors, spec, "deployment"):
            template(errors, spec, "spec.template", "ReplicaSet")
    return errors.failures


def stateful_set_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a StatefulSet. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_label)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    policy = word(spec.get("podManagementPolicy"))
    if policy and policy not in ("OrderedReady", "Parallel"):
        detail, node = "must be 'OrderedReady' or 'Parallel'", child(spec, "podManagementPolicy")
        errors.invalid("spec.podManagementPolicy", policy, detail, node, "unsupported-value")
    stateful_strategy(errors, spec)
    retention = spec.get("persistentVolumeClaimRetentionPolicy")
    for field in ("whenDeleted", "whenScaled") if isinstance(retention, Map) else ():
        path = "spec.persistentVolumeClaimRetentionPolicy"
        errors.one_of(path, child(spec, path[5:]), field, _RETENTION)
    claims: list[str] | None = []
    for _, claim in each(spec, "volumeClaimTemplates"):
        name = word(claim.at("metadata", "name"))
        claims = None if claims is None or name is None else [*claims, name]
        for side in ("requests", "limits"):
            amounts = claim.at("spec", "resources", side)
            for _, amount in () if amounts is None else amounts.items():
                quantity(errors, amount)  # all that is asked of them before there are pods
    for field in ("replicas", "minReadySeconds"):
        errors.not_negative("spec", spec, field)
    ordinals = spec.get("ordinals")
    if isinstance(ordinals, Map):
        errors.not_negative("spec.ordinals", ordinals, "start")
    errors.named("spec", spec, "serviceName", grammar.dns_label, "invalid-reference")
    if _selector(errors, spec, "statefulset"):
        template(errors, spec, "spec.template", "StatefulSet", claims)
    return errors.failures


def claim_template_failures(body: Map) -> Iterator[tuple[str, list[Failure]]]:
    """What the API server would refuse of the claims that a StatefulSet's controller makes.

    With the name of each. What is no quantity is refused with the StatefulSet.
    """
    for _, claim in each(body.get("spec"), "volumeClaimTemplates"):
        errors = FieldErrors()
        claim_spec(errors, spec_of(claim), "spec")
        name = word(claim.at("metadata", "name")) or ""
        yield name, [one for one in errors.failures if one.code != "invalid-quantity"]


def daemon_set_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a DaemonSet. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is None:
        return errors.failures
    if _selector(errors, spec, "daemonset"):
        template(errors, spec, "spec.template", "DaemonSet")
    for field in ("minReadySeconds", "revisionHistoryLimit"):
        errors.not_negative("spec", spec, field)
    strategy = spec.get("updateStrategy")
    rolling = None if strategy is None else strategy.get("rollingUpdate")
    if isinstance(rolling, Map) and word(child(spec, "updateStrategy").get("type")) in (
        "",
        "RollingUpdate",
    ):
        daemon_update(errors, rolling, "spec.updateStrategy.rollingUpdate")
    return errors.failures


def controller_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ReplicationController. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = spec_of(body)
    if spec is not None:
        for field in ("replicas", "minReadySeconds"):
            errors.not_negative("spec", spec, field)
        selector, labels = spec.get("selector"), spec.at("template", "metadata", "labels")
        given = selector if isinstance(selector, Map) and selector.entries else None
        if given is None and is_empty(labels):
            errors.required("spec.selector", child(spec, "selector"), "no-selector")
        elif given is not None and not (unreadable(given) or unreadable(labels)):
            shown = {} if labels is None else labels.plain()
            wanted = given.plain()
            assert isinstance(shown, dict)
            if not wanted.items() <= shown.items():
                _mismatch(errors, spec, labels)
        template(errors, spec, "spec.template", "ReplicationController")
    return errors.failures


def pod_object_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Pod. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    _deletion_cost(errors, body.at("metadata", "annotations"), "metadata.annotations")
    spec = spec_of(body)
    if spec is not None:
        errors.take(pod_failures(spec, "spec"))
        ephemeral = spec.get("ephemeralContainers")
        if ephemeral is not None and ephemeral.elements():
            detail = "cannot be set on create"
            at = "spec.ephemeralContainers"
            errors.forbidden(at, detail, ephemeral, "ephemeral-containers")
        if spec.listed("schedulingGates") and word(spec.get("nodeName")):
            detail = "cannot be set until all schedulingGates have been cleared"
            errors.forbidden(
                "spec.nodeName", detail, child(spec, "nodeName"), "node-of-a-gated-pod"
            )
        for field in ("containers", "initContainers"):
            for index, container in each(spec, field):
                image = word(container.get("image"))
                if image and image != image.strip():
                    detail = "must not have leading or trailing whitespace"
                    node = child(container, "image")
                    path = f"spec.{field}[{index}].image"
                    errors.invalid(path, image, detail, node, "image-with-blanks")
    return errors.failures


def _deletion_cost(errors: FieldErrors, notes: Node | None, path: str) -> None:
    """As GetDeletionCostFromPodAnnotations: what Go's ParseInt takes for 32 bits."""
    node = None if notes is None else notes.get(_COST)
    text = word(node)
    if node is None or not text:
        return
    digits = text[1:] if text[0] in "+-" else text
    plain = digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")
    if not plain or text[0] == "+" or not -(2**31) <= int(text[:12]) < 2**31:
        detail = "must be a 32bit integer"
        errors.invalid(f"{path}[{_COST}]", text, detail, node, "deletion-cost")


def pod_template_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PodTemplate. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    template(errors, body, "template")
    return errors.failures


def template(
    errors: FieldErrors,
    holder: Map,
    path: str,
    maker: str = "",
    volumes: Iterable[str] | None = (),
) -> None:
    """ValidatePodTemplateSpec, and what `maker` wants of its pods, if that is one that restarts.

    `holder` has the template, `path` is the template's own.

    `volumes` are those that the maker adds; None if they are not known.
    """
    node = spec_of(holder, "template")
    if node is None:
        return
    errors.labels(f"{path}.labels", node.at("metadata", "labels"))
    notes = node.at("metadata", "annotations")
    errors.annotations(f"{path}.annotations", notes)
    _deletion_cost(errors, notes, f"{path}.annotations")
    spec = spec_of(node)
    if spec is None:
        return
    errors.take(pod_failures(spec, f"{path}.spec", volumes, maker != "StatefulSet"))
    ephemeral = spec.get("ephemeralContainers")
    if ephemeral is not None and ephemeral.elements():
        detail = "ephemeral containers not allowed in pod template"
        at = f"{path}.spec.ephemeralContainers"
        errors.forbidden(at, detail, ephemeral, "ephemeral-containers")
    if not maker:
        return
    policy = word(spec.get("restartPolicy"))
    if policy and policy != "Always":
        where = child(spec, "restartPolicy")
        at = f"{path}.spec.restartPolicy"
        errors.unsupported(at, policy, ("Always",), where, "restart-policy")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not deadline.is_null:
        detail = f"activeDeadlineSeconds in {maker} is not Supported"
        at = f"{path}.spec.activeDeadlineSeconds"
        errors.forbidden(at, detail, deadline, "active-deadline")


def _selector(errors: FieldErrors, spec: Map, kind: str) -> bool:
    """The selector, and whether it matches the template; False if the rest is not looked at."""
    selector = spec.get("selector")
    labels = spec.at("template", "metadata", "labels")
    if selector is None or selector.is_null:
        where = spec if selector is None else selector
        errors.required("spec.selector", where, "no-selector")
    elif not isinstance(selector, Map):
        return True
    else:
        before = len(errors.failures)
        label_selector(errors, selector, "spec.selector")
        if len(errors.failures) > before:
            shown = selector.plain()
            detail = "invalid label selector" if kind == "deployment" else ""
            errors.invalid("spec.selector", shown, detail, selector, "invalid-selector")
            return False
        if is_empty_selector(selector):
            detail = f"empty selector is invalid for {kind}"
            errors.invalid("spec.selector", {}, detail, selector, "empty-selector")
            return True
        if matches(selector, labels) is not False:
            return True
    if not unreadable(labels):
        missing = selector is None or selector.is_null
        _mismatch(errors, spec, labels, spec if missing else None)
    return True


def manual_selector(errors: FieldErrors, spec: Map) -> None:
    """Of a Job that chooses its pods itself."""
    selector, labels = spec.get("selector"), spec.at("template", "metadata", "labels")
    missing = selector is None or selector.is_null
    if missing:
        errors.required("spec.selector", spec, "missing-selector")
    agree = not missing and selector is not None and matches(selector, labels) is not False
    if not agree and not unreadable(labels):
        _mismatch(errors, spec, labels, spec if missing else None)


def _mismatch(
    errors: FieldErrors, spec: Map, labels: Node | None, where: Node | None = None
) -> None:
    shown = None if labels is None or labels.is_null else labels.plain()
    detail = "`selector` does not match template `labels`"
    node = where or spec.nearest("template", "metadata", "labels")
    path = "spec.template.metadata.labels"
    errors.invalid(path, shown, detail, node, "selector-does-not-match")
