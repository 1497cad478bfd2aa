"""A Markdown report, for a comment on a pull request or `$GITHUB_STEP_SUMMARY`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kslint.report.facts import active, counted, lines_of, one_line, pieces, worst_first
from kslint.report.frames import printable
from kslint.report.terminal import Painter, count
from kslint.report.text import frames, not_shown, passed_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.findings import Finding, Result
    from kslint.source.files import Source

LIMIT = 60_000
"""Characters. GitHub takes 65,536 for a comment; a step summary may have a MiB."""

_SIGNS = {"error": "🔴", "warning": "🟡", "note": "🔵"}
_SYNTAX = re.compile(r"[\\`*_\[\]<>|~&$]|:(?=//)")
_MAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)|(?<![\w.-])www(?=\.)", re.IGNORECASE)
"""What becomes a link even inside of `<code>`."""
_LINKED = re.compile(
    r"[@#!%~$&](?=\w)"  # a person, an issue; on GitLab also merge requests, labels and more
    r"|(?<!\w)(?:GH(?=-\d)|www(?=\.)|[0-9a-f]{7,40}(?!\w))",
    re.IGNORECASE,
)
_APART = "&#8203;"
"""A space of no width: it ends whatever a site would take for a link."""
_HASH = 6
"""Digits of a commit's hash that are too few to mean it."""
_NOTE_ROOM = 200


def render(result: Result, sources: Mapping[str, Source], limit: int = LIMIT) -> str:
    """A table of all findings and one folded part each, the worst first.

    Not longer than `limit` characters (300 at least): rows and parts that do not fit are left
    out from the end, and a line says how many.
    """
    findings = worst_first(active(result.findings))
    head = _head(result, findings)
    if not findings:
        return head
    left = limit - len(head) - _NOTE_ROOM
    table = fitting((_row(finding) for finding in findings), left // 2)
    rows = len(table)
    columns = "\n| | rule | place | finding |\n|---|---|---|---|\n"
    left -= sum(map(len, table)) + len(columns)
    parts = fitting((_part(finding, sources) for finding in findings), left)
    text = head + (columns + "".join(table) if rows else "") + "".join(parts)
    missing = len(findings) - min(rows, len(parts))
    if missing:
        text += (
            f"\n_Cut to fit: {count(len(findings) - rows, 'finding')} left out of the table, "
            f"{count(len(findings) - len(parts), 'finding')} without details. "
            "The log of the run has all of them._\n"
        )
    return text


def _head(result: Result, findings: list[Finding]) -> str:
    summary = result.summary
    sign = _SIGNS[findings[0].severity] if findings else "✅"
    said = [f"{count(summary.files, 'file')}, {count(summary.resources, 'object')}"]
    hidden = len(result.findings) - len(findings)
    if hidden:
        said.append(f"{count(hidden, 'finding')} suppressed")
    if result.hidden:
        said.append(not_shown(result))
    if passed := passed_over(summary):
        said.append(passed)
    if result.failed:
        said.append("**incomplete: input could not be read, or a rule broke**")
    return f"### {sign} kslint: {counted(findings)}\n\n{' · '.join(said)}\n"


def _row(finding: Finding) -> str:
    cells = [
        _SIGNS[finding.severity],
        code(f"{finding.rule}"),
        code(f"{finding.span.file}:{finding.span.line}"),
        prose(finding.message),
    ]
    return f"| {' | '.join(cells)} |\n"


def _part(finding: Finding, sources: Mapping[str, Source]) -> str:
    """One finding, folded. In `<summary>` and table cells only HTML is safe from Markdown."""
    title = f"<b>{finding.severity}</b> {code(finding.rule)} {prose(finding.message)}"
    blocks = [f"<details><summary>{title}</summary>"]
    blocks.append(fenced("\n".join(frames(finding, sources, Painter(False)))))
    if finding.symptom:
        blocks += ["**Symptom**", fenced("\n".join(lines_of(finding.symptom)))]
    if finding.help:
        blocks.append(f"**Help**: {prose(finding.help)}")
    if finding.fix is not None:
        kind = "Fix" if finding.fix.safe else "Unsafe fix"
        blocks.append(f"**{kind}**: {prose(finding.fix.description)}")
    subject = "/".join(part for part in finding.subject if part)
    owner = f" in {code(subject)}" if finding.subject.name else ""
    blocks.append(f"Rule {code(finding.name)}{owner}")
    return "\n" + "\n\n".join([*blocks, "</details>\n"])


def fitting(parts: Iterator[str], room: int) -> list[str]:
    """The leading parts that fit into a number of characters."""
    fitting = []
    for part in parts:
        room -= len(part)
        if room < 0:
            break
        fitting.append(part)
    return fitting


def fenced(text: str, language: str = "text") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def code(text: str) -> str:
    return f"<code>{_literal(printable(text))}</code>"


def prose(text: str) -> str:
    """One line of ours, in which backticks mean code and nothing else means anything."""
    return "".join(
        f"<code>{_literal(piece)}</code>" if is_code else _calm(piece)
        for is_code, piece in pieces(printable(one_line(text)))
    )


def _literal(text: str) -> str:
    """Text in which no character is Markdown or HTML, and that links to nothing inside of code."""
    apart = _MAIL.sub("\\g<0>\u200b", text)
    return _SYNTAX.sub(lambda match: f"&#{ord(match[0])};", apart).replace("\u200b", _APART)


def _calm(text: str) -> str:
    """Literal text that mentions no one and links to nothing, neither issue nor commit."""
    parts, end = [], 0
    for match in _LINKED.finditer(text):
        parts += [_literal(text[end : match.start()]), _apart(match[0])]
        end = match.end()
    return "".join([*parts, _literal(text[end:])])


def _apart(word: str) -> str:
    """A sign or a word with something between its letters that no one sees."""
    if len(word) == 1:
        return f"&#{ord(word)};{_APART}"
    return "".join(word[at : at + _HASH] + _APART for at in range(0, len(word), _HASH))
