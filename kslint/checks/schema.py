"""What the API server cannot read: values that are no quantities, fields that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.findings import Problem
from kslint.model import quantities
from kslint.model.schemas.schema import is_newer, meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.model.quantities import Amount
    from kslint.resources import Resource

_SCHEMA_VERSION = (0, 19)


def invalid_quantity(model: Model) -> Iterator[Problem]:
    """A text where Kubernetes expects a quantity, in objects and in KServe's settings."""
    for resource in model.resources:
        for amount in quantities.of_resource(resource, model.schemas.reading(resource)):
            yield from _refused(amount, resource, "default")
    for settings in model.settings:
        for amount in quantities.of_settings(settings) if model.judges(settings.resource) else ():
            place, owner = amount.node.place, settings.resource
            inside = owner is not None and place is not None and place.file == owner.file
            yield from _refused(amount, owner if inside else None, "setting")


def _refused(amount: Amount, resource: Resource | None, variant: str) -> Iterator[Problem]:
    reason = quantities.refusal(amount.node)
    if reason is None or amount.node.place is None:
        return
    text = amount.node.text or ""
    yield Problem(
        amount.node,
        variant=variant,
        about=resource,
        field=amount.path,
        text=text,
        reason=reason,
        fix=quantities.suggestion(text) or "a number with one of m, k, M, G, Ki, Mi, Gi behind it",
    )


def unknown_field(model: Model) -> Iterator[Problem]:
    """A field that no schema of its kind has, so that the API server drops it."""
    version = tuple(int(part) for part in model.settings[0].profile.split("."))
    for resource in model.resources:
        reading = model.schemas.reading(resource)
        for step in () if reading is None else reading.dropped:
            newer = is_newer(step, resource.kind)
            if (newer and version > _SCHEMA_VERSION) or step.node.place is None:
                continue
            assert step.parent is not None
            wanted = meant(step)
            above, _, name = ("" if wanted is None else wanted).rpartition(".")
            same = above == step.parent.path
            alike = "nearest" if same else "elsewhere"
            yield Problem(
                step.node,
                variant="newer" if newer else "default" if wanted is None else alike,
                about=resource,
                field=step.path,
                kind=resource.kind,
                version=resource.version,
                name=name,
                block=above,
                fix="remove it" if wanted is None else f"write `{wanted}`",
            )
