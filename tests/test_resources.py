"""Objects, lists and what only looks like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kslint.resources import MAX_LIST_DEPTH, is_object, object_troubles, resources_of
from kslint.source.files import Source
from kslint.source.load import Input, Trouble, load_source

if TYPE_CHECKING:
    from kslint.resources import Resource
    from kslint.source.load import ParsedFile


def parsed(text: str, name: str = "f.yaml") -> list[ParsedFile]:
    result = Input([], [], [])
    load_source(Source(name, text.encode()), result)
    assert result.troubles == []
    return result.files


def objects(text: str) -> list[Resource]:
    return resources_of(parsed(text))[0]


def kinds(text: str) -> list[str]:
    return [f"{resource.api_version} {resource.kind}/{resource.name}" for resource in objects(text)]


OBJECT = "{apiVersion: v1, kind: Pod, metadata: {name: a}}"


def test_identity() -> None:
    (resource,) = objects(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        "metadata:\n  name: x\n  namespace: ns\n  labels: {a: 1}\n  annotations: {b.c/d: yes}\n"
        "spec: {predictor: {}}\n"
    )
    assert (resource.kind, resource.name, resource.namespace) == ("InferenceService", "x", "ns")
    assert (resource.group, resource.version) == ("serving.kserve.io", "v1beta1")
    assert resource.label("a") == "1"
    assert resource.annotation("b.c/d") == "true"
    assert resource.annotation("x") is None
    assert resource.spec is resource.body.get("spec")
    assert resource.file == "f.yaml"
    assert repr(resource) == "Resource(InferenceService/ns/x in f.yaml)"
    (core,) = objects(OBJECT)
    assert (core.group, core.version, core.namespace) == ("", "v1", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"apiVersion: v1\nkind: List\nitems: [{OBJECT}, {OBJECT}]", ["v1 Pod/a"] * 2),
        ("apiVersion: v1\nkind: List\nitems: []", []),
        (f"apiVersion: v1\nkind: List\nitems: [1, null, [x], {OBJECT}]", ["v1 Pod/a"]),
        (f"apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: List, items: [{OBJECT}]}}]",
         ["v1 Pod/a"]),
        ("apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: b}}]", ["v1 Pod/b"]),
        (f"kind: List\nitems: [{OBJECT}]", ["v1 Pod/a"]),
        (f"kind: Basket\nitems: [{OBJECT}]", []),
        ("kind: AllowList\nitems: [a, {b: c}]", []),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nitems: [{apiVersion: v1, kind: Job}]",
         ["v1 Pod/a", "v1 Job/"]),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nitems: [{a: b}]", ["v1 Pod/a"]),
        ("apiVersion: v1\nkind: PodList\nitems: [{kind: Job, apiVersion: batch/v1}]",
         ["batch/v1 Job/"]),
        ("apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: a}", ["x.io/v1 AllowList/a"]),
        ("apiVersion: x.io/v1\nkind: AllowList\nitems: {a: b}", ["x.io/v1 AllowList/"]),
        ("apiVersion: x.io/v1\nkind: AllowList\nitems:", ["x.io/v1 AllowList/"]),
        ("apiVersion: x.io/v1\nkind: Basket\nitems: [{a: 1}]", ["x.io/v1 Basket/"]),
        ("apiVersion: v1\nkind: Pod", ["v1 Pod/"]),
        ("apiVersion: 1\nkind: yes\nmetadata: {name: 2}", ["1 true/2"]),
        ("apiVersion: v1\nkind: Pod\nmetadata: [x]", ["v1 Pod/"]),
        ("apiVersion: v1\nkind: Pod\nmetadata: x\nspec: 1", ["v1 Pod/"]),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: {a: b}, namespace: [], labels: x}",
         ["v1 Pod/"]),
    ],
)  # fmt: skip
def test_lists_and_wrong_types(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_lists_end_somewhere() -> None:
    text = OBJECT
    for _ in range(MAX_LIST_DEPTH + 2):
        text = f"{{apiVersion: v1, kind: List, items: [{text}]}}"
    assert kinds(text) == ["v1 List/"]


@pytest.mark.parametrize(
    "text",
    ["a: 1", "- 1", "text", "kind: Pod", "apiVersion: v1", "apiVersion:\nkind: Pod",
     "apiVersion: v1\nkind:", "apiVersion: [v1]\nkind: Pod", "apiVersion: v1\nkind: {}",
     "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization", "resources: [a.yaml]"],
)  # fmt: skip
def test_what_is_no_object(text: str) -> None:
    resources, others = resources_of(parsed(text))
    assert resources == []
    assert [other.file for other in others] == ["f.yaml"]


def test_empty_documents_are_nothing() -> None:
    assert resources_of(parsed("---\n---\nnull\n---\n# c\n")) == ([], [])


DUPLICATE = "apiVersion: v1\nkind: Pod\nspec:\n  a: 1\n  a: 2\n"


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        (DUPLICATE, "f.yaml", 1),
        ("a: 1\na: 2\n", "values.yaml", 0),
        ("resources: []\nresources: []\n", "base/kustomization.yaml", 1),
        ("resources: []\nresources: []\n", "kustomization.yml", 1),
        ("resources: []\nresources: []\n", "my-kustomization.yaml", 0),
        ("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\na: 1\na: 2", "x.yaml", 1),
        ("x: &x {a: 1}\n" + DUPLICATE.replace("a: 2", "<<: *x"), "f.yaml", 0),
    ],
)
def test_duplicate_keys(text: str, name: str, count: int) -> None:
    troubles = list(object_troubles(parsed(text, name)))
    assert [trouble.rule for trouble in troubles] == ["yaml-duplicate-key"] * count


def test_duplicates_show_both_places() -> None:
    (trouble,) = object_troubles(parsed(DUPLICATE))
    assert trouble.message == "key `a` occurs twice in one mapping"
    assert str(trouble.span) == "f.yaml:5:3"
    assert [(str(span), text) for span, text in trouble.related] == [
        ("f.yaml:4:3", "it stands here first")
    ]


JOINED = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (JOINED + JOINED, [4]),
        (JOINED * 3, [4, 7]),
        (JOINED + "kind: B\napiVersion: v1\nspec: {a: 1, a: 2}\n", [4]),
        (JOINED + "---\n" + JOINED, []),
    ],
)
def test_of_an_object_without_a_separator_the_first_key_is_reported(
    text: str, lines: list[int]
) -> None:
    found = [trouble for trouble in object_troubles(parsed(text)) if "`---`" in trouble.message]
    assert [trouble.span.line for trouble in found] == lines
    assert all(f"before line {trouble.span.line}," in trouble.help for trouble in found)


@pytest.mark.parametrize("again", ["kind: B\nmetadata: {}\n", "metadata:\n  kind: A\n  kind: B\n"])
def test_a_doubled_key_alone_is_no_second_object(again: str) -> None:
    troubles = list(object_troubles(parsed(JOINED + again)))
    assert [trouble.help for trouble in troubles] == [""] * len(troubles)
    assert len(troubles) == 2


@pytest.mark.parametrize(
    "line",
    ["a: !!python/object/apply:os.system [x]", "~: 1", "? {a: b}\n: c", "a: .inf", "a: !!int x",
     "a: !!binary '*'", "18446744073709551615: 1"],
)  # fmt: skip
def test_what_json_cannot_hold_is_a_trouble_in_an_object_only(line: str) -> None:
    (trouble,) = object_troubles(parsed(f"apiVersion: v1\nkind: Pod\n{line}\n"))
    assert trouble.rule == "yaml-syntax"
    assert trouble.span.line == 3
    assert list(object_troubles(parsed(line + "\n", "mkdocs.yml"))) == []


def test_unknown_tags_are_ignored_as_kubernetes_ignores_them() -> None:
    text = "apiVersion: v1\nkind: Pod\na: !Ref x\nb: !!timestamp 2001-01-01\nc: !vault {d: e}\n"
    assert list(object_troubles(parsed(text))) == []


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("List"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["apiVersion", "kind", "metadata", "name", "items", "spec", "x"]), inner
        )
    ),
    max_leaves=15,
)


@given(ANY)
def test_wrong_types_never_raise(value: Any) -> None:
    result = Input([], [], [])
    load_source(Source("f.yaml", yaml.safe_dump(value).encode()), result)
    resources, others = resources_of(result.files)
    for resource in resources:
        assert isinstance(resource.name, str)
        assert (resource.group, resource.version, resource.spec) is not None
    assert not any(is_object(other.document.root) for other in others)
    assert all(isinstance(trouble, Trouble) for trouble in object_troubles(result.files))
