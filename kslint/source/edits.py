"""Text edits by place: what they are, whether they get in each other's way, and applying them.

Everything outside of the edits stays as it is, byte for byte: encoding, byte order mark, line
breaks, blanks, and whether the last line ends in a break.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.nodes import Span  # noqa: TC001  (a NamedTuple field)
from kslint.source.text import encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.source.files import Source


class Edit(NamedTuple):
    """New text for a span. An empty span is a place to insert, an empty text takes out."""

    span: Span
    new_text: str


class EditError(ValueError):
    """Edits that cannot be applied: they overlap, or the file's bytes cannot be kept."""


def collide(a: Edit, b: Edit) -> bool:
    """Do two edits overlap or touch? Which of two insertions at one place goes first, who knows."""
    if a.span.file != b.span.file:
        return False
    (_, *one), (_, *other) = a.span, b.span
    return one[:2] <= other[2:] and other[:2] <= one[2:]


def applied(source: Source, edits: Iterable[Edit]) -> bytes:
    """The bytes of a source with edits made. Raises EditError."""
    text = source.text()
    if _encoded(text, source.data) != source.data:
        raise EditError("its bytes are not all text")
    starts = _line_starts(text, source)
    last = len(text)
    for edit in sorted(edits, key=lambda edit: edit.span[1:], reverse=True):
        begin = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        if not begin <= end <= last:
            raise EditError("its edits overlap")
        text = text[:begin] + edit.new_text + text[end:]
        last = begin
    return _encoded(text, source.data)


def line_break(source: Source) -> str:
    r"""The line break a file uses: that of its first line; `\n` where it has one line only."""
    text, first = source.text(), source.lines[0]
    following = text[len(first) : len(first) + 2]
    return following if following == "\r\n" else following[:1] or "\n"


def _line_starts(text: str, source: Source) -> list[int]:
    """The offset of each line in a text; one more behind the last, for spans of whole lines."""
    starts = [0]
    offset = 0
    for line in source.lines:
        offset += len(line)
        offset += 2 if text[offset : offset + 2] == "\r\n" else 1
        starts.append(offset)
    return starts


def _encoded(text: str, like: bytes) -> bytes:
    """A text in the encoding of a file, with its byte order mark if it has one."""
    encoding = encoding_of(like)
    if encoding == "utf-16":
        little = like[:2] == b"\xff\xfe"
        return like[:2] + text.encode("utf-16-le" if little else "utf-16-be", "surrogatepass")
    return text.encode(encoding, "surrogatepass")
