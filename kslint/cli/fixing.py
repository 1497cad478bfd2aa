"""`--fix` and `--diff`: fixes written to their files, or shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kslint.cli.files import replace
from kslint.cli.terminal import has_colour
from kslint.report.frames import printable
from kslint.source.bounds import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.running.fixing import Outcome
    from kslint.source.files import Source

_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')
"""Bytes that need no quotes in the name of a file in a patch."""
_PAINT = {"+": "\x1b[32m{}\x1b[0m\n", "-": "\x1b[31m{}\x1b[0m\n", "@": "\x1b[36m{}\x1b[0m\n"}


def show(outcome: Outcome, unsafe: bool) -> None:
    """A unified diff of what `--fix` would do, as `git apply` reads it, and a word on stderr."""
    print_diff(_pairs(outcome))
    _say_undone(outcome)
    more = f"; {outcome.more} more with --unsafe-fixes" if outcome.more and not unsafe else ""
    fixed = sum(outcome.fixed.values())
    would = f"--fix would fix {_count(fixed)}" if fixed else "Nothing to fix"
    sys.stderr.write(f"{would}{more}\n")


def print_diff(pairs: Iterable[tuple[Source, Source]]) -> None:
    """Print a unified diff of files before and after, in colour on a terminal."""
    colour = has_colour()
    for before, after in pairs:
        for line in _diff(before, after):
            paint = _PAINT.get(line[0]) if colour else None
            sys.stdout.write(paint.format(line.rstrip("\n")) if paint else line)
    sys.stdout.flush()


def save(outcome: Outcome) -> tuple[dict[str, Source], int, bool]:
    """Write the fixed files: those written by name, findings fixed, and was all written?

    A file that cannot be written, or is another than when it was read, stays as it is; stderr
    says so.
    """
    _say_undone(outcome)
    saved = write(_pairs(outcome), "not fixed")
    fixed = sum(count for name, count in outcome.fixed.items() if name in saved)
    return saved, fixed, len(saved) == len(outcome.changed)


def write(pairs: Iterable[tuple[Source, Source]], refusal: str) -> dict[str, Source]:
    """Write files anew: those written, by name. Stderr says why others are not."""
    saved = {}
    for old, new in pairs:
        why = _write(old, new.data)
        if why is None:
            saved[new.name] = new
        else:
            sys.stderr.write(printable(f"{old.name}: {refusal}: {why}") + "\n")
    return saved


def _write(before: Source, data: bytes) -> str | None:
    """Write a file, or say why not."""
    if not before.path:
        return "it was read from a pipe"
    real = os.path.realpath(before.path)
    if leads_out(before.path):
        return f"a link leads to it, out of this repository; name {real} itself"
    try:
        status = os.stat(real)
        if not status.st_mode & 0o222 or not os.access(real, os.W_OK):
            return "it is read-only"
        if status.st_nlink > 1:
            return "it has other names (hard links), under which the old text would stay"
        with open(real, "rb") as handle:
            if handle.read(len(before.data) + 1) != before.data:
                return "it was changed while it was checked"
        replace(real, data)
    except OSError as error:
        return f"it cannot be written: {error.strerror or error}"
    return None


def _pairs(outcome: Outcome) -> Iterator[tuple[Source, Source]]:
    """Each changed file before and after, in the order they were read in."""
    for file in outcome.loaded.files:
        before = outcome.changed.get(file.source.name)
        if before is not None:
            yield before, file.source


def _diff(before: Source, after: Source) -> Iterator[str]:
    import difflib

    old, new = (source.text().split("\n") for source in (before, after))
    name = _name(before)
    tree = not os.path.isabs(name) and not name.startswith("<")
    heads = (_quoted(f"a/{name}"), _quoted(f"b/{name}")) if tree else (_quoted(name), _quoted(name))
    for line in difflib.unified_diff(_ended(old), _ended(new), *heads):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _name(source: Source) -> str:
    """A file's name with the very bytes that it has on the disk, which display names may not."""
    if "\\" not in source.name or not source.path:
        return source.name
    return os.path.relpath(source.path).replace(os.sep, "/")


def _quoted(name: str) -> str:
    """A file's name as git writes it into patches: on one line, whatever is in it."""
    data = name.encode("utf-8", "surrogateescape")
    if all(byte in _PLAIN for byte in data):
        return f"{name}\t" if " " in name else name
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in data) + '"'


def _ended(lines: list[str]) -> list[str]:
    """Lines with their ends; what stands behind the last one is a line if it is something."""
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _say_undone(outcome: Outcome) -> None:
    """On stderr, which fixes were offered and taken back."""
    for finding, why in outcome.undone:
        text = f"{finding.span}: not fixed: the fix of {finding.rule} was taken back, as {why}"
        sys.stderr.write(printable(text) + "\n")


def _count(amount: int) -> str:
    return f"{amount} finding{'' if amount == 1 else 's'}"
