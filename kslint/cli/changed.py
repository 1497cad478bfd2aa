"""`--changed`: of all findings, those that a change brings.

That is what touches a changed file, and what is new elsewhere: a claim that is deleted breaks
the service that mounts it, in a file nobody changed. So the tree is checked as it is and, only
if there are findings elsewhere, once more as it was.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from kslint.cli.earlier import Earlier
from kslint.cli.usage import Stop
from kslint.config import excluder
from kslint.findings.fingerprints import identity
from kslint.running.books import CUSTOM
from kslint.source.files import (
    BASELINE_FILE,
    CONFIG_FILES,
    STDIN,
    InputProblem,
    Source,
    discover,
    display,
    read,
)
from kslint.source.history import HEAD, History, HistoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kslint.config import Config, Deleted
    from kslint.findings import Finding, Result
    from kslint.findings.baseline import Baseline
    from kslint.rulebook import Rule
    from kslint.source.load import Input

FROM_REF = "PRE_COMMIT_FROM_REF"
"""Where pre-commit says what `--from-ref`, or a push, begins at."""


class Change:
    """What came since a revision.

    A file on the command line, be it there or deleted, is no input of its own: it has changed,
    whatever git says. The other paths are the `tree` to check.
    """

    def __init__(self, paths: Iterable[str], since: str | None) -> None:
        """`since` None: the commit before this one, or what pre-commit says. Raises Stop."""
        self.since = since or os.environ.get(FROM_REF) or HEAD
        try:
            self.history = History.of(self.since)
        except HistoryError as error:
            _stop(error)
        paths = list(paths)
        files = [path for path in paths if path != STDIN and self._is_file(path)]
        self.named = {display(path) for path in files}
        self.tree = [path for path in paths if path not in files] or ["."]
        self._roots = self.tree

    def is_empty(
        self, config: Config, baseline: Baseline | None, book: list[Rule], context: Iterable[str]
    ) -> bool:
        """Is the tree as it was, and what is read along? Files are read to tell, not parsed."""
        self._roots = [*self.tree, *context]
        if self.named or STDIN in self.tree or self.is_of_settings(config, baseline, book):
            return False
        seen = set()
        for found in discover(self._roots, excluder(config)):
            source = found if isinstance(found, InputProblem) else read(found)
            if isinstance(source, InputProblem) or not self.history.holds(source):
                return False
            seen.add(source.name)
        return not any(self.earlier(config).gone(seen))

    def earlier(self, config: Config) -> Earlier:
        """The tree as it was."""
        return Earlier(self.history, self._roots, config)

    def _is_file(self, path: str) -> bool:
        is_there = os.path.lexists(path) and not os.path.isdir(path)
        return is_there or os.path.abspath(path) in self.history.files

    def is_of_settings(self, config: Config, baseline: Baseline | None, book: list[Rule]) -> bool:
        """Did configuration, baseline or custom rules change? Any finding may come from that."""
        if any(_settles(path) and not os.path.lexists(path) for path in self.history.files):
            return True
        files = [config.file] if config.file else []
        files += [baseline.name] if baseline is not None else []
        files += [rule.file for rule in book if rule.custom]
        return not all(self._is_as_it_was(file) for file in files)

    def _is_as_it_was(self, file: str) -> bool:
        with open(file, "rb") as handle:
            return self.history.holds(Source(file, handle.read()))

    def deleted(
        self, sources: Mapping[str, Source], read: Callable[[], Input], config: Config
    ) -> tuple[Deleted, ...]:
        """The objects that the change takes away. Raises Stop.

        `read` gives the documents of all sources, which are asked for only if objects are gone from
        the files that changed.
        """
        from kslint.graph.graph import Graph
        from kslint.graph.lost import lost
        from kslint.source.load import parsed

        same = {name for name, source in sources.items() if self.history.holds(source)}
        try:
            before = self.history.read(
                [
                    *((os.path.abspath(name), name) for name in sources.keys() - same),
                    *self.earlier(config).gone(set(sources)),
                ]
            )
            changed = {source.name for source in before}
            now = parsed(source for name, source in sources.items() if name not in same)
            if _names(parsed(before)) <= _names(now) and not _may_make(changed):
                return ()
            loaded = read()
            earlier = Graph(self.earlier(config).beside(loaded, same))
        except HistoryError as error:
            _stop(error)
        gone = lost(earlier, Graph(loaded))
        return tuple(sorted(gone, key=lambda one: (one.kind, one.namespace or "", one.name)))

    def narrowed(
        self,
        result: Result,
        loaded: Input,
        config: Config,
        book: Iterable[Rule],
        check: Callable[[Input], Result],
    ) -> Result:
        """The findings that the change brings; on stderr, how many others there are.

        Of input that could not be read, only that in changed files fails the run. Raises Stop.
        """
        from kslint.findings.suppressions import COMPLAINTS

        same = {file.source.name for file in loaded.files if self.history.holds(file.source)}
        same -= self.named
        elsewhere = _elsewhere(result.findings, same, loaded)
        if not any(elsewhere):
            return result
        try:
            before = self.earlier(config).beside(loaded, same)
        except HistoryError as error:
            _stop(error)
        old = Counter(map(_mark, check(before).findings))
        left = []
        for finding, untouched in zip(result.findings, elsewhere, strict=True):
            mark = _mark(finding)
            if untouched and old[mark]:
                old[mark] -= 1
            else:
                left.append(finding)
        number = len(result.findings) - len(left)
        if number:
            what = "finding that was" if number == 1 else "findings that were"
            sys.stderr.write(f"{number} {what} there before, in other files: not shown\n")
        failing = {rule.name for rule in book if rule.reserved}.difference(COMPLAINTS)
        failed = result.failed and any(finding.name in failing for finding in left)
        return result.with_findings(left)._replace(failed=failed)


def _names(loaded: Input) -> set[tuple[str, str]]:
    """The kinds and names of all objects."""
    from kslint.resources import resources_of

    return {(resource.kind, resource.name) for resource in resources_of(loaded.files)[0]}


def _may_make(files: Iterable[str]) -> bool:
    """Is there a kustomization among them? It makes objects that are written nowhere."""
    from kslint.resources import KUSTOMIZATIONS

    return any(name.rpartition("/")[2] in KUSTOMIZATIONS for name in files)


def _elsewhere(findings: Iterable[Finding], same: set[str], loaded: Input) -> list[bool]:
    """Of each finding: do its places, and the file of its object, all stand in these files?"""
    from kslint.resources import resources_of

    files: dict[tuple[str, str], set[str]] = {}
    for resource in resources_of(loaded.files)[0]:
        files.setdefault((resource.kind, resource.name), set()).add(resource.file)
    return [
        {
            finding.span.file,
            *(label.span.file for label in finding.related),
            *files.get((finding.subject.kind, finding.subject.name), ()),
        }
        <= same
        for finding in findings
    ]


def _mark(finding: Finding) -> tuple[str, ...]:
    """What a finding is, but for its line."""
    subject = finding.subject
    scope = subject.namespace if subject.name else finding.span.file
    return (*identity(finding), scope, finding.message)


def _stop(error: HistoryError) -> NoReturn:
    sys.stderr.write(f"kslint cannot tell what changed: {error}\n")
    raise Stop(2) from None


def _settles(path: str) -> bool:
    """Is it a file that says how to check, or a page in the usual place of custom rules?"""
    directory, name = os.path.split(path)
    is_page = name.endswith(".md") and f"{os.sep}{directory}".endswith(os.sep + CUSTOM)
    return is_page or name in (*CONFIG_FILES, BASELINE_FILE)
