"""What a run found, kept for the next one over the same input.

A record is named by a digest of everything that decides what it says: the bytes of every file,
the configuration, the rules, this installation, the day. So it is never out of date, only of no
more use. What shares of an input were found to be (see `shares`) is named without the bytes, and
holds their digests. Records are plain JSON behind a digest of their own; one that does not hold is
passed over.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from kslint import __version__
from kslint.findings import records
from kslint.source.files import Source, is_chart_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kslint.config import Config
    from kslint.findings import Result
    from kslint.rulebook import Rule
    from kslint.source.files import InputProblem

T = TypeVar("T")

DIRECTORY = "KSLINT_CACHE_DIR"
"""The environment variable that names another directory."""
_RECORDS = 64
"""Records kept; the one used longest ago goes first."""
_MOST = 32 * 1024 * 1024
"""Bytes of a record; larger ones are not kept."""
_DIGEST = 32
_HEXADECIMAL = frozenset("0123456789abcdef")


def directory() -> str:
    """Where records are: `KSLINT_CACHE_DIR`, else `kslint` in the user's folder for caches."""
    told = os.environ.get(DIRECTORY)
    if told:
        return told
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    else:
        folder = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(folder, "kslint")


def plain(value: Any) -> Any:
    """A configuration or a rule as JSON can hold it, the same each time: sets in order."""
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return [[key, plain(value[key])] for key in sorted(value)]
    return value


def today() -> str:
    """The day, which suppressions and so the findings depend on."""
    from datetime import date

    return date.today().isoformat()


def digests(files: Iterable[Source | InputProblem]) -> list[str]:
    """What tells each file from any other, and from itself with other bytes."""
    found = []
    for file in files:
        if isinstance(file, Source):
            data = blake2b(file.data, digest_size=_DIGEST).hexdigest()
            # whether it is a template depends on a file that need not be in the input
            found.append(
                f"{file.name}\0{data}\0{is_chart_template(file)}\0{file.named}\0{file.context}"
            )
        else:
            found.append(f"{file.file}\0{file.message}\0{file.passed_over}")
    return found


class Cache:
    """The records in a directory. No trouble with it is an error: there is no record, then."""

    def __init__(self, directory: str, installation: str) -> None:
        """`installation` tells this kslint from another of the same version."""
        self.directory = directory
        self._installation = installation

    def name_of(self, config: Config, rules: Iterable[Rule], further: Iterable[str]) -> str:
        """The name of a record: a digest of all that what it holds depends on.

        That is this kslint, where it runs, its settings and what is given with `further`.
        """
        told = [
            __version__, self._installation, sys.version, os.getcwd(),
            plain(config), [plain(rule) for rule in rules],
        ]  # fmt: skip
        digest = blake2b(json.dumps(told).encode(), digest_size=_DIGEST)
        for item in further:
            digest.update(f"{item}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def get(self, name: str) -> Result | None:
        """The result of the run of that name, if it is there and whole."""
        return self.load(name, records.result)

    def load(self, name: str, made: Callable[[Any], T]) -> T | None:
        """What `made` makes of the record of that name, if it is there and whole."""
        file = os.path.join(self.directory, name)
        try:
            if not _is_own(self.directory):
                return None
            with open(file, "rb") as handle:
                digest, _, text = handle.read(_MOST).partition(b"\n")
            if digest.decode() != blake2b(text, digest_size=_DIGEST).hexdigest():
                return None
            os.utime(file)
            return made(json.loads(text))
        except Exception:  # noqa: BLE001  (whatever a foreign file holds, the run goes on without)
            return None

    def put(self, name: str, value: object) -> None:
        """Keep what JSON can hold, whole or not at all, and drop the records used longest ago."""
        text = json.dumps(value).encode()
        if len(text) >= _MOST - 2 * _DIGEST - 1:
            return
        digest = blake2b(text, digest_size=_DIGEST).hexdigest().encode()
        beside = os.path.join(self.directory, f"{name}.{os.getpid()}.tmp")
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            if not _is_own(self.directory):
                return
            with open(beside, "xb") as handle:
                handle.write(digest + b"\n" + text)
            os.replace(beside, os.path.join(self.directory, name))
            self._trim()
        except OSError:
            return

    def _trim(self) -> None:
        """Drop the records used longest ago, and nothing else that the directory may hold."""
        with os.scandir(self.directory) as entries:
            kept = [
                (entry.stat().st_mtime_ns, entry.path)
                for entry in entries
                if _is_record(entry.name) and entry.is_file(follow_symlinks=False)
            ]
        for _, path in sorted(kept)[:-_RECORDS]:
            os.unlink(path)


def _is_record(name: str) -> bool:
    """Is a file named as records are, or as one that was not finished?"""
    digest, _, rest = name.partition(".")
    is_digest = len(digest) == 2 * _DIGEST and _HEXADECIMAL.issuperset(digest)
    return is_digest and (not rest or rest.endswith(".tmp"))


def _is_own(directory: str) -> bool:
    """Can nobody else have written there?"""
    if sys.platform == "win32":
        return True
    found = os.stat(directory)
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022
