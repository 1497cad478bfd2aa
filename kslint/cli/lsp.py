"""`kslint lsp`: the language server for editors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kslint.cli.root import app
from kslint.cli.usage import Stop


@app.command()
def lsp(
    _stdio: Annotated[
        bool,
        typer.Option(
            "--stdio", help="Accepted for compatibility: stdin and stdout are always used."
        ),
    ] = True,
) -> None:
    """Run the language server: findings, hovers and quick fixes for your editor."""
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        typer.echo("kslint lsp needs pygls: pip install 'kslint[lsp]'", err=True)
        raise Stop(2) from None
    from kslint.lsp.features import serve

    if sys.stdin.isatty():
        typer.echo(
            "kslint lsp waits for an editor; docs/editors.md says how to set one up", err=True
        )
    serve()
