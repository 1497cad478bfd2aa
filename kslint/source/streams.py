"""What YAML allows in a file and kubectl does not: how it cuts a stream, and its older YAML.

kubectl cuts a stream at lines that begin with `---`, and reads one YAML 1.1 document of each part;
what is left of the part is dropped without a word. Sources: k8s.io/apimachinery v0.34
pkg/util/yaml/decoder.go, sigs.k8s.io/yaml v1.4.0 goyaml.v2; kubectl v1.32 was run on each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.characters import behind_json, is_json
from kslint.source.document import Refusal
from kslint.source.nodes import Deferred, Map, Scalar, Span
from kslint.source.text import encoding_of, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source.document import Document
    from kslint.source.files import Source
    from kslint.source.nodes import Node

_MARK = b"\xef\xbb\xbf"
_OTHER_BREAKS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_LOOKED_AT = 4
_UNCUT = "kubectl reads one document up to a line that begins with `---`: it drops this one"
_MISUSED = "kubectl takes `---` at the start of a line only by itself, to end a document"


def refusals(source: Source, documents: Iterable[Document]) -> Iterator[Refusal]:
    """What kubectl refuses, or does not see, of a file that it reads."""
    data = source.data
    encoding = encoding_of(data)
    if encoding.startswith("utf-16"):
        if encoding != "utf-16":
            message = "kubectl reads UTF-16 only behind a byte order mark"
            yield Refusal(message, _place(source, 0, 0, 1))
        return
    if is_json(data):
        read = behind_json(source.text()) if _may_be_odd_json(data) else (1, len(data))
        if read is not None:
            yield from _behind_json(source, *read)
            return
    if re.search(rb"(?m)^---[^\s#]", data):
        yield from _separators(source)
    if _MARK in data[1:]:
        yield from _byte_order_marks(source)
    if b"\n..." in data or re.search(rb"\r(?!\n)", data) or any(c in data for c in _OTHER_BREAKS):
        yield from _dropped(source, documents)
    if b"\\/" in data:
        for document in documents:
            yield from _escaped_slashes(source, document)
    if b"?" in data and re.search(rb"(?m)^[^#\n]*\?", data):
        for document in documents:
            yield from _question_marks(source, document.root, False)


def _place(source: Source, line: int, column: int, length: int) -> Span:
    """A place in one line; line and column count from 0."""
    return Span(source.name, line + 1, column + 1, line + 1, column + 1 + length)


def _separators(source: Source) -> Iterator[Refusal]:
    """`---foo`: to YAML the beginning of a plain text or of a key."""
    for number, line in enumerate(source.lines):
        if line.startswith("---") and not line[3:4].isspace() and line[3:4] not in ("", "#"):
            yield Refusal(_MISUSED, _place(source, number, 0, 3))


def _byte_order_marks(source: Source) -> Iterator[Refusal]:
    """Files that were joined: the mark is one at the start of a document, else a character.

    Behind a `---` with nothing before it no document starts: kubectl keeps those dashes.
    """
    before = "---"
    for number, line in enumerate(source.lines):
        if line.startswith("\ufeff") and (number == 1 or not before.startswith("---")):
            message = "a byte order mark stands inside a document: were files joined?"
            yield Refusal(message, _place(source, number, 0, 1))
        before = line


def _dropped(source: Source, documents: Iterable[Document]) -> Iterator[Refusal]:
    """Documents behind another one, for want of a `---` that begins a line as kubectl sees it."""
    starts = []  # of the parts, in lines as YAML counts them
    count = 0
    for text in source.text().split("\n"):
        if text.startswith("---"):
            starts.append(count)
        count += len(split_lines(text.removesuffix("\r")))
    part, taken = 0, False
    for document in documents:
        root = document.root
        if root.start is None or (root.is_null and isinstance(root, Scalar) and not root.literal):
            continue
        while part < len(starts) and starts[part] <= root.start.line:
            part, taken = part + 1, False
        if taken:
            yield Refusal(_UNCUT, _place(source, root.start.line, root.start.column, 1))
        taken = True


def _may_be_odd_json(data: bytes) -> bool:
    """May a stream that begins with a brace be YAML, or something else follow its JSON?"""
    if not data.rstrip().endswith(b"}"):
        return True
    return re.search(rb"\n(?:---|\.\.\.)|\?|\r(?!\n)|\\/", data) is not None


def _behind_json(source: Source, count: int, end: int) -> Iterator[Refusal]:
    """What follows JSON is JSON too, or YAML from a new line on if there was one object before.

    To tell, kubectl's decoder looks at four bytes at a time, and takes fewer for an end.
    """
    rest = source.text()[end:]
    behind = rest.strip(" \t\r\n")
    if not behind:
        return
    if (
        count == 1
        and not behind.startswith("...")
        and len(rest.lstrip(" \t\r").encode()) >= _LOOKED_AT
    ):
        return
    before = split_lines(source.text()[: source.text().index(behind, end)])
    message = "kubectl reads JSON here: only JSON may follow, or `---` behind one object"
    yield Refusal(message, _place(source, len(before) - 1, len(before[-1]), 1))


def _escaped_slashes(source: Source, document: Document) -> Iterator[Refusal]:
    r"""`"\/"`, which came with YAML 1.2."""
    for node in _scalars(document.root):
        if node.plain_style or "/" not in node.literal or node.start is None or node.end is None:
            continue
        if source.line(node.start.line + 1)[node.start.column : node.start.column + 1] != '"':
            continue
        for number in range(node.start.line, node.end.line + 1):
            text = source.line(number + 1)
            begin = node.start.column + 1 if number == node.start.line else 0
            end = node.end.column if number == node.end.line else len(text)
            for found in re.finditer(r"\\(.)", text[begin:end]):
                if found[1] == "/":
                    message = "found unknown escape character: write `/` without a backslash"
                    yield Refusal(message, _place(source, number, begin + found.start(), 2))
                    break


def _scalars(root: Node) -> Iterator[Scalar]:
    """Every scalar once, keys included."""
    stack, seen = [root], set()
    while stack:
        node = stack.pop()
        if id(node) in seen or isinstance(node, Deferred):
            continue
        seen.add(id(node))
        for each in (node, node.key):
            if isinstance(each, Scalar):
                yield each
        stack += [child for _, child in node.items()] or node.elements()


def _question_marks(source: Source, root: Node, in_flow: bool) -> Iterator[Refusal]:
    """`{image? x}`, `[a?b]`: within brackets, an older YAML ends a plain text there."""
    stack, seen = [(root, in_flow)], set()
    while stack:
        node, in_flow = stack.pop()
        if id(node) in seen or node.start is None or isinstance(node, Deferred):
            continue
        seen.add(id(node))
        for each in (node, node.key) if in_flow else ():
            if not isinstance(each, Scalar) or each.start is None:
                continue
            if each.plain_style and "?" in each.literal:
                message = "within braces and brackets kubectl ends a text at `?`: quote it"
                column = each.start.column + each.literal.find("?")
                yield Refusal(message, _place(source, each.start.line, column, 1))
        if isinstance(node, Scalar):
            continue
        opening = "{" if isinstance(node, Map) else "["
        line = source.line(node.start.line + 1)
        in_flow = in_flow or line[node.start.column : node.start.column + 1] == opening
        children = [child for _, child in node.items()] or node.elements()
        stack += [(child, in_flow) for child in children]
