"""What a move from one release of KServe to another brings that rendering both does not show.

`data/upgrades.json` holds the facts, each with the upstream files at both tags. What an object must
have for a fact to concern it is said here.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.kserve import names
from kslint.model.kserve.settings import defaults
from kslint.model.kserve.versions import parsed
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kslint.model.kserve.isvc import InferenceService
    from kslint.model.kserve.llm.service import LLMInferenceService
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_CA_BUNDLE = ("storageInitializer", "caBundleConfigMapName")
_NEW_RUNTIMES = ("kserve-vllmserver", "kserve-autogluonserver")
_INITIALIZER = "storage-initializer"
_ROUTER_CONFIG = "kserve-config-llm-router-route"


class Fact(NamedTuple):
    """What changes at a release: `about` names the condition, `kind` the sort of effect."""

    id: str
    since: str
    about: str
    kind: str
    text: str
    old: str
    new: str

    @property
    def reference(self) -> str:
        return "kserve " + (f"{self.old}; {self.new}" if self.old else self.new)


def facts(old: str, new: str) -> Iterator[Fact]:
    """What came after one version, up to another."""
    start, end = parsed(old), parsed(new)
    for entry in _data()["facts"]:
        fact = Fact(**entry)
        since = parsed(fact.since)
        if start and end and since and start < since <= end:
            yield fact


def platform(old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """The families that a release is built with in another version than before.

    Each with that version, and the source. Nothing of releases whose needs are not known.
    """
    table = _data()["platform"]
    before, after = (table.get(".".join(map(str, parsed(one) or ())), {}) for one in (old, new))
    for family, version in after.items():
        if before.get(family) != version:
            yield family, version, f"{table['source']} @v{new}.0"


def pinned_vllm(tag: str) -> str | None:
    """The release of vLLM in an image of huggingfaceserver, by that one's tag."""
    pins: dict[str, str] = _data()["huggingfaceserver"]["vllm"]
    return next((pin for version, pin in pins.items() if parsed(version) == parsed(tag)), None)


def follow(settings: Settings, old: str) -> None:
    """Let settings that are upstream's own text, a copy, become those of their new version.

    Whoever moves replaces the copy. What differs from the defaults of the `old` version is the
    user's, and stays.
    """
    if settings.copied:
        was, will = defaults(old).data, defaults(settings.version).data
        settings.replace(
            {
                key: _followed(node, was.get(key), will.get(key)) or node
                for key, node in settings.data.items()
            }
        )


def _followed(node: Node, was: Node | None, will: Node | None) -> Node | None:
    if was is not None and node.plain() == was.plain():
        return will
    if not (isinstance(node, Map) and isinstance(was, Map) and isinstance(will, Map)):
        return node
    entries = {
        name: found
        for name, child in node.entries.items()
        if (found := _followed(child, was.get(name), will.get(name))) is not None
    }
    fresh = {
        n: c for n, c in will.entries.items() if n not in node.entries and n not in was.entries
    }
    return node.with_entries({**entries, **fresh})


def concerns_service(fact: Fact, service: InferenceService) -> bool:
    """Does a fact concern an InferenceService?"""
    return _holds(_OF_SERVICES, fact, service)


def concerns_llm(fact: Fact, service: LLMInferenceService) -> bool:
    """Does a fact concern an LLMInferenceService?"""
    return _holds(_OF_LLMS, fact, service)


def concerns_object(fact: Fact, resource: Resource) -> bool:
    """Does a fact concern an object of the input by its kind and name?"""
    return _holds(_OF_OBJECTS, fact, resource)


def concerns_chart(fact: Fact, chart: str, values: Node) -> bool:
    """Does a fact concern a chart that the input installs?"""
    condition = _OF_CHARTS.get(fact.about)
    return condition is not None and condition(chart, values)


def _holds(conditions: dict[str, Callable[[Any], bool]], fact: Fact, subject: object) -> bool:
    condition = conditions.get(fact.about)
    return condition is not None and condition(subject)


def _is_multi_node(service: InferenceService) -> bool:
    workers = service.resource.body.at("spec", "predictor", "workerSpec")
    return workers is not None and service.mode.name == names.STANDARD


def _downloads_by_https(service: InferenceService) -> bool:
    if not service.settings.text(*_CA_BUNDLE):
        return False
    uris = [
        item.text or ""
        for component in service.components
        for item in (
            component.stored.at("model", "storageUri"),
            *(each.get("uri") for each in component.stored.listed("storageUris")),
            *(each.get("uri") for each in component.stored.listed("model", "storageUris")),
        )
        if item is not None
    ]
    return any(uri.startswith(("https://", "hf://")) for uri in uris)


def _at(service: LLMInferenceService, *path: str) -> Node | None:
    return service.known.at(*path)


def _has_preset_image(service: LLMInferenceService) -> bool:
    own = service.resource.body.listed("spec", "template", "containers")
    return not any(each.string("name") == "main" and each.get("image") for each in own)


def _has_own_initializer(service: LLMInferenceService) -> bool:
    own = service.resource.body.listed("spec", "template", "initContainers")
    return any(each.string("name") == _INITIALIZER for each in own)


def _scheduler_config(service: LLMInferenceService) -> Node | None:
    return service.resource.body.at("spec", "router", "scheduler", "config")


def _has_own_route(service: LLMInferenceService) -> bool:
    route = service.resource.body.at("spec", "router", "route")
    return route is not None and not route.listed("http", "refs")


def _has_empty_rules(service: LLMInferenceService) -> bool:
    rules = service.resource.body.at("spec", "router", "route", "http", "spec", "rules")
    return rules is not None and not rules.is_null and not rules.elements()


def _has_scheduler(service: LLMInferenceService) -> bool:
    return service.resource.body.at("spec", "router", "scheduler") is not None


def _by_gateway(service: InferenceService) -> bool:
    return service.settings.flag("ingress", "enableGatewayApi")


_OF_SERVICES: dict[str, Callable[[Any], bool]] = {
    "multi-node": _is_multi_node,
    "canary-with-gateway": lambda one: bool(one.canaries) and _by_gateway(one),
    "named-predictor-with-gateway": lambda one: (
        bool(one.resource.body.string("spec", "predictor", "name")) and _by_gateway(one)
    ),
    "ca-bundle-and-https": _downloads_by_https,
}
_OF_LLMS: dict[str, Callable[[Any], bool]] = {
    "llm": lambda _: True,
    "llm-preset-image": _has_preset_image,
    "llm-scheduler": _has_scheduler,
    "llm-scheduler-with-config": lambda one: _scheduler_config(one) is not None,
    "llm-scheduler-without-config": lambda one: (
        _has_scheduler(one) and _scheduler_config(one) is None
    ),
    "llm-prefill": lambda one: _at(one, "prefill") is not None,
    "llm-tensor-on-one-node": lambda one: (
        _at(one, "parallelism", "tensor") is not None and _at(one, "worker") is None
    ),
    "llm-route-of-its-own": _has_own_route,
    "llm-route-without-rules": _has_empty_rules,
    "llm-without-tls": lambda one: one.settings.in_input and not one.tls,
    "llm-own-storage-initializer": _has_own_initializer,
}
_OF_OBJECTS: dict[str, Callable[[Any], bool]] = {
    "runtime-kserve-vllmserver": lambda one: (
        one.kind == "ClusterServingRuntime" and one.name in _NEW_RUNTIMES
    ),
    "llm-config": lambda one: one.kind == "LLMInferenceServiceConfig",
    "llm-router-config-of-its-own": lambda one: (
        one.kind == "LLMInferenceServiceConfig"
        and one.name == _ROUTER_CONFIG
        and one.body.at("spec", "annotations", "serving.kserve.io/model-based-routing-enabled")
        is None
    ),
}
_OF_CHARTS: dict[str, Callable[[str, Any], bool]] = {
    "controller-chart": lambda chart, _: chart in ("kserve", "kserve-resources"),
    "controller-chart-with-localmodel": lambda chart, values: (
        chart in ("kserve", "kserve-resources")
        and values.boolean("kserve", "localmodel", "enabled") is True
    ),
    "chart-with-storage-resources": lambda chart, values: (
        chart in ("kserve", "kserve-resources")
        and values.at("kserve", "storage", "resources") is not None
    ),
    "llm-chart-of-old-name": lambda chart, _: chart in ("llmisvc-resources", "llmisvc-crd"),
}


CONDITIONS = (*_OF_SERVICES, *_OF_LLMS, *_OF_OBJECTS, *_OF_CHARTS)
"""What facts may be `about`."""


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", "upgrades.json"), encoding="utf-8") as handle:
        data: dict[str, Any] = json.load(handle)
    return data
