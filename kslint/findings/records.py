"""Findings as JSON holds them, and back: for what is kept, and what another process found."""

from __future__ import annotations

from typing import Any

from kslint.findings import Edit, Finding, Fix, Label, Result, Subject, Summary, Suppression
from kslint.source.nodes import Span


def result(values: list[Any]) -> Result:
    """A result that went through JSON."""
    findings, summary, failed, skipped, unknown, *rest = values
    assert not any(rest), "a baseline is applied after the cache"
    return Result(
        [finding(one) for one in findings],
        Summary(*summary),
        failed,
        [(file, reason) for file, reason in skipped],
        tuple((version, known) for version, known in unknown),
    )


def finding(values: list[Any]) -> Finding:
    """A finding that went through JSON."""
    found = Finding(*values)
    fix = found.fix
    return found._replace(
        span=Span(*found.span),
        subject=Subject(*found.subject),
        related=labels(found.related),
        suppressed=None if found.suppressed is None else Suppression(*found.suppressed),
        fix=None if fix is None else _fix(*fix),
    )


def labels(values: Any) -> tuple[Label, ...]:
    """Second places of a finding that went through JSON."""
    return tuple(Label(Span(*span), text) for span, text in values)


def _fix(*values: Any) -> Fix:
    fix = Fix(*values)
    return fix._replace(edits=tuple(Edit(Span(*span), text) for span, text in fix.edits))
