"""What vLLM accepts, by release: its options and its environment variables.

The tables in `data/` are folded by scripts/fold_vllm.py from options read out of the real
argparse parser (vllm/entrypoints/openai/cli_args.py, vllm/engine/arg_utils.py) and from
`vllm/envs.py`, at 16 sampled releases from 0.8.5 to 0.32.0; types and choices are those of
v0.23.0. Between two samples nothing is known, so a doubt there counts in the user's favour.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Version = tuple[int, ...]

REFERENCE: Version = (0, 23, 0)
"""The release whose types, choices and forms the tables hold."""

_OLD_SWITCHES = frozenset(
    ("multi-step-stream-outputs", "worker-use-ray", "engine-use-ray", "eplb-log-balancedness",
     "expand-tools-even-if-tool-choice-none", "cohere-is-reasoning-model", "jit-monitor-verbose",
     "mm-device-do-normalize", "per-request-spec-decode-metrics", "return-sampling-mask",
     "dcp-q-replicate", "sleep-mode-offload-cudagraph", "swa-bounded-replay",
     "trust-request-mm-kwargs", "long-prefill-token-threshold-adaptive")
)  # fmt: skip
"""Options outside v0.23.0, so of no recorded type, whose name shows that they take no value."""


class FlagInfo(NamedTuple):
    """A `vllm serve` option. `arity` is how many values it takes: "0", "1", "?", "+".

    `type` is bool, int, float, str, json, json-or-string, human-int or human-int-or-auto; empty
    for options that v0.23.0 does not have. `choices` are enforced by argparse (exit code 2).
    `first_seen` and `gone` are sampled releases: the first that has it, the first without it.
    """

    name: str
    type: str
    arity: str
    negatable: bool
    choices: tuple[str, ...]
    first_seen: Version | None
    gone: Version | None
    replacement: str
    note: str


class EnvInfo(NamedTuple):
    """A variable of vllm/envs.py.

    `form` says which spellings of a boolean it understands: "0/1 int", "true/1", "1 only",
    "true only", "not 0", or "other".
    """

    name: str
    type: str
    form: str
    choices: tuple[str, ...]
    first_seen: Version | None
    gone: Version | None
    replacement: str
    note: str


def parse_version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def covers(version: Version | None) -> bool:
    """True if a release lies within the sampled ones, so that an unlisted name is unknown there."""
    samples = _samples()
    return version is not None and samples[0] <= version <= samples[-1]


@lru_cache(maxsize=4096)
def flag_info(name: str, version: Version | None = None) -> FlagInfo | None:
    """What is known of an option, by its long name in hyphens without dashes.

    `--no-x` is looked up as `x`, `a.b` (JSON by dots) as `a`. Choices are only given where
    `version` is None or the release they were read from, for they grow with every release.
    """
    base = _base_name(name)
    entry = _table("flags")["flags"].get(base)
    if entry is None:
        return None
    kind: str = entry.get("type", "")
    same = version is None or version[:2] == REFERENCE[:2]
    return FlagInfo(
        base,
        kind,
        "0" if kind == "bool" or (not kind and _looks_boolean(base)) else entry.get("nargs", "1"),
        entry.get("negatable", False),
        tuple(entry.get("choices", ())) if same else (),
        _optional_version(entry.get("first_seen")),
        _optional_version(entry.get("gone")),
        entry.get("replacement", ""),
        entry.get("note", ""),
    )


def flag_status(name: str, version: Version | None) -> str:
    """Would this release accept the option: "known", "removed", "too-new" or "unknown".

    With no version, and between samples, every doubt means "known".
    """
    info = flag_info(name)
    return "unknown" if info is None else _status(info.first_seen, info.gone, version)


def nearest_flag(name: str) -> str | None:
    """The option of v0.23.0 that a misspelt name most resembles, or None."""
    flags = _table("flags")["flags"]
    current = [n for n in flags if flag_status(n, REFERENCE) == "known"]
    return _nearest(name, current)


def long_name(short: str) -> str | None:
    """The long name of a short option: "tp" gives "tensor-parallel-size"."""
    name: str | None = _table("flags")["short"].get(short)
    return name


@cache
def flags_at(version: Version | None) -> tuple[str, ...]:
    """The long names, `no-` forms included, that argparse may complete a prefix to."""
    names: list[str] = []
    for name, entry in _table("flags")["flags"].items():
        if flag_status(name, version or REFERENCE) == "known":
            names.append(name)
            if entry.get("negatable"):
                names.append(f"no-{name}")
    return tuple(names)


def registry(name: str) -> tuple[str, ...]:
    """Values checked after parsing, at v0.23.0: "quantization_methods", "load_formats", ..."""
    return tuple(_table("flags")["registries"].get(name, ()))


def env_info(name: str) -> EnvInfo | None:
    """What vllm/envs.py knows of a variable, at any sampled release."""
    entry = _table("env")["env"].get(name)
    if entry is None:
        return None
    return EnvInfo(
        name,
        entry.get("type", ""),
        entry.get("form", ""),
        tuple(entry.get("choices", ())),
        _optional_version(entry.get("first_seen")),
        _optional_version(entry.get("gone")),
        entry.get("replacement", ""),
        entry.get("note", ""),
    )


def env_status(name: str, version: Version | None) -> str:
    """Does this release read the variable: "known", "removed", "too-new" or "unknown".

    Variables that serving pods carry for other programs (HF_HOME, NCCL_DEBUG) are known.
    From 0.17.1 vLLM warns of an unknown VLLM_ name itself (vllm/envs.py validate_environ).
    """
    info = env_info(name)
    if info is None:
        table = _table("env")
        return "known" if name in table["related"] or name in table["read"] else "unknown"
    return _status(info.first_seen, info.gone, version)


def nearest_env(name: str) -> str | None:
    """The variable, or the option ("--max-model-len"), that was meant by an unknown name."""
    table = _table("env")
    meant: str | None = table["meant"].get(name)
    return meant or _nearest(name, table["env"])


def _status(first: Version | None, gone: Version | None, version: Version | None) -> str:
    if version is None:
        return "known"
    if gone is not None and version >= gone:
        return "removed"
    if first is not None and version <= _sample_before(first):
        return "too-new"
    return "known"


def _sample_before(version: Version) -> Version:
    """The last sample that did not have it; nothing is before the first sample."""
    return max((sample for sample in _samples() if sample < version), default=())


def _nearest(name: str, names: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(name, names, 1, 0.75)
    return found[0] if found else None


def _base_name(name: str) -> str:
    flags = _table("flags")["flags"]
    base = name.partition(".")[0]
    positive = base.removeprefix("no-")
    negated = base not in flags and flags.get(positive, {}).get("negatable")
    return positive if negated else base


def _looks_boolean(name: str) -> bool:
    switch = name.startswith(("enable-", "disable-", "use-")) or "-disable-" in name
    return switch or name in _OLD_SWITCHES


def _optional_version(text: str | None) -> Version | None:
    return None if text is None else parse_version(text)


@cache
def _samples() -> tuple[Version, ...]:
    return tuple(parse_version(text) for text in _table("flags")["samples"])


@cache
def _table(name: str) -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(__file__), "data", f"{name}.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
