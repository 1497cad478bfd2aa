"""Are the runtimes that KServe ships in the cluster, as far as the input shows?

The chart of the controller brought them up to 0.16. Since 0.17 they come with a chart of their
own, `kserve-runtime-configs`, and only where its value `kserve.servingruntime.enabled` is true
(charts/kserve-runtime-configs/values.yaml:5-6 and templates/runtimes/resources.yaml:1 @v0.19.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops import argocd
from kslint.model.gitops.localcharts import deployed_charts
from kslint.model.kserve import names
from kslint.model.kserve.installation import values_are_known
from kslint.model.kserve.releases import releases
from kslint.model.kserve.settings import defaults
from kslint.model.kserve.versions import normal
from kslint.model.platform.installers import hidden, is_open
from kslint.model.unchecked import unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.model.kserve.releases import Release
    from kslint.source.nodes import Node

CONTROLLER_CHART = "kserve-resources"
RUNTIME_CHART = "kserve-runtime-configs"
_APART_SINCE = "0.17"
_SWITCH = ("kserve", "servingruntime", "enabled")

_OTHERS = (
    "argo", "cert-manager", "cilium", "crd", "dcgm", "dns", "envoy", "external-secrets", "gateway",
    "gpu-operator", "grafana", "ingress", "istio", "keda", "knative", "kuberay", "kueue", "kyverno",
    "leaderworkerset", "loki", "longhorn", "lws", "metallb", "metrics", "minio", "monitoring",
    "nfd", "nginx", "node-feature", "nvidia", "opentelemetry", "postgres", "prometheus", "redis",
    "reloader", "rook", "secrets", "serverless", "storage", "tempo", "traefik", "vault", "velero",
)  # fmt: skip
"""Words in the names of charts, repositories and directories that bring something else."""
_OWN = (CONTROLLER_CHART, "kserve-llmisvc-resources", "kserve-localmodel-resources")


def installed_without_runtimes(graph: Graph) -> list[Release]:
    """The installations of KServe where nothing brings its runtimes; none where that is not sure.

    Of several clusters in one input all must be so.
    """
    found = list(releases(graph))
    lacking = [release for release in found if _lacks(release)]
    if not lacking or len(lacking) < len(found) or _may_bring(graph):
        return []
    return lacking


def _lacks(release: Release) -> bool:
    version = normal(release.revision)
    return (
        release.chart == CONTROLLER_CHART
        and not release.copied
        and version is not None
        and defaults(version).at_least(_APART_SINCE)
    )


def switched_off(graph: Graph) -> list[tuple[Source, Node]]:
    """The installations of the runtimes' chart that bring none, each with the place of its switch.

    That is the value, else the block that it belongs to.
    """
    found = []
    for source in argocd.chart_sources(graph):
        if source.chart == RUNTIME_CHART:
            values = argocd.helm_values(graph, source)
            switch = values.at(*_SWITCH)
            node = switch if switch is not None and switch.place is not None else None
            found.append((source, node or source.node.get("chart") or source.node))
    return found


def may_bring_others(graph: Graph) -> bool:
    """May something bring runtimes that the input does not show, and KServe does not ship?"""
    told = graph.completeness.provides
    if any("runtime" in name for name in told) or is_open(graph):
        return True
    unseen = (tried for tried in _unseen(graph) if not any(map(_is_something_else, tried)))
    return any(True for _ in unseen) or any(True for _ in unchecked(graph))


def _may_bring(graph: Graph) -> bool:
    return may_bring_others(graph) or any(_brings(graph))


def _unseen(graph: Graph) -> Iterator[tuple[str, ...]]:
    """The names of charts, and of what else installs objects that the input does not show."""
    for source in argocd.chart_sources(graph):
        if source.chart != RUNTIME_CHART:
            yield (source.chart or "",)
    charts = [(s.path or "").strip("/").split("/") for _, s in deployed_charts(graph)]
    for installer in hidden(graph):
        of_chart = any(list(installer.names[1 : len(path) + 1]) == path for path in charts)
        if RUNTIME_CHART not in installer.names and not of_chart:
            yield tuple(name for name in (*installer.names, installer.repository) if name)


def _is_something_else(name: str) -> bool:
    return name in _OWN or any(word in name.lower() for word in _OTHERS)


def _brings(graph: Graph) -> Iterator[bool]:
    """Of each installation of the runtimes' chart: may it bring them?"""
    for source in argocd.chart_sources(graph):
        if source.chart == RUNTIME_CHART:
            switch = argocd.helm_values(graph, source).at(*_SWITCH)
            enabled = switch is not None and switch.text != "false"
            yield enabled or not values_are_known(graph, source)
    for installer in hidden(graph):
        if RUNTIME_CHART in installer.names:
            yield True
    for resource in graph.of_kind("ClusterServingRuntime", names.GROUP):
        yield resource.name.startswith("kserve-") and not graph.evidence.illustrates(resource)
