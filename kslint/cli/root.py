"""The typer application that every command registers with."""

from __future__ import annotations

import os
import shlex
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kslint import __version__
from kslint.cli.usage import Stop, UsageError
from kslint.config.written import MistakesError

_ORDER = (
    "check", "explain", "rules", "render", "graph", "diff", "upgrade", "init", "config", "baseline",
    "lsp",
)  # fmt: skip


class _Commands(TyperGroup):
    """Says our own ways to end a command in typer's, and what may have been meant by another."""

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
        if args[0] not in self.commands and os.path.exists(args[0]):
            words = shlex.join(["kslint", "check", *args])
            ctx.fail(f"No such command '{args[0]}'. To check that path, run: {words}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """In the order in which they are met, and not in that of the alphabet."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except UsageError as error:
            name = ctx.invoked_subcommand or ""
            within = typer.Context(self.commands[name], parent=ctx, info_name=name)
            raise typer.BadParameter(str(error), ctx=within) from None
        except MistakesError as error:  # custom rules that cannot be evaluated
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        except Stop as stop:
            raise typer.Exit(stop.code) from None


app = typer.Typer(
    name="kslint",
    cls=_Commands,
    help="Find the mistakes in KServe, vLLM and Argo CD manifests before you deploy them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
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
