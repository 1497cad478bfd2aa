"""The work of `kslint check`: read, run, report."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from kslint.cli import baselines
from kslint.cli.formats import Run, outputs, write
from kslint.cli.inputs import chosen, context_of, in_force, read_files, say_unknown_versions
from kslint.cli.progress import Progress
from kslint.cli.reading import Reading
from kslint.cli.usage import Stop, UsageError
from kslint.source.files import STDIN, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kslint.cli.changed import Change
    from kslint.config import Config
    from kslint.findings import Result
    from kslint.findings.baseline import Baseline
    from kslint.rendered.programs import Tools
    from kslint.running.cache import Cache
    from kslint.running.fixing import Outcome
    from kslint.running.ignoring import Ignored
    from kslint.source.load import Input

FAIL_ON = "error"
"""What fails a run if neither the command line nor the configuration says."""


class Options(NamedTuple):
    """The command line of `kslint check`, as `check.py` documents it."""

    paths: list[str]
    select: list[str]
    ignore: list[str]
    output_format: list[str]
    fail_on: str | None
    config_file: str | None
    isolated: bool
    context: Sequence[str] = ()
    render: bool = False
    baseline: str | None = None
    no_baseline: bool = False
    statistics: bool = False
    exit_zero: bool = False
    stdin_filename: str | None = None
    changed: bool = False
    since: str | None = None
    no_cache: bool = False
    jobs: int | None = None
    diff: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    add_ignore: str | None = None
    quiet: bool = False
    min_severity: str | None = None
    verbose: bool = False
    show_files: bool = False

    @property
    def places(self) -> list[str]:
        """The paths, with the file that stdin stands for in place of `-`."""
        return [self.stdin_filename or path if path == STDIN else path for path in self.paths]


def run(options: Options) -> int:
    """Check, report, and say the exit code. Raises UsageError and Stop."""
    from kslint.config.written import MistakesError

    try:
        return _run(options)
    except MistakesError as error:  # custom rules that cannot be evaluated
        sys.stderr.write(f"{error}\n")
        raise Stop(2) from None


def _run(options: Options) -> int:
    from kslint.findings import at_or_over

    if options.stdin_filename and STDIN not in options.paths:
        options = options._replace(paths=[*options.paths, STDIN])
    _refuse(options)
    wanted = outputs(options.output_format)
    begin = time.monotonic()
    check = _Check(options)
    if options.show_files:
        return check.show_files()
    if check.unchanged:  # a report in words would say that there is nothing to check
        wanted = [output for output in wanted if output.format not in ("text", "grouped")]
    result, saved = check.result(), True
    if options.add_ignore is not None:
        if options.diff:
            return check.show_comments(result)
        result, saved = check.commented(result)
    elif options.diff:
        return check.show_fixes(result)
    if options.fix:
        result, saved = check.fixed(result)
    check.progress.end()
    run = Run(
        result,
        check.reading,
        check.book,
        options.statistics,
        options.unsafe_fixes,
        options.quiet,
        check.min_severity,
        check.fail_on,
    )
    written = write(wanted, run)
    if options.verbose:
        check.say_facts(result, time.monotonic() - begin)
    if not options.quiet:
        in_words = options.statistics or {"text", "grouped"} & {each.format for each in wanted}
        if not check.unchanged:
            if not in_words:
                _say_unchecked(result)
            check.say_remarks()
            check.say_part()
        say_unknown_versions(result.unknown_versions)
        baselines.say_fixed(result)
    if result.failed or not written or not saved:
        return 2
    if options.exit_zero:
        return 0
    counting = (finding for finding in result.findings if finding.suppressed is None)
    return int(any(at_or_over(finding.severity, check.fail_on) for finding in counting))


class _Check:
    """One run's settings and input, and what is found in it."""

    def __init__(self, options: Options) -> None:
        """Read everything but the documents. Raises UsageError and Stop."""
        self._change = _change(options)
        if self._change is not None:
            options = options._replace(paths=self._change.tree)
        self._options = options
        self.config, self.book = in_force(options.places, options.config_file, options.isolated)
        self.fail_on = options.fail_on or self.config.fail_on or FAIL_ON
        self.min_severity = options.min_severity or self.config.min_severity
        self._context = context_of(self.config, options.context)
        self._rules = chosen(self.book, self.config, options.select, options.ignore)
        self._baseline = _baseline(options, self.config)
        self._cache = None if options.no_cache else _cache()
        self.progress = Progress("reading", options.quiet)
        change = self._change
        self.unchanged = change is not None and change.is_empty(
            self.config, self._baseline, self.book, self._context
        )
        """Is there no change whose findings could be asked for?"""
        if change is not None and self.unchanged:
            sys.stderr.write(f"No manifest changed since {change.since}\n")
            self.reading, self._baseline = Reading([], self.config), None
        else:
            files = read_files(options.paths, self.config, options.stdin_filename, self._context)
            self.reading = Reading(files, self.config, _tools() if options.render else None)
            if change is not None:
                reading = self.reading
                deleted = change.deleted(reading.sources, lambda: reading.loaded, self.config)
                self.reading = reading.with_deleted(deleted)
                self.config = self.reading.config
        self.progress.doing = f"checking {len(self.reading.files)} files"

    def show_files(self) -> int:
        """Print the names of what was read, and say the exit code."""
        from kslint.report.frames import printable

        self.progress.end()
        sys.stdout.write("".join(f"{printable(name)}\n" for name in self.reading.sources))
        unread = [file for file in self.reading.files if not isinstance(file, Source)]
        return 2 if any(not file.passed_over for file in unread) else 0

    def say_facts(self, result: Result, seconds: float) -> None:
        """On stderr, what was read and is reckoned with."""
        from kslint.cli import verbose

        verbose.say(result, self.reading, self.config, self._rules, seconds)

    def result(self) -> Result:
        """What is found in the input as it was read, less what need not count."""
        found = self.reading.checked(self._rules, self.book, self._cache, self._options.jobs)
        return self._counted(found, lambda: self.reading.loaded)

    def say_remarks(self) -> None:
        """On stderr, which charts helm did not render as a whole, and why."""
        from kslint.report.frames import printable

        rendered = self.reading.rendered
        for chart, remark in sorted(set(rendered.remarks)) if rendered else ():
            sys.stderr.write(printable(f"{chart or '.'}: {remark}") + "\n")

    def say_part(self) -> None:
        """On stderr, that the repository holds more than what was read, if so."""
        from kslint.cli.part import say_part

        say_part(self._options.places or ["."], self._context, self.config)

    def show_fixes(self, result: Result) -> int:
        """Print what `--fix` would do, and say the exit code."""
        from kslint.cli.fixing import show

        outcome = self._fixes(result)
        self.progress.end()
        show(outcome, self._options.unsafe_fixes)
        return 2 if result.failed else int(bool(outcome.changed) and not self._options.exit_zero)

    def fixed(self, result: Result) -> tuple[Result, bool]:
        """Mend what can be mended: what is left then, and whether all could be written."""
        from kslint.cli.fixing import save

        outcome = self._fixes(result)
        self.progress.end()
        sources, fixed, saved = save(outcome)
        self.reading = self.reading.with_sources(sources)
        result = self.result()
        return result._replace(summary=result.summary._replace(fixed=fixed)), saved

    def show_comments(self, result: Result) -> int:
        """Print what `--add-ignore` would write, and say the exit code."""
        from kslint.cli import ignoring

        outcome = self._comments(result)
        self.progress.end()
        ignoring.show(outcome, self.reading.sources)
        return 2 if result.failed else int(bool(outcome.changed) and not self._options.exit_zero)

    def commented(self, result: Result) -> tuple[Result, bool]:
        """Suppress what is found by comments: what is left, and whether all could be written."""
        from kslint.cli import ignoring

        outcome = self._comments(result)
        self.progress.end()
        sources, saved = ignoring.save(outcome, self.reading.sources)
        self.reading = self.reading.with_sources(sources)
        return self.result(), saved

    def _comments(self, result: Result) -> Ignored:
        from kslint.cli import ignoring
        from kslint.cli.formats import least_shown

        severity = least_shown(self.min_severity, self.fail_on)
        reserved = {rule.name for rule in self.book if rule.reserved}
        reason = self._options.add_ignore or ""
        return ignoring.ignored(result, self.reading.sources, reason, severity, reserved)

    def _fixes(self, result: Result) -> Outcome:
        from kslint.cli.formats import least_shown
        from kslint.findings import at_or_over
        from kslint.running import fixing

        loaded = self.reading.loaded
        severity = least_shown(self.min_severity, self.fail_on)
        hidden = [one for one in result.findings if not at_or_over(one.severity, severity)]
        left_alone = set(fixing.marks(hidden))
        if self._change is not None:  # whoever edits a file does not answer for all that is in it
            whole = self._less_baseline(self._judged(loaded))
            left_alone |= fixing.marks(whole.findings).keys() - fixing.marks(result.findings).keys()
            result = whole
        return fixing.fix(
            loaded,
            result,
            lambda read: self._less_baseline(self._judged(read)),
            self._options.unsafe_fixes,
            left_alone,
        )

    def _judged(self, read: Input) -> Result:
        from kslint.running import engine

        return engine.run(read, self._rules, self.config, self.book)

    def _less_baseline(self, result: Result) -> Result:
        return baselines.applied(self._baseline, result, self._rules, self._options.places)

    def _counted(self, result: Result, read: Callable[[], Input]) -> Result:
        """A result with the baseline applied and, of a change, what the change brings."""
        result = self._less_baseline(result)
        change = self._change
        if change is None or change.is_of_settings(self.config, self._baseline, self.book):
            return result
        return change.narrowed(result, read(), self.config, self.book, self._judged)


def _refuse(options: Options) -> None:
    """Raise UsageError for options that make no sense together."""
    if options.fix and not options.diff and STDIN in options.paths:
        raise UsageError("--fix cannot write to standard input; --diff shows what it would do")
    if options.add_ignore is not None:
        from kslint.cli.ignoring import refuse

        refuse(options.add_ignore)
        if options.fix:
            raise UsageError("--add-ignore cannot be combined with --fix: run --fix first")
        if not options.diff and STDIN in options.paths:
            raise UsageError("--add-ignore cannot write to standard input; --diff shows it")
    if options.render and (options.changed or options.since is not None):
        raise UsageError("--render cannot be combined with --changed or --since")
    if options.render and (options.fix or (options.diff and options.add_ignore is None)):
        raise UsageError("--render cannot be combined with --fix or --diff: run --fix first")
    if options.diff and options.output_format:
        raise UsageError("--diff prints a diff in place of a report: leave --output-format out")
    if options.quiet and options.verbose:
        raise UsageError("--quiet and --verbose cannot be combined")


def _tools() -> Tools:
    """What renders charts. Raises UsageError if nothing does."""
    from kslint.rendered.programs import Tools

    tools = Tools.on_path()
    if not any(tools):
        raise UsageError("--render needs helm or kustomize, and neither is on the PATH")
    return tools


def _cache() -> Cache | None:
    """The user's cache; none where kslint is not installed but run from its sources."""
    from kslint.rulebook import installation

    found = installation()
    if found is None:
        return None
    from kslint.running import cache

    return cache.Cache(cache.directory(), found)


def _say_unchecked(result: Result) -> None:
    """On stderr, for reports that do not say it: a gate that looks at nothing is always green."""
    from kslint.report.text import nothing_checked, passed_over

    for said in (passed_over(result.summary), nothing_checked(result)):
        if said:
            sys.stderr.write(f"{said[0].upper()}{said[1:]}\n")


def _change(options: Options) -> Change | None:
    if not options.changed and options.since is None:
        return None
    from kslint.cli.changed import Change

    return Change(options.paths, options.since)


def _baseline(options: Options, config: Config) -> Baseline | None:
    if options.no_baseline:
        if options.baseline is not None:
            raise UsageError("--baseline and --no-baseline cannot be combined")
        return None
    if options.isolated and options.baseline is None:
        return None
    from kslint.config.file import find_baseline

    file = find_baseline(options.places, options.baseline, config)
    return None if file is None else baselines.read(file)
