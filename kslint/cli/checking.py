"""The work of `kslint check`: read, run, report."""

from __future__ import annotations

from typing import NamedTuple

from kslint.cli.formats import Run, outputs, write
from kslint.cli.inputs import chosen, effective, read_input

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


def run(options: Options) -> int:
    """Check, report, and say the exit code. Raises UsageError and Stop."""
    from kslint import engine, rulebook
    from kslint.findings import at_or_over
    from kslint.model.model import Model

    wanted = outputs(options.output_format)
    book = rulebook.load()
    config = effective(options.paths, options.config_file, options.isolated, book)
    rules = chosen(book, config, options.select, options.ignore)
    loaded = read_input(options.paths, config)
    model = Model.of(loaded, config)
    result = engine.run(loaded, rules, config, book, model)
    written = write(wanted, Run(result, loaded, model, book))
    if result.failed or not written:
        return 2
    threshold = options.fail_on or config.fail_on or FAIL_ON
    counting = (finding for finding in result.findings if finding.suppressed is None)
    return int(any(at_or_over(finding.severity, threshold) for finding in counting))
