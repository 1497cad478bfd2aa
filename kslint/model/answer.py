"""Answers that admit ignorance: known, unknown to us, or not there; and one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, Union

if TYPE_CHECKING:
    from kslint.source.nodes import Node

T = TypeVar("T")


class Known(Generic[T]):
    """A value, and the node it is written at (None: it is a default)."""

    __slots__ = ("node", "value")

    def __init__(self, value: T, node: Node | None = None) -> None:
        self.value = value
        self.node = node

    def __repr__(self) -> str:
        return f"Known({self.value!r})"


class Unknown:
    """There may be a value, but only the cluster knows it. `why` completes "because ..."."""

    __slots__ = ("node", "why")

    def __init__(self, why: str, node: Node | None = None) -> None:
        self.why = why
        self.node = node

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"


class Absent:
    """There is certainly no value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Absent()"


class Invalid:
    """A value that the program refuses, with the message its log will show."""

    __slots__ = ("error", "node", "text")

    def __init__(self, text: str, error: str, node: Node | None = None) -> None:
        self.text = text
        self.error = error
        self.node = node

    def __repr__(self) -> str:
        return f"Invalid({self.text!r}, {self.error!r})"


Answer = Union[Known[T], Unknown, Absent]
Checked = Union[Known[T], Unknown, Absent, Invalid]

ABSENT = Absent()


def integer(text: str, node: Node | None = None) -> Known[int] | Invalid:
    """What Python's `int()` makes of a text, with its own message where it refuses."""
    try:
        return Known(int(text), node)
    except ValueError as error:
        return Invalid(text, str(error), node)


class Failure(NamedTuple):
    """Something the webhook, the controller or the API server refuses, with its own message.

    `stage` is webhook, controller, api-server or pod-webhook (the Deployment exists, its pods
    are refused); `node` is what it is about, `other` a second value that it contradicts.
    """

    stage: str
    message: str
    node: Node
    code: str = ""
    other: Node | None = None


class Met(NamedTuple):
    """A failure on the way of an object, with what the cluster prints before its message.

    `made` is the kind of what KServe makes of the object, where it is this that is refused.
    """

    failure: Failure
    prefix: str
    made: str = ""
