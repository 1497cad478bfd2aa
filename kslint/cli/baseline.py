"""`kslint baseline`: findings that were there before, and do not count."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli import baselines
from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    IsolatedOption,
)
from kslint.cli.progress import Progress
from kslint.cli.root import app

if TYPE_CHECKING:
    from kslint.findings.baseline import Baseline
    from kslint.source.load import Input

baseline = typer.Typer(
    help="Record known findings, so that only new ones fail a run.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(baseline, name="baseline")


@baseline.command()
def write(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="What to check.", show_default="what it was written from before, or ."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="The file to write.",
            show_default="the nearest .kslint-baseline.json upward, or a new one",
        ),
    ] = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Record the current findings, so that later runs do not count them.

    Entries about files outside PATHS are kept, and entries whose finding is gone are dropped. If
    any input cannot be read, nothing is written and the exit code is 2.
    """
    from kslint.cli.formats import replace
    from kslint.cli.inputs import context_of, in_force, read_input, say_broken
    from kslint.config.file import find_baseline
    from kslint.findings.baseline import renewed, text
    from kslint.running import engine
    from kslint.source.files import BASELINE_FILE

    config, book = in_force(paths, config_file, isolated)
    file = find_baseline(paths, file, config) or os.path.join(config.directory, BASELINE_FILE)
    old = _old(file)
    paths = paths or _paths_of(old) or ["."]
    progress = Progress("reading")
    loaded = read_input(paths, config, context_of(config))
    progress.doing = f"checking {len(loaded.files)} files"
    result = engine.run(loaded, engine.choose(book, config), config, book)
    progress.end()
    if result.failed:
        say_broken(result, book)
        reason = "not written, as not all could be checked: mend these files, or `exclude` them"
        typer.echo(f"{old.name}: {reason} in kslint.yaml", err=True)
        raise typer.Exit(2)
    ids = {rule.id for rule in book if not rule.reserved}
    held = [f for f in result.findings if f.suppressed is None and f.rule in ids]
    new = renewed(old, held, paths, _names(loaded))
    why = replace(file, text(new))
    if why is not None:
        typer.echo(f"{old.name}: {why}", err=True)
        raise typer.Exit(2)
    sys.stderr.write(f"wrote {old.name}: {_difference(old, new)}\n")


def _names(loaded: Input) -> list[str]:
    """The files that were checked."""
    return [file.source.name for file in loaded.files if not file.source.context]


def _old(file: str) -> Baseline:
    """The baseline to renew; an empty one if there is none yet."""
    from kslint.findings.baseline import Baseline
    from kslint.source.files import display

    if os.path.lexists(file):
        return baselines.read(file)
    return Baseline(display(file), os.path.dirname(os.path.abspath(file)), (), {})


def _paths_of(old: Baseline) -> list[str]:
    """What a baseline was written from, less what is gone."""
    return [old.place(path) for path in old.paths if not old.is_gone(path)]


def _difference(old: Baseline, new: Baseline) -> str:
    """`12 findings, 2 of them new; 3 are gone`."""
    total = sum(new.counts.values())
    added = sum(max(0, count - old.counts.get(key, 0)) for key, count in new.counts.items())
    text = f"{total} finding{'' if total == 1 else 's'}"
    if old.counts and added:
        text += f", {added} of them new"
    gone = sum(old.counts.values()) + added - total
    return f"{text}; {gone} {'is' if gone == 1 else 'are'} gone" if gone else text
