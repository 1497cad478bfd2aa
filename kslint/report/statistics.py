"""`--statistics`: how many findings each rule has, for a first look at a large tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import SEVERITIES
from kslint.report.facts import active
from kslint.report.frames import printable
from kslint.report.terminal import PLAIN, Painter
from kslint.report.text import summary

if TYPE_CHECKING:
    from kslint.findings import Result
    from kslint.report.terminal import Terminal


class RuleCount(NamedTuple):
    """The findings that count, of one rule and one severity."""

    rule: str
    name: str
    severity: str
    findings: int


def counts(result: Result) -> list[RuleCount]:
    """The rules that found something, the most frequent first."""
    found: dict[tuple[str, str, str], int] = {}
    for finding in active(result.findings):
        rule = (finding.rule, finding.name, finding.severity)
        found[rule] = found.get(rule, 0) + 1
    rows = [RuleCount(*rule, amount) for rule, amount in found.items()]
    return sorted(rows, key=lambda row: (-row.findings, SEVERITIES.index(row.severity), row.rule))


def render(result: Result, terminal: Terminal = PLAIN) -> str:
    """A table, one line a rule, and the summary."""
    paint = Painter(terminal.colour)
    rows = counts(result)
    widths = [
        max((len(str(cell)) for cell in column), default=0) for column in zip(*rows, strict=True)
    ]
    lines = []
    for row in rows:
        severity = paint(row.severity, row.severity.ljust(widths[2]))
        amount = str(row.findings).rjust(widths[3])
        lines.append(f"{amount}  {severity}  {row.rule.ljust(widths[0])}  {printable(row.name)}\n")
    return "".join([*lines, "\n" * bool(lines), summary(result, paint, terminal.width), "\n"])
