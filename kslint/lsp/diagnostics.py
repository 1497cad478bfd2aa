"""Findings as the diagnostics of an editor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lsprotocol.types import (
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    Location,
    Position,
    Range,
)

from kslint.lsp.positions import Positions
from kslint.lsp.uris import uri_of
from kslint.report.facts import active, in_a_file, page_url
from kslint.source.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pygls.workspace import PositionCodec

    from kslint.config.written import Mistake
    from kslint.findings import Finding
    from kslint.lsp.folder import Buffer, Checked

SOURCE = "kslint"
CONFIGURATION = "configuration"
"""The code of a mistake in kslint's own configuration, which is no rule's finding."""

_SEVERITIES = {
    "error": DiagnosticSeverity.Error,
    "warning": DiagnosticSeverity.Warning,
    "note": DiagnosticSeverity.Information,
}
_WHOLE_FILE = Range(Position(0, 0), Position(0, 0))


class Places:
    """Spans of one check as locations of the client: URIs, and ranges in its units."""

    def __init__(
        self, checked: Checked, root: str, buffers: Mapping[str, Buffer], codec: PositionCodec
    ) -> None:
        self.checked = checked
        self._root = root
        self._buffers = buffers
        self._codec = codec
        self._positions: dict[str, Positions] = {}
        self.diagnostics = _of_check(self)
        """What to show, by URI."""

    def uri(self, name: str) -> str:
        """The URI of a file by its name in spans; of an open one as the client spells it."""
        path = self.checked.paths.get(name) or os.path.normpath(os.path.join(self._root, name))
        buffer = self._buffers.get(path)
        return uri_of(path) if buffer is None else buffer.uri

    def version(self, name: str) -> int | None:
        """The version of the text that was checked; None if the file was not open."""
        buffer = self._buffers.get(self.checked.paths.get(name, ""))
        return None if buffer is None else buffer.version

    def positions(self, name: str) -> Positions | None:
        """The places of a file; None if it could not be read."""
        source = self.checked.sources.get(name)
        if source is None:
            return None
        if name not in self._positions:
            self._positions[name] = Positions(source, self._codec)
        return self._positions[name]

    def range(self, span: Span) -> Range:
        positions = self.positions(span.file)
        return _WHOLE_FILE if positions is None else positions.range(span)

    def mistake(self, mistake: Mistake) -> Range:
        """From where a mistake begins to the end of the line."""
        source = self.checked.sources.get(mistake.file)
        if source is None or not mistake.line:
            return _WHOLE_FILE
        end = len(source.line(mistake.line)) + 1
        return self.range(
            Span(mistake.file, mistake.line, mistake.column, mistake.line, max(end, mistake.column))
        )


def _of_check(places: Places) -> dict[str, list[Diagnostic]]:
    """The diagnostics of every file that has any, by URI."""
    found: dict[str, list[Diagnostic]] = {}
    for finding in active(places.checked.findings):
        if in_a_file(finding.span) or finding.span.file in places.checked.paths:
            found.setdefault(places.uri(finding.span.file), []).append(of(finding, places))
    for uri, diagnostic in _of_configuration(places):
        found.setdefault(uri, []).append(diagnostic)
    return found


def of(finding: Finding, places: Places) -> Diagnostic:
    """One finding. The message says what to do; symptom and reason are in the hover."""
    message = f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message
    related = [
        DiagnosticRelatedInformation(
            Location(places.uri(label.span.file), places.range(label.span)), label.text
        )
        for label in finding.related
        if label.span.file in places.checked.sources
    ]
    custom = places.checked.rules[finding.name].custom  # has no page on our site
    return Diagnostic(
        places.range(finding.span),
        message,
        _SEVERITIES[finding.severity],
        code=finding.rule,
        code_description=None if custom else CodeDescription(page_url(finding.name)),
        source=SOURCE,
        related_information=related or None,
    )


def _of_configuration(places: Places) -> Iterator[tuple[str, Diagnostic]]:
    configured = places.checked.configured
    known = [(mistake, DiagnosticSeverity.Error) for mistake in configured.mistakes]
    known += [(doubt, DiagnosticSeverity.Warning) for doubt in configured.doubts]
    for mistake, severity in known:
        if mistake.file:
            yield (
                places.uri(mistake.file),
                Diagnostic(
                    places.mistake(mistake),
                    mistake.message,
                    severity,
                    code=CONFIGURATION,
                    source=SOURCE,
                ),
            )
