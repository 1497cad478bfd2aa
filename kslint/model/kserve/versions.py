"""What differs between the releases of KServe that are known: each difference once.

The table is data/changes.json. A release that is not in it takes the nearest older one, whose
behaviour is then assumed.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from typing import Any, NamedTuple

NEWEST = "0.20"
"""The newest release whose controller was read in source."""

_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})(?!\d)")
_FALLBACK = (0, 19)


class Change(NamedTuple):
    """A difference: the first release that has it, and where it was read before and after.

    `until` is the first release that no longer has it, "" while all later ones do.
    """

    since: str
    until: str
    text: str
    before: str
    after: str


@lru_cache(maxsize=256)
def parsed(version: str) -> tuple[int, int] | None:
    """Major and minor of a version such as `0.19` or `v0.19.1`; None for what is none (`main`)."""
    match = _VERSION.match(version)
    return (int(match[1]), int(match[2])) if match else None


def number(version: str) -> tuple[int, int]:
    """The same, to compare by; what is no version counts as 0.19."""
    return parsed(version) or _FALLBACK


def normal(text: str) -> str | None:
    """`v0.19.0` and `0.19.0` as `0.19`; None if the text is no version."""
    numbers = parsed(text)
    return None if numbers is None else ".".join(map(str, numbers))


@lru_cache(maxsize=1024)
def has(version: str, change: str) -> bool:
    """Does a release behave as a change says?"""
    found = changes()[change]
    at = number(version)
    return number(found.since) <= at and not (found.until and number(found.until) <= at)


def table(name: str, profile: str) -> dict[str, Any]:
    """A release's table of a data file.

    One that is `like` another release's has its entries but for the images' tags; what else
    differs stands beside it, for the reader to apply.
    """
    rows = _rows(name)
    own: dict[str, Any] = rows[profile]
    if "like" not in own:
        return own
    old, new = own["tags"]
    text = json.dumps(rows[own["like"]]).replace(old, new)
    return {**json.loads(text), **own}


@lru_cache(maxsize=4)
def _rows(name: str) -> dict[str, Any]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", name)
    with open(path, encoding="utf-8") as handle:
        rows: dict[str, Any] = json.load(handle)
    return rows


@lru_cache(maxsize=1)
def changes() -> dict[str, Change]:
    """Every difference by its name."""
    return {
        name: Change(
            row["since"], row.get("until", ""), row["text"], row.get("before", ""), row["after"]
        )
        for name, row in _rows("changes.json").items()
    }
