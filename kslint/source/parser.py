"""Guarded composing: libyaml's events into positioned nodes, in one pass.

PyYAML's own composer recurses in C and dies on deep nesting, refuses redefined anchors that
Kubernetes accepts, and drops duplicate keys. This one is a loop over events, so depth,
alias expansion and document count are bounded before anything is built, and nothing is ever
constructed from a tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from kslint.source.nodes import Map, Scalar, Seq, Span
from kslint.source.scalars import KEY_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.files import Source
    from kslint.source.nodes import Node

MAX_DEPTH = 200
MAX_EXPANSION = 500_000
"""Nodes a document may hold once its aliases are expanded; only counted where it has aliases."""


class YamlError(Exception):
    """YAML that cannot be read: a message, its place and, where it helps, a second place."""

    def __init__(self, message: str, span: Span, related: tuple[tuple[Span, str], ...] = ()):
        super().__init__(message)
        self.message = message
        self.span = span
        self.related = related


class Duplicate(NamedTuple):
    """A key that stands twice in one mapping."""

    name: str
    again: Scalar
    first: Scalar


class Document(NamedTuple):
    """One YAML document. `number` counts from 0 within its file."""

    root: Node
    number: int
    duplicates: list[Duplicate]
    composite_keys: bool
    """A mapping or list was used as a key: not a Kubernetes object, mostly an unrendered `{{ x }}`."""


def event_parser(data: bytes | str) -> Any:
    """Libyaml's parser where PyYAML was built with it, else the pure one."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return yaml.SafeLoader(data)
    return CParser(data)


def compose(source: Source, data: bytes | str) -> Iterator[Document]:
    """The documents of one YAML stream, in order.

    Raises YamlError at the first place that cannot be read; documents before it have
    been yielded by then.
    """
    try:
        yield from _documents(source, event_parser(data).get_event)
    except yaml.MarkedYAMLError as error:
        raise _located(source, error) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(*_unreadable(source, error)) from None


def _documents(source: Source, next_event: Any) -> Iterator[Document]:
    index = 0
    while True:
        event = next_event()
        kind = event.__class__
        if kind is StreamEndEvent:
            return
        if kind is DocumentStartEvent:
            yield _document(source, next_event, index)
            index += 1


def _document(source: Source, next_event: Any, index: int) -> Document:
    """Compose up to the end of the document. The loop keeps its state in locals for speed."""
    duplicates: list[Duplicate] = []
    composite = False
    anchors: dict[str, tuple[Node, int]] = {}
    open_anchors: dict[int, tuple[str, int]] = {}
    count = 0  # nodes so far, aliases expanded
    stack: list[tuple[Node | None, Scalar | None, set[str] | None]] = []
    container: Node | None = None
    key: Scalar | None = None  # the key that waits for its value, in a mapping
    merged: set[str] | None = None  # names a merge key brought into the current mapping
    root: Node | None = None

    while True:
        event = next_event()
        kind = event.__class__
        node: Node
        if kind is ScalarEvent:
            node = Scalar(
                event.value,
                event.implicit[0],
                event.tag,
                source,
                event.start_mark,
                event.end_mark,
            )
            count += 1
            if event.anchor:
                anchors[event.anchor] = (node, 1)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            start, end = event.start_mark, event.end_mark
            node = (
                Map(None, source, start, end)
                if kind is MappingStartEvent
                else Seq(None, source, start, end)
            )
            count += 1
            if event.anchor:
                anchors[event.anchor] = (node, -1)
                open_anchors[id(node)] = (event.anchor, count)
            if len(stack) >= MAX_DEPTH:
                raise YamlError(f"nested deeper than {MAX_DEPTH} levels", _span(source, start, end))
            stack.append((container, key, merged))
            container, key, merged = node, None, None
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            assert container is not None
            node = container
            node.end = event.end_mark
            if open_anchors and id(node) in open_anchors:
                name, began = open_anchors.pop(id(node))
                if anchors[name][0] is node:
                    anchors[name] = (node, count - began + 1)
            container, key, merged = stack.pop()
        elif kind is AliasEvent:
            here = _span(source, event.start_mark, event.end_mark)
            if event.anchor not in anchors:
                raise YamlError(f"alias *{event.anchor} has no anchor before it", here)
            target, size = anchors[event.anchor]
            if size < 0:
                raise YamlError(f"alias *{event.anchor} stands inside its own anchor", here)
            count += size
            if count > MAX_EXPANSION:
                raise YamlError(
                    f"aliases expand to more than {MAX_EXPANSION} nodes (a YAML bomb?)", here
                )
            node = target.moved(None)
        else:  # the end of the document
            break

        if container is None:
            root = node
        elif container.__class__ is Seq:
            container.children.append(node)  # type: ignore[attr-defined]
        elif key is None:
            if node.__class__ is Scalar:
                key = node  # type: ignore[assignment]
            else:
                composite = True
                key = Scalar("", True, None, source, node.start, node.end)
        else:
            name = key.literal
            entries: dict[str, Node] = container.entries  # type: ignore[attr-defined]
            if key.plain_style:
                if name == "<<":
                    merged = _merge(entries, node, key, source, merged)
                    key = None
                    continue
                name = KEY_WORDS.get(name, name)
            node.key = key
            if name in entries:
                if merged is None or name not in merged:
                    first = entries[name].key
                    assert first is not None
                    duplicates.append(Duplicate(name, key, first))
                else:
                    merged.discard(name)
            entries[name] = node
            key = None

    if root is None:
        root = Scalar("", True, None, source, event.start_mark, event.end_mark)
    return Document(root, index, duplicates, composite)


def _merge(
    entries: dict[str, Node], value: Node, key: Scalar, source: Source, merged: set[str] | None
) -> set[str]:
    """Apply `<<: value` the way go-yaml does: at its place, over what stands before it."""
    merged = set() if merged is None else merged
    maps = value.elements() or [value]
    for item in reversed(maps):  # of a list, the earlier mapping wins
        if not isinstance(item, Map):
            raise YamlError(
                "a merge key `<<` takes a mapping or a list of mappings",
                _span(source, key.start, key.end),
            )
        entries.update(item.entries)
        merged.update(item.entries)
    return merged


def _span(source: Source, start: Any, end: Any) -> Span:
    return Span(source.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _located(source: Source, error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.problem or error.context or "invalid YAML",) if part)
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    span = Span(source.name, line + 1, column + 1, line + 1, column + 2)
    related: tuple[tuple[Span, str], ...] = ()
    context = error.context_mark
    if context is not None and error.context and (context.line, context.column) != (line, column):
        place = Span(
            source.name, context.line + 1, context.column + 1, context.line + 1, context.column + 2
        )
        related = ((place, error.context),)
    return YamlError(message, span, related)


def _unreadable(source: Source, error: Any) -> tuple[str, Span]:
    """A ReaderError's message and place; its position counts bytes or characters."""
    position = error.position if isinstance(error.position, int) else 0
    before = source.data[:position]
    line = before.count(b"\n")
    column = len(before) - (before.rfind(b"\n") + 1)
    span = Span(source.name, line + 1, column + 1, line + 1, column + 2)
    character = error.character
    shown = f"#x{character:02x}" if isinstance(character, int) else repr(character)
    return f"character {shown} is not allowed in YAML ({error.reason})", span
