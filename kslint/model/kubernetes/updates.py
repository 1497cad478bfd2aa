"""Fields that the API server lets no one change, and what it answers.

`data/immutable.json` holds them by kind, with the upstream file; `{path}` in a message is the field
of the rule. Messages stand as in v1.34.1, less the value that is printed before them. Only what
both sides show is judged: what a cluster fills in by itself is in no manifest.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.kubernetes.quantity import parse_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source.nodes import Map


class Denial(NamedTuple):
    """An update that is refused: the path that must not change, and the answer."""

    path: str
    message: str
    source: str


def denials(group: str, kind: str, old: Map, new: Map, paths: Iterable[str]) -> Iterator[Denial]:
    """What is refused of an update of an object in which these paths change."""
    entry = _table().get(f"{group}/{kind}".lstrip("/"))
    if entry is None:
        return
    for rule in entry["rules"]:
        if "if" in rule and old.boolean(*rule["if"].split(".")) is not True:
            continue
        held = next((path for path in paths if _is_held(path, rule)), None)
        if held is not None and not _is_allowed(rule.get("unless"), old, new):
            field = next(each for each in rule["paths"] if _within(held, each))
            message = rule["message"].replace("{path}", field)
            yield Denial(held, message, entry["source"])


def _is_held(path: str, rule: dict[str, Any]) -> bool:
    """Is a path within what a rule holds, and in none of what it leaves free?"""
    return any(_within(path, each) for each in rule["paths"]) and not any(
        _within(path, each) for each in rule.get("but", ())
    )


def _within(path: str, block: str) -> bool:
    return path == block or path.startswith((f"{block}.", f"{block}["))


def _is_allowed(exception: str | None, old: Map, new: Map) -> bool:
    if exception == "grows":
        before, after = (
            parse_or_none(body.string("spec", "resources", "requests", "storage"))
            for body in (old, new)
        )
        return before is None or after is None or before <= after
    if exception == "cluster-ip-left-out":
        return new.string("spec", "clusterIP") is None
    if exception == "suspended":
        return old.boolean("spec", "suspend") is True
    return False


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", "immutable.json"), encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
