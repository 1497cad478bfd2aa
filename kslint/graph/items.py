"""Objects on their way through kustomizations, and what tells them apart there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.edit import rewrite
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.source.nodes import Node

CLUSTER_KINDS = {
    "": ("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
    "admissionregistration.k8s.io": (
        "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    ),
    "apiextensions.k8s.io": ("CustomResourceDefinition",),
    "apiregistration.k8s.io": ("APIService",),
    "certificates.k8s.io": ("CertificateSigningRequest",),
    "networking.k8s.io": ("IngressClass",),
    "node.k8s.io": ("RuntimeClass",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
}  # fmt: skip
"""Kinds that kustomize knows to be cluster-scoped, by group (kyaml/openapi, Kubernetes v1.21.2)."""


class Id(NamedTuple):
    """What kustomize tells objects apart by. `namespace` is the effective one."""

    group: str
    version: str
    kind: str
    name: str
    namespace: str


class Item:
    """An object on its way through kustomizations. `earlier` holds the ids it had before.

    `hashed`: kustomize will add a suffix to the name, which is not known here.
    `known`: everything in it is in the input (a generator's files may not be).
    `weight`: what a change of it counts (see `bounds`).
    """

    __slots__ = (
        "_id", "_id_of", "body", "earlier", "file", "generated", "hashed", "known", "weight",
    )  # fmt: skip

    def __init__(self, body: Map, file: str, generated: bool = False) -> None:
        self.body = body
        self.file = file
        self.earlier: list[Id] = []
        self._id: Id | None = None
        self._id_of: Map | None = None
        self.generated = generated
        self.hashed = False
        self.known = True
        self.weight = 1

    @property
    def id(self) -> Id:
        """What the object is called now; patches ask it of every object, so it is kept."""
        if self._id is None or self._id_of is not self.body:
            self._id, self._id_of = _identified(self.body), self.body
        return self._id

    @property
    def ids(self) -> list[Id]:
        """Every id the object has had, the first one first."""
        return [*self.earlier, self.id]

    def change(self, path: tuple[str, ...], change: Callable[[Node], Node]) -> None:
        """Apply a function to every value at a path of the body, lists gone through."""
        body = rewrite(self.body, path, change)
        if isinstance(body, Map):
            self.body = body

    def remember(self) -> None:
        self.earlier.append(self.id)


def _identified(body: Map) -> Id:
    group, _, version = (body.string("apiVersion") or "").rpartition("/")
    kind = body.string("kind") or ""
    namespace = body.string("metadata", "namespace") or "default"
    if kind in CLUSTER_KINDS.get(group, ()):
        namespace = "_non_namespaceable_"
    return Id(group, version, kind, body.string("metadata", "name") or "", namespace)
