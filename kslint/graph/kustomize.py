"""What `kustomize build` would emit, worked out on positioned nodes and without the binary.

Every value keeps the place it is written at, so a finding about an emitted object still
points into the base, the patch or the kustomization that wrote it. What cannot be followed
(remote bases, charts, plugins, missing files) leaves a `Gap`; nothing raises.
Source: kustomize v5.8.1, api/internal/target/kusttarget.go (order of steps).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.graph.backrefs import follow_names
from kslint.graph.configurations import FOLLOWED, configured, joined
from kslint.graph.edit import listing
from kslint.graph.gaps import CHARTS, FAILS, OBJECTS, VALUES, Gap
from kslint.graph.items import Item
from kslint.graph.named import Named
from kslint.graph.patches import (
    PatchError,
    json_patch,
    merge_keys,
    same_identity,
    selected,
    strategic_merge,
)
from kslint.graph.pieces import Pieces
from kslint.graph.transforms import rescale, retag, steps, transform
from kslint.graph.tree import join
from kslint.resources import Resource
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.bounds import Bounds
    from kslint.graph.configurations import Configured
    from kslint.graph.items import Id
    from kslint.graph.tree import Tree
    from kslint.source.nodes import Node

MAX_DEPTH = 50


class Chart(NamedTuple):
    """An entry of `helmCharts`. `values` are the documents of its values file, then inline ones.

    `namespace` is the release's, inherited from the kustomizations around it. `whole` is False
    where a values file is not in the input.
    """

    node: Node
    namespace: str | None
    values: tuple[Node, ...]
    whole: bool


class Emission:
    """What one build emits. `directory` is the kustomization's, `root` its file's content.

    `resources` come from files; `generated` are ConfigMaps and Secrets made by generators,
    under their base name where kustomize adds a hash: those are `hashed`, too. Of those that are
    `partly` known some files are not in the input. `patches` are pieces
    of objects that come with what is not in the input. `application` keys the Argo CD Application
    whose overrides were folded in, "" for none.
    """

    __slots__ = (
        "application", "charts", "directory", "gaps", "generated", "hashed", "partly", "patches",
        "resources", "root",
    )  # fmt: skip

    def __init__(self, directory: str, root: Map, application: str) -> None:
        self.directory = directory
        self.root = root
        self.application = application
        self.resources: list[Resource] = []
        self.generated: list[Resource] = []
        self.hashed: list[Resource] = []
        self.partly: list[Resource] = []
        self.patches: list[Resource] = []
        self.gaps: list[Gap] = []
        self.charts: list[Chart] = []

    def become(self, objects: Iterable[tuple[Map, str]]) -> None:
        """Take what kustomize itself built, each object with its file, for what there is."""
        self.resources = [Resource(body, file) for body, file in objects]
        for resource in self.resources:
            resource.emitter = self.directory or "."
        self.generated, self.hashed, self.patches, self.gaps = [], [], [], []
        self.partly = []

    @property
    def namespace(self) -> str | None:
        """The namespace that the build puts everything into, if it does."""
        return self.root.string("namespace")

    @property
    def complete(self) -> bool:
        """Are all the objects of the build known?"""
        return all(gap.kind == VALUES for gap in self.gaps)


def emit(
    tree: Tree, bounds: Bounds, directory: str, root: Map | None = None, application: str = ""
) -> Emission:
    """What the kustomization in a directory emits; `root` stands in for its file's content.

    `bounds` are those of all builds. Of a build that exceeds them, what comes first is emitted.
    """
    root = tree.kustomizations[directory] if root is None else root
    emission = Emission(directory, root, application)
    if bounds.exceeded is not None:
        emission.gaps.append(Gap(OBJECTS, bounds.exceeded, root, bound=True))
        return emission
    build = _Build(tree, bounds, emission)
    if root.string("kind") == "Component":
        build.gap(VALUES, "a component that nothing in the input includes", root)
    items = build.accumulate(directory, root, [], (), None)
    build.follow(items, root)
    build.refuse_twins(items)
    items = build.within(items, root)
    emission.patches = build.pieces.resources(directory or ".")
    for item in items:
        if item.body.string("metadata", "annotations", _LOCAL) not in (None, "false"):
            continue
        resource = Resource(item.body, item.file)
        resource.emitter = directory or "."
        (emission.generated if item.generated else emission.resources).append(resource)
        if item.hashed:
            emission.hashed.append(resource)
        if not item.known:
            emission.partly.append(resource)
    return emission


_LOCAL = "config.kubernetes.io/local-config"
_UNFOLLOWED = {
    "transformers": OBJECTS, "generators": OBJECTS, "vars": VALUES,
    "replacements": VALUES, "openapi": VALUES, "crds": VALUES,
    "helmChartInflationGenerator": OBJECTS,
}  # fmt: skip


_FIELDS = frozenset(
    {"apiVersion", "kind", "metadata", "resources", "bases", "components", "namespace",
     "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations", "images",
     "replicas", "patches", "patchesStrategicMerge", "patchesJson6902", "configMapGenerator",
     "secretGenerator", "generatorOptions", "helmCharts", "helmGlobals", "sortOptions",
     "buildMetadata", "validators", "imageTags", "configurations", *_UNFOLLOWED}
)  # fmt: skip


def _holds(directory: str, other: str) -> bool:
    """Kustomize takes a base above one that it is in for a cycle.

    Source: kustomize v5.8.1 api/internal/loader/fileloader.go (errIfArgEqualOrHigher).
    """
    return directory in ("", ".") or other.startswith(f"{directory}/")


class _Build:
    """One build: gathers items, and what could not be followed."""

    def __init__(self, tree: Tree, bounds: Bounds, emission: Emission) -> None:
        self.tree = tree
        self.bounds = bounds
        self.emission = emission
        self.configured: list[Configured] = []
        self.pieces = Pieces()

    def gap(self, kind: str, reason: str, node: Node, bound: bool = False) -> None:
        self.emission.gaps.append(Gap(kind, reason, node, bound))

    def fails(self, reason: str, node: Node) -> None:
        """Kustomize refuses this whatever else there is."""
        self.emission.gaps.append(Gap(FAILS, reason, node, settled=True))

    def accumulate(
        self, directory: str, root: Map, items: list[Item], above: tuple[str, ...],
        namespace: str | None,
    ) -> list[Item]:  # fmt: skip
        """The items of a kustomization, transformed. A component works on those of its parent."""
        above = (*above, directory)
        namespace = namespace or root.string("namespace")
        below = len(self.configured)
        for field in ("resources", "bases"):
            for node in listing(root, field):
                items.extend(self._resource(directory, node, above, namespace))
        self._generate(directory, root, items)
        for node in listing(root, "helmCharts"):
            self._chart(directory, node, namespace)
        for node in listing(root, "components"):
            items = self._component(directory, node, items, above, namespace)
        self._configure(directory, root)
        for field, found in root.entries.items():
            if field in _UNFOLLOWED and not found.is_null:
                self.gap(_UNFOLLOWED[field], f"`{field}` is not followed", found)
            elif field not in _FIELDS:
                known = field.lower() in {name.lower() for name in _FIELDS}  # as Go's JSON has it
                reason = f"`{field}` is not followed" if known else f"there is no field `{field}`"
                self.gap(VALUES if known else FAILS, reason, found)
        named = Named(items)
        for node in listing(root, "patchesStrategicMerge"):
            self._patch(directory, _as_patch(node, self.tree, directory), named)
        for node in listing(root, "patches"):
            self._patch(directory, node, named)
        more = joined(self.configured[below:])
        if not self._change(items, steps(root, more), root):
            return items
        transform(root, items, more)
        named.renew()
        for node in listing(root, "patchesJson6902"):
            self._patch(directory, node, named)
        named.renew()
        for node in rescale(root, named):
            self._unmatched(f"`replicas` names {node.string('name')}, which is not there", node)
        retag(root, items)
        return items

    def _change(self, items: Iterable[Item], times: int, node: Node) -> bool:
        """May so many changes be made in items? If not, it is said once."""
        enough = self.bounds.change(items, times)
        if not enough and not any(gap.bound and gap.kind == VALUES for gap in self.emission.gaps):
            self.gap(VALUES, self.bounds.unchanged, node, bound=True)
        return enough

    def follow(self, items: list[Item], node: Node) -> None:
        """Let references follow the names that have changed."""
        references = joined(self.configured).references
        if self._change(items, 1 + len(references), node):
            follow_names(items, references)

    def within(self, items: list[Item], node: Node) -> list[Item]:
        """The items up to the bound, with what patches put into them."""
        for number, item in enumerate(items):
            if not self.bounds.grow(item):
                self._room(node)
                return items[:number]
        return items

    def _configure(self, directory: str, root: Map) -> None:
        """Note what `configurations` add; what is not followed may change known objects."""
        for node in listing(root, "configurations"):
            documents = self.tree.documents(join(directory, node.text or ""))
            self.configured.append(configured(documents))
            fields = {name for document in documents for name, _ in document.items()}
            if not documents or not fields <= FOLLOWED:
                self.gap(VALUES, f"{node.text} is not followed", node)

    def refuse_twins(self, items: list[Item]) -> None:
        seen: set[Id] = set()
        for item in items:
            if item.id in seen:
                self.fails(f"{item.id.kind}/{item.id.name} is there twice", item.body)
            seen.add(item.id)

    def _resource(
        self, directory: str, node: Node, above: tuple[str, ...], namespace: str | None
    ) -> Iterator[Item]:
        text = node.text or ""
        path = join(directory, text)
        if path in self.tree.kustomizations:
            root = self.tree.kustomizations[path]
            if path in above:
                self.fails(f"{text} includes itself", node)
            elif root.string("kind") == "Component":
                self.fails(f"{text} is a component, not a resource", node)
            elif len(above) < MAX_DEPTH and self._room(node):
                self.bounds.gather()
                if any(_holds(path, visited) for visited in above):
                    self.fails(f"{text} holds the directory of this kustomization", node)
                yield from self.accumulate(path, root, [], above, namespace)
        elif path in self.tree:
            self.tree.documents(path)  # it has to be one that can be read
            for resource in self.tree.objects.get(path, []):
                if self._room(node):
                    item = Item(resource.body, path)
                    item.weight = self.bounds.gather(resource.body)
                    yield item
        else:
            reason = f"{text} is remote" if is_remote(text) else f"{text} is not in the input"
            self.gap(OBJECTS, reason, node)

    def _room(self, node: Node) -> bool:
        """May the build gather more? If not, it is said once."""
        reason = self.bounds.exceeded
        if reason and not any(gap.bound and gap.kind == OBJECTS for gap in self.emission.gaps):
            self.gap(OBJECTS, reason, node, bound=True)
        return reason is None

    def _component(
        self, directory: str, node: Node, items: list[Item], above: tuple[str, ...],
        namespace: str | None,
    ) -> list[Item]:  # fmt: skip
        path = join(directory, node.text or "")
        root = self.tree.kustomizations.get(path)
        if root is None or path in above or len(above) >= MAX_DEPTH or not self._room(node):
            reason = f"component {node.text} is not in the input"
            self.gap(OBJECTS, reason, node)
            self.gap(VALUES, reason, node)
            return items
        self.bounds.gather()
        if root.string("kind") != "Component":
            self.fails(f"{node.text} is not a component", node)
            return items + self.accumulate(path, root, [], above, namespace)
        return self.accumulate(path, root, items, above, namespace)

    def _chart(self, directory: str, node: Node, namespace: str | None) -> None:
        files = [node.get("valuesFile"), *listing(node, "additionalValuesFiles")]
        found = [
            self.tree.documents(join(directory, file.text or ""))
            for file in files
            if file is not None
        ]
        values = [document for documents in found for document in documents]
        inline = node.get("valuesInline")
        values += [inline] if inline is not None else []
        its = node.string("namespace") or namespace
        self.emission.charts.append(Chart(node, its, tuple(values), all(found)))
        self.gap(CHARTS, f"Helm chart {node.string('name') or ''} is not rendered", node)

    def _generate(self, directory: str, root: Map, items: list[Item]) -> None:
        from kslint.graph.generators import combined, generated

        named = Named(list(items))
        for item, behavior in generated(directory, root, self.tree.text):
            if not self._room(root):
                return
            item.weight = self.bounds.gather(item.body)
            if behavior in ("merge", "replace"):
                name, kind = item.id.name, item.id.kind
                twins = [other for other in named.of_name(name) if other.id.kind == kind]
                if len(twins) == 1:
                    twins[0].body = combined(twins[0].body, item.body, behavior)
                    twins[0].known &= item.known
                elif not self._unmatched(f"nothing to {behavior} {item.id.name} with", item.body):
                    self.pieces.add(item.body)
            else:
                items.append(item)
                named.add(item)

    def _unmatched(self, reason: str, node: Node) -> bool:
        """Kustomize refuses this, unless what is meant lies in the part that is not known."""
        if self.emission.complete:
            self.gap(FAILS, reason, node)
        return self.emission.complete

    def _patch(self, directory: str, node: Node, named: Named) -> None:
        """One entry of `patches`, or of the deprecated fields in its shape."""
        target = node.get("target")
        documents = self._patch_documents(directory, node)
        for document in documents:
            try:
                if isinstance(document, Seq) or not document.string("kind"):
                    self._patch_json(document, target, named)
                elif isinstance(document, Map):
                    self._patch_merge(document, target, named, node)
            except PatchError as error:
                self._unmatched(str(error), node)

    def _patch_documents(self, directory: str, node: Node) -> list[Node]:
        path, inline = node.get("path"), node.get("patch")
        if isinstance(inline, Scalar):
            from kslint.source.inner import inner_document

            found = inner_document(inline)
            documents = [] if found is None else [found]
            if "\n---" in inline.literal:
                self.gap(VALUES, "only the first of several inline patches is followed", node)
        elif path is not None:
            documents = self.tree.documents(join(directory, path.text or ""))
        else:
            documents = []
        if not documents:
            self.gap(VALUES, "a patch that is not in the input, or is empty", node)
        return documents

    def _patch_json(self, operations: Node, target: Node | None, named: Named) -> None:
        if target is None:
            raise PatchError("a JSON patch needs a target")
        chosen = self._selected(target, named)
        if not self._change(chosen, len(operations.elements()), operations):
            return
        for item in chosen:
            before = item.id
            item.body = json_patch(item.body, operations)
            if item.id.name != before.name:
                named.renew()
        if not chosen and not self.emission.complete:
            self.pieces.add_operations(operations, target)

    def _selected(self, target: Node, named: Named) -> list[Item]:
        """The items that a target selects, of those that may have its name."""
        name = target.string("name") or ""
        plain = name.replace("-", "").isalnum()
        candidates = list(named.of_name(name)) if plain else named.items
        return selected(target, candidates) if self._change(candidates, 1, target) else []

    def _patch_merge(self, patch: Map, target: Node | None, named: Named, node: Node) -> None:
        if target is not None:
            chosen = self._selected(target, named)  # none: kustomize says nothing
            if not chosen and not self.emission.complete:
                self.pieces.add(patch, target)
        else:
            wanted = Item(patch, "").id
            chosen = named.known_as(wanted)
            if not chosen and not self.emission.complete:
                self.pieces.add(patch)
            elif len(chosen) != 1:
                raise PatchError(
                    f"{'no' if not chosen else 'more than one'} object matches the patch of "
                    f"{wanted.kind}/{wanted.name}"
                )
        if not self._change(chosen, 1 + self.bounds.size(patch) // 16, node):
            return
        for item in chosen:
            resource = Resource(item.body, item.file)
            merged = strategic_merge(item.body, patch, merge_keys(resource))
            if isinstance(merged, Map):
                if node.get("options") is not None:
                    item.remember()
                    named.renew()
                item.body = same_identity(item.body, merged, node.get("options"))
            else:
                named.discard(item)


def _as_patch(node: Node, tree: Tree, directory: str) -> Node:
    """An entry of `patchesStrategicMerge`, a path or the patch itself, as one of `patches`."""
    is_path = bool(tree.documents(join(directory, node.text or "")))
    entry = Map({"path" if is_path or "\n" not in (node.text or "") else "patch": node})
    entry.source, entry.start, entry.end, entry.key = node.source, node.start, node.end, node.key
    return entry


def is_remote(text: str) -> bool:
    """Does a `resources` entry mean a URL or a git repository?"""
    return (
        "://" in text or text.startswith(("git@", "github.com/", "gitlab.com/")) or "?ref=" in text
    )
