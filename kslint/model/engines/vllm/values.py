"""Values of options as vLLM's parser takes them, or refuses them.

Sources: argparse; parse_type, optional_type and human_readable_int in vllm/engine/arg_utils.py
and vllm/utils/argparse_utils.py v0.23.0; limits are those of the configuration classes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.model.answer import Invalid, Known
from kslint.model.engines.vllm import facts
from kslint.model.engines.vllm.arguments import parse_human_int

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.engines.vllm.facts import Option, Version

JSON_TYPES = frozenset(("json", "json-or-pairs", "json-or-string"))
_STRING = re.compile(r'("(?:[^"\\]|\\[\s\S])*(?:"|\\?\Z))')
_SUFFIXED = re.compile(r"\b\d+(?:\.\d+)?[kKmMgGtT]\b")
_OBJECT = re.compile(r"\s*\{.*\}\s*", re.DOTALL)
_PAIR = re.compile(r"[^=,]+=\s*\d+\s*")
_LIMITS = {"gt": "over {}", "ge": "of {} or more", "lt": "under {}", "le": "up to {}"}
_OLD_LIMITS: dict[str, tuple[tuple[str, float], ...]] = {"gpu-memory-utilization": (("le", 1),)}
"""Limits that configuration classes without pydantic hold to (vllm/config.py v0.6.0-0.10.2)."""


def refused(name: str, text: str, possible: Iterable[Version]) -> str | None:
    """What an option takes, where every release that has it refuses the value; None where not.

    JSON is judged by `refused_json`.
    """
    wanted = None
    for option in _options(name, possible):
        found = _wanted(option, text)
        if found is None:
            return None
        wanted = wanted or found
    return wanted


def refused_json(name: str, text: str, possible: Iterable[Version]) -> bool:
    """True where every release that has the option takes JSON, and this is none."""
    options = list(_options(name, possible))
    return bool(options) and all(_json_fault(option, text) for option in options)


def is_json(name: str, possible: Iterable[Version]) -> bool:
    """True for an option that every release reads as JSON, whatever else it may take."""
    options = list(_options(name, possible))
    return bool(options) and all(option.type in JSON_TYPES for option in options)


def is_switch(name: str, possible: Iterable[Version]) -> bool:
    """True for an option that takes no value at any release that has it."""
    options = list(_options(name, possible))
    return bool(options) and all(option.arity == "0" for option in options)


def _options(name: str, possible: Iterable[Version]) -> Iterator[Option]:
    """An option at the releases that have it, the newest first."""
    found = (facts.option(name, release) for release in reversed(tuple(possible)))
    return (option for option in found if option is not None)


def parse_json(text: str) -> object | None:
    """What vLLM reads: JSON, in which numbers may have a suffix as in 80m. None if it is none."""
    import json

    parts = _STRING.split(text)
    parts[::2] = [_SUFFIXED.sub("0", part) for part in parts[::2]]
    try:
        found: object = json.loads("".join(parts))
    except (ValueError, RecursionError):
        return None
    return found


def _json_fault(option: Option, text: str) -> bool:
    if option.nullable and text in ("", "None"):
        return False
    if option.type == "json-or-pairs" and not _OBJECT.fullmatch(text):
        return not all(_PAIR.fullmatch(pair) for pair in text.split(","))
    if option.type == "json-or-string" and not _OBJECT.fullmatch(text):
        return False
    return option.type in JSON_TYPES and parse_json(text) is None and text.strip() != "null"


def _wanted(option: Option, text: str) -> str | None:
    """What the option takes, if it is not this."""
    if option.nullable and text in ("", "None"):
        return None
    if option.type == "word-bool":
        return None if text.lower() in ("true", "false") else "true or false"
    number: float | None = None
    if option.type in ("int", "float"):
        number = _number(text, option.type)
        if number is None:
            return "a whole number" if option.type == "int" else "a number"
    elif option.type.startswith("human-int"):
        if option.type.endswith("auto") and text.strip().lower() in ("auto", "-1"):
            return None
        read = parse_human_int(text)
        if isinstance(read, Invalid):
            return "a whole number, or one such as 4k or 4K"
        number = read.value if isinstance(read, Known) else None
    if option.choices:
        written = str(int(number)) if option.type == "int" and number is not None else text
        return None if written in option.choices else "one of " + ", ".join(_sorted(option.choices))
    return _out_of_limits(option, number)


def _out_of_limits(option: Option, number: float | None) -> str | None:
    limits = option.limits or _OLD_LIMITS.get(option.name, ())
    if number is None or all(_keeps(number, kind, limit) for kind, limit in limits):
        return None
    return "a number " + " and ".join(_LIMITS[kind].format(f"{limit:g}") for kind, limit in limits)


def _keeps(number: float, kind: str, limit: float) -> bool:
    if kind in ("gt", "ge"):
        return number > limit or (kind == "ge" and number == limit)
    return number < limit or (kind == "le" and number == limit)


def _number(text: str, kind: str) -> float | None:
    if len(text) > 300:
        return None
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        return None


def _sorted(choices: tuple[str, ...]) -> list[str]:
    numbers = all(choice.isdigit() for choice in choices)
    return sorted(choices, key=int) if numbers else list(choices)
