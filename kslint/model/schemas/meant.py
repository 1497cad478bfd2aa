"""What a field that is dropped was probably meant to be."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.schemas.schema import ANYTHING
from kslint.model.schemas.walk import joined
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.schemas.schema import Schema
    from kslint.model.schemas.walk import Dropped, Reading, Trail
    from kslint.source.nodes import Node


class Step(NamedTuple):
    """A block on the way to the field. `node` is None where it is not written."""

    node: Node | None
    schema: Schema
    trail: Trail


def meant(reading: Reading, dropped: Dropped) -> str | None:
    """The path of the field that a dropped one was probably meant to be, or None.

    The same block first, but for case; then a block around it or one right below it that has
    a field of that name, if there is only one such place; then the same block by spelling.
    """
    assert dropped.trail is not None
    above = _chain(reading, dropped.trail[0])
    parent, wanted = above[-1], _plain(dropped.name)
    same = _named(parent.schema, wanted)
    if same is not None:
        return joined((parent.trail, same))
    return _around(above, wanted) or _within(parent, wanted) or _alike(parent, dropped.name)


def _chain(reading: Reading, trail: Trail) -> list[Step]:
    """The blocks on a way, from the object itself down."""
    names = []
    at = trail
    while at is not None:
        names.append(at[1])
        at = at[0]
    node, schema = reading.root, reading.schema
    found = [Step(node, schema, None)]
    for name in reversed(names):
        below = node.at(name)
        assert below is not None
        inner = schema.items if isinstance(name, int) else schema.fields[name]
        node, schema = below, inner or ANYTHING
        found.append(Step(node, schema, (found[-1].trail, name)))
    return found


def _around(above: list[Step], wanted: str) -> str | None:
    for step in reversed(above[1:-1]):
        found = _named(step.schema, wanted)
        if found is not None:
            return joined((step.trail, found))
    return None


def _within(parent: Step, wanted: str) -> str | None:
    """In a block that is written below, else in the only one that could be."""
    for level in _blocks_below(parent):
        found = [
            joined((step.trail, name))
            for step in level
            if (name := _named(step.schema, wanted)) is not None
        ]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


@lru_cache(maxsize=8)
def _blocks_below(parent: Step) -> tuple[list[Step], list[Step], list[Step]]:
    """The blocks written right below one, those below them, and those that could be written.

    Kept for the next unknown field, which often stands in the same block.
    """
    written = list(_below(parent))
    deeper = [step for each in written for step in _below(each)]
    possible = [
        Step(None, parent.schema.fields[name] or ANYTHING, (parent.trail, name))
        for name in parent.schema.names
    ]
    return written, deeper, possible


def _below(step: Step) -> Iterator[Step]:
    """The mappings and lists right below a block that its schema knows."""
    assert step.node is not None
    for name, child in step.node.items():
        schema = step.schema.fields[name]
        if schema is not None and isinstance(child, (Map, Seq)):
            yield Step(child, schema, (step.trail, name))
    items = step.schema.items
    if items is not None:
        for index, child in enumerate(step.node.elements()):
            if isinstance(child, (Map, Seq)):
                yield Step(child, items, (step.trail, index))


def _alike(parent: Step, name: str) -> str | None:
    import difflib

    plain = {_plain(known): known for known in parent.schema.names}
    close = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.66)
    return joined((parent.trail, plain[close[0]])) if close else None


def _named(schema: Schema, wanted: str) -> str | None:
    return next((name for name in schema.names if _plain(name) == wanted), None)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
