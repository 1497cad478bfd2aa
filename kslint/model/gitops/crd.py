"""CustomResourceDefinitions and the annotation that client-side apply writes into them.

`kubectl apply` stores the whole object in `kubectl.kubernetes.io/last-applied-configuration`;
all annotations of one object may hold 262144 bytes together
(k8s.io/apimachinery pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB).
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.graph.argo import CHART, FOREIGN, KUSTOMIZE, OPAQUE
from kslint.graph.edit import listing
from kslint.graph.gaps import OBJECTS
from kslint.graph.sync_options import SYNC_OPTIONS
from kslint.model.gitops import argocd
from kslint.model.gitops.localcharts import handed_values, local_chart
from kslint.model.gitops.remote import in_repository, remote
from kslint.source.nodes import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.argo import Place
    from kslint.graph.graph import Graph
    from kslint.graph.kustomize import Emission
    from kslint.model.gitops.remote import Remote
    from kslint.resources import Resource
    from kslint.source.nodes import Node

KIND = "CustomResourceDefinition"
ANNOTATION_LIMIT = 262144
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_GO_ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What Go's encoder spells out and Python's does not."""


class Definition(NamedTuple):
    """A CRD that an Application deploys. `size` is in bytes of annotations.

    `resource` is the object where it is in the input; else the size is that of the chart
    release in `source`, if `exact`, or that of one near it.
    """

    name: str
    size: int
    source: str
    resource: Resource | None
    exact: bool = True


def applied_size(resource: Resource) -> int:
    """Bytes of annotations the object would have after a client-side apply.

    Compact JSON with sorted keys, Go's escapes and a newline, as kubectl writes it.
    """
    import json

    body = resource.body.plain()
    metadata = body.get("metadata")
    kept: dict[str, Any] = dict(metadata) if isinstance(metadata, dict) else {}
    annotations = kept.get("annotations")
    others = dict(annotations) if isinstance(annotations, dict) else {}
    others.pop(_LAST_APPLIED, None)
    body["metadata"] = {**kept, "annotations": others}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode()) + 1 + len(_LAST_APPLIED)
    size += sum(
        text.count(char) * (len(code) - len(char.encode())) for char, code in _GO_ESCAPES.items()
    )
    return size + sum(len(str(k)) + len(str(v)) for k, v in others.items())


def deployed(application: argocd.Application, graph: Graph) -> Iterator[Definition]:
    """The CRDs an Application deploys that are too large for a client-side apply.

    Those of the input are measured; of charts and upstream manifests the known sizes are used.
    """
    key = None
    for place in argocd.places(graph, application):
        key = place.owner.key
        source = argocd.Source(application, place.source)
        if source.chart is not None:
            values = argocd.helm_values(graph, source)
            folder = source.node.boolean("helm", "skipCrds") is not True
            yield from _of_chart(source.chart, source.revision or "", values, folder)
        elif place.tool == KUSTOMIZE:
            yield from _of_emission(place, graph)
        elif place.tool == CHART:
            yield from _of_local_chart(source, place.directory, graph)
        elif place.tool in (FOREIGN, OPAQUE) and source.path is not None:
            url = source.node.string("repoURL") or ""
            yield from _of_remote(in_repository(url, source.revision or "", source.path))
    for resource in graph.of_kind(KIND):
        if key is not None and any(owner.key == key for owner in graph.owners(resource)):
            yield from _measured(resource)


def _measured(resource: Resource) -> Iterator[Definition]:
    size = applied_size(resource)
    if size > ANNOTATION_LIMIT:
        yield Definition(resource.name, size, resource.file, resource)


def _of_emission(place: Place, graph: Graph) -> Iterator[Definition]:
    """What a kustomization takes in from charts and remote bases."""
    emission = argocd.emission(graph, place)
    if emission is None or _annotates_all(emission):
        return
    for chart in emission.charts:
        node = chart.node
        yield from _of_chart(
            node.string("name") or "",
            node.string("version") or "",
            argocd.merged(chart.values),
            node.boolean("includeCRDs") is True,
        )
    for gap in emission.gaps:
        if gap.kind == OBJECTS:
            yield from _of_remote(remote(gap.node.text or ""))


def _annotates_all(emission: Emission) -> bool:
    """Does a kustomization give the sync option to every CRD it emits, or take them out?"""
    root = emission.root
    annotations = root.string("commonAnnotations", SYNC_OPTIONS) or ""
    texts = [annotations]
    for field in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        for entry in listing(root, field):
            about = [node.text or "" for node in walk(entry)]
            texts += about if any(KIND in text for text in about) else []
    return any(option in text.replace(" ", "") for text in texts for option in _AVOIDING)


_AVOIDING = ("ServerSideApply=true", "Replace=true", "$patch:delete")


def _of_local_chart(source: argocd.Source, directory: str, graph: Graph) -> Iterator[Definition]:
    """A chart in the input: its `crds/` folder, and the charts it depends on."""
    folder = source.node.boolean("helm", "skipCrds") is not True
    if folder:
        for resource in graph.of_kind(KIND):
            if resource.file.startswith(f"{directory}/crds/"):
                yield from _measured(resource)
    chart = local_chart(graph, directory)
    if chart is not None:
        for each in chart.dependencies(handed_values(graph, chart, source)):
            yield from _of_chart(each.name, each.version, each.values, folder)


def _of_remote(address: Remote | None) -> Iterator[Definition]:
    """Known CRDs of an upstream manifest or directory."""
    if address is None:
        return
    for name, bundle in charts().items():
        if name == "_meta" or address.repo.lower() != bundle["repo"].lower():
            continue
        start = bundle.get("parts", {}).get(address.path)
        whole = address.path in bundle.get("paths", ()) or address.file == bundle.get("file")
        if start is None and not whole:
            continue
        parts = tuple(bundle.get("parts", {}).values())
        release = _release(bundle["versions"], address.revision)
        for crd, size in release.over.items():
            if crd.startswith(start) if start else not crd.startswith(parts):
                source = f"{address.repo} {address.path} {address.revision}".strip()
                exact = release.measured and not bundle["chart"]  # else the chart was measured
                yield Definition(crd, size, source, None, exact)


def _of_chart(chart: str, revision: str, values: Node, folder: bool = True) -> Iterator[Definition]:
    """Known CRDs of a chart release, unless its values switch them off or annotate them.

    `folder`: is the chart's `crds/` folder installed?
    """
    for name, bundle in charts().items():
        if name == "_meta" or chart not in bundle["chart"]:
            continue
        version = release_of(revision)
        switch = bundle.get("crdSwitch")
        if not _installs(switch, version, values) or _is_annotated(values):
            continue
        if not folder and _in_folder(bundle, version):
            continue
        if _annotates_itself(bundle.get("crdAnnotations"), version):
            continue
        release = _release(bundle["versions"], revision)
        for crd, size in release.over.items():
            if not _left_out(switch, crd, values):
                source = f"chart {chart} {revision}".strip()
                yield Definition(crd, size, source, None, release.measured)


def _in_folder(bundle: dict[str, Any], version: tuple[int, ...] | None) -> bool:
    """Are the CRDs in the chart's `crds/` folder, and not among its templates?"""
    since = release_of(bundle.get("crdFolderSince", ""))
    if since is not None:
        return version is not None and version >= since
    return bundle.get("crdLocation") == "crds"


def _is_annotated(values: Node) -> bool:
    """Do a chart's values give its CRDs the sync option? (`crds.annotations` in most charts.)"""
    texts = [
        values.string("crds", field, SYNC_OPTIONS) or ""
        for field in ("annotations", "additionalAnnotations")
    ]
    return any(option in text for text in texts for option in _AVOIDING[:2])


def _left_out(switch: dict[str, Any] | None, crd: str, values: Node) -> bool:
    """Is a single CRD switched off?"""
    if switch is None:
        return False
    path = switch.get("parts", {}).get(crd)
    if path is None and "partsPattern" in switch:
        path = switch["partsPattern"].replace("<plural>", crd.partition(".")[0])
    return path is not None and values.boolean(*path.split(".")) is False


class _Release(NamedTuple):
    """The CRDs of a release that are over the limit, with their sizes.

    `measured` is False where they are those of another release, which is near it.
    """

    over: dict[str, int]
    measured: bool


def _release(releases: list[dict[str, Any]], revision: str) -> _Release:
    """What is known of a revision; of a range, what is in each release that it may mean.

    Of a commit nothing is known.
    """
    version = release_of(revision)
    if version is not None:
        fitting = [r for r in releases if r["from"] is None or version >= _number(r["from"])]
        if not fitting:
            return _Release({}, False)
        last = fitting[-1]
        told = [release_of(text) for text in (last["from"] or "", *last.get("same", ()))]
        return _Release(_sized(last["over"]), version in told)
    if _COMMIT.fullmatch(revision):
        return _Release({}, False)
    floor = _floor(revision)
    meant = [r for r in releases[:-1] if floor and _number(r["to"]) > floor]
    meant = [*meant, *releases[-1:]]
    names = set.intersection(*({*r["over"]} for r in meant)) if meant else set()
    newest = _sized(meant[-1]["over"]) if meant else {}
    return _Release({name: size for name, size in newest.items() if name in names}, False)


def _sized(over: dict[str, int | None]) -> dict[str, int]:
    return {name: size or ANNOTATION_LIMIT + 1 for name, size in over.items()}


def _number(text: str) -> tuple[int, ...]:
    """A release of the table."""
    return release_of(text) or ()


_COMMIT = re.compile(r"[0-9a-f]{7,40}")
"""A Git revision of which nobody knows the release."""
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def _floor(revision: str) -> tuple[int, ...] | None:
    """The lowest version that a range may mean; None for a branch or `*`, which mean the newest."""
    match = _NUMBERS.search(revision)
    return None if match is None else release_of(match[0])


def _installs(switch: dict[str, Any] | None, version: tuple[int, ...] | None, values: Node) -> bool:
    """Does the release install its CRDs, by the chart's switch and its default?"""
    if switch is None:
        return True
    if "since" in switch and version is not None and version < (release_of(switch["since"]) or ()):
        if "before" not in switch:
            return True
        switch = switch["before"]
    switches = [name for name in (switch["value"], switch.get("alias")) if name is not None]
    given = [values.boolean(*name.split(".")) for name in switches]
    if any(value is not None for value in given):
        return True in given  # the chart asks for the one or the other
    return bool(switch["default"])


def _annotates_itself(rule: dict[str, Any] | None, version: tuple[int, ...] | None) -> bool:
    if rule is None or version is None:
        return False
    return version >= (release_of(rule["since"]) or ()) and "ServerSideApply=true" in str(
        rule["default"]
    )


def release_of(text: str) -> tuple[int, ...] | None:
    """The numbers of a chart or Git revision such as `v1.20.2`; None for a range or a branch."""
    numbers = text.lstrip("v").split("+")[0].split("-")[0].split(".")
    if not (numbers[0].isascii() and numbers[0].isdigit()):
        return None
    if any(sign in text.partition("-")[0] for sign in "*xX<>=~^| "):
        return None
    return tuple(int(n[:9]) if n.isascii() and n.isdigit() else 0 for n in numbers)


@lru_cache(maxsize=1)
def charts() -> dict[str, Any]:
    """What is known of charts that bring CRDs: sizes by release, switches (data/charts.json)."""
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "charts.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
