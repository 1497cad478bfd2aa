"""Writing files so that a reader sees the old text or the new one, whole, whenever it looks."""

from __future__ import annotations

import os
from contextlib import suppress


def replace(file: str, data: bytes) -> None:
    """Write beside the file and rename. It keeps its mode, and its owner where that is allowed.

    `file` is no link. Raises OSError, and leaves the file as it was then.
    """
    beside = f"{file}.{os.getpid()}.tmp"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if os.path.exists(file):
            _dress(beside, os.stat(file))
        os.replace(beside, file)
    except BaseException:
        os.unlink(beside)
        raise


def _dress(file: str, like: os.stat_result) -> None:
    own = os.stat(file)
    if hasattr(os, "chown") and (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with suppress(PermissionError):  # only root may give files away
            os.chown(file, like.st_uid, like.st_gid)
    os.chmod(file, like.st_mode & 0o7777)
