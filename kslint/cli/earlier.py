"""The files of a tree as a git revision has them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kslint.config import excluder
from kslint.source.files import display, is_read_name, would_find

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kslint.config import Config
    from kslint.source.history import History
    from kslint.source.load import Input

_GLOB = frozenset("*?[")


class Earlier:
    """What some paths, the `tree`, held in a revision. Raises HistoryError where git fails."""

    def __init__(self, history: History, tree: list[str], config: Config) -> None:
        self.history = history
        self._tree = tree
        self._excluded = excluder(config)

    def beside(self, loaded: Input, same: Collection[str]) -> Input:
        """The input as it was. The files in `same` did not change, and are not parsed again."""
        from kslint.source.load import Input

        before = Input(
            [file for file in loaded.files if file.source.name in same],
            [trouble for trouble in loaded.troubles if trouble.span.file in same],
            [],
        )
        known = {file.source.name for file in loaded.files}
        known.update(skipped.file for skipped in loaded.skipped)
        changed = [(os.path.abspath(name), name) for name in known - set(same)]
        self._load([*changed, *self.gone(known)], before)
        return before

    def alone(self) -> Input:
        """The input as it was, whatever is there today."""
        from kslint.source.load import Input

        before = Input([], [], [])
        found = [(path, name) for path, name in self._below(self.history.files)
                 if would_find(os.path.relpath(path), self._excluded)]  # fmt: skip
        self._load(found, before)
        return before

    def gone(self, known: Collection[str]) -> Iterator[tuple[str, str]]:
        """Files that the tree had and has no more, as absolute path and name."""
        paths = self.history.files - {os.path.abspath(name) for name in known}
        for path, name in self._below(path for path in paths if is_read_name(path)):
            is_excluded = self._excluded is not None and self._excluded(path, False)
            if not os.path.lexists(path) and not is_excluded:
                yield path, name

    def _below(self, paths: Collection[str] | Iterator[str]) -> Iterator[tuple[str, str]]:
        """Of some absolute paths those in the tree, with the names to show."""
        roots = [(os.path.abspath(root), root) for root in map(_root, self._tree)]
        for path in sorted(paths):
            for base, root in roots:
                if path.startswith(os.path.join(base, "")):
                    yield path, display(os.path.join(root, os.path.relpath(path, base)))
                    break

    def _load(self, files: list[tuple[str, str]], result: Input) -> None:
        from kslint.source.load import load_source

        for source in self.history.read(files):
            load_source(source, result)
        result.files.sort(key=lambda file: file.source.name)


def _root(path: str) -> str:
    """The directory that a path of the tree is, or of a glob the one it begins at."""
    steps = path.split(os.sep)
    globs = [number for number, step in enumerate(steps) if not _GLOB.isdisjoint(step)]
    if not globs or os.path.isdir(path):
        return path
    return os.sep.join(steps[: globs[0]]) or os.curdir
