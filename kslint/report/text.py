"""The text report: a code frame for each finding, as compilers draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.report.frames import cells, frame, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.findings import Finding, Result, Summary
    from kslint.source.files import Source
    from kslint.source.nodes import Span

CONTEXT = 2
"""Lines shown before the one at fault."""

_STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "bold": "1",
    "frame": "34",
    "dim": "2",
    "related": "36",
    "help": "32",
}


class Painter:
    """Wraps text in ANSI styles, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text


def render(
    result: Result, sources: Mapping[str, Source], colour: bool, unsafe_fixes: bool = False
) -> str:
    """All findings and a summary line. Unsafe fixes are shown where they are asked for."""
    paint = Painter(colour)
    parts = [
        _finding(finding, sources, paint, unsafe_fixes)
        for finding in result.findings
        if finding.suppressed is None
    ]
    parts.append(summary(result, paint) + _fixable(result) + "\n")
    return "\n".join(parts)


def summary(result: Result, paint: Painter) -> str:
    """`2 errors, 1 warning in 12 files (31 objects)`, and what was passed over."""
    counts = result.summary
    amounts = [
        paint(severity, count(amount, severity))
        for severity, amount in (
            ("error", counts.errors),
            ("warning", counts.warnings),
            ("note", counts.notes),
        )
        if amount
    ]
    found = ", ".join(amounts) if amounts else paint("help", "No findings")
    text = f"{found} in {count(counts.files, 'file')} ({count(counts.resources, 'object')})"
    if passed := passed_over(counts):
        text += f"; {passed}"
    if counts.context:
        text += f"; {count(counts.context, 'file')} of context"
    if counts.suppressed > counts.baselined:
        text += f"; {counts.suppressed - counts.baselined} suppressed"
    if result.baseline is not None and counts.baselined:
        text += f"; {counts.baselined} in {printable(result.baseline.file)}"
    if nothing := nothing_checked(result):
        text += "\n" + paint("warning", nothing)
    return text


def passed_over(counts: Summary) -> str:
    """`2 templates and 1 file without objects passed over`; "" if every file was read."""
    others = counts.skipped - counts.unrendered
    parts = []
    if counts.unrendered:
        parts.append(count(counts.unrendered, "template"))
    if others:
        parts.append(f"{count(others, 'file')} without objects")
    return f"{' and '.join(parts)} passed over" if parts else ""


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
            "No Kubernetes object was found to check; templates have to be rendered first: "
            "`helm template CHART | kslint check -`"
        )
    return "No Kubernetes object was found to check"


def _fixable(result: Result) -> str:
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


def count(amount: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{amount} {word}{'' if amount == 1 else 's'}"


def _finding(
    finding: Finding, sources: Mapping[str, Source], paint: Painter, unsafe_fixes: bool
) -> str:
    lines = [
        paint(finding.severity, f"{finding.severity}[{finding.rule}]")
        + paint("bold", f" {printable(finding.message)}"),
    ]
    lines += frames(finding, sources, paint)
    width = _gutter(finding)
    gutter = " " * width
    fix = finding.fix
    offer = ""
    if fix is not None and (fix.safe or unsafe_fixes):
        offer = f"{fix.description} ({'--fix' if fix.safe else '--fix --unsafe-fixes'})"
    for name, text in (("symptom", finding.symptom), ("help", finding.help), ("fix", offer)):
        if text:
            lines.append(
                f"{gutter} {paint('frame', '=')} {paint('bold', name)}: {_folded(text, width)}"
            )
    lines.append(f"{gutter} {paint('frame', '=')} {paint('dim', 'rule: ' + finding.name)}")
    return "\n".join(lines) + "\n"


def _folded(text: str, width: int) -> str:
    """Text of several lines, indented to stand under its first word."""
    return ("\n" + " " * (width + 3)).join(printable(line) for line in text.split("\n"))


def frames(finding: Finding, sources: Mapping[str, Source], paint: Painter) -> Iterator[str]:
    """The code frames of a finding, line by line: its place, and those that belong to it."""
    width = _gutter(finding)
    yield from _frame(finding.span, sources, paint, finding.severity, width, "", CONTEXT)
    for label in finding.related:
        yield from _frame(label.span, sources, paint, "related", width, label.text, 0)


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
) -> Iterator[str]:
    arrow, sign = (":::", "-") if label else ("-->", "^")
    edge, bar = " " * width, paint("frame", "|")
    yield f"{edge}{paint('frame', arrow)} {printable(str(span))}"
    lines = frame(span, sources, context)
    if not lines:
        if label:
            yield f"{edge} {bar} {paint(style, printable(label))}"
        return
    yield f"{edge} {bar}"
    for line in lines:
        text = f"{line.before}{line.marked}{line.after}"
        yield f"{paint('frame', str(line.number).rjust(width))} {bar} {text}".rstrip()
    carets = sign * max(1, cells(lines[-1].marked))
    pointer = paint(style, f"{carets} {printable(label)}".rstrip())
    yield f"{edge} {bar} {' ' * cells(lines[-1].before)}{pointer}"
