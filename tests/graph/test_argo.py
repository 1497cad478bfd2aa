"""Which Application deploys what, in small trees named from several places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kslint.graph.graph import Graph
from kslint.graph.repository import normal_url
from kslint.model.gitops import argocd
from kslint.source.globs import by_parts
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

REPO = "https://github.com/org/platform.git"
ISVC = (
    "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
    "metadata: {name: qwen}\nspec: {predictor: {model: {}}}\n"
)


def application(
    name: str, path: str, namespace: str = "kserve", more: str = "", url: str = REPO
) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        f"metadata: {{name: {name}, namespace: argocd}}\n"
        f"spec:\n  source: {{repoURL: '{url}', path: '{path}'{more}}}\n"
        f"  destination: {{namespace: '{namespace}'}}\n"
    )


def application_set(generators: str, path: str, go: bool = True, name: str = "'{{.name}}'") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n"
        "metadata: {name: set, namespace: argocd}\n"
        f"spec:\n  goTemplate: {str(go).lower()}\n  generators: {generators}\n  template:\n"
        f"    metadata: {{name: {name}}}\n    spec:\n"
        f"      source: {{repoURL: '{REPO}', path: '{path}', directory: {{recurse: true}}}}\n"
        "      destination: {namespace: argocd}\n"
    )


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def build(files: dict[str, str], start: str = ".", named: str = ".") -> Graph:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(tmp_path / start)
        return Graph(load([named]))

    return build


def keys(graph: Graph, kind: str = "InferenceService") -> list[list[str]]:
    return [sorted(o.key for o in graph.owners(r)) for r in graph.of_kind(kind)]


@pytest.mark.parametrize(
    ("start", "named"),
    [("repo", "."), (".", "repo"), (".", "."), ("repo/apps", "."), ("repo", "apps")],
)
def test_the_root_is_found_from_anywhere(tree: Any, start: str, named: str) -> None:
    files = {
        "repo/apps/serving/isvc.yaml": ISVC,
        "repo/apps/root/app.yaml": application("serving", "apps/serving"),
        "repo/other/serving/x.yaml": "a: 1\n",
    }
    graph = tree(files, start, named)
    assert keys(graph) == [["argocd/serving"]]
    (isvc,) = graph.of_kind("InferenceService")
    assert graph.namespace_of(isvc) == "kserve"


@pytest.mark.parametrize(
    ("options", "owned"),
    [
        ("", ["a.yaml"]),
        (", directory: {recurse: true}", ["a.yaml", "sub/b.yaml", "sub/c.json"]),
        (", directory: {recurse: true, include: '*.json'}", ["sub/c.json"]),
        (", directory: {recurse: true, include: '{a,sub/b}.yaml'}", ["a.yaml", "sub/b.yaml"]),
        (", directory: {recurse: true, exclude: 'sub/*'}", ["a.yaml"]),
        (", directory: {recurse: true, include: '*.yaml', exclude: 'a.*'}", ["sub/b.yaml"]),
    ],
)
def test_directories(tree: Any, options: str, owned: list[str]) -> None:
    json = (
        '{"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", '
        '"metadata": {"name": "x"}}'
    )
    files = {"m/a.yaml": ISVC, "m/sub/b.yaml": ISVC, "m/sub/c.json": json, "mm/a.yaml": ISVC}
    graph = tree({**files, "app.yaml": application("m", "m", more=options)})
    found = [r.file[2:] for r in graph.of_kind("InferenceService") if graph.owners(r)]
    assert sorted(found) == owned
    (owner,) = graph.scopes.applications
    assert [r.file[2:] for r in graph.children(owner)] == found


def test_files_named_from_the_root(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/i.yaml").write_text(ISVC)
    (tmp_path / "app.yaml").write_text(application("m", "m"))
    graph = Graph(load([str(tmp_path)]))
    (isvc,), (app,) = graph.of_kind("InferenceService"), graph.of_kind("Application")
    assert isvc.file.startswith("/")
    assert graph.namespace_of(isvc) == "kserve"
    assert graph.owners(app) == []


def test_namespaces(tree: Any) -> None:
    files = {
        "k/kustomization.yaml": "resources: [i.yaml]\nnamespace: set\n",
        "k/i.yaml": ISVC,
        "two/i.yaml": ISVC,
        "tpl/i.yaml": ISVC,
        "own/i.yaml": ISVC.replace("{name: qwen}", "{name: qwen, namespace: own}"),
        "none/i.yaml": ISVC,
        "apps.yaml": "---\n".join(
            [
                application("k", "k"),
                application("one", "two", "one"),
                application("two", "two", "two"),
                application("tpl", "tpl", "{{x}}"),
                application("own", "own"),
            ]
        ),
    }
    graph = tree(files)
    found = {r.file.split("/")[0]: graph.namespace_of(r) for r in graph.of_kind("InferenceService")}
    assert found == {"k": "set", "two": None, "tpl": None, "own": "own", "none": None}


def test_an_application_builds_a_base_that_an_overlay_includes(tree: Any) -> None:
    files = {
        "base/kustomization.yaml": "resources: [i.yaml]\n",
        "base/i.yaml": ISVC,
        "over/kustomization.yaml": "resources: [../base]\nnamespace: over\n",
        "app.yaml": application("base", "base", "direct"),
    }
    graph = tree(files)
    found = {r.emitter: graph.namespace_of(r) for r in graph.of_kind("InferenceService")}
    assert found == {"base": "direct", "over": "over"}
    assert keys(graph) == [["argocd/base"], []]


def test_overrides_are_folded_in(tree: Any) -> None:
    image = "    containers: [{name: kserve-container, image: 'reg:5/a/b:1'}]"
    overrides = (
        ", kustomize: {namePrefix: p-, namespace: there, images: ['reg:5/a/b=c/d:2'], "
        "commonAnnotations: {note: '1'}, patches: [{target: {kind: InferenceService}, "
        "patch: '[{op: add, path: /metadata/labels, value: {q: r}}]'}]}"
    )
    files = {
        "k/kustomization.yaml": "resources: [i.yaml]\n",
        "k/i.yaml": ISVC.replace("spec: {predictor: {model: {}}}", f"spec:\n  predictor:\n{image}"),
        "app.yaml": application("app", "k", more=overrides),
    }
    graph = tree(files)
    (isvc,) = graph.of_kind("InferenceService")
    assert (isvc.name, graph.namespace_of(isvc)) == ("p-qwen", "there")
    assert isvc.body.string("spec", "predictor", "containers", 0, "image") == "c/d:2"
    assert (isvc.annotation("note"), isvc.label("q")) == ("1", "r")
    assert keys(graph) == [["argocd/app"]]


GROUPS = (
    "- {name: a, layer: x, enabled: 'true', catalogPath: catalog/a}\n"
    "- {name: b, layer: x, enabled: 'false', catalogPath: catalog/b}\n"
    "- {name: c, layer: y, enabled: 'true', catalogPath: catalog/c}\n"
)
LIST = "[{list: {elements: [{name: a}, {name: c}]}}]"
GIT = "repoURL: git@github.com:org/Platform, revision: main"
FILES = (
    f"[{{git: {{{GIT}, files: [{{path: groups.yaml}}]}}, "
    "selector: {matchLabels: {enabled: 'true', layer: x}}}]"
)
NOT_IN = FILES.replace(
    "matchLabels: {enabled: 'true', layer: x}",
    "matchExpressions: [{key: layer, operator: NotIn, values: [x]}, {key: name, operator: Exists}]",
)
DIRECTORIES = (
    f"[{{git: {{{GIT}, directories: [{{path: catalog/*}}, {{path: catalog/b, exclude: true}}]}}}}]"
)
IN_CATALOG = f"{{git: {{{GIT}, directories: [{{path: 'catalog/{{{{.name}}}}'}}]}}}}"
MATRIX = f"[{{matrix: {{generators: [{LIST[1:-1]}, {IN_CATALOG}]}}}}]"
OTHER = "{list: {elements: [{name: a, catalogPath: catalog/b}]}}"
MERGE = f"[{{merge: {{mergeKeys: [name], generators: [{LIST[1:-1]}, {OTHER}]}}}}]"


@pytest.mark.parametrize(
    ("generators", "path", "go", "parents"),
    [
        (LIST, "catalog/{{.name}}", True, {"a": "a", "b": None, "c": "c"}),
        (LIST, "catalog/{{ name }}", False, {"a": "a", "b": None, "c": "c"}),
        (FILES, "{{.catalogPath}}", True, {"a": "a", "b": None, "c": None}),
        (FILES, "{{.path.path}}catalog/{{ .name }}", True, {"a": "a", "b": None, "c": None}),
        (NOT_IN, "{{catalogPath}}", False, {"a": None, "b": None, "c": "c"}),
        (DIRECTORIES, "{{.path.path}}", True, {"a": "a", "b": None, "c": "c"}),
        (DIRECTORIES, "{{ index .path.segments 0 }}/{{.path.basename}}", True,
         {"a": "a", "b": None, "c": "c"}),
        (DIRECTORIES, "{{path}}", False, {"a": "a", "b": None, "c": "c"}),
        (DIRECTORIES, "{{path[0]}}/{{path.basename}}", False, {"a": "a", "b": None, "c": "c"}),
        (MATRIX, "{{.path.path}}", True, {"a": "a", "b": None, "c": "c"}),
        (MERGE, "{{.catalogPath}}", True, {"a": None, "b": "a", "c": None}),
        ("[{clusters: {}}]", "catalog/{{.name}}", True, {"a": None, "b": None, "c": None}),
        (LIST, "catalog/{{ .name | lower }}", True, {"a": None, "b": None, "c": None}),
        ("[{git: {repoURL: 'https://x/y', directories: [{path: catalog/*}]}}]", "{{.path.path}}",
         True, {"a": None, "b": None, "c": None}),
        ("[]", "catalog/a", True, {"a": None, "b": None, "c": None}),
        ("nonsense", "catalog/a", True, {"a": None, "b": None, "c": None}),
    ],
)  # fmt: skip
def test_application_sets(
    tree: Any, generators: str, path: str, go: bool, parents: dict[str, str | None]
) -> None:
    dot = "." if go else ""
    name = (
        "'{{path.basename}}'"
        if "path" in path and "catalogPath" not in path
        else f"'{{{{{dot}name}}}}'"
    )
    name = name.replace("{{path", "{{.path") if go else name
    if "{{.path.path}}catalog" in path:
        name = "'{{.name}}'"
    files = {f"catalog/{n}/app.yaml": application(f"child-{n}", f"work/{n}") for n in "abc"}
    files |= {"groups.yaml": GROUPS, "set.yaml": application_set(generators, path, go, name)}
    graph = tree(files)
    found = {r.name[-1]: graph.parent(r) for r in graph.of_kind("Application")}
    assert found == {n: p and f"argocd/{p}" for n, p in parents.items()}


def test_other_repositories_and_plugins_deploy_nothing_of_ours(tree: Any) -> None:
    files = {
        "m/i.yaml": ISVC,
        "apps.yaml": "---\n".join(
            [
                application("one", "q", url="ssh://git@github.com:22/ORG/platform"),
                application("two", "q", url="git@github.com:org/platform.git"),
                application("foreign", "m", url="https://github.com/kserve/kserve"),
                application("plugin", "m", more=", plugin: {name: p}"),
            ]
        ),
    }
    graph = tree(files)
    assert keys(graph) == [[]]
    tools = {p.owner.name: p.tool for p in graph.scopes.applications.places}
    assert tools == {"one": "opaque", "two": "opaque", "foreign": "foreign", "plugin": "opaque"}


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/org/platform", "https://user:token@github.com/Org/platform.git/",
        "git@github.com:org/platform.git", "ssh://git@github.com/org/platform",
        "github.com/org/platform",
    ],
)  # fmt: skip
def test_urls(url: str) -> None:
    assert normal_url(url) == "github.com/org/platform"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a/*", "a/b", True), ("a/*", "a/b/c", False), ("a/**/c", "a/b/x/c", True),
        ("a/**/c", "a/c", True),
        ("{a,b}/?", "b/x", True), ("[!a]", "b", True), ("[!a]", "a", False), ("a.b", "axb", False),
        ("[", "[", False), ("{a", "{a", True), ("a,b", "a,b", True),
    ],
)  # fmt: skip
def test_globs(pattern: str, path: str, matches: bool) -> None:
    assert by_parts(pattern, path) is matches


def test_malformed_objects_are_survived(tree: Any) -> None:
    head = "apiVersion: argoproj.io/v1alpha1\nkind: %s\n"
    bodies = [
        "spec: []\n",
        "metadata: x\nspec: {source: [1], sources: {a: b}}\n",
        "spec: {template: [1]}\n",
        "spec: {generators: [[1], {git: 1}, {matrix: {generators: 3}}], template: {spec: 1}}\n",
    ]
    files = {
        f"{kind}{n}.yaml": head % kind + body
        for kind in ("Application", "ApplicationSet")
        for n, body in enumerate(bodies)
    }
    graph = tree(files)
    for resource in graph.resources:
        assert graph.parent(resource) is None
    assert graph.completeness.complete_for("Secret", "x") is False


def test_what_syncs_put_back(tree: Any) -> None:
    policy = (
        "  syncPolicy: {automated: {selfHeal: true}, "
        "syncOptions: [RespectIgnoreDifferences=true]}\n"
        "  ignoreDifferences: [{group: serving.kserve.io, kind: InferenceService, jsonPointers: "
        "[/metadata/annotations/serving.kserve.io~1stop]}]\n"
    )
    graph = tree({"m/i.yaml": ISVC, "app.yaml": application("a", "m") + policy})
    (isvc,) = graph.of_kind("InferenceService")
    (owner,) = argocd.owners(graph, isvc)
    assert owner.automated is not None
    assert owner.self_heals
    stop = "/metadata/annotations/serving.kserve.io~1stop"
    assert argocd.keeps_live(owner, isvc, "kserve", stop)
    assert not argocd.keeps_live(owner, isvc, "kserve", "/spec/predictor")
