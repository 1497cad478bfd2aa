"""Names of vLLM's metrics in queries: as Prometheus has them, by release.

A counter `x` is scraped as `x_total`, a histogram as `x_bucket`, `x_sum` and `x_count`
(prometheus_client 0.21 metrics.py). A name that hides behind `--show-hidden-metrics-for-version` is
none that a release exports.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.engines.vllm import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.engines.vllm.facts import Version

_TOKEN = re.compile(
    r"""__name__\s*=\s*["'](?P<named>[^"']*)["']"""
    r"""|(?P<label>model_name)\s*=\s*["'](?P<model>[^"']*)["']"""
    r"""|"(?:[^"\\]|\\[\s\S])*(?:"|\\?\Z)|'(?:[^'\\]|\\[\s\S])*(?:'|\\?\Z)"""
    r"""|<<[^<>]*>>|\{\{[^{}]*\}\}"""
    r"""|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)"""
    r"""|(?P<word>[a-zA-Z_:][\w:]*)(?P<after>\s*(?:\(|!?=~?|[.$*]))?"""
)
_EVERY = ("_bucket", "_sum", "_count", "_total")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "other": _EVERY}
_GOOGLE = re.compile(r"(?:prometheus|external)\.googleapis\.com[|/]([\w:]+)[|/](\w+)")
_ROUTER = frozenset(
    ("current_qps", "avg_decoding_length", "num_prefill_requests", "num_decoding_requests",
     "healthy_pods_total", "avg_latency", "avg_itl", "avg_ttft", "queueing_delay_seconds",
     "num_incoming_requests", "input_tokens", "output_tokens")
)  # fmt: skip
"""What the router of the production stack exports under vLLM's prefix."""

UNDERSCORE, SUFFIX, REMOVED, NEW, NEVER = "underscore", "suffix", "removed", "new", "never"


class Sample(NamedTuple):
    """A name that a query reads, and where in its text it begins and ends."""

    name: str
    start: int
    end: int


class Fault(NamedTuple):
    """Why a query finds nothing under a name, and the name that is meant, "" where none is."""

    kind: str
    meant: str
    version: Version | None = None


def samples(query: str) -> Iterator[Sample]:
    """The names in a PromQL query, or as Google's adapter spells them, that may be vLLM's."""
    google = _GOOGLE.search(query)
    if google is not None:
        # by the type of the metric, which has no suffix there
        name, kind = google.groups()
        yield Sample(name + ("_bucket" if kind == "histogram" else ""), *google.span(1))
        return
    for match in _TOKEN.finditer(query):
        name = match["named"] or match["word"] or ""
        if name.startswith(("vllm:", "vllm_")) and not match["after"] and len(name) > len("vllm:"):
            yield Sample(name, *match.span("named" if match["named"] else "word"))


def model_names(query: str) -> Iterator[Sample]:
    """The models that a query asks for by `model_name="..."`."""
    for match in _TOKEN.finditer(query):
        if match["label"] and match["model"]:
            yield Sample(match["model"], *match.span("model"))


def is_share(query: str) -> bool:
    """Is the query's value a fraction: one gauge `..._perc`, as it is or averaged over pods?"""
    if (google := _GOOGLE.search(query)) is not None:
        return google[1].endswith("_perc")
    plain = re.sub(r"\{[^{}]*\}|\[[^][]*\]|\b(?:by|without)\s*\([^()]*\)", "", query)
    found = [sample.name for sample in samples(query)]
    if len(found) != 1 or not found[0].endswith("_perc"):
        return False
    words = set(re.findall(r"[a-z_:]+", plain)) - {found[0]}
    return not re.search(r"[-+*/%]", plain) and words <= {"avg", "max", "min", "avg_over_time"}


def fault(name: str, candidates: tuple[Version, ...]) -> Fault | None:
    """Why none of some releases exports a name; None if one does, or it is not vLLM's to say.

    Without releases only what none ever exported is a fault.
    """
    if name.startswith("vllm_"):
        colon = "vllm:" + name[len("vllm_") :]
        known = any(_exports(colon, release) for release in facts.releases())
        meant = _current(colon, candidates)
        return Fault(UNDERSCORE, meant) if known else None
    asked = candidates or facts.releases()
    if any(_exports(name, release) for release in asked):
        return None
    having = [release for release in facts.releases() if _exports(name, release)]
    if having:
        later = [release for release in having if release > asked[-1]]
        first = having[0] if later and having[0] > asked[-1] else _after(having[-1])
        return Fault(NEW if later else REMOVED, _current(name, candidates), first)
    suffixed = _with_suffix(name, asked[-1])
    if suffixed:
        return Fault(SUFFIX, suffixed)
    if name.partition(":")[2] in _ROUTER:
        return None
    return Fault(NEVER, _nearest(name, asked[-1]))


def _exports(name: str, release: Version) -> bool:
    kind = facts.metric(name, release)
    if kind in ("gauge", "other") or (kind == "counter" and name.endswith("_total")):
        return True
    base, _, suffix = name.rpartition("_")
    kind = facts.metric(base, release)
    return suffix == "created" or f"_{suffix}" in _SUFFIXES.get(kind or "", ())


def _with_suffix(name: str, release: Version) -> str:
    """The sample that is meant by the bare name of a counter or histogram; "" for another name."""
    suffixes = _SUFFIXES.get(facts.metric(name, release) or "", ())
    return name + suffixes[0] if suffixes else ""


def _current(name: str, candidates: tuple[Version, ...]) -> str:
    """What a name is called in the releases, or in the newest."""
    release = candidates[-1] if candidates else facts.releases()[-1]
    if _exports(name, release):
        return name
    for suffix in ("", *_EVERY):
        base = name.removesuffix(suffix) if suffix else name
        meant = facts.metric_replacement(base)
        if meant and name.endswith(suffix):
            meant = meant if meant.endswith("_total") or suffix == "_total" else meant + suffix
            return meant if _exports(meant, release) else _with_suffix(meant, release)
    return ""


def _after(release: Version) -> Version | None:
    known = facts.releases()
    at = known.index(release) + 1
    return known[at] if at < len(known) else None


def _nearest(name: str, release: Version) -> str:
    from difflib import get_close_matches

    names = []
    for one in facts.metric_names():
        suffixes = _SUFFIXES.get(facts.metric(one, release) or "", ("",))
        names += [one + suffix for suffix in suffixes if _exports(one + suffix, release)]
    found = get_close_matches(name, names, 1, 0.85)
    return found[0] if found else ""
