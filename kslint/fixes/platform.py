"""Settings of charts and of KServe's ConfigMap, where they are written or belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gateway.gateways import declared_classes
from kslint.model.kserve.installation import place
from kslint.source.layout import UnfitError, key_of

if TYPE_CHECKING:
    from kslint.fixes.draft import Draft
    from kslint.model.kserve.settings import Settings
    from kslint.source.nodes import JsonValue


def set_setting(draft: Draft, key: str, field: str, value: JsonValue) -> None:
    """One of KServe's settings, in its ConfigMap or in the values of its chart."""
    at = draft.problem.at
    path = _settings(draft, key, field).value_of(key, field)
    if path is not None:
        _set(draft, path, value)
    elif key_of(at) == field:
        draft.replace(at, value)
    else:
        draft.put(at, (field,), value)


def set_mode(draft: Draft) -> None:
    """Standard mode, by the annotation of one service or the default for all."""
    if draft.problem.variant == "annotation":
        draft.replace(draft.problem.at, "Standard")
    else:
        set_setting(draft, "deploy", "defaultDeploymentMode", "Standard")


def name_gateway(draft: Draft) -> None:
    """The Gateway that is there."""
    there = str(draft.problem.facts["there"])
    if there.startswith("?"):
        raise UnfitError("its namespace is not known")
    set_setting(draft, "ingress", "kserveIngressGateway", there)


def name_class(draft: Draft) -> None:
    """The one class that is declared."""
    classes = list(declared_classes(draft.model))
    if len(classes) != 1:
        raise UnfitError("several classes are declared")
    draft.facts["wanted"] = classes[0]
    draft.replace(draft.problem.at, classes[0])


def set_definitions(draft: Draft) -> None:
    """The value that lets cert-manager's chart bring its CRDs."""
    _set(draft, str(draft.problem.facts["value"]), True)


def _settings(draft: Draft, key: str, field: str) -> Settings:
    at = draft.problem.at.place
    for settings in draft.model.settings:
        if settings.in_input and place(settings, key, field).place == at:
            return settings
    raise UnfitError("the installation was not found again")


def _set(draft: Draft, path: str, value: JsonValue) -> None:
    """A value of a chart: where it stands, else at the nearest block around it."""
    at, steps = draft.problem.at, tuple(path.split("."))
    way = draft.way(at)
    if key_of(at) == "value" and len(way) > 1 and way[-2].get("name") is not None:
        # one of the Application's `parameters`, which are text
        draft.replace(at, str(value).lower() if isinstance(value, bool) else value)
        return
    keys = [node.key.text for node in way if node.key is not None]
    if "valuesObject" in keys:
        keys = keys[keys.index("valuesObject") + 1 :]
    elif at.get("repoURL") is not None:
        keys, steps = [], ("helm", "valuesObject", *steps)
    elif keys[-1:] == ["helm"]:
        if at.string("values"):
            raise UnfitError("beside `valuesObject`, `values` would not count")
        keys, steps = [], ("valuesObject", *steps)
    if tuple(keys) != steps[: len(keys)]:
        raise UnfitError("the values are not laid out as expected")
    if len(keys) == len(steps):
        draft.replace(at, value)
    else:
        draft.put(at, steps[len(keys) :], value)
