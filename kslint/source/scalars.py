"""Plain scalars as Kubernetes reads them.

kubectl and the API machinery decode YAML with sigs.k8s.io/yaml, a YAML 1.1 dialect that no
Python parser matches line by line: `y` is a boolean, `1e3` a number, `1:30` and dates are
text. The table here follows `resolve.go` of its go-yaml v2 and was compared with
`kubectl annotate --local -o json` (1.32.4).
"""

from __future__ import annotations

import re
from typing import Union

Plain = Union[str, int, float, bool, None]

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False
    ),
}
"""Plain words that are not text."""

KEY_WORDS: dict[str, str] = {
    word: "true" if value else "false" for word, value in WORDS.items() if value is not None
}
"""Plain mapping keys that become another key, since JSON knows string keys only."""

_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_STRING_TAG = "tag:yaml.org,2002:str"


def resolve(literal: str, plain: bool, tag: str | None = None) -> Plain:
    """The value of a scalar: text if quoted or block style, else by the table."""
    if not plain or tag == _STRING_TAG:
        return literal
    if literal in WORDS:
        return WORDS[literal]
    if literal[0] not in _NUMBER_START:
        return literal
    digits = literal.replace("_", "")
    if _INTEGER.fullmatch(digits):
        return _integer(digits)
    if _FLOAT.fullmatch(digits):
        return float(digits)
    return literal


def _integer(digits: str) -> int | float:
    sign = -1 if digits[0] == "-" else 1
    body = digits.lstrip("+-")
    base = 10
    if body[0] == "0" and len(body) > 1:
        prefix = body[1]
        base = {"x": 16, "X": 16, "b": 2, "B": 2}.get(prefix, 8)
        body = body[2:] if prefix in "xXbBoO" else body[1:]
    elif len(body) > 20:
        return sign * float(body)  # int() of very long text is quadratic, and Go gives a float
    number = sign * int(body, base)
    if -(2**63) <= number < 2**64:
        return number
    return float(number) if number.bit_length() < 1024 else sign * float("inf")
