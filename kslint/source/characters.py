"""Characters: what YAML forbids, and how JSON is given to a YAML parser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.text import encoding_of, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What libyaml's reader refuses (its `reader.c`). Patterns here are compiled when needed."""

_NO_NUMBERS = (".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN")
_STRING = r'"(?:[^"\\]|\\[\s\S])*(?:"|\\?\Z)'
"""To the end of the text if nothing closes it: an end is not looked for from each quote."""
_SURROGATE = r"(\\\\)|\\u([dD][89a-fA-F][0-9a-fA-F]{2})"
_STAND_INS = (0xE000, 0xE800, 0xF000)
"""Where in the private use area the 2048 surrogates may be moved: to what the text leaves free."""


class JsonValue(NamedTuple):
    """One text of a stream of JSON texts, and its zero-based place."""

    text: str
    line: int
    column: int


def is_json(data: bytes | str) -> bool:
    """Does a stream begin like JSON? (kubectl asks the same of its first characters.)"""
    if isinstance(data, bytes):
        return data[:64].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")[:1] in (b"{", b"[")
    return data.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def without_marks(data: bytes | str) -> bytes | str:
    """A stream less the byte order marks that its documents begin with: files were joined.

    kubectl gives each document to a parser of its own, to which such a mark begins a stream.
    """
    if isinstance(data, bytes):
        if b"\xef\xbb\xbf" not in data[3:]:
            return data
        return re.sub(rb"(?m)^(---[ \t]*\r?\n)\xef\xbb\xbf", rb"\1", data)
    return data if "\ufeff" not in data else re.sub("(?m)^(---[ \t]*\r?\n)\ufeff", r"\1", data)


def with_last_line_ended(data: bytes | str) -> bytes | str:
    """A stream whose last line ends, if a block of text may be in it.

    kubectl's reader of lines ends the last one, so that the text of a block ends in a line break
    (k8s.io/apimachinery v0.34 pkg/util/yaml LineReader).
    """
    if isinstance(data, bytes):
        is_whole = data.endswith(b"\n") or not (b"|" in data or b">" in data)
        return data if is_whole or encoding_of(data).startswith("utf-16") else data + b"\n"
    return data if data.endswith("\n") or not ("|" in data or ">" in data) else data + "\n"


def json_values(data: bytes | str) -> list[JsonValue]:
    """The objects and lists of a stream of JSON texts, such as `jq` writes; none if it is not one.

    kubectl reads such a stream to its end (k8s.io/apimachinery pkg/util/yaml, v0.34).
    """
    import json

    text = data.decode(encoding_of(data), "replace") if isinstance(data, bytes) else data
    blanks = re.compile("[ \t\r\n]*")
    decoder = json.JSONDecoder()
    found: list[JsonValue] = []
    before = line = column = 0
    begin = len(text) - len(text.lstrip(" \t\r\n"))
    try:
        while text[begin : begin + 1] in ("{", "["):
            lines = split_lines(text[before:begin])
            line += len(lines) - 1
            column = len(lines[-1]) + (column if len(lines) == 1 else 0)
            before = begin
            _, end = decoder.raw_decode(text, begin)
            found.append(JsonValue(text[begin:end], line, column))
            gap = blanks.match(text, end)
            assert gap is not None
            begin = gap.end()
    except (ValueError, RecursionError):
        return []
    return found if begin == len(text) else []


def behind_json(text: str) -> tuple[int, int] | None:
    """How many JSON objects a stream begins with, and where they end; None if it is no JSON."""
    import json

    blanks = re.compile("[ \t\r\n]*")
    decoder = json.JSONDecoder()
    at, end, count = len(text) - len(text.lstrip("\ufeff \t\r\n")), 0, 0
    while text.startswith("{", at):
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        count += 1
        gap = blanks.match(text, end)
        assert gap is not None
        at = gap.end()
    return (count, end) if count else None


def may_hold_no_number(data: bytes | str) -> bool:
    """Does `.inf` or `.nan` stand anywhere in a stream?"""
    if isinstance(data, bytes):
        if encoding_of(data).startswith("utf-16"):
            return True
        return any(word.encode() in data for word in _NO_NUMBERS)
    return any(word in data for word in _NO_NUMBERS)


def json_for_yaml(data: bytes | str) -> tuple[bytes | str, Callable[[str], str] | None]:
    r"""A JSON stream as libyaml can read it, every place kept, and what mends its texts.

    JSON may be indented with tabs, YAML may not (inside JSON strings they are escaped). JSON
    writes an emoji as two escaped surrogates, `\ud83d\ude00`, which YAML refuses: they become
    private characters, and the second value turns these back.
    """
    tab, escape = (b"\t", b"\\u") if isinstance(data, bytes) else ("\t", "\\u")
    if tab in data:  # type: ignore[operator]
        data = data.replace(tab, b" " if isinstance(data, bytes) else " ")  # type: ignore[arg-type]
    if escape not in data:  # type: ignore[operator]
        return data, None
    text = data.decode(encoding_of(data), "replace") if isinstance(data, bytes) else data
    if not any(match[2] for match in re.finditer(_SURROGATE, text)):
        return data, None
    base = _free_range(text)

    def moved(match: re.Match[str]) -> str:
        return match[1] or f"\\u{int(match[2], 16) - 0xD800 + base:04x}"

    private = re.compile(f"[{chr(base)}-{chr(base + 0x7FF)}]")

    def restore(value: str) -> str:
        if not private.search(value):
            return value
        back = private.sub(lambda match: chr(ord(match[0]) - base + 0xD800), value)
        return back.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def string(match: re.Match[str]) -> str:
        return re.sub(_SURROGATE, moved, match[0])

    return re.sub(_STRING, string, text), restore


def colons_for_yaml(data: bytes | str) -> tuple[str, str] | None:
    """A stream with another character for each colon that ends a plain text in braces or brackets.

    kubectl takes `[fd00::, fe80::]` as it stands, libyaml does not. None where there is none.
    """
    text = data.decode(encoding_of(data), "replace") if isinstance(data, bytes) else data
    stand_in = chr(_free_range(text))
    spared = re.sub(r"""(?<=[^\s"',{}\[\]]):(?=[,?{}\[\]])""", stand_in, text)
    return None if spared == text else (spared, stand_in)


def _free_range(text: str) -> int:
    """The first of the stand-in ranges that occurs in a text neither as is nor escaped."""
    for base in _STAND_INS:
        high = f"{base >> 8:x}"[0] + f"[{(base >> 8) & 0xF:x}-{((base >> 8) & 0xF) + 7:x}]"
        if not re.search(f"[{chr(base)}-{chr(base + 0x7FF)}]|\\\\u{high}", text, re.IGNORECASE):
            return base
    return _STAND_INS[0]


def without_forbidden(text: str) -> str:
    """The text with a replacement character for each that YAML forbids: every place is kept."""
    return re.sub(_FORBIDDEN, "\ufffd", text)


def first_forbidden(data: bytes | str) -> tuple[int, int, str]:
    """1-based line and column of the first thing a YAML reader refuses, and what it is."""
    text, message = data, ""
    if isinstance(data, bytes):
        encoding = encoding_of(data)
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            good = data[: error.start].decode(encoding, "replace")
            name = encoding.replace("-sig", "").upper()
            text, message = good, f"byte 0x{data[error.start]:02x} is not {name}"
    assert isinstance(text, str)
    found = re.search(_FORBIDDEN, text)
    if found:
        text, message = text[: found.start()], f"character U+{ord(found[0]):04X} is not allowed"
    lines = split_lines(text)
    return len(lines), len(lines[-1]) + 1, message or "the text cannot be read"
