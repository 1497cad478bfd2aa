"""What reports are given besides findings: facts of rules, a picture of the graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint import REPORT_URL, SITE_URL
from kslint.findings import SEVERITIES
from kslint.report.frames import printable
from kslint.report.terminal import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kslint.findings import Finding
    from kslint.source.nodes import Span

HOME = REPORT_URL.removesuffix("/issues")
INPUT = "input"
"""The category of rules that say: this could not be read, or kslint itself broke."""

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


class RuleFacts(NamedTuple):
    """One rule in words. `page` is the Markdown body of its page.

    `custom` rules are the user's own: their pages are not on our site. `fix` is `safe`, `unsafe`,
    `safe or unsafe`, or "" where there is none.
    """

    id: str
    name: str
    severity: str
    title: str
    category: str
    help: str
    page: str
    custom: bool = False
    fix: str = ""


def by_id(rules: Iterable[RuleFacts]) -> dict[str, RuleFacts]:
    """Rules by id; the first one counts."""
    found: dict[str, RuleFacts] = {}
    for rule in rules:
        found.setdefault(rule.id, rule)
    return found


def rule_of(finding: Finding, known: Mapping[str, RuleFacts]) -> RuleFacts:
    """The rule of a finding; a bare one if it is not among those known."""
    return known.get(finding.rule) or RuleFacts(
        finding.rule, finding.name, finding.severity, finding.name, "", finding.help, ""
    )


def page_url(name: str) -> str:
    """Where a rule's page can be read, by the rule's name."""
    from urllib.parse import quote

    return f"{SITE_URL}/rules/{quote(name, errors='replace')}/"


def active(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that count: those nobody suppressed."""
    return [finding for finding in findings if finding.suppressed is None]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, and in their own order within one."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def tally(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """How many findings there are of each severity, worst first; severities without any too."""
    severities = [finding.severity for finding in findings]
    return [(severity, severities.count(severity)) for severity in SEVERITIES]


def counted(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`; `No findings`."""
    parts = [count(amount, severity) for severity, amount in tally(findings) if amount]
    return ", ".join(parts) or "No findings"


def explained(finding: Finding) -> list[tuple[str, str]]:
    """What a finding says beyond its message: (`symptom`, text) and (`help`, text)."""
    texts = (("symptom", finding.symptom), ("help", finding.help))
    return [(name, text) for name, text in texts if text]


def in_a_file(span: Span) -> bool:
    """Does a span lie in a file? Standard input and kslint itself have names in `<...>`."""
    return not (span.file.startswith("<") and span.file.endswith(">"))


def has_region(span: Span) -> bool:
    """Does a span point into its file? An empty one at the very start means the whole file."""
    return in_a_file(span) and span[1:] != (1, 1, 1, 1)


def one_line(text: str) -> str:
    """Text of several lines as one, its words a blank apart."""
    return " ".join(text.split())


def writable(text: str) -> str:
    """Text that can be written as UTF-8: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def lines_of(text: str) -> list[str]:
    """The lines of a text, each without anything that steers a terminal or breaks a format."""
    return [printable(line) for line in text.split("\n")]


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of one line of ours: (is it code, text). Code stands between backticks.

    Between several of them it has a blank on either side that is none of its own.
    """
    end = 0
    for match in _CODE.finditer(text):
        if match.start() > end:
            yield False, text[end : match.start()]
        padded = len(match[1]) > 1 and match[2][0] == match[2][-1] == " "
        yield True, match[2][1:-1] if padded else match[2]
        end = match.end()
    if end < len(text):
        yield False, text[end:]
