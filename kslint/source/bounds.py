"""How far a tree reaches: whoever fills a repository may put links into it that lead out of it."""

from __future__ import annotations

import os


def root_of(directory: str) -> str:
    """The root of the repository that a directory is in; the directory itself if it is in none.

    A link is no root: it may lead into another repository.
    """
    directory = above = os.path.abspath(directory)
    while os.path.islink(above) or not os.path.exists(os.path.join(above, ".git")):
        parent = os.path.dirname(above)
        if parent == above:
            return directory
        above = parent
    return above


def is_inside(file: str, directory: str) -> bool:
    """Does a place lie in the repository of a directory once all links are followed?"""
    if "\0" in file:  # of no file's name
        return False
    root = os.path.join(os.path.realpath(root_of(directory)), "")
    return os.path.join(os.path.realpath(file), "").startswith(root)


def leads_out(file: str) -> bool:
    """Do links lead from a place in a repository, or in a directory outside of any, out of it?"""
    return not is_inside(file, os.path.dirname(os.path.abspath(file)))


def diverted(file: str) -> str | None:
    """Where a file lies, if a link in its repository or the working directory leads there."""
    path = os.path.abspath(file)
    root = root_of(os.path.dirname(path))
    here = os.getcwd()
    if root == os.path.dirname(path) and path.startswith(os.path.join(here, "")):
        root = here
    real = os.path.realpath(path)
    direct = os.path.join(os.path.realpath(root), os.path.relpath(path, root))
    return None if os.path.normcase(real) == os.path.normcase(direct) else real
