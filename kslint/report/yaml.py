"""Node trees as `kubectl get -o yaml` prints them, with an origin as comment where one is known.

Order of keys, indentation and choice of quotes are kubectl's (compared with v1.32.4), so that
the output can be laid beside the cluster's. Long text is not folded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.source.nodes import Map, Scalar, Seq
from kslint.source.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.source.nodes import Node, Origin

COMMENT_COLUMN = 48

_RUNS = re.compile(r"([0-9]+)|([^\W\d_])|(.)", re.DOTALL)
_PLAIN = re.compile(
    r"(?!---|\.\.\.)(?:[^\s#,\[\]{}&*!|>'\"%@`?:-]|[?:-](?=\S))"
    r"(?:(?!:(?:\s|$)| #).)*(?<!\s)"
)
_READ_OTHERWISE = re.compile(
    r"=|<<|[-+]?\.(?:inf|nan)|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*",
    re.IGNORECASE,
)
"""Text that other readers take for a number, a date or a merge key."""
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 1000
"""YAML reads a key without a leading `?` up to 1024 characters."""


def render(body: Node, origins: bool = True) -> str:
    """One document, ending in a line break. `origins` adds the comments.

    A line without a comment was written by the user, or opens a block.
    """
    lines = []
    for text, origin in _lines(body, ""):
        note = describe(origin) if origins and origin is not None else ""
        lines.append(f"{text.ljust(COMMENT_COLUMN)} # {note}" if note else text)
    return "\n".join(lines) + "\n"


def describe(origin: Origin) -> str:
    """An origin in a few words, with the place of what a user would change, on one line."""
    root = origin.root
    text = f"{root.text} ({root.span})" if root.span is not None else root.text
    return _UNPRINTABLE.sub(_escaped, text)


def chain(origin: Origin | None) -> Iterator[str]:
    """The links of an origin, first to last, one line each."""
    while origin is not None:
        place = f" ({origin.span})" if origin.span is not None else ""
        reference = f"  [{origin.reference}]" if origin.reference else ""
        yield _UNPRINTABLE.sub(_escaped, f"{origin.text}{place}{reference}")
        origin = origin.cause


def key_order(name: str) -> list[tuple[object, ...]]:
    """A sort key for field names: kubectl's order, in which `b2` comes before `b10`.

    Source: sigs.k8s.io/yaml v1.4.0 goyaml.v2/sorter.go.
    """
    order: list[tuple[object, ...]] = []
    after_number = False
    for number, letter, other in _RUNS.findall(name):
        if number:
            value = number.lstrip("0")
            order.append((1, len(value), value, len(number)))
        elif letter:
            order.append((0 if after_number else 2, 0, letter, 0))
        else:
            order.append((1 if after_number else 0, 0, other, 0))
        after_number = bool(number)
    return order


def _lines(node: Node, indent: str) -> Iterator[tuple[str, Origin | None]]:
    if isinstance(node, Map) and node.entries:
        for name in sorted(node.entries, key=key_order):
            yield from _entry(name, node.entries[name], indent)
    elif isinstance(node, Seq) and node.children:
        for child in node.children:
            yield from _item(child, indent)
    else:
        text, *more = _leaf(node, indent[2:]).split("\n")
        yield indent + text, node.origin
        yield from ((line, None) for line in more)


def _entry(name: str, child: Node, indent: str) -> Iterator[tuple[str, Origin | None]]:
    key = scalar(name)
    head = f"{indent}{key}:"
    if len(key) > _LONGEST_KEY:
        yield f"{indent}? {key}", None
        head = f"{indent}:"
    if isinstance(child, Map) and child.entries:
        yield head, None
        yield from _lines(child, indent + "  ")
    elif isinstance(child, Seq) and child.children:
        yield head, None
        yield from _lines(child, indent)
    else:
        text, *more = _leaf(child, indent).split("\n")
        yield f"{head} {text}", child.origin
        yield from ((line, None) for line in more)


def _item(child: Node, indent: str) -> Iterator[tuple[str, Origin | None]]:
    """A list item: its first line goes behind the dash."""
    lines = _lines(child, indent + "  ")
    text, origin = next(lines)
    yield f"{indent}- {text[len(indent) + 2 :]}", origin
    yield from lines


def _leaf(node: Node, indent: str) -> str:
    if isinstance(node, Map):
        return "{}"
    if isinstance(node, Seq):
        return "[]"
    assert isinstance(node, Scalar)
    value = node.value
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value else scalar(value)
    return "null" if value is None else node.text


def _block(value: str, indent: str) -> str:
    """Text of several lines as a literal block, where a literal block can hold it."""
    body = value.removesuffix("\n")
    hard = body[:1] in ("", "\n", " ") or body.endswith("\n")
    if hard or _UNPRINTABLE.search(body.replace("\n", "")):
        return _quoted(value)
    lines = "\n".join(f"{indent}  {line}" if line else "" for line in body.split("\n"))
    return f"|{'' if body != value else '-'}\n{lines}"


def scalar(text: str) -> str:
    """A string as a YAML scalar: plain where every reader takes it for that string, else quoted."""
    digits = text.replace("_", "")  # to some readers `.0_` is a number
    is_text = resolve(text, plain=True) == text and (
        digits == text or resolve(digits, plain=True) == digits
    )
    is_text = is_text and not _READ_OTHERWISE.fullmatch(text)
    if not is_text or _UNPRINTABLE.search(text):
        return _quoted(text)
    return text if _PLAIN.fullmatch(text) else "'" + text.replace("'", "''") + "'"


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNPRINTABLE.sub(_escaped, inner)}"'


def _escaped(match: re.Match[str]) -> str:
    """A character that may not stand for itself; half a surrogate pair is no text, as in Go."""
    char = match[0]
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
