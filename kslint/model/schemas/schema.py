"""Structural schemas of custom resources, walked over positioned nodes.

KServe's own kinds come from the folded CRDs of v0.19.0 (`data/kserve.json`); any other
kind from its CustomResourceDefinition, if that is in the input. What a schema does not name the
API server drops (k8s.io/apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go v0.34).
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.model.kubernetes.admission.field_errors import templated
from kslint.source.nodes import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.graph.graph import Graph
    from kslint.resources import Resource
    from kslint.source.nodes import Node

_TABLED = "serving.kserve.io"
"""The API group whose schemas `data/kserve.json` holds."""
_FREE_AT_ROOT = frozenset({"apiVersion", "kind", "metadata", "status"})
_QUANTITY = r"(([KMGTPE]i)|[numkMGTPE]|"
"""What the pattern of every quantity in a CRD holds, and that of nothing else."""

NEWER = {
    "InferenceService": (
        "spec.canary", "spec.predictor.name", "spec.predictor.storageContainerName",
        "spec.predictor.*.confidential",
    ),
    "LLMInferenceService": (
        "spec.tracing", "spec.kvCacheOffloading", "spec.prefill.kvCacheOffloading",
        "spec.model.confidential", "spec.router.route.group", "spec.router.route.weight",
        "spec.router.scheduler.pool.spec.appProtocol",
    ),
}  # fmt: skip
"""Fields that config/crd/full @v0.20.0 has over v0.19.0."""


class Schema:
    """One node of a structural schema. A field below it may be known, free or dropped."""

    type: str
    """object, array, string, integer, number, boolean, int-or-string or any."""
    quantity: bool
    """Does it hold a Kubernetes quantity?"""
    free: bool
    """Are unknown fields kept?"""

    @property
    def names(self) -> Iterable[str]:
        """The fields it names."""
        raise NotImplementedError

    def field(self, name: str) -> Schema | None:
        """The schema of a field, or of any value where the object is a map; None if neither."""
        raise NotImplementedError

    @property
    def items(self) -> Schema | None:
        """The schema of a list's elements."""
        raise NotImplementedError


class _Folded(Schema):
    """A node of the folded table; its format is described in `scripts/fold_kserve.py`."""

    __slots__ = ("_facets", "free", "quantity", "type")

    def __init__(self, node: list[Any]) -> None:
        self._facets: dict[str, Any] = node[1] if len(node) > 1 else {}
        self.type = node[0]
        self.free = bool(self._facets.get("u")) or self._facets.get("a") is True
        self.quantity = _QUANTITY in self._facets.get("re", "")

    @property
    def names(self) -> Iterable[str]:
        return list(self._facets.get("p", ()))

    def field(self, name: str) -> Schema | None:
        index = self._facets.get("p", {}).get(name, self._facets.get("a"))
        return None if index is None or isinstance(index, bool) else _folded(index)

    @property
    def items(self) -> Schema | None:
        index = self._facets.get("i")
        return None if index is None else _folded(index)


@cache
def _folded(index: int) -> _Folded:
    return _Folded(_table()["nodes"][index])


_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})


class _Structural(Schema):
    """A node of `openAPIV3Schema` in a CustomResourceDefinition of the input."""

    __slots__ = ("_node", "_properties", "free", "quantity", "type")

    def __init__(self, node: Node) -> None:
        self._node = node
        self._properties = node.get("properties") or Map({})
        either = node.boolean("x-kubernetes-int-or-string") is True
        written = node.string("type")
        self.type = "int-or-string" if either else written if written in _TYPES else "any"
        self.quantity = _QUANTITY in (node.string("pattern") or "")
        self.free = (
            node.boolean("x-kubernetes-preserve-unknown-fields") is True
            or node.boolean("additionalProperties") is True
            or self.type == "any"
        )

    @property
    def names(self) -> Iterable[str]:
        return [name for name, _ in self._properties.items()]

    def field(self, name: str) -> Schema | None:
        found = self._properties.get(name)
        if found is None and self._is_object and name in _FREE_AT_ROOT - {"status"}:
            return _ANYTHING
        found = found or self._node.get("additionalProperties")
        return _Structural(found) if isinstance(found, Map) else None

    @property
    def _is_object(self) -> bool:
        """Is it a whole object inside the object? Then it has the fields every object has."""
        return self._node.boolean("x-kubernetes-embedded-resource") is True

    @property
    def items(self) -> Schema | None:
        found = self._node.get("items")
        return _Structural(found) if isinstance(found, Map) else None


_ANYTHING = _Structural(Map({}))


class _Either(Schema):
    """Two schemas of one kind: what one of them knows is known. The first gives the type."""

    __slots__ = ("_both", "free", "quantity", "type")

    def __init__(self, first: Schema, second: Schema) -> None:
        self._both = (first, second)
        self.type = first.type
        self.quantity = first.quantity or second.quantity
        self.free = first.free or second.free

    @property
    def names(self) -> Iterable[str]:
        return [*self._both[0].names, *self._both[1].names]

    def field(self, name: str) -> Schema | None:
        return _either(*(schema.field(name) for schema in self._both))

    @property
    def items(self) -> Schema | None:
        return _either(*(schema.items for schema in self._both))


def _either(first: Schema | None, second: Schema | None) -> Schema | None:
    if first is None or second is None:
        return first or second
    return _Either(first, second)


def of_pod() -> Schema:
    """The schema of a PodSpec, as LLMInferenceService embeds one (its v1alpha1 CRD @v0.19.0)."""
    service = _folded(_table()["kinds"][f"{_TABLED}/v1alpha1/LLMInferenceService"])
    spec = service.field("spec")
    pod = None if spec is None else spec.field("template")
    assert pod is not None
    return pod


class Step(NamedTuple):
    """A value met on the walk. `schema` is None for a field that the API server drops."""

    node: Node
    schema: Schema | None
    parent: Step | None
    name: str
    """Its key, or `[2]` for an element of a list."""

    @property
    def path(self) -> str:
        """Where it stands, as `spec.containers[0].image`; "" for the object itself."""
        above = "" if self.parent is None else self.parent.path
        return f"{above}.{self.name}" if above and self.name[:1] != "[" else above + self.name


class Reading(NamedTuple):
    """What the schema of its kind says of an object's values.

    `dropped` are fields that the API server drops, `quantities` values that have to be ones.
    """

    dropped: list[Step]
    quantities: list[Step]


class Schemas:
    """The schemas that are known for the objects of an input."""

    def __init__(self, graph: Graph) -> None:
        self._readings: dict[int, Reading | None] = {}
        self._defined: dict[str, Node] = {}
        for resource in graph.of_kind("CustomResourceDefinition", "apiextensions.k8s.io"):
            self._defined.update(_definitions(resource))

    def of(self, resource: Resource) -> Schema | None:
        """The schema of an object's kind and version, or None if it is not known.

        A definition in the input adds to what the table knows of KServe's kinds: it may be newer,
        or a mere stub. One that leaves `spec` open, as KServe's -minimal CRDs do, says nothing.
        """
        key = f"{resource.group}/{resource.version}/{resource.kind}"
        table = _table()
        index = table["kinds"].get(key) if resource.group == _TABLED else None
        known = None if index is None else _folded(index)
        node = self._defined.get(key)
        if node is None or not list(_Structural(node.at("properties", "spec") or node).names):
            return known
        return _either(known, _Structural(node))

    def reading(self, resource: Resource) -> Reading | None:
        """An object held against its schema; None if that is not known."""
        if id(resource) not in self._readings:
            schema = self.of(resource)
            self._readings[id(resource)] = None if schema is None else read(resource.body, schema)
        return self._readings[id(resource)]


def read(body: Node, schema: Schema) -> Reading:
    """Hold the values of an object against its schema.

    Below a field that is dropped, kept free or of the wrong type nothing is looked at. Templates
    and the directives of patches (`$patch`) are passed over.
    """
    dropped: list[Step] = []
    quantities: list[Step] = []
    stack = [Step(body, schema, None, "")]
    while stack:
        parent = stack.pop()
        for name, child, known in _fields(parent):
            if known is None:
                dropped.append(Step(child, None, parent, name))
                continue
            if known.quantity:
                quantities.append(Step(child, known, parent, name))
            wanted = _CONTAINERS.get(child.__class__)  # of a scalar there is nothing below
            if wanted is not None and known.type in (wanted, "any"):
                stack.append(Step(child, known, parent, name))
    return Reading(dropped, quantities)


_CONTAINERS: dict[type, str] = {Map: "object", Seq: "array"}


def _fields(step: Step) -> Iterator[tuple[str, Node, Schema | None]]:
    """The name, value and schema of what stands right below a value."""
    schema = step.schema
    assert schema is not None
    for name, child in step.node.items():
        if step.parent is None and (name in _FREE_AT_ROOT or name.startswith("x-")):
            continue  # `x-` holds anchors: what is dropped there is meant to be
        if name.startswith("$") or templated(name):
            continue
        field = schema.field(name)
        if field is not None or not schema.free:
            yield name, child, field
    items = schema.items
    if items is not None:
        for index, child in enumerate(step.node.elements()):
            yield f"[{index}]", child, items


def _below(step: Step) -> Iterator[Step]:
    return (Step(child, known, step, name) for name, child, known in _fields(step))


def is_newer(step: Step, kind: str) -> bool:
    """Does KServe 0.20 know a field that 0.19 does not?"""
    parts = step.path.split(".")
    for known in NEWER.get(kind.removesuffix("Config"), ()):
        wanted = known.split(".")
        if len(wanted) == len(parts) and all(
            w in ("*", p) for w, p in zip(wanted, parts, strict=True)
        ):
            return True
    return False


def meant(step: Step) -> str | None:
    """The path of the field that a dropped one was probably meant to be, or None.

    The same block first, but for case; then a block around it or one right below it that has
    a field of that name, if there is only one such place; then the same block by spelling.
    """
    parent = step.parent
    assert parent is not None
    assert parent.schema is not None
    wanted = _plain(step.name)
    same = _named(parent.schema, wanted)
    if same is not None:
        return Step(step.node, None, parent, same).path
    return _around(parent, wanted) or _within(parent, wanted) or _alike(parent, step.name)


def _around(parent: Step, wanted: str) -> str | None:
    above = parent.parent
    while above is not None and above.parent is not None:
        found = None if above.schema is None else _named(above.schema, wanted)
        if found is not None:
            return Step(parent.node, None, above, found).path
        above = above.parent
    return None


def _within(parent: Step, wanted: str) -> str | None:
    """In a block that is written below, else in the only one that could be."""
    for level in _blocks_below(parent):
        found = [
            Step(s.node, None, s, name).path
            for s in level
            if s.schema is not None and (name := _named(s.schema, wanted)) is not None
        ]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


@lru_cache(maxsize=8)
def _blocks_below(parent: Step) -> tuple[list[Step], list[Step], list[Step]]:
    """The blocks written right below one, those below them, and those that could be written.

    Kept for the next unknown field, which often stands in the same block.
    """
    assert parent.schema is not None
    written = [s for s in _below(parent) if isinstance(s.node, (Map, Seq))]
    deeper = [s for step in written if step.schema is not None for s in _below(step)]
    possible = [
        Step(parent.node, parent.schema.field(name), parent, name) for name in parent.schema.names
    ]
    return written, deeper, possible


def _alike(parent: Step, name: str) -> str | None:
    import difflib

    assert parent.schema is not None
    plain = {_plain(known): known for known in parent.schema.names}
    close = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.66)
    return Step(parent.node, None, parent, plain[close[0]]).path if close else None


def _named(schema: Schema, wanted: str) -> str | None:
    return next((name for name in schema.names if _plain(name) == wanted), None)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


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


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    import json

    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "data", "kserve.json"), encoding="utf-8") as handle:
        table: dict[str, Any] = json.load(handle)
    return table
