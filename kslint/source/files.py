"""Finding and reading input: paths, directories, globs and stdin, as bytes with a name.

Nothing outside what was named is read: links are not followed, only regular files are
opened, and what git ignores is skipped.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = (".yaml", ".yml", ".json")
MAX_BYTES = 32 * 1024 * 1024
SKIPPED_DIRECTORIES = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox",
     ".terraform", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)  # fmt: skip
STDIN = "-"
_GLOB = frozenset("*?[")
_LINE_BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")


class Source:
    """One input: its name as shown to the user (relative, with `/`) and its bytes."""

    __slots__ = ("_lines", "data", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data
        self._lines: list[str] | None = None

    def text(self) -> str:
        return self.data.decode(encoding_of(self.data), errors="replace")

    def line(self, number: int) -> str:
        """The text of a 1-based line without its break; "" beyond the end."""
        if self._lines is None:
            self._lines = split_lines(self.text())
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class InputProblem(NamedTuple):
    """Something named or found that cannot be read: the file and why."""

    file: str
    message: str


class Found(NamedTuple):
    """A file to read. `explicit` files were named and are read whatever their suffix."""

    path: str
    name: str
    explicit: bool


def encoding_of(data: bytes) -> str:
    """UTF-8 unless a byte order mark, or the zero bytes of ASCII in UTF-16, say otherwise."""
    if data[:3] == b"\xef\xbb\xbf":
        return "utf-8-sig"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(data) > 3 and data[0] == 0 != data[1] and data[2] == 0:
        return "utf-16-be"
    if len(data) > 3 and data[1] == 0 != data[0] and data[3] == 0:
        return "utf-16-le"
    return "utf-8"


def split_lines(text: str) -> list[str]:
    """Lines as libyaml counts them; `str.splitlines` knows breaks that YAML does not."""
    if any(mark in text for mark in "\r\x85\u2028\u2029"):
        for line_break in _LINE_BREAKS:
            text = text.replace(line_break, "\n")
    return text.split("\n")


def display(path: str) -> str:
    """The path relative to the working directory, with `/`; absolute if it lies outside."""
    relative = os.path.relpath(path)
    if relative.startswith(".."):
        relative = os.path.normpath(path)
    return relative.replace(os.sep, "/")


def discover(paths: Iterable[str]) -> Iterator[Found | InputProblem]:
    """Every file to read under `paths`, sorted, each once; problems where a path cannot be used."""
    seen: set[str] = set()
    for path in paths:
        for found in _expand(path):
            if isinstance(found, Found):
                identity = os.path.abspath(found.path) if found.path != STDIN else STDIN
                if identity in seen:
                    continue
                seen.add(identity)
            yield found


def read(found: Found, max_bytes: int = MAX_BYTES) -> Source | InputProblem:
    """The bytes of a found file, or why not. Binary data is recognised by its zero bytes."""
    try:
        if found.path == STDIN:
            data = sys.stdin.buffer.read(max_bytes + 1)
            size = len(data)
        else:
            with open(found.path, "rb", buffering=0) as handle:
                size = os.fstat(handle.fileno()).st_size
                data = b"" if size > max_bytes else _read_up_to(handle, max_bytes + 1)
                size = max(size, len(data))
    except OSError as error:
        return InputProblem(found.name, f"cannot be read: {error.strerror or error}")
    if size > max_bytes:
        return InputProblem(
            found.name,
            f"is larger than {max_bytes // (1024 * 1024)} MiB; no Kubernetes object is "
            "(the API server takes 1.5 MiB): exclude it, or split it",
        )
    if b"\0" in data[:8192] and not encoding_of(data).startswith("utf-16"):
        return InputProblem(found.name, "holds binary data, not YAML or JSON")
    return Source(found.name, data)


def _read_up_to(handle: object, limit: int) -> bytes:
    """All bytes of an unbuffered file or pipe, at most `limit`."""
    parts = []
    left = limit
    while left > 0:
        part = handle.read(min(left, 1 << 20))  # type: ignore[attr-defined]
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _expand(path: str) -> Iterator[Found | InputProblem]:
    if path == STDIN:
        yield Found(STDIN, "<stdin>", True)
        return
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if _GLOB.intersection(path):
            yield from _glob(path)
        else:
            yield InputProblem(display(path), _stat_message(error))
        return
    except ValueError:
        yield InputProblem(repr(path), "is not a path")
        return
    if stat.S_ISDIR(mode):
        yield from _walk(path)
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode):  # a pipe: `kslint check <(kustomize build .)`
        yield Found(path, display(path), True)
    else:
        yield InputProblem(display(path), "is neither a file nor a directory")


def _stat_message(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    return f"cannot be read: {error.strerror or error}"


def _glob(pattern: str) -> Iterator[Found | InputProblem]:
    import glob

    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        yield InputProblem(pattern, "matches no file")
    for match in matches:
        yield from _expand(match)


def _walk(root: str) -> Iterator[Found | InputProblem]:
    """Files under a directory, sorted by path; ignored ones are never descended into."""
    from kslint.source.ignore import Ignores

    stack = [(root, Ignores.above(root))]
    while stack:
        directory, ignores = stack.pop()
        try:
            with os.scandir(directory) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield InputProblem(display(directory), _stat_message(error))
            continue
        names = {entry.name for entry in listing}
        if "pyvenv.cfg" in names and directory != root:
            continue
        if ".gitignore" in names:
            ignores = ignores.inside(directory)
        below = []
        for entry in listing:
            is_directory = entry.is_dir(follow_symlinks=False)
            if is_directory:
                if entry.name in SKIPPED_DIRECTORIES or ignores.match(entry.path, True):
                    continue
                below.append((entry.path, ignores))
            elif (
                entry.name.lower().endswith(SUFFIXES)
                and entry.is_file(follow_symlinks=False)
                and not ignores.match(entry.path, False)
            ):
                yield Found(entry.path, display(entry.path), False)
        stack.extend(reversed(below))
