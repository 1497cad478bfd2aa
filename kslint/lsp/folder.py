"""A folder of the workspace: read once, later only what changed, checked as a whole.

Works in relative paths, as `kslint check` does in that directory, so that names in messages are
short. The working directory is the process's, therefore everything here runs in one thread.
"""

from __future__ import annotations

import gc
import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kslint import rulebook
from kslint.config import Config, excluder
from kslint.config import file as config_file
from kslint.config.written import MistakesError
from kslint.findings import baseline
from kslint.findings.baseline import BaselineError
from kslint.lsp.uses import uses
from kslint.model.model import Model
from kslint.running import books, config_names, engine
from kslint.source.files import (
    Found,
    InputProblem,
    Source,
    discover,
    display,
    in_a_walk,
    read,
    would_find,
)
from kslint.source.load import Input, load_source, note_unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.config.written import Mistake
    from kslint.findings import Finding, Result
    from kslint.lsp.uses import Use
    from kslint.rulebook import Rule
    from kslint.source.nodes import Span

    Signature = tuple[int, int, int]
    """Time of the last change, size and number of a file: what tells that it changed."""


class Buffer(NamedTuple):
    """A document that is open in the editor. `path` is its URI where it is in no file."""

    path: str
    uri: str
    version: int | None
    text: str

    def source(self, name: str, named: bool = True) -> Source:
        return Source(name, self.text.encode("utf-8", "replace"), named=named)


class Configured(NamedTuple):
    """The configuration's file, what is wrong with it, and what in it is merely unknown."""

    source: Source | None = None
    mistakes: tuple[Mistake, ...] = ()
    doubts: tuple[Mistake, ...] = ()


class Checked:
    """What a check found, and the state of the files it is about."""

    def __init__(
        self,
        paths: dict[str, str],
        book: list[Rule],
        configured: Configured | None = None,
        loaded: Input | None = None,
        model: Model | None = None,
        findings: list[Finding] | None = None,
    ) -> None:
        self.paths = paths
        """The absolute path, or URI, of each file by its name in spans."""
        self.rules = {rule.name: rule for rule in book}
        self.configured = configured or Configured()
        self.services = [] if model is None else model.inference_services
        self.findings = findings or []
        self.sources = {} if loaded is None else {f.source.name: f.source for f in loaded.files}
        if self.configured.source is not None:
            self.sources[self.configured.source.name] = self.configured.source

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of files by their paths."""
        return {path: name for name, path in self.paths.items()}

    @cached_property
    def uses(self) -> dict[str, list[tuple[Span, Use]]]:
        """Where a place has a say in what KServe creates, by file."""
        return uses(self.services)


def is_within(path: str, root: str) -> bool:
    """Does a path lie below a directory?"""
    return path != root and path.startswith(root.rstrip(os.sep) + os.sep)


def _less_baseline(result: Result, rules: list[Rule], config: Config) -> Result:
    """The result without what the baseline holds. Raises BaselineError if it cannot be used."""
    file = config_file.find_baseline(None, None, config)
    if file is None:
        return result
    ran = frozenset(rule.id for rule in rules if not rule.reserved)
    return baseline.applied(baseline.load(file), result, ran, ["."])


class _Read(NamedTuple):
    """A file that was read and parsed: an input of one file. No signature: from a buffer."""

    data: bytes
    parsed: Input
    signature: Signature | None


class Folder:
    """A directory with all manifests in it; or one open document, by its path or URI."""

    def __init__(self, root: str, document: str | None = None) -> None:
        self.root = root
        self.document = document
        self._own = self._book = rulebook.load()
        self._files: dict[str, _Read] = {}
        self._listing: list[Found | InputProblem] = []
        self._changes = 1
        """On the disk, that were told of; `_seen` is how many of them were looked at."""
        self._seen = 0
        self._config: Config | None = None

    def forget(self) -> None:
        """Something changed on the disk: look there before the next check."""
        self._changes += 1

    def holds(self, path: str) -> bool:
        """Is this file in the folder, or the one document?"""
        return is_within(path, self.root) if self.document is None else path == self.document

    def check(self, buffers: Mapping[str, Buffer]) -> Checked:
        """Read what changed and run all rules. Text in `buffers` stands in for files.

        A configuration that cannot be used leaves the last good one in force; without one
        nothing is checked, as on the command line.
        """
        if not self._entered():
            return Checked({}, self._book)
        configured = self._configured(buffers)
        config = self._config
        if config is None:
            return Checked({}, self._book, configured)
        first = not self._files
        paths, loaded = self._read(buffers, config)
        if first:
            gc.freeze()  # a large workspace's trees stay: no collection need look at them
        rules = engine.choose(self._book, config)
        model = Model.of(loaded, config)
        try:
            result = engine.run(loaded, rules, config, self._book, model)
        except MistakesError as error:  # custom rules that cannot be evaluated
            mistakes = (*configured.mistakes, *error.mistakes)
            configured = configured._replace(mistakes=mistakes)
            return Checked(paths, self._book, configured, loaded, model)
        try:
            result = _less_baseline(result, rules, config)
        except BaselineError as error:
            mistakes = (*configured.mistakes, *error.mistakes)
            configured = configured._replace(mistakes=mistakes)
        return Checked(paths, self._book, configured, loaded, model, result.findings)

    def _entered(self) -> bool:
        """Make the folder the working directory. A lone document's may not be there yet."""
        directory = self.root
        while self.document is not None and not os.path.isdir(directory):
            directory = os.path.dirname(directory)
        try:
            os.chdir(directory)
        except OSError:
            return False
        return True

    def _configured(self, buffers: Mapping[str, Buffer]) -> Configured:
        """Read the configuration anew, and put it in force if it can be used."""
        source = None
        try:
            file = config_file.find()
            if file is None:
                self._book = self._own + books.custom_rules(self._own, None)
                self._config = Config()
                return Configured()
            path = os.path.normpath(os.path.join(self.root, os.path.relpath(file)))
            if path in buffers:
                source = buffers[path].source(display(file))
            else:
                on_disk = read(Found(file, display(file), True))
                source = on_disk if isinstance(on_disk, Source) else None
            written = config_file.read(file, source)
            book = self._own + books.custom_rules(self._own, written)
            self._config = written.config(config_names.unknown_rules(written, book))
            self._book = book
        except MistakesError as error:
            return Configured(source, error.mistakes)
        return Configured(source, (), tuple(config_names.unknown_machines(written)))

    def _read(self, buffers: Mapping[str, Buffer], config: Config) -> tuple[dict[str, str], Input]:
        """The paths of files by name, and the input. Parses only what is not known yet."""
        changes = self._changes  # there may be more while we read
        stale = changes != self._seen
        loaded = Input([], [], [])
        files: dict[str, _Read] = {}
        paths: dict[str, str] = {}
        for found in self._found(buffers, config, stale):
            if isinstance(found, InputProblem):
                note_unread(found, loaded)
                continue
            path = self._path(found)
            paths[found.name] = path
            entry = self._file(path, found, buffers.get(path), stale)
            if isinstance(entry, InputProblem):
                note_unread(entry, loaded)
                continue
            files[path] = entry
            loaded.files.extend(entry.parsed.files)
            loaded.troubles.extend(entry.parsed.troubles)
            loaded.skipped.extend(entry.parsed.skipped)
        self._files = files
        self._seen = changes
        return paths, loaded

    def _found(
        self, buffers: Mapping[str, Buffer], config: Config, stale: bool
    ) -> Iterator[Found | InputProblem]:
        """The files on disk, and open ones that would be found there once they are saved."""
        if self.document is not None:
            path = self.document
            name = os.path.basename(path) if os.path.isabs(path) else f"<{path}>"
            yield Found(path, name, True)
            return
        exclude = excluder(config)
        if stale:
            self._listing = list(discover(["."], exclude))
        listing = list(self._listing)
        listed = {self._path(found) for found in self._listing if isinstance(found, Found)}
        for path in buffers:
            if path not in listed and self.holds(path):
                relative = os.path.relpath(path, self.root)
                if would_find(relative, exclude):
                    listing.append(Found(relative, display(relative), False))
        yield from sorted(listing, key=in_a_walk)

    def _path(self, found: Found) -> str:
        if self.document is not None:
            return self.document
        return os.path.normpath(os.path.join(self.root, found.path))

    def _file(
        self, path: str, found: Found, buffer: Buffer | None, stale: bool
    ) -> _Read | InputProblem:
        """A file as it is now; the known one if that is still it."""
        known = self._files.get(path)
        signature = None
        if buffer is not None:
            source = buffer.source(found.name, found.explicit)
        else:
            if known is not None and known.signature is not None and not stale:
                return known
            signature = _signature(path)
            if known is not None and signature is not None and signature == known.signature:
                return known
            from_disk = read(found)
            if isinstance(from_disk, InputProblem):
                return from_disk
            source = from_disk
        if known is not None and known.data == source.data:
            return known._replace(signature=signature)
        parsed = Input([], [], [])
        load_source(source, parsed)
        return _Read(source.data, parsed, signature)


def _signature(path: str) -> Signature | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
