"""Large schemas of CustomResourceDefinitions, composed only if something looks into them.

A tree of CRDs is mostly text that nobody asks for: a release of KServe holds 2 MB of schemas, and
composing them takes seconds and a gigabyte. What is left out is checked for what YAML and kubectl
would refuse, so that nothing broken is passed over; what is odd in any way is composed as usual.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Deferred, Map, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.source.nodes import Node, Scalar
    from kslint.source.text import Source

LARGE = 64 * 1024
"""Bytes from which a file is worth the trouble."""
_WORTH = 8 * 1024
"""Bytes from which a schema in it is."""
_WORTH_INSIDE = 2 * 1024
"""Bytes from which a block of a schema that is looked into is."""
SCHEMA = "openAPIV3Schema"

_NAME = b"openAPIV3Schema:"
_KEY = re.compile(_NAME + rb" *\n(?=( *)[\w$\"'][^\n]*:(?: |\n))")
_DEFINITION = re.compile(rb"kind: CustomResourceDefinition *$", re.MULTILINE)
_SEPARATOR = b"\n---"
_OTHER_BREAKS = (b"\r", b"\t")
_MARKS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xef\xbb\xbf")
_OPEN = rb" +(?:[&*!?]|\{[^}\n]*(?:\n|:)|\[[^]\n]*[\n\[?:])"
_ODD = (
    re.compile(rb":\n *\?"),
    re.compile(rb"<<"),
    re.compile(rb'"[^"\n]*\\/'),
    re.compile(rb"\n[ -]{200}"),
    re.compile(rb"[.](?:inf|nan)\b", re.IGNORECASE),
    re.compile(rb":" + _OPEN),
    re.compile(rb"-" + _OPEN),
)
"""What is left to the composer: anchors, aliases, tags, merge keys, escapes, numbers that JSON has
not, depth, and what stands in braces and brackets. Each begins with a letter to search for."""
_LINE = re.compile(rb"^( *)((?:- +)*)(?:([^\s#?][^\n]*?):(?= |$)|\?)", re.MULTILINE)
"""A line that begins with a key, or that looks like one: text in a block may."""

_sound: dict[bytes, bool] = {}
"""Whether a schema can be left out, by the digest of its text: the same ones stand everywhere."""
_nests: dict[bytes, bool] = {}
"""Whether blocks of it can be."""


class Block(NamedTuple):
    """The lines of a mapping, from `start` to `stop` of some bytes.

    The first is line `first`, from 0, of the file, and the keys stand at `column`.
    """

    data: bytes
    start: int
    stop: int
    first: int
    column: int

    def without(self, inner: Iterable[Block] = ()) -> bytes:
        """The lines, less those of blocks in it, behind as many empty ones as stand before it."""
        parts, done = [b"\n" * self.first], self.start
        for block in inner:
            parts += [self.data[done : block.start], b"\n" * (block.last - block.first)]
            done = block.stop
        return b"".join([*parts, self.data[done : self.stop]])

    @property
    def last(self) -> int:
        """The line behind it."""
        return self.first + self.data.count(b"\n", self.start, self.stop)


class Fold(NamedTuple):
    """A schema that was left out. Lines count from 0.

    `begin` and `end` are lines of the document around it.
    """

    begin: int
    end: int
    block: Block
    digest: bytes


def folded(data: bytes, check: Callable[[bytes], None]) -> tuple[bytes, list[Fold]] | None:
    """A stream with empty lines for its large schemas, and those; None if it has none.

    `check` raises for a text that is no YAML.
    """
    if len(data) < LARGE or _NAME not in data or any(mark in data for mark in _OTHER_BREAKS):
        return None
    if not data.isascii() and any(mark in data for mark in _MARKS):
        return None
    folds: list[Fold] = []
    counted = line = 0
    for begin, end in _documents(data):
        if not _is_definition(data, begin, end):
            continue
        blocks = []
        line += data.count(b"\n", counted, begin)
        counted, first_line = begin, line
        for start, stop, column in _schemas(data, begin, end):
            digest = _digest_of_sound(data[start:stop], check)
            if digest is not None:
                line += data.count(b"\n", counted, start)
                counted = start
                blocks.append((Block(data, start, stop, line, column), digest))
        if blocks:
            line += data.count(b"\n", counted, end)
            counted = end
            folds += [Fold(first_line, line, block, digest) for block, digest in blocks]
    if not folds:
        return None
    whole = Block(data, 0, len(data), 0, 0)
    return whole.without(fold.block for fold in folds), folds


def _documents(data: bytes) -> Iterator[tuple[int, int]]:
    begin = 0
    while (mark := data.find(_SEPARATOR, begin)) >= 0:
        yield begin, mark + 1
        begin = mark + 1
    yield begin, len(data)


def _is_definition(data: bytes, begin: int, end: int) -> bool:
    return any(
        found.start() == begin or data[found.start() - 1 : found.start()] == b"\n"
        for found in _DEFINITION.finditer(data, begin, end)
    )


def _schemas(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Where the large schemas in a part of a stream begin and end, and the column of their keys."""
    done = begin
    for key in _KEY.finditer(data, begin, end):
        line = data.rfind(b"\n", 0, key.start()) + 1
        indent, column = key.start() - line, len(key[1])
        if line < done or column <= indent or data[line : key.start()].strip(b" "):
            continue
        done = _end_of_block(data, key.end(), end, indent)
        if done - key.end() >= _WORTH:
            yield key.end(), done, column


def _end_of_block(data: bytes, start: int, stop: int, indent: int) -> int:
    """Where the first line begins that stands no further in than the key of a block."""
    behind = _behind(indent).search(data, start - 1, stop)
    return behind.start() + 1 if behind else stop


@lru_cache(maxsize=128)
def _behind(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n {0,%d}[^ \n]" % indent)


def _digest_of_sound(text: bytes, check: Callable[[bytes], None]) -> bytes | None:
    """The digest of a schema that can be left out."""
    digest = sha256(text).digest()
    known = _sound.get(digest)
    if known is None:
        known = _sound[digest] = (
            text.endswith(b"\n")
            and not any(odd.search(text) for odd in _ODD)
            and (not _has_duplicates(text) and _is_yaml(text, check))
        )
    return digest if known else None


def _is_yaml(text: bytes, check: Callable[[bytes], None]) -> bool:
    try:
        check(text)
    except Exception:  # noqa: BLE001  (whatever is wrong, it is composed as usual)
        return False
    return True


def _has_duplicates(text: bytes) -> bool:
    """May a key occur twice in a mapping, or be none? By the lines, so text may look like one."""
    open_: list[tuple[int, set[bytes]]] = []
    for line in _LINE.finditer(text):
        indent = len(line[1])
        if line[2]:
            while open_ and open_[-1][0] >= indent:
                open_.pop()
            indent += len(line[2])
        while open_ and open_[-1][0] > indent:
            open_.pop()
        if not open_ or open_[-1][0] < indent:
            open_.append((indent, set()))
        names = open_[-1][1]
        if line[3] is None:  # a condition's `? x`, further in than the key it belongs to
            if names:
                return True
            open_.pop()
            continue
        name = line[3].strip(b"'\"")
        if name in names:
            return True
        names.add(name)
    return False


def put_back(root: Node, folds: list[Fold], source: Source, load: Callable[[bytes], Node]) -> bool:
    """Give a document its schemas, to be composed when needed; False if one has no place in it."""
    start = root.start
    due = [] if start is None else [f for f in folds if f.begin <= start.line < f.end]
    waiting = {fold.block.first - 1: fold for fold in due}
    holders = [version.get("schema") for version in root.listed("spec", "versions")]
    for schema in (*holders, root.at("spec", "validation")):
        place = None if schema is None else schema.get(SCHEMA)
        if place is None or place.key is None or place.key.start is None:
            continue
        fold = waiting.pop(place.key.start.line, None)
        if fold is not None and isinstance(schema, Map):
            read = _Read(fold.block, source, load, fold.digest)
            schema.entries[SCHEMA] = _deferred(read, place.key)
    return not waiting


def _deferred(read: _Read, key: Scalar) -> Deferred:
    later = Deferred(read, read.source)
    later.start, later.end = Mark(read.block.first, read.block.column), Mark(read.block.last, 0)
    later.key = key
    return later


def text_of(node: Node) -> bytes | None:
    """What schemas of the same text have in common; None of one that is composed."""
    return node.read.digest if isinstance(node, Deferred) and isinstance(node.read, _Read) else None


class _Read:
    """Composes a block of a schema, but for large blocks in it, which are left for later."""

    __slots__ = ("_digest", "_load", "_nests", "block", "source")

    def __init__(
        self,
        block: Block,
        source: Source,
        load: Callable[[bytes], Node],
        digest: bytes | None = None,
        nests: bool | None = None,
    ) -> None:
        self.block = block
        self.source = source
        self._load = load
        self._digest = digest
        self._nests = nests

    @property
    def digest(self) -> bytes:
        """That of its text."""
        if self._digest is None:
            block = self.block
            self._digest = sha256(memoryview(block.data)[block.start : block.stop]).digest()
        return self._digest

    def holds(self, wanted: re.Pattern[bytes]) -> bool:
        block = self.block
        return wanted.search(block.data, block.start, block.stop) is not None

    def __call__(self) -> dict[str, Node]:
        inner = {block.first - 1: block for block in self._inner()}
        entries = dict(self._load(self.block.without(inner.values())).items())
        for name, value in entries.items() if inner else ():
            key = value.key
            block = None if key is None or key.start is None else inner.get(key.start.line)
            if key is not None and block is not None:
                read = _Read(block, self.source, self._load, None, True)
                entries[name] = _deferred(read, key)
        return entries

    def _inner(self) -> Iterator[Block]:
        """The large blocks below keys of this one."""
        data, start, stop, line, column = self.block
        if stop - start < 2 * _WORTH_INSIDE or not self._can_nest():
            return
        counted = start
        for key in _block_below(column).finditer(data, start - 1, stop):
            begin = key.end()
            end = _end_of_block(data, begin, stop, column)
            if len(key[1]) > column and end - begin >= _WORTH_INSIDE:
                line += data.count(b"\n", counted, begin)
                counted = begin
                yield Block(data, begin, end, line, len(key[1]))

    def _can_nest(self) -> bool:
        """May no text in quotes reach over lines? The others of it may stand anywhere."""
        if self._nests is None:
            digest = self.digest
            if digest not in _nests:
                _nests[digest] = not _has_open_quotes(self.block)
            self._nests = _nests[digest]
        return self._nests


_QUOTED = (re.compile(rb" '(?:[^'\n]|'')*\n"), re.compile(rb' "[^"\n]*\n'))
"""What text in quotes is that does not end on its line."""


def _has_open_quotes(block: Block) -> bool:
    data = block.data
    for quoted in _QUOTED:
        for found in quoted.finditer(data, block.start, block.stop):
            line = data.rfind(b"\n", 0, found.start()) + 1
            before = data[line : found.start()].rstrip(b" ")
            if not before or before.endswith((b":", b"-")):
                return True
    return False


@lru_cache(maxsize=128)
def _block_below(indent: int) -> re.Pattern[bytes]:
    """A key at some column, and the mapping below it: where the first of its keys stands."""
    return re.compile(rb"\n {%d}[\w$][^\n]*: *\n(?=( *)[\w$][^\s:\"']*:(?: |\n))" % indent)
