"""The one tree every later room reads: values that know their place and where they came from.

A node is either *written* (it stands in a file, at a span) or *made* (a controller, a
ConfigMap or an API server will put it there). Both kinds live in the same tree, so a check
can ask any value for its origin and a report can point at it.

Access never raises on a wrong shape: asking a list for a key gives None, asking a string
for its elements gives nothing. Shapes are judged by the validation rules, once, and not by
every reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from kslint.source.scalars import NUMBER_START, WORDS, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.source.files import Source
    from kslint.source.scalars import Plain

JsonValue = Union[str, int, float, bool, None, list["JsonValue"], dict[str, "JsonValue"]]


class Mark(NamedTuple):
    """A zero-based position, in the shape PyYAML's marks have."""

    line: int
    column: int


class Span(NamedTuple):
    """A range of text. Lines and columns are 1-based; the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Origin(NamedTuple):
    """Where an effective value comes from.

    `kind` is one of: written, runtime, config, helm, chart, controller, api-server.
    `text` completes the sentence "... comes from". `reference` names the upstream source of
    the fact. `span` points at the place, when that place is in the input. `cause` is what made
    this one so: the webhook fills in a limit *because* a setting says so.
    """

    kind: str
    text: str
    reference: str = ""
    span: Span | None = None
    cause: Origin | None = None

    @property
    def root(self) -> Origin:
        """The last link of the chain: what a user would change."""
        return self if self.cause is None else self.cause.root


class Node:
    """A value and its place. `key` is the node of the key it stands under, if any."""

    __slots__ = ("end", "key", "origin", "source", "start")

    source: Source | None
    start: Mark | None
    end: Mark | None
    key: Scalar | None
    origin: Origin | None

    @property
    def is_null(self) -> bool:
        return False

    @property
    def text(self) -> str | None:
        """The string a Kubernetes string field would hold, or None if this is no scalar."""
        return None

    @property
    def span(self) -> Span | None:
        """The span of the value itself, or None if it stands in no file."""
        if self.source is None or self.start is None or self.end is None:
            return None
        start, end = self.start, (self.end.line, self.end.column)
        if not isinstance(self, Scalar):
            end = self.source.end_of_text((start.line, start.column), end)
        return Span(self.source.name, start.line + 1, start.column + 1, end[0] + 1, end[1] + 1)

    @property
    def place(self) -> Span | None:
        """Where a finding about this value points: its key, else its first key, else itself."""
        if self.key is not None and self.key.span is not None:
            return self.key.span
        for _name, child in self.items():  # noqa: PERF102  (no dict: a node)
            if child.key is not None and child.key.span is not None:
                return child.key.span
        return self.span

    def get(self, key: str) -> Node | None:  # noqa: ARG002  (a scalar or a list has no keys)
        return None

    def at(self, *path: str | int) -> Node | None:
        """The node at a path of keys and indices, or None."""
        node: Node | None = self
        for step in path:
            if node.__class__ is Map:  # mostly: a call of its own would cost as much as all else
                node = node.entries.get(step)  # type: ignore[arg-type]
            elif node.__class__ is Seq and step.__class__ is int:
                children = node.children
                node = children[step] if -len(children) <= step < len(children) else None
            elif isinstance(node, Map):
                node = node.entries.get(step)  # type: ignore[arg-type]
            else:
                return None
        return node

    def nearest(self, *path: str) -> Node:
        """The deepest written node on the way down `path`: the block a missing key belongs to."""
        node: Node = self
        for step in path:
            child = node.get(step)
            if child is None or child.start is None:
                break
            node = child
        return node

    def items(self) -> Iterable[tuple[str, Node]]:
        return ()

    def elements(self) -> list[Node]:
        return []

    def listed(self, *path: str | int) -> list[Node]:
        """The elements of the list at a path; none where there is no list."""
        node = self.at(*path)
        return [] if node is None else node.elements()

    def string(self, *path: str | int) -> str | None:
        """The text at a path; None where there is no scalar, or an explicit null."""
        node = self.at(*path)
        if not isinstance(node, Scalar):
            return None
        value = node.value
        if value is None or isinstance(value, str):
            return value
        return node.text

    def integer(self, *path: str | int) -> int | None:
        """The integer at a path; None where there is none (a quoted number is a string)."""
        node = self.at(*path)
        if isinstance(node, Scalar):
            value = node.value
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            if isinstance(value, float) and value.is_integer():
                return int(value)
        return None

    def boolean(self, *path: str | int) -> bool | None:
        node = self.at(*path)
        value = node.value if isinstance(node, Scalar) else None
        return value if isinstance(value, bool) else None

    def plain(self) -> JsonValue:
        """The value as Kubernetes would hold it in JSON."""
        raise NotImplementedError

    def moved(self, key: Scalar | None) -> Node:
        """A shallow copy that stands under another key (an alias, a merged field)."""
        raise NotImplementedError

    def from_origin(self, origin: Origin) -> Node:
        """A deep copy whose every value carries `origin`, with its own span where it has one."""
        raise NotImplementedError

    def _copy_place(self, other: Node) -> None:
        other.source = self.source
        other.start = self.start
        other.end = self.end
        other.key = self.key
        other.origin = self.origin


class Scalar(Node):
    """A string, number, boolean or null. `literal` is the text as it stands in the file."""

    __slots__ = ("literal", "plain_style", "tag")

    def __init__(
        self,
        literal: str,
        plain_style: bool = True,
        tag: str | None = None,
        source: Source | None = None,
        start: Mark | None = None,
        end: Mark | None = None,
    ) -> None:
        self.literal = literal
        self.plain_style = plain_style
        self.tag = tag
        self.source = source
        self.start = start
        self.end = end
        self.key = None
        self.origin = None

    @property
    def value(self) -> Plain:
        literal = self.literal
        if self.tag is None and (
            not self.plain_style or (literal not in WORDS and literal[0] not in NUMBER_START)
        ):
            return literal  # most are; `resolve` would say so too
        return resolve(literal, self.plain_style, self.tag)

    @property
    def is_null(self) -> bool:
        if self.tag is not None:
            return self.value is None
        return self.plain_style and WORDS.get(self.literal, False) is None

    @property
    def text(self) -> str:
        value = self.value
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
        return str(value)

    def plain(self) -> JsonValue:
        return self.value

    def moved(self, key: Scalar | None) -> Scalar:
        other = Scalar(self.literal, self.plain_style, self.tag)
        self._copy_place(other)
        other.key = key
        return other

    def from_origin(self, origin: Origin) -> Scalar:
        other = self.moved(self.key)
        other.origin = origin._replace(span=other.span or origin.span)
        return other

    def __repr__(self) -> str:
        return f"Scalar({self.literal!r})"


class Map(Node):
    """A mapping. Key order is the file's; a key that occurs twice holds its last value."""

    __slots__ = ("entries",)

    def __init__(
        self,
        entries: dict[str, Node] | None = None,
        source: Source | None = None,
        start: Mark | None = None,
        end: Mark | None = None,
    ) -> None:
        self.entries: dict[str, Node] = {} if entries is None else entries
        self.source = source
        self.start = start
        self.end = end
        self.key = None
        self.origin = None

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def items(self) -> Iterable[tuple[str, Node]]:
        return self.entries.items()

    def plain(self) -> dict[str, JsonValue]:
        return {name: child.plain() for name, child in self.entries.items()}

    def moved(self, key: Scalar | None) -> Map:
        other = Map(self.entries)
        self._copy_place(other)
        other.key = key
        return other

    def with_entries(self, entries: dict[str, Node]) -> Map:
        """The same place with other contents."""
        other = Map(entries)
        self._copy_place(other)
        return other

    def from_origin(self, origin: Origin) -> Map:
        other = self.with_entries({n: c.from_origin(origin) for n, c in self.entries.items()})
        other.origin = origin._replace(span=other.span or origin.span)
        return other

    def __repr__(self) -> str:
        return f"Map({list(self.entries)})"


class Opened(Map):
    """A mapping whose entries were read late, because something asked for them."""

    __slots__ = ()


class Deferred(Map):
    """A mapping whose entries are read when they are first asked for."""

    __slots__ = ()

    def __init__(self, read: Callable[[], dict[str, Node]], source: Source | None) -> None:
        self.source = source
        self.start = self.end = self.key = self.origin = None
        _ENTRIES.__set__(self, read)

    @property
    def read(self) -> Callable[[], dict[str, Node]]:
        found: Callable[[], dict[str, Node]] = _ENTRIES.__get__(self)
        return found

    @property
    def entries(self) -> dict[str, Node]:
        found = self.read()
        self.entries = found
        return found

    @entries.setter
    def entries(self, entries: dict[str, Node]) -> None:
        self.__class__ = Opened  # type: ignore[assignment]
        _ENTRIES.__set__(self, entries)


_ENTRIES: Any = Map.__dict__["entries"]
"""Where a mapping has its entries, and a deferred one what reads them."""


class Seq(Node):
    """A list."""

    __slots__ = ("children",)

    def __init__(
        self,
        children: list[Node] | None = None,
        source: Source | None = None,
        start: Mark | None = None,
        end: Mark | None = None,
    ) -> None:
        self.children: list[Node] = [] if children is None else children
        self.source = source
        self.start = start
        self.end = end
        self.key = None
        self.origin = None

    def elements(self) -> list[Node]:
        return self.children

    def plain(self) -> list[JsonValue]:
        return [child.plain() for child in self.children]

    def moved(self, key: Scalar | None) -> Seq:
        other = Seq(self.children)
        self._copy_place(other)
        other.key = key
        return other

    def with_children(self, children: list[Node]) -> Seq:
        """The same place with other contents."""
        other = Seq(children)
        self._copy_place(other)
        return other

    def from_origin(self, origin: Origin) -> Seq:
        other = self.with_children([child.from_origin(origin) for child in self.children])
        other.origin = origin._replace(span=other.span or origin.span)
        return other

    def __repr__(self) -> str:
        return f"Seq({len(self.children)})"


def made(value: object, origin: Origin) -> Node:
    """A node tree for a value that stands in no file.

    `value` is anything JSON can hold, or contains nodes already made.
    Raises TypeError on anything else.
    """
    node: Node
    if isinstance(value, Node):
        return value
    if isinstance(value, str):
        node = Scalar(value, plain_style=False)
    elif value is None:
        node = Scalar("null")
    elif isinstance(value, bool):
        node = Scalar("true" if value else "false")
    elif isinstance(value, (int, float)):
        node = Scalar(repr(value))
    elif isinstance(value, (list, tuple)):
        node = Seq([made(v, origin) for v in value])
    elif isinstance(value, Mapping):
        node = Map({str(k): made(v, origin) for k, v in value.items()})
    else:
        raise TypeError(f"cannot make a node of {type(value).__name__}")
    node.origin = origin
    return node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything under it, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        children = [child for _, child in current.items()] or current.elements()
        stack.extend(reversed(children))
