"""What one object tells of another: files that only illustrate say nothing of the rest.

Tests, examples, documentation and archives hold manifests that nobody deploys together with the
others. What stands there is evidence for its own directory, and what is asked there is answered
there only; of excerpts, each file is for itself.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kslint.resources import Resource

_ILLUSTRATIVE = frozenset(
    {"archive", "archived", "archives", "conformance", "deprecated", "e2e", "example", "examples",
     "fixtures", "sample", "samples", "tutorials"}
)  # fmt: skip
"""Names of such directories, whatever dots and underscores they begin with; so are those that begin
with `test`."""

_PRODUCED = frozenset(
    {"__snapshot__", "__snapshots__", "expected", "golden", "goldens", "snapshots"}
)
"""Those of what came out of a test."""
_COMPARED = _PRODUCED | {"testdata"}
"""Those of what a test compares with, which nobody applies."""
_READ = frozenset({"doc", "docs"})
"""Those of excerpts to read."""
_TO_APPLY = frozenset({"example", "examples", "sample", "samples"})
"""Those that hold whole manifests, in documentation too."""


_TEMPLATE = re.compile(r"(?:.*[._-])?(?:template|tmpl|tpl)\.ya?ml", re.IGNORECASE)
"""What files are called whose values are to be filled in."""
_AWAITED = re.compile(r"(?:.*[._-])?(?:assert(?:[._-].*)?|golden|out|snap)\.ya?ml", re.IGNORECASE)
"""What files are called of which a test compares the parts that matter to it."""
_RELEASE = re.compile(r"(?:(?:version|release|rel)s?[-_]?)?v?\d+(?:\.(?:\d+|x))+\b.*")
"""A directory that is called after a release: `v0.3.0`, `version-0.3`, `release-1.2.x`."""


class _Use(NamedTuple):
    illustrates: bool
    excerpts: bool
    alone: bool
    compared: bool
    produced: bool


class Evidence:
    """Answers for one input: a directory that was named as a whole is judged from inside."""

    def __init__(self, files: Iterable[str]) -> None:
        directories = {posixpath.dirname(file) for file in files}
        mixed = len({directory.startswith("/") for directory in directories}) != 1
        self._root = "" if mixed else posixpath.commonpath(directories)
        self._known: dict[str, _Use] = {}

    def illustrates(self, resource: Resource) -> bool:
        """Does an object stand in a test, an example, documentation or an archive?"""
        return self._below(resource.file).illustrates

    def excerpts(self, resource: Resource) -> bool:
        """May an object be but a part: shown in documentation, or compared with by a test?"""
        return self._below(resource.file).excerpts

    def stands_alone(self, resource: Resource) -> bool:
        """Does its file show something by itself, as pages do and what tests compare with?"""
        return self._below(resource.file).alone

    def is_compared(self, file: str) -> bool:
        """Is a file there for a test to compare with?"""
        return self._below(file).compared

    def is_form(self, resource: Resource) -> bool:
        """Is an object a template to be filled in, or what a test awaits? Neither is applied as is.

        (A file of a kind such as WorkflowTemplate may be called so.)
        """
        name = posixpath.basename(resource.file)
        if self._below(resource.file).produced or _AWAITED.fullmatch(name):
            return True
        return _TEMPLATE.fullmatch(name) is not None and not resource.kind.endswith("Template")

    def _below(self, file: str) -> _Use:
        directory = posixpath.dirname(file)
        known = self._known.get(directory)
        if known is None:
            below = directory[len(self._root) :].lower().split("/")
            compared, read = not _COMPARED.isdisjoint(below), not _READ.isdisjoint(below)
            known = self._known[directory] = _Use(
                is_illustrative(below),
                compared or read,
                compared or (read and _TO_APPLY.isdisjoint(below)),
                compared,
                not _PRODUCED.isdisjoint(below),
            )
        return known

    def reaches(self, resource: Resource, asker: Resource | None) -> bool:
        """Does an object say anything of what another finds in the cluster?"""
        if not self.illustrates(resource) and (asker is None or not self.illustrates(asker)):
            return True
        return asker is not None and self.meet(resource, asker)

    def meet(self, one: Resource, other: Resource) -> bool:
        """Are two near each other, and not in different files of which each stands alone?"""
        apart = one.file != other.file and (self.stands_alone(one) or self.stands_alone(other))
        return not apart and are_near(one, other)


def is_illustrative(names: Iterable[str]) -> bool:
    """Is one of the directories on a way there for tests, examples, documentation or an archive?"""
    return any(
        name in _READ
        or name in _COMPARED
        or name.startswith("test")
        or name.lstrip("._") in _ILLUSTRATIVE
        for name in names
    )


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


def releases_in(resource: Resource) -> set[str]:
    """The releases that the directories on the way to an object are called after."""
    names = posixpath.dirname(resource.file).lower().split("/")
    return {name for name in names if _RELEASE.fullmatch(name)}
