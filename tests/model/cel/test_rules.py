"""Rules of definitions: asked as the API server asks them, silent where nobody can know."""

from __future__ import annotations

import time
from importlib import util
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")

from cases import result_of

from kslint.model.cel.library import Environment
from kslint.model.cel.rule_tables import rule_table
from kslint.model.schemas.tables import RULED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kslint.model.cel.ruled import Rule, Ruled

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.a.io}
spec:
  group: a.io
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-validations: [{rule: "self.metadata.name != 'root'", message: nope}]
        properties:
          spec:
            type: object
            x-kubernetes-validations: RULES
            properties:
              low: {type: integer, default: 1}
              high: {type: integer}
              name: {type: string}
              share: {type: number}
              either: {x-kubernetes-int-or-string: true}
              namespace: {type: string}
              a-b: {type: string}
              at: {type: string, format: date-time}
              null-able: {type: string, nullable: true}
              map:
                type: object
                additionalProperties:
                  type: string
                  x-kubernetes-validations: [{rule: self != 'x'}]
              list:
                type: array
                default: [{}]
                items:
                  type: object
                  properties: {num: {type: integer, default: 3}}
              block:
                type: object
                properties: {field: {type: string}}
"""
OBJECT = (
    "apiVersion: a.io/v1\nkind: Thing\nmetadata: {{name: {name}, namespace: b}}\nspec: {spec}\n"
)


def found(folder: Path, rules: str, spec: str = "{}", name: str = "one") -> list[tuple[str, int]]:
    (folder / "crds").mkdir(exist_ok=True)
    definition = DEFINITION.replace("RULES", rules)
    (folder / "crds/thing.yaml").write_text(definition, encoding="utf-8")
    text = OBJECT.format(name=name, spec=spec)
    (folder / "thing.yaml").write_text(text, encoding="utf-8")
    return [
        (f.message.partition("this Thing: ")[2], f.span.line)
        for f in result_of(folder).findings
        if f.name == "refused-by-api-server" and f.span.file == "thing.yaml"
    ]


@pytest.mark.parametrize(
    ("rule", "spec"),
    [
        ("self.low == 1 && self.list[0].num == 3", "{}"),
        ("!has(self.high)", "{}"),
        ("self.low < self.high", "{high: 2}"),
        ("self.share > 1.5 && self.share == 2.0", "{share: 2}"),
        ("type(self.either) == string || self.either == 3", "{either: 3}"),
        ("self.__namespace__ == 'a' && self.a__dash__b == 'b'", "{namespace: a, a-b: b}"),
        ("self.map['k'] == 'v' && self.map.all(k, k.size() == 1)", "{map: {k: v}}"),
        ("!has(self.high)", "{high: null}"),
        ("has(self.null__dash__able)", "{null-able: null}"),
        ("self.list.map(x, x.num).sum() == 5", "{list: [{num: 2}, {}]}"),
        ("self.list.map(x, x.num).isSorted()", "{list: [{num: 2}, {}]}"),
        ("isIP(self.name) && !isCIDR(self.name)", "{name: 10.0.0.1}"),
        ("self.name.find('[0-9]+') == '10'", "{name: 10.0.0.1}"),
        ("sets.contains(self.list.map(x, x.num), [3])", "{list: [{num: 2}, {}]}"),
    ],
)  # fmt: skip
def test_what_a_rule_sees(tmp_path: Path, rule: str, spec: str) -> None:
    assert found(tmp_path, f'[{{rule: "{rule}", message: nope}}]', spec) == []
    negated = f'[{{rule: "!({rule})", message: nope}}]'
    assert found(tmp_path, negated, spec) == [('spec: Invalid value: "object": nope', 4)]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{rule: ' self.low == 2 '}", 'spec: Invalid value: "object": failed rule: self.low == 2'),
        ("{rule: 'false', message: ' a '}", 'spec: Invalid value: "object": a'),
        ("{rule: 'false', reason: FieldValueForbidden, message: a}", "spec: Forbidden: a"),
        ("{rule: 'false', reason: FieldValueRequired, message: a}", "spec: Required value: a"),
        ("{rule: 'false', reason: FieldValueDuplicate}", 'spec: Duplicate value: "object"'),
        ("{rule: 'false', messageExpression: '\"low is \" + string(self.low)'}",
         'spec: Invalid value: "object": low is 1'),
        ("{rule: 'false', messageExpression: self.name, message: a}",
         'spec: Invalid value: "object": a'),
        ("{rule: 'false', fieldPath: .block.field, message: a}",
         'spec.block.field: Invalid value: "object": a'),
        ("{rule: 'self.high == 1', message: a}",
         'spec: Invalid value: "object": no such key: high evaluating rule: a'),
        ("{rule: 'oldSelf.hasValue()', optionalOldSelf: true, message: a}",
         'spec: Invalid value: "object": a'),
    ],
)  # fmt: skip
def test_what_the_api_server_says(tmp_path: Path, rule: str, message: str) -> None:
    assert found(tmp_path, f"[{rule}]") == [(message, 4)]


def test_places(tmp_path: Path) -> None:
    assert found(tmp_path, "[]", name="root") == [('<nil>: Invalid value: "object": nope', 3)]
    assert found(tmp_path, "[]", "\n  map:\n    a: b\n    c: x") == [
        ("spec.map[c]: Invalid value: \"string\": failed rule: self != 'x'", 7)
    ]
    both = '[{rule: "self.low < self.high", message: nope}]'
    message = 'spec: Invalid value: "object": nope'
    assert found(tmp_path, both, "\n  name: a\n  low: 2\n  high: 1") == [(message, 4)]
    assert found(tmp_path, both, "\n  name: a\n  high: 1") == [(message, 6)]


@pytest.mark.parametrize(
    ("rule", "spec"),
    [
        ("self.low ==", "{}"),  # no CEL: that is said to the definition
        ("url(self.name).getHost() == ''", "{name: a}"),  # of a type that there is not
        ("self == oldSelf", "{}"),
        ("self.name == 'a'", "{name: '{{ name }}'}"),
        ("self.name == 'a'", "{name: <name>}"),
        ("self.list.size() == 3", "{list: ['{{ item }}']}"),
        ("self.at > timestamp('2020-01-01T00:00:00Z')", "{at: '2019-01-01T00:00:00Z'}"),
        ("self.low == 2", "{lwo: 2}"),  # misspelt, which is said
        ("self.low == 2", "{low: two}"),
        ("self.name.matches('[')", "{name: a}"),
        ("self.low / 0 == 1", "{}"),
    ],
)
def test_what_is_not_known_is_not_said(tmp_path: Path, rule: str, spec: str) -> None:
    assert found(tmp_path, f'[{{rule: "{rule}", message: nope}}]', spec) == []


def test_rules_that_see_nothing_of_a_template_are_asked(tmp_path: Path) -> None:
    rule = "[{rule: self.low == 2, message: nope}]"
    assert found(tmp_path, rule, "{name: '{{ name }}', low: 3}") != []


def test_a_rule_that_takes_for_ever_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kslint.model.cel.asking._SECONDS", 0.3)
    monkeypatch.setattr("kslint.model.cel.asking._TOTAL", 1.0)
    grown = "string(self.low)" + ".replace('', 'aaaaaaaaaa')" * 12
    greedy = ", ".join(f'{{rule: "size({grown}) > {n}"}}' for n in range(30))
    started = time.monotonic()
    assert found(tmp_path, f"[{greedy}]") == []
    assert time.monotonic() - started < 20
    rules = f'[{{rule: "false", message: nope}}, {{rule: "size({grown}) > 0"}}]'
    assert found(tmp_path, rules) == [('spec: Invalid value: "object": nope', 4)]


def test_without_the_extra_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = util.find_spec

    def lost(name: str, package: str | None = None) -> Any:
        return None if name == "cel_expr_python" else real(name, package)

    monkeypatch.setattr("kslint.model.refusals.find_spec", lost)
    assert found(tmp_path, "[{rule: 'false', message: nope}]") == []


def test_the_kinds_of_the_tables_are_listed() -> None:
    kinds = {
        family: {key.rpartition("/")[2] for key in rule_table(family).kinds} for family in RULED
    }
    assert kinds == RULED


def test_every_rule_of_the_tables_compiles() -> None:
    environment = Environment(("self",))
    rules = {rule for family in RULED for rule in _rules(family)}
    assert len(rules) > 150
    for rule in rules - {rule for rule in rules if "format.dns1123Label" in rule.rule}:
        environment.compile(rule.asked or "true", "bool")


def _rules(family: str) -> Iterator[Rule]:
    table = rule_table(family)
    stack: list[Ruled | None] = [v.schema for key in table.kinds for v in table.variants(key)]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            yield from node.rules
            stack += [*map(node.field, node.names), node.items, node.values]


def test_a_rule_that_only_some_releases_have_is_not_said(tmp_path: Path) -> None:
    issuer = (
        "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: a}\n"
        "spec: {venafi: {zone: a}}\n"
    )
    (tmp_path / "a.yaml").write_text(issuer, encoding="utf-8")
    assert result_of(tmp_path).findings == []


def test_a_rule_that_every_release_has_is_said(tmp_path: Path) -> None:
    service = (
        "apiVersion: serving.kserve.io/v1alpha1\nkind: LLMInferenceService\n"
        "metadata: {name: a, namespace: b}\nspec:\n  model: {uri: hf://a/b, name: c}\n"
        "  replicas: 2\n  scaling: {minReplicas: 1, maxReplicas: 2, wva: {}}\n"
    )
    (tmp_path / "a.yaml").write_text(service, encoding="utf-8")
    messages = [f.message for f in result_of(tmp_path).findings if f.severity == "error"]
    assert any("must be specified as the actuator backend" in message for message in messages)
