"""Copies of directories of the input, for programs that must see nothing else."""

from __future__ import annotations

import os
import shutil

MAX_FILES = 2000
"""In one directory and what is below it."""
MAX_BYTES = 256 << 20
"""Of all of them."""


def copied(directory: str, target: str) -> str:
    """Copy a directory's regular files, or say why not. Links are left out."""
    files = size = 0
    for above, folders, names in os.walk(directory):
        folders[:] = [
            folder
            for folder in folders
            if folder != ".git" and not os.path.islink(os.path.join(above, folder))
        ]
        inner = os.path.join(target, os.path.relpath(above, directory))
        os.makedirs(inner, exist_ok=True)
        for name in names:
            path = os.path.join(above, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            files += 1
            if files > MAX_FILES:
                return f"it has more than {MAX_FILES} files"
            try:
                size += os.path.getsize(path)
                if size > MAX_BYTES:
                    return f"its files hold more than {MAX_BYTES >> 20} MiB"
                shutil.copyfile(path, os.path.join(inner, name))
            except OSError as error:
                return f"{name} cannot be read: {error.strerror or error}"
    return ""
