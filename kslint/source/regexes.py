"""Regular expressions that stand in the input: whoever opens a pull request writes them.

Those who read them in a cluster are written in Go, whose engine never goes back, and so is RE2,
which takes the same language. Python's own may try for years to match `(a+)+b`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_FIXED = r"[a-zA-Z0-9_/:.@ -]*"
"""Patterns without choice or repetition, as most names are: nothing to go back to."""


class PatternError(ValueError):
    """A pattern that Go does not take, or that cannot be tried: RE2 is not installed."""


def full_match(pattern: str, text: str, ending: str = "") -> bool:
    """Is a text all that a pattern describes, with one of ours at its end? Raises PatternError."""
    return _asked(pattern, text, "fullmatch", ending)


def is_in(pattern: str, text: str) -> bool:
    """Does a text hold what a pattern describes? Raises PatternError."""
    return _asked(pattern, text, "search")


def matches(pattern: str, text: str) -> list[str]:
    """Everything in a text that a pattern describes, from left to right. Raises PatternError."""
    return [str(match[0]) for match in _compiled(pattern, "").finditer(text)]


def _asked(pattern: str, text: str, how: str, ending: str = "") -> bool:
    try:
        return getattr(_compiled(pattern, ending), how)(text) is not None
    except UnicodeError:
        raise PatternError("half a surrogate pair cannot be matched") from None


@lru_cache(1024)
def _compiled(pattern: str, ending: str) -> Any:
    if re.fullmatch(_FIXED, pattern):
        return re.compile(pattern + ending)
    try:
        import re2  # 15 ms, and only few inputs need it
    except ImportError:
        raise PatternError("google-re2 is not installed") from None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"(?:{pattern}){ending}", options)
    except re2.error as error:
        raise PatternError(f"{pattern} is no regular expression: {error}") from None
