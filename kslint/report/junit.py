"""JUnit XML, as test dashboards read it: a suite for each file, a case for each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from kslint.report.facts import INPUT, by_id, explained, lines_of, one_line, rule_of
from kslint.report.frames import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kslint.findings import Finding, Result
    from kslint.report.facts import RuleFacts


def render(result: Result, rules: Sequence[RuleFacts]) -> str:
    """The whole run. Without findings it is one case that passes: no case at all is a fault.

    Unreadable input and a broken rule are errors, other findings failures, suppressed ones
    skipped. There are no times in it: equal runs give equal reports.
    """
    known = by_id(rules)
    suites: dict[str, list[Finding]] = {}
    for finding in result.findings:
        suites.setdefault(finding.span.file, []).append(finding)
    lines = [line for file, own in suites.items() for line in _suite(file, own, known)]
    tags = [_tag(finding, known) for finding in result.findings]
    if not suites:
        lines = [
            '  <testsuite name="kslint" tests="1" failures="0" errors="0" skipped="0">',
            '    <testcase classname="kslint" name="no findings"/>',
            "  </testsuite>",
        ]
        tags = ["passed"]
    head = f"<testsuites {_attributes([('name', 'kslint'), *_counts(tags)])}>"
    xml = ['<?xml version="1.0" encoding="UTF-8"?>', head, *lines, "</testsuites>"]
    return "\n".join(xml) + "\n"


def _suite(file: str, findings: list[Finding], known: dict[str, RuleFacts]) -> Iterator[str]:
    tags = [_tag(finding, known) for finding in findings]
    yield f"  <testsuite {_attributes([('name', file), *_counts(tags)])}>"
    for finding, tag in zip(findings, tags, strict=True):
        span = finding.span
        case = [
            ("classname", span.file),
            ("name", f"{finding.rule} {finding.name} at {span.line}:{span.column}"),
            ("file", span.file),
            ("line", span.line),
        ]
        yield f"    <testcase {_attributes(case)}>"
        yield f"      {_outcome(finding, tag)}"
        yield "    </testcase>"
    yield "  </testsuite>"


def _outcome(finding: Finding, tag: str) -> str:
    if finding.suppressed is not None:
        reason = finding.suppressed.reason or f"suppressed ({finding.suppressed.kind})"
        return f"<skipped {_attributes([('message', reason)])}/>"
    told = [("type", finding.severity), ("message", one_line(finding.message))]
    body = [f"{finding.span}: {finding.message}"]
    body += [f"{name}: {text}" for name, text in explained(finding)]
    body += [f"{label.span}: {label.text}" for label in finding.related]
    text = "\n".join(line for text in body for line in lines_of(text))
    return f"<{tag} {_attributes(told)}>{escape(text)}</{tag}>"


def _tag(finding: Finding, known: dict[str, RuleFacts]) -> str:
    if finding.suppressed is not None:
        return "skipped"
    return "error" if rule_of(finding, known).category == INPUT else "failure"


def _counts(tags: list[str]) -> list[tuple[str, object]]:
    return [
        ("tests", len(tags)),
        ("failures", tags.count("failure")),
        ("errors", tags.count("error")),
        ("skipped", tags.count("skipped")),
    ]


def _attributes(pairs: Iterable[tuple[str, object]]) -> str:
    r"""What XML cannot hold, such as control characters, is shown as `\x1b`."""
    return " ".join(f"{name}={quoteattr(printable(str(value)))}" for name, value in pairs)
