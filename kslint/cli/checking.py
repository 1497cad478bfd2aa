"""The work of `kslint check`: read, run, report."""

from __future__ import annotations

from typing import NamedTuple

from kslint.cli.formats import Run, outputs, write
from kslint.cli.inputs import effective, read_input
from kslint.cli.usage import UsageError

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

    wanted = outputs(options.output_format)
    book = rulebook.load()
    config = effective(options.paths, options.config_file, options.isolated, book)
    try:
        chosen = engine.choose(book, config, _names(options.select), _names(options.ignore))
    except rulebook.RulebookError as error:
        raise UsageError(str(error)) from None
    loaded = read_input(options.paths, config)
    result = engine.run(loaded, chosen, config, book)
    written = write(wanted, Run(result, loaded, config, book))
    if result.failed or not written:
        return 2
    threshold = options.fail_on or config.fail_on or FAIL_ON
    counting = (finding for finding in result.findings if finding.suppressed is None)
    return int(any(at_or_over(finding.severity, threshold) for finding in counting))


def _names(options: list[str]) -> list[str]:
    return [name.strip() for option in options for name in option.split(",") if name.strip()]
