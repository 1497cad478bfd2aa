"""CustomResourceDefinitions and the annotation that client-side apply writes into them.

`kubectl apply` stores the whole object in `kubectl.kubernetes.io/last-applied-configuration`;
all annotations of one object may hold 262144 bytes together
(k8s.io/apimachinery pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model import argocd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

ANNOTATION_LIMIT = 262144
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_GO_ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What Go's encoder spells out and Python's does not."""


class Definition(NamedTuple):
    """A CRD that an Application deploys. `size` is in bytes of annotations.

    `resource` is the object where it is in the input; else the size is that of the chart
    release in `source`.
    """

    name: str
    size: int
    source: str
    resource: Resource | None


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
    """The CRDs an Application deploys that are too large for a client-side apply."""
    for source in argocd.sources(application):
        chart = source.chart
        if chart is not None:
            if source.node.boolean("helm", "skipCrds") is not True:
                values = argocd.helm_values(graph, source)
                yield from _of_chart(chart, source.revision or "", values)
        elif source.path is not None:
            yield from _of_path(source.path, graph)


def _of_path(path: str, graph: Graph) -> Iterator[Definition]:
    for resource in graph.of_kind("CustomResourceDefinition"):
        if not _inside(resource.file, path):
            continue
        size = applied_size(resource)
        if size > ANNOTATION_LIMIT:
            yield Definition(resource.name, size, resource.file, resource)


def _inside(file: str, path: str) -> bool:
    return f"/{path.strip('/')}/" in f"/{file}"


def _of_chart(chart: str, revision: str, values: Node) -> Iterator[Definition]:
    """Known CRDs of a chart release, unless its values switch them off or annotate them."""
    for name, bundle in _table().items():
        if name == "_meta" or chart not in bundle["chart"]:
            continue
        version = _version(revision)
        if not _installs(bundle.get("crdSwitch"), version, values):
            continue
        if _annotates_itself(bundle.get("crdAnnotations"), version):
            continue
        release = _release(bundle["versions"], version)
        for crd, size in release.items():
            yield Definition(crd, size, f"chart {chart} {revision}".strip(), None)


def _release(releases: list[dict[str, Any]], version: tuple[int, ...] | None) -> dict[str, int]:
    """CRDs over the limit in a version; of an unknown version, those that are in every release."""
    if version is not None:
        fitting = [r for r in releases if r["from"] is None or _version(r["from"]) <= version]  # type: ignore[operator]
        over = fitting[-1]["over"] if fitting else {}
    else:
        over = releases[-1]["over"] if releases and all(r["over"] for r in releases) else {}
    return {name: size or ANNOTATION_LIMIT + 1 for name, size in over.items()}


def _installs(switch: dict[str, Any] | None, version: tuple[int, ...] | None, values: Node) -> bool:
    """Does the release install its CRDs, by the chart's switch and its default?"""
    if switch is None:
        return True
    if "since" in switch and version is not None and version < (_version(switch["since"]) or ()):
        switch = switch["before"]
    for name in (switch["value"], switch.get("alias")):
        given = None if name is None else values.boolean(*name.split("."))
        if given is not None:
            return given
    return bool(switch["default"])


def _annotates_itself(rule: dict[str, Any] | None, version: tuple[int, ...] | None) -> bool:
    if rule is None or version is None:
        return False
    return version >= (_version(rule["since"]) or ()) and "ServerSideApply=true" in str(
        rule["default"]
    )


def _version(text: str) -> tuple[int, ...] | None:
    numbers = text.lstrip("v").split("+")[0].split("-")[0].split(".")
    if not numbers[0].isdigit():
        return None
    return tuple(int(n) if n.isdigit() else 0 for n in numbers)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    import json

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "charts.json")
    with open(path, encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
