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
        help="Read this too, such as the rest of the repository, and report nothing about it. "
        "May be repeated.",
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Use this configuration, not the nearest kslint.yaml or pyproject.toml upward.",
    ),
]
IsolatedOption = Annotated[
    bool, typer.Option("--isolated", help="Use no configuration file at all.")
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        autocompletion=rule_names,
        help="Only these rules: names, ids, id prefixes (KS1), categories. Comma-separated.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        help="Not these rules; taken from what is selected.",
        autocompletion=rule_names,
    ),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output-format",
        "-o",
        metavar="FORMAT[:FILE]",
        help=f"Report format, and a file to write it to. Repeatable. {', '.join(FORMATS)}.",
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
        help="How to report, and where to; may be repeated. text, markdown, json.",
        show_default="text",
    ),
]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="Exit 1 if anything differs, as git diff does.")
]
FailOnOption = Annotated[
    Severity | None,
    typer.Option("--fail-on", help="Exit 1 on findings this bad, or worse.", show_default="error"),
]
MinSeverityOption = Annotated[
    Severity | None,
    typer.Option(
        "--min-severity",
        help="Show findings this bad, or worse; milder ones are only counted. Reports for programs "
        "hold all unless this is given.",
        show_default="warning",
    ),
]
FixOption = Annotated[
    bool, typer.Option("--fix", help="Mend what can be mended safely, and report the rest.")
]
DiffOption = Annotated[
    bool,
    typer.Option("--diff", help="Show what --fix would do, and write nothing. Exits 1 if so."),
]
UnsafeFixesOption = Annotated[
    bool,
    typer.Option(
        "--unsafe-fixes",
        help="Also fixes that may change what runs: shown, or made with --fix and --diff.",
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
        help="Only what a change brings: findings that touch a changed file, or are new. "
        "Directories among PATHS are the tree, files have changed. Asks git.",
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="REV",
        help="What came since the branch left this revision; means --changed.",
        show_default="HEAD",
    ),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Findings that do not count. `kslint baseline write` makes the file.",
        show_default="the nearest .kslint-baseline.json upward",
    ),
]
NoBaselineOption = Annotated[bool, typer.Option("--no-baseline", help="Let every finding count.")]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Check anew what has been checked before.")
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        metavar="N",
        help="Processes that check large trees.",
        show_default="one a core, up to 8; 1 outside Linux",
    ),
]
StatisticsOption = Annotated[
    bool, typer.Option("--statistics", help="Print how many findings each rule has.")
]
ExitZeroOption = Annotated[
    bool, typer.Option("--exit-zero", help="Exit 0 whatever was found in input that was read.")
]
StdinFilenameOption = Annotated[
    str | None,
    typer.Option(
        "--stdin-filename",
        metavar="FILE",
        help="The file that stdin stands for, in place of the one on the disk.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print findings only: no summary and no hints.")
]
VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Also print, on stderr, what was read and which versions are assumed, and why.",
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
    bool, typer.Option("--show-files", help="Print the files that would be checked, and stop.")
]
