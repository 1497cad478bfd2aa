"""One line for each finding, for editors and `grep`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.report.facts import active, one_line
from kslint.report.frames import printable

if TYPE_CHECKING:
    from kslint.findings import Finding, Result


def render(result: Result) -> str:
    """`file:line:column: severity[ID] name: message`; nothing if there is nothing to say."""
    return "".join(_line(finding) + "\n" for finding in active(result.findings))


def _line(finding: Finding) -> str:
    head = f"{finding.severity}[{finding.rule}] {finding.name}"
    return printable(f"{finding.span}: {head}: {one_line(finding.message)}")
