"""The work of `kslint check`: read, run, report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from kslint.cli import baselines
from kslint.cli.formats import Run, outputs, write
from kslint.cli.inputs import chosen, in_force, read_files
from kslint.cli.progress import Progress
from kslint.cli.reading import Reading
from kslint.cli.usage import Stop, UsageError
from kslint.source.files import STDIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.baseline import Baseline
    from kslint.cache import Cache
    from kslint.cli.changed import Change
    from kslint.config import Config
    from kslint.findings import Result
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

    @property
    def places(self) -> list[str]:
        """The paths, with the file that stdin stands for in place of `-`."""
        return [self.stdin_filename or path if path == STDIN else path for path in self.paths]


def run(options: Options) -> int:
    """Check, report, and say the exit code. Raises UsageError and Stop."""
    from kslint.written import MistakesError

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
    change = _change(options)
    if change is not None:
        options = options._replace(paths=change.tree)
    config, book = in_force(options.places, options.config_file, options.isolated)
    rules = chosen(book, config, options.select, options.ignore)
    baseline = _baseline(options, config)
    progress = Progress("reading")
    unchanged = change is not None and change.is_empty(config, baseline, book)
    if change is not None and unchanged:
        sys.stderr.write(f"No manifest changed since {change.since}\n")
        reading, baseline = Reading([], config), None
        wanted = [output for output in wanted if output.format != "text"]  # would say: no objects
    else:
        files = read_files(options.paths, config, options.stdin_filename)
        reading = Reading(files, config)

    def counted(result: Result, read: Callable[[], Input]) -> Result:
        result = baselines.applied(baseline, result, rules, options.places)
        if change is not None and not change.is_of_settings(config, baseline, book):
            from kslint import engine

            result = change.narrowed(
                result, read(), config, book, lambda old: engine.run(old, rules, config, book)
            )
        return result

    progress.doing = f"checking {len(reading.files)} files"
    cache = None if options.no_cache else _cache()
    result = counted(reading.checked(rules, book, cache, options.jobs), lambda: reading.loaded)
    saved = True
    if options.diff or options.fix:
        from kslint import engine, fixing
        from kslint.cli.fixing import save, show

        outcome = fixing.fix(
            reading.loaded,
            result,
            lambda read: counted(engine.run(read, rules, config, book), lambda: read),
            options.unsafe_fixes,
        )
        progress.end()
        if options.diff:
            show(outcome, options.unsafe_fixes)
            return 2 if result.failed else int(bool(outcome.changed) and not options.exit_zero)
        sources, fixed, saved = save(outcome)
        reading = reading.with_sources(sources)
        result = counted(reading.checked(rules, book, cache, options.jobs), lambda: reading.loaded)
        result = result._replace(summary=result.summary._replace(fixed=fixed))
    progress.end()
    run = Run(result, reading, book, options.statistics, options.unsafe_fixes)
    written = write(wanted, run)
    said = unchanged or options.statistics or "text" in (output.format for output in wanted)
    if not said:
        _say_nothing_checked(result)
    baselines.say_fixed(result)
    if result.failed or not written or not saved:
        return 2
    if options.exit_zero:
        return 0
    threshold = options.fail_on or config.fail_on or FAIL_ON
    counting = (finding for finding in result.findings if finding.suppressed is None)
    return int(any(at_or_over(finding.severity, threshold) for finding in counting))


def _refuse(options: Options) -> None:
    """Raise UsageError for options that make no sense together."""
    if options.fix and not options.diff and STDIN in options.paths:
        raise UsageError("--fix cannot write to standard input; --diff shows what it would do")
    if options.diff and options.output_format:
        raise UsageError("--diff prints a diff in place of a report: leave --output-format out")


def _cache() -> Cache | None:
    """The user's cache; none where kslint is not installed but run from its sources."""
    from kslint.rulebook import installation

    found = installation()
    if found is None:
        return None
    from kslint import cache

    return cache.Cache(cache.directory(), found)


def _say_nothing_checked(result: Result) -> None:
    """On stderr, for reports that do not say it: a gate that looks at nothing is always green."""
    from kslint.report.text import nothing_checked

    if nothing := nothing_checked(result):
        sys.stderr.write(f"{nothing}\n")


def _change(options: Options) -> Change | None:
    if not options.changed and options.since is None:
        return None
    from kslint.cli.changed import Change

    return Change(options.paths, options.since)


def _baseline(options: Options, config: Config) -> Baseline | None:
    if options.no_baseline:
        if options.baseline is not None:
            raise UsageError("--baseline and --no-baseline exclude each other")
        return None
    if options.isolated and options.baseline is None:
        return None
    from kslint.config_file import find_baseline

    file = find_baseline(options.places, options.baseline, config)
    return None if file is None else baselines.read(file)
