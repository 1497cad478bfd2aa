"""The two states that `kslint diff` compares: revisions, the working tree, or directories."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kslint.cli.inputs import read_input
from kslint.cli.usage import Stop, UsageError
from kslint.source.history import HEAD, History, HistoryError

if TYPE_CHECKING:
    from kslint.config import Config
    from kslint.source.load import Input

_SHORT = 12


class State(NamedTuple):
    """One of the two: what it is called, what is in it, and the directory it lies in."""

    label: str
    loaded: Input
    root: str = ""


def states(between: list[str], tree: list[str], config: Config) -> tuple[State, State]:
    """What the command line of `kslint diff` means. Raises UsageError, and Stop after saying why.

    Nothing is HEAD against the working tree, one word the revision it names; two are two
    directories, or two revisions.
    """
    if len(between) > 2:
        raise UsageError("name one revision, or two revisions or directories to compare")
    if len(between) == 2 and all(map(os.path.isdir, between)):
        if tree:
            raise UsageError("--tree is for revisions: name the directories below it instead")
        old, new = (State(one, read_input([one], config), os.path.normpath(one)) for one in between)
        return old, new
    for path in tree:
        if not os.path.isdir(path):
            raise UsageError(f"--tree {path}: not a directory")
    if len(between) == 2:
        return _at(between[0], tree, config), _at(between[1], tree, config)
    return _against_today(between[0] if between else None, tree, config)


def _at(revision: str, tree: list[str], config: Config) -> State:
    """The tree at a revision, whatever is there today."""
    from kslint.cli.earlier import Earlier

    try:
        history = History.of(revision, exactly=True)
        loaded = Earlier(history, tree or ["."], config).alone()
    except HistoryError as error:
        _stop(error, revision)
    return State(_label(revision, history), loaded)


def _against_today(revision: str | None, tree: list[str], config: Config) -> tuple[State, State]:
    from kslint.cli.earlier import Earlier

    revision = revision or HEAD
    try:
        history = History.of(revision)
        today = read_input(tree, config)
        same = {file.source.name for file in today.files if history.holds(file.source)}
        before = Earlier(history, tree or ["."], config).beside(today, same)
    except HistoryError as error:
        _stop(error, revision)
    return State(_label(revision, history), before), State("the working tree", today)


def _label(revision: str, history: History) -> str:
    short = history.commit[:_SHORT]
    is_id = not short or history.commit.startswith(revision)
    return revision if is_id else f"{revision} ({short})"


def _stop(error: HistoryError, revision: str) -> NoReturn:
    hint = ""
    if os.path.isdir(revision):
        hint = f"; `kslint diff --tree {revision}` compares HEAD with the directory as it is"
    sys.stderr.write(f"kslint cannot tell what changed: {error}{hint}\n")
    raise Stop(2) from None
