"""`kslint diff`: what a change of the manifests changes in the cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    ExitCodeOption,
    IsolatedOption,
    ReportOption,
)
from kslint.cli.root import app


@app.command()
def diff(
    between: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REV | OLD NEW]",
            help="A revision to compare with the working tree, two directories, or two revisions.",
            show_default="HEAD",
        ),
    ] = None,
    tree: Annotated[
        list[str] | None,
        typer.Option(
            "--tree",
            metavar="DIR",
            help="With revisions: compare only this directory. Repeatable.",
            show_default=".",
        ),
    ] = None,
    output_format: ReportOption = None,
    exit_code: ExitCodeOption = False,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Show how a change of the manifests affects the cluster, and why.

    A single revision means the commit where the current branch left it, as in `check --since`.

    The exit code is 0, or 2 if input could not be read or the command line is wrong. With
    --exit-code it is 1 if anything differs.
    """
    from kslint.changes.side import Side
    from kslint.cli.changes import compared, finish, outputs_of
    from kslint.cli.inputs import effective, say_unknown_versions
    from kslint.cli.states import states
    from kslint.model.model import Model

    wanted = outputs_of(output_format)
    between, tree = between or [], tree or []
    config = effective(tree or [path for path in between[-1:] if len(between) == 2], config_file,
                       isolated)  # fmt: skip
    old, new = states(between, tree, config)
    sides = [Side(Model.of(one.loaded, config), one.loaded, one.root) for one in (old, new)]
    say_unknown_versions({pair for side in sides for pair in side.model.unknown_versions})
    comparison = compared((old.label, new.label), *sides)
    finish(comparison, wanted, exit_code, sides)
