"""What a run finds: located, explained, ready for any report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.edits import Edit as Edit  # noqa: TC001  (NamedTuple fields)
from kslint.source.nodes import Span  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.resources import Resource
    from kslint.source.nodes import Node

SEVERITIES = ("error", "warning", "note")
"""From worst to mildest."""


HELM_VALUES, KUSTOMIZATION = "HelmValues", "Kustomization"


class Label(NamedTuple):
    """A second place that belongs to a finding, and what stands there."""

    span: Span
    text: str


class Subject(NamedTuple):
    """The object a finding speaks of; `HelmValues` and `Kustomization` have no name.

    Where a file holds no object, a template for example, all three are empty.
    """

    kind: str = ""
    namespace: str = ""
    name: str = ""


class Problem:
    """What a check yields: a node, and the facts that fill the page's message.

    `variant` picks one of the page's messages. `severity` overrides the rule's own. `about` is
    the object it concerns, where that is not the check's subject.
    """

    __slots__ = ("about", "at", "facts", "related", "severity", "variant")

    def __init__(
        self,
        at: Node,
        variant: str = "default",
        severity: str | None = None,
        related: Iterable[tuple[Node | Span | None, str]] = (),
        about: Resource | None = None,
        **facts: object,
    ) -> None:
        self.at = at
        self.variant = variant
        self.severity = severity
        self.related = tuple(related)
        self.about = about
        self.facts = facts


class Suppression(NamedTuple):
    """Why a finding does not count: `kind` is inSource (a comment) or external (a baseline)."""

    kind: str
    reason: str = ""


class Fix(NamedTuple):
    """Edits that mend a finding together. `safe` ones change nothing but what is broken."""

    description: str
    safe: bool
    edits: tuple[Edit, ...]


class Finding(NamedTuple):
    """One trap at one place."""

    rule: str
    name: str
    severity: str
    message: str
    span: Span
    subject: Subject = Subject()
    path: str = ""
    symptom: str = ""
    help: str = ""
    related: tuple[Label, ...] = ()
    suppressed: Suppression | None = None
    fix: Fix | None = None
    overlay: str = ""
    """The directory of the kustomization that emits the object; "" for one as written."""

    @property
    def order(self) -> tuple[object, ...]:
        return (self.span.file, self.span.line, self.span.column, self.rule, self.message)


class Summary(NamedTuple):
    """Counts of a run."""

    files: int
    resources: int
    errors: int = 0
    warnings: int = 0
    notes: int = 0
    skipped: int = 0
    suppressed: int = 0
    baselined: int = 0
    """Of the suppressed ones, those that a baseline holds."""
    fixed: int = 0
    """Findings that were there before `--fix`."""
    unrendered: int = 0
    """Of the skipped files, those that are templates, or hold some."""
    context: int = 0
    """Files that were read for what they tell of the others; `files` does not count them."""

    def of(self, findings: Iterable[Finding]) -> Summary:
        """The summary with these findings counted."""
        counting = dict.fromkeys(SEVERITIES, 0)
        suppressed = baselined = 0
        for finding in findings:
            if finding.suppressed is None:
                counting[finding.severity] += 1
            else:
                suppressed += 1
                baselined += finding.suppressed.kind == "external"
        errors, warnings, notes = counting.values()
        return self._replace(
            errors=errors,
            warnings=warnings,
            notes=notes,
            suppressed=suppressed,
            baselined=baselined,
        )


class Baselined(NamedTuple):
    """The baseline of a run: its file, and the entries that no finding matches any more.

    An entry has `rule`, `file` (relative to the baseline), `object`, `path` and `count`.
    """

    file: str
    fixed: tuple[dict[str, str | int], ...] = ()


class Result(NamedTuple):
    """A finished run. `failed` is true if input could not be read or a rule broke (exit 2)."""

    findings: list[Finding]
    summary: Summary
    failed: bool
    skipped: list[tuple[str, str]]
    unknown_versions: tuple[tuple[str, str], ...] = ()
    """KServe versions whose behaviour is not known, each with the one it is taken for."""
    baseline: Baselined | None = None
    hidden: int = 0
    """Findings that are counted and left out, since they are too mild."""

    def at_least(self, severity: str) -> Result:
        """The result of the same run with those findings that are this bad, counted as before."""
        kept = [finding for finding in self.findings if at_or_over(finding.severity, severity)]
        active = sum(finding.suppressed is None for finding in self.findings)
        left = sum(finding.suppressed is None for finding in kept)
        return self._replace(findings=kept, hidden=active - left)

    def with_findings(self, findings: list[Finding]) -> Result:
        """The result of the same run with other findings, counted anew."""
        return self._replace(findings=findings, summary=self.summary.of(findings))


def at_or_over(severity: str, threshold: str) -> bool:
    """Is `severity` as bad as `threshold`, or worse?"""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)
