"""What a run found, kept for the next one over the very same input.

A record is named by a digest of everything that decides a run's outcome: the bytes of every
file, the configuration, the rules, this installation, the day. So it is never out of date, only
of no more use. It is plain JSON behind its own digest; one that does not hold is passed over.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from kslint import __version__
from kslint.findings import Edit, Finding, Fix, Label, Result, Subject, Summary, Suppression
from kslint.source.files import Source, is_chart_template
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.config import Config
    from kslint.rulebook import Rule
    from kslint.source.files import InputProblem

DIRECTORY = "KSLINT_CACHE_DIR"
"""The environment variable that names another directory."""
_RECORDS = 64
"""Records kept; the one used longest ago goes first."""
_MOST = 32 * 1024 * 1024
"""Bytes of a record; larger ones are not kept."""
_DIGEST = 32


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


class Cache:
    """The records in a directory. No trouble with it is an error: there is no record, then."""

    def __init__(self, directory: str, installation: str) -> None:
        """`installation` tells this kslint from another of the same version."""
        self.directory = directory
        self._installation = installation

    def name_of(
        self, files: Iterable[Source | InputProblem], config: Config, rules: Iterable[Rule]
    ) -> str:
        """The name of the record of a run: a digest of all that its findings depend on."""
        from datetime import date

        told = [
            __version__, self._installation, sys.version, os.getcwd(), date.today().isoformat(),
            plain(config), [plain(rule) for rule in rules],
        ]  # fmt: skip
        digest = blake2b(json.dumps(told).encode(), digest_size=_DIGEST)
        for file in files:
            if isinstance(file, Source):
                data = blake2b(file.data, digest_size=_DIGEST).hexdigest()
                # whether it is a template depends on a file that need not be in the input
                item = f"{file.name}\0{data}\0{is_chart_template(file)}"
            else:
                item = f"{file.file}\0{file.message}"
            digest.update(f"{item}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def get(self, name: str) -> Result | None:
        """The result of the run of that name, if it is there and whole."""
        file = os.path.join(self.directory, name)
        try:
            if not _is_own(self.directory):
                return None
            with open(file, "rb") as handle:
                digest, _, text = handle.read(_MOST).partition(b"\n")
            if digest.decode() != blake2b(text, digest_size=_DIGEST).hexdigest():
                return None
            os.utime(file)
            return _result(json.loads(text))
        except Exception:  # noqa: BLE001  (whatever a foreign file holds, the run goes on without)
            return None

    def put(self, name: str, result: Result) -> None:
        """Keep a result, whole or not at all, and drop the records used longest ago."""
        text = json.dumps(result).encode()
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
        with os.scandir(self.directory) as entries:
            kept = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
        for _, path in sorted(kept)[:-_RECORDS]:
            os.unlink(path)


def _is_own(directory: str) -> bool:
    """Can nobody else have written there?"""
    if sys.platform == "win32":
        return True
    found = os.stat(directory)
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _result(values: list[Any]) -> Result:
    findings, summary, failed, skipped, *rest = values
    assert not any(rest), "a baseline is applied after the cache"
    return Result(
        [_finding(*one) for one in findings],
        Summary(*summary),
        failed,
        [(file, reason) for file, reason in skipped],
    )


def _finding(*values: Any) -> Finding:
    found = Finding(*values)
    fix = found.fix
    return found._replace(
        span=Span(*found.span),
        subject=Subject(*found.subject),
        related=tuple(Label(Span(*span), text) for span, text in found.related),
        suppressed=None if found.suppressed is None else Suppression(*found.suppressed),
        fix=None if fix is None else _fix(*fix),
    )


def _fix(*values: Any) -> Fix:
    fix = Fix(*values)
    return fix._replace(edits=tuple(Edit(Span(*span), text) for span, text in fix.edits))
