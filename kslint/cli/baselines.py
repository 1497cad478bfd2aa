"""How commands come by a baseline and what they do with it, without typer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kslint.cli.usage import Stop
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.findings import Result
    from kslint.findings.baseline import Baseline
    from kslint.rulebook import Rule


def read(file: str) -> Baseline:
    """The baseline in a file. Raises Stop if there are mistakes in it, once all are on stderr."""
    from kslint.findings import baseline

    try:
        return baseline.load(file)
    except baseline.BaselineError as error:
        sys.stderr.write(f"{error}\n")
        raise Stop(2) from None


def applied(
    baseline: Baseline | None, result: Result, rules: Iterable[Rule], paths: list[str] | None
) -> Result:
    """The result of a run of these rules over these paths, less what the baseline holds."""
    if baseline is None:
        return result
    from kslint.findings.baseline import applied

    ran = frozenset(rule.id for rule in rules if not rule.reserved)
    return applied(baseline, result, ran, paths or ["."])


def say_fixed(result: Result) -> None:
    """On stderr, how much of the baseline is there in vain."""
    if result.baseline is None or not result.baseline.fixed:
        return
    gone = sum(int(entry["count"]) for entry in result.baseline.fixed)
    sys.stderr.write(
        f"{result.baseline.file}: {count(gone, 'finding')} in it {'is' if gone == 1 else 'are'} "
        f"fixed; `kslint baseline write` removes {'it' if gone == 1 else 'them'}\n"
    )
