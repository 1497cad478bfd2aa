"""The HTML report: one page that holds everything and loads nothing.

Python writes all of its content; the script only filters, folds and moves what is there, so
the page reads well without it. Its policy allows this one script and no other.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from kslint.picture.sketch import sketch
from kslint.report import pages
from kslint.report.facts import (
    active,
    by_id,
    counted,
    lines_of,
    one_line,
    rule_of,
    tally,
)
from kslint.report.frames import frame, printable
from kslint.report.graph import svg
from kslint.report.graph.marks import inventory
from kslint.report.template import page
from kslint.report.terminal import count
from kslint.report.text import passed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kslint.findings import Finding, Label, Result
    from kslint.picture import GraphPicture
    from kslint.report.facts import RuleFacts
    from kslint.source.files import Source
    from kslint.source.nodes import Span

_OPEN = 30
"""So many findings are shown open; of more, none is."""


def render(
    result: Result,
    rules: Sequence[RuleFacts],
    sources: Mapping[str, Source],
    graph: GraphPicture | None = None,
) -> str:
    """The page. `#finding-N` leads to the result's N-th finding, from 1, `#rule-ID` to a rule.

    Suppressed findings are in it, behind a switch.
    """
    findings = result.findings
    counting = active(findings)
    known = by_id(rules)
    used = {finding.rule: rule_of(finding, known) for finding in findings}
    drawn = {i for node in graph.nodes for i in node.findings} if graph else set()
    return page(
        "page.html",
        ("colours.css", "graph.css", "style.css"),
        ("graph.js", "script.js"),
        title="kslint",
        headline=_text(counted(counting)),
        facts=_facts(result),
        severities=_severities(findings),
        files=_facet("file", ((f.span.file, f.span.file) for f in findings)),
        rules=_facet("rule", ((f.rule, f"{f.rule} {f.name}") for f in findings)),
        failure=_failure(result),
        graph=_graph(graph),
        findings="\n".join(_files(findings, sources, drawn)),
        appendix=_appendix([used[key] for key in sorted(used)]),
    )


def _facts(result: Result) -> str:
    summary = result.summary
    said = [count(summary.files, "file"), count(summary.resources, "object")]
    if passed := passed_over(summary):
        said.append(passed)
    return " · ".join(said)


def _failure(result: Result) -> str:
    if not result.failed:
        return ""
    told = "Incomplete: some input could not be read, or a rule broke."
    return f'<p class="failure" role="alert">{told}</p>'


def _severities(findings: Sequence[Finding]) -> str:
    """A switch for each severity, and one for suppressed findings, which are hidden at first."""
    counting = active(findings)
    switches = [(severity, amount, True) for severity, amount in tally(counting)]
    hidden = len(findings) - len(counting)
    if hidden:
        switches.append(("suppressed", hidden, False))
    return "".join(
        f'<button type="button" class="switch {name}" data-severity="{name}" '
        f'aria-pressed="{str(on).lower()}"><span class="sign" aria-hidden="true"></span>'
        f'<span class="word">{name}</span> <span class="count">{amount}</span></button>'
        for name, amount, on in switches
    )


def _facet(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A button for each value, with the number of its findings."""
    counts: dict[tuple[str, str], int] = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    return "".join(
        f'<button type="button" data-{name}="{_text(value)}" aria-pressed="false" '
        f'title="{_text(label)}"><span class="value"><bdi>{_text(label)}</bdi></span> '
        f'<span class="count">{amount}</span></button>'
        for (value, label), amount in sorted(counts.items())
    )


def _graph(graph: GraphPicture | None) -> str:
    if graph is None or not graph.nodes:
        return ""
    drawn = sketch(graph)
    told = f"{inventory(drawn.nodes)}; {count(len(drawn.edges), 'reference')}"
    buttons = "".join(
        f'<button type="button" data-zoom="{name}" aria-label="{label}" title="{label}">'
        f"{sign}</button>"
        for name, label, sign in (
            ("in", "Zoom in", "+"),
            ("out", "Zoom out", "&minus;"),
            ("fit", "Fit to the window", "Fit"),
            ("fold", "Fold or unfold all namespaces", "Fold"),
            ("tall", "Taller or shorter", "Tall"),
        )
    )
    return (
        f'<details class="graph" id="graph-panel" open><summary><h2>Resource graph</h2> '
        f'<span class="told">{told}</span></summary>'
        f'<div class="zoom scripted" role="group" aria-label="Zoom">{buttons}</div>'
        f'<div class="canvas">{svg.drawing(graph, _links(graph))}</div>'
        f"{svg.legend(graph)}</details>"
    )


def _links(graph: GraphPicture) -> dict[str, str]:
    return {node.id: f"#finding-{node.findings[0] + 1}" for node in graph.nodes if node.findings}


def _files(
    findings: Sequence[Finding], sources: Mapping[str, Source], drawn: set[int]
) -> Iterator[str]:
    if not findings:
        yield '<p class="empty"><span aria-hidden="true">✓</span> Nothing found.</p>'
    groups: dict[str, list[tuple[int, Finding]]] = {}
    for index, finding in enumerate(findings):
        groups.setdefault(finding.span.file, []).append((index, finding))
    opened = len(findings) <= _OPEN
    for file, own in groups.items():
        folder, slash, name = file.rpartition("/")
        yield (
            f'<section class="file" data-file="{_text(file)}"><h2>'
            f'<span class="folder">{_text(folder + slash)}</span>{_text(name)} '
            f'<span class="count">{len(own)}</span></h2>'
        )
        for index, finding in own:
            yield _card(index, finding, sources, opened, index in drawn)
        yield "</section>"


def _card(
    index: int, finding: Finding, sources: Mapping[str, Source], opened: bool, drawn: bool
) -> str:
    severity = "suppressed" if finding.suppressed is not None else finding.severity
    number = index + 1
    head = (
        f'<article class="finding {_text(severity)}" id="finding-{number}" '
        f'data-severity="{_text(severity)}" data-file="{_text(finding.span.file)}" '
        f'data-rule="{_text(finding.rule)}"><details{" open" * opened}><summary>'
        f'<span class="sign" aria-hidden="true"></span>'
        f'<span class="severity">{_text(severity)}</span> '
        f'<h3>{_prose(finding.message)}</h3> <span class="where">{_where(finding)}</span>'
        '</summary><div class="body">'
    )
    parts = [
        head,
        _frame(finding.span, sources, "marked", "", 3, 2),
        *(_related(label, sources) for label in finding.related),
        *_explained(finding),
        _foot(finding, number, drawn),
        "</div></details></article>",
    ]
    return "".join(parts)


def _where(finding: Finding) -> str:
    line = f"{finding.span.line}:{finding.span.column}"
    return f'<span class="id">{_text(finding.rule)}</span> <span class="line">{line}</span>'


def _related(label: Label, sources: Mapping[str, Source]) -> str:
    return _frame(label.span, sources, "related", label.text, 1, 1)


def _frame(
    span: Span, sources: Mapping[str, Source], style: str, label: str, before: int, after: int
) -> str:
    """A code frame; the place alone where its file is not at hand."""
    told = f'<span class="label">{_prose(label)}</span>' if label else ""
    caption = f'<figcaption><span class="place">{_text(str(span))}</span>{told}</figcaption>'
    rows = []
    for line in frame(span, sources, before, after):
        hit = line.number == span.line
        text = _text(line.before) + (f"<mark>{_text(line.marked)}</mark>" if hit else "")
        rows.append(
            f'<span class="row{" hit" * hit}"><span class="number" aria-hidden="true">'
            f"{line.number}</span><code>{text}{_text(line.after)}</code></span>"
        )
    code = f"<pre>{''.join(rows)}</pre>" if rows else ""
    return f'<figure class="frame {style}">{caption}{code}</figure>'


def _explained(finding: Finding) -> Iterator[str]:
    if finding.suppressed is not None:
        how = {"inSource": "by a comment", "external": "by the baseline"}
        reason = finding.suppressed.reason or "no reason given"
        told = how.get(finding.suppressed.kind, finding.suppressed.kind)
        yield _section("Suppressed", f"<p>{_text(told)}: {_prose(reason)}</p>")
    if finding.symptom:
        text = "\n".join(pages.code(line) for line in lines_of(finding.symptom))
        yield _section("Symptom", f'<p class="shown">{text}</p>')
    if finding.help:
        yield _section("Help", f"<p>{_prose(finding.help)}</p>")
    if finding.fix is not None:
        edits = "".join(
            f'<li><span class="place">{_text(str(edit.span))}</span> '
            f"<pre><code>{_text_lines(edit.new_text)}</code></pre></li>"
            for edit in finding.fix.edits
        )
        kind = "Fix" if finding.fix.safe else "Unsafe fix"
        text = f"<p>{_prose(finding.fix.description)}</p>"
        yield _section(kind, text + (f"<ul>{edits}</ul>" if edits else ""))


def _section(title: str, inner: str) -> str:
    return f'<div class="told {title.rpartition(" ")[2].lower()}"><h4>{title}</h4>{inner}</div>'


def _foot(finding: Finding, number: int, drawn: bool) -> str:
    subject = finding.subject
    owner = " ".join((subject.kind, f"{subject.namespace}/{subject.name}".strip("/"))).strip()
    rule = f"{_text(finding.rule)} {_text(finding.name)}"
    facts = [f'<a class="rule" href="#rule-{_text(finding.rule)}">{rule}</a>']
    if owner:
        facts.append(f'<span class="owner">{_text(owner)}</span>')
    if finding.path:
        facts.append(f'<code class="path">{_text(finding.path)}</code>')
    if drawn:
        facts.append(
            f'<button type="button" class="plain scripted" data-draw="{number}">'
            "Show in graph</button>"
        )
    facts.append(f'<a class="permalink" href="#finding-{number}">#{number}</a>')
    return f'<div class="foot">{"".join(facts)}</div>'


def _appendix(rules: Sequence[RuleFacts]) -> str:
    """The pages of the rules that were met."""
    if not rules:
        return ""
    entries = "".join(
        f'<details class="page" id="rule-{_text(rule.id)}"><summary><span class="id">'
        f"{_text(rule.id)}</span> {_prose(rule.title)}</summary>"
        f'<div class="prose"><p class="slug"><code>{_text(rule.name)}</code></p>'
        f"{pages.render(rule.page, 3)}</div></details>"
        for rule in rules
    )
    return f'<section class="rules"><h2>Rules in this report</h2>{entries}</section>'


def _prose(text: str) -> str:
    """One line of ours, with code between backticks."""
    return pages.code(printable(one_line(text)))


def _text(text: str) -> str:
    """One line of anybody's."""
    if "\n" in text:
        return _text_lines(text)
    return escape(printable(text))


def _text_lines(text: str) -> str:
    return escape("\n".join(lines_of(text)))
