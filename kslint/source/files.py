"""Finding and reading input: paths, directories, globs and stdin, as bytes with a name.

Nothing outside what was named is read: links are not followed, only regular files are
opened, and what git ignores is skipped.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.text import Source as Source  # noqa: PLC0414
from kslint.source.text import encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Excluder = Callable[[str, bool], bool]
    """Says of a path found in a directory, and whether it is one itself, if it is passed by."""

    from kslint.source.ignore import Ignores

SUFFIXES = (".yaml", ".yml", ".json")
BARE_NAMES = frozenset({"Kustomization"})
"""Files that are YAML without saying so in their name."""
CONFIG_FILES = ("kslint.yaml", "kslint.yml", ".kslint.yaml")
"""Our own configuration, by its names: no manifests."""
BASELINE_FILE = ".kslint-baseline.json"
"""Where a baseline stands if nothing else is said: no manifest either."""
MAX_BYTES = 32 * 1024 * 1024
SKIPPED_DIRECTORIES = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox",
     ".kslint", ".terraform", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)  # fmt: skip
STDIN = "-"
BINARY, ENCRYPTED = "binary data", "encrypted by git-crypt"
"""Why a file is passed over of which nothing can be read."""
_HEAD = 1024 * 1024
"""Bytes of a file that is too large, to tell what it is."""
_GIT_CRYPT = b"\0GITCRYPT\0"
STDIN_NAME = "<stdin>"
_GLOB = frozenset("*?[")


class InputProblem(NamedTuple):
    """Something named or found that cannot be read: the file and why.

    `passed_over` says that it is no manifest either, and that nobody named it.
    """

    file: str
    message: str
    passed_over: bool = False


class Found(NamedTuple):
    """A file to read. `explicit` files were named and are read whatever their suffix.

    Of what is `context`, nothing is reported.
    """

    path: str
    name: str
    explicit: bool
    context: bool = False


def display(path: str) -> str:
    r"""The path relative to the working directory, with `/`; as it was given if it lies outside.

    Bytes that are no UTF-8 are shown as `\xff`, so that every report can be printed.
    """
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive, on Windows
        relative = ".."
    if relative.split(os.sep, 1)[0] == "..":
        relative = os.path.normpath(path)
    relative = relative.replace(os.sep, "/")
    if relative.isascii():
        return relative
    return relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_read_name(path: str) -> bool:
    """Would a file of this path be read, if it stood in a directory that is walked?"""
    *directories, name = path.split(os.sep)
    return _is_manifest_name(name) and SKIPPED_DIRECTORIES.isdisjoint(directories)


def _is_manifest_name(name: str) -> bool:
    is_known = name.lower().endswith(SUFFIXES) or name in BARE_NAMES
    return is_known and name not in (*CONFIG_FILES, BASELINE_FILE)


def discover(
    paths: Iterable[str],
    exclude: Excluder | None = None,
    stdin_name: str | None = None,
    context: Iterable[str] = (),
) -> Iterator[Found | InputProblem]:
    """Every file to read under `paths`, each once; problems where a path cannot be used.

    They come as a walk of one directory above all of them would, whatever the order of the paths.
    What is named is read, even if `exclude` means it. Stdin stands for the file `stdin_name`,
    which is not read then. What is found under `context` only is marked so.
    """
    known: dict[str, Found | InputProblem] = {}
    directories: dict[str, str] = {}
    for path in paths:
        for found in _expand(path, exclude, stdin_name):
            identity = _identity(found, directories)
            other = known.get(identity)
            if other is None or _preference(found) < _preference(other):
                known[identity] = found
    asked = set(known)
    for path in context:
        for found in _context(path, exclude):
            identity = _identity(found, directories)
            if identity not in asked:
                known[identity] = found
    yield from sorted(known.values(), key=in_a_walk)


def _context(path: str, exclude: Excluder | None) -> Iterator[Found | InputProblem]:
    """What a path of the context leads to; of what cannot be read below it, nothing is said."""
    for found in _expand(path, exclude):
        if isinstance(found, Found):
            yield found._replace(context=True)
        elif not os.path.isdir(path):
            yield found


def _preference(found: Found | InputProblem) -> tuple[bool, bool, str]:
    """Of several roads to one file: what stands for it comes first, then what names it."""
    if isinstance(found, InputProblem):
        return True, True, found.file
    return found.path != STDIN, not found.explicit, found.name


def in_a_walk(found: Found | InputProblem) -> list[tuple[bool, str]]:
    """What a walk orders files by: in each directory the files, then the directories."""
    name = found.file if isinstance(found, InputProblem) else found.name
    *directories, last = name.split("/")
    return [*((True, directory) for directory in directories), (False, last)]


def _identity(found: Found | InputProblem, directories: dict[str, str]) -> str:
    """What tells a file from another, by whatever road it was reached."""
    if isinstance(found, InputProblem):
        return f"{found.file}\0{found.message}"
    if found.path == STDIN:
        return os.path.realpath(found.name)
    if found.explicit:
        return os.path.realpath(found.path)
    directory, name = os.path.split(found.path)  # files found in a directory are no links
    if directory not in directories:
        directories[directory] = os.path.realpath(directory)
    return os.path.join(directories[directory], name)


def read(found: Found, max_bytes: int = MAX_BYTES) -> Source | InputProblem:
    """The bytes of a found file, or why not. Binary data is recognised by its zero bytes."""
    path = ""
    try:
        if found.path == STDIN:
            data = sys.stdin.buffer.read(max_bytes + 1)
            size = len(data)
        else:
            with open(found.path, "rb", buffering=0) as handle:
                status = os.fstat(handle.fileno())
                path, size = found.path if stat.S_ISREG(status.st_mode) else "", status.st_size
                limit = max_bytes + 1 if size <= max_bytes else 0 if found.explicit else _HEAD
                data = _read_up_to(handle, limit)
                size = max(size, len(data))
    except OSError as error:
        return InputProblem(found.name, f"cannot be read: {error.strerror or error}")
    source = Source(found.name, data, path, found.explicit, found.context)
    if size > max_bytes:
        reason = f"larger than {max_bytes // (1024 * 1024)} MiB"
        advice = "no Kubernetes object is (the API server takes 1.5 MiB): exclude it, or split it"
        return _unread(source, f"is {reason}; {advice}", reason)
    if b"\0" in data[:8192] and not encoding_of(data).startswith("utf-16"):
        reason = ENCRYPTED if data.startswith(_GIT_CRYPT) else BINARY
        return _unread(source, "holds binary data, not YAML or JSON", reason)
    if found.name == STDIN_NAME and not data.strip():
        return InputProblem(found.name, "is empty; did the command before the pipe fail?")
    return source


def _unread(source: Source, problem: str, reason: str) -> InputProblem:
    """A problem; of what was come upon, and is no manifest by its head, why it is passed over."""
    from kslint.source.manifests import looks_like_manifest

    if source.named or looks_like_manifest(source):
        return InputProblem(source.name, problem)
    return InputProblem(source.name, reason, passed_over=True)


def read_all(
    paths: Iterable[str],
    exclude: Excluder | None = None,
    stdin_name: str | None = None,
    context: Iterable[str] = (),
) -> list[Source | InputProblem]:
    """Everything that `discover` finds, read, but for context that cannot be."""
    read_in = []
    for found in discover(paths, exclude, stdin_name, context):
        source = found if isinstance(found, InputProblem) else read(found)
        if isinstance(source, Source) or isinstance(found, InputProblem) or not found.context:
            read_in.append(source)
    return read_in


def is_chart_template(source: Source) -> bool:
    """Is it a file with `{{` in the templates of a Helm chart, which has its Chart.yaml above?"""
    if b"{{" not in source.data:
        return False
    above, found, _ = os.path.abspath(source.name).rpartition("/templates/")
    while found:
        if os.path.exists(above + "/Chart.yaml"):
            return True
        above, found, _ = above.rpartition("/templates/")
    return False


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


def _expand(
    path: str, exclude: Excluder | None, stdin_name: str | None = None
) -> Iterator[Found | InputProblem]:
    if path == STDIN:
        yield Found(STDIN, display(stdin_name) if stdin_name else STDIN_NAME, True)
        return
    if not path:
        yield InputProblem("<empty path>", "a path is empty; is a variable not set?")
        return
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if _GLOB.intersection(path):
            yield from _glob(path, exclude)
        else:
            gone = os.path.islink(path) and isinstance(error, FileNotFoundError)
            message = "is a link to nothing" if gone else _stat_message(error)
            yield InputProblem(display(path), message)
        return
    except ValueError:
        yield InputProblem(repr(path)[1:-1], "is not a path")
        return
    if stat.S_ISDIR(mode):
        yield from walk(path, exclude)
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode):  # a pipe: `kslint check <(kustomize build .)`
        yield Found(path, display(path), True)
    else:
        yield InputProblem(display(path), "is neither a file nor a directory")


def _stat_message(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    return f"cannot be read: {error.strerror or error}"


def _glob(pattern: str, exclude: Excluder | None) -> Iterator[Found | InputProblem]:
    """What a pattern matches; `**` stands for any number of directories.

    As in a shell, `*` does not match hidden names. `**` follows no links (a loop of them would
    never end) and leaves out the directories that a walk leaves out. What links lead to outside of
    the repository, or of the directory that the pattern starts from, was not named by the user.
    """
    from kslint.source.bounds import is_inside

    root, rest = os.path.splitdrive(pattern)
    if rest.startswith(os.sep):
        root += os.sep
    steps = [step for step in rest.split(os.sep) if step]
    fixed = next(number for number, step in enumerate(steps) if _GLOB.intersection(step))
    start = os.path.realpath(os.path.join(root, *steps[:fixed]))
    matches = [match for match in sorted(set(_matches(root, steps))) if is_inside(match, start)]
    if not matches:
        yield InputProblem(display(pattern), "matches no file")
    for match in matches:
        yield from _expand(match, exclude)


def _matches(base: str, steps: list[str]) -> Iterator[str]:
    """The paths under `base` that match a pattern's remaining steps."""
    if not steps:
        yield base
        return
    step, rest = steps[0], steps[1:]
    if not _GLOB.intersection(step):
        path = os.path.join(base, step)
        if os.path.lexists(path):
            yield from _matches(path, rest)
        return
    from kslint.source.globs import of_name

    if step == "**":
        while rest[:1] == ["**"]:
            rest = rest[1:]
        yield from _matches(base, rest or ["*"])
    for entry in _entries(base):
        hidden = entry.name.startswith(".") and not step.startswith(".")
        if step == "**":
            is_below = entry.is_dir(follow_symlinks=False) and entry.name not in SKIPPED_DIRECTORIES
            if is_below and not hidden:
                yield from _matches(entry.path, [step, *rest])
        elif not hidden and of_name(step).matches(entry.name) and (not rest or entry.is_dir()):
            yield from _matches(entry.path, rest)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory or os.curdir) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
    return listing


def walk(root: str, exclude: Excluder | None) -> Iterator[Found | InputProblem]:
    """Files under a directory, sorted by path; ignored ones are never descended into."""
    from kslint.source.ignore import Ignores

    stack = [(root, Ignores.above(root))]
    while stack:
        directory, ignores = stack.pop()
        try:
            with os.scandir(directory) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
            names = {entry.name for entry in listing}
            if "pyvenv.cfg" in names and directory != root:
                continue
            if ".gitignore" in names:
                ignores = ignores.inside(directory)
            entered = [entry.path for entry in listing if _is_entered(entry)]
            inner = ((path, ignores.entering(path)) for path in entered)
            below = [(path, within) for path, within in inner if within is not None]
            files = [entry.path for entry in listing if _is_read(entry, ignores)]
            if exclude is not None:
                below = [(path, within) for path, within in below if not exclude(path, True)]
                files = [path for path in files if not exclude(path, False)]
        except OSError as error:
            yield InputProblem(display(directory), _stat_message(error))
            continue
        for path in files:
            yield Found(path, display(path), False)
        stack.extend(reversed(below))


def would_find(path: str, exclude: Excluder | None = None) -> bool:
    """Would a walk of the working directory come upon this file below it, were it there?"""
    from kslint.source.ignore import Ignores

    if not is_read_name(path):
        return False
    directory, ignores = os.curdir, Ignores.above(os.curdir)
    *above, name = path.split(os.sep)
    for step in above:
        outer = ignores.inside(directory)
        directory = os.path.join(directory, step)
        within = outer.entering(directory)
        if (
            within is None
            or os.path.exists(os.path.join(directory, "pyvenv.cfg"))
            or (exclude is not None and exclude(directory, True))
        ):
            return False
        ignores = within
    file = os.path.join(directory, name)
    ignored = ignores.inside(directory).match(file, is_directory=False)
    return not ignored and (exclude is None or not exclude(file, False))


def _is_entered(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and entry.name not in SKIPPED_DIRECTORIES


def _is_read(entry: os.DirEntry[str], ignores: Ignores) -> bool:
    """A regular file of a known suffix: pipes, devices and links are left alone."""
    return (
        _is_manifest_name(entry.name)
        and entry.is_file(follow_symlinks=False)
        and not ignores.match(entry.path, is_directory=False)
    )
