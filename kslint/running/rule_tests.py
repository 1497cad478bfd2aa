"""Tests of custom rules: the Bad and Good examples of their pages, and fixtures beside them.

A bad case must give a finding of its rule, a good one none. Fixtures are folders: `bad-*` and
`good-*` in a directory that is named as the rule, beside its page. An `expect.yaml` in one lists
the findings it gives.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kslint.config import file as config_file
from kslint.config.written import Mistake, one_document, plain
from kslint.custom.pages import cannot_judge
from kslint.running import engine
from kslint.source import files
from kslint.source.load import Input, load, load_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kslint.config import Config
    from kslint.findings import Finding
    from kslint.rulebook import Rule

EXPECT = "expect.yaml"
_KEYS = ("file", "line", "column", "severity", "message")
_FENCE = re.compile(r"```ya?ml(?: (\S+))?\s*")


class Outcome(NamedTuple):
    """What came of one rule's cases: the names of all, and what is wrong with some."""

    rule: Rule
    cases: tuple[str, ...]
    failures: tuple[str, ...]


class _Case(NamedTuple):
    """An input, what it is called, and whether its rule is to find something in it."""

    name: str
    is_bad: bool
    loaded: Input
    config: Config
    expected: list[dict[str, Any]] | None = None
    folder: str = ""


def run(rules: Iterable[Rule], book: list[Rule], config: Config) -> Iterator[Outcome]:
    """Test custom rules. `book` holds every rule; of `config` only what it says of the cluster.

    Raises MistakesError if the rules cannot be evaluated, or a fixture's configuration is wrong.
    """
    facts = config._replace(select=(), ignore=(), severity=(), per_path=(), exclude=())
    for rule in rules:
        cases = [*_examples(rule, facts), *_fixtures(rule, facts)]
        failures = [
            f"{files.display(rule.file)}: has no example under `## {name}`"
            for name in ("Bad", "Good")
            if not any(case.is_bad == (name == "Bad") for case in cases)
        ]
        for case in cases:
            failures += [f"{case.name}: {failure}" for failure in _failures(rule, case, book)]
        yield Outcome(rule, tuple(case.name for case in cases), tuple(failures))


def sections(rule: Rule, name: str) -> Input:
    """The YAML blocks of a section of a page, in the lines they have on it.

    A block may carry its file name after `yaml`. The others are documents of one file, named as
    the page.
    """
    with open(rule.file, encoding="utf-8-sig") as handle:
        lines = handle.read().split("\n")
    own = [""] * len(lines)
    named: dict[str, list[str]] = {}
    inside, block = False, None
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line)
        if block is None and line.startswith("## "):
            inside = line[3:].strip() == name
        elif block is not None and line.rstrip() == "```":
            block = None
        elif block is not None:
            block[number] = line
        elif inside and fence is not None:
            block = named.setdefault(fence[1], [""] * len(lines)) if fence[1] else own
            block[number] = "---"
    loaded = Input([], [], [])
    for file, texts in (*named.items(), (files.display(rule.file), own)):
        if any(texts):
            load_source(files.Source(file, "\n".join(texts).encode()), loaded)
    return loaded


def _examples(rule: Rule, config: Config) -> Iterator[_Case]:
    for name in ("Bad", "Good"):
        loaded = sections(rule, name)
        if any(loaded):
            yield _Case(f"{files.display(rule.file)}: {name}", name == "Bad", loaded, config)


def _fixtures(rule: Rule, config: Config) -> Iterator[_Case]:
    beside = os.path.join(os.path.dirname(rule.file), rule.name)
    for entry in sorted(os.listdir(beside)) if os.path.isdir(beside) else []:
        folder = os.path.join(beside, entry)
        if not os.path.isdir(folder) or not entry.startswith(("bad-", "good-")):
            continue
        loaded = load([folder])
        expect = files.display(os.path.join(folder, EXPECT))
        loaded.files[:] = [file for file in loaded.files if file.source.name != expect]
        own = config_file.in_directory(folder)
        facts = config_file.read(own[0]).config() if own else config
        is_bad = entry.startswith("bad-")
        yield _Case(
            files.display(folder), is_bad, loaded, facts, _expected(folder), files.display(folder)
        )


def _expected(folder: str) -> list[dict[str, Any]] | None:
    """What expect.yaml lists; None where there is none."""
    file = os.path.join(folder, EXPECT)
    if not os.path.exists(file):
        return None
    source = files.read(files.Found(file, files.display(file), explicit=True))
    if isinstance(source, files.InputProblem):
        raise config_file.ConfigError([Mistake(0, 0, source.message, source.file)])
    root, mistakes = one_document(source, "a list of findings")
    items = plain(root) or []
    if not mistakes and not _is_list_of_findings(items):
        message = f"must be a list of findings, each with some of {', '.join(_KEYS)}"
        mistakes = [Mistake(1, 1, message, source.name)]
    if mistakes:
        raise config_file.ConfigError(mistakes)
    found: list[dict[str, Any]] = items
    return found


def _is_list_of_findings(items: Any) -> bool:
    return isinstance(items, list) and all(
        isinstance(item, dict) and item and item.keys() <= {*_KEYS} for item in items
    )


def _failures(rule: Rule, case: _Case, book: list[Rule]) -> Iterator[str]:
    """What is wrong with the findings of a case."""
    findings = engine.run(case.loaded, [rule], case.config, book).findings
    for finding in findings:
        if finding.name != rule.name or cannot_judge(rule, finding.message):
            yield f"{finding.span}: {finding.message}"
        elif not case.is_bad:
            yield f"{finding.span}: a finding where none is due: {finding.message}"
    found = [finding for finding in findings if finding.name == rule.name]
    if case.is_bad and not findings:
        yield "no finding where one is due"
    elif case.expected is not None:
        yield from _differences(found, case)


def _differences(found: list[Finding], case: _Case) -> Iterator[str]:
    """Where findings and expect.yaml differ. Only the keys that it gives count."""
    assert case.expected is not None
    left = [_as_expected(finding, case.folder) for finding in found]
    for item in case.expected:
        same = (one for one in left if all(one[key] == item[key] for key in item))
        match = next(same, None)
        if match is None:
            yield f"no finding such as {EXPECT} has: {_shown(item)}"
        else:
            left.remove(match)
    for one in left:
        yield f"a finding that {EXPECT} has not: {_shown(one)}"


def _as_expected(finding: Finding, folder: str) -> dict[str, Any]:
    span = finding.span
    file = span.file.removeprefix(folder + "/")
    return dict(
        zip(_KEYS, (file, span.line, span.column, finding.severity, finding.message), strict=True)
    )


def _shown(item: dict[str, Any]) -> str:
    return ", ".join(f"{key} {item[key]}" for key in _KEYS if key in item)
