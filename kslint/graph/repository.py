"""The git repository that an input is, or is a part of: its URL and where its root lies.

Argo CD names things by repository URL and path from the root; the input may have been named
from anywhere above or below that root.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from kslint.source.globs import crossing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kslint.source.nodes import Node


_SIGNS = frozenset("*?[{")
MAX_LOOKS = 1_000_000
"""Paths that the patterns of all generators together are held against."""


class Repository:
    """Answers for paths as Argo CD writes them. Directories are those of known files.

    `files` are the names of all, `read` gives the roots of one's documents. `urls` are the
    repository URLs that Applications read git content from: the most frequent one is the input's
    own. `paths` are paths they name in it: the root is where most of them are found.
    """

    def __init__(
        self,
        files: Iterable[str],
        read: Callable[[str], list[Node]],
        urls: Iterable[str],
        paths: Iterable[str],
    ) -> None:
        self._files = set(files)
        self._read = read
        self._looks = MAX_LOOKS
        self._named: list[str] | None = None
        self._in_order: list[str] = []
        counts: dict[str, int] = {}
        for url in urls:
            counts[normal_url(url)] = counts.get(normal_url(url), 0) + 1
        self.url = max(counts, key=lambda url: (counts[url], url)) if counts else None
        self._directories: set[str] = set()
        for name in self._files:
            directory = posixpath.dirname(name)
            while directory not in self._directories:
                self._directories.add(directory)
                directory = posixpath.dirname(directory)
        self._above, self._cut = self._find_root(paths)

    def is_same(self, url: str | None) -> bool:
        """Is this the repository of the input?"""
        return url is not None and self.url is not None and normal_url(url) == self.url

    def is_ours(self, url: str) -> bool:
        """Does a repository belong to the same owner as that of the input?"""
        owner = (self.url or "").rpartition("/")[0]
        return not owner or normal_url(url).rpartition("/")[0] == owner

    def local(self, path: str) -> str | None:
        """A path from the root as the input names it; None if it lies outside the input."""
        path = posixpath.normpath(path.strip("/") or ".")
        path = "" if path == "." else path
        if self._cut:
            if path != self._cut and not path.startswith(self._cut + "/"):
                return None
            path = path[len(self._cut) + 1 :]
        return posixpath.join(self._above, path) if path else self._above

    def is_directory(self, local: str) -> bool:
        return local in self._directories

    def may_search(self) -> bool:
        """Is there room for more searches for what matches a pattern?"""
        return self._looks > 0

    def directories(self) -> list[str]:
        """Every known directory, by its path from the root."""
        if self._named is None:
            named = (self._from_root(directory) for directory in sorted(self._directories))
            self._named = [path for path in named if path]
        self._looks -= len(self._named)
        return self._named

    def files(self, pattern: str) -> Iterator[tuple[str, list[Node]]]:
        """The files whose path from the root matches a glob, and their documents.

        Stars cross slashes: Argo CD hands the pattern to `git ls-files`.
        """
        literal = None if _SIGNS.intersection(pattern) else self.local(pattern)
        if literal is None:
            self._in_order = self._in_order or sorted(self._files)
            self._looks -= len(self._in_order)
        for name in self._in_order if literal is None else [literal]:
            path = self._from_root(name) if name in self._files else None
            if path is not None and crossing(pattern, path):
                yield path, self._read(name)

    def _from_root(self, local: str) -> str | None:
        if self._above:
            if not local.startswith(self._above + "/"):
                return None
            local = local[len(self._above) + 1 :]
        return posixpath.join(self._cut, local) if self._cut else local

    def _find_root(self, paths: Iterable[str]) -> tuple[str, str]:
        """What to put before a path, and what to cut from it; most of the paths decide."""
        votes: dict[tuple[str, str], int] = {}
        known = self._directories | self._files
        wanted = {posixpath.normpath(path.strip("/")) for path in paths} - {".", ""}
        for name in known if wanted else ():
            parts = name.split("/")
            for n in range(len(parts)):
                if "/".join(parts[n:]) in wanted:
                    above = ("/".join(parts[:n]), "")
                    votes[above] = votes.get(above, 0) + 1
        deepest = 1 + max((name.count("/") for name in known), default=0)
        for path in wanted:
            parts = path.split("/")
            for n in range(max(1, len(parts) - deepest), len(parts)):
                if "/".join(parts[n:]) in known:
                    cut = ("", "/".join(parts[:n]))
                    votes[cut] = votes.get(cut, 0) + 1
        if not votes:
            return "", ""
        return max(votes, key=lambda root: (votes[root], -len(root[1]), -len(root[0]), root))


def normal_url(url: str) -> str:
    """A repository URL without scheme, user, port of ssh, `.git` and case."""
    url = url.strip().lower().partition("://")[2] or url.strip().lower()
    head, _, rest = url.partition("/")
    head = head.rpartition("@")[2]
    if ":" in head:  # git@host:owner/name, or ssh://git@host:22/owner/name
        host, _, tail = head.partition(":")
        head = host if tail.isdecimal() or not tail else f"{host}/{tail}"
    return f"{head}/{rest}".rstrip("/").removesuffix(".git")
