"""What people write for kslint, in YAML or TOML: every mistake in it, and where it stands.

Parsers and validators are imported only where there is something to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.config.words import explained, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.config.words import Path
    from kslint.source.files import Source
    from kslint.source.nodes import Node, Span


class Mistake(NamedTuple):
    """One thing wrong. Line and column are 0 in TOML, the file is "" if several are at fault."""

    line: int
    column: int
    message: str
    file: str = ""

    @property
    def text(self) -> str:
        """As a compiler has it: `file:line:column: message`; nothing in it steers a terminal."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.message}" if place else self.message
        return "".join(char if char.isprintable() else "?" for char in text)


class MistakesError(Exception):
    """Something that cannot be used, with all that is wrong with it."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistake.text for mistake in self.mistakes))


class Written:
    """Data, and where each value of it stands: nowhere if `root` is None (TOML has no places).

    `base` is the path of the data in its file, as messages write it.
    """

    def __init__(self, name: str, data: Any, root: Node | None, base: str = "") -> None:
        self.name = name
        self.data = data
        self.root = root
        self._base = base

    def mistake(self, path: Path, message: str) -> Mistake:
        """A mistake at the value, or unknown key, that `path` leads to."""
        node = None if self.root is None else self.root.at(*path)
        span = None if node is None else node.place
        return Mistake(0, 0, message, self.name) if span is None else at_span(span, message)

    def label(self, path: Path) -> str:
        """A path as messages write it: `cluster.nodes[0].name`."""
        text = self._base
        for step in path:
            if isinstance(step, int):
                text += f"[{step}]"
            elif step.replace("-", "").replace("_", "").isalnum():
                text += f".{step}" if text else step
            else:
                text += f'["{printable(step)}"]'
        return text

    def against(self, schema: Any, whole: str) -> set[Mistake]:
        """Everything that a schema does not allow. `whole` is what messages call the data."""
        from jsonschema import Draft202012Validator

        return {
            self.mistake(path, message)
            for error in Draft202012Validator(schema).iter_errors(self.data)
            for path, message in explained(error, self.label, schema, whole)
        }


def one_document(source: Source, whole: str) -> tuple[Node | None, list[Mistake]]:
    """The one document of a YAML stream (None if it is empty), and what is wrong with the YAML.

    `whole` is what messages call it.
    """
    from kslint.source.parser import YamlError, compose

    try:
        documents = list(compose(source, source.data))
    except YamlError as problem:
        return None, [at_span(problem.span, problem.message)]
    message = f"{whole} is one YAML document"
    mistakes = [at_span(document.root.span, message) for document in documents[1:]]
    for name, again, first in (twice for d in documents for twice in d.duplicates):
        line = "" if first.span is None else f", first in line {first.span.line}"
        message = f"key `{printable(name)}` occurs twice in one mapping{line}"
        mistakes.append(at_span(again.span, message))
    return (documents[0].root if documents else None), mistakes


def plain(node: Node | None) -> Any:
    """Plain data. Fractions stay as they are written (0.20 is no 0.2), `off` and `yes` text."""
    from kslint.source.nodes import Map, Scalar

    if isinstance(node, Map):
        return {name: plain(child) for name, child in node.items()}
    if isinstance(node, Scalar):
        value = node.value
        word = isinstance(value, bool) and node.literal.lower() not in ("true", "false")
        return node.literal if word or isinstance(value, float) else value
    return None if node is None else [plain(child) for child in node.elements()]


def at_span(span: Span | None, message: str) -> Mistake:
    """A mistake at a place in a file."""
    assert span is not None
    return Mistake(span.line, span.column, message, span.file)
