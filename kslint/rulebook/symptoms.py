"""From what a cluster printed back to the rule: search over the symptoms on the pages."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.rulebook import Rule

_WORD = re.compile(r"[^\W_]+(?:[._/-][^\W_]+)*")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{[a-z_]*\}|<[a-z_-]+>")
_HAPPENS = re.compile(r"^## What happens\n(.*?)^## ", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_ENOUGH = 0.3
"""The share of a line's weight that must be known to the page; below it is chance."""
_LEAST = 2
"""So many pairs of words must agree: one pair says nothing."""


Pair = tuple[str, str]


class Match(NamedTuple):
    """A rule, the line of the message that led to it, and how much of that line agrees (0 to 1)."""

    rule: Rule
    line: str
    score: float


def search(rules: Iterable[Rule], message: str, limit: int = 5) -> list[Match]:
    """The rules whose symptom reads like a message or a log, the likeliest first.

    A line and a page are compared by pairs of neighbouring words; a pair that stands on many
    pages counts for less. Names and values differ from cluster to cluster and so are no pairs.
    """
    texts = [(rule, _symptoms(rule)) for rule in rules if not rule.reserved]
    pages = [(rule, _pairs_of(text) | _pairs_of(_unquoted(text))) for rule, text in texts]
    often = Counter(pair for _, pairs in pages for pair in pairs)
    weight = {pair: 1 + math.log(len(pages) / count) for pair, count in often.items()}
    # a pair that no page has is as rare as can be
    rarest = max(weight.values(), default=1.0)
    best: dict[str, Match] = {}
    for line in message.splitlines():
        readings = [_pairs_of(line), _pairs_of(_unquoted(line))]
        if not any(pair in weight for read in readings for pair in read):
            continue
        wholes = [sum(weight.get(pair, rarest) for pair in read) for read in readings]
        for rule, pairs in pages:
            shares = [read & pairs for read in readings]
            score, shared = max(
                (sum(weight[pair] for pair in share) / whole if whole else 0.0, len(share))
                for share, whole in zip(shares, wholes, strict=True)
            )
            known = best.get(rule.id)
            if shared >= _LEAST and score >= _ENOUGH and (not known or score > known.score):
                best[rule.id] = Match(rule, line.strip(), score)
    return sorted(best.values(), key=lambda match: (-match.score, match.rule.id))[:limit]


def _unquoted(text: str) -> str:
    """Without what stands in quotes: names of objects, mostly."""
    return _QUOTED.sub(" ", text)


def _symptoms(rule: Rule) -> str:
    return "\n".join([rule.symptom, *_HAPPENS.findall(rule.page())])


def _pairs_of(text: str) -> set[Pair]:
    words = [word.lower() for word in _WORD.findall(_PLACEHOLDER.sub(" ", text))]
    words = [word for word in words if not word.isdigit()]
    return {(words[i], words[i + 1]) for i in range(len(words) - 1)}
