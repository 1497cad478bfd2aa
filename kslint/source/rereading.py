"""Reading a document again after an edit: it must hold what it held, less what was to change."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.source.edits import EditError, applied
from kslint.source.inner import inner_document
from kslint.source.layout import UnfitError, marked, same_place
from kslint.source.nodes import Map, Scalar, Seq, walk
from kslint.source.parser import YamlError, compose
from kslint.source.text import Source, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kslint.source.edits import Edit
    from kslint.source.nodes import JsonValue, Node

    Effect = Callable[[Any], Any]
    """What a change does to the plain value of a node."""


class Written(NamedTuple):
    """A document of a file, and all documents of it.

    `outer` is one of `roots`. `root` is the same, or the document that its scalar `holder` holds.
    """

    roots: list[Node]
    outer: Node
    root: Node
    holder: Scalar | None


class OneOf(NamedTuple):
    """Text that may come out in one of several ways."""

    texts: frozenset[str]


def written(roots: list[Node], node: Node) -> Written:
    """The document that a node stands in. Raises UnfitError where it stands in none as it is."""
    outer = _document_of(roots, node)
    if any(same_place(found, node) for found in walk(outer)):
        return Written(roots, outer, outer, None)
    for document in _inner(roots, node):
        if any(same_place(found, node) for found in walk(document.root)):
            return document
    raise UnfitError("the value is not written as it is used")


def around(roots: list[Node], part: Node) -> tuple[Written, Scalar]:
    """The scalar that a part of its text stands in, and its document. Raises UnfitError."""
    outer = _document_of(roots, part)
    documents = [*_inner(roots, part), Written(roots, outer, outer, None)]
    for document in documents:
        for found in walk(document.root):
            if isinstance(found, Scalar) and found.start is not None and _holds(found, part):
                return document, found
    raise UnfitError("the text stands in no value")


def _inner(roots: list[Node], node: Node) -> Iterable[Written]:
    """The documents inside of scalars that a node may stand in."""
    outer = _document_of(roots, node)
    for holder in walk(outer):
        if isinstance(holder, Scalar) and holder.start is not None and _holds(holder, node):
            inner = inner_document(holder)
            if inner is not None and not isinstance(inner, Scalar):
                yield Written(roots, outer, inner, holder)


def _document_of(roots: list[Node], node: Node) -> Node:
    """The document that a node's lines belong to."""
    line = marked(node)[0].line
    at = bisect_right(roots, line, key=lambda root: marked(root)[0].line)
    if not at:
        raise UnfitError("the value stands in no document")
    return roots[at - 1]


def _holds(scalar: Scalar, node: Node) -> bool:
    (start, end), (first, last) = marked(scalar), marked(node)
    return (
        scalar.source is node.source
        and (start.line, start.column) <= (first.line, first.column)
        and (last.line, last.column) <= (end.line, end.column)
    )


def read_again(
    source: Source, document: Written, edits: list[Edit], effects: list[tuple[Node, Effect]]
) -> None:
    """Apply edits and compare. Raises UnfitError if anything else is other than it was."""
    first, text = _text_of(source, document)
    last = first + len(split_lines(text)) - 1
    moved = []
    for edit in edits:
        span = edit.span
        if not first < span.line <= span.end_line <= last + 1:
            raise UnfitError("it reaches out of its document")
        place = span._replace(line=span.line - first, end_line=span.end_line - first)
        moved.append(edit._replace(span=place))
    try:
        before = Source(source.name, text.encode("utf-8", "surrogatepass"))
        edited = Source(source.name, applied(before, moved))
        found = list(compose(edited, edited.text()))
    except (EditError, YamlError) as error:
        raise UnfitError(str(error)) from None
    if len(found) != 1 or found[0].duplicates:
        raise UnfitError("the documents are others afterwards")
    after = found[0].root
    if document.holder is not None:
        same = _same_but_held(document, after, effects)
    else:
        same = _matches(_expected(document.outer, effects), after.plain())
    if not same:
        raise UnfitError("more than what was meant is other afterwards")


def _text_of(source: Source, document: Written) -> tuple[int, str]:
    """The line (from 0) a document begins on, and its text up to the next document."""
    begin, end = marked(document.outer)
    stop = max(end.line, begin.line + 1)
    while stop < len(source.lines) and not source.line(stop + 1).startswith(("---", "...")):
        stop += 1
    whole = stop >= len(source.lines)
    return begin.line, "\n".join([*source.lines[begin.line : stop], *[""] * (not whole)])


def _same_but_held(document: Written, after: Node, effects: list[tuple[Node, Effect]]) -> bool:
    """Compare a document in which a scalar holds the one that changes."""
    found = _counterpart(document.outer, after, document.holder)
    inner = inner_document(found) if isinstance(found, Scalar) else None
    if inner is None or not _matches(_expected(document.root, effects), inner.plain()):
        return False
    text = found.text if found is not None else ""
    whole: list[tuple[Node, Effect]] = [(document.holder or document.outer, lambda _: text)]
    return _matches(_expected(document.outer, whole), after.plain())


def _counterpart(before: Node, after: Node, wanted: Node | None) -> Node | None:
    """The node of one tree that stands where `wanted` stands in another of the same shape."""
    pairs = [(before, after)]
    while pairs:
        old, new = pairs.pop()
        if old is wanted:
            return new
        olds, news = children(old), children(new)
        if len(olds) != len(news):
            return None
        pairs += zip(olds, news, strict=True)
    return None


def children(node: Node) -> list[Node]:
    """The values of a mapping, or the items of a list."""
    return [child for _, child in node.items()] or node.elements()


def _expected(node: Node, effects: list[tuple[Node, Effect]]) -> Any:
    value: Any
    if isinstance(node, Map):
        value = {name: _expected(child, effects) for name, child in node.items()}
    elif isinstance(node, Seq):
        value = [_expected(child, effects) for child in node.children]
    else:
        value = node.plain()
    for changed, effect in effects:
        if same_place(changed, node):
            value = effect(value)
    return value


def _matches(expected: Any, found: JsonValue) -> bool:
    if isinstance(expected, OneOf):
        return found in expected.texts
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            _matches(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_matches, expected, found))
    return type(expected) is type(found) and expected == found
