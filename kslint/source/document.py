"""One YAML document as it was read: its tree, and what about it Kubernetes reads otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kslint.source.nodes import Node, Scalar, Span


class Duplicate(NamedTuple):
    """A key that occurs twice in one mapping."""

    name: str
    again: Scalar
    first: Scalar


class Refusal(NamedTuple):
    """What YAML allows and a Kubernetes object must not hold, since JSON has no form for it."""

    message: str
    span: Span


class Overridden(NamedTuple):
    """A value that go-yaml replaces by what a merge key below it brings; YAML would keep it."""

    name: str
    written: Node
    brought: Node
    merge: Scalar


class Redefined(NamedTuple):
    """An anchor that was defined again before an alias used it."""

    name: str
    first: Node
    again: Node
    alias: Span


class Document(NamedTuple):
    """One YAML document. `number` counts from 0 within its file."""

    root: Node
    number: int
    duplicates: list[Duplicate]
    refusals: list[Refusal]
    composite_keys: list[Span]
    """Where a mapping or list is used as a key: mostly an unrendered `{{ x }}`."""
    overridden: list[Overridden]
    redefined: list[Redefined]
