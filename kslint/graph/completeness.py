"""When is an input known to hold all objects of a kind in a namespace?

By evidence, unless the user says: the input declares one such object there (or something that
makes one), and nothing that the input does not show could put another one there. An object that
only illustrates, and one in the namespace `default`, is evidence for its own directory. So is a
Secret, which people make by hand, unless Argo CD deploys what needs another. What is open:

- a build with a remote base, a missing file or a plugin: every kind, in the namespace it emits
  into. One that says no namespace, with no known object to tell it by, brings its own (CRDs and
  controllers of a release) and is not held against ours;
- an Application of a plugin, a path outside the input or another repository of the same owner:
  every kind in its destination namespace; in all namespaces where the destination is a template;
- a Helm chart, or a repository of other owners: every kind in its namespace but NOT_CHARTED.
  Releases make Secrets, ConfigMaps, accounts and gateways at will; the claims and runtimes that a
  model's own manifests name are not theirs. Charts of CRDs and KServe's own open nothing;
- a Role that lets a pod create objects of a kind: that kind, in its namespace (key minters);
- something that spreads objects over namespaces (ClusterExternalSecret, a generating policy).

What a change deletes was there, and is not any more: no other object of its kind is needed to tell.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.graph.edit import listing
from kslint.graph.evidence import homes, meet
from kslint.graph.gaps import CHARTS, VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.config import Deleted
    from kslint.graph.evidence import Evidence
    from kslint.graph.kustomize import Emission
    from kslint.graph.scopes import Scopes
    from kslint.resources import Resource
    from kslint.source.nodes import Node

    Declared = dict[tuple[str, str], set[str]]
    """Directories that hold objects of a kind in a namespace, and EVERYWHERE among them if these
    tell of the whole input."""

EVERYWHERE = "*"
SHARED_NAMESPACE = "default"
"""Where unrelated things lie side by side: an object there tells of its own directory only."""

BY_HAND = "Secret"
"""A kind that people make by hand: what Argo CD deploys aside, only near objects are evidence."""

NOT_CHARTED = frozenset(
    {"InferenceService", "LocalModelNodeGroup", "PersistentVolumeClaim", "ServingRuntime"}
)
"""Kinds that a chart's release is not taken to bring into its namespace."""

ALWAYS_THERE = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
"""Objects that Kubernetes itself makes in every namespace, as (kind, name)."""
_CHARTED = "a chart's"


class Completeness:
    """Answers for one input.

    `declared` gives, by (kind, namespace) of the objects that are known or produced, where they
    stand: see `Declared`. The namespace is "" for cluster-scoped ones. `told` is what the user
    says: True or False for everything, or the namespaces that are complete. `provides` are the
    platform pieces the user names. `deleted` is what a change takes away.
    """

    def __init__(
        self,
        scopes: Scopes,
        declared: Callable[[], Declared],
        evidence: Evidence,
        told: bool | frozenset[str] | None = None,
        provides: frozenset[str] = frozenset(),
        deleted: Iterable[Deleted] = (),
    ) -> None:
        self._deleted: dict[tuple[str, str], list[Deleted]] = {}
        for one in deleted:
            self._deleted.setdefault((one.kind, one.name), []).append(one)
        self._scopes = scopes
        self._declare = declared
        self._evidence = evidence
        self._told = told
        self.provides = provides
        self._declared: Declared | None = None
        self._open: dict[str, set[str | None]] | None = None

    def complete_for(self, kind: str, namespace: str, asker: Resource | None = None) -> bool:
        """Are all objects of a kind in a namespace known? "" asks for cluster-scoped objects.

        `asker` is the object that needs one.
        """
        if isinstance(self._told, bool):
            return self._told
        if self._told is not None and namespace in self._told:
            return True
        places = self._declarations().get((kind, namespace))
        if places is None or self._is_open(kind, namespace):
            return False
        if asker is None:
            return EVERYWHERE in places
        if self._evidence.stands_alone(asker):
            return False
        if kind == BY_HAND and self._evidence.illustrates(asker):
            return False  # a test makes them, or a step of the text beside an example
        if not {*homes(asker), *_above(asker)}.isdisjoint(places):
            return True
        if EVERYWHERE not in places or self._evidence.illustrates(asker):
            return False
        return kind != BY_HAND or bool(self._scopes.owners(asker))

    def is_deleted(
        self, kind: str, name: str, namespace: str | None, asker: Resource | None = None
    ) -> bool:
        """Does the change that is checked take away the object that another asks for?"""
        for one in self._deleted.get((kind, name), ()):
            if one.namespace == namespace:
                shared = one.alone or namespace in (None, SHARED_NAMESPACE)
                if not shared or (asker is not None and meet(one.places, homes(asker))):
                    return True
        return False

    def is_open(self, kind: str, namespace: str | None) -> bool:
        """May what the input does not show put objects of a kind into a namespace?"""
        if isinstance(self._told, bool):
            return not self._told
        if self._told is not None and namespace in self._told:
            return False
        return self._is_open(kind, namespace)

    def settle(self) -> None:
        """Work out now what is declared and what is open."""
        self._declarations()
        self._is_open("", "")

    def _declarations(self) -> Declared:
        if self._declared is None:
            self._declared = self._declare()
        return self._declared

    def _is_open(self, kind: str, namespace: str | None) -> bool:
        if self._open is None:
            self._open = {}
            for opened, where in self._openings():
                self._open.setdefault(opened, set()).add(where)
        kinds = ["*", kind] if kind in NOT_CHARTED else ["*", _CHARTED, kind]
        places = {where for each in kinds for where in self._open.get(each, ())}
        if not namespace:
            return bool(places)
        return None in places or namespace in places

    def _openings(self) -> Iterator[tuple[str, str | None]]:
        """What is open, as (kind, namespace): kind "*" is every one, namespace None all of them.

        Namespace "" stands for objects without one.
        """
        from kslint.graph.argo import CHART, FOREIGN, OPAQUE

        for emission in self._scopes.emissions:
            yield from self._of_emission(emission)
        for place in () if self._scopes.applications is None else self._scopes.applications.places:
            if place.tool in (CHART, FOREIGN):
                if not _brings_no_configuration(place.source):
                    yield _CHARTED, place.owner.destination
            elif place.tool == OPAQUE:
                yield "*", place.owner.destination
        for resource in self._scopes.resources:
            if resource.kind == "ClusterExternalSecret":
                yield "Secret", None
            elif resource.kind in ("ClusterPolicy", "Policy"):
                for rule in listing(resource.spec, "rules"):
                    if rule.get("generate") is not None:
                        yield rule.string("generate", "kind") or "*", None
            elif resource.kind == "Role":
                for rule in listing(resource.body, "rules"):
                    yield from (
                        (kind, self._scopes.namespace_of(resource)) for kind in _created(rule)
                    )

    def _of_emission(self, emission: Emission) -> Iterator[tuple[str, str | None]]:
        own = self._namespaces(emission)
        for chart in emission.charts:
            for where in {chart.namespace} if chart.namespace else own or {""}:
                yield _CHARTED, where
        if any(gap.kind not in (VALUES, CHARTS) for gap in emission.gaps):
            for where in own or {""}:
                yield "*", where

    def _namespaces(self, emission: Emission) -> set[str | None]:
        """Where a build puts what it emits; empty if nothing tells."""
        if emission.namespace:
            return {emission.namespace}
        found: set[str | None] = {
            namespace
            for resource in (*emission.resources, *emission.generated)
            if (namespace := self._scopes.namespace_of(resource))
        }
        applications = self._scopes.applications
        if applications is not None:
            owners = applications.of_emission(emission.directory, emission.application)
            found |= {owner.destination for owner in owners if owner.destination != ""}
        return found


def _above(resource: Resource) -> Iterator[str]:
    """The directories around that of an object, but for the root of the input."""
    directory = posixpath.dirname(posixpath.dirname(resource.file))
    while directory.strip("/"):
        yield directory
        directory = posixpath.dirname(directory)


def _brings_no_configuration(source: Node) -> bool:
    """A source that makes only what it is known for: CRDs, KServe's own controllers and presets.

    Of Secrets, KServe's charts make one for their webhooks, under a name of their own
    (charts/kserve-resources/files/kserve/resources.yaml:361 @v0.19.0).
    """
    chart = (source.string("chart") or "").rpartition("/")[2]
    if chart:
        return chart.startswith("kserve-") or chart.endswith(("-crd", "-crds"))
    repository = (source.string("repoURL") or "").removesuffix(".git")
    return repository.endswith("kserve/kserve") and "config/" in (source.string("path") or "")


def _created(rule: Node) -> Iterator[str]:
    """The kinds that a rule of a Role lets its holders create."""
    if {node.text for node in listing(rule, "verbs")} & {"create", "*"}:
        for node in listing(rule, "resources"):
            yield _BY_RESOURCE.get(node.text or "", "")


_BY_RESOURCE = {
    "*": "*",
    "secrets": "Secret",
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "serviceaccounts": "ServiceAccount",
}
