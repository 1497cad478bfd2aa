"""The schemas that are known for the objects of an input, and what they say of each object."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING

from kslint.graph.evidence import are_near, homes, releases_in
from kslint.graph.gaps import VALUES
from kslint.graph.policies import may_be_merged
from kslint.graph.sync_options import may_be_in_part
from kslint.model.schemas import tables
from kslint.model.schemas.schema import either
from kslint.model.schemas.suspects import Suspect
from kslint.model.schemas.types import by_hand, kustomization, of_root, unknown
from kslint.model.schemas.walk import read
from kslint.resources import KUSTOMIZATIONS, Resource, defined_group
from kslint.source.folding import text_of
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.model.schemas.limits import Refusal
    from kslint.model.schemas.schema import Schema
    from kslint.model.schemas.tables import Release
    from kslint.model.schemas.walk import Dropped, Lack, Reading
    from kslint.source.nodes import Node


class Known:
    """The schema of one kind in one version.

    `family` is that of its table, "" where only the input defines it. `whole`: is it all that
    the API server may know of the kind? Else what it does not name may be known all the same.
    """

    __slots__ = ("family", "schema", "whole")

    def __init__(self, schema: Schema, family: str, whole: bool) -> None:
        self.schema = schema
        self.family = family
        self.whole = whole

    @property
    def native(self) -> bool:
        return self.family == tables.KUBERNETES


class Differing:
    """A release that has a field (`newer`), or no longer has it. `told`: is ours known?"""

    __slots__ = ("newer", "release", "told")

    def __init__(self, release: str, newer: bool, told: bool) -> None:
        self.release = release
        self.newer = newer
        self.told = told


_FILLED = {
    (*tables.FAMILIES[tables.KSERVE], "InferenceService"): (
        r"spec\.(predictor|transformer|explainer)\.containers\[0\]\.name"
    ),
}
"""Fields that a webhook fills in: KServe's, pkg/apis/serving/v1beta1/*_custom.go @v0.19.0."""


_COPIES = frozenset({"external", "third_party", "third-party", "thirdparty"})
"""Directories of what a repository takes over from others, often for its tests."""

_ENCRYPTED = "sops"
"""The field that SOPS adds to an object of which it encrypts the values."""


class Schemas:
    """The schemas of an input. `releases` tells which release of a family runs, if it is known."""

    def __init__(self, graph: Graph, releases: Callable[[str], Release]) -> None:
        self._graph = graph
        self._releases = releases
        self._readings: dict[int, Reading] = {}
        self._known: dict[tuple[str, str, frozenset[str]], Known] = {}
        self._installed: dict[str, Release] = {}
        self._kustomized: set[str] | None = None
        self._defined: dict[str, list[tuple[Resource, Node]]] = {}
        self._unread: dict[str, list[Resource]] = {}
        """Definitions by their group, until an object of it is asked about; "" if it is unclear."""
        self._copied: set[str] = set()
        self._ruled: dict[int, bool] = {}
        self._alike: dict[int, bytes | int] = {}
        """By definition what it has in common with those of the same text."""
        self._first: dict[bytes | int, Node] = {}
        """One of those, which stands for all."""
        for resource in graph.of_kind("CustomResourceDefinition", "apiextensions.k8s.io"):
            self._unread.setdefault(defined_group(resource), []).append(resource)

    def _those_of(self, key: str) -> list[tuple[Resource, Node]]:
        """The definitions of a kind and version, each with its schema."""
        for group in ("", key.rsplit("/", 2)[0]):
            self._read(self._unread.pop(group, ()))
        return self._defined.get(key, [])

    def _read(self, definitions: Iterable[Resource]) -> None:
        for resource in definitions:
            for key, node in _definitions(resource):
                self._defined.setdefault(key, []).append((resource, node))
                alike = self._alike[id(node)] = text_of(node) or id(node)
                self._first.setdefault(alike, node)
                if self._is_copy(resource):
                    self._copied.add(key)

    def of(self, resource: Resource) -> Known:
        """What is known of an object's kind and version."""
        name = resource.gvk
        where: frozenset[str] = frozenset()
        is_defined = self.is_defined(resource)
        if name in self._copied or (is_defined and releases_in(resource)):
            where = frozenset(homes(resource))
        elif is_defined and tables.family_of(resource.group) is not None:
            where = frozenset({"near"} if self._is_defined_near(name, resource) else ())
        key = (resource.api_version, resource.kind, where)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._of(name, resource)
        return found

    def _is_copy(self, definition: Resource) -> bool:
        """Is a definition kept for tests, or taken over from others? It may be old, or cut down."""
        copied = _COPIES.intersection(posixpath.dirname(definition.file).lower().split("/"))
        return bool(copied) or self._graph.evidence.illustrates(definition)

    def _of(self, key: str, resource: Resource) -> Known:
        """A definition in the input decides; one that leaves `spec` open says nothing.

        Of KServe's kinds it adds to what the table knows: it may be newer, or a mere stub. So does
        one that does not lie near: it may be another cluster's, of another release. A copy
        speaks of objects that lie with it only.
        """
        family = tables.family_of(resource.group)
        defined = []
        if self._those_of(key):
            from kslint.model.schemas.definitions import of_definition

            defined = [
                of_definition(node, self._digest(node)) for node in self.definitions(resource)
            ]
            if not defined and releases_in(resource):
                return Known(by_hand(key), "", False)  # that of its release is not in the input
        schema = None
        for each in defined:
            schema = each if schema is None else either(schema, each)
        whole = True
        adds = self.is_added_to(resource)
        if family is not None and (schema is None or adds):
            release = self.installed(family)
            table = tables.table(family)
            known = table.of(key, release.place)
            if known is None and release.place is not None:
                known = table.of(key, None)  # served by another release: that is said elsewhere
            whole = release.in_table
            if known is not None:
                schema = known if schema is None else either(known, schema)
        if schema is None:
            return Known(by_hand(key), "", False)
        return Known(of_root(schema), family or "", whole)

    def definitions(self, resource: Resource) -> list[Node]:
        """The schemas of the definitions that may hold for an object and say something of it."""
        key = resource.gvk
        if not self._those_of(key):
            return []
        return [node for node in self._definitions_for(key, resource) if not _is_open(node)]

    def has_rules(self, resource: Resource) -> bool:
        """May the definition of an object's kind have rules in CEL?"""
        family = tables.family_of(resource.group)
        if family in tables.RULED and resource.kind in tables.RULED[family]:
            return True
        return any(self._is_ruled(node) for node in self.definitions(resource))

    def _is_ruled(self, definition: Node) -> bool:
        found = self._ruled.get(id(definition))
        if found is None:
            from kslint.model.schemas.definitions import has_rules

            found = self._ruled[id(definition)] = has_rules(definition)
        return found

    def is_added_to(self, resource: Resource) -> bool:
        """Does what a table knows of an object's kind hold, too, where it is defined?"""
        key = resource.gvk
        is_kserve = tables.family_of(resource.group) == tables.KSERVE
        return is_kserve or not self._is_defined_near(key, resource)

    def _definitions_for(self, key: str, resource: Resource) -> list[Node]:
        """The definitions that may hold for an object, in some order; of equal ones one.

        Those of its own release where it is kept for one; else those that are for none, if any.
        """
        found = [
            (definition, node)
            for definition, node in self._those_of(key)
            if (not self._is_copy(definition) or are_near(definition, resource))
            and releases_in(resource) <= releases_in(definition)
        ]
        plain = [each for each in found if releases_in(each[0]) == releases_in(resource)]
        alike = dict.fromkeys(self._alike[id(node)] for _, node in reversed(plain or found))
        return [self._first[text] for text in alike]

    def _digest(self, definition: Node) -> bytes | None:
        """That of a large definition's text."""
        alike = self._alike[id(definition)]
        return alike if isinstance(alike, bytes) else None

    def _is_defined_near(self, key: str, resource: Resource) -> bool:
        return any(are_near(each, resource) for each, _ in self._those_of(key))

    def far_definitions(self, resource: Resource) -> list[str]:
        """The files whose definitions an object is held against, if they may be another cluster's.

        Empty where one is deployed together with the object, or its directory, such as `crds`,
        lies above or beside it.
        """
        if self.of(resource).family:
            return []
        key = resource.gvk
        known = [each for each, _ in self._those_of(key)]
        near = any(
            self._graph.belong_together(each, resource)
            or _is_below(resource, posixpath.dirname(posixpath.dirname(each.file)))
            for each in known
        )
        return [] if near else [each.file for each in known]

    def is_defined(self, resource: Resource) -> bool:
        """Is an object's kind and version defined in the input?"""
        return bool(self._those_of(resource.gvk))

    def suspects(self, resources: Iterable[Resource]) -> Iterator[Suspect]:
        """The values of objects that YAML may not read as they were meant."""
        for resource in resources:
            known = self.of(resource)
            mended = resource.kind == "InferenceService" and known.family == tables.KSERVE
            for met in self.reading(resource).odd:
                yield Suspect(met, resource, known.native, mended)

    def kustomized(self) -> Iterator[Suspect]:
        """The same of kustomizations."""
        for plain in self._graph.others:
            root = plain.document.root
            if isinstance(root, Map) and posixpath.basename(plain.file) in KUSTOMIZATIONS:
                about = Resource(root, plain.file)
                about.kind = "Kustomization"
                for met in read(root, kustomization()).odd:
                    yield Suspect(met, about, False, False)

    def is_partial(self, resource: Resource) -> bool:
        """May something add to an object before it is applied?

        Something that kslint does not follow, an object of its name in another file of which it
        is a part, or a kustomization that does not take it in as it stands beside it. A base
        waits for its overlays, the patches of Flux may go anywhere, a mere status is what a
        controller wrote, and Argo CD can apply a part of what is in the cluster.
        """
        directory = posixpath.dirname(resource.file)
        is_base = "base" in (resource.emitter or directory).split("/")
        fields = resource.body.entries
        is_status = "status" in fields and "spec" not in fields
        if is_base or is_status or "$patch" in fields or self._is_patched_by_flux:
            return True
        if self._graph.evidence.excerpts(resource):
            return True
        if may_be_in_part(resource, self._graph.owners(resource)):
            return True
        if may_be_merged(resource, self._graph.merged):
            return True
        from kslint.model.kubernetes.admission.kinds import is_fragment  # mostly nothing is asked

        if resource.emitter and not (resource.spec is None and is_fragment(resource)):
            return any(gap.kind == VALUES for gap in self._graph.partial(resource))
        if self.is_patch(resource) or is_fragment(resource):
            return True
        files = self._files_of(resource)
        return self.is_left_out(resource) or len(files) > (resource.file in files)

    def is_left_out(self, resource: Resource) -> bool:
        """Does an object stand beside a kustomization that does not take it in?"""
        if self._kustomized is None:
            self._kustomized = {
                posixpath.dirname(plain.file)
                for plain in self._graph.others
                if posixpath.basename(plain.file) in KUSTOMIZATIONS
            }
        return not resource.emitter and posixpath.dirname(resource.file) in self._kustomized

    @cached_property
    def _is_patched_by_flux(self) -> bool:
        applied = self._graph.of_kind("Kustomization", "kustomize.toolkit.fluxcd.io")
        return any(flux.body.at("spec", "patches") is not None for flux in applied)

    def dropped(self, resource: Resource) -> list[Dropped]:
        """The fields of an object that no release has which may run here.

        A field with a template in it is still to become another.
        """
        found = self.reading(resource).dropped
        if not found or self.is_patch(resource):
            return []
        whole = self.of(resource).whole
        return [
            each
            for each in found
            if (whole or each.name in each.block.later) and "{{" not in (each.node.text or "")
        ]

    def lacking(self, resource: Resource) -> list[Lack]:
        """The required fields that an object lacks, and that nothing else may still bring.

        What is there under a misspelt name is not missing.
        """
        reading = self.reading(resource)
        if not reading.lacking or self.is_partial(resource) or self.is_filled_in(resource):
            return []
        if self._graph.evidence.is_form(resource):
            return []
        from kslint.model.schemas.meant import meant

        misspelt = {meant(reading, dropped) for dropped in reading.dropped}
        filled = _FILLED.get((resource.group, resource.kind))
        return [
            lack
            for lack in reading.lacking
            if not any(one and f"{one}.".startswith(f"{lack.path}.") for one in misspelt)
            and (filled is None or re.fullmatch(filled, lack.path) is None)
        ]

    def _files_of(self, resource: Resource) -> set[str]:
        """The files of the objects that have its kind and name."""
        kind, name = resource.kind, resource.name
        return self._graph.kept(
            ("files", kind, name),
            lambda: {twin.file for twin in self._graph.find(kind, name, None).resources},
        )

    def is_filled_in(self, resource: Resource) -> bool:
        """May a webhook of the input give an object what it lacks, before it is validated?"""
        return any(
            resource.group in (group.text, "*")
            for webhooks in self._graph.of_kind("MutatingWebhookConfiguration")
            for webhook in webhooks.body.listed("webhooks")
            for rule in webhook.listed("rules")
            for group in rule.listed("apiGroups")
            if resource.group and "." in resource.group
        )

    def refusals(self, resource: Resource) -> list[Refusal]:
        """The values of an object that its schema does not allow."""
        limited = self.reading(resource).limited
        if not limited or self._graph.evidence.is_form(resource):
            return []
        from kslint.model.schemas.limits import refusals

        native = self.of(resource).native
        found = [refusal for met in limited for refusal in refusals(met, native)]
        if any(one.lacks for one in found) and self._graph.evidence.excerpts(resource):
            return [one for one in found if not one.lacks]
        return found

    def faulty(self, resource: Resource) -> list[Node]:
        """The values and blocks of an object with which its schema finds fault."""
        reading = self.reading(resource)
        found = [dropped.node for dropped in self.dropped(resource)]
        found += [lack.node for lack in self.lacking(resource)]
        found += [refusal.node for refusal in self.refusals(resource)]
        found += [met.node for met in reading.bad]
        return found + [each.node for each in self.suspects([resource]) if each.misfits]

    def differing(self, resource: Resource, dropped: Dropped) -> Differing | None:
        """Which releases have a field that the installed one does not; None if none has."""
        span = dropped.block.later.get(dropped.name)
        if span is None:
            return None
        family = self.of(resource).family
        release, table = self.installed(family), tables.table(family)
        since, until = span
        newer = since is not None and release.place is not None and release.place < since
        bound = since if newer else until
        assert bound is not None
        return Differing(f"{tables.TITLES[family]} {table.minor(bound)}", newer, release.told)

    def is_patch(self, resource: Resource) -> bool:
        """Is an object called a patch, and taken in by no build? Then nothing applies it."""
        directory, name = posixpath.split(resource.file)
        called = f"{posixpath.basename(directory)}/{name}".lower()
        return not resource.emitter and "patch" in called

    def installed(self, family: str) -> Release:
        """The release of a family that the cluster runs, as far as it is known."""
        if family not in self._installed:
            self._installed[family] = self._releases(family)
        return self._installed[family]

    def reading(self, resource: Resource) -> Reading:
        """An object held against its schema."""
        found = self._readings.get(id(resource))
        if found is None:
            schema = self.of(resource).schema
            if resource.body.get(_ENCRYPTED) is not None:
                schema = unknown()
            found = self._readings[id(resource)] = read(resource.body, schema)
        return found


def _is_below(resource: Resource, directory: str) -> bool:
    return not directory or resource.file.startswith(directory + "/")


def _is_open(definition: Node) -> bool:
    """Is it a definition that says nothing of its objects, as those of KServe's -minimal charts?"""
    spec = definition.at("properties", "spec")
    fields = (definition if spec is None else spec).get("properties")
    return not isinstance(fields, Map) or not fields.entries


def _definitions(resource: Resource) -> Iterator[tuple[str, Node]]:
    """The schemas of one CustomResourceDefinition by `group/version/Kind`."""
    spec = resource.spec
    versions = None if spec is None else spec.get("versions")
    if spec is None or versions is None or spec.boolean("preserveUnknownFields") is True:
        return
    group, kind = spec.string("group"), spec.string("names", "kind")
    for version in versions.elements():
        schema = version.at("schema", "openAPIV3Schema")
        if isinstance(schema, Map):
            yield f"{group}/{version.string('name')}/{kind}", schema
