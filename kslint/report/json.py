"""The JSON report: a versioned contract that only grows. `json.schema.json` states it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.findings import Finding, Fix, Result
    from kslint.report.statistics import RuleCount
    from kslint.source.nodes import Span

VERSION = 1


def render(result: Result, statistics: Iterable[RuleCount] | None = None) -> str:
    """The whole run as one JSON document, ending in a line break."""
    summary = result.summary
    document: dict[str, Any] = {
        "version": VERSION,
        "findings": [_finding(finding) for finding in result.findings],
        "summary": summary._asdict(),
        "baseline": result.baseline._asdict() if result.baseline else None,
        "skipped": [{"file": file, "reason": reason} for file, reason in result.skipped],
    }
    if statistics is not None:
        document["statistics"] = [row._asdict() for row in statistics]
    return text_of(document)


def text_of(document: dict[str, Any]) -> str:
    """A document as it is written, ending in a line break."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # a lone surrogate cannot be written as UTF-8; as `\udcff` it is JSON
    return text.encode("utf-8", "backslashreplace").decode()


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        **place(finding.span),
        "kind": finding.subject.kind,
        "namespace": finding.subject.namespace,
        "resource": finding.subject.name,
        "path": finding.path,
        "message": finding.message,
        "symptom": finding.symptom,
        "help": finding.help,
        "related": [{**place(label.span), "message": label.text} for label in finding.related],
        "fix": _fix(finding.fix) if finding.fix else None,
        "suppressed": finding.suppressed._asdict() if finding.suppressed else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "description": fix.description,
        "safe": fix.safe,
        "edits": [{**place(edit.span), "text": edit.new_text} for edit in fix.edits],
    }


def place(span: Span) -> dict[str, Any]:
    """A span's file, and its lines and columns from 1."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
