"""What kubectl and Argo CD cannot decode: documents and items of lists that are no objects.

They stop at the first. A file without any object is mostly not for them, so a document of one
counts only where it names an API group or a kind that is known. Source: k8s.io/apimachinery v0.34
pkg/apis/meta/v1/unstructured/helpers.go (`detector`, `decodeToList`); kubectl v1.32 was run.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from kslint.model.kubernetes.admission.field_errors import opaque
from kslint.model.schemas import tables
from kslint.resources import Sketch, is_object
from kslint.source.load import Other
from kslint.source.nodes import Map, Scalar, Seq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from kslint.graph.evidence import Evidence
    from kslint.source.load import ParsedFile
    from kslint.source.nodes import Node

FIELDS = ("apiVersion", "kind")
_CONTENT = ("spec", "data", "stringData", "rules", "subjects", "template")


class Undecoded(NamedTuple):
    """One that cannot be decoded, and where to change it.

    `what` is one of: missing, misspelt, type, version, shape, items, item, nested. `field` is
    what is at fault, `found` what stands there. `sure` says that it is meant to be applied.
    """

    node: Node
    what: str
    field: str = ""
    found: str = ""
    sure: bool = True
    in_list: bool = False


def undecoded(
    files: Iterable[ParsedFile], referred: Collection[str], evidence: Evidence
) -> Iterator[Undecoded]:
    """Everything in files that cannot be decoded.

    Files that kustomizations refer to hold patches and data too, and are left out; so are those
    that a test compares with.
    """
    for file in files:
        if isinstance(file, (Other, Sketch)) or file.source.name in referred:
            continue
        if evidence.is_compared(file.source.name):
            continue
        applied = any(_is_applied(document.root) for document in file.documents)
        if applied and _is_data(file):
            continue
        for document in file.documents:
            root = document.root
            if document.refusals:  # and so no YAML for kubectl
                continue
            if is_object(root):
                assert isinstance(root, Map)
                yield from (fault for fault in _faults(root) if fault.what == "type")
                yield from _version(root)
                yield from _in_list(root)
            elif applied:
                yield from _beside_objects(root)
            elif isinstance(root, Map):
                yield from _alone(root)
            elif any(is_object(item) for item in root.elements()):
                yield Undecoded(root, "shape", found="a list")


def _is_applied(root: Node) -> bool:
    """Is it an object for kubectl? A version without a group, but for v1, is another program's."""
    if not is_object(root):
        return False
    version = root.string("apiVersion") or ""
    return version == "v1" or "/" in version


def _is_data(file: ParsedFile) -> bool:
    """Is it a stream of another program's, as far as most of its documents tell?"""
    others = [
        isinstance(document.root, Map) and not _OBJECTS.intersection(document.root.entries)
        for document in file.documents
        if not document.root.is_null
    ]
    return sum(others) > len(others) / 2 and all(
        _misspelt(document.root, field) is None
        for document in file.documents
        if isinstance(document.root, Map)
        for field in FIELDS
        if field not in document.root.entries
    )


_OBJECTS = frozenset((*FIELDS, "metadata", *_CONTENT))


def _beside_objects(root: Node) -> Iterator[Undecoded]:
    if isinstance(root, Map):
        yield from _faults(root)
    elif not root.is_null and not (isinstance(root, Scalar) and opaque(root.text or "")):
        yield Undecoded(root, "shape", found=_shape(root))


def _faults(root: Map) -> Iterator[Undecoded]:
    """The first of the two fields that is at fault; none for the kinds that kustomize reads."""
    for field in reversed(FIELDS):  # kubectl asks for the kind first
        value = root.get(field)
        if isinstance(value, Scalar) and isinstance(value.value, str) and value.value:
            continue
        if value is not None and not value.is_null and value.text != "":
            yield Undecoded(value, "type", field, _shape(value))
        else:
            name = _misspelt(root, field)
            if name is not None:
                yield Undecoded(root.entries[name], "misspelt", field, name)
            else:
                yield Undecoded(root if value is None else value, "missing", field)
        return


def _version(root: Map) -> Iterator[Undecoded]:
    """An `apiVersion` that is no group and version, of a kind that is known.

    kubectl says that the kind is missing. Source: k8s.io/apimachinery v0.34
    pkg/runtime/schema/group_version.go (ParseGroupVersion).
    """
    version = root.get("apiVersion")
    text = root.string("apiVersion") or ""
    if text.count("/") < 2 or opaque(text) or root.string("kind") not in _known_kinds():
        return
    if version is not None:
        yield Undecoded(version, "version", "apiVersion", text)


def _misspelt(root: Map, field: str) -> str | None:
    others = [name for name in root.entries if name not in FIELDS]
    for name in others:
        if name.lower() == field.lower():
            return name
    import difflib

    return next(iter(difflib.get_close_matches(field, others, n=1, cutoff=0.75)), None)


def _alone(root: Map) -> Iterator[Undecoded]:
    """A document in a file without objects, if it is like an object of a kind that is known."""
    if not root.string("metadata", "name") or not any(name in root.entries for name in _CONTENT):
        return
    for fault in _faults(root):
        if fault.field == "kind":
            group = (root.string("apiVersion") or "").rpartition("/")[0]
            known, ours = tables.family_of(group) is not None, group == _KSERVE
        else:
            kind = root.string("kind")
            known, ours = kind in _kinds(tables.KUBERNETES), kind in _kinds(tables.KSERVE)
        if known or ours:
            yield fault._replace(sure=ours or fault.what != "missing")


_KSERVE = tables.FAMILIES[tables.KSERVE][0]


@cache
def _known_kinds() -> set[str]:
    return {kind for family in (tables.KUBERNETES, *tables.FAMILIES) for kind in _kinds(family)}


def _kinds(family: str) -> set[str]:
    return {key.rpartition("/")[2] for key in tables.table(family).kinds}


def _in_list(root: Node) -> Iterator[Undecoded]:
    """The items of a list, as far as they are no objects."""
    kind, items = root.string("kind") or "", root.get("items")
    if not kind.endswith("List") or items is None or items.is_null:
        return
    if not isinstance(items, Seq):
        if kind == "List":
            yield Undecoded(items, "items", found=_shape(items))
        return
    for item in items.children:
        if not isinstance(item, Map):
            yield Undecoded(item, "item", found=_shape(item))
        elif (item.string("kind") or "") == "List":
            yield Undecoded(item, "nested")
        elif kind == "List" or any(field in item.entries for field in FIELDS):
            faults = [*_faults(item), *_version(item)]
            yield from (fault._replace(in_list=True) for fault in faults)


def _shape(node: Node) -> str:
    if isinstance(node, Map):
        return "a mapping"
    if isinstance(node, Seq):
        return "a list"
    if node.is_null:
        return "null"
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool):
        return "a boolean"
    return "a text" if isinstance(value, str) else "a number"
