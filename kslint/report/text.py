"""The text report: a code frame for each finding, as compilers draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.report.facts import active, page_url
from kslint.report.frames import MAX_WIDTH, cells, frame, printable
from kslint.report.terminal import NARROWEST, PLAIN, Painter, count, link, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.findings import Finding, Result, Summary
    from kslint.report.terminal import Terminal
    from kslint.source.files import Source
    from kslint.source.nodes import Span

CONTEXT = 2
"""Lines shown before the one at fault."""


def render(
    result: Result,
    sources: Mapping[str, Source],
    terminal: Terminal = PLAIN,
    unsafe_fixes: bool = False,
    quiet: bool = False,
) -> str:
    """All findings and, unless `quiet`, a summary. Unsafe fixes are shown if asked for."""
    parts = [
        _finding(finding, sources, terminal, unsafe_fixes) for finding in active(result.findings)
    ]
    if not quiet:
        said = summary(result, Painter(terminal.colour), terminal.width)
        parts.append(said + fixable(result) + "\n")
    return "\n".join(parts)


def summary(result: Result, paint: Painter, width: int | None = None) -> str:
    """`2 errors, 1 warning in 12 files (31 objects)`, and what was passed over."""
    counts = result.summary
    amounts = [
        (severity, count(amount, severity))
        for severity, amount in (
            ("error", counts.errors),
            ("warning", counts.warnings),
            ("note", counts.notes),
        )
        if amount
    ] or [("help", "No findings")]
    found = ", ".join(paint(style, text) for style, text in amounts)
    read = f" in {count(counts.files, 'file')} ({count(counts.resources, 'object')})"
    parts = []
    if result.hidden:
        parts.append(not_shown(result))
    if passed := passed_over(counts):
        parts.append(passed)
    if counts.unrendered and (in_charts := _in_charts(result)):
        parts.append(f"--render would render {in_charts}")
    if counts.context:
        parts.append(f"{count(counts.context, 'file')} of context")
    if counts.suppressed > counts.baselined:
        parts.append(f"{counts.suppressed - counts.baselined} suppressed")
    if result.baseline is not None and counts.baselined:
        parts.append(f"{counts.baselined} in {printable(result.baseline.file)}")
    length = len(", ".join(text for _, text in amounts))
    if width is not None and length + len(read) > width:
        read = f"\n{read.lstrip()}"
    between = "; " if width is None or length + len("; ".join([read, *parts])) <= width else ";\n"
    text = between.join([found + read, *parts])
    if nothing := nothing_checked(result):
        text += "\n" + paint("warning", wrapped(nothing, width, 0, 0))
    return text


def not_shown(result: Result) -> str:
    """`2 notes not shown (--min-severity note)`: what was left out for being too mild."""
    what = "note" if result.hidden == result.summary.notes else "finding"
    return f"{count(result.hidden, what)} not shown (--min-severity note)"


def passed_over(counts: Summary) -> str:
    """`2 templates and 1 file without objects passed over`; "" if every file was read."""
    others = counts.skipped - counts.unrendered
    parts = []
    if counts.unrendered:
        parts.append(count(counts.unrendered, "template"))
    if others:
        parts.append(f"{count(others, 'file')} without objects")
    return f"{' and '.join(parts)} passed over" if parts else ""


def _in_charts(result: Result) -> int:
    from kslint.source.load import CHART_TEMPLATE

    return sum(reason == CHART_TEMPLATE for _, reason in result.skipped)


def nothing_checked(result: Result) -> str:
    """Why there was nothing to check, if there was nothing and no error says why."""
    counts = result.summary
    if counts.resources or result.failed or result.findings:
        return ""
    if not counts.files:
        return (
            "No file was found to check: kslint reads .yaml, .yml and .json files, less what git "
            "ignores and the configuration excludes"
        )
    if counts.unrendered:
        return (
            "No Kubernetes object was found to check; templates have to be rendered first, Helm "
            "charts by --render, others by hand: `COMMAND | kslint check -`"
        )
    return "No Kubernetes object was found to check"


def fixable(result: Result) -> str:
    """`fixed 2; 3 can be fixed with --fix, 1 more with --unsafe-fixes`, on a line of its own."""
    fixes = [f.fix for f in result.findings if f.fix is not None and f.suppressed is None]
    safe = sum(fix.safe for fix in fixes)
    unsafe = len(fixes) - safe
    parts = []
    if safe:
        parts.append(f"{safe} can be fixed with --fix")
    if unsafe:
        more = "more" if safe or result.summary.fixed else "can be fixed"
        parts.append(f"{unsafe} {more} with --fix --unsafe-fixes")
    fixed = [f"fixed {result.summary.fixed}"] * bool(result.summary.fixed)
    text = "; ".join([*fixed, *[", ".join(parts)] * bool(parts)])
    return f"\n{text[:1].upper()}{text[1:]}" if text else ""


def _finding(
    finding: Finding, sources: Mapping[str, Source], terminal: Terminal, unsafe_fixes: bool
) -> str:
    paint = Painter(terminal.colour)
    head = f"{finding.severity}[{finding.rule}]"
    message = wrapped(printable(finding.message), terminal.width, len(head) + 1, 4)
    head = paint(finding.severity, head)
    if finding.name in terminal.linked:
        head = link(head, page_url(finding.name))
    lines = [head + paint("bold", f" {message}")]
    lines += frames(finding, sources, paint, terminal.width)
    gutter = " " * _gutter(finding)
    fix = finding.fix
    offer = ""
    if fix is not None and (fix.safe or unsafe_fixes):
        offer = f"{fix.description} ({'--fix' if fix.safe else '--fix --unsafe-fixes'})"
    for name, text in (("symptom", finding.symptom), ("help", finding.help), ("fix", offer)):
        if text:
            folded = _folded(text, len(gutter) + 3, len(name) + 2, terminal.width)
            lines.append(f"{gutter} {paint('frame', '=')} {paint('bold', name)}: {folded}")
    lines.append(f"{gutter} {paint('frame', '=')} {paint('dim', 'rule: ' + finding.name)}")
    return "\n".join(lines) + "\n"


def _folded(text: str, indent: int, name: int, width: int | None) -> str:
    """Text of several lines, each indented; the first stands behind a name of so many columns."""
    lines = [printable(line) for line in text.split("\n")]
    first = wrapped(lines[0], width, indent + name, indent)
    rest = [wrapped(line, width, indent, indent) for line in lines[1:]]
    return ("\n" + " " * indent).join([first, *rest])


def frames(
    finding: Finding,
    sources: Mapping[str, Source],
    paint: Painter,
    columns: int | None = None,
) -> Iterator[str]:
    """The code frames of a finding, line by line: its place, and those that belong to it."""
    width = _gutter(finding)
    room = None if columns is None else max(columns, NARROWEST) - width - 5
    yield from _frame(finding.span, sources, paint, finding.severity, width, "", CONTEXT, room)
    for label in finding.related:
        yield from _frame(label.span, sources, paint, "related", width, label.text, 0, room)


def _gutter(finding: Finding) -> int:
    """The room for line numbers."""
    return len(str(max([finding.span.line, *(label.span.line for label in finding.related)])))


def _frame(
    span: Span,
    sources: Mapping[str, Source],
    paint: Painter,
    style: str,
    width: int,
    label: str,
    context: int,
    room: int | None,
) -> Iterator[str]:
    arrow, sign = (":::", "-") if label else ("-->", "^")
    edge, bar = " " * width, paint("frame", "|")
    yield f"{edge}{paint('frame', arrow)} {printable(str(span))}"
    lines = frame(span, sources, context, width=MAX_WIDTH if room is None else room)
    if not lines:
        if label:
            yield f"{edge} {bar} {paint(style, printable(label))}"
        return
    yield f"{edge} {bar}"
    for line in lines:
        text = f"{line.before}{line.marked}{line.after}"
        yield f"{paint('frame', str(line.number).rjust(width))} {bar} {text}".rstrip()
    carets = sign * max(1, cells(lines[-1].marked))
    column = cells(lines[-1].before)
    label = printable(label)
    if room is None or column + len(carets) + len(label) < room:
        pointer = paint(style, f"{carets} {label}".rstrip())
        yield f"{edge} {bar} {' ' * column}{pointer}"
        return
    yield f"{edge} {bar} {' ' * column}{paint(style, carets)}"
    for part in wrapped(label, room, 0, 0).split("\n"):
        yield f"{edge} {bar} {paint(style, part)}"
