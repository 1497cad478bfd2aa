"""Which platform pieces an input installs: by chart, by manifest, by a base it only names.

The answer is "the input shows it", never "the cluster has it": what an input does not show may
be there all the same, and `cluster.provides` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.model.platform.installers import installers, is_open

if TYPE_CHECKING:
    from kslint.graph.graph import Graph
    from kslint.model.model import Model
    from kslint.model.platform.installers import Installer
    from kslint.resources import Resource


class Piece(NamedTuple):
    """A platform piece and its traces.

    `word` is in the names of its charts and directories, unless one of `others` is too: those
    are its satellites. `aliases` are whole names without the word. `objects` are API groups
    whose objects are of no use without it, `definitions` those of its CRDs. With `by_repository`
    any chart of its repository counts.
    """

    word: str
    others: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    by_repository: bool = False
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Labels of Namespaces by which they ask for it; the value `disabled` takes it back."""

    def is_named(self, name: str) -> bool:
        name = name.lower()
        return name in self.aliases or (
            self.word in name and not any(other in name for other in self.others)
        )


CERT_MANAGER = Piece(
    "cert-manager",
    ("crd", "csi", "issuer", "webhook", "approver", "istio", "trust", "spiffe", "config", "polic"),
    definitions=("cert-manager.io",),
    namespaces=("cert-manager",),
    deployments=("cert-manager",),
)
"""An Issuer or a Certificate asks for cert-manager and does not bring it."""

ISTIO = Piece(
    "istio",
    ("cert-manager",),
    objects=("istio.io", "maistra.io", "sailoperator.io"),
    definitions=("istio.io", "sailoperator.io"),
    namespaces=("istio-system",),
    deployments=("istiod",),
    by_repository=True,
    aliases=("servicemeshoperator", "servicemeshoperator3"),
    labels=("istio-injection", "istio.io/rev"),
)

KNATIVE = Piece(
    "knative",
    ("eventing",),
    objects=("serving.knative.dev",),
    definitions=("serving.knative.dev", "operator.knative.dev"),
    namespaces=("knative-serving",),
    deployments=("knative-operator",),
    by_repository=True,
    aliases=("serverless-operator",),
)

KNATIVE_SERVING = "KnativeServing"
"""The kind by which the Knative operator is told to install Serving."""


def lacks(model: Model, piece: Piece) -> bool:
    """Is a piece missing: not in the input, and not said to be in the cluster?

    False too where the user says that the input does not show everything, or where an
    ApplicationSet may deploy anything.
    """
    told = model.config.cluster
    provided = told.provides | model.graph.completeness.provides
    if told.complete is False or any(piece.is_named(name) for name in provided):
        return False
    return not shows(model.graph, piece) and not is_open(model.graph)


def shows(graph: Graph, piece: Piece) -> bool:
    """Is a piece in the input?"""
    return any(_brings(piece, installer) for installer in installers(graph)) or any(
        _shows(piece, resource) for resource in graph.resources
    )


def _brings(piece: Piece, installer: Installer) -> bool:
    if any(piece.is_named(name) for name in installer.names):
        return True
    return (
        piece.by_repository
        and piece.word in installer.repository.lower()
        and not any(other in name for name in installer.names for other in piece.others)
    )


def _shows(piece: Piece, resource: Resource) -> bool:
    if resource.kind == "CustomResourceDefinition":
        return _in_groups(resource.name.partition(".")[2], piece.definitions)
    if resource.kind == "Namespace":
        return resource.name in piece.namespaces or any(
            resource.label(label) not in (None, "disabled") for label in piece.labels
        )
    if resource.kind == "Deployment":
        return resource.name in piece.deployments
    if resource.kind == KNATIVE_SERVING:
        return piece is KNATIVE
    if resource.kind == "ConfigMap" and piece is KNATIVE:
        return resource.name.startswith("config-") and resource.namespace in piece.namespaces
    if resource.kind in ("Gateway", "GatewayClass") and piece is ISTIO:
        spec = resource.spec
        found = spec and (spec.string("gatewayClassName") or spec.string("controllerName"))
        if (found or "").startswith(ISTIO.word):
            return True
    return _in_groups(resource.group, piece.objects)


def _in_groups(group: str, wanted: tuple[str, ...]) -> bool:
    return any(group == each or group.endswith("." + each) for each in wanted)


def shows_crd(graph: Graph, piece: Piece) -> bool:
    """Is a CRD of a piece in the input?"""
    return any(_shows(piece, r) for r in graph.of_kind("CustomResourceDefinition"))
