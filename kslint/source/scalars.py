"""Plain scalars as Kubernetes reads them.

kubectl and the API machinery decode YAML with sigs.k8s.io/yaml, a YAML 1.1 dialect that no
Python parser matches line by line: `y` is a boolean, `1e3` a number, `1:30` and dates are
text. The table here follows `resolve.go` of its go-yaml v2 and was compared with
`kubectl annotate --local -o json` (1.32.4).
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Callable

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

NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)|0b[-+][01]+", re.ASCII
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
_DATE = re.compile("([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_CLOCK = r"\d\d?:\d\d?:\d\d?(?:\.\d+)?"
_TIME = rf"(?:[Tt]{_CLOCK}(?:Z|[-+]\d\d:\d\d)|\ {_CLOCK})?"
_BASES = {"x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8}

TAG = "tag:yaml.org,2002:"
PYTHON_TAG = TAG + "python/"
MERGE_TAG = TAG + "merge"
_TYPES: dict[str, tuple[type, ...]] = {
    TAG + "bool": (bool,),
    TAG + "float": (int, float),
    TAG + "int": (int,),
    TAG + "null": (type(None),),
}
"""What a plain scalar must look like to bear a tag. Other tags leave the text as it stands."""


def resolve(literal: str, plain: bool, tag: str | None = None) -> Plain:
    """The value of a scalar: text if quoted or block style, else by the table.

    `tag` is written out in full, and None where there is none. A value that its tag forbids
    stays text; `refusal` tells.
    """
    if tag is not None:
        return _tagged(literal, tag)
    if not plain:
        return literal
    if literal in WORDS:
        return WORDS[literal]
    if literal[0] not in NUMBER_START:
        return literal
    return _number(literal) if len(literal) > _SHORT else _short_number(literal)


def _number(literal: str) -> Plain:
    """The value of a plain scalar that begins as a number does."""
    digits = literal if literal[0] == "." else literal.replace("_", "")
    if _INTEGER.fullmatch(digits):
        number = _integer(digits)
        if number is not None:
            return number
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        if value not in (math.inf, -math.inf):  # what is out of Go's range stays text
            return value
    return literal


_SHORT = 24
"""Characters of the numbers that are kept: the same few are asked for again and again."""
_short_number = lru_cache(maxsize=2048)(_number)


def key_name(literal: str, plain: bool, tag: str | None = None) -> str | None:
    """The string that a mapping key becomes, since JSON knows no others.

    None where Kubernetes refuses the key: null, and integers from 2^63 up.
    """
    value = resolve(literal, plain, tag)
    if isinstance(value, str):
        return value.lower().lstrip("+") if plain and is_no_number(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value < 2**63 else None
    return None if value is None else _go_float32(value)


def is_word(literal: str) -> bool:
    """Is it a boolean to kubectl, and text to all who read YAML 1.2 (kustomize among them)?"""
    return isinstance(WORDS.get(literal), bool) and literal.lower() not in ("true", "false")


def is_octal(literal: str) -> bool:
    """Is it a number that a leading zero makes octal?"""
    is_one = literal[:1] == "0" and re.fullmatch("[0-7_]+", literal)
    return bool(is_one and literal.strip("0_"))


def is_date(literal: str) -> bool:
    """Is a plain scalar a date to go-yaml v3? To kubectl it is text.

    Source: go.yaml.in/yaml/v3 v3.0.4 resolve.go (allowedTimestampFormats). With a time of day it
    is written as it was read.
    """
    found = _DATE.fullmatch(literal)
    if found is None:
        return False
    import datetime as dt

    try:
        dt.date(*map(int, found.groups()))
    except ValueError:
        return False
    return True


def _is_timestamp(literal: str) -> bool:
    """Is it one of the forms of go-yaml v2 (`allowedTimestampFormats`)?"""
    date = _DATE.match(literal)
    return (
        date is not None
        and is_date(date[0])
        and re.fullmatch(_TIME, literal[date.end() :], re.ASCII) is not None
    )


def is_no_number(literal: str) -> bool:
    """Is a plain scalar an infinity or no number? JSON has no form for it: Kubernetes refuses."""
    return _NO_NUMBER.fullmatch(literal) is not None


def refusal(literal: str, tag: str) -> str | None:
    """Why Kubernetes refuses a scalar with this tag, or None. The words are go-yaml's."""
    short = "!!" + tag.removeprefix(TAG)
    if tag == TAG + "binary" and _decoded(literal) is None:
        return "!!binary value contains invalid base64 data"
    if tag == TAG + "timestamp" and not _is_timestamp(literal):
        return f"cannot decode `{literal}` as a {short}"
    if tag in _TYPES and not _bears(resolve(literal, plain=True), tag):
        return f"cannot decode `{literal}` as a {short}"
    return None


def _tagged(literal: str, tag: str) -> Plain:
    if tag == TAG + "binary":
        decoded = _decoded(literal)
        return literal if decoded is None else decoded
    if tag in _TYPES:
        value = resolve(literal, plain=True)
        if _bears(value, tag):
            return value
    return literal


def _bears(value: Plain, tag: str) -> bool:
    """Is the value of the tag's type? A boolean is no integer here."""
    return isinstance(value, _TYPES[tag]) and (not isinstance(value, bool) or tag == TAG + "bool")


def _decoded(literal: str) -> str | None:
    import base64
    import binascii

    try:
        return base64.b64decode("".join(literal.split()), validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return None


def _integer(digits: str) -> int | None:
    """An integer of any base that fits Go's int64 or uint64, or None."""
    sign = -1 if "-" in digits else 1
    body = digits.lstrip("+-")
    base = 10
    if body[0] == "0" and len(body) > 1:
        base = _BASES.get(body[1], 8)
        body = body[2:].lstrip("+-") if body[1] in _BASES else body[1:]
    if len(body.lstrip("0")) > 64:  # over 64 bits in any base; int() of long text is quadratic
        return None
    number = sign * int(body, base)
    return number if -(2**63) <= number < 2**64 else None


def go_number(value: float) -> str:
    """A number as Go's `fmt` prints a float64: what a Helm template makes of it."""
    return _shortest(value, float)


def _go_float32(value: float) -> str:
    """A number as `strconv.FormatFloat(value, 'g', -1, 32)` prints it: sigs.k8s.io/yaml's keys."""
    single = _to_float32(value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    return _shortest(single, _to_float32)


def _shortest(value: float, read: Callable[[str], float]) -> str:
    """Go's `%g`: the fewest digits that are read as the same number."""
    digits = 1
    while read(f"{value:.{digits - 1}e}") != value:
        digits += 1  # 17 at most
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -4 <= power < 6:
        return f"{value:.{max(digits - 1 - power, 0)}f}"
    return f"{mantissa}e{power:+03d}"


def _to_float32(value: float | str) -> float:
    import struct

    value = float(value)
    try:
        (single,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        single = math.copysign(math.inf, value)
    return float(single)
