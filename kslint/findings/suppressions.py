"""Findings that the user has excused: by comment, or by annotation on the object.

A suppression that excuses nothing, has run out or names no rule is a finding itself, so that
none outlives its reason. One without a reason is, where the configuration asks for reasons.

The annotation holds lines `rule, rule: reason until=2027-01-31`; reason and date may be missing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from kslint.findings import Finding, Suppression
from kslint.rulebook import RulebookError, matching
from kslint.source.comments import directives, reason_and_date

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from kslint.resources import Resource
    from kslint.rulebook import Rule
    from kslint.source.load import ParsedFile
    from kslint.source.nodes import Span

ANNOTATION = "kslint.io/ignore"
UNUSED = "unused-suppression"
UNEXPLAINED = "unexplained-suppression"
_SHORT = 50
"""Lines of a block that are noted one by one."""
COMPLAINTS = (UNUSED, UNEXPLAINED)
"""The reserved rules that are about suppressions, and not about input that cannot be read."""


class Excuse(NamedTuple):
    """One rule name in one comment or annotation; "" if it has none.

    Covers lines `first` to `last` of a file, or every finding about one object. `about` tells
    that from all others. `meant` is how a comment that covers nothing would be written.
    """

    name: str
    span: Span
    reason: str
    until: str
    first: int = 0
    last: int = 0
    about: Hashable = None
    meant: str = ""


class _Excuses:
    """Excuses by what they may cover: there may be as many as findings."""

    def __init__(self, given: Iterable[Excuse]) -> None:
        self._by_object: dict[tuple[str, Hashable], list[Excuse]] = {}
        self._by_line: dict[tuple[str, str, int], list[Excuse]] = {}
        self._blocks: dict[tuple[str, str], list[Excuse]] = {}
        for excuse in given:
            name, file = excuse.name, excuse.span.file
            if excuse.about is not None:
                self._by_object.setdefault((name, excuse.about), []).append(excuse)
            elif excuse.last - excuse.first < _SHORT:
                for line in range(excuse.first, excuse.last + 1):
                    self._by_line.setdefault((name, file, line), []).append(excuse)
            else:
                self._blocks.setdefault((name, file), []).append(excuse)

    def covering(self, finding: Finding, rule: Rule, subject: Hashable) -> list[Excuse]:
        """Those that cover a finding, lines and short blocks before long ones and objects."""
        found: list[Excuse] = []
        file, line = finding.span.file, finding.span.line
        for name in (rule.name, rule.id, *rule.aliases):
            found += self._by_line.get((name, file, line), ())
            found += [e for e in self._blocks.get((name, file), ()) if e.first <= line <= e.last]
            found += self._by_object.get((name, subject), ())
        return found


def excuses(files: Iterable[ParsedFile], resources: Iterable[Resource]) -> Iterator[Excuse]:
    """Every excuse in the input."""
    for comment in directives(files):
        for name in comment.names or ("",):
            place = (comment.span, comment.reason, comment.until, comment.first, comment.last)
            yield Excuse(name, *place, meant=comment.meant)
    seen = set()
    for resource in resources:
        node = resource.body.at("metadata", "annotations", ANNOTATION)
        place_of = None if node is None else node.place
        if node is None or place_of is None:
            continue
        for name, reason, until in _annotated(node.text or ""):
            if (place_of, name) not in seen:
                seen.add((place_of, name))
                yield Excuse(name, place_of, reason, until, about=resource)


def _annotated(text: str) -> Iterator[tuple[str, str, str]]:
    """The rules that an annotation names, each with its reason and date."""
    for line in text.splitlines():
        names, _, rest = line.partition(":")
        for name in names.split(","):
            if name.strip():
                yield name.strip(), *reason_and_date(rest)


def applied(
    found: Iterable[tuple[Finding, Hashable]],
    given: Iterable[Excuse],
    book: list[Rule],
    ran: set[str],
    today: date | None = None,
    reason_required: bool = False,
) -> list[Finding]:
    """The findings, the excused ones marked, and what is wrong with the excuses.

    `ran` names the rules that ran: an excuse for another is not called unused.
    """
    rules = {rule.name: rule for rule in book}
    now = (today or date.today()).isoformat()
    given = list(given)
    sorted_out = _Excuses(given)
    used: set[Excuse] = set()
    result = []
    for finding, subject in found:
        rule = rules[finding.name]
        covering = sorted_out.covering(finding, rule, subject)
        used.update(covering)
        valid = [e for e in covering if not e.until or e.until >= now]
        if valid and not rule.reserved:
            finding = finding._replace(suppressed=Suppression("inSource", valid[0].reason))
        result.append(finding)
    for excuse in given:
        complaint = _complaint(excuse, excuse in used, now, book, ran)
        if complaint is not None:
            variant, error = complaint
            result.append(_finding(rules[UNUSED], variant, excuse, error))
        elif reason_required and not excuse.reason:
            result.append(_finding(rules[UNEXPLAINED], "default", excuse))
    return result


def _complaint(
    excuse: Excuse, used: bool, now: str, book: list[Rule], ran: set[str]
) -> tuple[str, str] | None:
    """What is wrong with an excuse: the message's variant, and words about the rule's name."""
    if not excuse.name:
        return "nameless", ""
    try:
        selected = matching(book, excuse.name)
    except RulebookError as error:
        return "unknown", str(error)
    named = [r for r in selected if excuse.name in (r.id, r.name, *r.aliases)]
    if not named:
        return "unknown", f"`{excuse.name}` may mean several rules; a suppression names each"
    if named[0].reserved:
        return "reserved", ""
    if excuse.until and excuse.until < now:
        return "expired", ""
    if not used and named[0].name in ran:
        return "default", ""
    return None


def _finding(rule: Rule, variant: str, excuse: Excuse, error: str = "") -> Finding:
    facts = {"name": excuse.name, "until": excuse.until, "error": error, "meant": excuse.meant}
    message = rule.messages[variant].format_map(facts)
    return Finding(rule.id, rule.name, rule.severity, message, excuse.span, help=rule.help)
