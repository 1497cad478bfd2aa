"""Large schemas of definitions: composed when they are looked into, and the same then."""

from __future__ import annotations

import time

import pytest
from cases import book

from kslint.config import Config
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


def test_it_is_what_it_would_be() -> None:
    data = definition().encode()
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
