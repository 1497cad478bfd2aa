"""What changes, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.changes import ADDED, CHANGED, EFFECTS, REMOVED
from kslint.report.changes import common
from kslint.report.frames import printable
from kslint.report.terminal import Painter, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.changes import Comparison, Difference, Effect, Subject

UPGRADE = "upgrade"
"""The command whose differences come from releases: each with its source."""
_STYLES = {ADDED: "help", REMOVED: "error", CHANGED: "warning"}
_SIDES = {"+": "help", "-": "error"}


def render(comparison: Comparison, colour: bool = False) -> str:
    """Every difference, what is not modelled, and a summary."""
    paint = Painter(colour)
    blocks: list[list[str]] = [[paint("bold", f"{comparison.old} → {comparison.new}")]]
    above: Subject | None = None
    for group in common.groups(comparison):
        owner, single = group.owner, len(group.differences) == 1
        if owner is None or not single or owner != above:
            blocks.append([])
            if owner is not None and single:
                blocks[-1].append(paint("bold", printable(common.title(owner))))
        inside = owner is not None and single
        blocks[-1] += _lines(group, paint, "  " if inside else "")
        if comparison.command == UPGRADE:
            blocks[-1] += _sources(group, paint, "  " if inside else "")
        above = owner if inside else group.first.subject if single else None
    if comparison.unmodelled:
        head = paint("bold", "Not modelled: what these changes do is unknown")
        rows = [
            f"  {paint('related', printable(one.file))} {printable(one.reason)}"
            for one in comparison.unmodelled
        ]
        blocks.append([head, *rows])
    blocks.append([_summary(comparison, paint)])
    return "".join(_spaced(blocks))


def _spaced(blocks: list[list[str]]) -> Iterator[str]:
    """Blocks with a blank line between them, but for objects of one line each."""
    for number, block in enumerate(blocks):
        before = blocks[number - 1] if number > 1 else []
        if number and not (len(block) == len(before) == 1 and number < len(blocks) - 1):
            yield "\n"
        yield from (f"{line}\n" for line in block)


def _summary(comparison: Comparison, paint: Painter) -> str:
    text = common.summary(comparison)
    met = [
        paint(EFFECTS[kind], f"{amount} {common.WORDS[kind]}")
        for kind, amount in common.tallies(comparison)
    ]
    return f"{text}: {', '.join(met)}" if met else text


def _lines(group: common.Group, paint: Painter, indent: str) -> Iterator[str]:
    one = group.first
    sign = paint(_STYLES[one.what], common.SIGNS[one.what])
    head = paint("bold", printable(common.heading(group)))
    place = "" if group.owner is not None or len(group.differences) > 1 else one.place
    yield f"{indent}{sign} {head}" + (paint("dim", f"  {printable(place)}") if place else "")
    for effect in common.gravest(one.effects):
        yield from _effect(effect, paint, indent)
    yield from _fields(one, paint, indent + "    ")


def _sources(group: common.Group, paint: Painter, indent: str) -> Iterator[str]:
    for reference in common.references(group.first):
        yield f"{indent}  {paint('frame', '=')} {paint('dim', printable(reference))}"


def _effect(effect: Effect, paint: Painter, indent: str) -> Iterator[str]:
    word = paint(EFFECTS[effect.kind], common.WORDS[effect.kind])
    place = "" if effect.span is None else f" ({effect.span})"
    first, *more = effect.text.split("\n")
    yield f"{indent}  {word}: {printable(first + ('' if more else place))}"
    for number, line in enumerate(more, 1):
        yield f"{indent}    {printable(line + (place if number == len(more) else ''))}"


def _fields(one: Difference, paint: Painter, indent: str) -> Iterator[str]:
    for change in one.changes[: common.MOST_FIELDS]:
        yield f"{indent}{paint('related', printable(change.path))}"
        for sign, text, note in common.value_lines(change):
            line = f"{indent}  {sign} {printable(text)}"
            line = paint(_SIDES[sign], line) if sign in _SIDES else line
            yield line + (paint("dim", f"  # {printable(note)}") if note else "")
    hidden = len(one.changes) - common.MOST_FIELDS
    if hidden > 0:
        yield f"{indent}… {count(hidden, 'more field')} (JSON has all)"
