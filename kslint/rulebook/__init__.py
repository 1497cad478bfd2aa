"""The rulebook: the pages in `rules/<category>/`, each the one source of a rule's words and data.

A page is Markdown with YAML front matter. The front matter names the check and holds the
message templates; the body is what `kslint explain` prints.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kslint.source.nodes import JsonValue, Node

RESERVED = "reserved"
"""The `check` of rules that the engine itself reports."""
CEL = "cel"
"""The `check` of rules that users write."""
INDEX = "index.json"
CATEGORIES = {
    "input": "Input",
    "resources": "Resources that are injected",
    "containers": "Containers",
    "storage": "Models and storage",
    "vllm": "vLLM",
    "servers": "Model servers and their devices",
    "rollout": "Rollouts and scaling",
    "gitops": "Argo CD",
    "platform": "Platform settings",
    "references": "References",
    "schema": "Schema",
    "llm": "LLMInferenceService",
    "admission": "Refusals",
}
"""Titles of the categories, in the order in which people read them."""


class RulebookError(Exception):
    """A page that cannot be used, or a rule that does not exist. The message names it."""


class FixRule(NamedTuple):
    """What a page says of its rule's fix.

    `change` names the function under `kslint/fixes/` that makes it. `texts` say what it does, by
    the variant of the finding; one without a text, and without a default, has no fix. `safe` is
    for what changes nothing but what is broken, with a certain outcome: all variants, or a few.
    """

    change: str
    params: dict[str, JsonValue]
    texts: dict[str, str]
    safe: bool | tuple[str, ...]

    def is_safe(self, variant: str) -> bool:
        return self.safe if isinstance(self.safe, bool) else variant in self.safe


class Rule(NamedTuple):
    """One rule's front matter and where its page is."""

    id: str
    name: str
    severity: str
    title: str
    category: str
    evidence: str
    subject: str
    check: str
    params: dict[str, JsonValue]
    messages: dict[str, str]
    symptom: str
    help: str
    aliases: tuple[str, ...]
    file: str
    fix: FixRule | None = None
    symptoms: tuple[str, ...] = ()
    yields: bool = False
    """Is it silent where another rule reports an error at the same place?"""

    @property
    def reserved(self) -> bool:
        return self.check == RESERVED

    @property
    def custom(self) -> bool:
        return self.check == CEL

    @property
    def family(self) -> str:
        """The letters of its id."""
        return self.id.rstrip("0123456789")

    def page(self) -> str:
        """The Markdown body of the page."""
        return split(_read(self.file))[1]


def folder() -> str:
    """The directory of the pages: inside the installed package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "rules")
    checkout = os.path.join(os.path.dirname(package), "rules")
    return installed if os.path.isdir(installed) else checkout


def installation() -> str | None:
    """What tells an installed kslint from any other; None for a checkout, whose code may change."""
    try:
        found = os.stat(os.path.join(folder(), INDEX))
    except OSError:
        return None
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def load(directory: str | None = None) -> list[Rule]:
    """Every rule, by id. Raises RulebookError if a page is unusable."""
    if directory is None:
        directory = folder()
        if os.path.exists(os.path.join(directory, INDEX)):
            return _indexed(directory)
    rules = [
        parse(os.path.join(where, page))
        for where, _, files in os.walk(directory)
        for page in files
        if page.endswith(".md")
    ]
    return sorted(rules, key=lambda rule: rule.id)


def index(rules: Iterable[Rule]) -> str:
    """What `load` reads in place of the pages where it is installed: the wheel's build makes it."""
    import json

    pages = (rule._replace(file=f"{rule.category}/{rule.name}.md") for rule in rules)
    return json.dumps(list(pages))


def _indexed(directory: str) -> list[Rule]:
    import json

    rules = [Rule(*values) for values in json.loads(_read(os.path.join(directory, INDEX)))]
    return [
        rule._replace(
            aliases=tuple(rule.aliases),
            file=os.path.join(directory, rule.file),
            fix=_indexed_fix(rule.fix),
            symptoms=tuple(rule.symptoms),
        )
        for rule in rules
    ]


def _indexed_fix(values: Iterable[Any] | None) -> FixRule | None:
    if values is None:
        return None
    fix = FixRule(*values)
    return fix if isinstance(fix.safe, bool) else fix._replace(safe=tuple(fix.safe))


def parse(file: str) -> Rule:
    """The rule on one page. Raises RulebookError."""
    from kslint.source.files import Source
    from kslint.source.parser import YamlError, compose

    try:
        front, _ = split(_read(file))
        root = next(iter(compose(Source(file, front.encode()), front))).root
    except RulebookError as problem:
        raise RulebookError(f"{file}: {problem}") from None
    except YamlError as problem:
        raise RulebookError(f"{problem.span}: {problem.message}") from None
    name = os.path.basename(file)[: -len(".md")]
    if root.string("name") != name:
        raise RulebookError(f"{file}: the page's name must be its file name, {name}")
    return Rule(
        id=_required(root, "id", file),
        name=name,
        severity=_required(root, "severity", file),
        title=_required(root, "title", file),
        category=_required(root, "category", file),
        evidence=_required(root, "evidence", file),
        subject=root.string("subject") or "",
        check=_required(root, "check", file),
        params=_mapping(root.get("params")),
        messages={k: str(v) for k, v in _mapping(root.get("messages")).items()},
        symptom=root.string("symptom") or "",
        help=root.string("help") or "",
        aliases=tuple(node.text or "" for node in _elements(root.get("aliases"))),
        file=file,
        fix=_fix(root.get("fix"), file),
        symptoms=tuple(node.text or "" for node in _elements(root.get("symptoms"))),
        yields=root.boolean("yields") is True,
    )


def _fix(node: Node | None, file: str) -> FixRule | None:
    if node is None:
        return None
    texts, safe = node.get("text"), node.get("safe")
    return FixRule(
        change=_required(node, "change", file),
        params=_mapping(node.get("params")),
        texts={k: str(v) for k, v in _mapping(texts).items()}
        or {"default": _required(node, "text", file)},
        safe=tuple(item.text or "" for item in _elements(safe)) or node.boolean("safe") is True,
    )


def matching(rules: Iterable[Rule], selector: str) -> list[Rule]:
    """The rules a selector means: an id, a prefix (`KS1`), a name, an alias, a category or ALL.

    Raises RulebookError with the nearest name if it means none.
    """
    rules = list(rules)
    found = [
        rule
        for rule in rules
        if selector in (rule.name, rule.category, *rule.aliases)
        or selector == "ALL"
        or (selector.upper().startswith(rule.family) and rule.id.startswith(selector.upper()))
    ]
    if found:
        return found
    import difflib

    names = [name for rule in rules for name in (rule.name, rule.category, *rule.aliases)]
    close = difflib.get_close_matches(selector, names, n=1, cutoff=0.5)
    if not close and len(selector) > 3:  # the beginning of a name, misspelt
        begins = {name[: len(selector)]: name for name in reversed(names)}
        close = [begins[one] for one in difflib.get_close_matches(selector, begins, 1, 0.7)]
    hint = f"; did you mean `{close[0]}`?" if close else "; `kslint rules` lists them"
    raise RulebookError(f"no rule or category is called `{selector}`{hint}")


def _read(file: str) -> str:
    with open(file, encoding="utf-8-sig") as handle:
        return handle.read()


def split(text: str) -> tuple[str, str]:
    """Front matter and body of a page. Raises RulebookError."""
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise RulebookError("a page begins with front matter between two `---` lines")
    end = text.index("\n---\n", 3)
    return text[4 : end + 1], text[end + 5 :].lstrip("\n")


def _required(root: Node, key: str, file: str) -> str:
    value = root.string(key)
    if not value:
        raise RulebookError(f"{file}: the front matter needs `{key}`")
    return value


def _mapping(node: Node | None) -> dict[str, JsonValue]:
    return {} if node is None else {name: child.plain() for name, child in node.items()}


def _elements(node: Node | None) -> list[Node]:
    return [] if node is None else node.elements()
