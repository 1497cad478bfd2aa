"""The texts of pages with the facts of a finding in their places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPAN = re.compile("(`[^`]*`)")
_TICKS = re.compile("`+")


def filled(text: str, facts: Mapping[str, object]) -> str:
    """A text with facts put in. What stands between backticks is code, whatever comes into it.

    A backtick in a fact does not end the code: as in Markdown, it then stands between more of them.
    """
    if not any("`" in str(fact) for fact in facts.values()):
        return text.format_map(facts).strip()
    parts = (part.format_map(facts) for part in _SPAN.split(text))
    return "".join(_code(p) if n % 2 else p for n, p in enumerate(parts)).strip()


def filled_in_part(text: str, facts: Mapping[str, object]) -> str:
    """The same for texts that speak of every variant: a missing fact shows as `<name>`."""
    return filled(text, _Lenient(facts))


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _code(span: str) -> str:
    inner = span[1:-1]
    if "`" not in inner:
        return span
    fence = "`" * (max(map(len, _TICKS.findall(inner))) + 1)
    return f"{fence} {inner} {fence}"
