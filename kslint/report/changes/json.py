"""What changes as JSON: a versioned contract that only grows. `json.schema.json` states it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kslint.changes import EFFECTS
from kslint.report.changes import common
from kslint.report.json import place, text_of

if TYPE_CHECKING:
    from kslint.changes import Comparison, Difference, Effect, Subject, Value

VERSION = 1


def render(comparison: Comparison, _colour: bool = False) -> str:
    """Everything that differs as one JSON document, ending in a line break."""
    whats = [one.what for one in comparison.differences]
    return text_of(
        {
            "version": VERSION,
            "command": comparison.command,
            "old": comparison.old,
            "new": comparison.new,
            "objects": [_object(one) for one in comparison.differences],
            "unmodelled": [one._asdict() for one in comparison.unmodelled],
            "failed": comparison.failed,
            "summary": {
                "changed": whats.count("changed"),
                "added": whats.count("added"),
                "removed": whats.count("removed"),
                "effects": dict(common.tallies(comparison)),
            },
        }
    )


def _object(one: Difference) -> dict[str, Any]:
    return {
        "change": one.what,
        **_subject(one.subject),
        "owner": None if one.owner is None else _subject(one.owner),
        "place": one.place,
        "fields": [
            {"path": change.path, "old": _value(change.old), "new": _value(change.new)}
            for change in one.changes
        ],
        "effects": [_effect(effect) for effect in one.effects],
    }


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "group": subject.group,
        "namespace": subject.namespace,
        "name": subject.name,
    }


def _value(value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "value": value.value,
        "origin": value.origin or None,
        "reference": value.reference or None,
        "place": None if value.span is None else place(value.span),
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "kind": effect.kind,
        "severity": EFFECTS[effect.kind],
        "text": effect.text,
        "reference": effect.reference or None,
        "place": None if effect.span is None else place(effect.span),
    }
