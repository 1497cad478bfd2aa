"""The folded rules that kslint brings along, a table a family, read where a kind of it is met.

`scripts/fold_rules.py` describes the format; `schemas/data/README.md` names the releases.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, NamedTuple

from kslint.model.cel.ruled import Rule, Ruled


class Variant(NamedTuple):
    """The schema of a kind as some releases have it; `releases` are their places in the table."""

    schema: Ruled
    releases: frozenset[int]


class RuleTable:
    """The rules of one family."""

    def __init__(self, lines: list[bytes]) -> None:
        head = json.loads(lines[0])
        self.releases: list[str] = head["releases"]
        self.kinds: dict[str, list[list[Any]]] = head["kinds"]
        self._rules = [Rule(*rule) for rule in head["rules"]]
        self._lines = lines
        self._made: dict[int, Ruled] = {}

    def variants(self, key: str) -> list[Variant]:
        """What the releases say of `group/version/Kind`, the newest first."""
        return [Variant(self._node(n), frozenset(r)) for n, r in self.kinds.get(key, ())]

    def _node(self, index: int) -> Ruled:
        made = self._made.get(index)
        if made is None:
            type_, *rest = json.loads(self._lines[index + 1])
            facets: dict[str, Any] = rest[0] if rest else {}
            made = self._made[index] = Ruled(type_, self._node, facets.get("p", {}))
            made.raw = {name: facets[key] for key, name in _PARTS if key in facets}
            made.nullable = "n" in facets
            made.format = facets.get("f", "")
            made.rules = tuple(self._rules[number] for number in facets.get("x", ()))
            if "d" in facets:
                made.default = facets["d"]
        return made


_PARTS = (("i", "items"), ("a", "values"))


@cache
def rule_table(family: str) -> RuleTable:
    """The table of a family, which must be one of RULED."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", f"{family}.jsonl"), "rb") as handle:
        return RuleTable(handle.read().split(b"\n"))
