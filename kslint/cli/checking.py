"""The work of `kslint check`: read, run, report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from kslint.cli import baselines
from kslint.cli.formats import Run, outputs, write
from kslint.cli.inputs import chosen, effective, read_input
from kslint.cli.progress import Progress
from kslint.cli.usage import UsageError
from kslint.source.files import STDIN

if TYPE_CHECKING:
    from kslint.baseline import Baseline
    from kslint.cli.changed import Change
    from kslint.config import Config

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

    @property
    def places(self) -> list[str]:
        """The paths, with the file that stdin stands for in place of `-`."""
        return [self.stdin_filename or path if path == STDIN else path for path in self.paths]


def run(options: Options) -> int:
    """Check, report, and say the exit code. Raises UsageError and Stop."""
    from kslint import engine, rulebook
    from kslint.findings import at_or_over
    from kslint.model.model import Model
    from kslint.source.load import Input

    if options.stdin_filename and STDIN not in options.paths:
        options = options._replace(paths=[*options.paths, STDIN])
    wanted = outputs(options.output_format)
    change = _change(options)
    if change is not None:
        options = options._replace(paths=change.tree)
    book = rulebook.load()
    config = effective(options.places, options.config_file, options.isolated, book)
    rules = chosen(book, config, options.select, options.ignore)
    baseline = _baseline(options, config)
    progress = Progress("reading")
    if change is not None and change.is_empty(config, baseline):
        sys.stderr.write(f"No manifest changed since {change.since}\n")
        loaded, baseline = Input([], [], []), None
        wanted = [output for output in wanted if output.format != "text"]  # would say: no objects
    else:
        loaded = read_input(options.paths, config, options.stdin_filename)
    progress.doing = f"checking {len(loaded.files)} files"
    model = Model.of(loaded, config)
    result = engine.run(loaded, rules, config, book, model)
    result = baselines.applied(baseline, result, rules, options.places)
    if change is not None and not change.is_of_settings(config, baseline):
        result = change.narrowed(
            result, loaded, config, book, lambda old: engine.run(old, rules, config, book)
        )
    progress.end()
    written = write(wanted, Run(result, loaded, model, book, options.statistics))
    baselines.say_fixed(result)
    if result.failed or not written:
        return 2
    if options.exit_zero:
        return 0
    threshold = options.fail_on or config.fail_on or FAIL_ON
    counting = (finding for finding in result.findings if finding.suppressed is None)
    return int(any(at_or_over(finding.severity, threshold) for finding in counting))


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
