"""Which release of a family the cluster runs, where the input or the configuration tells.

A chart's version is taken where it is that of the application, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops.argocd import chart_sources, helm_values
from kslint.model.gitops.remote import in_repository, remote
from kslint.model.schemas import tables
from kslint.model.schemas.tables import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config import Config
    from kslint.graph.graph import Graph


_CHARTS = {
    "cert-manager": "cert-manager", "external-secrets": "external-secrets", "keda": "keda",
    "kueue": "kueue", "lws": "leaderworkerset", "kuberay-operator": "kuberay",
    "gateway-crds-helm": "gateway-api",
}  # fmt: skip
"""Charts whose version is that of the application."""
_REPOSITORIES = {
    "cert-manager/cert-manager": "cert-manager", "jetstack/cert-manager": "cert-manager",
    "external-secrets/external-secrets": "external-secrets", "kedacore/keda": "keda",
    "kubernetes-sigs/gateway-api": "gateway-api",
    "kubernetes-sigs/gateway-api-inference-extension": "inference-extension",
    "kubernetes-sigs/kueue": "kueue", "kubernetes-sigs/lws": "leaderworkerset",
    "ray-project/kuberay": "kuberay", "knative/serving": "knative-serving",
    "prometheus-operator/prometheus-operator": "prometheus-operator",
    "argoproj/argo-cd": "argo-cd",
}  # fmt: skip
"""Repositories whose release manifests and directories bring the definitions of a family."""


def installed(family: str, graph: Graph, config: Config, kserve: str) -> Release:
    """The release of a family; without a version where nothing, or more than one thing, tells."""
    told = True
    if family == tables.KUBERNETES:
        found = {tables.numbers(config.kubernetes_version or tables.DEFAULT)}
        told = config.kubernetes_version is not None
    elif family == tables.KSERVE:
        found = {tables.numbers(kserve)}
    else:
        found = {version[:2] for name, version in _shown(graph) if name == family}
    if len(found) != 1:
        return Release((), None, False)
    version = found.pop()
    return Release(version, tables.table(family).index(version) if version else None, told)


def _shown(graph: Graph) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The families that the input installs, with the version of each."""
    for source in chart_sources(graph):
        family = _CHARTS.get(source.chart or "")
        if family is not None:
            yield family, _minor(source.revision or "")
    yield from _of_directories(graph)
    for emission in graph.scopes.emissions:
        for chart in emission.charts:
            family = _CHARTS.get(chart.node.string("name") or "")
            if family is not None:
                yield family, _minor(chart.node.string("version") or "")
        for gap in emission.gaps:
            address = remote(gap.node.text or "")
            family = None if address is None else _REPOSITORIES.get(address.repo.lower())
            if address is not None and family is not None:
                yield family, tables.numbers(address.revision.removeprefix("knative-"))
    for resource in graph.of_kind("HelmRelease"):
        spec = resource.body.at("spec", "chart", "spec")
        family = None if spec is None else _CHARTS.get(spec.string("chart") or "")
        if spec is not None and family is not None:
            yield family, _minor(spec.string("version") or "")


def _of_directories(graph: Graph) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Applications of the directory in which a repository has its definitions."""
    applications = graph.scopes.applications
    for place in () if applications is None else applications.places:
        url, path = place.source.string("repoURL"), place.source.string("path") or ""
        revision = place.source.string("targetRevision") or ""
        address = None if url is None else in_repository(url, revision, path)
        family = None if address is None else _REPOSITORIES.get(address.repo.lower())
        if family is not None and path.strip("/.").startswith(_DEFINING):
            yield family, tables.numbers(revision.removeprefix("knative-"))


_DEFINING = ("config/crd", "config/default")


def _minor(version: str) -> tuple[int, ...]:
    """The release that a chart's version, or a range within one minor release, stands for."""
    plain = version.strip().removeprefix("~").removesuffix(".*").removesuffix(".x")
    return tables.numbers(plain) if "." in plain else ()


def serves_on(graph: Graph, group: str, version: str) -> bool:
    """Is an old version kept alive by a switch of the operator's chart?

    Source: external-secrets v0.17.0 deploy/charts/external-secrets/values.yaml.
    """
    if (group, version) != ("external-secrets.io", "v1beta1"):
        return False
    return any(
        helm_values(graph, source).string("crds", "unsafeServeV1Beta1") == "true"
        for source in chart_sources(graph)
        if source.chart == "external-secrets"
    )
