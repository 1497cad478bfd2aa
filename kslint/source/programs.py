"""Finding the programs that kslint starts, and no other of the same name."""

from __future__ import annotations

import os


def on_path(name: str) -> str | None:
    """The full path of a program on the PATH; None if it is not there.

    What the PATH has relative to the working directory is none: that is the tree to check.
    """
    import shutil

    program = shutil.which(name)
    if program is None or not os.path.isabs(program):
        return None
    if os.path.dirname(program) == os.getcwd():  # which Windows searches first
        return None
    return program
