"""What git ignores: `.gitignore` files from the repository's root down to a directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Ignores:
    """The ignore files in force at a directory, the nearest one last (it decides)."""

    __slots__ = ("specs",)

    def __init__(self, specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()) -> None:
        self.specs = specs

    @classmethod
    def above(cls, root: str) -> Ignores:
        """Those of the directories above `root`, up to the repository's root."""
        chain = []
        directory = os.path.abspath(root)
        top = None
        while not os.path.exists(os.path.join(directory, ".git")):
            parent = os.path.dirname(directory)
            if parent == directory:
                return cls()  # in no repository: only what the tree itself brings
            chain.append(parent)
            directory = parent
        top = directory
        ignores = cls()
        for parent in reversed(chain):
            if os.path.exists(os.path.join(parent, ".gitignore")):
                ignores = ignores.inside(parent)
        exclude = os.path.join(top, ".git", "info", "exclude")
        if os.path.isfile(exclude):
            ignores = ignores._with(top, exclude)
        return ignores

    def inside(self, directory: str) -> Ignores:
        """These and the directory's own `.gitignore`."""
        return self._with(directory, os.path.join(directory, ".gitignore"))

    def _with(self, directory: str, file: str) -> Ignores:
        try:
            with open(file, encoding="utf-8", errors="replace") as handle:
                lines = [line for line in handle if line.strip() and not line.startswith("#")]
        except OSError:
            return self
        if not lines:
            return self
        from pathspec import GitIgnoreSpec  # only where there is something to ignore: 28 ms

        return Ignores((*self.specs, (os.path.abspath(directory), GitIgnoreSpec.from_lines(lines))))

    def match(self, path: str, is_directory: bool) -> bool:
        """True if git would ignore this path. The caller never descends into an ignored one."""
        for base, spec in reversed(self.specs):
            relative = os.path.relpath(os.path.abspath(path), base).replace(os.sep, "/")
            verdict = spec.check_file(relative + "/" if is_directory else relative).include
            if verdict is not None:
                return verdict
        return False
