"""`--fix` and `--diff`: fixes written to their files, or shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kslint.cli.files import replace
from kslint.cli.formats import has_colour
from kslint.source.bounds import leads_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.running.fixing import Outcome
    from kslint.source.files import Source

_PAINT = {"+": "\x1b[32m{}\x1b[0m\n", "-": "\x1b[31m{}\x1b[0m\n", "@": "\x1b[36m{}\x1b[0m\n"}


def show(outcome: Outcome, unsafe: bool) -> None:
    """A unified diff of what `--fix` would do, as `git apply` reads it, and a word on stderr."""
    colour = has_colour()
    for before, after in _pairs(outcome):
        for line in _diff(before, after):
            paint = _PAINT.get(line[0]) if colour else None
            sys.stdout.write(paint.format(line.rstrip("\n")) if paint else line)
    sys.stdout.flush()
    more = "" if unsafe else _more(outcome)
    fixed = sum(outcome.fixed.values())
    would = f"--fix would fix {_count(fixed)}" if fixed else "Nothing to fix"
    sys.stderr.write(f"{would}{more}\n")


def save(outcome: Outcome) -> tuple[dict[str, Source], int, bool]:
    """Write the fixed files: those written by name, findings fixed, and was all written?

    A file that cannot be written, or is another than when it was read, stays as it is; stderr
    says so.
    """
    saved = {}
    for old, new in _pairs(outcome):
        why = _write(old, new.data)
        if why is None:
            saved[new.name] = new
        else:
            sys.stderr.write(f"{old.name}: not fixed: {why}\n")
    fixed = sum(count for name, count in outcome.fixed.items() if name in saved)
    return saved, fixed, len(saved) == len(outcome.changed)


def _write(before: Source, data: bytes) -> str | None:
    """Write a file, or say why not."""
    if not before.path:
        return "it was read from a pipe"
    real = os.path.realpath(before.path)
    if leads_out(before.path):
        return f"a link leads to it, out of this repository; name {real} itself"
    try:
        if not os.stat(real).st_mode & 0o222 or not os.access(real, os.W_OK):
            return "it is read-only"
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
    name = before.name
    tree = not os.path.isabs(name) and not name.startswith("<")
    heads = (f"a/{name}", f"b/{name}") if tree else (name, name)
    for line in difflib.unified_diff(_ended(old), _ended(new), *heads):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _ended(lines: list[str]) -> list[str]:
    """Lines with their ends; what stands behind the last one is a line if it is something."""
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _more(outcome: Outcome) -> str:
    from kslint.running.fixing import available

    left = len(available(outcome.result.findings, unsafe=True))
    return f"; {left} more with --unsafe-fixes" if left else ""


def _count(amount: int) -> str:
    return f"{amount} finding{'' if amount == 1 else 's'}"
