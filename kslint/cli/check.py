"""`kslint check`: read, run, report."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from kslint.cli import app
from kslint.cli.config import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    IsolatedOption,
    PathsArgument,
)
from kslint.cli.formats import FORMATS, Run, outputs, write


class Severity(str, Enum):
    """What `--fail-on` takes."""

    error = "error"
    warning = "warning"
    note = "note"


@app.command()
def check(
    paths: PathsArgument = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            help="Only these rules: names, ids, id prefixes (KS1), categories. Comma-separated.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="Not these rules; taken from what is selected."),
    ] = None,
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
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Check manifests and the GitOps repository around them.

    Exits 0 if no finding is as bad as --fail-on, 1 if one is, 2 if input could not be read,
    the command line is wrong, or kslint itself failed.
    """
    from kslint import engine, rulebook
    from kslint.cli.config import effective, read_input
    from kslint.findings import at_or_over

    wanted = outputs(output_format)
    book = rulebook.load()
    config = effective(paths, config_file, isolated, book)
    try:
        chosen = engine.choose(book, config, _names(select), _names(ignore))
    except rulebook.RulebookError as error:
        raise typer.BadParameter(str(error)) from None
    loaded = read_input(paths, config)
    result = engine.run(loaded, chosen, config, book)
    written = write(wanted, Run(result, loaded, config, book))
    if result.failed or not written:
        raise typer.Exit(2)
    threshold = fail_on.value if fail_on else config.fail_on or Severity.error.value
    counting = (finding for finding in result.findings if finding.suppressed is None)
    if any(at_or_over(finding.severity, threshold) for finding in counting):
        raise typer.Exit(1)


def _names(options: list[str] | None) -> list[str]:
    return [name.strip() for option in options or () for name in option.split(",") if name.strip()]
