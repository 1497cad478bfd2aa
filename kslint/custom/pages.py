"""Rule pages that users write: found, read, and every mistake in them at its line and column.

They have the format of `rules/`, with `cel` in place of `check` and `match` for what they are
about. A page is data: nothing in it names code to run.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint import rulebook
from kslint.config.written import Mistake, MistakesError, Written, at_span, one_document, plain
from kslint.rulebook import CEL, Rule, RulebookError
from kslint.source import files
from kslint.source.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config.words import Path
    from kslint.model.cel.evaluator import Complaint
    from kslint.resources import Resource
    from kslint.source.nodes import Node

FACTS = ("kind", "name", "namespace", "container", "value", "origin")
"""What `{...}` may stand for in a message."""
FAIL = "Fail"
"""The policy by which an object that the expression breaks on is reported; Kubernetes' word."""
OBJECT, CONTAINER = "object", "container"
"""What an expression is asked for: each object, or each container of its pods."""
EFFECTIVE_KINDS = frozenset({"InferenceService", "Deployment"})
"""The kinds of which `effective` is known."""
COMPUTED, BROKEN = "computed", "broken"
"""The variants of a message that are not the page's."""

_README = "readme.md"
_CANNOT_JUDGE = "`{rule}` cannot judge "
_STEP = re.compile(r"""\.?([A-Za-z0-9_-]+)|\[(\d{1,9})\]|\["([^"]*)"\]""")
_CHECK = (
    "`check` names Python that comes with kslint; a page of your own has `cel`, an expression "
    "that must be true"
)


class PageError(MistakesError):
    """Pages that cannot be used."""


class Definition(NamedTuple):
    """What a page says beyond the words of a rule. `groups` None: any API group."""

    kinds: frozenset[str]
    groups: frozenset[str] | None
    subject: str
    cel: str
    message: str
    at: Path
    fails: bool

    @property
    def variables(self) -> tuple[str, ...]:
        """What its expressions may name."""
        effective = ("effective",) if self.kinds & EFFECTIVE_KINDS else ()
        containers = ("pod", "container") if self.subject == CONTAINER else ()
        return ("object", *effective, *containers)

    @property
    def wants_effective(self) -> bool:
        """May its expressions ask for `effective`? It is costly to know."""
        return "effective" in self.cel or "effective" in self.message

    def matches(self, resource: Resource) -> bool:
        """Is it about this object?"""
        in_group = self.groups is None or resource.group in self.groups
        return in_group and resource.kind in self.kinds


def definition(rule: Rule) -> Definition:
    """The definition of a rule that came from `load`."""
    params: Any = rule.params
    groups = params["match"].get("groups")
    return Definition(
        kinds=frozenset(params["match"]["kinds"]),
        groups=None if groups is None else frozenset(groups),
        subject=rule.subject,
        cel=params["cel"],
        message=params.get("messageExpression", ""),
        at=_steps(params.get("at", "")) or (),
        fails=params.get("failurePolicy", FAIL) == FAIL,
    )


def load(directories: Iterable[str], book: Iterable[Rule]) -> list[Rule]:
    """The rules in these directories, by id. Raises PageError.

    `book` holds the rules whose ids and names are taken.
    """
    pages = [_Page.read(file) for directory in directories for file in _in(directory)]
    taken = {name: "a rule of kslint" for rule in book for name in _names(rule)}
    rules: list[Rule] = []
    mistakes: list[Mistake] = []
    for page in pages:
        wrong = page.mistakes() or list(page.clashes(taken))
        if wrong:
            mistakes += wrong
            continue
        rule = page.rule()
        rules.append(rule)
        taken.update(dict.fromkeys(_names(rule), f"the rule in {page.name}"))
    if mistakes:
        raise PageError(sorted(mistakes, key=lambda m: (m.file, m.line, m.column, m.message)))
    return sorted(rules, key=lambda rule: rule.id)


def complaint(rule: Rule, found: Complaint) -> Mistake:
    """What is wrong with an expression, at its place on the page."""
    page = _Page.read(rule.file)
    key = "cel" if found.key == "cel" else "messageExpression"
    node = None if page.root is None else page.root.get(key)
    if node is None:
        return Mistake(0, 0, found.message, page.name)
    text = node.text or ""
    lines = text.split("\n")[: found.line]
    offset = sum(len(line) + 1 for line in lines[:-1]) + found.column - 1
    offset = len(text[: offset + 1].rstrip()) - 1  # the end of a text is no place
    if not found.line or offset < 0:
        return page.mistake((key,), found.message)
    return at_span(Parts(node).part(offset, offset + 1).span, found.message)


def cannot_judge(rule: Rule, message: str) -> bool:
    """Does a finding of the rule say that its expression failed?"""
    return message.startswith(_CANNOT_JUDGE.format(rule=rule.name))


class _Page(Written):
    """A page that was read, not yet judged."""

    def __init__(self, file: str, name: str, root: Node | None, broken: list[Mistake]) -> None:
        super().__init__(name, plain(root), root)
        self.file = file
        self._broken = broken

    @classmethod
    def read(cls, file: str) -> _Page:
        name = files.display(file)
        source = files.read(files.Found(file, name, explicit=True))
        if isinstance(source, files.InputProblem):
            return cls(file, name, None, [Mistake(1, 1, source.message, name)])
        try:
            text = source.data.decode("utf-8-sig").replace("\r\n", "\n")
            front, _ = rulebook.split(text)
        except UnicodeDecodeError:
            return cls(file, name, None, [Mistake(1, 1, "is not UTF-8", name)])
        except RulebookError as error:
            return cls(file, name, None, [Mistake(1, 1, str(error), name)])
        front = "\n" + front  # lines count from the page's first
        root, broken = one_document(files.Source(name, front.encode()), "the front matter")
        return cls(file, name, root, broken)

    def mistakes(self) -> list[Mistake]:
        """Everything that the page cannot say, but what needs the CEL library to judge."""
        if self._broken:
            return self._broken
        data = self.data
        if not isinstance(data, dict):
            return [Mistake(2, 1, "the front matter must be a mapping", self.name)]
        found = set()
        if "check" in data:
            found.add(self.mistake(("check",), _CHECK))
            self.data = {key: value for key, value in data.items() if key != "check"}
        found |= self.against(_schema(), "the front matter")
        self.data = data
        return list(found) or list(self._beyond_schema())

    def _beyond_schema(self) -> Iterator[Mistake]:
        from kslint.custom.sight import pod_owners

        expected = os.path.basename(self.file)[: -len(".md")]
        if self.data["name"] != expected:
            yield self.mistake(("name",), f"the name must be that of the file, `{expected}`")
        if "at" in self.data and _steps(self.data["at"]) is None:
            message = 'must be a path such as `spec.predictor`, `args[0]` or `labels["a.b/c"]`'
            yield self.mistake(("at",), f"`at` {message}")
        without = sorted({*self.data["match"]["kinds"]} - pod_owners())
        if self.data.get("subject") == CONTAINER and without:
            message = f"kslint knows of no containers of {without[0]}; `subject: object` sees it"
            yield self.mistake(("match", "kinds"), message)
        for path in (("messages", "default"), ("symptom",), ("help",)):
            text = self.data.get(path[0], "")
            if message := _template_mistake(text["default"] if len(path) > 1 else text):
                yield self.mistake(path, message)

    def clashes(self, taken: dict[str, str]) -> Iterator[Mistake]:
        """Its id, name and aliases, where another rule has them."""
        paths: list[Path] = [("id",), ("name",)]
        paths += [("aliases", number) for number in range(len(self.data.get("aliases", ())))]
        for path in paths:
            value = self.data[path[0]] if len(path) == 1 else self.data["aliases"][path[1]]
            if value in taken:
                yield self.mistake(path, f"`{value}` is taken by {taken[value]}")

    def rule(self) -> Rule:
        data = self.data
        extra = ("match", "cel", "messageExpression", "at", "failurePolicy")
        return Rule(
            id=data["id"],
            name=data["name"],
            severity=data["severity"],
            title=data["title"],
            category=data.get("category", "custom"),
            evidence=data.get("evidence", ""),
            subject=data.get("subject", OBJECT),
            check=CEL,
            params={key: data[key] for key in extra if key in data},
            messages={
                **data["messages"],
                COMPUTED: "{text}",
                BROKEN: _CANNOT_JUDGE + "{kind} `{name}`: {error}",
            },
            symptom=data.get("symptom", ""),
            help=data.get("help", ""),
            aliases=tuple(data.get("aliases", ())),
            file=self.file,
            symptoms=tuple(data.get("symptoms", ())),
        )


def _in(directory: str) -> list[str]:
    """The pages of a directory. Links are not followed. Raises PageError."""
    try:
        with os.scandir(directory) as entries:
            return sorted(
                os.path.abspath(entry.path)
                for entry in entries
                if entry.name.endswith(".md")
                and entry.name.lower() != _README
                and entry.is_file(follow_symlinks=False)
            )
    except OSError as error:
        name = files.display(directory)
        message = f"cannot be read: {error.strerror or error}"
        raise PageError([Mistake(0, 0, message, name)]) from None


def _schema() -> Any:
    """The part of the pages' schema that is about pages with `cel`."""
    import json

    with open(os.path.join(rulebook.folder(), "page.schema.json"), encoding="utf-8") as handle:
        schema = json.load(handle)
    return {**schema["$defs"]["custom"], "$defs": schema["$defs"]}


def _names(rule: Rule) -> tuple[str, ...]:
    return (rule.id, rule.name, rule.category, *rule.aliases)


def _steps(path: str) -> Path | None:
    """The keys and indices of a path as findings write it; None if it is none."""
    steps: list[str | int] = []
    end = 0
    for match in _STEP.finditer(path):
        if match.start() != end or (end == 0 and path.startswith(".")):
            return None
        end = match.end()
        key, index, quoted = match.groups()
        steps.append(int(index) if index is not None else key if key is not None else quoted)
    return tuple(steps) if end == len(path) else None


def _template_mistake(text: str) -> str:
    """What is wrong with the `{...}` of a text; "" if nothing is."""
    from string import Formatter

    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return "a brace stands alone: write `{{` or `}}` for one that is meant"
    for _, field, form, conversion in fields:
        if field is not None and (field not in FACTS or form or conversion):
            known = ", ".join(f"{{{fact}}}" for fact in FACTS)
            return f"`{{{field}}}` stands for nothing; known here: {known}"
    return ""
