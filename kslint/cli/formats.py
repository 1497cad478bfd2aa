"""`--output-format`: which reports there are, and where each goes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from kslint.cli.terminal import of_output
from kslint.cli.usage import UsageError
from kslint.report.terminal import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kslint.cli.reading import Reading
    from kslint.findings import Result
    from kslint.report.facts import RuleFacts
    from kslint.report.terminal import Terminal
    from kslint.rulebook import Rule

FORMATS = (
    "text", "grouped", "concise", "json", "sarif", "junit", "github", "gitlab", "markdown", "html",
)  # fmt: skip


_FOR_PEOPLE = ("text", "grouped", "concise", "github", "markdown")
"""These leave out what is only advice, unless told otherwise."""
_SHOWN, _NOTE = "warning", "note"


class Output(NamedTuple):
    """One report. `file` None is standard output."""

    format: str
    file: str | None


class Run(NamedTuple):
    """What a report may be made from."""

    result: Result
    reading: Reading
    book: list[Rule]
    statistics: bool = False
    unsafe_fixes: bool = False
    quiet: bool = False
    min_severity: str | None = None
    """The mildest findings to show; None where nobody says."""
    fail_on: str = "error"

    def shown_in(self, format: str) -> Run:
        """The run with the findings that a report of this format shows; all are counted."""
        if self.statistics or (self.min_severity is None and format not in _FOR_PEOPLE):
            return self
        least = least_shown(self.min_severity, self.fail_on)
        return self._replace(result=self.result.at_least(least))


def least_shown(min_severity: str | None, fail_on: str) -> str:
    """The severity from which on findings are shown to people."""
    return min_severity or (_NOTE if fail_on == _NOTE else _SHOWN)


def outputs(options: Iterable[str] | None, formats: Sequence[str] = FORMATS) -> list[Output]:
    """The reports that `--output-format FORMAT[:FILE]` asks for; text if it asks for none.

    Raises UsageError for an unknown format, and where two would share one place.
    """
    found: list[Output] = []
    for option in options or ["text"]:
        name, colon, file = option.partition(":")
        if name not in formats:
            raise UsageError(f"no format is called `{name}`: {', '.join(formats)}")
        if colon and not file:
            raise UsageError(f"`{option}` names no file after the colon")
        found.append(Output(name, file or None))
    files = [output.file and os.path.abspath(output.file) for output in found]
    for place in files:
        if files.count(place) > 1:
            raise UsageError(f"two formats would write to {place or 'standard output'}")
    return found


def write(wanted: Iterable[Output], run: Run) -> bool:
    """Write every report; a file as a whole or not at all. False if one could not be written."""
    written = True
    for output in wanted:
        shown_on = of_output(run.book) if output.file is None else PLAIN
        text = _REPORTS[output.format](run.shown_in(output.format), shown_on)
        if output.file is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            continue
        if _holds_manifest(output.file, run.reading):
            sys.stderr.write(f"{output.file}: holds a manifest, and is not overwritten\n")
            written = False
            continue
        why = replace(output.file, text)
        if why is not None:
            sys.stderr.write(f"{output.file}: {why}\n")
            written = False
    return written


def _holds_manifest(file: str, reading: Reading) -> bool:
    """Is a file one of the input's, and is there an object in it?"""
    place = os.path.realpath(file)
    if all(os.path.realpath(name) != place for name in reading.sources):
        return False
    from kslint.resources import resources_of

    objects, _ = resources_of(reading.loaded.files)
    return any(os.path.realpath(resource.file) == place for resource in objects)


def replace(file: str, text: str) -> str | None:
    """Write a report, as a whole or not at all; to /dev/stderr and the like as it comes.

    Says why it was not written, if it was not: also where a link would take it elsewhere.
    """
    from kslint.cli import files
    from kslint.source.bounds import diverted

    is_device = os.path.abspath(file).startswith("/dev/")
    real = None if is_device else diverted(file)
    if real is not None:
        return f"not written: a link leads from there to {real}; name that place itself"
    try:
        if os.path.exists(file) and (is_device or not os.path.isfile(file)):
            with open(file, "w", encoding="utf-8", newline="") as handle:
                handle.write(text)
        else:
            files.replace(file, text.encode())
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"
    return None


def _text(run: Run, terminal: Terminal) -> str:
    from kslint.report import text

    if run.statistics:
        return _statistics(run, terminal)
    return text.render(run.result, run.reading.sources, terminal, run.unsafe_fixes, run.quiet)


def _grouped(run: Run, terminal: Terminal) -> str:
    from kslint.report import grouped

    if run.statistics:
        return _statistics(run, terminal)
    return grouped.render(run.result, terminal, run.quiet)


def _concise(run: Run, terminal: Terminal) -> str:
    from kslint.report import concise

    return _statistics(run, terminal) if run.statistics else concise.render(run.result)


def _statistics(run: Run, terminal: Terminal) -> str:
    from kslint.report import statistics

    return statistics.render(run.result, terminal)


def _json(run: Run, _terminal: Terminal) -> str:
    from kslint.report import json

    if run.statistics:
        from kslint.report.statistics import counts

        return json.render(run.result, counts(run.result))
    return json.render(run.result)


def _plain(name: str) -> Callable[[Run, Terminal], str]:
    """A report that needs nothing but the result."""

    def render(run: Run, _terminal: Terminal) -> str:
        text: str = import_module(f"kslint.report.{name}").render(run.result)
        return text

    return render


def _ruled(name: str) -> Callable[[Run, Terminal], str]:
    """A report that also speaks of the rules."""

    def render(run: Run, _terminal: Terminal) -> str:
        module = import_module(f"kslint.report.{name}")
        text: str = module.render(run.result, facts_of(run.book))
        return text

    return render


def _markdown(run: Run, _terminal: Terminal) -> str:
    from kslint.report import markdown

    return markdown.render(run.result, run.reading.sources)


def _html(run: Run, _terminal: Terminal) -> str:
    from kslint.picture.build import picture
    from kslint.report import html

    drawn = picture(run.reading.model, run.result.findings)
    return html.render(run.result, facts_of(run.book), run.reading.sources, drawn)


_REPORTS: dict[str, Callable[[Run, Terminal], str]] = {
    "text": _text,
    "grouped": _grouped,
    "concise": _concise,
    "json": _json,
    "sarif": _ruled("sarif"),
    "junit": _ruled("junit"),
    "github": _plain("github"),
    "gitlab": _plain("gitlab"),
    "markdown": _markdown,
    "html": _html,
}


def facts_of(book: Iterable[Rule]) -> list[RuleFacts]:
    """The rules in words, for reports."""
    from kslint.findings.wording import filled_in_part
    from kslint.report.facts import RuleFacts

    return [
        RuleFacts(
            rule.id,
            rule.name,
            rule.severity,
            rule.title,
            rule.category,
            filled_in_part(rule.help, {}),
            rule.page(),
            rule.custom,
            "" if rule.fix is None else _safety(rule.fix.safe),
        )
        for rule in book
    ]


def _safety(safe: bool | tuple[str, ...]) -> str:
    if isinstance(safe, tuple):
        return "safe or unsafe"
    return "safe" if safe else "unsafe"
