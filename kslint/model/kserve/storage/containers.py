"""ClusterStorageContainers: who downloads a URI, by the input's objects and the chart's own.

Mirrors pkg/apis/serving/v1alpha1/storage_container_types.go:61-105 and
pkg/webhook/admission/pod/storage_initializer_injector.go:102-141 @v0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.graph import ABSENT
from kslint.model.kserve import names
from kslint.model.kserve.settings import defaults
from kslint.model.tree import put
from kslint.source import regexes
from kslint.source.nodes import Map, Origin, made

if TYPE_CHECKING:
    from kslint.model.kserve.component import Draft
    from kslint.model.kserve.settings import Settings
    from kslint.resources import Resource
    from kslint.source.nodes import Node

LONGEST_URI = 4096
"""Longer texts are not matched against patterns."""

_AZURE = r"https://(.+?).blob.core.windows.net/(.+)"
_RESOURCES = {
    "requests": {"memory": "100Mi", "cpu": "100m"},
    "limits": {"memory": "1Gi", "cpu": "1"},
}
_SECURITY = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}


class StorageContainer(NamedTuple):
    """A ClusterStorageContainer that takes a URI: its name and its `spec`."""

    name: str
    spec: Node


def storage_containers(component: Draft, uri: str) -> list[StorageContainer]:
    """The enabled ClusterStorageContainers that take a URI: the input's, and the chart's own.

    KServe takes the first that its cache lists, in no order: of several it may be any.
    """
    own, replaced = _taking(component, uri)
    found = []
    for resource, spec in own:
        origin = Origin("config", f"ClusterStorageContainer {resource.name}")
        found.append(StorageContainer(resource.name, spec.from_origin(origin)))
    return found if replaced else found + _shipped_taking(component, uri)


def is_taken(component: Draft, uri: str) -> bool:
    """Is there any such ClusterStorageContainer?"""
    own, replaced = _taking(component, uri)
    return bool(own) or (not replaced and bool(_shipped_taking(component, uri)))


def _taking(component: Draft, uri: str) -> tuple[list[tuple[Resource, Node]], bool]:
    """Those of the input, each with its `spec`, and whether one of them stands for the chart's."""
    found = []
    replaced = False
    for resource in component.owner.graph.of_kind("ClusterStorageContainer", names.GROUP):
        replaced = replaced or resource.name == "default"
        spec = None if resource.body.boolean("disabled") is True else resource.spec
        if spec is not None and _takes(spec, uri):
            found.append((resource, spec))
    return found, replaced


def _shipped_taking(component: Draft, uri: str) -> list[StorageContainer]:
    return [each for each in shipped(component.owner.settings) if _takes(each.spec, uri)]


class Chosen(NamedTuple):
    """The ClusterStorageContainer that storageContainerName names; `error` is why it is not used.

    Without either the input does not show it.
    """

    container: StorageContainer | None
    error: str = ""


def named_container(component: Draft, uri: str) -> Chosen | None:
    """As GetStorageContainerSpecByName (@v0.20.0:154-182); None where none is named."""
    settings, graph = component.owner.settings, component.owner.graph
    name = component.stored.string("storageContainerName")
    by_name = component.name == "predictor" and settings.has("named-storage-container")
    if not by_name or not name:
        return None
    shown = f'ClusterStorageContainer "{name}"'
    lookup = graph.find("ClusterStorageContainer", name, "", names.GROUP, component.owner.resource)
    if lookup.found is None:
        found = next((each for each in shipped(settings) if each.name == name), None)
        if found is None:
            return Chosen(None, f"{shown} not found" if lookup.answer == ABSENT else "")
    else:
        if lookup.found.body.boolean("disabled") is True:
            return Chosen(None, f"{shown} is disabled")
        spec = lookup.found.spec or Map({})
        found = StorageContainer(name, spec.from_origin(Origin("config", shown.replace('"', ""))))
    kind = found.spec.string("workloadType") or "initContainer"
    if kind != "initContainer":
        text = f'{shown} has workloadType "{kind}"; explicit selection requires "initContainer"'
        return Chosen(None, text)
    if not _takes(found.spec, uri):
        return Chosen(None, f'{shown} does not support storageUri "{uri}"')
    return Chosen(found)


def used_containers(component: Draft, uri: str) -> list[StorageContainer]:
    """Those that may download a URI: the one that is named, else all that take it."""
    chosen = named_container(component, uri)
    if chosen is None:
        return storage_containers(component, uri)
    return [] if chosen.container is None else [chosen.container]


def initializer_memory(component: Draft, uri: str) -> str | None:
    """The memory limit of the init container that fetches a URI; None where it may be another.

    The ClusterStorageContainer's goes before the settings' own.
    """
    path = ("container", "resources", "limits", "memory")
    found = {c.spec.string(*path) for c in used_containers(component, uri)} or {None}
    configured = component.owner.settings.text("storageInitializer", "memoryLimit") or None
    limits = {limit or configured for limit in found}
    return limits.pop() if len(limits) == 1 else None


def _takes(spec: Node, uri: str) -> bool:
    """IsStorageUriSupported: a prefix, or else a pattern found anywhere."""
    if (spec.string("workloadType") or "initContainer") != "initContainer":
        return False
    for item in spec.listed("supportedUriFormats"):
        prefix, pattern = item.string("prefix"), item.string("regex")
        if prefix:
            if uri.startswith(prefix):
                return True
        elif pattern and len(uri) <= LONGEST_URI:
            try:
                if regexes.is_in(pattern, uri):
                    return True
            except regexes.PatternError:
                return True  # no refusal on a guess
    return False


def shipped(settings: Settings) -> tuple[StorageContainer, ...]:
    """The ClusterStorageContainers of the chart, rendered from the input's values: `default`.

    Source: charts/kserve-resources, ClusterStorageContainer default.
    """
    version = settings.profile
    reference = f"charts/kserve-resources @v{version}.0"
    origin = Origin("chart", "ClusterStorageContainer default of the KServe chart", reference)
    container: Map = Map({"name": made("storage-initializer", origin)})
    container.origin = origin
    # the chart renders the image from the same values as storageInitializer.image
    of_chart = settings if settings.values.entries else defaults(settings.version)
    image = of_chart.get("storageInitializer", "image")
    if image is not None:
        container = put(container, ("image",), made(image.text or "", image.origin or origin))
    if settings.has("container-pull-policy"):
        container = put(container, ("imagePullPolicy",), made("IfNotPresent", origin))
    for field, value, default in (
        ("resources", "resources", _RESOURCES),
        ("securityContext", "containerSecurityContext", _SECURITY),
    ):
        written = settings.values.at("kserve", "storage", value)
        node = made(default, origin)
        if isinstance(node, Map) and isinstance(written, Map):
            place = f"kserve.storage.{value} in the chart's values"
            helm = Origin("helm", place, reference, written.place)
            node = _overlaid(node, written.from_origin(helm))
        container = put(container, (field,), node)
    schemes = ("gs", "s3", "hdfs", *(("hf",) if settings.has("hub-uris") else ()), "webhdfs")
    spec = made(
        {
            "supportedUriFormats": [
                *({"prefix": f"{scheme}://"} for scheme in schemes),
                {"regex": _AZURE},
                {"regex": _AZURE.replace(".blob.", ".file.")},
                {"regex": "https?://(.+)/(.+)"},
            ],
            "workloadType": "initContainer",
            **({} if settings.has("container-of-one") else {"supportsMultiModelDownload": True}),
        },
        origin,
    )
    return (StorageContainer("default", put(spec, ("container",), container)),)


def _overlaid(base: Map, patch: Map) -> Map:
    """Helm's merge of a chart's value with the user's: null removes."""
    entries = dict(base.entries)
    for name, value in patch.entries.items():
        existing = entries.get(name)
        if value.is_null:
            entries.pop(name, None)
        elif isinstance(existing, Map) and isinstance(value, Map):
            entries[name] = _overlaid(existing, value)
        else:
            entries[name] = value
    return base.with_entries(entries)
