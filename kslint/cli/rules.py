"""`kslint rules` and `kslint explain`: the rulebook on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli.root import app

if TYPE_CHECKING:
    from kslint.rulebook import Rule

_SHOWN = 160
"""Characters of a matching log line; the rest of a long one says no more."""


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
    rule: Annotated[
        str,
        typer.Argument(
            help="A rule's id or name; or what the cluster printed, in quotes; `-` reads a log.",
            metavar="RULE|MESSAGE",
        ),
    ],
) -> None:
    """Print a rule's page: what happens, why, bad and good YAML, the fix.

    A message of more than one word is looked for in the symptoms of all rules.
    """
    from kslint import rulebook

    book = rulebook.load()
    if rule == "-" or " " in rule.strip():
        message = sys.stdin.buffer.read().decode("utf-8", "replace") if rule == "-" else rule
        _explain_message(book, message)
        return
    try:
        found = rulebook.matching(book, rule)
    except rulebook.RulebookError as error:
        raise typer.BadParameter(str(error)) from None
    for number, one in enumerate(found):
        if number:
            typer.echo("\n---\n")
        typer.echo(_page(one))


def _explain_message(book: list[Rule], message: str) -> None:
    """The rules a message may come from; and the page of the first, if no other fits as well."""
    from kslint.report.text import printable
    from kslint.symptoms import search

    found = search(book, message)
    if not found:
        typer.echo("No rule's symptom reads like that; `kslint rules` lists them.", err=True)
        raise typer.Exit(1)
    width = max(len(match.rule.name) for match in found)
    for match in found:
        typer.echo(f"{match.rule.id}  {match.rule.name:<{width}}  {match.rule.title}")
        typer.echo(f"       {printable(match.line[:_SHOWN])}")
    if len(found) == 1 or found[0].score > found[1].score:
        typer.echo(f"\n---\n\n{_page(found[0].rule)}")


def _page(rule: Rule) -> str:
    return f"{rule.id} {rule.name} ({rule.severity})\n\n{rule.page()}".rstrip()
