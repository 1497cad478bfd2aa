"""Documents inside documents: the YAML or JSON that a block scalar holds, at its true lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.source.files import Source
from kslint.source.parser import YamlError, compose

if TYPE_CHECKING:
    from kslint.source.nodes import Node, Scalar


def inner_document(scalar: Scalar) -> Node | None:
    """The first document in a scalar's text, or None if it is not YAML.

    The values of a literal block (`|`) know their own line and column; those of any other
    style stand where the scalar stands.
    """
    source = scalar.source
    text, shifted = scalar.literal, False
    if source is not None and scalar.start is not None:
        text, shifted = _as_in_file(scalar, source)
    try:
        for document in compose(source or Source("", b""), text):
            if not shifted:
                _settle(document.root, scalar)
            return document.root
    except YamlError:
        return None
    return None


def _as_in_file(scalar: Scalar, source: Source) -> tuple[str, bool]:
    """The text of a literal block behind as many blank lines as stand before it in its file."""
    assert scalar.start is not None
    header = source.line(scalar.start.line + 1)[scalar.start.column :]
    while header[:1] in ("&", "!"):  # an anchor or a tag
        header = header.partition(" ")[2].lstrip()
    lines = scalar.literal.split("\n")
    if header[:1] != "|":
        return scalar.literal, False
    first = scalar.start.line + 2
    raw = [source.line(number) if line else "" for number, line in enumerate(lines, first)]
    indent = min((len(r) - len(r.lstrip(" ")) for r in raw if r.strip()), default=0)
    if not all(r[indent:] == line for r, line in zip(raw, lines, strict=True)):
        return scalar.literal, False
    written = _first_document(raw, lines)
    return "\n" * (scalar.start.line + 1) + "\n".join(written), True


def _first_document(raw: list[str], lines: list[str]) -> list[str]:
    """The indented lines of the first document: behind blanks a `---` would be no separator."""
    written: list[str] = []
    for text, line in zip(raw, lines, strict=True):
        if line.rstrip() != "---":
            written.append(text)
        elif any(before.strip() and not before.lstrip().startswith("#") for before in written):
            break
        else:
            written.append("")
    return written


def _settle(node: Node, scalar: Scalar) -> None:
    """Put every value of a tree at the place of the scalar that holds it."""
    stack = [node]
    while stack:
        current = stack.pop()
        current.source, current.start, current.end = scalar.source, scalar.start, scalar.end
        current.key = scalar.key
        stack.extend(child for _, child in current.items())
        stack.extend(current.elements())
