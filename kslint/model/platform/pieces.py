"""Which platform pieces an input installs: by chart, by manifest, by a base it only names.

The answer is "the input shows it", never "the cluster has it": what an input does not show may
be there all the same, and `cluster.provides` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kslint.graph.argo import DIRECTORY, KUSTOMIZE
from kslint.graph.edit import listing
from kslint.model.gitops.argocd import chart_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config import Config
    from kslint.graph.graph import Graph
    from kslint.graph.kustomize import Emission
    from kslint.resources import Resource


class Told(Protocol):
    """An input, and what the user says of the cluster: the model, which builds on this module."""

    graph: Graph
    config: Config


class Installer(NamedTuple):
    """Something that installs objects which are not in the input, by the names it goes by."""

    names: tuple[str, ...]
    repository: str


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


def lacks(model: Told, piece: Piece) -> bool:
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
    if resource.kind in ("Gateway", "GatewayClass") and piece is ISTIO:
        spec = resource.spec
        found = spec and (spec.string("gatewayClassName") or spec.string("controllerName"))
        if (found or "").startswith(ISTIO.word):
            return True
    return _in_groups(resource.group, piece.objects)


def _in_groups(group: str, wanted: tuple[str, ...]) -> bool:
    return any(group == each or group.endswith("." + each) for each in wanted)


def installers(graph: Graph) -> Iterator[Installer]:
    """Everything in the input that installs what the input does not show."""
    for source in chart_sources(graph):
        yield Installer((source.chart or "",), source.node.string("repoURL") or "")
    yield from hidden(graph)


def hidden(graph: Graph) -> Iterator[Installer]:
    """As `installers`, without the charts of Applications."""
    yield from _unseen(graph)
    for emission in graph.scopes.emissions:
        yield from _bases(emission)
    for resource in graph.resources:
        name = _operated(resource)
        if name:
            yield Installer((name,), resource.name)
    for plain in graph.others:
        if plain.file.rpartition("/")[2] in ("Chart.yaml", "helmfile.yaml", "helmfile.yml"):
            root = plain.document.root
            for entry in (*listing(root, "dependencies"), *listing(root, "releases")):
                chart = (entry.string("chart") or entry.string("name") or "").rpartition("/")[2]
                yield Installer((chart,), entry.string("repository") or "")


def shows_crd(graph: Graph, piece: Piece) -> bool:
    """Is a CRD of a piece in the input?"""
    return any(_shows(piece, r) for r in graph.of_kind("CustomResourceDefinition"))


def is_open(graph: Graph) -> bool:
    """Does an ApplicationSet deploy charts or paths that the input does not name?"""
    applications = graph.scopes.applications
    return any(
        "{{" in (place.source.string("chart") or "")
        or (place.source.string("path") or "").lstrip("/").startswith("{{")
        for place in (() if applications is None else applications.places)
    )


def _unseen(graph: Graph) -> Iterator[Installer]:
    """Applications of a git path whose manifests are not in the input."""
    applications = graph.scopes.applications
    for place in () if applications is None else applications.places:
        path, url = place.source.string("path"), place.source.string("repoURL") or ""
        if path is None or place.tool in (KUSTOMIZE, DIRECTORY) or url.startswith("oci://"):
            continue
        names = [place.owner.name, *path.split("/"), url.rpartition("/")[2]]
        yield Installer((*names, place.owner.destination or ""), url)


def _bases(emission: Emission) -> Iterator[Installer]:
    """Remote and missing bases of a build, and its charts."""
    for chart in emission.charts:
        yield Installer((chart.node.string("name") or "",), chart.node.string("repo") or "")
    for gap in emission.gaps:
        text = gap.node.text
        if gap.kind != "objects" or not text:
            continue
        parts = (text.partition("://")[2] or text).partition("?")[0].split("/")
        file = parts[-1]
        names = (file,) if "crd" in file else tuple(parts[2:] if "." in parts[0] else parts)
        yield Installer(names, text)


OPERATED = frozenset({"HelmRelease", "HelmChart", "Subscription"})
"""Kinds by which Flux, k3s and OLM are told to install something."""


def _operated(resource: Resource) -> str | None:
    """What an object of Flux, of k3s or of OLM installs."""
    spec = resource.spec if resource.kind in OPERATED else None
    if spec is None:
        return None
    if resource.kind == "HelmRelease":
        return spec.string("chart", "spec", "chart") or spec.string("chartRef", "name")
    if resource.kind == "HelmChart":
        return (spec.string("chart") or "").rpartition("/")[2]
    if resource.kind == "Subscription" and resource.group == "operators.coreos.com":
        return spec.string("name")
    return None
