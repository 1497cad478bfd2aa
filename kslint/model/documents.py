"""The YAML that Kubernetes' tools read: objects, kustomizations and the values of charts."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.gitops import argocd
from kslint.resources import KUSTOMIZATIONS, Resource, is_object
from kslint.source.inner import inner_document
from kslint.source.load import Other
from kslint.source.nodes import Map, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.model.gitops.argocd import Application
    from kslint.source.document import Document
    from kslint.source.load import ParsedFile
    from kslint.source.nodes import Node


class Read(NamedTuple):
    """A document, and the object it is; None for values."""

    document: Document
    resource: Resource | None
    by_kustomize: bool
    """Is it read by kustomize alone, whose YAML is not kubectl's?"""


def documents(resources: Iterable[Resource], files: Iterable[ParsedFile]) -> Iterator[Read]:
    """Every document that kubectl, Argo CD, kustomize or Helm reads."""
    written = {id(resource.body): resource for resource in resources if not resource.emitter}
    applied = {resource.file for resource in written.values()}
    for file in files:
        name = file.source.name
        if isinstance(file, Other) and not _is_values(name):
            continue
        for document in file.glimpse():
            root = document.root
            if not isinstance(root, Map):
                continue
            resource = written.get(id(root)) or Resource(root, name)
            if is_object(root):
                yield Read(document, resource, name not in applied)
            elif posixpath.basename(name) in KUSTOMIZATIONS:
                resource.kind = "Kustomization"
                yield Read(document, resource, False)
            elif _is_values(name):
                yield Read(document, None, False)


def chart_values(
    documents: Iterable[Read], applications: Iterable[Application]
) -> Iterator[tuple[Node, Resource | None]]:
    """The values that charts are given: files of values, and those inside of Applications."""
    for read in documents:
        if read.resource is None:
            yield read.document.root, None
        for chart in read.document.root.listed("helmCharts"):
            inline = chart.get("valuesInline")
            if inline is not None:
                yield inline, read.resource
    for application in applications:
        for source in argocd.sources(application):
            values = source.node.at("helm", "valuesObject")
            if values is not None:
                yield values, application.resource
            text = source.node.at("helm", "values")
            inner = inner_document(text) if isinstance(text, Scalar) else None
            if inner is not None:
                yield inner, application.resource


def _is_values(file: str) -> bool:
    """`values.yaml`, `values-prod.yaml`, `prod-values.yaml`: no other YAML is called so."""
    name = posixpath.basename(file).lower()
    stem, _, suffix = name.rpartition(".")
    return suffix in ("yaml", "yml") and (stem.startswith("values") or stem.endswith("values"))
