"""What all reports of changes say alike."""

from __future__ import annotations

import json
import re
from collections import Counter
from difflib import unified_diff
from typing import TYPE_CHECKING, NamedTuple

from kslint.changes import ADDED, CHANGED, EFFECTS, REMOVED
from kslint.report import yaml
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kslint.changes import Change, Comparison, Difference, Effect, Subject, Value
    from kslint.source.nodes import JsonValue

MOST_FIELDS = 24
"""Fields of one object that are shown."""
_MOST_LINES = 16
_WIDEST = 160
_DIGITS = re.compile(r"\d+")
SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
WORDS = {
    "refused": "refused",
    "deleted": "deletes",
    "downtime": "downtime",
    "stopped": "stops",
    "claim": "other volume",
    "restart": "restart",
    "scaled": "scaled",
    "later": "later",
    "admitted": "accepted",
    "noted": "note",
    "unknown": "unknown",
}
"""What each kind of effect is called."""


class Group(NamedTuple):
    """Objects to which the same happens, and what they are made of, if that is one object."""

    owner: Subject | None
    differences: tuple[Difference, ...]

    @property
    def first(self) -> Difference:
        return self.differences[0]


def groups(comparison: Comparison) -> list[Group]:
    """The differences in their order; what happens to several objects alike stands once."""
    alike: dict[object, list[Difference]] = {}
    for one in comparison.differences:
        alike.setdefault(_likeness(one), []).append(one)
    found = []
    for several in alike.values():
        owners = {one.owner for one in several}
        if len(several) > 2 and several[0].what == CHANGED:
            found.append(Group(owners.pop() if len(owners) == 1 else None, tuple(several)))
        else:
            found += [Group(one.owner, (one,)) for one in several]
    order = {id(one): number for number, one in enumerate(comparison.differences)}
    found.sort(key=lambda group: order[id(group.first)])
    return found


def _likeness(one: Difference) -> object:
    fields = tuple(
        (change.path, *(_known(value) for value in (change.old, change.new)))
        for change in one.changes
    )
    texts = tuple((effect.kind, effect.text) for effect in one.effects)
    own = one.subject if one.what != CHANGED else one.subject.kind
    return own, fields, texts


def _known(value: Value | None) -> str | None:
    if value is None:
        return None
    return json.dumps([value.value, value.origin, value.origin == "" and str(value.span)])


def title(subject: Subject) -> str:
    """`Deployment models/qwen`."""
    place = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {place}{subject.name}"


def heading(group: Group) -> str:
    """What a group is about: one object, or several of a kind."""
    first = group.first.subject
    if len(group.differences) == 1:
        return title(first)
    names = [title(one.subject).partition(" ")[2] for one in group.differences]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"{first.kind} {', '.join(names[:6])}{more}"


def value_lines(change: Change) -> Iterator[tuple[str, str, str]]:
    """A changed value line by line: (sign, text, where it comes from)."""
    old, new = change.old, change.new
    if old is not None and new is not None and _is_long(old.value) and _is_long(new.value):
        yield from _text_lines(old, new)
        return
    for sign, value in (("-", old), ("+", new)):
        if value is not None:
            repeats = value is old and new is not None and _is_alike(old, new)
            yield sign, shown(value.value), "" if repeats else source(value)


def _is_alike(old: Value, new: Value) -> bool:
    """Do both come from the same thing at two releases? Then the newer one says it."""
    one, other = (_DIGITS.sub("0", value.origin) for value in (old, new))
    return bool(one) and one == other and old.span is new.span is None


def _is_long(value: JsonValue) -> bool:
    return isinstance(value, str) and "\n" in value.strip("\n")


def _text_lines(old: Value, new: Value) -> Iterator[tuple[str, str, str]]:
    """Text of several lines: the lines that differ."""
    before, after = (str(value.value).split("\n") for value in (old, new))
    lines = list(unified_diff(before, after, lineterm="", n=1))[3:]
    note = source(new)
    for number, line in enumerate(lines[:_MOST_LINES]):
        sign, text = (" ", "…") if line.startswith("@@ ") else (line[:1], line[1:])
        yield sign, clipped(text), note if number == 0 else ""
    if len(lines) > _MOST_LINES:
        yield " ", f"… {count(len(lines) - _MOST_LINES, 'more line')}", ""


def shown(value: JsonValue) -> str:
    """A value on one line, as YAML or, of blocks, as JSON."""
    if isinstance(value, str):
        return clipped(yaml.scalar(value))
    return clipped(json.dumps(value, ensure_ascii=False))


def clipped(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def source(value: Value) -> str:
    """Where a value comes from: a place of the input, what made it so, or both."""
    place = "" if value.span is None else f"{value.span.file}:{value.span.line}"
    if not value.origin:
        return place
    return f"{value.origin} ({place})" if place else value.origin


def references(difference: Difference) -> list[str]:
    """The upstream sources of a difference, each once."""
    found: dict[str, None] = {}
    for change in difference.changes:
        for value in (change.old, change.new):
            if value is not None and value.reference:
                found.setdefault(value.reference)
    for effect in difference.effects:
        if effect.reference:
            found.setdefault(effect.reference)
    return list(found)


def gravest(effects: Sequence[Effect]) -> list[Effect]:
    order = list(EFFECTS)
    return sorted(effects, key=lambda effect: order.index(effect.kind))


def summary(comparison: Comparison) -> str:
    """`3 objects change, 1 comes, 1 goes: 1 refused, 2 restart`."""
    counts = Counter(one.what for one in comparison.differences)
    parts = []
    if counts[CHANGED]:
        parts.append(f"{count(counts[CHANGED], 'object')} changed")
    parts += [f"{counts[what]} {what}" for what in (ADDED, REMOVED) if counts[what]]
    if not parts:
        return (
            "Nothing changes" if not comparison.unmodelled else "Nothing that is modelled changes"
        )
    return ", ".join(parts)


def tallies(comparison: Comparison) -> list[tuple[str, int]]:
    """How many objects each kind of effect meets, the gravest first."""
    met = Counter(
        kind for one in comparison.differences for kind in {effect.kind for effect in one.effects}
    )
    return [(kind, met[kind]) for kind in EFFECTS if met[kind]]
