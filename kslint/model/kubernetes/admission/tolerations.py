"""What the API server says to tolerations, of pods and of classes.

Source: k8s.io/kubernetes v1.34 pkg/apis/core/validation/validation.go (ValidateTolerations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, each, present, printed, word

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors
    from kslint.source.nodes import Map, Node

_FIELDS = ("key", "operator", "value", "effect")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def tolerations(errors: FieldErrors, holder: Map, path: str) -> None:
    """As ValidateTolerations."""
    for index, item in each(holder, "tolerations"):
        here = f"{path}[{index}]"
        key, operator = word(item.get("key")), word(item.get("operator"))
        effect, value = word(item.get("effect")), word(item.get("value"))
        at_operator, at_effect = child(item, "operator"), child(item, "effect")
        if key:
            where = child(item, "key")
            errors.each_invalid(
                f"{here}.key", key, grammar.qualified_name(key), where, "invalid-label-key"
            )
        if key == "" and operator is not None and operator != "Exists":
            detail = (
                'operator must be Exists when `key` is empty, which means "match all values and '
                'all keys"'
            )
            errors.invalid(
                f"{here}.operator", operator, detail, at_operator, "toleration-without-key"
            )
        if present(item, "tolerationSeconds") and effect not in (None, "NoExecute"):
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.invalid(f"{here}.effect", effect, detail, at_effect, "toleration-seconds")
        _toleration_value(errors, operator, value, f"{here}.operator", at_operator, item)
        if effect and effect not in _EFFECTS:
            errors.unsupported(f"{here}.effect", effect, _EFFECTS, at_effect, "unsupported-value")


def _toleration_value(
    errors: FieldErrors,
    operator: str | None,
    value: str | None,
    path: str,
    node: Node,
    item: Map,
) -> None:
    where = child(item, "value")
    if operator is not None and operator not in ("", "Equal", "Exists"):
        errors.unsupported(path, operator, ("Equal", "Exists"), node, "unsupported-value")
    elif not value:
        return
    elif operator == "Exists":
        detail = "value must be empty when `operator` is 'Exists'"
        shown = {f"{f[:1].upper()}{f[1:]}": item.string(f) or "" for f in _FIELDS}
        seconds = item.integer("tolerationSeconds")
        text = printed({**shown, "TolerationSeconds": seconds}, ordered=True)
        errors.add(f"{path}: Invalid value: {text}: {detail}", where, "toleration-value")
    elif operator is not None:
        details = grammar.label_value(value)
        if details:
            errors.invalid(path, value, ";".join(details), where, "invalid-label-value")
