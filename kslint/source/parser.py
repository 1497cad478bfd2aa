"""Guarded composing: libyaml's events into positioned nodes, in one pass.

PyYAML's own composer recurses in C and dies on deep nesting, refuses redefined anchors that
Kubernetes accepts, and drops duplicate keys. This one is a loop over events, so depth,
alias expansion and document count are bounded before anything is built, and nothing is ever
constructed from a tag.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

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

from kslint.source.characters import colons_for_yaml, first_forbidden, is_json, json_values
from kslint.source.document import Document, Duplicate, Overridden, Redefined, Refusal
from kslint.source.events import event_parser, event_source, restoring, shifted
from kslint.source.folding import folded, put_back
from kslint.source.nodes import Map, Scalar, Seq, Span, walk
from kslint.source.scalars import MERGE_TAG, PYTHON_TAG, WORDS, is_no_number, key_name, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.characters import JsonValue
    from kslint.source.files import Source
    from kslint.source.folding import Fold
    from kslint.source.nodes import Node

MAX_DEPTH = 200
MAX_EXPANSION = 500_000
"""Nodes that the aliases of one document may bring in, on top of those written."""
_COLON = "found unexpected ':'"
"""What libyaml says of a text that ends in a colon, within braces or brackets."""


class YamlError(Exception):
    """YAML that cannot be read: a message, its place and, where it helps, a second place."""

    def __init__(self, message: str, span: Span, related: tuple[tuple[Span, str], ...] = ()):
        super().__init__(message)
        self.message = message
        self.span = span
        self.related = related


class ForbiddenCharacterError(YamlError):
    """A byte or character that no YAML reader takes."""


def compose(source: Source, data: bytes | str, number: int = 0) -> Iterator[Document]:
    """The documents of one YAML or JSON stream, in order; the first has the given number.

    Raises YamlError at the first place that cannot be read; documents before it have
    been yielded by then. Raises ForbiddenCharacterError at the first character YAML does not take;
    libyaml looks ahead for these, so documents before it may be missing. Large schemas of
    definitions are composed once something looks into them.
    """
    read = 0
    found = folded(data, _check) if isinstance(data, bytes) else None
    if found is not None:
        for document in _folded(source, *found, number):
            if document is None:
                break
            yield document
            read += 1
        else:
            return
    yield from islice(_whole(source, data, number), read, None)


def _folded(
    source: Source, data: bytes, folds: list[Fold], number: int
) -> Iterator[Document | None]:
    """The documents of a stream without its large schemas; None where they do not fit in."""
    try:
        for document in _documents(source, *event_source(data), number):
            fits = put_back(document.root, folds, source, partial(_alone, source))
            yield document if fits else None
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError, YamlError, UnicodeError):
        yield None


def _check(text: bytes) -> None:
    """Raises unless a text is YAML, as far as its syntax goes."""
    event_parser(text).raw_parse()


def _alone(source: Source, text: bytes) -> Node:
    return next(_documents(source, *event_source(text), 0)).root


def _whole(source: Source, data: bytes | str, number: int, colon: str = "") -> Iterator[Document]:
    """The same in full. `colon` stands in `data` for colons that libyaml would not take."""
    read = 0
    following: list[JsonValue] = []
    next_event, no_numbers = event_source(data)
    if colon:
        next_event = restoring(next_event, lambda text: text.replace(colon, ":"))
    try:
        for document in _documents(source, next_event, no_numbers, number):
            yield document
            read += 1
    except yaml.MarkedYAMLError as error:
        spared = None if colon or error.problem != _COLON else colons_for_yaml(data)
        if spared is not None:
            yield from islice(_whole(source, spared[0], number, spared[1]), read, None)
            return
        following = json_values(data)[read:] if read and is_json(data) else []
        if not following:
            raise _located(source, error) from None
    except (yaml.reader.ReaderError, UnicodeError):
        line, column, message = first_forbidden(data)
        span = Span(source.name, line, column, line, column + 1)
        raise ForbiddenCharacterError(message, span) from None
    for value in following:
        yield from _json_documents(source, value, number + read)
        read += 1


def _json_documents(source: Source, value: JsonValue, number: int) -> Iterator[Document]:
    """One of several JSON texts that follow each other, which to YAML are no stream."""
    next_event, no_numbers = event_source(value.text)
    try:
        yield from _documents(source, shifted(next_event, value), no_numbers, number)
    except yaml.MarkedYAMLError as error:
        place = Span(source.name, value.line + 1, value.column + 1, value.line + 1, 1)
        raise YamlError(error.problem or "invalid JSON", place) from None


def _documents(
    source: Source, next_event: Any, no_numbers: bool, number: int
) -> Iterator[Document]:
    while True:
        event = next_event()
        kind = event.__class__
        if kind is StreamEndEvent:
            return
        if kind is DocumentStartEvent:
            document = _document(source, next_event, number)
            document.refusals.extend(_start_refusals(source, event, document.root))
            if no_numbers:
                document.refusals.extend(_no_numbers(document.root))
            yield document
            number += 1


def _document(  # noqa: C901  (one loop over all events: calls would cost a third more time)
    source: Source, next_event: Any, number: int
) -> Document:
    """Compose up to the end of the document.

    The loop sees every event, so it keeps what it needs for each in locals; what is rare (anchors,
    aliases, tags, odd keys) is a call.
    """
    document = Document(Scalar(""), number, [], [], [], [], [])
    anchors = _Anchors(source, document.redefined)
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
            start, end = event.start_mark, event.end_mark
            node = Scalar(event.value, event.implicit[0], event.tag, source, start, end)
            count += 1
            if event.tag is not None:
                document.refusals.extend(_tag_refusal(source, event))
            if event.anchor:
                anchors.define(event.anchor, node, 1)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            start, end = event.start_mark, event.end_mark
            collection = Map if kind is MappingStartEvent else Seq
            node = collection(None, source, start, end)
            count += 1
            if event.tag is not None:
                document.refusals.extend(_tag_refusal(source, event))
            if event.anchor:
                anchors.open(event.anchor, node, count)
            if len(stack) >= MAX_DEPTH:
                raise YamlError(f"nested deeper than {MAX_DEPTH} levels", _span(source, start, end))
            stack.append((container, key, merged))
            container, key, merged = node, None, None
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            assert container is not None
            node = container
            node.end = event.end_mark
            if anchors.opened:
                anchors.close(node, count)
            container, key, merged = stack.pop()
        elif kind is AliasEvent:
            node, size = anchors.resolve(event, len(stack))
            count += size
            if key is None and container.__class__ is Map:  # a key stands where it is used
                node.start, node.end = event.start_mark, event.end_mark
        else:  # the end of the document
            break

        if container is None:
            root = node
        elif container.__class__ is Seq:
            container.children.append(node)
        elif key is None:
            key = node if isinstance(node, Scalar) else _composite_key(source, node, document)
        else:
            name = key.literal
            entries: dict[str, Node] = container.entries  # type: ignore[attr-defined]
            if name == "<<" and (key.tag == MERGE_TAG or key.plain_style):
                merged = _merge(entries, node, key, source, merged, document.overridden)
                key = None
                continue
            if (key.plain_style and (name < ":" or name in WORDS)) or key.tag is not None:
                # numbers sort before the colon, words after it
                name = _name(key, source, document.refusals)
            node.key = key
            if name in entries:
                _set_again(name, key, entries, merged, document.duplicates)
            entries[name] = node
            key = None

    if root is None:
        root = Scalar("", True, None, source, event.start_mark, event.end_mark)
    return document._replace(root=root)


class _Anchors:
    """The anchors of a document: their nodes, and how many nodes each stands for."""

    def __init__(self, source: Source, redefined: list[Redefined]) -> None:
        self.opened: dict[int, tuple[str, int]] = {}
        """By collection that is not yet closed: its anchor, and the number it began at."""
        self._source = source
        self._redefined = redefined
        self._named: dict[str, tuple[Node, int]] = {}
        self._former: dict[str, Node] = {}
        """What a redefined anchor named before, until an alias uses it."""
        self._expanded = 0

    def define(self, name: str, node: Node, size: int) -> None:
        if name in self._named:
            self._former[name] = self._named[name][0]
        self._named[name] = (node, size)

    def open(self, name: str, node: Node, count: int) -> None:
        """A collection begins, which is the node of that number; no alias may name it yet."""
        self.define(name, node, -1)
        self.opened[id(node)] = (name, count)

    def close(self, node: Node, count: int) -> None:
        """A collection ends with the node of that number."""
        if id(node) in self.opened:
            name, began = self.opened.pop(id(node))
            if self._named[name][0] is node:
                self._named[name] = (node, count - began + 1)

    def resolve(self, event: Any, depth: int) -> tuple[Node, int]:
        """What an alias stands for, and of how many nodes that is. Raises YamlError."""
        name, here = event.anchor, _span(self._source, event.start_mark, event.end_mark)
        if name not in self._named:
            raise YamlError(f"alias *{name} has no anchor before it", here)
        target, size = self._named[name]
        if size < 0:
            raise YamlError(f"alias *{name} stands inside its own anchor", here)
        self._expanded += size
        if self._expanded > MAX_EXPANSION:
            raise YamlError(
                f"aliases expand to more than {MAX_EXPANSION} nodes (a YAML bomb?)", here
            )
        if size > 1 and depth + _height(target) > MAX_DEPTH:
            raise YamlError(f"aliases nest deeper than {MAX_DEPTH} levels", here)
        if name in self._former:
            self._redefined.append(Redefined(name, self._former.pop(name), target, here))
        return target.moved(None), size


def _composite_key(source: Source, node: Node, document: Document) -> Scalar:
    """What stands in for a mapping or a list that is used as a key."""
    here = _span(source, node.start, node.end)
    document.composite_keys.append(here)
    document.refusals.append(Refusal("a mapping or a list is no key of an object", here))
    return Scalar("", False, None, source, node.start, node.end)


def _set_again(
    name: str,
    key: Scalar,
    entries: dict[str, Node],
    merged: set[str] | None,
    duplicates: list[Duplicate],
) -> None:
    """A name that the mapping has already: written twice, or brought in by a merge key before."""
    if merged is not None and name in merged:
        merged.discard(name)
        return
    before = entries[name].key
    assert before is not None
    duplicates.append(Duplicate(name, key, before))


def _start_refusals(source: Source, event: Any, root: Node) -> Iterator[Refusal]:
    """What kubectl does not take at the start of a document, though YAML does.

    It cuts streams into documents at lines that begin with `---`: directives are cut off from
    theirs, and behind the dashes only a comment may stand. Source: k8s.io/apimachinery v0.34
    pkg/util/yaml/decoder.go (YAMLReader.Read).
    """
    if event.version is not None or event.tags:
        message = "kubectl takes no `%` directives: it cuts them off from their document"
        yield Refusal(message, _span(source, event.start_mark, event.start_mark))
    elif event.explicit and root.start is not None and root.start.line == event.end_mark.line:
        if root.is_null and isinstance(root, Scalar) and not root.literal:
            return
        message = "kubectl takes nothing but a comment behind `---` on its line"
        yield Refusal(message, _span(source, event.start_mark, event.end_mark))


def _name(key: Scalar, source: Source, refusals: list[Refusal]) -> str:
    """The name of a key that is a word, a number or bears a tag."""
    name = key_name(key.literal, key.plain_style, key.tag)
    if name is not None:
        return name
    what = "null" if key.is_null else "an integer over 63 bits"
    refusals.append(Refusal(f"{what} is no key of an object", _span(source, key.start, key.end)))
    return key.literal


def _tag_refusal(source: Source, event: Any) -> Iterator[Refusal]:
    """An explicit tag that does not fit; nothing is ever constructed from one."""
    tag: str = event.tag
    message = None
    if tag.startswith(PYTHON_TAG):
        message = "a `!!python/` tag asks the reader to run code; no Kubernetes object has one"
    elif event.__class__ is ScalarEvent:
        message = refusal(event.value, tag)
    if message is not None:
        yield Refusal(message, _span(source, event.start_mark, event.end_mark))


def _no_numbers(root: Node) -> Iterator[Refusal]:
    """Plain `.inf` and `.nan` in a document."""
    for node in dict.fromkeys(walk(root)):
        if isinstance(node, Scalar) and node.plain_style and is_no_number(node.literal):
            assert node.span is not None
            message = f"`{node.literal}` has no form in JSON: quote it if it is text"
            yield Refusal(message, node.span)


def _height(node: Node) -> int:
    """Levels of collections in a tree."""
    height = 0
    level = [node]
    while level := [item for item in level if item.__class__ is not Scalar]:
        height += 1
        level = [
            child for item in level for child in (*dict(item.items()).values(), *item.elements())
        ]
    return height


def _merge(
    entries: dict[str, Node],
    value: Node,
    key: Scalar,
    source: Source,
    merged: set[str] | None,
    overridden: list[Overridden],
) -> set[str]:
    """Apply `<<: value` the way go-yaml does: at its place, over what stands before it."""
    merged = set() if merged is None else merged
    lost: dict[str, Node] = {}
    maps = value.elements() if isinstance(value, Seq) else [value]
    for item in reversed(maps):  # of a list, the earlier mapping wins
        if not isinstance(item, Map):
            raise YamlError(
                "a merge key `<<` takes a mapping or a list of mappings",
                _span(source, key.start, key.end),
            )
        for name in item.entries:
            if name in entries and name not in merged:
                lost[name] = entries[name]
        entries.update(item.entries)
        merged.update(item.entries)
    overridden.extend(Overridden(name, node, entries[name], key) for name, node in lost.items())
    return merged


def _span(source: Source, start: Any, end: Any) -> Span:
    return Span(source.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _located(source: Source, error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    message = error.problem or error.context or "invalid YAML"
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
