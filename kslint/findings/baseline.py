"""A baseline: the findings that were there before, which do not count until there are more.

An entry names a rule, a file, an object and a path in it, and how many such findings there are. It
holds no lines and no wording: edits around a finding do not bring it back.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.config.written import Mistake, MistakesError, Written
from kslint.findings import Baselined, Suppression
from kslint.findings.fingerprints import identity
from kslint.source.files import STDIN, STDIN_NAME, Found, InputProblem, display, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config.words import Path
    from kslint.findings import Finding, Result
    from kslint.source.files import Source

VERSION = 1
_TEXTS = ("rule", "file", "object", "path")
_KEYS = ("version", "paths", "findings")


class BaselineError(MistakesError):
    """A baseline that cannot be used."""


class Key(NamedTuple):
    """What findings of one entry share. `object` is `InferenceService/qwen-cpu`, or "".

    The namespace is not in it: where Argo CD gives it, a run over part of the tree does not know.
    """

    rule: str
    file: str
    object: str
    path: str

    @property
    def anywhere(self) -> tuple[str, str, str]:
        """The key without its file."""
        return self.rule, self.object, self.path


class Baseline(NamedTuple):
    """Findings by key. `paths` are what was checked to find them; `name` is the file's, as shown.

    Paths and files are relative to `directory`, the file's own, with `/`.
    """

    name: str
    directory: str
    paths: tuple[str, ...]
    counts: dict[Key, int]

    def relative(self, path: str) -> str:
        """A path from the working directory as the baseline names it."""
        return path if _is_stdin(path) else _relative(path, self.directory)

    def place(self, path: str) -> str:
        """A path of the baseline from the working directory."""
        return path if _is_stdin(path) else _relative(self._absolute(path), os.curdir)

    def holds(self, paths: Iterable[str], path: str) -> bool:
        """Does one of `paths` lead to `path`, or to a directory above it?"""
        return any(_is_within(self._absolute(path), self._absolute(one)) for one in paths)

    def is_gone(self, path: str) -> bool:
        """Is there no such file any more?"""
        return not _is_stdin(path) and not os.path.lexists(self._absolute(path))

    def counted(self, findings: Iterable[Finding]) -> dict[Key, int]:
        """How many of the findings have each key."""
        counts: dict[Key, int] = {}
        for finding in findings:
            key = self.key(finding)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def key(self, finding: Finding) -> Key:
        """The key of a finding."""
        rule, kind, name, path = identity(finding)
        return Key(rule, self.relative(finding.span.file), f"{kind}/{name}" if name else kind, path)

    def _absolute(self, path: str) -> str:
        return STDIN if _is_stdin(path) else os.path.normpath(os.path.join(self.directory, path))


def load(file: str) -> Baseline:
    """The baseline in a file. Raises BaselineError with every mistake in it."""
    name, directory = display(file), os.path.dirname(os.path.abspath(file))
    if not os.path.lexists(file):
        message = "there is no such baseline; `kslint baseline write` makes one"
        raise BaselineError([Mistake(0, 0, message, name)])
    if os.path.exists(file) and not os.path.isfile(file):
        raise BaselineError([Mistake(0, 0, "is not a regular file", name)])
    source = read(Found(file, name, True))
    if isinstance(source, InputProblem):
        raise BaselineError([Mistake(0, 0, source.message, name)])
    try:
        data = json.loads(source.text())
    except json.JSONDecodeError as error:
        message = f"this is not JSON: {_words(error, source)}"
        raise BaselineError([Mistake(error.lineno, error.colno, message, name)]) from None
    except (ValueError, RecursionError) as error:
        raise BaselineError([Mistake(0, 0, f"this is not JSON: {error}", name)]) from None
    if mistakes := list(_mistakes(data)):
        raise BaselineError(_placed(source, data, mistakes))
    counts = {Key(*(entry[key] for key in _TEXTS)): entry["count"] for entry in data["findings"]}
    return Baseline(name, directory, tuple(data["paths"]), counts)


def text(baseline: Baseline) -> str:
    """The file's text: sorted, one line an entry, so that a change of one is a diff of one."""
    order = sorted(baseline.counts, key=lambda key: (key.file, key.rule, key.object, key.path))
    entries = [{**key._asdict(), "count": baseline.counts[key]} for key in order]
    lines = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    paths = json.dumps(sorted(baseline.paths), ensure_ascii=False)
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "version": {VERSION},\n  "paths": {paths},\n  "findings": {findings}\n}}\n'


def applied(
    baseline: Baseline, result: Result, ran: frozenset[str], paths: Iterable[str]
) -> Result:
    """The result with the findings that the baseline holds marked, and those it holds in vain.

    `ran` are the ids of the rules that ran, without the reserved ones: what says that input could
    not be read is in no baseline. An entry whose file is gone also stands for the same finding in
    another file. Entries count as held in vain only if all that the baseline was written from was
    checked (`paths`) and could be read.
    """
    left = dict(baseline.counts)
    findings = list(result.findings)
    new: list[tuple[int, Key]] = []
    for index, finding in enumerate(findings):
        if finding.suppressed is None and finding.rule in ran:
            key = baseline.key(finding)
            if not _taken(left, key):
                new.append((index, key))
                continue
            findings[index] = _marked(finding, baseline)
    moved: dict[tuple[str, str, str], list[Key]] = {}
    for key in left if new else ():
        if baseline.is_gone(key.file):
            moved.setdefault(key.anywhere, []).append(key)
    for index, key in new:
        if any(_taken(left, old) for old in moved.get(key.anywhere, ())):
            findings[index] = _marked(findings[index], baseline)
    given = [baseline.relative(path) for path in paths]
    whole = not result.failed and all(baseline.holds(given, path) for path in baseline.paths)
    gone = {key: left[key] for key in left if whole and key.rule in ran}
    fixed = tuple({**key._asdict(), "count": gone[key]} for key in sorted(gone))
    return result.with_findings(findings)._replace(baseline=Baselined(baseline.name, fixed))


def renewed(
    old: Baseline, findings: Iterable[Finding], paths: Iterable[str], files: Iterable[str]
) -> Baseline:
    """The baseline after a run that gave these findings.

    What the run did not look at, neither under `paths` nor in one of the `files` it read, is kept
    as long as the file is there.
    """
    given = sorted({old.relative(path) for path in paths})
    seen = {old.relative(file) for file in files}
    kept = {
        key: count
        for key, count in old.counts.items()
        if not (key.file in seen or old.holds(given, key.file) or old.is_gone(key.file))
    }
    others = [path for path in old.paths if not old.holds(given, path) and not old.is_gone(path)]
    whole = [path for path in given if not old.holds(others, path)]
    return old._replace(paths=(*others, *whole), counts=kept | old.counted(findings))


def _is_stdin(path: str) -> bool:
    return path in (STDIN, STDIN_NAME)


def _relative(path: str, directory: str) -> str:
    return os.path.relpath(path, directory).replace(os.sep, "/")


def _is_within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _taken(left: dict[Key, int], key: Key) -> bool:
    """Take one finding off an entry, if it has one left."""
    if key not in left:
        return False
    left[key] -= 1
    if not left[key]:
        del left[key]
    return True


def _marked(finding: Finding, baseline: Baseline) -> Finding:
    return finding._replace(suppressed=Suppression("external", f"in {baseline.name}"))


def _words(error: json.JSONDecodeError, source: Source) -> str:
    if source.line(error.lineno).startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "a merge conflict was left in it"
    return error.msg


def _mistakes(data: Any) -> Iterator[tuple[Path, str]]:
    """Everything that a baseline must not hold: where, and what is wrong."""
    if not isinstance(data, dict):
        yield (), "a baseline is a mapping"
        return
    if data.get("version") != VERSION:
        yield ("version",), f"the version must be {VERSION}: another kslint may have written this"
        return
    for key in data.keys() - set(_KEYS):
        yield (key,), f"unknown key `{key}`"
    paths, entries = data.get("paths"), data.get("findings")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        yield ("paths",), "`paths` must be a list of texts"
    if not isinstance(entries, list):
        yield ("findings",), "`findings` must be a list"
        return
    seen = set()
    for index, entry in enumerate(entries):
        where = ("findings", index)
        if not isinstance(entry, dict) or entry.keys() != {*_TEXTS, "count"}:
            yield where, f"an entry has the keys {', '.join(_TEXTS)} and count, and no other"
        elif not all(isinstance(entry[key], str) for key in _TEXTS):
            yield where, f"{', '.join(_TEXTS)} must be text"
        elif type(entry["count"]) is not int or entry["count"] < 1:
            yield (*where, "count"), "`count` must be a whole number of 1 or more"
        elif (key := tuple(entry[name] for name in _TEXTS)) in seen:
            yield where, "this entry stands here for the second time"
        else:
            seen.add(key)


def _placed(source: Source, data: Any, mistakes: list[tuple[Path, str]]) -> Iterator[Mistake]:
    """Mistakes at their lines and columns."""
    from kslint.source.parser import YamlError, compose

    try:
        root = next(iter(compose(source, source.data))).root
    except YamlError:  # JSON may nest deeper than we read
        root = None
    written = Written(source.name, data, root)
    for path, message in mistakes:
        known = root is not None and root.at(*path) is not None
        yield written.mistake(path if known else (), message)
