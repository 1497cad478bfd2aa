"""The kustomizations of an input, and the files they take in."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.graph.edit import listing
from kslint.resources import KUSTOMIZATIONS
from kslint.source.nodes import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.resources import Plain, Resource
    from kslint.source.load import Other
    from kslint.source.nodes import Node


class Tree:
    """The kustomizations of an input and the documents they may take in, by file.

    `unparsed` are the files that are no manifests, such as values: they are parsed when something
    refers to them.
    """

    def __init__(
        self, resources: list[Resource], others: list[Plain], unparsed: dict[str, Other]
    ) -> None:
        self.kustomizations: dict[str, Map] = {}
        self.objects: dict[str, list[Resource]] = {}
        self.plains: dict[str, list[Node]] = {}
        for plain in others:
            self.plains.setdefault(plain.file, []).append(plain.document.root)
            directory, name = posixpath.split(plain.file)
            root = plain.document.root
            if name in KUSTOMIZATIONS and isinstance(root, Map):
                self.kustomizations.setdefault(directory, root)
        for resource in resources:
            self.objects.setdefault(resource.file, []).append(resource)
        self._unparsed = unparsed

    @property
    def files(self) -> list[str]:
        return [*self.objects, *self.plains, *self._unparsed]

    def __contains__(self, file: str) -> bool:
        return file in self.objects or file in self.plains or file in self._unparsed

    def documents(self, file: str) -> list[Node]:
        """The documents of a file that something refers to."""
        if file in self._unparsed:
            return [document.root for document in self._unparsed[file].documents]
        return [r.body for r in self.objects.get(file, [])] + self.plains.get(file, [])

    def text(self, file: str) -> str | None:
        """What stands in a file, whatever it is; None if it is not in the input."""
        if file in self._unparsed:
            return self._unparsed[file].source.text()
        for document in self.documents(file):
            if document.source is not None:
                return document.source.text()
        return None

    def taken(self) -> set[str]:
        """Files that kustomizations take in or read; their documents are no objects as they are."""
        found: set[str] = set()
        for directory, root in self.kustomizations.items():
            for text in _file_references(root):
                if (path := join(directory, text)) in self.objects:
                    found.add(path)
        return found

    def tops(self) -> list[str]:
        """The kustomizations that no other one includes."""
        included = {
            join(directory, item.text or "")
            for directory, root in self.kustomizations.items()
            for field in ("resources", "bases", "components")
            for item in listing(root, field)
        }
        tops = [directory for directory in self.kustomizations if directory not in included]
        return tops or list(self.kustomizations)  # all in a ring: each is refused on its own


def join(directory: str, path: str) -> str:
    """A path in a kustomization, as the input names it."""
    joined = posixpath.normpath(posixpath.join(directory, path.strip()))
    return "" if joined == "." else joined


def _file_references(root: Map) -> Iterator[str]:
    """Every path in a kustomization whose file holds no object to apply as it is."""
    for field in ("resources", "bases", "patchesStrategicMerge", "configurations", "crds",
                  "transformers", "generators", "validators"):  # fmt: skip
        for node in listing(root, field):
            yield node.text or ""
    for field in ("patches", "patchesJson6902", "replacements"):
        for node in listing(root, field):
            yield node.string("path") or ""
    for field in ("configMapGenerator", "secretGenerator"):
        for generator in listing(root, field):
            for node in listing(generator, "files"):
                yield (node.text or "").rpartition("=")[2]
    yield root.string("openapi", "path") or ""
