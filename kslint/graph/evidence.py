"""What one object tells of another: files that only illustrate say nothing of the rest.

Tests, examples and documentation hold manifests that nobody deploys together with the others. What
stands there is evidence for its own directory, and what is asked there is answered there only.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kslint.resources import Resource

_ILLUSTRATIVE = frozenset(
    {"doc", "docs", "e2e", "example", "examples", "fixtures", "sample", "samples", "tutorials"}
)
"""Names of such directories; so are those that begin with `test`."""


_NOT_APPLIED = frozenset(
    {"__snapshot__", "__snapshots__", "doc", "docs", "expected", "golden", "goldens", "snapshots",
     "testdata"}
)  # fmt: skip
"""Those whose manifests nobody applies: excerpts to read, and what a test compares with."""


class Evidence:
    """Answers for one input: a directory that was named as a whole is judged from inside."""

    def __init__(self, files: Iterable[str]) -> None:
        directories = {posixpath.dirname(file) for file in files}
        mixed = len({directory.startswith("/") for directory in directories}) != 1
        self._root = "" if mixed else posixpath.commonpath(directories)
        self._known: dict[str, bool] = {}

    def illustrates(self, resource: Resource) -> bool:
        """Does an object stand in a test, an example or documentation?"""
        directory = posixpath.dirname(resource.file)
        known = self._known.get(directory)
        if known is None:
            below = directory[len(self._root) :].lower().split("/")
            known = is_illustrative(below)
            self._known[directory] = known
        return known

    def excerpts(self, resource: Resource) -> bool:
        """May an object be but a part: shown in documentation, or compared with by a test?"""
        below = posixpath.dirname(resource.file)[len(self._root) :].lower().split("/")
        return not _NOT_APPLIED.isdisjoint(below)

    def reaches(self, resource: Resource, asker: Resource | None) -> bool:
        """Does an object say anything of what another finds in the cluster?"""
        if not self.illustrates(resource) and (asker is None or not self.illustrates(asker)):
            return True
        return asker is not None and are_near(resource, asker)


def is_illustrative(names: Iterable[str]) -> bool:
    """Is one of the directories on a way there for tests, examples or documentation?"""
    return any(name in _ILLUSTRATIVE or name.startswith("test") for name in names)


def homes(resource: Resource) -> set[str]:
    """The directory an object is written in, and that of the kustomization that emits it."""
    found = {posixpath.dirname(resource.file) or "."}
    if resource.emitter:
        found.add(resource.emitter)
    return found


def are_near(one: Resource, other: Resource) -> bool:
    """Do two objects belong to one directory, or to directories of which one holds the other?

    The root of the input holds everything, and counts for what stands in it alone.
    """
    return meet(homes(one), homes(other))


def meet(some: Iterable[str], others: Collection[str]) -> bool:
    """The same of directories: is one of each kind the same, or does it hold the other?"""
    return any(
        a == b or (a != "." and b.startswith(a + "/")) or (b != "." and a.startswith(b + "/"))
        for a in some
        for b in others
    )
