"""`kslint check` as typer knows it; `checking` does the work."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from kslint.cli.checking import Options, run
from kslint.cli.config import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    IgnoreOption,
    IsolatedOption,
    PathsArgument,
    SelectOption,
)
from kslint.cli.formats import FORMATS
from kslint.cli.root import app


class Severity(str, Enum):
    """What `--fail-on` takes."""

    error = "error"
    warning = "warning"
    note = "note"


@app.command()
def check(
    paths: PathsArgument = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    output_format: Annotated[
        list[str] | None,
        typer.Option(
            "--output-format",
            metavar="FORMAT[:FILE]",
            help=f"How to report, and where to; may be repeated. {', '.join(FORMATS)}.",
            show_default="text",
        ),
    ] = None,
    fail_on: Annotated[
        Severity | None,
        typer.Option(
            "--fail-on", help="Exit 1 on findings this bad, or worse.", show_default="error"
        ),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended safely, and report the rest.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Show what --fix would do, and write nothing. Exits 1 if so."),
    ] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option(
            "--unsafe-fixes",
            help="Also fixes that may change what runs: shown, or made with --fix and --diff.",
        ),
    ] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed",
            help="Only what a change brings: findings that touch a changed file, or are new. "
            "Directories among PATHS are the tree, files have changed. Asks git.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="REV",
            help="What came since the branch left this revision; means --changed.",
            show_default="HEAD",
        ),
    ] = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="Findings that do not count. `kslint baseline write` makes the file.",
            show_default="the nearest .kslint-baseline.json upward",
        ),
    ] = None,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Let every finding count.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Check anew what has been checked before.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            metavar="N",
            help="Processes that check large trees.",
            show_default="one a core, up to 8; 1 outside Linux",
        ),
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Print how many findings each rule has.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 whatever was found in input that was read.")
    ] = False,
    stdin_filename: Annotated[
        str | None,
        typer.Option(
            "--stdin-filename",
            metavar="FILE",
            help="The file that stdin stands for, in place of the one on the disk.",
        ),
    ] = None,
) -> None:
    """Check manifests and the GitOps repository around them.

    Exits 0 if no finding is as bad as --fail-on, 1 if one is, 2 if input could not be read,
    the command line is wrong, or kslint itself failed.
    """
    given = Options(
        paths=paths or [],
        select=select or [],
        ignore=ignore or [],
        output_format=output_format or [],
        fail_on=None if fail_on is None else fail_on.value,
        config_file=config_file,
        isolated=isolated,
        baseline=baseline,
        no_baseline=no_baseline,
        statistics=statistics,
        exit_zero=exit_zero,
        stdin_filename=stdin_filename,
        changed=changed,
        since=since,
        no_cache=no_cache,
        jobs=jobs,
        diff=diff,
        fix=fix,
        unsafe_fixes=unsafe_fixes,
    )
    raise typer.Exit(run(given))
