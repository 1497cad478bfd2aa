"""cert-manager, which signs the certificates of webhooks and hands out their CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.checks.platform import once
from kslint.findings import Problem
from kslint.model.gitops import argocd
from kslint.model.gitops.argocd import chart_sources
from kslint.model.kserve.installation import LLM_CHART, values_block
from kslint.model.kserve.releases import CONTROLLER_CHARTS
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.platform.certmanager import (
    INJECT_FROM,
    INJECTED,
    certificates_beside,
    definitions_come_otherwise,
    installs_definitions,
    releases,
    switches,
)
from kslint.model.platform.pieces import CERT_MANAGER, lacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.model import Model
    from kslint.source.nodes import Node


def cert_manager_missing(model: Model) -> Iterator[Problem]:
    """KServe's controller without the piece that signs its webhooks' certificates."""
    yield from once(_cert_manager_missing(model))


def _cert_manager_missing(model: Model) -> Iterator[Problem]:
    charts = list(chart_sources(model.graph))
    found = [s for s in charts if s.chart in CONTROLLER_CHARTS]
    llm = [s for s in charts if s.chart == LLM_CHART]
    found, others = (found, llm) if found else (llm, [])
    if not found or not lacks(model, CERT_MANAGER):
        return
    for source in found:
        yield Problem(
            _chart_key(source.node),
            related=[(_chart_key(s.node), "this one needs it too") for s in others],
            about=source.application.resource,
            application=source.application.name,
            chart=source.chart,
        )


def _chart_key(source: Node) -> Node:
    """`chart`, or the `oci://` URL that ends with the chart's name."""
    return source.get("chart") or source.get("repoURL") or source


def definitions_disabled(model: Model) -> Iterator[Problem]:
    """cert-manager's chart without its CRDs, which nothing else in the tree brings."""
    yield from once(_definitions_disabled(model))


def _definitions_disabled(model: Model) -> Iterator[Problem]:
    graph = model.graph
    found = releases(graph)
    if any(installs_definitions(graph, source) is not False for source in found):
        return
    if not found or definitions_come_otherwise(model):
        return
    for source in found:
        values = argocd.helm_values(graph, source)
        value, *older = switches(source)
        written = [name for name in (value, *older) if values.string(*name.split(".")) is not None]
        path = (written or [value])[0].split(".")
        at = values.at(*path)
        if at is None or at.place is None:  # by a parameter, the blocks above it stand nowhere
            at = values.nearest(*path)
        at = values_block(source.node) if at.place is None else at
        yield Problem(
            at,
            variant="written" if written else "default",
            about=source.application.resource,
            application=source.application.name,
            version=source.revision or "of no fixed version",
            value=(written or [value])[0],
        )


def injection_mismatch(model: Model) -> Iterator[Problem]:
    """A CA that cert-manager is to take from a Certificate of another namespace."""
    for kind in INJECTED:
        for resource in model.of_kind(kind):
            node = resource.body.at("metadata", "annotations", INJECT_FROM)
            namespace, _, name = ("" if node is None else node.text or "").partition("/")
            if node is None or not name or opaque(namespace) or opaque(name):
                continue
            found = certificates_beside(model.graph, resource, name)
            homes = {model.graph.namespace_of(one) for one in found}
            if not found or homes & {namespace, None}:
                continue
            yield Problem(
                node,
                related=[(found[0].body.at("metadata", "name"), "the Certificate stands here")],
                about=resource,
                wanted=f"{namespace}/{name}",
                there=f"{model.graph.namespace_of(found[0])}/{name}",
                kind=kind,
                name=resource.name,
            )
