"""What the API server says to flavors and queues of Kueue: the rules in their definitions, as code.

Source: kubernetes-sigs/kueue v0.14 config/components/crd/bases, x-kubernetes-validations of
ResourceFlavor.spec and ClusterQueue.spec. The same since v0.8.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import FieldErrors, child, each, present, word
from kslint.model.tree import is_empty
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from kslint.model.answer import Failure
    from kslint.source.nodes import Node

_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_EFFECT = "supported taint effect values: 'NoSchedule', 'PreferNoSchedule', 'NoExecute'"


def flavor_failures(body: Map) -> list[Failure]:
    """What the rules of a ResourceFlavor's definition refuse. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    for _, taint in each(spec, "nodeTaints"):
        effect = word(taint.get("effect"))
        if effect is not None and effect not in _EFFECTS:
            _refuse(errors, "nodeTaints", _EFFECT, child(taint, "effect"))
    _tolerations(errors, [toleration for _, toleration in each(spec, "tolerations")])
    if present(spec, "topologyName") and is_empty(spec.get("nodeLabels")):
        detail, node = (
            "at least one nodeLabel is required when topology is set",
            child(spec, "topologyName"),
        )
        lacks = not present(spec, "nodeLabels")
        errors.invalid(
            "spec", "object", _without("nodeLabels", detail) if lacks else detail, node, "flavor"
        )
    return errors.failures


def _without(field: str, detail: str) -> str:
    """What is said where a rule reads a field that is not there."""
    return f"no such key: {field} evaluating rule: {detail}"


def _tolerations(errors: FieldErrors, items: list[Map]) -> None:
    keyless = [item for item in items if not present(item, "key")]
    detail = (
        "operator must be Exists when 'key' is empty, which means 'match all values and all keys'"
    )
    _all(errors, keyless, "operator", "Exists", detail)
    timed = [item for item in items if present(item, "tolerationSeconds")]
    detail = "effect must be 'NoExecute' when 'tolerationSeconds' is set"
    _all(errors, timed, "effect", "NoExecute", detail)
    for item in items:
        _toleration(errors, item)


def _all(errors: FieldErrors, items: list[Map], field: str, wanted: str, detail: str) -> None:
    """Some tolerations must have a value; one with another outweighs those with none."""
    wrong = [item for item in items if word(item.get(field)) not in (None, "", wanted)]
    lacking = [item for item in items if not present(item, field)]
    for item in wrong or lacking:
        said = detail if wrong else _without(field, detail)
        _refuse(errors, "tolerations", said, child(item, field))


def _toleration(errors: FieldErrors, item: Map) -> None:
    operator, effect = word(item.get("operator")), word(item.get("effect"))
    at_operator = child(item, "operator")
    if operator not in (None, "", "Equal", "Exists"):
        detail = "supported toleration values: 'Equal'(default), 'Exists'"
        _refuse(errors, "tolerations", detail, at_operator)
    if operator == "Exists" and present(item, "value"):
        detail = "a value must be empty when 'operator' is 'Exists'"
        _refuse(errors, "tolerations", detail, child(item, "value"))
    if present(item, "effect") and effect is not None and effect not in _EFFECTS:
        _refuse(errors, "tolerations", _EFFECT, child(item, "effect"))


def _refuse(errors: FieldErrors, field: str, detail: str, node: Node) -> None:
    errors.invalid(f"spec.{field}", "array", detail, node, "flavor")


def local_queue_failures(body: Map) -> list[Failure]:
    """What a LocalQueue's definition refuses; before 0.8 a webhook did. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if isinstance(spec, Map) and present(spec, "clusterQueue"):
        _name(errors, spec, "clusterQueue", "spec")
    return errors.failures


def _name(errors: FieldErrors, holder: Map, field: str, path: str) -> None:
    """A name of an object, as the definition's pattern has it."""
    text = word(holder.get(field))
    if text is not None and not re.fullmatch(_NAME, text):
        at, node = f"{path}.{field}", child(holder, field)
        errors.invalid(at, text, f"{at} in body should match '^{_NAME}$'", node, "invalid-name")


def queue_failures(body: Map) -> list[Failure]:
    """What the rules of a ClusterQueue's definition refuse. Never raises."""
    errors = FieldErrors()
    errors.metadata(body, grammar.dns_subdomain, native=False)
    spec = body.get("spec")
    if not isinstance(spec, Map):
        return errors.failures
    for index, group in each(spec, "resourceGroups"):
        covered = len(group.listed("coveredResources"))
        for number, flavor in each(group, "flavors"):
            if present(flavor, "name"):
                _name(errors, flavor, "name", f"spec.resourceGroups[{index}].flavors[{number}]")
            if len(flavor.listed("resources")) != covered:
                detail = "flavors must have the same number of resources as the coveredResources"
                node = child(flavor, "resources")
                errors.invalid(f"spec.resourceGroups[{index}]", "object", detail, node, "queue")
            for _, resource in each(flavor, "resources"):
                alone = not any(present(spec, field) for field in ("cohort", "cohortName"))
                if present(resource, "borrowingLimit") and alone:
                    detail = "borrowingLimit must be nil when cohort is empty"
                    node = child(resource, "borrowingLimit")
                    errors.invalid("spec", "object", detail, node, "queue")
    preemption = spec.get("preemption")
    within = None if preemption is None else preemption.get("borrowWithinCohort")
    if isinstance(preemption, Map) and isinstance(within, Map):
        never = word(preemption.get("reclaimWithinCohort")) in ("", "Never")
        if never and word(within.get("policy")) not in (None, "", "Never"):
            detail = "reclaimWithinCohort=Never and borrowWithinCohort.Policy!=Never"
            node = child(within, "policy")
            errors.invalid("spec.preemption", "object", detail, node, "queue")
    return errors.failures
