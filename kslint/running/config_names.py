"""The names in a configuration that only the rulebook and the machine table can judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint import rulebook
from kslint.model.kubernetes.machines import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.config.file import ConfigFile
    from kslint.config.written import Mistake
    from kslint.rulebook import Rule


def unknown_rules(file: ConfigFile, book: list[Rule]) -> Iterator[Mistake]:
    """Names that mean no rule, and reserved rules where they were to be switched off."""
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


def unknown_machines(file: ConfigFile) -> Iterator[Mistake]:
    """Machine types that say nothing: no mistake, but the user will want to know."""
    for path, name in file.machines():
        if machine(name) is None:
            message = (
                f"machine type `{name}` is not known; without allocatable cpu and "
                "memory the pool's capacity is unknown"
            )
            yield file.mistake(path, message)
