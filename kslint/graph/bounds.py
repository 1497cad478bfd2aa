"""How far builds of kustomize are followed: what all those of an input may gather and change.

A kustomization of a few bytes takes in a base of any size, again and again, and patches every
object of it. What is counted is the same on every machine, so a tree has one answer.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.graph.items import Item
    from kslint.source.nodes import Map

MAX_OBJECTS = 20_000
"""Objects, and bases, that all builds together gather."""
MAX_VALUES = 1_500_000
"""Values, of which a mapping or a list is one as well, in these objects."""
MAX_CHANGES = 2_000_000
"""How often all builds together hold a patch or another transformation against an object."""
_STEP = 64
"""Values of an object that count as one more to change."""


class Bounds:
    """What is left to the builds of one input. Methods say whether there was enough."""

    def __init__(self) -> None:
        self._objects, self._changes = MAX_OBJECTS, MAX_CHANGES
        self._values = self._added = MAX_VALUES
        self._sizes: dict[int, tuple[Map, int]] = {}

    @property
    def exceeded(self) -> str | None:
        """Why nothing more is gathered; None as long as there is room."""
        if self._objects < 0:
            return f"all builds together have more than {MAX_OBJECTS:,} objects"
        if self._values < 0 or self._added < 0:
            return f"all builds together have more than {MAX_VALUES:,} values"
        return None

    def gather(self, body: Map | None = None) -> int:
        """Count an object, or a base, and give its weight."""
        size = 1 if body is None else self.size(body)
        self._objects -= 1
        self._values -= size
        return 1 + size // _STEP

    @property
    def unchanged(self) -> str:
        """Why nothing more is changed, where `change` says so."""
        return f"all builds together change objects more than {MAX_CHANGES:,} times"

    def grow(self, item: Item) -> bool:
        """Count what patches have put into an object since it was gathered."""
        self._added -= max(self._count(item.body) - _STEP * item.weight, 0)
        return self._added >= 0

    def change(self, items: Iterable[Item], times: int = 1) -> bool:
        """Count so many transformations of each of these."""
        if self._changes >= 0 and times:
            self._changes -= times * sum(item.weight for item in items)
        return self._changes >= 0

    def size(self, body: Map) -> int:
        """How many values an object has that is taken in as it is written, perhaps many times."""
        if id(body) not in self._sizes:
            self._sizes[id(body)] = (body, self._count(body))
        return self._sizes[id(body)][1]

    def _count(self, body: Map) -> int:
        """A definition counts as one value: its schema is not read, here or by what changes it."""
        if body.string("kind") == "CustomResourceDefinition":
            return 1
        return sum(1 for _ in islice(walk(body), _STEP + MAX_VALUES))
