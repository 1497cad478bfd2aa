"""What the API server says to workloads: pods, and what makes pods of a template.

Source: k8s.io/kubernetes v1.34 pkg/apis/apps/validation/validation.go, after the defaults of
pkg/apis/apps/v1/defaults.go. Messages are what kubectl prints after `The Deployment "x" is
invalid: `. What holds a template is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import (
    FieldErrors,
    child,
    each,
    present,
    printed,
    word,
)
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.admission.selectors import (
    is_empty_selector,
    label_selector,
    matches,
    unreadable,
)
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_RETENTION = ("Retain", "Delete")


def deployment_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Deployment. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    errors.not_negative("spec", spec, "replicas")
    if _selector(errors, spec, "deployment"):
        template(errors, spec.get("template"), "spec.template", "ReplicaSet")
    _strategy(errors, spec)
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
    spec = body.get("spec")
    if isinstance(spec, Map):
        for field in ("replicas", "minReadySeconds"):
            errors.not_negative("spec", spec, field)
        if _selector(errors, spec, "deployment"):
            template(errors, spec.get("template"), "spec.template", "ReplicaSet")
    return errors.failures


def stateful_set_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a StatefulSet. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_label)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    policy = word(spec.get("podManagementPolicy"))
    if policy and policy not in ("OrderedReady", "Parallel"):
        detail, node = "must be 'OrderedReady' or 'Parallel'", child(spec, "podManagementPolicy")
        errors.invalid("spec.podManagementPolicy", policy, detail, node, "unsupported-value")
    _stateful_strategy(errors, spec)
    retention = spec.get("persistentVolumeClaimRetentionPolicy")
    for field in ("whenDeleted", "whenScaled") if isinstance(retention, Map) else ():
        path = "spec.persistentVolumeClaimRetentionPolicy"
        errors.one_of(path, child(spec, path[5:]), field, _RETENTION)
    claims: list[str] | None = []
    for index, claim in each(spec, "volumeClaimTemplates"):
        from kslint.model.kubernetes.admission.claims import claim_spec

        its = claim.get("spec")
        claim_spec(errors, its, f"spec.volumeClaimTemplates[{index}].spec")
        name = word(claim.at("metadata", "name"))
        claims = None if claims is None or name is None else [*claims, name]
    for field in ("replicas", "minReadySeconds"):
        errors.not_negative("spec", spec, field)
    errors.named("spec", spec, "serviceName", grammar.dns_label, "invalid-reference")
    if _selector(errors, spec, "statefulset"):
        template(errors, spec.get("template"), "spec.template", "StatefulSet", claims)
    return errors.failures


def daemon_set_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a DaemonSet. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    if _selector(errors, spec, "daemonset"):
        template(errors, spec.get("template"), "spec.template", "DaemonSet")
    for field in ("minReadySeconds", "revisionHistoryLimit"):
        errors.not_negative("spec", spec, field)
    strategy = spec.get("updateStrategy")
    rolling = None if strategy is None else strategy.get("rollingUpdate")
    if isinstance(rolling, Map) and word(child(spec, "updateStrategy").get("type")) in (
        "",
        "RollingUpdate",
    ):
        _daemon_update(errors, rolling, "spec.updateStrategy.rollingUpdate")
    return errors.failures


def controller_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a ReplicationController. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if isinstance(spec, Map):
        for field in ("replicas", "minReadySeconds"):
            errors.not_negative("spec", spec, field)
        template(errors, spec.get("template"), "spec.template", "ReplicationController")
    return errors.failures


def pod_object_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a Pod. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    spec = body.get("spec")
    if isinstance(spec, Map):
        errors.take(pod_failures(spec, "spec"))
        for field in ("containers", "initContainers"):
            for index, container in each(spec, field):
                image = word(container.get("image"))
                if image and image != image.strip():
                    detail = "must not have leading or trailing whitespace"
                    node = child(container, "image")
                    path = f"spec.{field}[{index}].image"
                    errors.invalid(path, image, detail, node, "image-with-blanks")
    return errors.failures


def pod_template_failures(body: Map) -> list[Failure]:
    """Everything the API server would refuse in a PodTemplate. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain)
    template(errors, body.get("template"), "template")
    return errors.failures


def template(
    errors: FieldErrors,
    node: Node | None,
    path: str,
    maker: str = "",
    volumes: Iterable[str] | None = (),
) -> None:
    """ValidatePodTemplateSpec, and what `maker` wants of its pods, if that is one that restarts.

    `volumes` are those that the maker adds; None if they are not known.
    """
    if not isinstance(node, Map):
        return
    errors.labels(f"{path}.labels", node.at("metadata", "labels"))
    errors.annotations(f"{path}.annotations", node.at("metadata", "annotations"))
    spec = node.get("spec")
    if not isinstance(spec, Map):
        return
    errors.take(pod_failures(spec, f"{path}.spec", volumes))
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
        shown_labels = None if labels is None or labels.is_null else labels.plain()
        path = "spec.template.metadata.labels"
        detail = "`selector` does not match template `labels`"
        missing = selector is None or selector.is_null
        where = spec if missing else spec.nearest("template", "metadata", "labels")
        errors.invalid(path, shown_labels, detail, where, "selector-does-not-match")
    return True


def _strategy(errors: FieldErrors, spec: Map) -> None:
    """ValidateDeploymentStrategy; what is absent has the API server's defaults."""
    strategy = spec.get("strategy")
    if not isinstance(strategy, Map):
        return
    kind = word(strategy.get("type"))
    rolling = strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None and not rolling.is_null:
            detail = "may not be specified when strategy `type` is 'Recreate'"
            at = "spec.strategy.rollingUpdate"
            errors.forbidden(at, detail, rolling, "recreate-with-rolling-update")
    elif kind in ("", "RollingUpdate"):
        if isinstance(rolling, Map):
            _rolling_update(errors, rolling, "spec.strategy.rollingUpdate")
    elif kind is not None and (rolling is None or rolling.is_null):
        value = f'{{"Type":{printed(kind)},"RollingUpdate":null}}'
        supported = 'supported values: "Recreate", "RollingUpdate"'
        text = f"spec.strategy: Unsupported value: {value}: {supported}"
        errors.add(text, child(strategy, "type"), "unsupported-strategy")


def _rolling_update(errors: FieldErrors, rolling: Map, path: str) -> None:
    gone = int_or_percent(errors, rolling, "maxUnavailable", path)
    surge = int_or_percent(errors, rolling, "maxSurge", path)
    where = child(rolling, "maxUnavailable")
    value = where.plain() if isinstance(where, Scalar) else None
    if gone == 0 and surge == 0:
        detail = "may not be 0 when `maxSurge` is 0"
        at = f"{path}.maxUnavailable"
        errors.invalid(at, value, detail, where, "no-surge-and-none-unavailable")
    at_most_all(errors, rolling, "maxUnavailable", path, gone)


def _daemon_update(errors: FieldErrors, rolling: Map, path: str) -> None:
    gone = int_or_percent(errors, rolling, "maxUnavailable", path, 1)
    surge = int_or_percent(errors, rolling, "maxSurge", path, 0)
    at_most_all(errors, rolling, "maxUnavailable", path, gone)
    at_most_all(errors, rolling, "maxSurge", path, surge)
    if gone and surge:
        detail, node = "may not be set when maxUnavailable is non-zero", child(rolling, "maxSurge")
        value = node.plain() if isinstance(node, Scalar) else None
        errors.invalid(f"{path}.maxSurge", value, detail, node, "surge-and-unavailable")
    elif gone == 0 and surge == 0:
        detail, node = "cannot be 0 when maxSurge is 0", child(rolling, "maxUnavailable")
        at = f"{path}.maxUnavailable"
        errors.required(at, node, "no-surge-and-none-unavailable", detail)


def _stateful_strategy(errors: FieldErrors, spec: Map) -> None:
    strategy = spec.get("updateStrategy")
    if not isinstance(strategy, Map):
        return
    rolling, kind = strategy.get("rollingUpdate"), word(strategy.get("type"))
    if not isinstance(rolling, Map) or kind is None:
        return
    path = "spec.updateStrategy.rollingUpdate"
    if kind == "OnDelete":
        detail = "only allowed for updateStrategy 'RollingUpdate'"
        errors.invalid(path, rolling.plain(), detail, rolling, "on-delete-with-rolling-update")
    errors.not_negative(path, rolling, "partition")


def int_or_percent(
    errors: FieldErrors, holder: Map, field: str, path: str, absent: int = 25
) -> int | None:
    """The bare number of an int-or-percent, `absent` if there is none; None if not judged.

    A string that is no percentage is an error, and counts as the number it spells, else as 0.
    """
    if not present(holder, field):
        return absent
    number = holder.integer(field)
    if number is not None:
        errors.not_negative(path, holder, field)
        return number
    node = child(holder, field)
    text = word(node)
    if text is None:
        return None
    details = grammar.percent(text)
    if not details:
        return int(text[:-1]) if len(text) < 10 else None
    errors.each_invalid(f"{path}.{field}", text, details, node, "invalid-percentage")
    spelled = text.lstrip("+-")
    plain = spelled.isascii() and spelled.isdigit() and len(text) - len(spelled) < 2
    return int(text) if plain and len(text) < 10 else 0


def at_most_all(
    errors: FieldErrors, holder: Map, field: str, path: str, number: int | None
) -> None:
    """As IsNotMoreThan100Percent."""
    node = child(holder, field)
    value = node.plain() if isinstance(node, Scalar) else None
    if isinstance(value, str) and value.endswith("%") and number is not None and number > 100:
        detail = "must not be greater than 100%"
        errors.invalid(f"{path}.{field}", value, detail, node, "over-100-percent")
