"""The text report: a code frame for each finding, as compilers draw it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kslint.findings import Finding, Result
    from kslint.source.files import Source
    from kslint.source.nodes import Span

CONTEXT = 2
"""Lines shown before the one at fault."""
MAX_WIDTH = 160

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


def render(result: Result, sources: Mapping[str, Source], colour: bool) -> str:
    """All findings and a summary line."""
    paint = Painter(colour)
    parts = [_finding(f, sources, paint) for f in result.findings if f.suppressed is None]
    parts.append(summary(result, paint) + "\n")
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
    if counts.skipped:
        text += f"; {count(counts.skipped, 'template')} passed over"
    if counts.suppressed > counts.baselined:
        text += f"; {counts.suppressed - counts.baselined} suppressed"
    if result.baseline is not None and counts.baselined:
        text += f"; {counts.baselined} in {printable(result.baseline.file)}"
    if nothing := nothing_checked(result):
        text += "\n" + paint("warning", nothing)
    return text


def nothing_checked(result: Result) -> str:
    """Why there was nothing to check, if there was nothing and no error says why."""
    counts = result.summary
    if counts.resources or result.failed:
        return ""
    if not counts.files:
        return (
            "No file was found to check: kslint reads .yaml, .yml and .json files, less what git "
            "ignores and the configuration excludes"
        )
    if counts.skipped:
        return (
            "No Kubernetes object was found to check; templates have to be rendered first: "
            "`helm template CHART | kslint check -`"
        )
    return "No Kubernetes object was found to check"


def count(amount: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{amount} {word}{'' if amount == 1 else 's'}"


def _finding(finding: Finding, sources: Mapping[str, Source], paint: Painter) -> str:
    lines = [
        paint(finding.severity, f"{finding.severity}[{finding.rule}]")
        + paint("bold", f" {printable(finding.message)}"),
    ]
    width = len(str(max([finding.span.line, *(label.span.line for label in finding.related)])))
    lines += _frame(finding.span, sources, paint, finding.severity, width, "", CONTEXT)
    for label in finding.related:
        lines += _frame(label.span, sources, paint, "related", width, label.text, 0)
    gutter = " " * width
    for name, text in (("symptom", finding.symptom), ("help", finding.help)):
        if text:
            lines.append(
                f"{gutter} {paint('frame', '=')} {paint('bold', name)}: {_folded(text, width)}"
            )
    lines.append(f"{gutter} {paint('frame', '=')} {paint('dim', 'rule: ' + finding.name)}")
    return "\n".join(lines) + "\n"


def _folded(text: str, width: int) -> str:
    """Text of several lines, indented to stand under its first word."""
    return ("\n" + " " * (width + 3)).join(printable(line) for line in text.split("\n"))


def _frame(
    span: Span,
    sources: Mapping[str, Source],
    paint: Painter,
    style: str,
    width: int,
    label: str,
    context: int,
) -> Iterator[str]:
    arrow = "-->" if not label else ":::"
    yield f"{' ' * width}{paint('frame', arrow)} {printable(str(span))}"
    source = sources.get(span.file)
    if source is None or not source.line(span.line).strip():
        if label:
            yield f"{' ' * width} {paint('frame', '|')} {paint(style, printable(label))}"
        return
    bar = paint("frame", "|")
    yield f"{' ' * width} {bar}"
    line = source.line(span.line)
    start = min(max(span.column, 1), len(line) + 1) - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    for number in range(max(1, span.line - context), span.line + 1):
        text = _windowed(source.line(number), start if number == span.line else 0)
        yield f"{paint('frame', str(number).rjust(width))} {bar} {text}".rstrip()
    shift, stop = _window(line, start)
    before = cells(line[shift:start]) + (shift > 0)
    length = max(1, cells(line[start : max(start + 1, min(end, stop))]))
    carets = ("^" if not label else "-") * length
    pointer = paint(style, f"{carets} {printable(label)}".rstrip())
    yield f"{' ' * width} {bar} {' ' * before}{pointer}"


def _window(line: str, start: int) -> tuple[int, int]:
    """The part of a line to show, so that index `start` is in it: first index, and one too far."""
    shift = 0
    if start >= MAX_WIDTH or cells(line[: start + 1]) > MAX_WIDTH:
        shift = max(start - MAX_WIDTH // 4, 0)
    stop, left = shift, MAX_WIDTH - (shift > 0)
    most = min(len(line), shift + 2 * MAX_WIDTH)  # there may be any number of combining ones
    while stop < most and (left := left - _cell(line[stop])) >= 0:
        stop += 1
    return shift, stop


def _windowed(line: str, start: int) -> str:
    """The part of a line around an index; `…` stands for what is cut off."""
    shift, stop = _window(line, start)
    return f"{'…' * (shift > 0)}{printable(line[shift:stop])}{'…' * (stop < len(line))}"


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters are shown, tabs become a blank."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cells(text: str) -> int:
    """The width of text on a terminal: wide characters take two cells, combining ones none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return len(_shown(character))
