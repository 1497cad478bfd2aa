"""The rulebook of a run: kslint's own pages, and those of the tree that is checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kslint import rulebook
from kslint.config import file as config_file

if TYPE_CHECKING:
    from kslint.config.file import ConfigFile
    from kslint.rulebook import Rule

CUSTOM = os.path.join(".kslint", "rules")
"""Where custom rules are, beside the configuration or, without one, upward from the input."""


def book(file: ConfigFile | None, start: str = ".") -> list[Rule]:
    """Every rule, by id: kslint's own first. `file` is the configuration in use, if there is one.

    Raises RulebookError, and MistakesError if a custom page or its directory cannot be used.
    """
    own = rulebook.load()
    return own + custom_rules(own, file, start)


def custom_rules(own: list[Rule], file: ConfigFile | None, start: str = ".") -> list[Rule]:
    """The custom rules beside kslint's own. Raises MistakesError as `book` does."""
    directories = custom_directories(file, start)
    if not directories:
        return []
    from kslint.custom import pages

    return pages.load(directories, own)


def custom_directories(file: ConfigFile | None, start: str = ".") -> list[str]:
    """The directories of custom rules. Raises ConfigError where one that is named is none."""
    if file is None:
        places = (os.path.join(directory, CUSTOM) for directory in config_file.upward(start))
        return [place for place in places if _is_own(place)][:1]
    found = [place for place in (os.path.join(file.directory, CUSTOM),) if _is_own(place)]
    named = file.rule_directories()
    mistakes = [
        file.mistake(path, config_file.OUTSIDE if os.path.isdir(place) else "no such directory")
        for path, place in named
        if not os.path.isdir(place) or not file.reaches(place)
    ]
    if mistakes:
        raise config_file.ConfigError(mistakes)
    real = {os.path.realpath(place) for place in found}
    return found + [place for _, place in named if os.path.realpath(place) not in real]


def _is_own(place: str) -> bool:
    """Is there such a directory, and no link on the way to it?"""
    links = (place, os.path.dirname(place))
    return os.path.isdir(place) and not any(os.path.islink(link) for link in links)
