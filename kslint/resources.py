"""Kubernetes objects found in the input, with their identity. No kind has a meaning here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source import streams
from kslint.source.load import Input, Other, ParsedFile, Rendered, Trouble, load_source
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from kslint.source.document import Document, Duplicate
    from kslint.source.files import Source
    from kslint.source.nodes import Node

MAX_LIST_DEPTH = 4
MAX_OUTLINED = 1000
"""Documents of a file that is worth an outline."""
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a directory, by file name."""


class Identity(NamedTuple):
    """What an object is called, as it is written."""

    api_version: str
    kind: str
    name: str
    namespace: str | None

    @classmethod
    def of(cls, body: Map) -> Identity:
        return cls(
            body.string("apiVersion") or "",
            body.string("kind") or "",
            body.string("metadata", "name") or "",
            body.string("metadata", "namespace") or None,
        )


class Resource:
    """One object: identity and body. Two objects may share an identity; each is itself."""

    __slots__ = ("_home", "api_version", "body", "emitter", "file", "kind", "name", "namespace")

    body: Map
    _home: tuple[Sketch, int]

    def __init__(self, body: Map | None, file: str, identity: Identity | None = None) -> None:
        """Without a body, which `sketched` sees to, there is an identity."""
        if body is not None:
            self.body = body
            identity = identity or Identity.of(body)
        assert identity is not None
        self.file = file
        self.api_version, self.kind, self.name, self.namespace = identity
        """The namespace as written; graph.namespace_of knows what kustomize and Argo CD make."""
        self.emitter = ""
        """The directory of the kustomization that emits it; "" for an object as written."""

    @classmethod
    def sketched(cls, identity: Identity, file: Sketch, number: int) -> Resource:
        """An object whose body is read from the file's document of that number once asked for."""
        made = cls(None, file.source.name, identity)
        made._home = file, number
        return made

    def __getattr__(self, name: str) -> Map:
        """The body that was not read yet: Python asks here for what a slot does not hold."""
        if name != "body":
            raise AttributeError(name)
        file, number = self._home
        body = file.documents[number].root
        assert isinstance(body, Map)
        self.body = body
        file.watch.lend(self)
        return body

    @property
    def group(self) -> str:
        """The API group: "" for core, `serving.kserve.io` for `serving.kserve.io/v1beta1`."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.api_version.rpartition("/")[2]

    @property
    def gvk(self) -> str:
        """Group, version and kind: `apps/v1/Deployment`, `/v1/Pod`."""
        return f"{self.group}/{self.version}/{self.kind}"

    @property
    def spec(self) -> Node | None:
        return self.body.get("spec")

    def annotation(self, name: str) -> str | None:
        return self.body.string("metadata", "annotations", name)

    def label(self, name: str) -> str | None:
        return self.body.string("metadata", "labels", name)

    def __repr__(self) -> str:
        return f"Resource({self.kind}/{self.namespace or ''}/{self.name} in {self.file})"


class Watch:
    """Sees which files are read, so that it is known what findings depend on.

    `sought` are texts that files were searched for, to know whether to read them.
    """

    def __init__(self) -> None:
        self.opened: set[str] = set()
        self.sought: set[str] = set()
        self._lent: list[Resource] = []

    def lend(self, resource: Resource) -> None:
        """Note that an object holds its body; it does until `renew`."""
        self._lent.append(resource)

    def renew(self) -> None:
        """Begin anew: what is used from now on is seen again."""
        for resource in self._lent:
            del resource.body
        self._lent.clear()
        self.opened.clear()
        self.sought.clear()


class Sketch(ParsedFile):
    """A file of which it is known what its objects are called; it is parsed if need be."""

    __slots__ = ("outline", "watch")

    def __init__(
        self, source: Source, outline: Outline, watch: Watch, documents: list[Document] | None
    ) -> None:
        super().__init__(source, [])
        self._documents = documents
        self.outline = outline
        self.watch = watch

    @property
    def documents(self) -> list[Document]:
        self.watch.opened.add(self.source.name)
        if self._documents is None:
            read = Input([], [], [])
            load_source(self.source, read)
            self._documents = read.files[0].documents
        return self._documents

    def forget(self) -> None:
        """Let the documents go; they are parsed again if need be."""
        self._documents = None


class WatchedOther(Other):
    """A file that is no manifest, whose uses are noted."""

    __slots__ = ("watch",)

    def __init__(self, source: Source, watch: Watch, is_broken: bool) -> None:
        super().__init__(source, is_broken)
        self.watch = watch

    def _read(self) -> list[Document]:
        self.watch.opened.add(self.source.name)
        return super()._read()

    def forget(self) -> None:
        """Let the documents go, and begin anew; they are parsed again if need be."""
        self._documents = None
        self.forget_uses()


Outline = list[tuple[int, Identity]]
"""The objects of a file, each with the number of its document."""


def outline(file: ParsedFile) -> Outline | None:
    """What stands in a file; None if there is anything in it but single objects with names."""
    if len(file.documents) > MAX_OUTLINED:
        return None
    found = []
    for number, document in enumerate(file.documents):
        root = document.root
        if root.is_null:
            continue
        if not isinstance(root, Map) or not is_object(root) or not _is_typed(root):
            return None
        identity = Identity.of(root)
        if _is_list(root) or not identity.name:
            return None
        found.append((number, identity))
    return found


def _is_typed(root: Map) -> bool:
    """Are both fields that say what an object is texts? `kind: 5` is none, nor is `a/b/c`."""
    fields = (root.get("apiVersion"), root.get("kind"))
    return (root.string("apiVersion") or "").count("/") < 2 and all(
        isinstance(node, Scalar) and isinstance(node.value, str) for node in fields
    )


class Plain(NamedTuple):
    """A document that is no Kubernetes object: a values file, a kustomization, a workflow."""

    file: str
    document: Document


def resources_of(files: Iterable[ParsedFile]) -> tuple[list[Resource], list[Plain]]:
    """Split documents into Kubernetes objects (lists flattened) and the rest.

    What cannot be a manifest is not parsed for this.
    """
    resources: list[Resource] = []
    others: list[Plain] = []
    for file in files:
        if isinstance(file, Sketch):
            resources += [Resource.sketched(its, file, number) for number, its in file.outline]
            continue
        if isinstance(file, Other):
            continue
        for document in file.documents:
            root = document.root
            if is_object(root) or _is_bare_list(root):
                assert isinstance(root, Map)
                resources.extend(_flatten(_last(document, root), file.source.name, 0))
            elif not root.is_null:
                others.append(Plain(file.source.name, document))
    return resources, others


def _last(document: Document, root: Map) -> Map:
    """The last of the objects that stand in one mapping: what comes before is not its own."""
    joined = _joined(document) if document.duplicates else {}
    begin = [key.span for key in joined if key.span is not None and joined[key]]
    if not begin:
        return root
    own = {
        name: node
        for name, node in root.entries.items()
        if node.key is not None and node.key.span is not None and node.key.span >= begin[-1]
    }
    return root.with_entries(own)


def defined_group(definition: Resource) -> str:
    """The group of the kind that a CustomResourceDefinition defines; "" if its name hides that.

    The API server demands that it is called `<plural>.<group>`.
    """
    group = definition.name.partition(".")[2]
    return "" if "{" in group or "$" in group else group


def is_object(root: Node) -> bool:
    """Has the document the two fields every object has? (Kustomizations do not count.)"""
    api_version = root.string("apiVersion")
    return bool(
        api_version
        and root.string("kind")
        and not api_version.startswith("kustomize.config.k8s.io/")
    )


def object_troubles(
    files: Iterable[ParsedFile], by_kustomize: Collection[str] = ()
) -> Iterator[Trouble]:
    """What YAML allows and an object or a kustomization must not hold.

    kubectl stops at the first of it: a document that is no object counts where objects stand in
    the same file. Files in `by_kustomize` only kustomize reads, whose YAML is a newer one.

    Of keys that stand twice in one mapping kubectl keeps the last without a word, kustomize
    refuses the file: the same manifest deploys or not, depending on the road. Null keys,
    mappings as keys, infinities and values that their tag forbids have no form in JSON; kubectl
    refuses them (sigs.k8s.io/yaml v1.4.0, `convertToJSONableObject`).
    """
    for file in files:
        if isinstance(file, (Other, Rendered)) or file.source.context:
            continue
        name = file.source.name
        documents = file.documents
        roots = [document.root for document in documents]
        applied = any(is_object(root) or _is_bare_list(root) for root in roots)
        if applied and name not in by_kustomize:
            for message, span in streams.refusals(file.source, documents):
                yield Trouble("yaml-syntax", span, message)
        for document in documents:
            if not (document.duplicates or document.refusals):
                continue
            is_read = is_object(document.root) or is_kustomization(document.root, name)
            if applied or is_read:
                for message, span in document.refusals:
                    yield Trouble("yaml-syntax", span, message)
            if is_read:
                yield from _twice(document)


def _twice(document: Document) -> Iterator[Trouble]:
    """Keys that stand twice in one mapping; of an object that follows another only its first."""
    joined = _joined(document)
    for duplicate in document.duplicates:
        name, again, first = duplicate
        if again.span is None or first.span is None:
            continue
        related, begins = ((first.span, "it stands here first"),), joined.get(again)
        if begins is None:
            message = f"key `{name}` occurs twice in one mapping"
            yield Trouble("yaml-duplicate-key", again.span, message, related)
        elif begins:
            message = f"a `---` is missing before `{name}`: a second object begins inside the first"
            help_ = (
                f"put a line with `---` before line {again.span.line}, or remove the second object"
            )
            yield Trouble("yaml-duplicate-key", again.span, message, related, help_)


def _joined(document: Document) -> dict[Node, bool]:
    """The keys of objects that go on in the mapping of another, and whether they are its first.

    Each such object repeats `apiVersion` and `kind` at least.
    """
    root = document.root.span
    objects: list[list[Duplicate]] = []
    for one in document.duplicates:
        if root is None or one.again.span is None or one.again.span.column != root.column:
            continue
        if not objects or any(one.name == other.name for other in objects[-1]):
            objects.append([])
        objects[-1].append(one)
    return {
        one.again: one is its[0]
        for its in objects
        if {"apiVersion", "kind"} <= {one.name for one in its}
        for one in its
    }


def is_kustomization(root: Node, file: str) -> bool:
    """Is it a document that kustomize builds from?"""
    api_version = root.string("apiVersion") or ""
    return api_version.startswith("kustomize.config.k8s.io/") or "/kustomization." in f"/{file}"


def _flatten(body: Map, file: str, depth: int) -> Iterator[Resource]:
    """The object itself, or those of a list. Items of a `PodList` without a kind are Pods.

    To kubectl whatever has `items` is a list, and what else it holds is left out; if its kind does
    not say so, it is judged too. Source: k8s.io/apimachinery v0.34, `unstructured/helpers.go`
    (`detector`, `decodeToList`).
    """
    items = body.get("items")
    kind = body.string("kind") or ""
    if not _is_list(body) or not isinstance(items, Seq) or depth == MAX_LIST_DEPTH:
        yield Resource(body, file)
        return
    if not kind.endswith("List"):
        yield Resource(body, file)
    for item in items.children:
        if not isinstance(item, Map):
            continue
        for resource in _flatten(item, file, depth + 1):
            if not resource.kind and not resource.api_version:
                resource.kind = kind.removesuffix("List")
                resource.api_version = body.string("apiVersion") or ""
            yield resource


def _is_bare_list(root: Node) -> bool:
    """Is it a list without an `apiVersion`? kubectl asks for that of its items alone."""
    is_list = isinstance(root, Map) and (root.string("kind") or "").endswith("List")
    return is_list and root.get("apiVersion") is None and _is_list_of_objects(root)


def _is_list_of_objects(root: Node) -> bool:
    items = root.get("items")
    return isinstance(items, Seq) and any(is_object(item) for item in items.children)


def _is_list(body: Map) -> bool:
    """Is it one by its kind, or do objects stand in its `items`?"""
    return (body.string("kind") or "").endswith("List") or _is_list_of_objects(body)
