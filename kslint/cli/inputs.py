"""How every command comes by its configuration and input."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kslint.cli.usage import Stop, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.config import Config
    from kslint.findings import Result
    from kslint.rulebook import Rule
    from kslint.source.files import InputProblem, Source
    from kslint.source.load import Input


def effective(paths: list[str] | None, file: str | None, isolated: bool) -> Config:
    """The configuration for a command line. Raises Stop as `in_force` does."""
    return in_force(paths, file, isolated)[0]


def in_force(
    paths: list[str] | None, file: str | None, isolated: bool
) -> tuple[Config, list[Rule]]:
    """The configuration for a command line, and every rule, custom ones included.

    Raises Stop if there are mistakes in either, once all are on stderr.
    """
    from kslint import rulebook
    from kslint.config import Config
    from kslint.config import file as config_file
    from kslint.config.written import MistakesError
    from kslint.running import books, config_names

    if isolated:
        if file:
            raise UsageError("--config and --isolated cannot be combined")
        return Config(), rulebook.load()
    start = (paths or ["."])[0]
    try:
        used = file or config_file.find(start)
        if used is None:
            return Config(), books.book(None, start)
        read = config_file.read(used, trusted=file is not None)
        book = books.book(read)
        found = read.config(config_names.unknown_rules(read, book))
    except MistakesError as error:
        sys.stderr.write(f"{error}\n")
        raise Stop(2) from None
    for doubt in config_names.unknown_machines(read):
        warning = doubt._replace(message=f"warning: {doubt.message}")
        sys.stderr.write(f"{warning.text}\n")
    return found, book


def chosen(
    book: list[Rule], config: Config, select: list[str] | None, ignore: list[str] | None
) -> list[Rule]:
    """The rules to run, by the command line's `--select` and `--ignore` and the configuration.

    Raises UsageError on a name that means no rule.
    """
    from kslint import rulebook
    from kslint.running import engine

    try:
        return engine.choose(book, config, _names(select), _names(ignore))
    except rulebook.RulebookError as error:
        raise UsageError(str(error)) from None


def read_input(paths: list[str] | None, config: Config, context: Iterable[str] = ()) -> Input:
    """Everything under the paths but what the configuration excludes."""
    from kslint.source.load import parsed

    return parsed(read_files(paths, config, context=context))


def read_files(
    paths: list[str] | None,
    config: Config,
    stdin_name: str | None = None,
    context: Iterable[str] = (),
) -> list[Source | InputProblem]:
    """The same, not parsed yet."""
    from kslint.config import excluder
    from kslint.source.files import read_all

    return read_all(paths or ["."], excluder(config), stdin_name, context)


def context_of(config: Config, given: Iterable[str] = ()) -> list[str]:
    """What is to be read along, by the command line and the configuration."""
    places = [os.path.join(config.directory, place) for place in config.context]
    return [*given, *map(_from_here, places)]


def _from_here(path: str) -> str:
    """A path from the working directory, so that names of files are alike wherever they are."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive, on Windows
        return path


def say_unknown_versions(versions: Iterable[tuple[str, str]]) -> None:
    """On stderr, which KServe versions are checked by the rules of another."""
    for version, known in versions:
        sys.stderr.write(f"kslint does not know KServe {version}: it is taken for {known}\n")


def say_broken(result: Result, book: list[Rule]) -> None:
    """On stderr, what could not be read and which rules broke: for commands without a report."""
    from kslint.report.frames import printable

    broken = {rule.id for rule in book if rule.reserved and rule.severity == "error"}
    for finding in result.findings:
        if finding.rule in broken:
            sys.stderr.write(printable(f"{finding.span}: {finding.message}") + "\n")


def _names(options: list[str] | None) -> list[str]:
    return [name.strip() for option in options or () for name in option.split(",") if name.strip()]
