"""cert-manager's chart and its CRDs, which it leaves out unless it is told to bring them.

Source: cert-manager deploy/charts/cert-manager, v1.14.0 and v1.20.2, by data/charts.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.gitops import argocd
from kslint.model.gitops.argocd import chart_sources
from kslint.model.gitops.crd import charts, release_of
from kslint.model.kserve.installation import is_literal, values_are_known
from kslint.model.platform.installers import OPERATED, hidden, is_open, operated
from kslint.model.platform.pieces import CERT_MANAGER, shows_crd

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Source
    from kslint.model.model import Model
    from kslint.resources import Resource

CHART = "cert-manager"
CERTIFICATE_GROUP = "cert-manager.io"
INJECT_FROM = "cert-manager.io/inject-ca-from"
INJECTED = (
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "CustomResourceDefinition",
    "APIService",
)
"""Kinds into which cert-manager's cainjector writes a CA (pkg/controller/cainjector v1.20)."""


def releases(graph: Graph) -> list[Source]:
    """The releases of cert-manager's own chart."""
    return [source for source in chart_sources(graph) if source.chart == CHART]


def homes(graph: Graph) -> set[str]:
    """The namespaces in which the input runs cert-manager; empty where it does not show it.

    There it reads the Secrets of ClusterIssuers, unless it is told another namespace.
    """
    found = {
        source.application.spec.string("destination", "namespace") for source in releases(graph)
    }
    for kind in OPERATED:
        for resource in graph.of_kind(kind):
            if resource.spec is not None and operated(resource) == CHART:
                target = resource.spec.string("targetNamespace")
                found.add(target or graph.namespace_of(resource))
    found |= {graph.namespace_of(r) for r in graph.of_kind("Deployment") if r.name == CHART}
    return {each for each in found if each}


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


def certificates_beside(graph: Graph, resource: Resource, name: str) -> list[Resource]:
    """The Certificates of a name that are deployed together with an object.

    What one kustomization emits belongs together, in the namespaces that it gives; a document
    that another one emits as well counts once. Empty where another document may be meant.
    """
    every = [c for c in graph.of_kind("Certificate", CERTIFICATE_GROUP) if c.name == name]
    if resource.emitter:
        found = [c for c in every if c.emitter == resource.emitter]
    else:
        found = [c for c in every if not c.emitter and graph.belong_together(c, resource)]
    places = {c.body.place for c in found}
    return found if all(c.body.place in places for c in every) else []
