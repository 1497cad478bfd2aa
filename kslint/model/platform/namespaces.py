"""Which namespaces there will be: of objects, and of Applications that create theirs.

Source: argo-cd v3.4.4 docs/user-guide/sync-options.md (CreateNamespace=true).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.graph.argo import FOREIGN, OPAQUE
from kslint.model.gitops import argocd
from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.platform.installers import OPERATED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.model.gitops.argocd import Application
    from kslint.source.nodes import Node

_THERE = ("", "default", "kube-system", "kube-public", "kube-node-lease", "argocd")
_CREATE = "CreateNamespace"


def unmade(graph: Graph) -> Iterator[tuple[Application, Node]]:
    """The destinations of Applications that nothing in the input creates.

    Only where other Applications, beside it, say that Argo CD is to create theirs: else namespaces
    may come from anywhere.
    """
    found = graph.scopes.applications
    if found is None or any(place.tool in (OPAQUE, FOREIGN) for place in found.places):
        return  # what is not in the input may hold Namespaces
    applications = list(argocd.deploying(graph))
    made = {_destination(each) for each in applications if _creates(each)}
    made |= {each.namespace or "" for kind in OPERATED for each in graph.of_kind(kind)}
    creating = [each for each in applications if _creates(each)]
    for application in applications:
        name = _destination(application)
        node = application.spec.at("destination", "namespace")
        if node is None or name in _THERE or name in made or opaque(name) or application.templated:
            continue
        if (
            argocd.is_patched(application, "syncOptions", _CREATE)
            or graph.find("Namespace", name, "", "").resources
        ):
            continue
        if any(graph.belong_together(each.resource, application.resource) for each in creating):
            yield application, node


def _creates(application: Application) -> bool:
    options = application.sync_options
    return any(
        (item.text or "").startswith(_CREATE) or "{{" in (item.text or "")
        for item in ([] if options is None else options.elements())
    )


def _destination(application: Application) -> str:
    return application.spec.string("destination", "namespace") or ""
