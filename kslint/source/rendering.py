"""Values as YAML or JSON text, for what is written into a file that somebody else laid out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kslint.source.scalars import resolve

if TYPE_CHECKING:
    from kslint.source.nodes import JsonValue

_PLAIN = re.compile(r"(?:--?)?[A-Za-z0-9_/.$][A-Za-z0-9_/.=+@$~-]*", re.ASCII)
"""Text that every YAML reader takes as it stands, in flow style too; stricter than YAML asks."""
_DATE = re.compile(r"[0-9]+-[0-9]+-[0-9]+.*", re.ASCII)


def scalar(value: JsonValue, quote: str = "") -> str:
    """A string, number, boolean or null. Strings are quoted with `quote`, or where they must be."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) and resolve(value, plain=True) == value
    if not quote and plain and not _DATE.fullmatch(value):
        return value
    escaped = not quote and '"' in value and "'" not in value
    if (quote == "'" or escaped) and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False)


def flow(value: JsonValue, as_json: bool = False) -> str:
    """A value on one line: JSON, or YAML's flow style."""
    if as_json:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


def entry(key: str, value: JsonValue, indent: int, dash: int = 0) -> list[str]:
    """The lines of one entry of a block mapping whose keys stand at column `indent`.

    `dash` is how far the dashes of a list are indented from its key.
    """
    head = " " * indent + scalar(key) + ":"
    if isinstance(value, dict) and value:
        below = (entry(k, v, indent + 2, dash) for k, v in value.items())
        return [head, *(line for lines in below for line in lines)]
    if isinstance(value, list) and value:
        below = (item(element, indent + dash, dash) for element in value)
        return [head, *(line for lines in below for line in lines)]
    return [f"{head} {flow(value)}"]


def item(value: JsonValue, indent: int, dash: int = 0, quote: str = "") -> list[str]:
    """The lines of one item of a block list whose dashes stand at column `indent`."""
    start = " " * indent + "- "
    if isinstance(value, dict) and value:
        below = (entry(k, v, indent + 2, dash) for k, v in value.items())
        lines = [line for part in below for line in part]
        return [start + lines[0][indent + 2 :], *lines[1:]]
    return [start + (scalar(value, quote) if isinstance(value, str) else flow(value))]
