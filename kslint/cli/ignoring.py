"""`--add-ignore`: a comment for each finding that counts, written to its file or shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kslint.cli.fixing import print_diff, write
from kslint.cli.usage import UsageError
from kslint.findings import at_or_over
from kslint.report.frames import printable
from kslint.report.terminal import count
from kslint.running.ignoring import ignore

if TYPE_CHECKING:
    from collections.abc import Collection

    from kslint.findings import Result
    from kslint.running.ignoring import Ignored
    from kslint.source.files import Source


def refuse(reason: str) -> None:
    """Raise UsageError for a reason that cannot stand behind a comment's rules."""
    if not reason.strip():
        raise UsageError("--add-ignore needs a reason; whoever reads the comment will want to know")
    if any(ord(letter) < 0x20 for letter in reason):
        raise UsageError("--add-ignore takes a reason on one line")


def ignored(
    result: Result,
    sources: dict[str, Source],
    reason: str,
    severity: str,
    reserved: Collection[str],
) -> Ignored:
    """Comments, in memory, for the findings that count and are this bad or worse."""
    found = [
        finding
        for finding in result.findings
        if finding.suppressed is None
        and finding.name not in reserved
        and at_or_over(finding.severity, severity)
    ]
    return ignore(found, sources, reason.strip())


def show(outcome: Ignored, sources: dict[str, Source]) -> None:
    """A unified diff of the comments, and a word on stderr."""
    print_diff((sources[name], after) for name, after in outcome.changed.items())
    _say_left(outcome)
    amount = count(sum(outcome.numbers.values()), "finding")
    sys.stderr.write(f"--add-ignore would suppress {amount}\n")


def save(outcome: Ignored, sources: dict[str, Source]) -> tuple[dict[str, Source], bool]:
    """Write the comments: the files written by name, and was all written?"""
    pairs = [(sources[name], after) for name, after in outcome.changed.items()]
    saved = write(pairs, "no comment added")
    _say_left(outcome)
    amount = sum(number for name, number in outcome.numbers.items() if name in saved)
    sys.stderr.write(f"Suppressed {count(amount, 'finding')} in {count(len(saved), 'file')}\n")
    return saved, len(saved) == len(outcome.changed)


def _say_left(outcome: Ignored) -> None:
    for finding in outcome.left:
        why = "there is no place for a comment here"
        text = f"{finding.span}: {finding.rule} is not suppressed: {why}"
        sys.stderr.write(printable(text) + "\n")
