"""Reading everything: files into documents, problems aside, and the rest goes on."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from kslint.source.characters import is_json, without_forbidden
from kslint.source.files import (
    InputProblem,
    is_chart_template,
    read_all,
)
from kslint.source.manifests import looks_like_manifest, may_be_manifest
from kslint.source.nodes import Span
from kslint.source.parser import ForbiddenCharacterError, YamlError, compose
from kslint.source.text import encoding_of, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.source.document import Document
    from kslint.source.files import Excluder, Source
    from kslint.source.nodes import Map

MAX_BROKEN_DOCUMENTS = 20
"""After so many broken documents the rest of a file is given up, which is a trouble too."""

CHART_TEMPLATE, TEMPLATE = "Helm template", "template with unrendered {{ }}"
"""Why a file, or some of its documents, are passed over."""
NO_MANIFEST = "no Kubernetes object"
"""Why others are: neither `apiVersion` nor `kind` stands in them."""
_NO_NEXT = "did not find expected <document start>"
_BRACES = ("{{", "{%", "<%", "%{", "<#", "</#")
"""Where templates begin: of Go and Helm, Jinja, ERB, Terraform and FreeMarker."""
_STAND_IN = re.compile(
    r"\s*(?:- )*(?:[\w./-]+: +)?(?:<[A-Z][A-Z0-9_]*>\s*$|%[A-Za-z_-]+%|\{[A-Z][A-Z0-9_]*\}"
    r"|\{\w+\}[^\s,}\]])|\s+\.{3}\s*$|\$\{\w+\}\s*$"
)
"""A line that a placeholder is, or that has one for a value, or says that something is left out:
<ANNOTATIONS>, name: %name%, ip: {PREFIX}.1, image: {user}/web, ${LINES}, an indented `...`."""
_IN_FLOW = re.compile(r"[\[{][^#]{0,200}\$\{\w+\}")
"""A variable for `envsubst` within brackets, where YAML takes its braces for a mapping's."""
_QUOTED = re.compile(r""" "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' """, re.VERBOSE)
_SEARCHED = 4000
"""Characters of a line that are searched for quotes: unclosed ones take quadratic time."""
_CONFLICT_MARKERS = ("<<<<<<< ", ">>>>>>> ")
_CONFLICT_REACH = 40


Built = Mapping[str, Sequence[tuple["Map", str]]]
"""Objects by the directory of the kustomization, each with the file that it is put down to."""


class Trouble(NamedTuple):
    """Input that could not be read. `rule` is the reserved rule that reports it.

    `help` is said in place of the help of the rule's page.
    """

    rule: str
    span: Span
    message: str
    related: tuple[tuple[Span, str], ...] = ()
    help: str = ""


class Skipped(NamedTuple):
    """A file, or documents of one, passed over on purpose, and why.

    `source` has the lines from `first` to before `last`, counted from 0; None if nothing of the
    file can be read.
    """

    file: str
    reason: str
    source: Source | None = None
    first: int = 0
    last: int = sys.maxsize


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

    def glimpse(self) -> list[Document]:
        """The documents, for who goes through all files and needs none of them."""
        return self.documents


class Rendered(ParsedFile):
    """A template, and the documents that were made of it.

    Their nodes have places in the template or in values; its lines are not theirs.
    """

    __slots__ = ()


class Other(ParsedFile):
    """A file that cannot be a manifest. It is parsed once something has a use for it.

    What is broken in it is of no interest until something needs it.
    """

    __slots__ = ("_broken", "_needed", "_seen", "is_broken")

    def __init__(self, source: Source, is_broken: bool = False) -> None:
        """`is_broken` says that it was read like a manifest, and cannot be parsed."""
        super().__init__(source, [])
        self.is_broken = is_broken
        self._documents = None
        self._broken: list[Trouble] = []
        self._needed = self._seen = False

    def forget_uses(self) -> None:
        """Begin a new run: nothing has a use for it yet."""
        self._needed = self._seen = False

    @property
    def documents(self) -> list[Document]:
        self._needed = True
        return self._read()

    def glimpse(self) -> list[Document]:
        self._seen = True
        found = self._read()
        return [] if self._broken else found

    @property
    def is_used(self) -> bool:
        """Did it tell anyone anything?"""
        return self._needed or (self._seen and not self._broken)

    @property
    def troubles(self) -> list[Trouble]:
        """What is wrong with it, if something needs it."""
        return self._broken if self._needed and not self.source.context else []

    def _read(self) -> list[Document]:
        if self._documents is None:
            read = Input([], [], [])
            _load(self.source, read)
            self._documents = read.files[0].documents if read.files else []
            self._broken = read.troubles
        return self._documents


class Input(NamedTuple):
    """All that was named, read once.

    `built` has the objects of kustomizations that somebody else built, by directory.
    """

    files: list[ParsedFile]
    troubles: list[Trouble]
    skipped: list[Skipped]
    built: Built = MappingProxyType({})


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
            note_unread(source, result)
        else:
            load_source(source, result)
    return result


def note_unread(problem: InputProblem, result: Input) -> None:
    """Take up a file that was not read, for whatever reason."""
    if problem.passed_over:
        result.skipped.append(Skipped(problem.file, problem.message))
    else:
        result.troubles.append(unreadable(problem))


def unreadable(problem: InputProblem) -> Trouble:
    """The trouble that input is which could not be read at all."""
    return Trouble("unreadable-input", Span(problem.file, 1, 1, 1, 1), problem.message)


def load_source(source: Source, result: Input) -> None:
    """Parse one source into `result`, unless it was come upon and cannot be a manifest."""
    if not source.named and not may_be_manifest(source):
        result.files.append(Other(source))
        return
    before = len(result.troubles)
    _load(source, result)
    if source.context:
        del result.troubles[before:]
        return
    if len(result.troubles) > before and not source.named and not looks_like_manifest(source):
        del result.troubles[before:]
        if result.files and result.files[-1].source is source:
            result.files[-1] = Other(source, is_broken=True)


def _load(source: Source, result: Input) -> None:
    if is_chart_template(source):
        result.skipped.append(Skipped(source.name, CHART_TEMPLATE, source))
        return
    documents: list[Document] = []
    troubles: list[Trouble] = []
    data: bytes | str = source.data
    if encoding_of(source.data) in ("utf-16-le", "utf-16-be"):  # libyaml wants a mark
        data = source.text()
    templates: list[int] = []  # a line of each document that is one
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
            templates.clear()
            troubles = [Trouble("yaml-syntax", problem.span, problem.message)]
            data, begin, broken, repaired = without_forbidden(source.text()), 0, 0, True
        except YamlError as problem:
            if _is_first_half(source, documents[read:], problem):
                documents.pop()
            broken += 1
            following = _next_document(source, problem.span, begin)
            others = bool(templates) or any(
                _template_line(source, one) is not None for one in documents
            )
            is_template = _breaks_at_template(source, problem, others)
            if is_template:
                templates.append(problem.span.line - 1)
            elif not repaired:  # else the forbidden character may well be the cause
                troubles.append(_syntax_trouble(source, problem))
            if following is None:
                break
            if broken == MAX_BROKEN_DOCUMENTS:
                if is_template:
                    result.skipped.append(Skipped(source.name, TEMPLATE, source, following))
                else:
                    troubles.append(_given_up(source, following))
                break
            begin = following
            data = _from_line(source.text() if isinstance(data, bytes) else data, begin)
    result.troubles.extend(troubles)
    lines = [_template_line(source, document) for document in documents]
    rendered = [one for one, line in zip(documents, lines, strict=True) if line is None]
    templates += [line for line in lines if line is not None]
    result.skipped.extend(_parts(source, templates))
    if rendered or troubles or not templates:
        result.files.append(ParsedFile(source, rendered))


def _given_up(source: Source, line: int) -> Trouble:
    place = Span(source.name, line + 1, 1, line + 1, 4)
    message = (
        f"{MAX_BROKEN_DOCUMENTS} documents before are broken; the rest of the file is not read"
    )
    return Trouble("yaml-syntax", place, message)


def _parts(source: Source, lines: list[int]) -> Iterator[Skipped]:
    """The documents around some lines, which are templates."""
    if not lines:
        return
    from bisect import bisect_right

    marks = [number for number, text in enumerate(source.lines) if _is_separator(text)]
    ends = [0, *marks, len(source.lines)]
    for line in sorted(lines):
        behind = bisect_right(ends, line, 1, len(ends) - 1)
        yield Skipped(source.name, TEMPLATE, source, ends[behind - 1], ends[behind])


def _syntax_trouble(source: Source, problem: YamlError) -> Trouble:
    """The parser's own words, unless a merge conflict or a tab explains them better."""
    for line in range(problem.span.line, max(0, problem.span.line - _CONFLICT_REACH), -1):
        if source.line(line).startswith(_CONFLICT_MARKERS):
            place = Span(source.name, line, 1, line, 8)
            return Trouble("yaml-syntax", place, "a merge conflict marker was left in the file")
    at = problem.span
    message = problem.message
    if message.startswith("found ") and source.line(at.line)[at.column - 1 : at.column] == "\t":
        message = "YAML does not allow tabs for indentation; use spaces"
    return Trouble("yaml-syntax", at, message, problem.related)


def _breaks_at_template(source: Source, problem: YamlError, among_others: bool) -> bool:
    """Does the YAML break at template braces, or just behind a line that begins with them?

    Where documents before it are templates, braces anywhere in this one make it another.
    """
    before = source.line(problem.span.line - 1)
    if before.lstrip().startswith(_BRACES) or _STAND_IN.match(before):
        return True
    lines = {problem.span.line, *(span.line for span, _ in problem.related)}
    texts = [source.line(line) for line in lines]
    if any(_has_bare_braces(text) or _STAND_IN.match(text) for text in texts):
        return True
    if _IN_FLOW.search(_QUOTED.sub("", source.line(problem.span.line)[:_SEARCHED])):
        return True
    (part,) = _parts(source, [problem.span.line - 1])
    whole = source.lines[part.first : part.last]
    first = next((text for text in whole if text.strip() and not _is_separator(text)), "")
    if first.startswith(_BRACES) and "{{{" not in first:
        return True
    return among_others and any(map(_has_bare_braces, whole))


def _has_bare_braces(line: str) -> bool:
    """Template braces outside of quotes and comments. Quoted ones are text, and no template."""
    if "{{{" in line or line.lstrip().startswith("#"):  # nested flow mappings, or a comment
        return False
    line = line[:_SEARCHED]
    for match in _QUOTED.finditer(line):
        if match[0].count("{{") != match[0].count("}}"):  # quotes within braces within quotes
            return True
    bare = _QUOTED.sub("", line).partition(" #")[0]
    return any(brace in bare for brace in _BRACES)


def _template_line(source: Source, document: Document) -> int | None:
    """The line, from 0, of a composite key that is the inner half of `{{ x }}`."""
    for key in document.composite_keys:
        line = source.line(key.line)
        if line[max(key.column - 2, 0) : key.column] == "{{" and "{{{" not in line:
            return key.line - 1
    return None


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
        if _is_separator(text):
            return number
    return None


def _is_separator(line: str) -> bool:
    return line.startswith("---") and line[3:4] in ("", " ", "\t")


def _from_line(text: str, begin: int) -> str:
    """The text from a line on, behind as many empty lines as there were: places stay true."""
    return "\n" * begin + "\n".join(split_lines(text)[begin:])
