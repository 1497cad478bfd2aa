"""Where a remote kustomize base, or an Application's git source, comes from.

Source: kustomize v5.8.1 api/internal/git/repospec.go (the forms of a URL).
"""

from __future__ import annotations

from typing import NamedTuple


class Remote(NamedTuple):
    """A path in a release of a repository. `repo` is `owner/name`; `revision` "" if not said."""

    repo: str
    revision: str
    path: str

    @property
    def file(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def remote(text: str) -> Remote | None:
    """What a `resources` entry of a kustomization means, None if it is no address we can read.

    Release assets, raw files and git bases of GitHub are read; `//` parts repository and path.
    """
    address, _, query = text.strip().partition("?")
    address = address.removeprefix("git::")
    address = address.partition("://")[2] or address
    host, _, rest = address.partition("/")
    if ":" in host and not host.rpartition(":")[2].isdecimal():
        host, _, first = host.rpartition(":")
        rest = f"{first}/{rest}"
    host = host.rpartition("@")[2].removeprefix("www.")
    if "." not in host:
        return None
    parts = rest.replace(".git/", "/").split("/")
    revision = _revision(query)
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return None
    repo, below = "/".join(parts[:2]).removesuffix(".git"), parts[2:]
    if host.startswith("raw."):
        below = below[2:] if below[:2] == ["refs", "tags"] else below
        return Remote(repo, below[0], "/".join(below[1:])) if below else None
    if below[:2] == ["releases", "download"] and len(below) > 3:
        return Remote(repo, below[2], below[-1])
    if below[:3] == ["releases", "latest", "download"]:
        return Remote(repo, "", below[-1])
    if below[:1] in (["raw"], ["tree"], ["blob"]) and len(below) > 1:
        return Remote(repo, below[1], "/".join(below[2:]))
    return Remote(repo, revision, "/".join(below))


def in_repository(url: str, revision: str, path: str) -> Remote | None:
    """A directory of a repository at a revision, as an Application's source names it."""
    found = remote(url)
    return None if found is None else Remote(found.repo, revision, path.strip("/."))


def _revision(query: str) -> str:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in ("ref", "version"):
            return value
    return ""
