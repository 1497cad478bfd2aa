"""Reading everything: files into documents, problems aside, and the rest goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kslint.source.files import InputProblem, discover, encoding_of, read
from kslint.source.nodes import Span
from kslint.source.parser import YamlError, compose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.source.files import Source
    from kslint.source.parser import Document

MAX_BROKEN_DOCUMENTS = 20
"""After so many broken documents the rest of a file is given up."""


_CONFLICT_MARKERS = ("<<<<<<< ", ">>>>>>> ")
_CONFLICT_REACH = 40


class Trouble(NamedTuple):
    """Input that could not be read. `rule` is the reserved rule that reports it."""

    rule: str
    span: Span
    message: str
    related: tuple[tuple[Span, str], ...] = ()


class Skipped(NamedTuple):
    """A file passed over on purpose, and why."""

    file: str
    reason: str


class ParsedFile(NamedTuple):
    """A file and the documents in it that could be read."""

    source: Source
    documents: list[Document]


class Input(NamedTuple):
    """All that was named, read once."""

    files: list[ParsedFile]
    troubles: list[Trouble]
    skipped: list[Skipped]


def load(paths: Iterable[str]) -> Input:
    """Read and parse all files under `paths`. Never raises for what is in them."""
    result = Input([], [], [])
    for found in discover(paths):
        source = found if isinstance(found, InputProblem) else read(found)
        if isinstance(source, InputProblem):
            place = Span(source.file, 1, 1, 1, 1)
            result.troubles.append(Trouble("unreadable-input", place, source.message))
        else:
            load_source(source, result)
    return result


def load_source(source: Source, result: Input) -> None:
    """Parse one source into `result`."""
    if _in_chart_templates(source):
        result.skipped.append(Skipped(source.name, "Helm template"))
        return
    documents: list[Document] = []
    troubles: list[Trouble] = []
    data: bytes | str = _for_libyaml(source)
    for _ in range(MAX_BROKEN_DOCUMENTS):
        try:
            for document in compose(source, data):
                documents.append(document)
            break
        except YamlError as problem:
            if _is_template_line(source, problem.span.line):
                documents.clear()
                troubles.clear()
                result.skipped.append(Skipped(source.name, "template with unrendered {{ }}"))
                break
            troubles.append(_syntax_trouble(source, problem))
            rest = _after_document(source.text() if isinstance(data, bytes) else data, problem)
            if rest is None:
                break
            data = rest
    if any(document.composite_keys for document in documents) and b"{{" in source.data:
        result.skipped.append(Skipped(source.name, "template with unrendered {{ }}"))
        return
    result.troubles.extend(troubles)
    result.files.append(ParsedFile(source, documents))


def _syntax_trouble(source: Source, problem: YamlError) -> Trouble:
    """The parser's own words, unless a merge conflict explains them better."""
    for line in range(problem.span.line, max(0, problem.span.line - _CONFLICT_REACH), -1):
        if source.line(line).startswith(_CONFLICT_MARKERS):
            place = Span(source.name, line, 1, line, 8)
            return Trouble("yaml-syntax", place, "a merge conflict marker was left in the file")
    return Trouble("yaml-syntax", problem.span, problem.message, problem.related)


def _for_libyaml(source: Source) -> bytes | str:
    """What libyaml is given: the bytes, but UTF-16 without a mark decoded, and JSON without tabs."""
    encoding = encoding_of(source.data)
    if encoding in ("utf-16-le", "utf-16-be"):
        return source.text()
    if b"\t" in source.data and source.data.lstrip()[:1] in (b"{", b"["):
        # JSON may be indented with tabs, YAML may not; inside JSON strings they are escaped
        return source.data.replace(b"\t", b" ")
    return source.data


def _in_chart_templates(source: Source) -> bool:
    return b"{{" in source.data and "/templates/" in f"/{source.name}"


def _is_template_line(source: Source, line: int) -> bool:
    """Does the YAML break at a line, or the one before it, that holds template braces?"""
    near = source.line(line) + source.line(line - 1)
    return "{{" in near or "{%" in near


def _after_document(text: str, problem: YamlError) -> str | None:
    """The stream with everything up to the end of the broken document blanked out.

    Blanks keep lines and columns of what follows. None if nothing follows.
    """
    lines = text.split("\n")
    for number in range(max(problem.span.line - 1, 1), len(lines)):
        if lines[number].startswith("---"):
            return "\n".join(["" if n < number else line for n, line in enumerate(lines)])
    return None
