"""The documents of an input by file, each file read when something asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kslint.resources import Sketch, WatchedOther
from kslint.source.load import Other

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source.load import ParsedFile
    from kslint.source.nodes import Node


class Documents(Mapping[str, "list[Node]"]):
    """The roots of every file's documents, by its name. A file is read when it is asked for.

    Of a file that is no manifest and cannot be read there are none; `need` is for who cannot do
    without them.
    """

    def __init__(self, files: Iterable[ParsedFile]) -> None:
        self._files = {file.source.name: file for file in files}
        self._roots: dict[str, list[Node]] = {}

    def __getitem__(self, name: str) -> list[Node]:
        found = self._roots.get(name)
        if found is None:
            file = self._files[name]
            found = [document.root for document in file.glimpse()]
            if not isinstance(file, (Sketch, Other)):  # which want to know of every use
                self._roots[name] = found
        return found

    def need(self, name: str) -> list[Node]:
        """The same of a file that something refers to: what is wrong with it counts."""
        return [document.root for document in self._files[name].documents]

    def file(self, name: str) -> ParsedFile:
        return self._files[name]

    def may_hold(self, name: str, text: str) -> bool:
        """False only if a text of ASCII certainly stands in no value of a file."""
        file = self._files[name]
        if isinstance(file, (Sketch, WatchedOther)):
            file.watch.sought.add(text)
        return file.source.may_hold(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
