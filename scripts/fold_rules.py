"""Fold the rules in CEL of one API over several releases into one table.

Usage:
    fold_rules.py DIR -o TABLE.jsonl --source TEXT

DIR is laid out as for ``fold_schemas.py crds``. Output (JSON lines): a head, then a node a line.

    {"source": "...", "releases": ["1.4.1", ...], "kinds": {KEY: [[node, [release, ...]], ...]},
     "rules": [[rule, message, messageExpression, reason, fieldPath, optionalOldSelf], ...]}

KEY is ``group/version/Kind``. A kind has an entry for each form that its schema takes, the newest
first, with the releases (by index) in which a channel has it. A rule leaves out what it does not
have at its end. Rules that are about changes only are left out: they hold on creation.

A node is ``[type]`` or ``[type, facets]``, with the facets

    p   properties: {field name: node}
    i   node of the elements of an array
    a   node of the values of a map with free keys
    x   rules, by their index in the head
    d   default
    n   true: null is allowed
    f   format, where it makes another type of a text

Only what a rule may see is there: what lies on the way to a rule of any release, and below one the
fields whose names stand in a rule of the kind.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from fold_schemas import _LOADER, _is_definition, _releases, _versions

from kslint.model.cel.ruled import Rule
from kslint.model.cel.values import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

Ways = dict[str, Any]
"""The ways to the rules of a kind, step by step."""
_RULES = "x-kubernetes-validations"
_FORMATS = frozenset({"byte", "date", "date-time", "duration"})
_NAMES = re.compile(r"[A-Za-z_]\w*")


class Folder:
    """The table in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.rules: list[list[Any]] = []
        self._nodes: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def add(self, schema: dict[str, Any], names: set[str], ways: Ways, below: bool = False) -> int:
        """The number of a schema's node. `below`: does a rule see it?"""
        facets: dict[str, Any] = {}
        rules = [*map(self._rule, _own_rules(schema))]
        if rules:
            facets["x"] = rules
        below = below or bool(rules)
        fields = {
            name: self.add(field, names, ways.get(name, {}), below)
            for name, field in sorted(schema.get("properties", {}).items())
            if name in ways or (below and escaped(name) in names)
        }
        if fields:
            facets["p"] = fields
        for key, short in (("items", "i"), ("additionalProperties", "a")):
            part = schema.get(key)
            if isinstance(part, dict) and (below or key in ways):
                facets[short] = self.add(part, names, ways.get(key, {}), below)
        if "default" in schema:
            facets["d"] = schema["default"]
        if schema.get("nullable"):
            facets["n"] = True
        if schema.get("format") in _FORMATS and schema.get("type") == "string":
            facets["f"] = schema["format"]
        type_ = schema.get("type", "")
        if schema.get("x-kubernetes-int-or-string"):
            type_ = "int-or-string"
        return self._number(self._nodes, self.lines, [type_, facets] if facets else [type_])

    def _rule(self, rule: Rule) -> int:
        values = list(rule)
        while not values[-1]:
            values.pop()
        text = _compact(values)
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.rules)
            self.rules.append(values)
        return number

    @staticmethod
    def _number(known: dict[str, int], lines: list[str], value: object) -> int:
        text = _compact(value)
        number = known.get(text)
        if number is None:
            number = known[text] = len(lines)
            lines.append(text)
        return number


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _own_rules(schema: dict[str, Any]) -> list[Rule]:
    nested = [rule for part in schema.get("allOf", ()) for rule in part.get(_RULES, ())]
    made = [
        Rule(
            rule["rule"],
            rule.get("message", ""),
            rule.get("messageExpression", ""),
            rule.get("reason", ""),
            rule.get("fieldPath", ""),
            rule.get("optionalOldSelf", False),
        )
        for rule in [*schema.get(_RULES, ()), *nested]
    ]
    return [rule for rule in made if rule.asked is not None]


def _parts(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a schema holds: that of a field by its name, others by their keyword."""
    more = {key: schema[key] for key in ("items", "additionalProperties") if key in schema}
    held = {**schema.get("properties", {}), **more}
    return {name: part for name, part in held.items() if isinstance(part, dict)}


def _add_ways(ways: Ways, schema: dict[str, Any]) -> bool:
    """Add the ways to the rules of a schema. Has it any?"""
    found = bool(_own_rules(schema))
    for name, part in _parts(schema).items():
        further = ways.get(name, {})
        if _add_ways(further, part) or further:
            ways[name] = further
            found = True
    return found


def _names(schema: dict[str, Any]) -> set[str]:
    """Every word that stands in a rule of a schema."""
    found = {n for r in _own_rules(schema) for n in _NAMES.findall(f"{r.rule} {r.expression}")}
    return found.union(*map(_names, _parts(schema).values()))


def _definitions(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(
        folder.rglob("*.yaml"), key=lambda path: ("experimental" in str(path), path)
    ):
        lines = file.read_text(encoding="utf-8").split("\n")
        text = "\n".join(line for line in lines if "{{" not in line)
        for document in yaml.load_all(text, Loader=_LOADER):
            if _is_definition(document):
                for key, _, schema in _versions(document["spec"]):
                    yield key, schema


def table(releases: list[tuple[str, Path]], source: str) -> str:
    """The table of the folders of all releases, oldest first."""
    folder = Folder()
    read = [
        (index, *each) for index, (_, path) in enumerate(releases) for each in _definitions(path)
    ]
    every: dict[str, Ways] = {}
    for _, key, schema in read:
        _add_ways(every.setdefault(key, {}), schema)
    kinds: dict[str, dict[int, set[int]]] = {}
    for index, key, schema in sorted(read, key=lambda each: -each[0]):
        node = folder.add(schema, _names(schema), every[key])
        kinds.setdefault(key, {}).setdefault(node, set()).add(index)
    ruled = {
        key: [[node, sorted(found)] for node, found in nodes.items()]
        for key, nodes in sorted(kinds.items())
        if every[key]
    }
    head = {"source": source, "releases": [name for name, _ in releases], "kinds": ruled}
    return "\n".join([_dumped({**head, "rules": folder.rules}), *folder.lines]) + "\n"


def _dumped(head: dict[str, Any]) -> str:
    return json.dumps(head, separators=(",", ":"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Fold the rules of several releases into a table.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--source", required=True, help="text for the field 'source'")
    options = parser.parse_args(arguments)
    releases = list(_releases(options.directory, r"(\d+(?:\.\d+)*)"))
    options.output.write_text(table(releases, options.source), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
