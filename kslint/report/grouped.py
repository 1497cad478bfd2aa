"""Findings under the files they are in, one line each, for reading a long list."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from kslint.report.facts import active, one_line, page_url
from kslint.report.frames import printable
from kslint.report.terminal import PLAIN, Painter, link, wrapped
from kslint.report.text import fixable, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.findings import Finding, Result
    from kslint.report.terminal import Terminal


def render(result: Result, terminal: Terminal = PLAIN, quiet: bool = False) -> str:
    """A block for each file and, unless `quiet`, a summary."""
    paint = Painter(terminal.colour)
    found = sorted(active(result.findings), key=lambda finding: finding.span)
    blocks = []
    for file, ones in groupby(found, key=lambda finding: finding.span.file):
        lines = _lines(list(ones), terminal, paint)
        blocks.append("\n".join([paint("bold", printable(file)), *lines]) + "\n")
    if not quiet:
        blocks.append(summary(result, paint, terminal.width) + fixable(result) + "\n")
    return "\n".join(blocks)


def _lines(findings: list[Finding], terminal: Terminal, paint: Painter) -> Iterator[str]:
    places = [f"{finding.span.line}:{finding.span.column}" for finding in findings]
    place_width = max(map(len, places))
    severity_width = max(len(finding.severity) for finding in findings)
    rule_width = max(len(finding.rule) for finding in findings)
    indent = place_width + severity_width + rule_width + 8
    for place, finding in zip(places, findings, strict=True):
        severity = paint(finding.severity, finding.severity.ljust(severity_width))
        rule = finding.rule
        if finding.name in terminal.linked:
            rule = link(rule, page_url(finding.name))
        rule += " " * (rule_width - len(finding.rule))
        message = wrapped(printable(one_line(finding.message)), terminal.width, indent, indent)
        yield f"  {place.rjust(place_width)}  {severity}  {rule}  {message}"
