"""What the compiler of CEL says to expressions, where that is plain from the text."""

from __future__ import annotations

import pytest
from admission_trees import tree

from kslint.model.kubernetes.admission.cel import complaint
from kslint.source.nodes import Map

FINE = [
    "object.spec.replicas <= 5",
    "-1 < 2 && !!a || a in ['b',] ? b : c",
    "x.all(y, y.z > 1) && x.exists(i, v, v == i)",
    "{'a': 1, ?'b': c}.a == 1u",
    "has(a.b) && a.?b.orValue(1) == 0x1F",
    "a[?0].hasValue() && a[0].`b-c` == 1.5e3",
    r"r'\d' == '\'' && b'a' == x",
    "'''a\n'b''' == \"\"\"c\"\"\"",
    "// why\n a == b",
    "cel.bind(x, 1, x > 0)",
    "Foo{a: 1} == b",
    ".a.b == 1",
    "(" * 70 + "a" + ")" * 70,
    "a ? 1 : 'b'",
    "1 + a",
    "a.size() > 1 && f()",
]


@pytest.mark.parametrize("text", FINE)
def test_fine(text: str) -> None:
    assert complaint(text, {}, "bool") is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a <=", "1:5"),
        ("(a", "1:3"),
        ("a)", "1:2"),
        ("a AND b", "1:3"),
        ("a ==\n == b", "2:2"),
        ("a..b", "1:3"),
        ("a.b(", "1:5"),
        ("a[1", "1:4"),
        ("[1 2]", "1:4"),
        ("{'a'}", "1:5"),
        ("in a", "1:1"),
        ("a ? b", "1:6"),
        ("", "1:1"),
    ],
)
def test_no_syntax(text: str, at: str) -> None:
    said = complaint(text, {}, "bool")
    assert said is not None
    assert said.startswith(f"ERROR: <input>:{at}: Syntax error\n | ")


@pytest.mark.parametrize("text", ["a = b", "a & b", "'a", "a == #"])
def test_no_token(text: str) -> None:
    said = complaint(text, {}, "bool")
    assert said is not None
    assert "Syntax error: token recognition error" in said


@pytest.mark.parametrize("text", ["'x'", "1 + 1", "size(x)", "[1]", "{'a': 1}", "null", "-1"])
def test_another_type(text: str) -> None:
    assert complaint(text, {}, "bool") == ""
    assert complaint(text, {}, "any") is None


SCHEMA = """\
type: object
properties:
  count: {type: integer}
  share: {type: number}
  open: {type: boolean}
  name: {type: string}
  when: {type: string, format: date-time}
  port: {x-kubernetes-int-or-string: true}
  free: {x-kubernetes-preserve-unknown-fields: true}
  items: {type: array, items: {type: object, properties: {key: {type: string}}}}
  labels: {type: object, additionalProperties: {type: object, properties: {a: {type: string}}}}
  pod: {type: object, x-kubernetes-embedded-resource: true}
  a-b: {type: boolean}
  namespace: {type: boolean}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("self.open", None),
        ("self.count > 0 && self.port == 'a' && self.free.a.b", None),
        ("self.items.all(x, x.key != '') && self.items[0].key == ''", None),
        ("self.labels.all(k, k.startsWith('a')) && self.labels['b'].a == self.labels.b.a", None),
        ("self.pod.metadata.name == 'a'", None),
        ("self.a__dash__b && self.__namespace__ && self.`a-b`", None),
        ("self.?other.hasValue()", None),
        ("oldSelf.other", None),
        ("self.count", ""),
        ("self.share + self.share", ""),
        ("self.when", ""),
        ("self.name + self.name", ""),
        ("self.items", ""),
        ("self.counts > 0", "undefined field 'counts'"),
        ("has(self.counts)", "undefined field 'counts'"),
        ("self.items.exists(x, x.keys == '')", "undefined field 'keys'"),
        ("self.items.exists(i, x, x.keys == '')", None),
        ("self.items[0].keys == ''", "undefined field 'keys'"),
        ("self.labels.b.c == ''", "undefined field 'c'"),
        ("self.count == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
        (
            "self.open && size(self.items) > '1'",
            "found no matching overload for '_>_' applied to '(int, string)'",
        ),
        (
            "self.count || self.open",
            "found no matching overload for '_||_' applied to '(int, bool)'",
        ),
        ("self.name in ['a'] && self.share > 1 && self.when == 'a' && self.name == null", None),
    ],
)
def test_fields_of_a_schema(text: str, said: str | None) -> None:
    schema = tree(SCHEMA)
    assert isinstance(schema, Map)
    found = complaint(text, {"self": schema}, "bool")
    assert (found.partition("\n")[0].rpartition(": ")[2] if found else found) == said


def test_the_place_of_a_field_is_its_dot() -> None:
    schema = tree("{type: object, properties: {}}")
    assert isinstance(schema, Map)
    assert complaint("true ||\n self.foo", {"self": schema}, "bool") == (
        "ERROR: <input>:2:6: undefined field 'foo'\n |  self.foo\n | .....^"
    )
