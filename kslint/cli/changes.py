"""What `kslint diff` and `kslint upgrade` have in common: they compare, print and end alike."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from kslint.cli.formats import outputs, replace
from kslint.cli.terminal import has_colour
from kslint.cli.usage import Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kslint.changes import Comparison
    from kslint.changes.side import Side
    from kslint.cli.formats import Output

FORMATS = ("text", "markdown", "json")


def outputs_of(options: Iterable[str] | None) -> list[Output]:
    """The reports that are asked for. Raises UsageError."""
    return outputs(options, FORMATS)


def compared(labels: tuple[str, str], old: Side, new: Side) -> Comparison:
    """What differs between two states of a tree, each with what it is called."""
    from kslint.changes import Comparison
    from kslint.changes.comparing import compare
    from kslint.changes.unmodelled import unmodelled
    from kslint.changes.upgrading import installed, with_upgrade

    move = installed(old.model, new.model)
    found = with_upgrade(compare(old, new), old, new, move)
    failed = bool(old.loaded.troubles or new.loaded.troubles)
    others = tuple(unmodelled(old, new, found))
    return Comparison("diff", *labels, tuple(found), others, failed)


def finish(
    comparison: Comparison,
    wanted: Iterable[Output],
    exit_code: bool,
    sides: Sequence[Side],
) -> NoReturn:
    """Print or write every report, say what could not be read, and end. Raises Stop."""
    _say_troubles(sides)
    written = [_write(output, comparison, sides) for output in wanted]
    if comparison.failed or not all(written):
        raise Stop(2)
    raise Stop(int(exit_code and comparison.differs))


def _say_troubles(sides: Sequence[Side]) -> None:
    said = set()
    for side in sides:
        for trouble in side.loaded.troubles:
            text = f"{trouble.span}: {trouble.message}"
            if text not in said:
                said.add(text)
                sys.stderr.write(f"{text}\n")


def _write(output: Output, comparison: Comparison, sides: Sequence[Side]) -> bool:
    colour = output.file is None and has_colour()
    report = import_module(f"kslint.report.changes.{output.format}")
    text: str = report.render(comparison, colour)
    if output.file is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return True
    place = os.path.realpath(output.file)
    read = (file.source.name for side in sides for file in side.loaded.files)
    why: str | None = "holds input, and is not overwritten"
    if all(os.path.realpath(name) != place for name in read):
        why = replace(output.file, text)
    if why is not None:
        sys.stderr.write(f"{output.file}: {why}\n")
    return why is None
