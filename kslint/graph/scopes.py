"""What a GitOps tree really emits: which objects, into which namespace, by which Application."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.resources import KUSTOMIZATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.graph.argo import Applications, Owner
    from kslint.graph.bounds import Bounds
    from kslint.graph.gaps import Gap
    from kslint.graph.kustomize import Emission
    from kslint.graph.repository import Repository
    from kslint.graph.tree import Tree
    from kslint.resources import Plain, Resource
    from kslint.source.load import Built, Other
    from kslint.source.nodes import Map

_MAX_ROUNDS = 4
"""Applications found by following Applications into further kustomizations, so many times."""


class Scopes:
    """The objects of an input as kustomize and Argo CD will apply them.

    `resources` holds each object once for every build that emits it, patched, and as written
    where no kustomization takes it in.
    """

    def __init__(
        self,
        resources: list[Resource],
        others: list[Plain],
        unparsed: dict[str, Other],
        built: Built,
    ) -> None:
        """`unparsed` are the files that are no manifests, by name; `built` see Input."""
        self._built = built
        self.resources = resources
        self.emissions: list[Emission] = []
        self.applications: Applications | None = None
        self.taken: set[str] = set()
        """Files of objects that kustomizations take in or read."""
        self.referred: set[str] = set()
        """All files that kustomizations take in or read, and some that are not there."""
        self._emission: dict[int, Emission] = {}
        self._owners: dict[int, list[Owner]] = {}
        self._destinations: dict[int, str | None] = {}
        """By the list of owners, which many objects share."""
        self._children: dict[str, list[Resource]] | None = None
        kustomized = any(posixpath.basename(p.file) in KUSTOMIZATIONS for p in others)
        if kustomized or any(r.kind in ("Application", "ApplicationSet") for r in resources):
            self._resolve(resources, others, unparsed)

    def namespace_of(self, resource: Resource) -> str | None:
        """As kustomize sets it or it is written, else the Applications' destination.

        None where nothing says, or Applications send it to different places.
        """
        if resource.namespace or self.applications is None:
            return resource.namespace or None
        owners = self.owners(resource)
        if id(owners) not in self._destinations:
            given = {owner.destination for owner in owners}
            self._destinations[id(owners)] = (given.pop() or None) if len(given) == 1 else None
        return self._destinations[id(owners)]

    def generated(self) -> Iterator[tuple[str, str | None, str, Resource]]:
        """Objects that kustomize generators make: (kind, namespace, name, the object).

        Names are without the hash suffix that kustomize may add.
        """
        for emission in self.emissions:
            for resource in emission.generated:
                yield resource.kind, self.namespace_of(resource), resource.name, resource

    def emission_of(self, resource: Resource) -> Emission | None:
        """The build that emits an object; None for one as written."""
        return self._emission.get(id(resource))

    def is_built(self, resource: Resource) -> bool:
        """Does a build take an object in that is deployed, and not just a component by itself?"""
        emission = self.emission_of(resource)
        single = emission is not None and emission.root.string("kind") == "Component"
        return bool(resource.emitter) and not single

    def is_partly_known(self, resource: Resource) -> bool:
        """Was an object made of files that are not in the input, too?"""
        emission = self.emission_of(resource)
        return emission is not None and any(one is resource for one in emission.partly)

    def gaps(self, resource: Resource) -> list[Gap]:
        """What is not known about the build that emits an object."""
        emission = self.emission_of(resource)
        return [] if emission is None else emission.gaps

    def owners(self, resource: Resource) -> list[Owner]:
        """The Applications that deploy an object; none where no Application in the input does."""
        if self.applications is None:
            return []
        if id(resource) not in self._owners:
            emission = self.emission_of(resource)
            self._owners[id(resource)] = (
                self.applications.of_file(resource.file)
                if emission is None
                else self.applications.of_emission(emission.directory, emission.application)
            )
        return self._owners[id(resource)]

    def children(self, owner: Owner) -> list[Resource]:
        """The objects an Application deploys, of those that are known."""
        if self._children is None:
            self._children = {}
            for resource in self.resources:
                for key in dict.fromkeys(each.key for each in self.owners(resource)):
                    self._children.setdefault(key, []).append(resource)
        return self._children.get(owner.key, [])

    def parent(self, application: Resource) -> str | None:
        """The key of the Application that deploys an Application; None if that is not known."""
        keys = {owner.key for owner in self.owners(application) if owner.known}
        return keys.pop() if len(keys) == 1 else None

    @property
    def repository(self) -> Repository | None:
        return None if self.applications is None else self.applications.repository

    def _resolve(
        self, written: list[Resource], others: list[Plain], unparsed: dict[str, Other]
    ) -> None:
        from kslint.graph.argo import Applications
        from kslint.graph.bounds import Bounds
        from kslint.graph.tree import Tree

        tree, bounds = Tree(written, others, unparsed), Bounds()
        wanted: dict[tuple[str, str], Emission] = {}
        for _ in range(_MAX_ROUNDS):
            before = list(wanted)
            self._emit(tree, bounds, wanted)
            if self.applications is not None and list(wanted) == before:
                break
            self._collect(written, tree)
            if not any(r.kind in ("Application", "ApplicationSet") for r in self.resources):
                break
            self.applications = Applications(self.resources, tree)

    def _emit(self, tree: Tree, bounds: Bounds, done: dict[tuple[str, str], Emission]) -> None:
        """Every build that is known to be wanted: no one's base, or an Application's path.

        A directory that Applications deploy only with overrides is not built without them.
        """
        from kslint.graph.argo import KUSTOMIZE
        from kslint.graph.kustomize import emit

        def built(directory: str, root: Map | None = None, application: str = "") -> Emission:
            found = emit(tree, bounds, directory, root, application)
            if directory in self._built and not application:
                found.become(self._built[directory])
            return found

        plain: set[str] = set()
        folded: set[str] = set()
        applications = self.applications
        for place in () if applications is None else applications.places:
            if place.tool != KUSTOMIZE or applications is None:
                continue
            root = applications.overrides(place)
            key = (place.directory, "" if root is None else place.owner.key)
            (plain if root is None else folded).add(place.directory)
            if key not in done:
                done[key] = built(place.directory, root, key[1])
        for directory in tree.tops():
            if directory in folded - plain:
                done.pop((directory, ""), None)
            elif (directory, "") not in done:
                done[(directory, "")] = built(directory)
        self.emissions = [done[key] for key in sorted(done)]

    def _collect(self, written: list[Resource], tree: Tree) -> None:
        self.referred = tree.referred()
        self.taken = self.referred.intersection(tree.objects)
        self.resources = [r for r in written if r.file not in self.taken]
        self._emission.clear()
        for emission in self.emissions:
            self.resources += emission.resources
            for resource in (*emission.resources, *emission.generated):
                self._emission[id(resource)] = emission
