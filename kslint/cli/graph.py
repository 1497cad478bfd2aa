"""`kslint graph`: what deploys what, what that needs, and where the findings sit."""

from __future__ import annotations

import io
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from kslint.cli.options import (  # noqa: TC001  (typer reads them)
    ConfigOption,
    IgnoreOption,
    IsolatedOption,
    PathsArgument,
    SelectOption,
    as_output,
)
from kslint.cli.root import app
from kslint.cli.usage import UsageError

if TYPE_CHECKING:
    from kslint.findings import Result
    from kslint.picture import GraphPicture


class Format(str, Enum):
    """What `--output` takes."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    json = "json"
    svg = "svg"
    html = "html"


@app.command(context_settings={"token_normalize_func": as_output})
def graph(
    paths: PathsArgument = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="Output format.")] = Format.tree,
    focus: Annotated[
        list[str] | None,
        typer.Option(
            "--focus",
            metavar="[KIND/][NAMESPACE/]NAME",
            help="Only this object, what leads to it and what it leads to. `*` matches any text; "
            "short kinds (isvc, pvc) work. Repeatable.",
        ),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=0, help="With --focus: at most this many references away."),
    ] = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    config_file: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> None:
    """Draw the resource graph, with the findings on it.

    The exit code is 0 whatever is found, and 2 if input could not be read, the command line is
    wrong, or kslint itself failed.
    """
    from kslint.cli.inputs import chosen, in_force, read_input, say_broken, say_unknown_versions
    from kslint.model.model import Model
    from kslint.picture.build import picture
    from kslint.running import engine

    if depth is not None and not focus:
        raise UsageError("--depth needs a --focus")
    config, book = in_force(paths, config_file, isolated)
    rules = chosen(book, config, select, ignore)
    loaded = read_input(paths, config)
    model = Model.of(loaded, config)
    result = engine.run(loaded, rules, config, book, model)
    drawn = picture(model, result.findings)
    if focus:
        drawn = _focused(drawn, focus, depth)
    _print(output, _rendered(output, drawn, result))
    say_unknown_versions(result.unknown_versions)
    if result.failed:
        say_broken(result, book)
        raise typer.Exit(2)


def _focused(picture: GraphPicture, wanted: list[str], depth: int | None) -> GraphPicture:
    from kslint.picture.focus import NoSuchNodeError, focused

    try:
        return focused(picture, wanted, depth)
    except NoSuchNodeError as error:
        raise UsageError(str(error)) from None


def _rendered(output: Format, picture: GraphPicture, result: Result) -> str:
    from importlib import import_module

    from kslint.cli.terminal import has_colour, width
    from kslint.report.graph import tree

    if output is not Format.tree:
        format_module = import_module(f"kslint.report.graph.{output.value}")
        text: str = format_module.render(picture, result.findings)
        return text
    return tree.render(picture, result, has_colour(), width())


def _print(output: Format, text: str) -> None:
    """A tree in signs the terminal knows; what is for files as the UTF-8 that they say they are."""
    from kslint.report.graph import tree

    stdout = sys.stdout
    if output is not Format.tree and isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(encoding="utf-8", newline="\n")
    elif output is Format.tree and not _knows(stdout.encoding, tree.LINES[0]):
        text = text.translate(tree.ASCII)
    stdout.write(text)
    stdout.flush()


def _knows(encoding: str | None, text: str) -> bool:
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
