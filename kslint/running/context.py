"""What is read for what it tells of the rest, and is not reported on (`--context`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from kslint.findings import Finding
    from kslint.source.load import Input


def files(loaded: Input) -> set[str]:
    """The names of the files that are context."""
    found = {file.source.name for file in loaded.files if file.source.context}
    return found | {s.file for s in loaded.skipped if s.source is not None and s.source.context}


def without(findings: list[Finding], context: AbstractSet[str]) -> list[Finding]:
    """Less what stands in the context, and the fixes that would edit it."""
    if not context:
        return findings
    return [
        finding
        if finding.fix is None or context.isdisjoint(edit.span.file for edit in finding.fix.edits)
        else finding._replace(fix=None)
        for finding in findings
        if finding.span.file not in context
    ]
