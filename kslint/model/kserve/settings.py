"""The controller's settings: ConfigMap `inferenceservice-config`, wherever the input shows it.

A rendered ConfigMap decides, or a patch of one that a remote base brings. Else the Helm values
that the chart `kserve-resources` is given, over its defaults for the version. Else the defaults.
Sources: pkg/apis/serving/v1beta1/configmap.go and charts/kserve-resources @v0.19.0.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kslint.model.gitops import argocd
from kslint.model.gitops.localcharts import local_charts
from kslint.model.kserve.releases import CONTROLLER_CHARTS, base_version, is_copy, releases
from kslint.model.kserve.versions import NEWEST, has, normal, number, table
from kslint.source.inner import inner_document
from kslint.source.nodes import Map, Origin, Scalar, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.resources import Resource
    from kslint.source.nodes import Node

CONFIG_MAP = "inferenceservice-config"
CHARTS = (
    *CONTROLLER_CHARTS,
    "kserve-crd",
    "kserve-crd-minimal",
    "kserve-llmisvc-crd",
    "kserve-llmisvc-crd-minimal",
    "kserve-llmisvc-resources",
    "kserve-runtime-configs",
)
DEFAULT_VERSION = "0.19"
PROFILES = ("0.14", "0.15", "0.16", "0.17", "0.18", "0.19", "0.20", "0.21")
"""Versions of which there are settings and images. Another one goes by the nearest older of these,
or the oldest, and the run says so (`is_known`)."""

_EXAMPLE = "_example"
"""A key of commentary that every release's ConfigMap has."""
_DEFINED = (".serving.kserve.io", ".serving.kubeflow.org")
"""What the names of its CRDs end with: a file that has them beside the ConfigMap is a release."""
_CONTROLLERS = ("kserve-controller-manager", "kfserving-controller-manager")
_CONTROLLER_IMAGE = "kserve/kserve-controller"


class Settings:
    """Effective settings, every value a node with its origin.

    `values` is the merged Helm values mapping where Helm values decide, else an empty one.
    `holder` is the node that a missing setting belongs to, None if KServe's settings are not
    in the input at all. `source` is the Application's that hands the values over, if one does.
    `copied`: the settings are upstream's own text, a copy of its chart or its manifest. `whole`
    is False where another tool may hand over more values.
    """

    def __init__(
        self,
        version: str,
        data: dict[str, Node],
        values: Map | None = None,
        holder: Node | None = None,
        resource: Resource | None = None,
        source: Source | None = None,
        copied: bool = False,
        whole: bool = True,
    ) -> None:
        self.version = version
        self.data = data
        self.values = Map({}) if values is None else values
        self.holder = holder
        self.resource = resource
        self.source = source
        self.copied = copied
        self.whole = whole
        self.told = True
        """Does the input or the configuration tell the version?"""
        self._texts: dict[tuple[str, tuple[str, ...]], str] = {}

    @property
    def in_input(self) -> bool:
        """True if the input says how KServe is configured: a ConfigMap, or the chart's values."""
        return self.holder is not None

    @property
    def profile(self) -> str:
        return profile_of(self.version)

    @property
    def is_known(self) -> bool:
        """Was the version's behaviour read in source? If not, `stand_in`'s is assumed."""
        return number(self.version) == number(self.stand_in)

    @property
    def stand_in(self) -> str:
        """The version whose behaviour is assumed: later ones than NEWEST behave like that."""
        return min(self.profile, NEWEST, key=number)

    def at_least(self, version: str) -> bool:
        """Is it this version, or a later one?"""
        return number(self.version) >= number(version)

    def has(self, change: str) -> bool:
        """Does the version behave as a change of data/changes.json says?"""
        return has(self.version, change)

    def replace(self, data: dict[str, Node]) -> None:
        """Let other settings be in effect."""
        self.data = data
        self._texts.clear()

    def get(self, key: str, *field: str) -> Node | None:
        """A setting, such as `get("inferenceService", "resource", "cpuLimit")`."""
        root = self.data.get(key)
        return None if root is None else root.at(*field)

    def text(self, key: str, *field: str) -> str:
        found = self._texts.get((key, field))
        if found is None:
            node = self.get(key, *field)
            found = "" if node is None or node.is_null else node.text or ""
            self._texts[key, field] = found
        return found

    def flag(self, key: str, *field: str) -> bool:
        """A boolean setting; absent is false, as Go reads it."""
        return self.text(key, *field) == "true"

    def value_of(self, key: str, *field: str) -> str | None:
        """The chart's value that a setting is rendered from; None for a ConfigMap as it is."""
        if self.resource is not None and self.resource.kind == "ConfigMap":
            return None
        values = _table(self.profile)["values"]
        return next(
            (e["value"] for e in values if (e["key"], e["field"]) == (key, ".".join(field))), None
        )

    def place(self, key: str, *field: str) -> Node | None:
        """The node to point at for a setting: its own if written, else the block around it."""
        node = self.get(key, *field)
        if node is not None and node.place is not None:
            return node
        value = self.value_of(key, *field)
        nearest = None if value is None else self.values.nearest(*value.split("."))
        if nearest is not None and nearest.place is not None:
            return nearest
        root = self.data.get(key)
        if root is not None and root.place is not None:
            return root.nearest(*field)
        return self.holder


def profile_of(version: str) -> str:
    """The profile that stands for a version such as `0.17` or `v0.19.2`."""
    wanted = number(version)
    at_or_below = [p for p in PROFILES if number(p) <= wanted]
    return at_or_below[-1] if at_or_below else PROFILES[0]


def resolve(graph: Graph, configured_version: str | None = None) -> list[Settings]:
    """The settings the input describes, one for each KServe installation in it; at least one."""
    told = configured_version or inferred_version(graph)
    version = told or DEFAULT_VERSION
    found = [_from_config_map(graph, *each) for each in _config_maps(graph, version)]
    for release in () if found else releases(graph):
        its = configured_version or normal(release.revision) or version
        settings = from_values(release.values, its, release.holder, release.resource)
        settings.source, settings.copied = release.source, release.copied
        settings.whole = release.whole
        found.append(settings)
    found = found or [defaults(version)]
    for settings in found:
        settings.told = told is not None
    return found


def _config_maps(graph: Graph, version: str) -> Iterator[tuple[Resource, str]]:
    """The ConfigMaps that will be applied, and patches of those that a remote base brings.

    A patch carries each key as a whole, so it tells the key's value whatever the base says. What
    lies in a copy of the chart is rendered, not applied.
    """
    if is_of_another(graph):
        return
    copies = [f"{c.directory}/" for c in local_charts(graph) if is_copy(c, c.values(graph))]
    for resource in graph.of_kind("ConfigMap", ""):
        applied = not resource.file.startswith(tuple(copies))
        if resource.name == CONFIG_MAP and applied and resource.body.get("data") is not None:
            yield resource, version
    for emission in graph.scopes.emissions:
        for patch in emission.patches:
            if patch.kind == "ConfigMap" and patch.name == CONFIG_MAP:
                yield patch, normal(base_version(emission) or "") or version


def is_of_another(graph: Graph) -> bool:
    """Does the input define InferenceServices of another project's, and none of KServe's?

    Forks of KServe call their ConfigMap as it does (OME).
    """
    defined = [
        resource.name
        for resource in graph.of_kind("CustomResourceDefinition")
        if resource.name.startswith("inferenceservices.")
    ]
    return bool(defined) and not any(name.endswith(_DEFINED) for name in defined)


def governing(installations: list[Settings], resource: Resource) -> Settings:
    """The settings under which a resource is reconciled.

    Of several installations in one input (a directory for each cluster, mostly) it is the one
    whose files lie nearest. Where that does not decide, only what all candidates agree on
    counts; the rest is as if it were not configured.
    """
    near = nearest(installations, resource)
    return near[0] if len(near) == 1 else _agreed(near)


def nearest(installations: list[Settings], resource: Resource) -> list[Settings]:
    """Those of several installations whose files lie nearest to a resource."""
    if len(installations) == 1:
        return installations
    distance = [_shared(settings, resource) for settings in installations]
    best = max(distance)
    return [s for s, shared in zip(installations, distance, strict=True) if shared == best]


def _shared(settings: Settings, resource: Resource) -> int:
    """How many leading directories the resource shares with the files of an installation."""
    files = {settings.resource.file} if settings.resource is not None else set()
    if settings.holder is not None and settings.holder.source is not None:
        files.add(settings.holder.source.name)
    own = resource.file.split("/")[:-1]
    best = 0
    for file in files:
        count = 0
        for mine, other in zip(own, file.split("/")[:-1], strict=False):
            if mine != other:
                break
            count += 1
        best = max(best, count)
    return best


def _agreed(several: list[Settings]) -> Settings:
    first, *others = several
    data = {
        key: common
        for key, node in first.data.items()
        if (common := _common(node, [settings.data.get(key) for settings in others])) is not None
    }
    return Settings(first.version, data, first.values, first.holder, first.resource)


def _common(node: Node, others: list[Node | None]) -> Node | None:
    """What several values have in common: equal ones, and of mappings the equal entries."""
    if all(other is not None and other.plain() == node.plain() for other in others):
        return node
    if not isinstance(node, Map) or not all(isinstance(other, Map) for other in others):
        return None
    entries = {
        name: common
        for name, child in node.entries.items()
        if (common := _common(child, [o.get(name) if o is not None else None for o in others]))
        is not None
    }
    return node.with_entries(entries)


def inferred_version(graph: Graph) -> str | None:
    """The KServe version by the chart revision of an Application, or a controller image's tag.

    During an upgrade the charts may differ: the controller's counts, and of several the newest.
    """
    told = [
        (source.chart in CONTROLLER_CHARTS, number(found), found)
        for application in argocd.applications(graph)
        for source in argocd.sources(application)
        if source.chart in CHARTS and (found := normal(source.revision or ""))
    ]
    texts = [release.revision for release in releases(graph)]
    texts += [base_version(emission) or "" for emission in graph.scopes.emissions]
    told += [(True, number(found), found) for text in texts if (found := normal(text))]
    if told:
        return max(told)[2]
    for resource in graph.of_kind("Deployment"):
        if not graph.may_hold(resource, _CONTROLLER_IMAGE):
            continue
        for container in resource.body.listed("spec", "template", "spec", "containers"):
            image, _, tag = (container.string("image") or "").partition("@")[0].rpartition(":")
            if image.endswith(_CONTROLLER_IMAGE) and (found := normal(tag)):
                return found
    return None


def defaults(version: str) -> Settings:
    """The chart's defaults of a version."""
    profile = profile_of(version)
    return Settings(version, {key: _default(profile, key) for key in _table(profile)["defaults"]})


def from_values(
    values: Map, version: str, holder: Node | None = None, resource: Resource | None = None
) -> Settings:
    """What the chart renders of Helm values over its defaults."""
    settings = defaults(version)
    for entry in _table(settings.profile)["values"]:
        node = values.at(*entry["value"].split("."))
        if node is None:
            continue
        origin = Origin(
            "helm",
            f"{entry['value']} in the chart's values",
            f"charts/kserve-resources/values.yaml @v{settings.profile}.0",
            node.place,
        )
        written: Node = Scalar("", plain_style=False) if node.is_null else node
        if "template" in entry:
            rendered = _rendered(entry["template"], values, settings.profile)
            written = Scalar(rendered, plain_style=False)
        settings.data[entry["key"]] = _set(
            settings.data.get(entry["key"]), entry["field"].split("."), written.from_origin(origin)
        )
    settings.values = values
    settings.holder = values if values.place is not None else holder
    settings.resource = resource
    return settings


def from_data(data: dict[str, Any], version: str) -> Settings:
    """Settings given as plain data, key by key (tests, and the config file)."""
    origin = Origin("config", f"ConfigMap {CONFIG_MAP}")
    return Settings(version, {key: made(value, origin) for key, value in data.items()})


def _from_config_map(graph: Graph, resource: Resource, version: str) -> Settings:
    data: dict[str, Node] = {}
    holder = resource.body.get("data")
    copied = holder is not None and holder.get(_EXAMPLE) is not None
    copied = copied or any(map(_is_of_release, graph.in_file(resource.file)))
    for key, node in () if holder is None else holder.items():
        inner = inner_document(node) if isinstance(node, Scalar) else None
        if inner is not None:
            origin = Origin("config", f"ConfigMap {CONFIG_MAP}, key {key}")
            data[key] = inner.from_origin(origin)
    return Settings(version, data, None, holder, resource, copied=copied)


def known_keys() -> frozenset[str]:
    """Every key that a release of KServe, or a fork of it, reads of the ConfigMap."""
    shipped = {key for profile in PROFILES for key in _table(profile)["defaults"]}
    return frozenset({*shipped, *_FURTHER_KEYS})


_FURTHER_KEYS = (
    _EXAMPLE,
    "autoscaling-wva-controller-config",
    "kubeRbacProxy",
    "multiNode",
    "oauthProxy",
    "openshiftConfig",
    "predictors",
    "transformers",
)
"""Keys without a default in the charts: optional, of releases before 0.8, of Open Data Hub."""


def _is_of_release(resource: Resource) -> bool:
    """Is an object what a release's manifest holds beside the ConfigMap?"""
    if resource.kind == "CustomResourceDefinition":
        return resource.name.endswith(_DEFINED)
    return resource.kind in ("Deployment", "StatefulSet") and resource.name in _CONTROLLERS


def _default(profile: str, key: str) -> Node:
    table = _table(profile)
    origin = Origin(
        "chart",
        f"the default of KServe {profile} ({CONFIG_MAP}, key {key})",
        table.get("source", ""),
    )
    return made(table["defaults"][key], origin)


def _rendered(template: str, values: Map, profile: str) -> str:
    """An image built of several values: `{a.b|c}` is the first of a.b and c that is not empty."""
    given = {entry["value"]: entry["default"] for entry in _table(profile)["values"]}

    def first(match: re.Match[str]) -> str:
        for name in match[1].split("|"):
            text = values.string(*name.split(".")) or str(given.get(name) or "")
            if text:
                return text
        return ""

    return re.sub(r"\{([^{}]+)\}", first, template)


def _set(root: Node | None, field: list[str], value: Node) -> Map:
    entries = dict(root.entries) if isinstance(root, Map) else {}
    entries[field[0]] = _set(entries.get(field[0]), field[1:], value) if len(field) > 1 else value
    merged = Map(entries)
    merged.origin = None if root is None else root.origin
    return merged


@lru_cache(maxsize=len(PROFILES))
def _table(profile: str) -> dict[str, Any]:
    """The chart's ConfigMap of a release, and the values that reach it."""
    found = table("settings.json", profile)
    for path in found.get("drop", ()):
        key, _, field = path.partition(".")
        if field:
            found["defaults"][key].pop(field, None)
        else:
            found["defaults"].pop(key, None)
        found["values"] = [row for row in found["values"] if not _is_of(row, key, field)]
    for path, value in found.get("set", {}).items():
        key, _, field = path.partition(".")
        found["defaults"][key][field] = value
        for row in found["values"]:
            if _is_of(row, key, field):
                row["default"] = value
    return found


def _is_of(row: dict[str, Any], key: str, field: str) -> bool:
    return row["key"] == key and (not field or f"{row['field']}.".startswith(f"{field}."))
