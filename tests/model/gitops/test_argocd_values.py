"""The values an Application hands to its chart: who wins, and where a value is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kslint.graph.graph import Graph
from kslint.model.gitops import argocd
from kslint.source.files import Source
from kslint.source.load import Input, load_source

if TYPE_CHECKING:
    from kslint.source.nodes import Map


def values(helm: str, source: str = "", **files: str) -> Map:
    """Merged values of the first source. `__` in a file's name is a slash."""
    loaded = Input([], [], [])
    text = f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: a, namespace: argocd}}
spec:
  sources:
  - repoURL: ghcr.io/kserve/charts
    chart: kserve-resources
    targetRevision: v0.19.0
    {source}
    helm: {helm}
  - repoURL: https://example.org/repo.git
    targetRevision: main
    ref: values
"""
    files = {"apps__a": text, **files}
    for name, content in files.items():
        load_source(Source(name.replace("__", "/") + ".yaml", content.encode()), loaded)
    assert not loaded.troubles
    graph = Graph(loaded)
    (application,) = argocd.applications(graph)
    return argocd.helm_values(graph, argocd.sources(application)[0])


@pytest.mark.parametrize(
    ("spec", "count"),
    [("{}", 0), ("{template: {metadata: {name: x}}}", 0),
     ("{template: {metadata: {name: x}, spec: {project: default}}}", 1)],
)  # fmt: skip
def test_an_application_set_is_as_good_as_its_template(spec: str, count: int) -> None:
    loaded = Input([], [], [])
    text = f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {spec}\n"
    load_source(Source("a.yaml", text.encode()), loaded)
    assert len(list(argocd.applications(Graph(loaded)))) == count


FILES = {"one": "a: 1\nb: {x: 1, z: 1}\nl: [1]\n", "two": "b: {x: 2}\nl: [2, 2]\nc: 2\n"}


@pytest.mark.parametrize(
    ("helm", "expected"),
    [
        ("null", {}),
        ("{}", {}),
        ("{releaseName: x}", {}),
        ("{valueFiles: [one.yaml]}", {"a": 1, "b": {"x": 1, "z": 1}, "l": [1]}),
        (
            "{valueFiles: [one.yaml, two.yaml]}",
            {"a": 1, "b": {"x": 2, "z": 1}, "l": [2, 2], "c": 2},
        ),
        (
            "{valueFiles: [two.yaml, one.yaml]}",
            {"a": 1, "b": {"x": 1, "z": 1}, "l": [1], "c": 2},
        ),
        ("{valueFiles: [two.yaml, nowhere.yaml]}", {"b": {"x": 2}, "l": [2, 2], "c": 2}),
        ("{valueFiles: [nowhere.yaml]}", {}),
        ("{valueFiles: [$values/one.yaml]}", {"a": 1, "b": {"x": 1, "z": 1}, "l": [1]}),
        ("{valueFiles: [two.yaml], values: 'c: 3'}", {"b": {"x": 2}, "l": [2, 2], "c": 3}),
        ("{valueFiles: [two.yaml], valuesObject: {c: 4}}", {"b": {"x": 2}, "l": [2, 2], "c": 4}),
        ("{values: 'a: {x: 1}', parameters: [{name: a.x, value: p}]}", {"a": {"x": "p"}}),
        (
            "{valuesObject: {a: {x: 1, z: 1}}, parameters: [{name: a.x, value: p}]}",
            {"a": {"x": "p", "z": 1}},
        ),
        (
            "{parameters: [{name: a.b.c, value: p}, {name: a.b.c, value: q}]}",
            {"a": {"b": {"c": "q"}}},
        ),
        ("{parameters: [{name: a}, {value: x}, {name: '', value: x}, 1]}", {}),
        ("{values: '', valuesObject: null}", {}),
        ("{values: '{'}", {}),
        ("{values: '[1]'}", {}),
        ("{values: {a: 1}}", {}),
        ("{valuesObject: [1]}", {}),
        ("{valueFiles: one.yaml, parameters: x}", {}),
        ("[]", {}),
    ],
)
def test_precedence(helm: str, expected: dict[str, Any]) -> None:
    assert values(helm, **FILES).plain() == expected


def test_a_null_stays_and_takes_the_charts_default_away() -> None:
    found = values("{valueFiles: [one.yaml], valuesObject: {a: null, b: null}}", **FILES)
    assert found.plain() == {"a": None, "b": None, "l": [1]}


@pytest.mark.parametrize(
    ("source", "name", "file"),
    [
        ("", "$values/platform/kserve/v.yaml", "platform__kserve__v"),
        ("", "$values/v.yaml", "v"),
        ("path: charts/x", "v.yaml", "charts__x__v"),
        ("path: charts/x/", "v.yaml", "charts__x__v"),
        ("path: charts/x", "/v.yaml", "v"),
    ],
)
def test_where_values_files_are_looked_for(source: str, name: str, file: str) -> None:
    found = values(f"{{valueFiles: [{name}]}}", source, **{file: "a: 1\n"})
    assert found.plain() == {"a": 1}


def test_each_value_keeps_its_place() -> None:
    found = values(
        "{valueFiles: [one.yaml, two.yaml], parameters: [{name: p.q, value: z}]}", **FILES
    )
    places = {
        path: str(node.span)
        for path in (("a",), ("b", "x"), ("b", "z"), ("c",), ("p", "q"))
        if (node := found.at(*path)) is not None
    }
    assert places == {
        ("a",): "one.yaml:1:4",
        ("b", "x"): "two.yaml:1:8",
        ("b", "z"): "one.yaml:2:14",
        ("c",): "two.yaml:3:4",
        ("p", "q"): "apps/a.yaml:10:78",
    }


def test_inline_values_know_their_lines() -> None:
    found = values("\n      values: |\n        kserve:\n          version: v1\n")
    version = found.at("kserve", "version")
    assert version is not None
    assert str(version.span) == "apps/a.yaml:13:20"


# What helm_values does not do yet; each is Argo CD's behaviour at v3.4.4.


def test_values_object_replaces_values() -> None:
    """ValuesYAML, pkg/apis/application/v1alpha1/values.go: one or the other, never merged."""
    assert values("{values: 'a: 1', valuesObject: {b: 2}}").plain() == {"b": 2}


def test_parameters_reach_into_lists() -> None:
    helm = "{valuesObject: {a: [{b: 1, c: 1}]}, parameters: [{name: 'a[0].b', value: x}]}"
    assert values(helm).plain() == {"a": [{"b": "x", "c": 1}]}
    assert values("{parameters: [{name: 'a[1].b', value: x}]}").plain() == {"a": [None, {"b": "x"}]}


def test_an_escaped_dot_is_part_of_a_name() -> None:
    helm = r"{parameters: [{name: 'a.b\.c/d', value: x}]}"
    assert values(helm).plain() == {"a": {"b.c/d": "x"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("false", False), ("3", 3), ("null", None), ("0", 0)],
)
def test_parameters_have_the_type_that_set_gives_them(value: str, expected: object) -> None:
    """Argo CD passes `--set name=value`, in which Helm reads booleans, integers and null."""
    found = values(f"{{parameters: [{{name: crds.enabled, value: '{value}'}}]}}")
    node = found.at("crds", "enabled")
    assert node is not None
    assert node.plain() is expected or node.plain() == expected != value


@pytest.mark.parametrize("value", ["true", "3", "01", "1.5", "yes", "x"])
def test_a_forced_string_is_text(value: str) -> None:
    found = values(f"{{parameters: [{{name: a, value: '{value}', forceString: true}}]}}")
    assert found.plain() == {"a": value}


def test_globs_are_read_in_their_order() -> None:
    """Since v3.0 a values file may be a glob; what it matches is read in lexical order."""
    files = {"v__b": "a: 2\n", "v__a": "a: 1\nb: 1\n", "v__deep__c": "a: 3\n"}
    assert values("{valueFiles: [$values/v/*.yaml]}", **files).plain() == {"a": 2, "b": 1}
