"""How a command ends early, said without typer: the quick path does not import it."""

from __future__ import annotations


class UsageError(Exception):
    """A wrong command line; the message says what is wrong with it. Exit code 2."""


class Stop(Exception):  # noqa: N818  (no error, as StopIteration is none)
    """The end of a command, with an exit code, after it said why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
