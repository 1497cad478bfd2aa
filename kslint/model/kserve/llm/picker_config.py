"""The configuration of the endpoint picker: KServe's own, and what it makes of the user's.

Mirrors pkg/controller/v1alpha2/llmisvc/scheduler.go:464-590,780-1440 @v0.19.0 and @v0.20.0.
"""

from __future__ import annotations

import copy
import json
import re
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeGuard

from kslint.model.kserve.llm import go_yaml
from kslint.model.kserve.llm.configs import present
from kslint.model.kserve.llm.made import OLD_POOL_GROUP
from kslint.source.inner import inner_document
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from kslint.model.kserve.llm.service import LLMInferenceService

VERSION = "app.kubernetes.io/version"
"""The annotation of the scheduler's pods that says which names its binary knows."""
INLINE_FLAGS = frozenset(
    f"{dashes}{flag}" for dashes in ("-", "--") for flag in ("config-text", "configText")
)
CONFIG_FLAGS = INLINE_FLAGS | {
    f"{dashes}{flag}" for dashes in ("-", "--") for flag in ("config-file", "configFile")
}

_PRECISE = "precise-prefix-cache-scorer"
_PREFIX = "prefix-cache-scorer"
_METRICS, _RENAMED_METRICS = "model-server-protocol-metrics", "core-metrics-extractor"
_HANDLERS = ("disagg-profile-handler", "pd-profile-handler")
_ALWAYS, _BY_PREFIX = "always-disagg-pd-decider", "prefix-based-pd-decider"
_LORA = "lora-affinity-scorer"
_KEPT = "prefixMatchInfoProducerName"
_METRIC_FLAGS = {
    "total-queued-requests-metric": "queuedRequestsSpec",
    "total-running-requests-metric": "runningRequestsSpec",
    "kv-cache-usage-percentage-metric": "kvUsageSpec",
    "lora-info-metric": "loraSpec",
    "cache-info-metric": "cacheInfoSpec",
}
"""Flags that the binary no longer takes, and the fields of the plugin they became."""

Plugin = dict[str, Any]
Config = dict[str, Any]


class Arguments:
    """The arguments of the picker's main container on their way into its Deployment."""

    def __init__(self, words: list[str], version: str) -> None:
        self.words = words
        self.version = _number(version)
        self.precise = True
        """Does a plugin need the tokenizer, as far as its configuration can be read?"""

    @property
    def stuck(self) -> bool:
        """Flags that are gone, and no configuration in the arguments to move them to."""
        inline = any(word in INLINE_FLAGS for word in self.words[:-1])
        flags = {word.lstrip("-").partition("=")[0] for word in self.words}
        gone = flags.intersection(_METRIC_FLAGS)
        return self.version >= (0, 7, 0) and not inline and bool(gone)

    def with_tokenizer(self) -> None:
        """What the tokenizer beside it needs (v0.6 of the scheduler)."""
        self._changed(_with_socket, _with_processor, _with_block_size)

    def migrated(self, plugins: bool) -> None:
        """schedulerTransform: names and fields of newer schedulers; `plugins` from 0.20 on."""
        if self.version < (0, 7, 0):
            return
        changes = [_with_new_names, _with_deciders, _without_hash_size]
        if any(word in INLINE_FLAGS for word in self.words[:-1]):
            taken = self._without_metric_flags()
            changes.append(lambda config: _with_metrics(config, taken))
        if plugins and self.version >= (0, 8, 0):
            changes.append(lambda config: _renamed(config, _METRICS, _RENAMED_METRICS))
        if plugins and self.version >= (0, 9, 0):
            changes += [_with_plain_prefix_scorer, self._look]
        self._changed(*changes)

    def _look(self, config: Config) -> None:
        if isinstance(config.get("plugins"), list):
            self.precise = any(plugin.get("type") == _PRECISE for plugin in _plugins(config))

    def _changed(self, *changes: Any) -> None:
        for index, word in enumerate(self.words[:-1]):
            if word not in INLINE_FLAGS:
                continue
            config = _parsed(self.words[index + 1])
            if config is None:
                return
            for change in changes:
                change(config)
            self.words[index + 1] = go_yaml.dump(config)

    def _without_metric_flags(self) -> dict[str, str]:
        kept: list[str] = []
        taken: dict[str, str] = {}
        words = iter(range(len(self.words)))
        for index in words:
            name, _, value = self.words[index].lstrip("-").partition("=")
            if name not in _METRIC_FLAGS:
                kept.append(self.words[index])
                continue
            following = self.words[index + 1 : index + 2]
            if not value and following and not following[0].startswith("-"):
                value = following[0]
                next(words)
            taken[name] = value
        self.words = kept
        return taken


def own_config(service: LLMInferenceService, spec: Map) -> str | None:
    """The configuration that the spec names, as text; None without one, "" if it is not known."""
    config = spec.at("router", "scheduler", "config")
    if config is None:
        return None
    target = service.router.config
    if target is not None:
        key = config.string("ref", "key") or "epp"
        found = target.lookup.found
        text = None if found is None else found.body.string("data", key)
        return text or ""
    inline = config.get("inline")
    if inline is None or inline.is_null:
        return None
    return _go_json(inline.plain())


def default_config(service: LLMInferenceService, spec: Map) -> str:
    """The configuration of a scheduler without one (schedulerConfigText)."""
    newer = service.settings.has("scheduler-plugins")
    lora = newer and bool(spec.listed("model", "lora", "adapters"))
    if present(spec, "prefill"):
        plugins, profiles = _disaggregated(newer, lora)
    else:
        plugins, profiles = _single(newer, lora)
    lines = ["", f"apiVersion: {OLD_POOL_GROUP}/v1alpha1", "kind: EndpointPickerConfig", "plugins:"]
    for plugin in plugins:
        lines.append(f"- type: {plugin}")
        if plugin == _HANDLERS[0]:
            lines += ["  parameters:", "    deciders:", f"      prefill: {_ALWAYS}"]
    lines.append("schedulingProfiles:")
    for name, references in profiles.items():
        lines += [f"- name: {name}", "  plugins:"]
        for plugin, weight in references:
            lines.append(f"  - pluginRef: {plugin}")
            lines += [f"    weight: {weight}"] * bool(weight)
    return "\n".join(lines) + "\n"


_Profiles = tuple[list[str], dict[str, list[tuple[str, int]]]]


def _single(newer: bool, lora: bool) -> _Profiles:
    affinity = [_LORA] * lora
    if not newer:
        plugins = ["single-profile-handler", "queue-scorer", _PREFIX, "max-score-picker"]
        return plugins, {"default": [("queue-scorer", 2), (_PREFIX, 3), ("max-score-picker", 0)]}
    plugins = [
        "single-profile-handler", "queue-scorer", "kv-cache-utilization-scorer", _PREFIX,
        "no-hit-lru-scorer", "max-score-picker", *affinity,
    ]  # fmt: skip
    scorers = [
        *[(name, 4) for name in affinity], ("queue-scorer", 2), ("kv-cache-utilization-scorer", 2),
        (_PREFIX, 3), ("no-hit-lru-scorer", 2), ("max-score-picker", 0),
    ]  # fmt: skip
    return plugins, {"default": scorers}


def _disaggregated(newer: bool, lora: bool) -> _Profiles:
    affinity = [_LORA] * lora
    plugins = [
        "disagg-headers-handler", "prefill-filter", "decode-filter", "queue-scorer",
        *(["kv-cache-utilization-scorer", "active-request-scorer"] if newer else []),
        _PREFIX, "max-score-picker", _ALWAYS, _HANDLERS[0], *affinity,
    ]  # fmt: skip
    scorers: list[tuple[str, int]] = [("queue-scorer", 2), (_PREFIX, 3), ("max-score-picker", 0)]
    prefill, decode = list(scorers), list(scorers)
    if newer:
        first = [(name, 4) for name in affinity]
        prefill = [
            *first, (_PREFIX, 3), ("queue-scorer", 2), ("kv-cache-utilization-scorer", 2),
            ("max-score-picker", 0),
        ]  # fmt: skip
        decode = [*first, ("active-request-scorer", 2), (_PREFIX, 3), ("max-score-picker", 0)]
    return plugins, {
        "prefill": [("prefill-filter", 0), *prefill],
        "decode": [("decode-filter", 0), *decode],
    }


def _parsed(text: str) -> Config | None:
    """A configuration, if the text is one object with a kind."""
    read = inner_document(Scalar(text, False, None, None, None, None))
    value = read.plain() if isinstance(read, Map) else None
    return copy.deepcopy(value) if isinstance(value, dict) and value.get("kind") else None


def _plugins(config: Config) -> list[Plugin]:
    listed = config.get("plugins")
    return [p for p in listed if isinstance(p, dict)] if isinstance(listed, list) else []


def _parameters(plugin: Plugin) -> Plugin:
    found = plugin.get("parameters")
    return found if isinstance(found, dict) else {}


def _with_socket(config: Config) -> None:
    for plugin in _plugins(config):
        if plugin.get("type") == _PRECISE:
            pool = plugin
            for step in ("parameters", "indexerConfig", "tokenizersPoolConfig"):
                pool = pool.setdefault(step, {})
            pool["modelName"] = "base"
            pool.setdefault("uds", {})["socketFile"] = "/tmp/tokenizer/tokenizer-uds.socket"  # noqa: S108  (KServe's)


def _with_processor(config: Config) -> None:
    for plugin in _plugins(config):
        parameters = _parameters(plugin)
        old = parameters.get("indexerConfig")
        moved = old.get("tokenProcessorConfig") if isinstance(old, dict) else None
        if plugin.get("type") == _PRECISE and moved is not None:
            parameters.setdefault("tokenProcessorConfig", copy.deepcopy(moved))


def _with_block_size(config: Config) -> None:
    for plugin in _plugins(config):
        parameters = _parameters(plugin)
        if plugin.get("type") == _PREFIX and "blockSize" in parameters:
            parameters.setdefault("blockSizeTokens", parameters["blockSize"])


def _renamed(config: Config, old: str, new: str) -> None:
    for plugin in _plugins(config):
        for field in ("type", "name"):
            if plugin.get(field) == old:
                plugin[field] = new
    profiles = config.get("schedulingProfiles")
    for profile in profiles if isinstance(profiles, list) else ():
        for reference in _plugins(profile) if isinstance(profile, dict) else ():
            if reference.get("pluginRef") == old:
                reference["pluginRef"] = new


def _with_new_names(config: Config) -> None:
    _renamed(config, "prefill-header-handler", "disagg-headers-handler")
    _renamed(config, _HANDLERS[1], _HANDLERS[0])


def _is_size(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _with_deciders(config: Config) -> None:
    """WithMigrateDisaggProfileParams: a threshold becomes a plugin that decides."""
    added: list[Plugin] = []
    first = None
    for plugin in _plugins(config):
        if plugin.get("type") not in _HANDLERS:
            continue
        first = plugin if first is None else first
        parameters = _parameters(plugin)
        name, threshold = parameters.get("deciderPluginName"), parameters.get("threshold")
        if "deciders" in parameters or (name is None and threshold is None):
            continue
        if name is None:
            if not _is_size(threshold):
                continue
            name = _BY_PREFIX if threshold else _ALWAYS
            decider: Plugin = {"type": name}
            if threshold:
                decider["parameters"] = {"nonCachedTokens": max(-(-int(threshold) // 4), 1)}
            added.append(decider)
        for gone in ("deciderPluginName", "threshold"):
            parameters.pop(gone, None)
        parameters["deciders"] = {"prefill": name}
    listed = config.get("plugins")
    if not isinstance(listed, list) or first is None:
        return
    before = next(index for index, plugin in enumerate(listed) if plugin is first)
    for plugin in added:
        if all(other.get("type") != plugin["type"] for other in _plugins(config)):
            listed.insert(before, plugin)
            before += 1


def _without_hash_size(config: Config) -> None:
    for plugin in _plugins(config):
        _parameters(plugin).pop("hashBlockSize", None)


def _with_metrics(config: Config, taken: dict[str, str]) -> None:
    if not taken or any(p.get("type") in (_METRICS, _RENAMED_METRICS) for p in _plugins(config)):
        return
    engine = {"name": "vllm", **{_METRIC_FLAGS[flag]: value for flag, value in taken.items()}}
    parameters = {
        "engineLabelKey": "inference.networking.k8s.io/engine-type",
        "defaultEngine": "vllm",
        "engineConfigs": [engine],
    }
    plugin = {"name": _METRICS, "type": _METRICS, "parameters": parameters}
    config.setdefault("plugins", []).append(plugin)


def _with_plain_prefix_scorer(config: Config) -> None:
    for plugin in _plugins(config):
        parameters = _parameters(plugin)
        if plugin.get("type") == _PREFIX and parameters:
            plugin["parameters"] = {k: v for k, v in parameters.items() if k == _KEPT}
            if not plugin["parameters"]:
                del plugin["parameters"]


def _number(version: str) -> tuple[int, ...]:
    match = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", version)
    return tuple(map(int, match.groups())) if match else (0, 0, 0)


def _go_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
