"""The command line: one file a command, nothing heavy imported before it is needed."""

from __future__ import annotations

from typing import Annotated

import typer

from kslint import __version__

app = typer.Typer(
    name="kslint",
    help="Check KServe and vLLM manifests before deploy: kslint works out what the cluster will "
    "make of them and flags every documented trap at its line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kslint {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


from kslint.cli import check, config, init, render, rules  # noqa: E402, F401  (they register their commands)
