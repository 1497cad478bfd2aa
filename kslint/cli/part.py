"""Is only part of a repository checked, and does the rest hold manifests too?

Rules then do not know what they would know of the whole. The first manifest elsewhere tells, so a
few files are looked into, and no more than their beginnings.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kslint.config import excluder
from kslint.graph.evidence import is_illustrative
from kslint.source.bounds import root_of
from kslint.source.files import STDIN, Found, display, walk
from kslint.source.manifests import looks_like_manifest
from kslint.source.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.config import Config

MOST = 2000
"""Entries of directories that are looked at."""
_HEAD = 8 * 1024
"""Bytes of a file that tell what it is."""


def say_part(paths: Iterable[str], context: Iterable[str], config: Config) -> None:
    """On stderr, in one line, that there is more in the repository than what was read."""
    places = [path for path in paths if path != STDIN]
    if not places:
        return
    root = root_of(places[0] if os.path.isdir(places[0]) else os.path.dirname(places[0]))
    if not os.path.exists(os.path.join(root, ".git")):
        return
    covered = [os.path.abspath(path) for path in (*places, *context)]
    if root in covered or any(_illustrates(path, root) for path in covered):
        return
    other = _other(root, covered, config)
    if other is not None:
        sys.stderr.write(
            f"The repository holds other manifests, such as {display(other)}: "
            f"`--context {display(root)}` takes them into account\n"
        )


def _other(root: str, covered: list[str], config: Config) -> str | None:
    """A manifest of the repository that is in none of the paths."""
    excluded = excluder(config)
    left = MOST

    def passed(path: str, is_directory: bool) -> bool:
        nonlocal left
        left -= 1
        return (
            left < 0
            or path in covered
            or (is_directory and _illustrates(path, root))
            or (excluded is not None and excluded(path, is_directory))
        )

    for found in walk(root, passed):
        if isinstance(found, Found) and _is_manifest(found.path):
            return found.path
    return None


def _illustrates(path: str, root: str) -> bool:
    return is_illustrative(os.path.relpath(path, root).split(os.sep))


def _is_manifest(path: str) -> bool:
    try:
        with open(path, "rb") as handle:
            head = handle.read(_HEAD)
    except OSError:
        return False
    return b"apiVersion" in head and looks_like_manifest(Source(path, head, named=False))
