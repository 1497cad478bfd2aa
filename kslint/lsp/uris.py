"""File URIs and paths. Editors escape differently; what they mean is the path."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


def is_uri(text: str) -> bool:
    """Can a text be taken apart as a URI? `file://[x` cannot: an address of IPv6 ends in `]`."""
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def path_of(uri: str, windows: bool = os.name == "nt") -> str | None:
    """The path of a `file:` URI, normalised; None for any other (an untitled buffer).

    A path with a NUL in it is none.

    VS Code writes `file:///c%3A/x` where others write `file:///C:/x`: one path.
    """
    parts = urlsplit(uri)
    path = unquote(parts.path, errors="surrogateescape")
    if parts.scheme != "file" or "\0" in path:
        return None
    if parts.netloc not in ("", "localhost"):
        path = f"//{parts.netloc}{path}"
    if windows and _DRIVE.match(path):
        path = path[1].upper() + path[2:]
    return os.path.normpath(path)


def uri_of(path: str) -> str:
    """The URI of an absolute path."""
    return Path(path).as_uri()
