"""cert-manager's chart and its CRDs, which it leaves out unless it is told to bring them.

Source: cert-manager deploy/charts/cert-manager, v1.14.0 and v1.20.2, by data/charts.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops import argocd
from kslint.model.gitops.argocd import chart_sources
from kslint.model.gitops.crd import charts, release_of
from kslint.model.kserve.installation import is_literal, values_are_known
from kslint.model.platform.pieces import CERT_MANAGER, hidden, is_open, shows_crd

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.model.model import Model

CHART = "cert-manager"


def releases(graph: Graph) -> list[Source]:
    """The releases of cert-manager's own chart."""
    return [source for source in chart_sources(graph) if source.chart == CHART]


def switches(source: Source) -> tuple[str, ...]:
    """The values that make a release bring its CRDs, the one to use first; any of them will do."""
    rule = charts()[CHART]["crdSwitch"]
    version = release_of(source.revision or "")
    if version is not None and version < (release_of(rule["since"]) or ()):
        return (rule["before"]["value"],)
    return (rule["value"], rule["alias"])


def installs_definitions(graph: Graph, source: Source) -> bool | None:
    """Does a release bring the CRDs? None if its values are not all known."""
    values = argocd.helm_values(graph, source)
    texts = [values.string(*name.split(".")) or "" for name in switches(source)]
    if any(text.lower() == "true" for text in texts):
        return True
    known = all(is_literal(text) for text in texts) and values_are_known(graph, source)
    return False if known else None


def definitions_come_otherwise(model: Model) -> bool:
    """May the CRDs come from anywhere but a release of the chart?"""
    graph, told = model.graph, model.config.cluster
    provided = told.provides | graph.completeness.provides
    if told.complete is False or is_open(graph) or any(CHART in name for name in provided):
        return True
    others = {source.chart or "" for source in chart_sources(graph)} - {CHART}
    if any(CERT_MANAGER.is_named(name) or (CHART in name and "crd" in name) for name in others):
        return True
    return shows_crd(graph, CERT_MANAGER) or any(
        CHART in name.lower() for installer in hidden(graph) for name in installer.names
    )
