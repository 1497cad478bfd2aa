"""What the API server says to how workloads are rolled out.

Source: k8s.io/kubernetes v1.34 pkg/apis/apps/validation/validation.go, after the defaults of
pkg/apis/apps/v1/defaults.go; int-or-percent also for budgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.kubernetes.admission import grammar
from kslint.model.kubernetes.admission.field_errors import child, present, printed, word
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.kubernetes.admission.field_errors import FieldErrors


def deployment_strategy(errors: FieldErrors, spec: Map) -> None:
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


def daemon_update(errors: FieldErrors, rolling: Map, path: str) -> None:
    """Of a DaemonSet."""
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


def stateful_strategy(errors: FieldErrors, spec: Map) -> None:
    """Of a StatefulSet."""
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
