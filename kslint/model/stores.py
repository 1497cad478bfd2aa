"""Stores that ExternalSecrets read from.

Source: external-secrets v2.6 apis/externalsecrets/v1 (SecretStoreRef: kind SecretStore unless it is
said); pkg/provider/kubernetes (without `property` a key is the whole Secret, as JSON).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

GROUP = "external-secrets.io"
_OWN, _SHARED = "SecretStore", "ClusterSecretStore"


class Loose(NamedTuple):
    """A reference to a store that leads nowhere: `reason` is kind, missing or property."""

    reason: str
    node: Node
    name: str
    kind: str
    other: Resource


def loose(secret: Resource, graph: Graph) -> Iterator[Loose]:
    """What of an ExternalSecret's stores is not there, as far as the input shows."""
    spec = secret.spec
    reference = None if spec is None else spec.get("secretStoreRef")
    name = None if reference is None else reference.string("name")
    if spec is None or reference is None or not name or opaque(name):
        return
    kind = reference.string("kind") or _OWN
    namespace = graph.namespace_of(secret)
    where = "" if kind == _SHARED else namespace
    stores = graph.find(kind, name, where, GROUP, secret).resources
    if stores:
        if len(stores) == 1 and stores[0].body.at("spec", "provider", "kubernetes") is not None:
            for item in spec.listed("data"):
                remote = item.get("remoteRef")
                key = None if remote is None else remote.get("key")
                if remote is not None and key is not None and not remote.string("property"):
                    yield Loose("property", key, key.text or "", kind, stores[0])
        return
    if namespace is None or graph.completeness.is_open(kind, namespace):
        return
    counterpart = _SHARED if kind == _OWN else _OWN
    found = graph.find(
        counterpart, name, "" if counterpart == _SHARED else namespace, GROUP, secret
    )
    for other in found.resources:
        if graph.evidence.reaches(other, secret):
            yield Loose("kind", reference.get("kind") or reference, name, kind, other)
            return
