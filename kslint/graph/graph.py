"""The resource graph: every object by identity, every reference, and what can be known of them.

A look-up answers *found*, *absent* or *unknown*. Absent means the input is known to be
complete for that kind and namespace and the object is not in it; whatever cannot be settled
is unknown, and unknown never makes an error.
"""

from __future__ import annotations

import posixpath
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from kslint.graph import policies
from kslint.graph.completeness import (
    ALWAYS_THERE,
    EVERYWHERE,
    SHARED_NAMESPACE,
    Completeness,
)
from kslint.graph.documents import Documents
from kslint.graph.evidence import Evidence, homes
from kslint.graph.references import SERVING_CERTIFICATE, produced, references
from kslint.graph.scopes import Scopes
from kslint.resources import resources_of
from kslint.source.globs import by_parts
from kslint.source.load import Other

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from kslint.config import Deleted
    from kslint.graph.argo import Owner
    from kslint.graph.completeness import Declared
    from kslint.graph.gaps import Gap
    from kslint.graph.references import Reference
    from kslint.resources import Resource
    from kslint.source.load import Input
    from kslint.source.nodes import Node

    Made = dict[str, list[tuple[str | None, Resource]]]

T = TypeVar("T")
FOUND, ABSENT, UNKNOWN = "found", "absent", "unknown"

CLUSTER_SCOPED = frozenset(
    {
        "APIService", "CSIDriver", "ClusterIssuer", "ClusterQueue", "ClusterRole",
        "ClusterRoleBinding", "ClusterSecretStore", "ClusterServingRuntime",
        "ClusterStorageContainer", "CustomResourceDefinition", "GatewayClass", "IngressClass",
        "LocalModelCache", "LocalModelNodeGroup", "MutatingWebhookConfiguration", "Namespace",
        "Node", "PersistentVolume", "PriorityClass", "ResourceFlavor", "RuntimeClass",
        "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration", "VolumeAttachment",
    }
)  # fmt: skip


class Lookup:
    """The answer to "is there such an object?"."""

    __slots__ = ("_elsewhere", "answer", "resources")

    def __init__(
        self,
        answer: str,
        resources: tuple[Resource, ...] = (),
        elsewhere: Callable[[], Iterable[Resource]] = tuple,
    ) -> None:
        self.answer = answer
        self.resources = resources
        self._elsewhere = elsewhere

    @property
    def elsewhere(self) -> tuple[Resource, ...]:
        """Those of the name in other namespaces: there may be many, and few want to know."""
        return tuple(self._elsewhere())

    @property
    def found(self) -> Resource | None:
        return self.resources[0] if self.resources else None


class Graph:
    """All objects of one input, as kustomize and Argo CD will apply them.

    `complete` and `provides` are what the user says of the cluster, over the evidence, `deleted` is
    what a change takes away: see `Completeness`.
    """

    def __init__(
        self,
        loaded: Input,
        complete: bool | frozenset[str] | None = None,
        provides: frozenset[str] = frozenset(),
        deleted: Iterable[Deleted] = (),
    ) -> None:
        self.files = loaded.files
        self.skipped = loaded.skipped
        unparsed = {file.source.name: file for file in loaded.files if isinstance(file, Other)}
        for file in unparsed.values():
            file.forget_uses()
        written, self.others = resources_of(loaded.files)
        self.documents = Documents(loaded.files)
        self.scopes = Scopes(written, self.others, unparsed, loaded.built)
        self.resources = self.scopes.resources
        self.evidence = Evidence(self.documents)
        self.completeness = Completeness(
            self.scopes, self._declared, self.evidence, complete, provides, deleted
        )
        self._by_kind: dict[str, list[Resource]] = {}
        self._by_name: dict[tuple[str, str], list[Resource]] = {}
        for resource in self.resources:
            self._by_kind.setdefault(resource.kind, []).append(resource)
            self._by_name.setdefault((resource.kind, resource.name), []).append(resource)
        self._by_namespace: dict[str, dict[str | None, list[tuple[int, Resource]]]] = {}
        self._lists: dict[tuple[str, str, str | None], list[Resource]] = {}
        self._kept: dict[Hashable, Any] = {}
        self._places: dict[tuple[str, str], dict[str | None, list[tuple[int, Resource]]]] = {}
        self._makers: dict[tuple[str, str], dict[str | None, tuple[int, Resource]]] = {}
        self._in_file: dict[str, list[Resource]] | None = None
        self._beside: dict[str, list[Resource]] | None = None
        self._by_end: dict[str, list[str]] | None = None
        self._references: list[Reference] | None = None
        self._produced: dict[str, Made] | None = None

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of the objects once and looked into often, under a key; until `forget`."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def forget(self) -> None:
        """Let go of what is kept: it holds objects that are to be read, and seen read, anew."""
        self._kept.clear()

    def of_kind(self, kind: str, group: str | None = None) -> list[Resource]:
        """The objects of a kind, in input order; of one API group if given ("" is core)."""
        found = self._by_kind.get(kind, [])
        return found if group is None else [r for r in found if r.group == group]

    def of_namespace(
        self, kind: str, namespace: str | None, group: str | None = None
    ) -> list[Resource]:
        """The objects of a kind that may live in a namespace, in input order.

        Those whose own is not known are among them; of a namespace that is not known, all are.
        """
        if namespace is None:
            return self.of_kind(kind, group)
        key = (kind, namespace, group)
        if key not in self._lists:
            self._lists[key] = list(self._of_namespace(*key))
        return self._lists[key]

    def _of_namespace(self, kind: str, namespace: str, group: str | None) -> Iterator[Resource]:
        if kind not in self._by_namespace:
            places: dict[str | None, list[tuple[int, Resource]]] = {}
            for number, resource in enumerate(self.of_kind(kind)):
                places.setdefault(self.namespace_of(resource), []).append((number, resource))
            self._by_namespace[kind] = places
        places = self._by_namespace[kind]
        found = [*places.get(namespace, ()), *places.get(None, ())]
        found.sort(key=lambda pair: pair[0])
        yield from (r for _, r in found if group is None or r.group == group)

    def in_file(self, name: str) -> list[Resource]:
        """The objects that are written in a file."""
        if self._in_file is None:
            self._in_file = {}
            for resource in self.resources:
                self._in_file.setdefault(resource.file, []).append(resource)
        return self._in_file.get(name, [])

    def beside(self, resource: Resource) -> list[Resource]:
        """The objects of the same kustomize build, or else of the same directory."""
        if self._beside is None:
            self._beside = {}
            for each in self.resources:
                self._beside.setdefault(home_of(each), []).append(each)
        return self._beside.get(home_of(resource), [])

    @cached_property
    def merged(self) -> list[str]:
        """The files and directories whose objects policies merge into what is in the cluster."""
        generators = self.of_kind(policies.KIND, policies.GROUP)
        return policies.merged(generators, self.others, self.documents)

    def named(self, kind: str, name: str) -> list[Resource]:
        """The objects of a kind and name, in whatever namespace."""
        return self._by_name.get((kind, name), [])

    def namespace_of(self, resource: Resource) -> str | None:
        """The namespace an object will live in, by kustomize and Argo CD; None if not known.

        "" for cluster-scoped kinds.
        """
        if resource.kind in CLUSTER_SCOPED:
            return ""
        return self.scopes.namespace_of(resource)

    def find(
        self,
        kind: str,
        name: str,
        namespace: str | None,
        group: str | None = None,
        asker: Resource | None = None,
    ) -> Lookup:
        """Look an object up by name, for the object that needs it.

        `namespace` is None where the asker's own is unknown. Of several objects that it may be,
        the nearest comes first: a tree may hold the same objects for several clusters.
        """
        places = self._placed(kind, name)
        meant = {namespace, "", None} if namespace is not None else set(places)
        here = [pair for place in meant for pair in places.get(place, ())]
        here = [pair for pair in here if group in (None, pair[1].group)]

        def others() -> list[Resource]:
            taken = {id(resource) for _, resource in here}
            named = self._by_name.get((kind, name), ())
            return [r for r in named if id(r) not in taken and group in (None, r.group)]

        if here:
            near = "" if asker is None else place_of(asker)
            found = [resource for _, resource in sorted(here, key=itemgetter(0))]
            return Lookup(FOUND, tuple(nearest_first(found, near)), others)
        made = self._made_in(kind, name)
        where = {namespace, None} if namespace is not None else set(made)
        makers = [made[place] for place in where if place in made]
        if makers:
            return Lookup(FOUND, (min(makers, key=itemgetter(0))[1],), others)

        def everywhere() -> list[Resource]:
            return [*others(), *(producer for _, producer in self._made(kind).get(name, ()))]

        absent = (
            namespace is not None
            and (kind, name) not in ALWAYS_THERE
            and (
                self.complete_for(kind, namespace, asker)
                or self.completeness.is_deleted(kind, name, namespace, asker)
            )
        )
        return Lookup(ABSENT if absent else UNKNOWN, (), everywhere)

    def named_in(self, kind: str, name: str, namespace: str | None) -> list[Resource]:
        """The objects of a kind and name that may be in a namespace."""
        if namespace is None:
            return self.named(kind, name)
        places = self._placed(kind, name)
        found = [*places.get(namespace, ()), *places.get(None, ())]
        return [resource for _, resource in sorted(found, key=itemgetter(0))]

    def _placed(self, kind: str, name: str) -> dict[str | None, list[tuple[int, Resource]]]:
        """The objects of a kind and name with their numbers, by namespace."""
        key = (kind, name)
        if key not in self._places:
            places = self._places[key] = {}
            for number, resource in enumerate(self._by_name.get(key, ())):
                places.setdefault(self.namespace_of(resource), []).append((number, resource))
        return self._places[key]

    def _made_in(self, kind: str, name: str) -> dict[str | None, tuple[int, Resource]]:
        """The first that brings an object of a name into a namespace, with its number."""
        key = (kind, name)
        if key not in self._makers:
            makers = self._makers[key] = {}
            for number, (namespace, producer) in enumerate(self._made(kind).get(name, ())):
                makers.setdefault(namespace, (number, producer))
        return self._makers[key]

    def brought(self) -> Iterator[tuple[str, str | None, str, Resource]]:
        """Every object there will be: kind, namespace, name, and what is written for it."""
        for resource in self.resources:
            yield resource.kind, self.namespace_of(resource), resource.name, resource
        self._made("")
        for kind, made in (self._produced or {}).items():
            for name, entries in made.items():
                for namespace, producer in entries:
                    yield kind, namespace, name, producer

    def makers(self, kind: str, name: str, namespace: str | None) -> list[Resource]:
        """What is, or brings, an object of a name in a namespace, as far as both are known."""
        found = [resource for _, resource in self._placed(kind, name).get(namespace, ())]
        return found + [
            producer for where, producer in self._made(kind).get(name, ()) if where == namespace
        ]

    def settle(self) -> None:
        """Work out now what look-ups take from the input as a whole, and not with the first."""
        self._made("")
        self.in_file("")
        if self.resources:
            self.beside(self.resources[0])
        self.completeness.settle()

    def complete_for(self, kind: str, namespace: str, asker: Resource | None = None) -> bool:
        """Are all objects of a kind in a namespace known? "" asks for cluster-scoped ones."""
        return self.completeness.complete_for(kind, namespace, asker)

    def partial(self, resource: Resource) -> list[Gap]:
        """What is not known about the kustomize build that emits an object; mostly nothing."""
        return self.scopes.gaps(resource)

    def owners(self, resource: Resource) -> list[Owner]:
        """The Argo CD Applications that deploy an object; none where none in the input does."""
        return self.scopes.owners(resource)

    def belong_together(self, one: Resource, other: Resource) -> bool:
        """Do two objects meet in the cluster: written near each other, or both deployed?

        Deployed is what an Application or a kustomization takes in, and does not just illustrate.
        """
        if self.evidence.meet(one, other):
            return True
        return self.evidence.reaches(one, other) and all(
            self.scopes.is_built(resource) or self.owners(resource) for resource in (one, other)
        )

    def children(self, owner: Owner) -> list[Resource]:
        """The objects an Argo CD Application deploys, of those that are known."""
        return self.scopes.children(owner)

    def parent(self, application: Resource) -> str | None:
        """The key of the Application that deploys an Application; None if that is not known."""
        return self.scopes.parent(application)

    def document(self, path: str, near: str = "") -> tuple[str, list[Node]] | None:
        """A file by its path in the repository, and its documents.

        The input may have been named from anywhere, so the path is matched from its end; of
        several files the one that shares the longest way with the file `near` is taken.
        """
        path = path.strip("/")
        repository = self.scopes.repository
        local = None if repository is None else repository.local(path)
        matches = [
            name
            for name in self._ending(path)
            if name in (local, path) or name.endswith("/" + path)
        ]
        if not matches:
            return None
        best = max(matches, key=lambda name: (_shared(name, near), name == local, -len(name)))
        return best, self.documents.need(best)

    def _ending(self, path: str) -> list[str]:
        """The files whose last two parts are those of a path, or the last one of a shorter one."""
        if self._by_end is None:
            self._by_end = {}
            for name in self.documents:
                parts = name.split("/")
                for end in {parts[-1], "/".join(parts[-2:])}:
                    self._by_end.setdefault(end, []).append(name)
        return self._by_end.get("/".join(path.split("/")[-2:]), [])

    def documents_like(self, pattern: str) -> list[tuple[str, list[Node]]]:
        """Files whose path in the repository a glob matches, in lexical order."""
        pattern = pattern.strip("/")
        repository = self.scopes.repository
        local = None if repository is None else repository.local(pattern)
        return [
            (name, self.documents[name])
            for name in sorted(self.documents)
            if by_parts(local or pattern, name) or by_parts("**/" + pattern, name)
        ]

    def may_hold(self, resource: Resource, text: str) -> bool:
        """False only if a text certainly stands nowhere in an object, which is not read for it."""
        return bool(resource.emitter) or self.documents.may_hold(resource.file, text)

    @property
    def references(self) -> list[Reference]:
        """Every reference from one object to another, by name."""
        if self._references is None:
            self._references = list(self.references_of(self.resources))
        return self._references

    def references_of(self, resources: Iterable[Resource]) -> Iterator[Reference]:
        """Every reference from some of the objects to others."""
        for resource in resources:
            yield from references(resource, self.namespace_of(resource))

    def resolve(self, reference: Reference) -> Lookup:
        """The object a reference means."""
        return self.find(
            reference.kind,
            reference.name,
            reference.namespace,
            reference.group or None,
            reference.source,
        )

    def _declared(self) -> Declared:
        """Where the input declares or makes objects, by kind and namespace."""
        found: Declared = {}

        def note(kind: str, namespace: str | None, resource: Resource) -> None:
            if namespace is None:
                return
            places = found.setdefault((kind, namespace), set())
            places |= homes(resource)
            if namespace != SHARED_NAMESPACE and not self.evidence.illustrates(resource):
                places.add(EVERYWHERE)

        for resource in self.resources:
            note(resource.kind, self.namespace_of(resource), resource)
        self._made("")
        for kind, made in (self._produced or {}).items():
            for entries in made.values():
                for namespace, producer in entries:
                    note(kind, namespace, producer)
        return found

    def _made(self, kind: str) -> Made:
        """What other objects bring into being, by name: its namespace, and what brings it."""
        if self._produced is None:
            self._produced = {}
            brought = [
                (made_kind, self.namespace_of(resource), name, resource)
                for resource in self.resources
                if resource.kind != "Service" or self.may_hold(resource, SERVING_CERTIFICATE)
                for made_kind, name in produced(resource)
            ]
            for made_kind, namespace, name, resource in (*brought, *self.scopes.generated()):
                made = self._produced.setdefault(made_kind, {})
                made.setdefault(name, []).append((namespace, resource))
        return self._produced.get(kind, {})


def nearest_first(resources: list[Resource], place: str) -> list[Resource]:
    """Objects by how much of their way they share with a place, else in input order."""
    if not place or len(resources) < 2:
        return resources
    return sorted(resources, key=lambda resource: -_shared(place_of(resource), place))


def are_twins(some: list[Resource], asker: Resource) -> bool:
    """Do the first two of several objects lie equally near to the one that needs one of them?

    Then nothing tells which is meant; it does not matter where they are alike.
    """
    if len(some) < 2:
        return False
    near, (one, other) = place_of(asker), some[:2]
    return (
        _shared(place_of(one), near) == _shared(place_of(other), near)
        and one.body.plain() != other.body.plain()
    )


def place_of(resource: Resource) -> str:
    """Where an object stands: what kustomize emits, where it emits it."""
    return f"{resource.emitter}/" if resource.emitter else resource.file


def home_of(resource: Resource) -> str:
    """The build that emits an object, or the directory it is written in: what it stands beside."""
    return f"{resource.emitter}//" if resource.emitter else posixpath.dirname(resource.file)


def _shared(a: str, b: str) -> int:
    """How many leading path parts two files share."""
    count = 0
    for x, y in zip(a.split("/"), b.split("/"), strict=False):
        if x != y:
            break
        count += 1
    return count


def by_file(resources: Iterable[Resource]) -> Iterator[tuple[str, list[Resource]]]:
    """Resources grouped by file, in input order."""
    groups: dict[str, list[Resource]] = {}
    for resource in resources:
        groups.setdefault(resource.file, []).append(resource)
    yield from groups.items()
