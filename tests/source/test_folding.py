"""Large schemas of definitions: composed when they are looked into, and the same then."""

from __future__ import annotations

import re
import time

import pytest
from cases import book

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.mentions import mentioned
from kslint.model.schemas.definitions import has_rules
from kslint.model.storage_classes import missed
from kslint.running import engine
from kslint.source import folding
from kslint.source.files import Source
from kslint.source.load import parsed
from kslint.source.nodes import Deferred, Map, walk
from kslint.source.parser import YamlError, _whole, compose

FIELDS = "".join(
    f"{{0}}field{n}:\n{{0}}  description: What the field says, and more of it than anyone reads.\n"
    f"{{0}}  type: string\n"
    for n in range(900)
)


def definition(fields: str = "", version: str = "v1") -> str:
    head = "kind: CustomResourceDefinition\nmetadata:\n  name: widgets.example.org\nspec:\n"
    if version == "v1":
        schema, indent = "  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n", " " * 8
    else:
        schema, indent = "  validation:\n    openAPIV3Schema:\n", " " * 6
    body = f"{indent}type: object\n{indent}properties:\n" + FIELDS.format(indent + "  ")
    tail = "    served: true\n" if version == "v1" else "  version: v1\n"
    whole = f"apiVersion: apiextensions.k8s.io/{version}\n{head}{schema}{body}{fields}{tail}"
    return whole + "---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: behind}\n"


def schema_of(root: object) -> Map:
    assert isinstance(root, Map)
    found = root.at("spec", "versions", 0, "schema", folding.SCHEMA)
    found = found or root.at("spec", "validation", folding.SCHEMA)
    assert isinstance(found, Map)
    return found


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_schema_is_read_when_it_is_looked_into(version: str) -> None:
    data = definition(version=version).encode()
    source = Source("crd.yaml", data)
    first, second = compose(source, data)
    schema = schema_of(first.root)
    assert isinstance(schema, Deferred)
    assert second.root.string("metadata", "name") == "behind"
    assert first.root.at("spec", "group") is None
    assert schema.at("properties", "field7", "type") is not None
    assert schema.__class__.__name__ == "Opened"
    assert schema_of(first.root) is schema


NESTED = "".join(
    f"          {name}:\n            type: object\n            properties:\n"
    + FIELDS.format(" " * 14)
    for name in ("spec", "status")
)
"""Two blocks among the properties of a schema, each large enough to be left for later."""


def test_a_large_block_of_it_is_read_when_that_is_looked_into() -> None:
    data = definition(NESTED).encode()
    first, _ = compose(Source("crd.yaml", data), data)
    properties = schema_of(first.root).at("properties")
    assert isinstance(properties, Map)
    assert properties.string("spec", "properties", "field7", "type") == "string"
    names = [type(properties.entries[name]).__name__ for name in ("spec", "status")]
    assert names == ["Opened", "Deferred"]


def test_it_is_not_walked_for_what_it_does_not_hold() -> None:
    data = definition(NESTED).encode()
    first, _ = compose(Source("crd.yaml", data), data)
    assert sum(1 for _ in walk(first.root, re.compile(b"field900:"))) < 100
    assert type(schema_of(first.root)) is Deferred
    assert sum(1 for _ in walk(first.root, re.compile(b"field899:"))) > 5_000


def test_rules_are_not_sought_where_none_stand() -> None:
    data = definition(NESTED).encode()
    rule = b"            x-kubernetes-validations:\n            - rule: self != ''\n"
    for text, found in ((data, False), (data.replace(b"    served:", rule + b"    served:"), True)):
        first, _ = compose(Source("crd.yaml", text), text)
        schema = schema_of(first.root)
        assert has_rules(schema) is found
        assert (type(schema) is Deferred) is not found


def test_text_in_quotes_may_stand_anywhere() -> None:
    text = '          a:\n            description: "of\n          other:\n'
    text += FIELDS.format(" " * 12) + '            last: one"\n'
    data = definition(text + NESTED).encode()
    first, _ = compose(Source("crd.yaml", data), data)
    (plain, _) = _whole(Source("crd.yaml", data), data, 0)
    assert type(schema_of(first.root)) is Deferred
    assert first.root.plain() == plain.root.plain()


@pytest.mark.parametrize("fields", ["", NESTED])
def test_it_is_what_it_would_be(fields: str) -> None:
    data = definition(fields).encode()
    source = Source("crd.yaml", data)
    for ours, plain in zip(compose(source, data), _whole(source, data, 0), strict=True):
        assert ours.root.plain() == plain.root.plain()
        assert ours.number == plain.number
        for one, other in zip(walk(ours.root), walk(plain.root), strict=True):
            assert (one.span, one.place) == (other.span, other.place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("        a: [\n", "did not find expected ',' or ']'"),
        ("        \ta: b\n", "found a tab character that violates indentation"),
    ],
)
def test_what_is_broken_in_it_is_found(text: str, message: str) -> None:
    data = definition(text).encode()
    with pytest.raises(YamlError, match=message):
        list(compose(Source("crd.yaml", data), data))


@pytest.mark.parametrize(
    "text",
    [
        "        type: object\n",
        "        'type': object\n",
        "        ? a\n        : b\n",
        "        a: &b {}\n",
        "        a: {b: 1, b: 2}\n",
        "        a: .inf\n",
        '        a: "\\/"\n',
    ],
)
def test_what_is_odd_is_composed(text: str) -> None:
    data = definition(text).encode()
    first = next(iter(compose(Source("crd.yaml", data), data)))
    plain = next(iter(_whole(Source("crd.yaml", data), data, 0)))
    assert type(schema_of(first.root)) is Map
    assert [d.name for d in first.duplicates] == [d.name for d in plain.duplicates]
    assert [r.message for r in first.refusals] == [r.message for r in plain.refusals]


def test_whoever_looked_into_a_schema_it_is_judged_the_same() -> None:
    found = []
    for looked in (False, True):
        data = definition("        field: |\n          type: string\n").encode()
        loaded = parsed([Source("crd.yaml", data)])
        if looked:
            schema = schema_of(loaded.files[0].documents[0].root)
            assert schema.get("properties") is not None
        found.append(engine.run(loaded, book(), Config(), book()).findings)
    assert found[0] == found[1]


def test_schemas_within_each_other_are_read_once() -> None:
    head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n"
    nested = "".join(f"{' ' * depth}{folding.SCHEMA}:\n" for depth in range(2000))
    start = time.process_time()
    loaded = parsed([Source("crd.yaml", (head + nested + " " * 2000 + "a: b\n").encode())])
    assert time.process_time() - start < 10
    assert [trouble.message for trouble in loaded.troubles] == ["nested deeper than 200 levels"]


def test_a_text_that_looks_like_one_stays_a_text() -> None:
    inner = "".join(f"    {line}\n" for line in definition().splitlines())
    data = f"kind: CustomResourceDefinition\nspec:\n  text: |\n{inner}".encode()
    (document,) = compose(Source("crd.yaml", data), data)
    assert document.root.string("spec", "text") == definition()


def test_lines_of_a_large_text() -> None:
    text = "a: é\n" * 80_000 + "b: c"
    source = Source("large.yaml", text.encode())
    assert [source.line(n) for n in (0, 1, 80_000, 80_001, 80_002)] == [
        "",
        "a: é",
        "a: é",
        "b: c",
        "",
    ]
    assert source.lines == text.split("\n")


def test_a_storage_class_is_not_sought_in_schemas() -> None:
    field = "          storageClassName:\n            type: string\n"
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {}\n---\n"
    known = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: standard}\n---\n"
    data = (known + claim + definition(field)).encode()
    graph = Graph(parsed([Source("all.yaml", data)]))
    (crd,) = graph.of_kind("CustomResourceDefinition")
    assert list(missed(crd, graph)) == []
    assert type(schema_of(crd.body)) is Deferred
    given = "          default:\n            storageClassName: standrad\n"
    graph = Graph(parsed([Source("all.yaml", data.replace(field.encode(), given.encode()))]))
    (crd,) = graph.of_kind("CustomResourceDefinition")
    assert [one.node.text for one in missed(crd, graph)] == ["standrad"]


@pytest.mark.parametrize(
    ("text", "found", "opened"),
    [
        ("type: string", False, False),
        ("description: no-option-of-this-name", False, False),
        ("description: '\\x6f'", False, False),
        ("description: an-option", True, True),
        ('description: "an-\\x6fption"', True, True),
        ('description: "an-\\\n            option"', True, True),
    ],
)
def test_a_setting_is_sought_where_it_may_stand(text: str, found: bool, opened: bool) -> None:
    data = definition(f"          last:\n            {text}\n").encode()
    graph = Graph(parsed([Source("all.yaml", data)]))
    assert mentioned(graph, "an-option") is found
    (crd,) = graph.of_kind("CustomResourceDefinition")
    assert (type(schema_of(crd.body)) is not Deferred) is opened
