"""`kslint rules` and `kslint explain`: the rulebook on the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from kslint.cli import app


@app.command()
def rules() -> None:
    """List the rules: id, name, severity, and what each catches."""
    from kslint import rulebook

    book = rulebook.load()
    width = max(len(rule.name) for rule in book)
    for rule in book:
        typer.echo(f"{rule.id}  {rule.name:<{width}}  {rule.severity:<7}  {rule.title}")


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="A rule's id or name.", metavar="RULE")],
) -> None:
    """Print a rule's page: what happens, why, bad and good YAML, the fix."""
    from kslint import rulebook

    try:
        found = rulebook.matching(rulebook.load(), rule)
    except rulebook.RulebookError as error:
        raise typer.BadParameter(str(error)) from None
    for number, one in enumerate(found):
        if number:
            typer.echo("\n---\n")
        typer.echo(f"{one.id} {one.name} ({one.severity})\n\n{one.page()}".rstrip())
