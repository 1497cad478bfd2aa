"""The arguments and options of the commands, as typer reads them."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from kslint.cli.formats import FORMATS


def rule_names(incomplete: str) -> list[tuple[str, str]]:
    """Names, ids and categories of rules for the shell's completion, with what they mean."""
    from kslint import rulebook

    before, _, last = incomplete.rpartition(",")
    before += "," * bool(before)
    found = {}
    for rule in rulebook.load():
        found[rule.name] = found[rule.id] = rule.title
        found[rule.category] = f"all rules of the category {rule.category}"
    return [(before + name, text) for name, text in found.items() if name.startswith(last)]


def format_names(incomplete: str) -> list[str]:
    """Report formats for the shell's completion."""
    return [name for name in FORMATS if name.startswith(incomplete)]


def as_output(option: str) -> str:
    """`--output-format`, as other commands call it, for commands that have `--output`."""
    return "output" if option == "output-format" else option


class Severity(str, Enum):
    """What `--fail-on` and `--min-severity` take."""

    error = "error"
    warning = "warning"
    note = "note"


PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Files, directories or globs; `-` reads stdin.", show_default="."),
]
ContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="PATH",
        help="Also read this, such as the rest of the repository, without reporting on it. "
        "Repeatable.",
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Use this file instead of the nearest kslint.yaml or pyproject.toml upward.",
    ),
]
IsolatedOption = Annotated[bool, typer.Option("--isolated", help="Use no configuration file.")]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        autocompletion=rule_names,
        help="Run only these rules: names, ids, id prefixes (KS1) or categories, comma-separated.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        help="Skip these rules; subtracted from --select.",
        autocompletion=rule_names,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output-format",
        "-o",
        metavar="FORMAT[:FILE]",
        help="Report format, optionally with a file to write to. Repeatable. "
        f"{', '.join(FORMATS)}.",
        show_default="text",
        autocompletion=format_names,
    ),
]
ReportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output-format",
        "-o",
        metavar="FORMAT[:FILE]",
        help="Report format, optionally with a file to write to. Repeatable. text, markdown, json.",
        show_default="text",
    ),
]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="Exit with 1 if anything differs, as git diff does.")
]
FailOnOption = Annotated[
    Severity | None,
    typer.Option(
        "--fail-on",
        help="Exit with 1 on findings of this severity or higher.",
        show_default="error",
    ),
]
MinSeverityOption = Annotated[
    Severity | None,
    typer.Option(
        "--min-severity",
        help="Show findings of this severity or higher, and only count the others. Reports for "
        "programs contain all unless you give this option.",
        show_default="warning",
    ),
]
FixOption = Annotated[
    bool, typer.Option("--fix", help="Apply the safe fixes, and report the rest.")
]
DiffOption = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="Show what --fix would change, and write nothing. Exits with 1 if there is anything.",
    ),
]
UnsafeFixesOption = Annotated[
    bool,
    typer.Option(
        "--unsafe-fixes",
        help="Also show or, with --fix and --diff, apply fixes that may change what runs.",
    ),
]
AddIgnoreOption = Annotated[
    str | None,
    typer.Option(
        "--add-ignore",
        metavar="REASON",
        help="Write a comment with this reason that suppresses each finding shown. "
        "With --diff, only show the comments.",
    ),
]
ChangedOption = Annotated[
    bool,
    typer.Option(
        "--changed",
        help="Report only findings that are new or in a changed file. A file in PATHS counts as "
        "changed; a directory limits what is read. Uses git.",
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REV",
        help="Report only what changed since the branch left this revision. Implies --changed.",
        show_default="HEAD",
    ),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="A file of findings that do not count, written by `kslint baseline write`.",
        show_default="the nearest .kslint-baseline.json upward",
    ),
]
NoBaselineOption = Annotated[bool, typer.Option("--no-baseline", help="Ignore the baseline.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Do not use the cache.")]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        metavar="N",
        help="Number of processes for large trees.",
        show_default="one per core, up to 8; 1 outside Linux",
    ),
]
StatisticsOption = Annotated[
    bool, typer.Option("--statistics", help="Print the number of findings per rule.")
]
ExitZeroOption = Annotated[
    bool,
    typer.Option(
        "--exit-zero", help="Exit with 0 whatever is found. Unreadable input still exits with 2."
    ),
]
StdinFilenameOption = Annotated[
    str | None,
    typer.Option(
        "--stdin-filename",
        metavar="FILE",
        help="Treat stdin as the content of this file.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only findings: no summary and no hints.")
]
VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Also print on stderr what was read, which versions are assumed, and why.",
    ),
]
RenderOption = Annotated[
    bool,
    typer.Option(
        "--render",
        help="Render charts, and kustomizations that kslint cannot follow, with the helm and "
        "kustomize on the PATH, and check what comes out.",
    ),
]
ShowFilesOption = Annotated[
    bool, typer.Option("--show-files", help="Print the files that would be checked, and exit.")
]
