"""What git ignores: `.gitignore` files from the repository's root down to a directory."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    Rule = tuple[re.Pattern[str], bool]
    """A pattern, and whether it ignores or takes back."""

_DIRECTORY = "ps_d"
"""pathspec's name for the slash behind a directory's name."""


class Ignores:
    """The ignore files in force at a directory, the nearest one last (it decides)."""

    __slots__ = ("specs",)

    def __init__(self, specs: tuple[tuple[str, list[Rule]], ...] = ()) -> None:
        self.specs = specs

    @classmethod
    def above(cls, root: str) -> Ignores:
        """Those of the directories above `root`, up to the repository's root."""
        chain = []
        directory = os.path.abspath(root)
        while not os.path.exists(os.path.join(directory, ".git")):
            parent = os.path.dirname(directory)
            if parent == directory:
                return cls()  # in no repository: only what the tree itself brings
            chain.append(parent)
            directory = parent
        ignores = cls().reading(directory, os.path.join(directory, ".git", "info", "exclude"))
        for parent in reversed(chain):
            ignores = ignores.inside(parent)
        # who names an ignored directory wants it read
        return cls() if ignores.match(root, is_directory=True) else ignores

    def inside(self, directory: str) -> Ignores:
        """These and the directory's own `.gitignore`, if it has one."""
        return self.reading(directory, os.path.join(directory, ".gitignore"))

    def reading(self, directory: str, file: str) -> Ignores:
        """These and an ignore file whose patterns start from `directory`."""
        try:
            # only a regular file, as git has it: a pipe would block, a link leads elsewhere
            if not stat.S_ISREG(os.lstat(file).st_mode):
                return self
            with open(file, encoding="utf-8-sig", errors="surrogateescape") as handle:
                lines = [line.rstrip("\r\n") for line in handle]
        except OSError:
            return self
        lines = [line for line in lines if line.strip() and not line.startswith("#")]
        if not lines:
            return self
        return Ignores((*self.specs, (os.path.abspath(directory), _rules(lines))))

    def match(self, path: str, is_directory: bool) -> bool:
        """True if git would ignore this path. The caller never descends into an ignored one."""
        for base, rules in reversed(self.specs):
            relative = os.path.relpath(os.path.abspath(path), base).replace(os.sep, "/")
            verdict = _verdict(rules, relative + "/" if is_directory else relative)
            if verdict is not None:
                return verdict
        return False


def _verdict(rules: list[Rule], path: str) -> bool | None:
    """What the last rule says that names the path itself; None if there is none.

    pathspec's patterns also match what lies in a directory they name, and its `check_file` ranks
    such a match lower. So it takes `*` and `!*/` together for "nothing" where git says "all
    directories". Whoever never enters an ignored directory needs the direct matches only.
    """
    for regex, ignored in reversed(rules):
        if _DIRECTORY not in regex.groupindex:  # `*`, and `a/**`, which does not name `a` itself
            if regex.search(path.rstrip("/")):
                return ignored
            continue
        for match in regex.finditer(path):
            if match.end(_DIRECTORY) in (-1, len(path)):
                return ignored
    return None


def _rules(lines: list[str]) -> list[Rule]:
    """The patterns of an ignore file, without those that are none: git passes over them too."""
    from pathspec import GitIgnoreSpec  # only where there is something to ignore: 28 ms

    rules: list[Rule] = []
    for line in lines:
        try:
            patterns = GitIgnoreSpec.from_lines([line]).patterns
        except ValueError:
            continue
        rules += [(p.regex, p.include) for p in patterns if p.regex and p.include is not None]
    return rules
