"""Finding the programs that kslint starts, and no other of the same name."""

from __future__ import annotations

import os


def on_path(name: str) -> str | None:
    """The full path of a program on the PATH; None if it is not there."""
    import shutil

    program = shutil.which(name)
    # on Windows the working directory is searched first, and it is the tree to check
    if program is None or os.path.dirname(os.path.abspath(program)) == os.getcwd():
        return None
    return program
