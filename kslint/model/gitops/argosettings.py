"""How Argo CD itself is set up, as far as the input shows it.

By the ConfigMap `argocd-cm`, by the values of its chart (`configs.cm`), or by the ArgoCD object of
an operator. Sources: argo-cd v3.4.4 docs/user-guide/kustomize.md and
docs/operator-manual/health.md; argo-helm argo-cd 9.x values.yaml; argocd-operator v0.15
docs/reference/argocd.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.gaps import VALUES
from kslint.model.gitops.argocd import chart_sources, emission, helm_values, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_CONFIG_MAP, _CHART = "argocd-cm", "argo-cd"
_BUILD_OPTIONS = "kustomize.buildOptions"
_HELM = "--enable-helm"
_HEALTH = "resource.customizations.health.argoproj.io_Application"
_OLD_HEALTH = "resource.customizations"


class Settings(NamedTuple):
    """One place that sets Argo CD up: the options by name. `node` is where they stand."""

    resource: Resource | None
    node: Node
    options: dict[str, str]

    @property
    def builds_charts(self) -> bool:
        options = (text for name, text in self.options.items() if name.startswith(_BUILD_OPTIONS))
        return any(_HELM in text for text in options)

    @property
    def waits_for_applications(self) -> bool:
        """Has it a health check for Applications, without which none is waited for?"""
        old = self.options.get(_OLD_HEALTH, "")
        return _HEALTH in self.options or "argoproj.io/Application" in old


def settings(graph: Graph) -> list[Settings]:
    """Every place of the input that sets Argo CD up; none where it shows nothing of that."""
    found = []
    for resource in graph.of_kind("ConfigMap", ""):
        data = resource.body.get("data")
        if resource.name == _CONFIG_MAP and data is not None:
            if any(gap.kind == VALUES for gap in graph.partial(resource)):
                return []
            found.append(Settings(resource, data, _texts(data)))
    for source in chart_sources(graph):
        values = helm_values(graph, source)
        options = values.at("configs", "cm")
        if source.chart == _CHART and options is not None and options.place is not None:
            found.append(Settings(source.application.resource, options, _texts(options)))
    for resource in graph.of_kind("ArgoCD", "argoproj.io"):
        spec = resource.spec
        if spec is not None:
            found.append(Settings(resource, spec, _of_operator(spec)))
    return found


def _texts(node: Node) -> dict[str, str]:
    return {name: value.text or "" for name, value in node.items()}


def _of_operator(spec: Node) -> dict[str, str]:
    options = {_BUILD_OPTIONS: spec.string("kustomizeBuildOptions") or ""}
    options.update(_texts(spec.get("extraConfig") or spec) if spec.get("extraConfig") else {})
    for check in spec.listed("resourceHealthChecks"):
        key = f"{check.string('group')}_{check.string('kind')}"
        options[f"{_OLD_HEALTH}.health.{key}"] = check.string("check") or ""
    return options


def inflated(application: Application, graph: Graph) -> Iterator[Node]:
    """The Helm charts that an Application has kustomize render."""
    for place in places(graph, application):
        if place.source.get("plugin") is not None:
            continue
        built = emission(graph, place)
        yield from (chart.node for chart in ([] if built is None else built.charts))
