"""The command line of `kslint check` without typer, whose import takes longer than the check.

What is not plain (help, an unknown option, a missing or wrong value) is left to typer, which
knows the same options: a test compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.cli.checking import Options

FLAGS = {
    "--changed": "changed",
    "--diff": "diff",
    "--fix": "fix",
    "--isolated": "isolated",
    "--no-baseline": "no_baseline",
    "--no-cache": "no_cache",
    "--quiet": "quiet",
    "--render": "render",
    "--show-files": "show_files",
    "--statistics": "statistics",
    "--exit-zero": "exit_zero",
    "--unsafe-fixes": "unsafe_fixes",
    "--verbose": "verbose",
}
SINGLE = {
    "--add-ignore": "add_ignore",
    "--baseline": "baseline",
    "--config": "config_file",
    "--fail-on": "fail_on",
    "--jobs": "jobs",
    "--min-severity": "min_severity",
    "--since": "since",
    "--stdin-filename": "stdin_filename",
}
REPEATED = {
    "--context": "context",
    "--ignore": "ignore",
    "--output-format": "output_format",
    "--select": "select",
}
SHORT = {"-o": "--output-format", "-q": "--quiet", "-v": "--verbose"}
_LEVELS = ("error", "warning", "note")
CHOICES = {"--fail-on": _LEVELS, "--min-severity": _LEVELS}


def parse(arguments: Sequence[str]) -> Options | None:
    """What stands behind `kslint check`; None if typer has to look at it."""
    from kslint.cli.checking import Options

    given: dict[str, Any] = {name: [] for name in ("paths", *REPEATED.values())}
    given.update(dict.fromkeys(SINGLE.values()), **dict.fromkeys(FLAGS.values(), False))
    rest = iter(arguments)
    for word in rest:
        argument = SHORT.get(word, word)
        if argument == "--":
            given["paths"] += rest
        elif argument == "-" or not argument.startswith("-"):
            given["paths"].append(argument)
        elif argument in FLAGS:
            given[FLAGS[argument]] = True
        else:
            option, equals, value = argument.partition("=")
            if not equals:
                value = next(rest, "-")
            if value[:1] == "-" or value not in CHOICES.get(option, (value,)):
                return None
            if option == "--jobs":
                if not value.isdecimal() or not value.isascii() or not int(value):
                    return None
                given["jobs"] = int(value)
            elif option in SINGLE:
                given[SINGLE[option]] = value
            elif option in REPEATED:
                given[REPEATED[option]].append(value)
            else:
                return None
    return Options(**given)
