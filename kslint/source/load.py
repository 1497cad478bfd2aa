"""Reading everything: files into documents, problems aside, and the rest goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.characters import is_json, without_forbidden
from kslint.source.files import (
    InputProblem,
    encoding_of,
    is_chart_template,
    read_all,
    split_lines,
)
from kslint.source.nodes import Span
from kslint.source.parser import ForbiddenCharacterError, YamlError, compose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.source.document import Document
    from kslint.source.files import Excluder, Source

MAX_BROKEN_DOCUMENTS = 20
"""After so many broken documents the rest of a file is given up, which is a trouble too."""

_TEMPLATE = "template with unrendered {{ }}"
_NO_NEXT = "did not find expected <document start>"
_BRACES = ("{{", "{%")
_QUOTED = re.compile(r""" "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' """, re.VERBOSE)
_SEARCHED = 4000
"""Characters of a line that are searched for quotes: unclosed ones take quadratic time."""
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


class ParsedFile:
    """A file and the documents in it that could be read."""

    __slots__ = ("_documents", "source")

    def __init__(self, source: Source, documents: list[Document]) -> None:
        self.source = source
        self._documents: list[Document] | None = documents

    @property
    def documents(self) -> list[Document]:
        assert self._documents is not None
        return self._documents


class Input(NamedTuple):
    """All that was named, read once."""

    files: list[ParsedFile]
    troubles: list[Trouble]
    skipped: list[Skipped]


def load(
    paths: Iterable[str], exclude: Excluder | None = None, stdin_name: str | None = None
) -> Input:
    """Read and parse all files under `paths`. Never raises for what is in them.

    `exclude` says which paths in directories are passed by, `stdin_name` which file stdin is.
    """
    return parsed(read_all(paths, exclude, stdin_name))


def parsed(sources: Iterable[Source | InputProblem]) -> Input:
    """What was read, as documents. Never raises for what is in it."""
    result = Input([], [], [])
    for source in sources:
        if isinstance(source, InputProblem):
            result.troubles.append(unreadable(source))
        else:
            load_source(source, result)
    return result


def unreadable(problem: InputProblem) -> Trouble:
    """The trouble that input is which could not be read at all."""
    return Trouble("unreadable-input", Span(problem.file, 1, 1, 1, 1), problem.message)


def load_source(source: Source, result: Input) -> None:
    """Parse one source into `result`."""
    if is_chart_template(source):
        result.skipped.append(Skipped(source.name, "Helm template"))
        return
    documents: list[Document] = []
    troubles: list[Trouble] = []
    data: bytes | str = source.data
    if encoding_of(source.data) in ("utf-16-le", "utf-16-be"):  # libyaml wants a mark
        data = source.text()
    begin = broken = 0  # the line the rest begins at, counted from 0; documents given up
    repaired = False
    while True:
        read = len(documents)
        try:
            for document in compose(source, data, len(documents) + broken):
                documents.append(document)  # noqa: PERF402  (what came before an error counts)
            break
        except ForbiddenCharacterError as problem:
            # found ahead of the documents it stands behind: read all again without such
            documents.clear()
            troubles = [Trouble("yaml-syntax", problem.span, problem.message)]
            data, begin, broken, repaired = without_forbidden(source.text()), 0, 0, True
        except YamlError as problem:
            if _breaks_at_template(source, problem):
                result.skipped.append(Skipped(source.name, _TEMPLATE))
                return
            if _is_first_half(source, documents[read:], problem):
                documents.pop()
            broken += 1
            if not repaired:  # else the forbidden character may well be the cause
                troubles.append(_syntax_trouble(source, problem))
            following = _next_document(source, problem.span, begin)
            if following is None:
                break
            if broken == MAX_BROKEN_DOCUMENTS:
                place = Span(source.name, following + 1, 1, following + 1, 4)
                message = f"{broken} documents before are broken; the rest of the file is not read"
                troubles.append(Trouble("yaml-syntax", place, message))
                break
            begin = following
            data = _from_line(source.text() if isinstance(data, bytes) else data, begin)
    if any(_is_template_key(source, span) for d in documents for span in d.composite_keys):
        result.skipped.append(Skipped(source.name, _TEMPLATE))
        return
    result.troubles.extend(troubles)
    result.files.append(ParsedFile(source, documents))


def _syntax_trouble(source: Source, problem: YamlError) -> Trouble:
    """The parser's own words, unless a merge conflict or a tab explains them better."""
    for line in range(problem.span.line, max(0, problem.span.line - _CONFLICT_REACH), -1):
        if source.line(line).startswith(_CONFLICT_MARKERS):
            place = Span(source.name, line, 1, line, 8)
            return Trouble("yaml-syntax", place, "a merge conflict marker was left in the file")
    at = problem.span
    message = problem.message
    if message.startswith("found ") and source.line(at.line)[at.column - 1 : at.column] == "\t":
        message = "a tab stands where YAML takes only blanks"
    return Trouble("yaml-syntax", at, message, problem.related)


def _breaks_at_template(source: Source, problem: YamlError) -> bool:
    """Does the YAML break at template braces, or just behind a line that begins with them?"""
    if source.line(problem.span.line - 1).lstrip().startswith(_BRACES):
        return True
    lines = {problem.span.line, *(span.line for span, _ in problem.related)}
    return any(_has_bare_braces(source.line(line)) for line in lines)


def _has_bare_braces(line: str) -> bool:
    """Template braces outside of quotes and comments. Quoted ones are text, and no template."""
    if "{{{" in line or line.lstrip().startswith("#"):  # nested flow mappings, or a comment
        return False
    line = line[:_SEARCHED]
    for match in _QUOTED.finditer(line):
        if match[0].count("{{") != match[0].count("}}"):  # quotes within braces within quotes
            return True
    bare = _QUOTED.sub("", line)
    return any(brace in bare for brace in _BRACES)


def _is_template_key(source: Source, key: Span) -> bool:
    """Is a composite key the inner half of `{{ x }}`?"""
    line = source.line(key.line)
    return line[max(key.column - 2, 0) : key.column] == "{{" and "{{{" not in line


def _is_first_half(source: Source, documents: list[Document], problem: YamlError) -> bool:
    """Does the last document only end where the parser could not go on with it?

    To YAML a line indented less than the first one ends the document, and no `---` follows.
    """
    start = documents[-1].root.start if documents else None
    if start is None or problem.message != _NO_NEXT or is_json(source.data):
        return False
    return not any(line.startswith("...") for line in source.lines[start.line : problem.span.line])


def _next_document(source: Source, broken: Span, begin: int) -> int | None:
    """The line (from 0) of the `---` that ends the broken document, which began at `begin`."""
    line = broken.line - 1 if broken.column == 1 else broken.line
    line = max(line, begin + 1)
    for number, text in enumerate(source.lines[line:], line):
        if text.startswith("---") and text[3:4] in ("", " ", "\t"):
            return number
    return None


def _from_line(text: str, begin: int) -> str:
    """The text from a line on, behind as many empty lines as there were: places stay true."""
    return "\n" * begin + "\n".join(split_lines(text)[begin:])
