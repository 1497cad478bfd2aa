"""The rulebook as a list: for reading, and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kslint.report.facts import page_url
from kslint.report.terminal import PLAIN, Painter, link, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kslint.report.facts import RuleFacts
    from kslint.report.terminal import Terminal

_FIXES = {"": "", "safe": "fix", "unsafe": "unsafe", "safe or unsafe": "fix"}


def as_text(
    rules: Sequence[RuleFacts], titles: Mapping[str, str], terminal: Terminal = PLAIN
) -> str:
    """The rules of each category under its title, one a line, and how to see more."""
    paint = Painter(terminal.colour)
    width = max((len(rule.name) for rule in rules), default=0)
    ids = max((len(rule.id) for rule in rules), default=0)
    parts = []
    categories = [*titles, *sorted({rule.category for rule in rules} - titles.keys())]
    for category in categories:
        ones = [rule for rule in rules if rule.category == category]
        if ones:
            head = f"{titles.get(category, category)} ({category})"
            lines = [_line(rule, ids, width, paint, terminal) for rule in ones]
            parts.append("\n".join([paint("bold", head), *lines]) + "\n")
    parts.append("`kslint explain RULE` prints the page of a rule.\n")
    return "\n".join(parts)


def _line(rule: RuleFacts, ids: int, names: int, paint: Painter, terminal: Terminal) -> str:
    name = link(rule.name, page_url(rule.name)) if rule.name in terminal.linked else rule.name
    name += " " * (names - len(rule.name))
    severity = paint(rule.severity, f"{rule.severity:<7}")
    indent = ids + names + 23
    narrow = terminal.width is not None and terminal.width < indent + 30
    title = wrapped(rule.title, terminal.width, 6 if narrow else indent, 6 if narrow else indent)
    between = "\n      " if narrow else "  "
    return f"  {rule.id:<{ids}}  {name}  {severity}  {_FIXES[rule.fix]:<6}{between}{title}"


def as_json(rules: Iterable[RuleFacts]) -> str:
    """`{"version": 1, "rules": [...]}`; `fix` is null, `safe`, `unsafe` or `safe or unsafe`."""
    listed = [
        {
            "id": rule.id,
            "name": rule.name,
            "severity": rule.severity,
            "category": rule.category,
            "title": rule.title,
            "fix": rule.fix or None,
            "custom": rule.custom,
            "url": None if rule.custom else page_url(rule.name),
        }
        for rule in rules
    ]
    return json.dumps({"version": 1, "rules": listed}, indent=2, ensure_ascii=False)
