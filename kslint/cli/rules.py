"""`kslint rules` and `kslint explain`: the rulebook on the terminal."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli.formats import facts_of
from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    SelectOption,
    rule_names,
)
from kslint.cli.root import app

if TYPE_CHECKING:
    from kslint.rulebook import Rule
    from kslint.rulebook.symptoms import Match

rules = typer.Typer(
    help="List the rules: id, name, severity, what --fix does, what each catches; or test yours.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(rules, name="rules")


class RulesFormat(str, Enum):
    """What `kslint rules --output-format` takes."""

    text = "text"
    json = "json"


@rules.callback()
def listed(
    context: typer.Context,
    select: SelectOption = None,
    output_format: Annotated[
        RulesFormat, typer.Option("--output-format", "-o", help="How to print the list.")
    ] = RulesFormat.text,
) -> None:
    """List the rules: id, name, severity, what --fix does, what each catches; or test yours."""
    if context.invoked_subcommand is not None:
        return
    from kslint import rulebook
    from kslint.cli.inputs import in_force
    from kslint.cli.terminal import of_output
    from kslint.report import rule_list

    _config, book = in_force(None, None, False)
    names = [name.strip() for option in select or () for name in option.split(",")]
    try:
        wanted = {rule.id for name in names for rule in rulebook.matching(book, name)}
    except rulebook.RulebookError as error:
        raise typer.BadParameter(str(error)) from None
    shown = [rule for rule in book if not names or rule.id in wanted]
    facts = facts_of(shown)
    if output_format is RulesFormat.json:
        typer.echo(rule_list.as_json(facts))
    else:
        typer.echo(rule_list.as_text(facts, rulebook.CATEGORIES, of_output(book)), nl=False)


@rules.command("test")
def run_tests(
    directories: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DIR]...",
            help="Where the pages are.",
            show_default=".kslint/rules, and what the configuration names",
        ),
    ] = None,
    config_file: ConfigOption = None,
) -> None:
    """Run the Bad and Good examples of custom rules, and the fixtures beside them.

    Exits 0 if all do what they say, 1 if one does not, 2 if a page cannot be used.
    """
    from kslint.cli.inputs import in_force
    from kslint.custom import pages
    from kslint.running import rule_tests

    config, book = in_force(directories, config_file, False)
    tested = [rule for rule in book if rule.custom]
    own = [rule for rule in book if not rule.custom]
    if directories:
        tested = pages.load(directories, own)
    if not tested:
        typer.echo(
            "No custom rules found. Put pages into .kslint/rules/, or name a directory under "
            "`rules` in the configuration.",
            err=True,
        )
        raise typer.Exit(2)
    failed = False
    for outcome in rule_tests.run(tested, own + tested, config):
        failed = failed or bool(outcome.failures)
        word = "FAIL" if outcome.failures else "ok  "
        rule = outcome.rule
        typer.echo(f"{word}  {rule.id}  {rule.name}  ({len(outcome.cases)} cases)")
        for failure in outcome.failures:
            typer.echo(f"      {failure}")
    if failed:
        raise typer.Exit(1)


@app.command()
def explain(
    rule: Annotated[
        str,
        typer.Argument(
            help="A rule's id or name; or a message from the cluster, in quotes; `-` reads a log.",
            metavar="RULE|MESSAGE",
            autocompletion=rule_names,
        ),
    ],
) -> None:
    """Print a rule's page: what happens, why, bad and good YAML, the fix.

    Given a message or a log, find the rules whose symptoms match. Given a category or the first
    letters of an id, list its rules.
    """
    from kslint import rulebook
    from kslint.cli.inputs import in_force
    from kslint.rulebook.symptoms import search

    _config, book = in_force(None, None, False)
    if rule == "-" or " " in rule.strip():
        message = sys.stdin.buffer.read().decode("utf-8", "replace") if rule == "-" else rule
        _explain_message(search(book, message))
        return
    try:
        found = rulebook.matching(book, rule)
    except rulebook.RulebookError as error:
        matches = search(book, rule)
        if not matches and _is_like_a_name(rule):
            raise typer.BadParameter(str(error)) from None
        _explain_message(matches)
        return
    if len(found) > 1:
        _list(found)
        return
    typer.echo(_page(found[0]))


def _is_like_a_name(text: str) -> bool:
    """May it be meant as a rule's id or name? Those are lower case with hyphens, or KS101."""
    return text.islower() or text[:2].upper() == "KS"


def _list(found: list[Rule]) -> None:
    """Several rules, as `kslint rules` lists them, and how to read one's page."""
    from kslint import rulebook
    from kslint.cli.terminal import of_output
    from kslint.report import rule_list

    text = rule_list.as_text(facts_of(found), rulebook.CATEGORIES, of_output(found))
    typer.echo(text, nl=False)
    typer.echo(f"\n`kslint explain {found[0].id}` prints a rule's page.")


def _explain_message(found: list[Match]) -> None:
    """The rules that a message may be about; and a page, if there is no doubt which."""
    import itertools

    from kslint.cli.terminal import width
    from kslint.report.frames import printable
    from kslint.report.terminal import wrapped
    from kslint.rulebook.symptoms import plain

    if not found:
        typer.echo(
            "No rule matches that message. Try the whole line of the log in quotes, or pipe the "
            "log to `kslint explain -`; `kslint rules` lists all rules.",
            err=True,
        )
        raise typer.Exit(1)
    if not found[0].sure:
        typer.echo("No rule has exactly this symptom. These come closest:")
    names = max(len(match.rule.name) for match in found)
    columns = width()
    indent = names + 9
    if columns is not None and columns < indent + 30:
        indent = 7
    for line, matches in itertools.groupby(found, key=lambda match: match.line):
        for match in matches:
            head = f"{match.rule.id}  {match.rule.name:<{names}}"
            between = "\n" + " " * indent if indent < len(head) else "  "
            typer.echo(head + between + wrapped(match.rule.title, columns, indent, indent))
        typer.echo("       " + wrapped(printable(line), columns, 7, 7))
    if meant := plain(found):
        typer.echo(f"\n---\n\n{_page(meant.rule)}")
    else:
        typer.echo(f"\n`kslint explain {found[0].rule.id}` prints a rule's page.")


def _page(rule: Rule) -> str:
    return f"{rule.id} {rule.name} ({rule.severity})\n{rule.title}\n\n{rule.page()}".rstrip()
