"""Workflow commands that GitHub Actions shows as annotations beside the changed lines.

Source: docs.github.com "Workflow commands for GitHub Actions"; the escaping is that of
actions/toolkit `packages/core/src/command.ts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.report.facts import active, explained, has_region, in_a_file, lines_of, worst_first
from kslint.report.frames import printable

if TYPE_CHECKING:
    from kslint.findings import Finding, Result

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(result: Result) -> str:
    """One command a finding, the worst first: GitHub shows ten of a kind for each step."""
    findings = worst_first(active(result.findings))
    return "".join(_command(finding) + "\n" for finding in findings)


def _command(finding: Finding) -> str:
    properties = [*_place(finding), ("title", f"{finding.rule} {finding.name}")]
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties)
    return f"::{_COMMANDS[finding.severity]} {told}::{_message(finding)}"


def _place(finding: Finding) -> list[tuple[str, object]]:
    span = finding.span
    if not in_a_file(span):
        return []
    if not has_region(span):
        return [("file", span.file)]
    place: list[tuple[str, object]] = [
        ("file", span.file),
        ("line", span.line),
        ("endLine", span.end_line),
    ]
    if span.line == span.end_line:  # GitHub takes columns for one line only
        place += [("col", span.column), ("endColumn", span.end_column)]
    return place


def _message(finding: Finding) -> str:
    texts = [finding.message, *(f"{name}: {text}" for name, text in explained(finding))]
    lines = [line.replace("%", "%25") for text in texts for line in lines_of(text)]
    return "%0A".join(lines)


def _property(text: str) -> str:
    text = printable(text).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C")
