"""How every command comes by its configuration and input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kslint.cli.usage import Stop, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config import Config
    from kslint.config_file import ConfigFile, Mistake
    from kslint.rulebook import Rule
    from kslint.source.load import Input


def effective(
    paths: list[str] | None, file: str | None, isolated: bool, book: list[Rule] | None = None
) -> Config:
    """The configuration for a command line.

    Raises Stop if there are mistakes in it, once all are on stderr.
    """
    from kslint import config_file, rulebook
    from kslint.config import Config

    if isolated:
        if file:
            raise UsageError("--config and --isolated exclude each other")
        return Config()
    try:
        file = file or config_file.find((paths or ["."])[0])
        if file is None:
            return Config()
        read = config_file.read(file)
        found = read.config(_unknown_rules(read, book or rulebook.load()))
    except config_file.ConfigError as error:
        for mistake in error.mistakes:
            sys.stderr.write(f"{mistake}\n")
        raise Stop(2) from None
    for warning in _unknown_machines(read):
        sys.stderr.write(f"{warning.text}\n")
    return found


def read_input(paths: list[str] | None, config: Config) -> Input:
    """Everything under the paths but what the configuration excludes."""
    from kslint.config import excluder
    from kslint.source.load import load

    exclude = excluder(config)
    return load(paths or ["."]) if exclude is None else load(paths or ["."], exclude)


def _unknown_rules(file: ConfigFile, book: list[Rule]) -> Iterator[Mistake]:
    """Names that mean no rule, and reserved rules where they were to be switched off."""
    from kslint import rulebook

    for path, selector in file.selectors():
        try:
            rules = rulebook.matching(book, selector)
        except rulebook.RulebookError as error:
            yield file.mistake(path, str(error))
            continue
        if path[0] != "select" and all(rule.reserved for rule in rules):
            message = (
                f"`{selector}` reports input that cannot be read, and stays as it is; "
                "`exclude` keeps files from being read"
            )
            yield file.mistake(path, message)


def _unknown_machines(file: ConfigFile) -> Iterator[Mistake]:
    from kslint.model.machines import machine

    for path, name in file.machines():
        if machine(name) is None:
            message = (
                f"warning: machine type `{name}` is not known; without allocatable cpu and "
                "memory the pool's capacity is unknown"
            )
            yield file.mistake(path, message)
