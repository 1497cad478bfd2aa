"""The GitLab code quality report: a JSON array that a merge request shows as a widget.

Source: docs.gitlab.com "Code Quality", section "Code Quality report format".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kslint.findings.fingerprints import fingerprints
from kslint.report.facts import writable

if TYPE_CHECKING:
    from kslint.findings import Finding, Result

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(result: Result) -> str:
    """All findings that count, ending in a line break."""
    pairs = zip(result.findings, fingerprints(result.findings), strict=True)
    issues = [_issue(finding, mark) for finding, mark in pairs if finding.suppressed is None]
    return writable(json.dumps(issues, indent=2, ensure_ascii=False)) + "\n"


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    span = finding.span
    return {
        # GitLab does not show `check_name`
        "description": f"{finding.rule} {finding.name}: {finding.message}",
        "check_name": finding.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": span.file,
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }
