"""What git ignores: `.gitignore` files from the repository's root down to a directory.

A file that git tracks is not ignored, whatever these say.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.globs import Glob
from kslint.source.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Iterable


class Ignores:
    """The ignore files in force at a directory, the nearest one last (it decides).

    Where the directory itself is ignored, what git tracks in it is read and `only` that.
    """

    __slots__ = ("_only", "_tracked", "files")

    def __init__(
        self,
        files: tuple[tuple[str, Patterns], ...] = (),
        tracked: Tracked | None = None,
        only: bool = False,
    ) -> None:
        self.files = files
        self._tracked = tracked
        self._only = only

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
        tracked = Tracked(directory)
        excluded = os.path.join(directory, ".git", "info", "exclude")
        ignores = cls(tracked=tracked).reading(directory, excluded)
        for parent in reversed(chain):
            ignores = ignores.inside(parent)
        # who names an ignored directory wants it read
        ignored = ignores.says(root, is_directory=True)
        return cls(tracked=tracked) if ignored else ignores

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
                patterns = Patterns(line.rstrip("\r\n") for line in handle)
        except OSError:
            return self
        if not patterns:
            return self
        files = (*self.files, (os.path.abspath(directory), patterns))
        return Ignores(files, self._tracked, self._only)

    def match(self, path: str, is_directory: bool) -> bool:
        """True if git would ignore this path. The caller never descends into an ignored one."""
        if not self._only and not self.says(path, is_directory):
            return False
        return self._tracked is None or not self._tracked.holds(os.path.abspath(path), is_directory)

    def entering(self, directory: str) -> Ignores | None:
        """What counts in a directory, before its own file is read; None if it is ignored."""
        if not self._only and not self.says(directory, is_directory=True):
            return self
        tracked = self._tracked
        if tracked is None or not tracked.holds(os.path.abspath(directory), is_directory=True):
            return None
        return self if self._only else Ignores(self.files, tracked, only=True)

    def says(self, path: str, is_directory: bool) -> bool:
        """Do the files say that this path is to be ignored?"""
        if not self.files:
            return False
        path = os.path.abspath(path)
        for base, patterns in reversed(self.files):
            relative = os.path.relpath(path, base).replace(os.sep, "/")
            verdict = patterns.verdict(relative, is_directory)
            if verdict is not None:
                return verdict
        return False


class Pattern(NamedTuple):
    """One line of an ignore file. `named` patterns look at the last part of a path only."""

    ignores: bool
    directories: bool
    named: bool
    glob: Glob


class Patterns:
    """The patterns of an ignore file: the last one that names a path decides."""

    __slots__ = ("_literal", "_others", "_patterns")

    def __init__(self, lines: Iterable[str]) -> None:
        read = (pattern(line) for line in lines)
        self._patterns = [one for one in read if one is not None and not one.glob.never]
        self._literal: dict[tuple[str, bool], int] = {}
        """By the name that is meant, and whether only of directories: the last such line."""
        self._others: list[int] = []
        for number, one in enumerate(self._patterns):
            if one.named and one.glob.literal is not None:
                self._literal[one.glob.literal, one.directories] = number
            else:
                self._others.append(number)
        self._others.reverse()

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def verdict(self, path: str, is_directory: bool) -> bool | None:
        """What is said of the path itself, and not of a directory above it; None if nothing is.

        The path has `/` and starts where the patterns do.
        """
        path = _in_bytes(path)
        name = path.rpartition("/")[2]
        last = self._literal.get((name, False), -1)
        if is_directory:
            last = max(last, self._literal.get((name, True), -1))
        for number in self._others:
            if number < last:
                break
            one = self._patterns[number]
            if (is_directory or not one.directories) and one.glob.matches(
                name if one.named else path
            ):
                return one.ignores
        return None if last < 0 else self._patterns[last].ignores

    def covers(self, path: str, is_directory: bool) -> bool:
        """Is a path ignored, or a directory above it?"""
        end = path.find("/")
        while end >= 0:
            if self.verdict(path[:end], True):
                return True
            end = path.find("/", end + 1)
        return bool(self.verdict(path, is_directory))


def pattern(line: str) -> Pattern | None:
    """The pattern of a line; None for an empty one and a comment. `never` ones are no patterns."""
    line = _in_bytes(line)
    text = line.rstrip(" ")
    if len(text) < len(line) and (len(text) - len(text.rstrip("\\"))) % 2:
        text += " "  # a blank behind a backslash is meant
    if not text or text.startswith("#"):
        return None
    ignores = not text.startswith("!")
    text = text if ignores else text[1:]
    directories = text.endswith("/")
    text = text[:-1] if directories else text
    named = "/" not in text
    glob = Glob(text.removeprefix("/"), crossing=named)
    if not text:
        glob.never = True
    return Pattern(ignores, directories, named, glob)


def _in_bytes(text: str) -> str:
    """A text with a character for each of its bytes: that is what git's `?` stands for."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")
