"""What vLLM accepts, by release: its options and its environment variables.

The tables in `data/` are read out of released sources by scripts/read_vllm.py, at each release
that they list: options from vllm/engine/arg_utils.py and cli_args.py, variables from
vllm/envs.py. `words.json` is kept by hand: what took the place of what is gone.

Of a release that was not read, only what its neighbours agree on is known.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Version = tuple[int, ...]

_LIMITS = ("gt", "ge", "lt", "le")
_INVERSES = {"enable": "disable", "disable": "enable"}


class Option(NamedTuple):
    """An option of `vllm serve` at one release.

    `type` is bool, word-bool (takes true or false), int, float, str, json, json-or-string,
    json-or-pairs, pairs (name=number,...), human-int, human-int-or-auto, or other. `arity` is how
    many values it takes: "0", "1", "?", "+". `choices` are all it takes, if there are any.
    `negatable`: has it a `--no-` form? `paired`: and `--disable-x` for `--enable-x`?
    """

    name: str
    type: str
    arity: str
    choices: tuple[str, ...]
    default: str | float | None
    nullable: bool
    negatable: bool
    paired: bool
    aliases: tuple[str, ...]
    limits: tuple[tuple[str, float], ...]


class Variable(NamedTuple):
    """An environment variable at one release.

    `type` is bool, int, float or str. `form` says which spellings of a boolean it understands:
    "0/1 int", "true/1", "1 only", "true only", "not 0" or "other".
    """

    name: str
    type: str
    form: str
    empty_refused: bool
    choices: tuple[str, ...]


class Refusal(NamedTuple):
    """Why a release does not have an option or variable.

    `kind` is "removed" (`version` is the first known without it), "new" (the first with it),
    "never" (no release has it) or "ambiguous" (it begins several names).
    """

    kind: str
    version: Version | None = None


def parse_version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


@cache
def releases() -> tuple[Version, ...]:
    """The releases that were read, oldest first."""
    return tuple(parse_version(text) for text in _table("flags")["releases"])


@lru_cache(maxsize=256)
def span(version: Version | None) -> tuple[Version, ...]:
    """The releases that tell about a version: itself, its neighbours, or none.

    `0.9` is any of its patch releases. A patch release after the newest read counts as that one.
    """
    known = releases()
    if version is None or version < known[0][: len(version)]:
        return ()
    if len(version) < 3:
        minor = tuple(one for one in known if one[: len(version)] == version)
        if minor:
            return minor
    if version > known[-1]:
        return known[-1:] if version[:2] == known[-1][:2] else ()
    at = bisect_left(known, version)
    return (version,) if known[at] == version else known[at - 1 : at + 1]


@lru_cache(maxsize=4096)
def option(name: str, release: Version) -> Option | None:
    """An option by its long name in hyphens, without dashes, at a release that was read."""
    facts = _facts("flags", name, release)
    if facts is None:
        return None
    kind = facts["type"]
    limits = tuple((limit, facts[limit]) for limit in _LIMITS if limit in facts)
    return Option(
        name,
        kind,
        "0" if kind == "bool" else facts.get("nargs", "1"),
        tuple(facts.get("choices", ())),
        facts.get("default"),
        facts.get("nullable", False),
        "negatable" in facts,
        facts.get("negatable") == "paired",
        tuple(alias.removeprefix("--") for alias in facts.get("aliases", ())),
        limits,
    )


@lru_cache(maxsize=1024)
def variable(name: str, release: Version) -> Variable | None:
    facts = _facts("env", name, release)
    if facts is None:
        return None
    return Variable(
        name,
        facts["type"],
        facts.get("form", ""),
        "empty" in facts,
        tuple(facts.get("choices", ())),
    )


def exactly(spelling: str, release: Version) -> tuple[str, bool] | None:
    """The option that a release has under a full spelling, and whether that negates it.

    Long ones are without dashes, short ones keep theirs: `-tp`.
    """
    if option(spelling, release) is not None:
        return spelling, False
    for name in _aliases().get(spelling, ()):
        found = option(name, release)
        if found is not None and spelling in found.aliases:
            return name, False
    head, _, rest = spelling.partition("-")
    if head == "no":
        positive = exactly(rest, release)
        found = None if positive is None or positive[1] else option(positive[0], release)
        return (found.name, True) if found is not None and found.negatable else None
    if head in _INVERSES:
        found = option(f"{_INVERSES[head]}-{rest}", release)
        return (found.name, True) if found is not None and found.paired else None
    return None


@cache
def spellings(release: Version) -> tuple[str, ...]:
    """Every long spelling that a release has, for prefixes to be compared with."""
    names = [*_table("flags")["entries"], *_aliases()]
    inverse = (
        f"{_INVERSES[head]}-{rest}"
        for head, _, rest in (name.partition("-") for name in names)
        if head in _INVERSES
    )
    every = [*names, *(f"no-{name}" for name in names), *inverse]
    found = (one for one in every if not one.startswith("-") and exactly(one, release))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def accepts(spelling: str, release: Version) -> tuple[str, bool] | None:
    """The option that a release makes of a spelling, in full or a unique prefix of a long one."""
    found = exactly(spelling, release)
    if found is not None or spelling.startswith("-"):
        return found
    begun = _begun(spelling, release)
    return exactly(begun[0], release) if len(begun) == 1 else None


def _begun(prefix: str, release: Version) -> list[str]:
    """The long spellings that a prefix begins."""
    if never_had(prefix):
        return []
    return [name for name in spellings(release) if name.startswith(prefix)]


@lru_cache(maxsize=4096)
def resolve(spelling: str, version: Version | None) -> tuple[str, bool] | None:
    """The option that is meant by a spelling, and whether it negates.

    By the release, if it is known; else by the newest; else by any that has it in full.
    """
    for release in (*reversed(span(version)), releases()[-1]):
        found = accepts(spelling, release)
        if found is not None:
            return found
    entries = _table("flags")["entries"]
    plain = spelling.removeprefix("no-")
    name = spelling if spelling in entries else plain
    return (name, name != spelling) if name in entries else None


@lru_cache(maxsize=4096)
def described(name: str, version: Version | None) -> Option | None:
    """An option as this release has it; else as the newest that has it does."""
    for release in (*reversed(span(version)), *reversed(releases())):
        found = option(name, release)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=4096)
def refusal(spelling: str, candidates: tuple[Version, ...]) -> Refusal | None:
    """Why none of some releases accepts an option; None if one does, or none is given."""
    if not candidates or any(accepts(spelling, release) for release in candidates):
        return None
    having = [one for one in releases() if exactly(spelling, one)]
    begun = [] if spelling.startswith("-") else [_begun(spelling, one) for one in candidates]
    if any(begun) and not having:
        meant = [
            {exactly(name, release) for name in names}
            for release, names in zip(candidates, begun, strict=True)
        ]
        return Refusal("ambiguous") if all(len(one) > 1 for one in meant) else None
    return _refusal(having, candidates)


def never_had(spelling: str) -> bool:
    """True if no release that was read accepts an option, in full or as a prefix."""
    names = _every_name()
    at = bisect_left(names, spelling)
    return at == len(names) or not names[at].startswith(spelling)


@cache
def _every_name() -> tuple[str, ...]:
    """Every spelling of every release, and some that none had: negated, inverse. Sorted."""
    names = [*_table("flags")["entries"], *_aliases()]
    parts = [name.partition("-") for name in names]
    inverse = [f"{_INVERSES[head]}-{rest}" for head, _, rest in parts if head in _INVERSES]
    negated = (f"no-{name}" for name in (*names, *inverse))
    return tuple(sorted({*names, *negated, *inverse}))


@cache
def _aliases() -> dict[str, list[str]]:
    """The options that had another name at any release: long ones without dashes."""
    found: dict[str, list[str]] = {}
    for name, history in _table("flags")["entries"].items():
        given = {
            alias for change in history.values() for alias in (change or {}).get("aliases") or ()
        }
        for alias in given:
            found.setdefault(alias.removeprefix("--"), []).append(name)
    return found


def env_refusal(name: str, candidates: tuple[Version, ...]) -> Refusal | None:
    """Why none of some releases reads a variable; None if one does, or none is given."""
    if not candidates or any(variable(name, release) for release in candidates):
        return None
    return _refusal([one for one in releases() if variable(name, one)], candidates)


@lru_cache(maxsize=1024)
def metric(name: str, release: Version) -> str | None:
    """The type of a metric that a release exports by itself: counter, gauge, histogram, other."""
    facts = _facts("metrics", name, release)
    return None if facts is None or "hidden" in facts else str(facts["type"])


@cache
def metric_names() -> tuple[str, ...]:
    """Every metric that any release had."""
    return tuple(_table("metrics")["entries"])


def metric_replacement(name: str) -> str:
    return str(_table("words")["metrics"].get(name, ""))


def _refusal(having: list[Version], candidates: tuple[Version, ...]) -> Refusal:
    if not having:
        return Refusal("never")
    earlier = [release for release in having if release < candidates[0]]
    if not earlier:
        return Refusal("new", having[0])
    known = releases()
    return Refusal("removed", known[known.index(earlier[-1]) + 1])


def replacement(name: str) -> str:
    """What to write in the place of an option or variable that is gone, or how to do without."""
    words = _table("words")
    table = words["env"] if name.startswith("VLLM_") else words["flags"]
    return str(table.get(name, ""))


def nearest_flag(name: str, candidates: tuple[Version, ...]) -> str | None:
    """The option of these releases that a misspelt name most resembles, or None."""
    return _nearest(name, spellings(candidates[-1] if candidates else releases()[-1]))


def nearest_env(name: str, candidates: tuple[Version, ...]) -> str | None:
    """The variable, or the option ("--max-model-len"), that was meant by an unknown name."""
    meant: str | None = _table("words")["meant"].get(name)
    last = candidates[-1] if candidates else releases()[-1]
    return meant or _nearest(name, (one for one in _table("env")["entries"] if variable(one, last)))


def _nearest(name: str, names: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), 1, 0.8)
    return found[0] if found else None


def _facts(table: str, name: str, release: Version) -> dict[str, Any] | None:
    """The facts of an entry at a release: its history up to there."""
    history = _history(table, name)
    at = bisect_left(history, release, key=_first)
    if at == len(history) or history[at][0] != release:
        at -= 1
    return history[at][1] if at >= 0 else None


def _first(entry: tuple[Version, Any]) -> Version:
    return entry[0]


@lru_cache(maxsize=2048)
def _history(table: str, name: str) -> list[tuple[Version, dict[str, Any] | None]]:
    """Every change of an entry, each with all facts from there on."""
    found: list[tuple[Version, dict[str, Any] | None]] = []
    facts: dict[str, Any] | None = None
    for text, change in _table(table)["entries"].get(name, {}).items():
        merged = None if change is None else {**(facts or {}), **change}
        facts = merged and {key: value for key, value in merged.items() if value is not None}
        found.append((parse_version(text), facts))
    return found


@cache
def _table(name: str) -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(__file__), "data", f"{name}.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
