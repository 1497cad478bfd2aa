"""What changes, as Markdown for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import CHANGED, EFFECTS
from kslint.report.changes import common
from kslint.report.frames import printable
from kslint.report.markdown import LIMIT, code, fenced, fitting, prose
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.changes import Comparison, Effect

_SIGNS = {"error": "🔴", "warning": "🟡", "note": "🔵"}
_NOTE_ROOM = 400


def render(comparison: Comparison, _colour: bool = False, limit: int = LIMIT) -> str:
    """The effects first, then one folded part for each object.

    Not longer than `limit` characters: parts that do not fit are left out from the end.
    """
    head = "".join(_head(comparison))
    tail = "".join(_unmodelled(comparison))
    groups = common.groups(comparison)
    parts = fitting(map(_part, groups), limit - len(head) - len(tail) - _NOTE_ROOM)
    left = len(groups) - len(parts)
    note = f"\n_Cut to fit: {count(left, 'part')} left out; the log of the run has all._\n"
    return head + "".join(parts) + (note if left else "") + tail


def _head(comparison: Comparison) -> Iterator[str]:
    kinds = [EFFECTS[kind] for kind, _ in common.tallies(comparison)]
    sign = next((_SIGNS[one] for one in _SIGNS if one in kinds), "🔵")
    if not comparison.differs:
        sign = "✅"
    yield f"### {sign} kslint {comparison.command}: {common.summary(comparison)}\n\n"
    yield f"{prose(comparison.old)} → {prose(comparison.new)}\n"
    if comparison.failed:
        yield "\n**Incomplete: some input could not be read**\n"
    rows = [
        f"| {_SIGNS[EFFECTS[effect.kind]]} {common.WORDS[effect.kind]} "
        f"| {code(common.heading(group))} | {_told(effect)} |\n"
        for group in common.groups(comparison)
        for effect in common.gravest(group.first.effects)
    ]
    if rows:
        yield "\n| | object | |\n|---|---|---|\n"
        shown = fitting(iter(rows), LIMIT // 3)
        yield from shown
        if len(rows) > len(shown):
            yield f"\n_{count(len(rows) - len(shown), 'more row')} left out_\n"


def _told(effect: Effect) -> str:
    place = "" if effect.span is None else f" {code(f'{effect.span.file}:{effect.span.line}')}"
    return prose(effect.text) + place


def _part(group: common.Group) -> str:
    one = group.first
    owner = "" if group.owner is None else f" of {code(common.title(group.owner))}"
    title = f"{one.what} {code(common.heading(group))}{owner}"
    if one.what != CHANGED or not one.changes:
        place = f" in {code(one.place)}" if group.owner is None else ""
        return f"\n{title}{place}\n"
    lines = list(_lines(group))
    blocks = [f"<details><summary>{title}</summary>", fenced("\n".join(lines), "diff")]
    sources = [f"- {code(each)}" for each in common.references(one)]
    if sources:
        blocks.append("\n".join(["Sources:", "", *sources]))
    return "\n" + "\n\n".join([*blocks, "</details>\n"])


def _lines(group: common.Group) -> Iterator[str]:
    changes = group.first.changes
    for change in changes[: common.MOST_FIELDS]:
        yield f"  {printable(change.path)}"
        for sign, text, note in common.value_lines(change):
            yield printable(f"{sign} {text}" + (f"  # {note}" if note else ""))
    if len(changes) > common.MOST_FIELDS:
        yield f"  … {count(len(changes) - common.MOST_FIELDS, 'more field')}"


def _unmodelled(comparison: Comparison) -> Iterator[str]:
    if not comparison.unmodelled:
        return
    rows = [f"- {code(one.file)} {prose(one.reason)}\n" for one in comparison.unmodelled]
    shown = fitting(iter(rows), LIMIT // 6)
    yield "\n**Not modelled, so what these changes do is unknown**\n\n"
    yield from shown
    if len(rows) > len(shown):
        yield f"- and {len(rows) - len(shown)} more\n"
