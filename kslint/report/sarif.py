"""SARIF 2.1.0, for GitHub code scanning and other dashboards.

Source: OASIS "Static Analysis Results Interchange Format" 2.1.0, and docs.github.com "SARIF
support for code scanning" for what GitHub asks beyond it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kslint import __version__
from kslint.findings.fingerprints import fingerprints
from kslint.report.facts import (
    HOME,
    INPUT,
    active,
    by_id,
    explained,
    has_region,
    in_a_file,
    page_url,
    rule_of,
    writable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kslint.findings import Edit, Finding, Fix, Result
    from kslint.report.facts import RuleFacts
    from kslint.source.nodes import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "kslint/v1"

_PROBLEM = {"error": "error", "warning": "warning", "note": "recommendation"}
_DRIVE = re.compile(r"[A-Za-z]:/")


def render(result: Result, rules: Sequence[RuleFacts]) -> str:
    """One run. Suppressed findings stay in it, marked: a dropped one would close its alert.

    A crash of kslint itself has no place in a file and is a notification only; unreadable
    input is a result and a notification.
    """
    known = by_id(rules)
    for finding in result.findings:
        known.setdefault(finding.rule, rule_of(finding, known))
    order = {rule: index for index, rule in enumerate(known)}
    marks = zip(result.findings, fingerprints(result.findings), strict=True)
    results = [_result(f, mark, order[f.rule]) for f, mark in marks if f.span.file != "<kslint>"]
    if len(active(result.findings)) < len(result.findings) or result.baseline is not None:
        for one in results:  # all of them or none, says the standard
            one.setdefault("suppressions", [])
    if result.baseline is not None:
        for one in results:
            held = any(suppression["kind"] == "external" for suppression in one["suppressions"])
            one["baselineState"] = "unchanged" if held else "new"
    troubles = [f for f in result.findings if known[f.rule].category == INPUT]
    invocation: dict[str, Any] = {"executionSuccessful": not result.failed}
    if troubles:
        notifications = [_notification(finding, order[finding.rule]) for finding in troubles]
        invocation["toolExecutionNotifications"] = notifications
    driver = {
        "name": "kslint",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in known.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return writable(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _rule(rule: RuleFacts) -> dict[str, Any]:
    tags = [rule.category] if rule.category else []
    # an error is reported only where nothing that matters is unknown
    precision = "very-high" if rule.severity == "error" else "high"
    help_uri = {} if rule.custom else {"helpUri": page_url(rule.name)}
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _first_paragraph(rule.page) or rule.title},
        "help": {"text": rule.help or rule.title, "markdown": rule.page or rule.title},
        **help_uri,
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "tags": tags,
            "precision": precision,
            "problem.severity": _PROBLEM[rule.severity],
        },
    }


def _first_paragraph(page: str) -> str:
    """The first plain paragraph of a Markdown page, on one line."""
    for paragraph in page.split("\n\n"):
        lines = [line for line in paragraph.strip().split("\n") if not line.startswith("#")]
        if lines and not lines[0].startswith(("```", "|", "-")):
            return " ".join(" ".join(lines).split())
    return ""


def _result(finding: Finding, mark: str, index: int) -> dict[str, Any]:
    related = [
        {"id": number, **_location(label.span), "message": {"text": label.text}}
        for number, label in enumerate(finding.related, 1)
    ]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [{**_location(finding.span), **_logical(finding)}],
        "partialFingerprints": {FINGERPRINT: mark},
    }
    if related:
        result["relatedLocations"] = related
    if finding.fix is not None and finding.fix.edits:
        result["fixes"] = [_fix(finding.fix)]
    if finding.suppressed is not None:
        suppression = {"kind": finding.suppressed.kind}
        if finding.suppressed.reason:
            suppression["justification"] = finding.suppressed.reason
        result["suppressions"] = [suppression]
    return result


def _message(finding: Finding) -> str:
    """The message, what follows from it, and a link to each related place, by its id."""
    lines = [finding.message, *(f"{name}: {text}" for name, text in explained(finding))]
    text = "\n".join(lines)
    if "](" in text:  # would be read as a link
        text = text.replace("[", "\\[").replace("]", "\\]")
    links = [f"[{_link(label.text)}]({n})" for n, label in enumerate(finding.related, 1)]
    return "\n".join([text, *links])


def _link(text: str) -> str:
    for character in "\\[]":
        text = text.replace(character, "\\" + character)
    return text


def _location(span: Span) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(span)}
    if has_region(span):
        physical["region"] = _region(span)
    return {"physicalLocation": physical}


def _artifact(span: Span) -> dict[str, str]:
    """Files by their path from the root of the repository; others by an absolute URI."""
    path = quote(span.file, errors="replace")
    if span.file.startswith("/"):
        return {"uri": "file://" + path}
    if _DRIVE.match(span.file):
        return {"uri": f"file:///{span.file[:2]}{quote(span.file[2:], errors='replace')}"}
    return {"uri": path, "uriBaseId": "%SRCROOT%"} if in_a_file(span) else {"uri": path}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _logical(finding: Finding) -> dict[str, Any]:
    """The Kubernetes object and the path in it."""
    subject = finding.subject
    if not subject.name:
        return {}
    owner = "/".join(part for part in (subject.namespace, subject.kind, subject.name) if part)
    path = f"{owner}:{finding.path}" if finding.path else owner
    return {"logicalLocations": [{"name": subject.name, "fullyQualifiedName": path}]}


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.span.file, []).append(edit)
    changes = [
        {
            "artifactLocation": _artifact(edits[0].span),
            "replacements": [
                {
                    "deletedRegion": _region(edit.span),
                    "insertedContent": {"text": edit.new_text},
                }
                for edit in edits
            ],
        }
        for edits in by_file.values()
    ]
    return {"description": {"text": fix.description}, "artifactChanges": changes}


def _notification(finding: Finding, index: int) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "level": finding.severity,
        "message": {"text": finding.message},
        "associatedRule": {"id": finding.rule, "index": index},
    }
    if in_a_file(finding.span):
        notification["locations"] = [_location(finding.span)]
    return notification
