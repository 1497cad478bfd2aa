"""YAML as sigs.k8s.io/yaml v1.6 writes it: keys in order, lists not indented, short style."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL_START = re.compile(r"^[\s\-?:,\[\]{}#&*!|>'\"%@`]")
_NUMBER = re.compile(
    r"^[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$|^[-+]?0[xob][0-9a-fA-F_]+$"
    r"|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$"
)
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$")
_WIDTH = 80
_WORDS = frozenset(
    word
    for base in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    for word in (base, base.capitalize(), base.upper())
) | {"~", "<<", "="}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029\ufeff]")


def dump(value: object) -> str:
    """A document, with a newline at its end."""
    lines = list(_lines(value, ""))
    return "\n".join(lines) + "\n"


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _entry(f"{indent}{_scalar(key)}:", value[key], indent)
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
    else:
        yield indent + _scalar(value)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _lines(value, indent + "  ")
    elif isinstance(value, list) and value:
        yield head
        yield from _lines(value, indent)
    elif isinstance(value, str) and "\n" in value and not _CONTROL.search(value):
        chomp = "" if value.endswith("\n") and not value.endswith("\n\n") else "-"
        chomp = "+" if value.endswith("\n\n") else chomp
        yield f"{head} |{chomp}"
        for line in value.rstrip("\n").split("\n"):
            yield f"{indent}  {line}" if line else ""
    else:
        yield from _folded(f"{head} {_scalar(value)}", indent + "  ", len(head) + 1)


def _folded(line: str, indent: str, start: int) -> Iterator[str]:
    """A line that is broken at the first blank behind its 80th character, as often as it takes."""
    plain = line[start : start + 1] != '"'
    at = start
    while plain and (at := line.find(" ", max(at, _WIDTH + 1))) > 0:
        if line[at + 1 : at + 2] in ("", " ") or line[at - 1] == " ":
            at += 1
            continue
        yield line[:at]
        line, at = indent + line[at + 1 :], len(indent)
    yield line


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    return _text(str(value))


def _text(text: str) -> str:
    if _CONTROL.search(text) or "\n" in text:
        return json.dumps(text, ensure_ascii=False)
    if not text or _is_other(text):
        return json.dumps(text, ensure_ascii=False)
    plain = not (
        (_SPECIAL_START.match(text) and not re.match(r"^[-?:][^\s]", text))
        or text.endswith((" ", ":"))
        or ": " in text
        or " #" in text
    )  # fmt: skip
    return text if plain else "'" + text.replace("'", "''") + "'"


def _is_other(text: str) -> bool:
    """Would a plain text be read as something other than text?"""
    return text in _WORDS or bool(_NUMBER.match(text) or _DATE.match(text))
