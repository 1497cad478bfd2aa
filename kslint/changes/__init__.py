"""What differs between two states of a cluster, why, and what it does to what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import JsonValue, Span  # noqa: TC001  (NamedTuple fields)

if TYPE_CHECKING:
    from collections.abc import Iterable

ADDED, REMOVED, CHANGED = "added", "removed", "changed"

REFUSED, DOWNTIME, DELETED, STOPPED = "refused", "downtime", "deleted", "stopped"
CLAIM, RESTART, SCALED, LATER = "claim", "restart", "scaled", "later"
ADMITTED, UNKNOWN, NOTED = "admitted", "unknown", "noted"
EFFECTS = {
    REFUSED: "error",
    DELETED: "error",
    DOWNTIME: "error",
    STOPPED: "error",
    CLAIM: "warning",
    RESTART: "warning",
    SCALED: "note",
    LATER: "note",
    ADMITTED: "note",
    NOTED: "warning",
    UNKNOWN: "warning",
}
"""The kinds of effects, from the gravest on, and how grave each is."""


class Subject(NamedTuple):
    """An object by its name. `group` is "" for the core group, `namespace` None if not known."""

    kind: str
    group: str
    namespace: str | None
    name: str


class Value(NamedTuple):
    """A value on one side: where it is written, or what it comes from if nobody wrote it."""

    value: JsonValue
    origin: str = ""
    reference: str = ""
    span: Span | None = None


class Change(NamedTuple):
    """One field that differs. A side that does not have it is None."""

    path: str
    old: Value | None
    new: Value | None


class Effect(NamedTuple):
    """What a change does to the cluster, and the upstream source that says so."""

    kind: str
    text: str
    reference: str = ""
    span: Span | None = None


class Difference(NamedTuple):
    """An object that comes, goes or changes. `owner` is what KServe makes it of.

    `place` is the file, or the directory that kustomize builds, that it comes from.
    """

    what: str
    subject: Subject
    owner: Subject | None
    place: str
    changes: tuple[Change, ...] = ()
    effects: tuple[Effect, ...] = ()


class Unmodelled(NamedTuple):
    """Something that changed, of which it is not known what the cluster makes of it."""

    file: str
    reason: str


class Comparison(NamedTuple):
    """All that differs. `command` is what asked, `old` and `new` name the two sides."""

    command: str
    old: str
    new: str
    differences: tuple[Difference, ...]
    unmodelled: tuple[Unmodelled, ...] = ()
    failed: bool = False

    def effects(self) -> Iterable[Effect]:
        """Every effect there is."""
        return (effect for one in self.differences for effect in one.effects)

    @property
    def differs(self) -> bool:
        return bool(self.differences or self.unmodelled)
