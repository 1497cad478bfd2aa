"""Findings that the user has excused: by comment, or by annotation on the object.

A suppression that excuses nothing, has run out or names no rule is a finding itself, so that
none outlives its reason.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import Finding, Suppression
from kslint.rulebook import RulebookError, matching
from kslint.source.comments import directives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.resources import Resource
    from kslint.rulebook import Rule
    from kslint.source.load import ParsedFile
    from kslint.source.nodes import Span

ANNOTATION = "kslint.io/ignore"
UNUSED = "unused-suppression"


class Excuse(NamedTuple):
    """One rule name in one comment or annotation.

    Covers lines `first` to `last` of a file, or, with `resource`, every finding about an object.
    """

    name: str
    span: Span
    reason: str
    until: str
    first: int = 0
    last: int = 0
    resource: Resource | None = None

    def covers(self, finding: Finding, rule: Rule, subject: Resource | None) -> bool:
        if self.name not in (rule.name, rule.id, *rule.aliases):
            return False
        if self.resource is not None:
            return subject is self.resource
        same_file = self.span.file == finding.span.file
        return same_file and self.first <= finding.span.line <= self.last


def excuses(files: Iterable[ParsedFile], resources: Iterable[Resource]) -> Iterator[Excuse]:
    """Every excuse in the input."""
    for comment in directives(files):
        for name in comment.names:
            place = (comment.span, comment.reason, comment.until, comment.first, comment.last)
            yield Excuse(name, *place)
    seen = set()
    for resource in resources:
        node = resource.body.at("metadata", "annotations", ANNOTATION)
        place_of = None if node is None else node.place
        if node is None or place_of is None:
            continue
        for name in (node.text or "").split(","):
            if name.strip() and (place_of, name.strip()) not in seen:
                seen.add((place_of, name.strip()))
                yield Excuse(name.strip(), place_of, "", "", resource=resource)


def applied(
    found: Iterable[tuple[Finding, Resource | None]],
    given: Iterable[Excuse],
    book: list[Rule],
    ran: set[str],
    today: date | None = None,
) -> list[Finding]:
    """The findings, the excused ones marked, and what is wrong with the excuses.

    `ran` names the rules that ran: an excuse for another is not called unused.
    """
    rules = {rule.name: rule for rule in book}
    now = (today or date.today()).isoformat()
    given = list(given)
    used: set[Excuse] = set()
    result = []
    for finding, subject in found:
        rule = rules[finding.name]
        covering = [e for e in given if e.covers(finding, rule, subject)]
        used.update(covering)
        valid = [e for e in covering if not e.until or e.until >= now]
        if valid and not rule.reserved:
            finding = finding._replace(suppressed=Suppression("inSource", valid[0].reason))
        result.append(finding)
    complaints = (_complaint(excuse, excuse in used, now, book, ran) for excuse in given)
    return [*result, *(complaint for complaint in complaints if complaint is not None)]


def _complaint(
    excuse: Excuse, used: bool, now: str, book: list[Rule], ran: set[str]
) -> Finding | None:
    rule = next(rule for rule in book if rule.name == UNUSED)
    try:
        selected = matching(book, excuse.name)
        named = [r for r in selected if excuse.name in (r.id, r.name, *r.aliases)]
    except RulebookError as error:
        named, unknown = [], str(error)
    else:
        unknown = f"no rule is called `{excuse.name}`"
    facts = {"name": excuse.name, "until": excuse.until, "error": unknown}
    if not named:
        variant = "unknown"
    elif named[0].reserved:
        variant = "reserved"
    elif excuse.until and excuse.until < now:
        variant = "expired"
    elif not used and named[0].name in ran:
        variant = "default"
    else:
        return None
    message = rule.messages[variant].format_map(facts)
    return Finding(rule.id, rule.name, rule.severity, message, excuse.span, help=rule.help)
