"""Large schemas of CustomResourceDefinitions, composed only if something looks into them.

A tree of CRDs is mostly text that nobody asks for: a release of KServe holds 2 MB of schemas, and
composing them takes seconds and a gigabyte. What is left out is checked for what YAML and kubectl
would refuse, so that nothing broken is passed over; what is odd in any way is composed as usual.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Deferred, Map, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.source.nodes import Node
    from kslint.source.text import Source

LARGE = 64 * 1024
"""Bytes from which a file is worth the trouble."""
_WORTH = 8 * 1024
"""Bytes from which a schema in it is."""
SCHEMA = "openAPIV3Schema"

_KEY = re.compile(rb"^( *)openAPIV3Schema: *\n(?=( *)[\w$\"'][^\n]*:(?: |\n))", re.MULTILINE)
_DEFINITION = re.compile(rb"^kind: CustomResourceDefinition *$", re.MULTILINE)
_SEPARATOR = re.compile(rb"^---", re.MULTILINE)
_OTHER_BREAKS = (b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\t", b"\xef\xbb\xbf")
_ODD = re.compile(
    rb":\n *\?|[:-] +[&*!?]|<<|^[^\x22\n]*\x22[^\n]*\\/|^[ -]{200}|[.](?:inf|nan)\b"
    rb"|[:-] +(?:\{[^}\n]*(?:$|:)|\[[^]\n]*(?:$|[\[?:]))",
    re.MULTILINE | re.IGNORECASE,
)
"""What is left to the composer: anchors, aliases, tags, merge keys, escapes, numbers that JSON has
not, depth, and what stands in braces and brackets."""
_LINE = re.compile(rb"^( *)((?:- +)*)(?:([^\s#?][^\n]*?):(?= |$)|\?)", re.MULTILINE)
"""A line that begins with a key, or that looks like one: text in a block may."""

_sound: dict[bytes, bool] = {}
"""Whether a schema can be left out, by the digest of its text: the same ones stand everywhere."""


class Fold(NamedTuple):
    """A schema that was left out. Lines count from 0.

    `line` is that of its key, `begin` and `end` those of the document around it. The schema has
    the lines from `first` to before `last`, and stands in `data` from `start` to `stop`.
    """

    line: int
    begin: int
    end: int
    first: int
    last: int
    column: int
    data: bytes
    start: int
    stop: int
    digest: bytes

    @property
    def text(self) -> bytes:
        """The schema, behind as many empty lines as there are lines before it."""
        return b"\n" * self.first + self.data[self.start : self.stop]


def folded(data: bytes, check: Callable[[bytes], None]) -> tuple[bytes, list[Fold]] | None:
    """A stream with empty lines for its large schemas, and those; None if it has none.

    `check` raises for a text that is no YAML.
    """
    if len(data) < LARGE or b"openAPIV3Schema:" not in data:
        return None
    if any(mark in data for mark in _OTHER_BREAKS):
        return None
    folds, kept, done, seen = [], [], 0, 0
    for begin, end in _documents(data):
        if not _DEFINITION.search(data, begin, end):
            continue
        for key in _KEY.finditer(data, begin, end):
            indent, below = len(key[1]), len(key[2])
            if key.start() < seen or below <= indent:  # one within another is part of it
                continue
            behind = re.compile(rb"^ {0,%d}[^ \n]" % indent, re.MULTILINE).search(
                data, key.end(), end
            )
            last = seen = behind.start() if behind else end
            text = data[key.end() : last]
            if len(text) < _WORTH:
                continue
            digest = sha256(text).digest()
            if not _is_sound(text, digest, check):
                continue
            first = data.count(b"\n", 0, key.end())
            count = text.count(b"\n")
            line = (data.count(b"\n", 0, begin), data.count(b"\n", 0, end))
            folds.append(
                Fold(first - 1, *line, first, first + count, below, data, key.end(), last, digest)
            )
            kept += [data[done : key.end()], b"\n" * count]
            done = last
    return (b"".join([*kept, data[done:]]), folds) if folds else None


def _documents(data: bytes) -> Iterator[tuple[int, int]]:
    begin = 0
    for mark in _SEPARATOR.finditer(data):
        yield begin, mark.start()
        begin = mark.start()
    yield begin, len(data)


def _is_sound(text: bytes, digest: bytes, check: Callable[[bytes], None]) -> bool:
    known = _sound.get(digest)
    if known is None:
        known = _sound[digest] = (
            text.endswith(b"\n")
            and not _ODD.search(text)
            and (not _has_duplicates(text) and _is_yaml(text, check))
        )
    return known


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
    waiting = {fold.line: fold for fold in due}
    holders = [version.get("schema") for version in root.listed("spec", "versions")]
    for schema in (*holders, root.at("spec", "validation")):
        place = None if schema is None else schema.get(SCHEMA)
        if schema is None or place is None or place.key is None or place.key.start is None:
            continue
        fold = waiting.pop(place.key.start.line, None)
        if fold is not None and isinstance(schema, Map):
            later = Deferred(_Read(fold, load), source)
            later.start, later.end = Mark(fold.first, fold.column), Mark(fold.last, 0)
            later.key = place.key
            schema.entries[SCHEMA] = later
    return not waiting


def text_of(node: Node) -> bytes | None:
    """What schemas of the same text have in common; None of one that is composed."""
    return node.read.digest if isinstance(node, Deferred) and isinstance(node.read, _Read) else None


class _Read:
    """Composes a schema."""

    def __init__(self, fold: Fold, load: Callable[[bytes], Node]) -> None:
        self.digest = fold.digest
        self._fold = fold
        self._load = load

    def __call__(self) -> dict[str, Node]:
        return dict(self._load(self._fold.text).items())
