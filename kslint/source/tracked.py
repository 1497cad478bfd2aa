"""What git tracks, by its index: such a file is in the repository though `.gitignore` names it.

git itself is not run. Format: gitformat-index(5), versions 2 to 4.
"""

from __future__ import annotations

import os
import stat
from functools import cached_property

_MOST = 256 * 1024 * 1024
_HEADER, _STATUS, _FLAGS, _MORE_FLAGS = 12, 40, 2, 2
_EXTENDED, _NAME_LENGTH = 0x4000, 0x0FFF
_DIGESTS = (20, 32)
"""Bytes of an object's id: by SHA-1, or by SHA-256. The index does not say which it has."""


class Tracked:
    """The files that the index of one repository names; read when something first asks."""

    def __init__(self, root: str) -> None:
        self._root = root

    def holds(self, path: str, is_directory: bool) -> bool:
        """Is a file tracked, or anything in a directory?"""
        relative = os.fsencode(os.path.relpath(path, self._root).replace(os.sep, "/"))
        return relative in (self._directories if is_directory else self._files)

    @cached_property
    def _files(self) -> frozenset[bytes]:
        file = os.path.join(self._root, ".git", "index")
        try:
            status = os.lstat(file)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
                return frozenset()
            with open(file, "rb") as handle:
                data = handle.read()
        except OSError:
            return frozenset()
        for digest in _DIGESTS:
            found = _names(data, digest)
            if found is not None:
                return frozenset(found)
        return frozenset()

    @cached_property
    def _directories(self) -> frozenset[bytes]:
        found: set[bytes] = set()
        for name in self._files:
            above = name.rpartition(b"/")[0]
            while above and above not in found:
                found.add(above)
                above = above.rpartition(b"/")[0]
        return frozenset(found)


def _names(data: bytes, digest: int) -> list[bytes] | None:
    """The paths of an index; None if it is none, or none with ids of so many bytes."""
    version = int.from_bytes(data[4:8], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        return None
    found: list[bytes] = []
    begin, name = _HEADER, b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        at = begin + _STATUS + digest
        flags = int.from_bytes(data[at : at + _FLAGS], "big")
        at += _FLAGS + (_MORE_FLAGS if flags & _EXTENDED and version > 2 else 0)
        kept = 0
        if version == 4:
            dropped, at = _number(data, at)
            kept = len(name) - dropped
        end = data.find(b"\0", at)
        if end < 0 or kept < 0:
            return None
        name = name[:kept] + data[at:end]
        if not name or min(len(name), _NAME_LENGTH) != flags & _NAME_LENGTH:
            return None
        found.append(name)
        begin = end + 1 if version == 4 else begin + ((end - begin) // 8 + 1) * 8
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number in as many bytes as it takes, and where it ends."""
    value = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value += byte & 0x7F
        if not byte & 0x80:
            break
        value = (value + 1) << 7
    return value, at
