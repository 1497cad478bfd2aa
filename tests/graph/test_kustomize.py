"""Emissions compared with what kustomize v5.8.1 renders (the expectations were made with it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kslint.graph.graph import Graph
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    spec:
      serviceAccountName: sa
      containers:
        - name: main
          image: registry:5000/org/app:v1
          args: [a]
          env:
            - {name: A, value: "1"}
            - {name: B, valueFrom: {configMapKeyRef: {name: conf, key: k}}}
          ports: [{containerPort: 80, name: http}, {containerPort: 81, protocol: UDP}]
        - {name: side, image: nginx}
"""
ISVC = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: vllm/vllm-openai-cpu:v0.9
        args: ["--model=/mnt"]
        env: [{name: C, valueFrom: {configMapKeyRef: {name: conf, key: k}}}]
      - {name: two, image: nginx}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {k: v}\n"
ALL = "resources: [dep.yaml, isvc.yaml, conf.yaml]\n"
FILES = {"dep.yaml": DEPLOYMENT, "isvc.yaml": ISVC, "conf.yaml": CONFIG}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def build(kustomization: str, **files: str) -> Graph:
        written = {**FILES, "kustomization.yaml": kustomization}
        written |= {
            name.replace("__", "/").replace("_yaml", ".yaml"): t for name, t in files.items()
        }
        for name, text in written.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(tmp_path)
        return Graph(load(["."]))

    return build


def body(graph: Graph, kind: str) -> Any:
    (resource,) = graph.of_kind(kind)
    return resource.body.plain()


def containers(graph: Graph, kind: str = "Deployment") -> Any:
    spec = body(graph, kind)["spec"]
    return (
        spec["template"]["spec"]["containers"]
        if "template" in spec
        else spec["predictor"]["containers"]
    )


def test_a_patched_value_points_into_the_patch_and_the_rest_into_the_base(tree: Any) -> None:
    graph = tree(
        ALL + "patches: [{path: p.yaml}]\n",
        p_yaml=DEPLOYMENT.partition("spec:")[0] + "spec:\n  replicas: 5\n",
    )
    (web,) = graph.of_kind("Deployment")
    assert (web.file, web.emitter) == ("dep.yaml", ".")
    assert str(web.body.at("spec", "replicas").place) == "p.yaml:5:3"
    assert str(web.body.at("spec", "strategy").place) == "dep.yaml:6:3"
    assert [r.kind for r in graph.resources] == ["Deployment", "InferenceService", "ConfigMap"]


def test_an_object_appears_once_for_each_build_that_emits_it(tree: Any) -> None:
    graph = tree(
        ALL,
        dev__kustomization_yaml="resources: [..]\nnamespace: dev\n",
        prod__kustomization_yaml="resources: [..]\nnamespace: prod\nnamePrefix: p-\n",
        loose_yaml="apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
    )
    found = [(r.emitter, r.namespace, r.name) for r in graph.of_kind("InferenceService")]
    assert found == [("dev", "dev", "qwen"), ("prod", "prod", "p-qwen")]
    assert [(r.emitter, r.file) for r in graph.of_kind("Secret")] == [("", "loose.yaml")]


def test_a_strategic_merge_of_a_custom_resource_replaces_its_lists(tree: Any) -> None:
    patch = ISVC.partition("spec:")[0] + (
        "spec: {predictor: {containers: "
        "[{name: kserve-container, resources: {limits: {cpu: 4}}}]}}\n"
    )
    graph = tree(ALL + "patches: [{path: p.yaml}]\n", p_yaml=patch)
    assert containers(graph, "InferenceService") == [
        {"name": "kserve-container", "resources": {"limits": {"cpu": 4}}}
    ]


def test_recreate_over_a_rolling_update_keeps_its_numbers(tree: Any) -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {strategy: %s}\n"
    graph = tree(ALL + "patches: [{path: p.yaml}]\n", p_yaml=patch % "{type: Recreate}")
    assert body(graph, "Deployment")["spec"]["strategy"] == {
        "type": "Recreate",
        "rollingUpdate": {"maxSurge": 1},
    }
    for cure in ("{type: Recreate, rollingUpdate: null}", "{$patch: replace, type: Recreate}"):
        graph = tree(ALL + "patches: [{path: p.yaml}]\n", p_yaml=patch % cure)
        assert body(graph, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_keyed_lists_merge_with_the_patch_first(tree: Any) -> None:
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {"
        "containers: [{name: new, image: x}, {name: side, $patch: delete}, {name: main, args: [b], "
        "env: [{name: C, value: c}, {name: A, value: null}], "
        "ports: [{containerPort: 80, protocol: TCP}, {containerPort: 82}]}]}}}\n"
    )
    graph = tree(ALL + "patches: [{path: p.yaml}]\n", p_yaml=patch)
    new, main = containers(graph)
    assert (new["name"], main["args"], main["image"]) == ("new", ["b"], "registry:5000/org/app:v1")
    assert [e["name"] for e in main["env"]] == ["C", "A", "B"]
    assert main["env"][1] == {"name": "A"}
    # the port that only one side gives a protocol is the base's: the patch is lost
    assert main["ports"] == [
        {"containerPort": 82},
        {"containerPort": 80, "name": "http"},
        {"containerPort": 81, "protocol": "UDP"},
    ]


@pytest.mark.parametrize(
    ("target", "hit"),
    [
        ("{kind: InferenceService}", True),
        ("{kind: Inference.*, name: q.*}", True),
        ("{kind: Inference}", False),
        ("{group: serving.kserve.io, version: v1beta1}", True),
        ("{group: apps}", False),
        ("{kind: InferenceService, namespace: default}", True),
        ("{kind: InferenceService, namespace: other}", False),
        ("{kind: InferenceService, labelSelector: 'app=x'}", False),
        ("{kind: InferenceService, annotationSelector: '!none'}", True),
    ],
)
def test_targets(tree: Any, target: str, hit: bool) -> None:
    patch = "[{op: add, path: /spec/predictor/minReplicas, value: 0}]"
    graph = tree(f"resources: [isvc.yaml]\npatches:\n- target: {target}\n  patch: '{patch}'\n")
    assert body(graph, "InferenceService")["spec"]["predictor"].get("minReplicas") == (
        0 if hit else None
    )
    assert not graph.partial(graph.of_kind("InferenceService")[0])  # no match is no error


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("{op: add, path: /spec/predictor/containers/0/args/-, value: z}", ["--model=/mnt", "z"]),
        ("{op: add, path: /spec/predictor/containers/0/args/0, value: z}", ["z", "--model=/mnt"]),
        ("{op: replace, path: /spec/predictor/containers/0/args/0, value: z}", ["z"]),
        ("{op: remove, path: /spec/predictor/containers/0/args/0}", []),
        ("{op: copy, from: /metadata/name, path: /spec/predictor/containers/0/args/0}",
         ["qwen", "--model=/mnt"]),
    ],
)  # fmt: skip
def test_json_patches(tree: Any, operation: str, args: list[str]) -> None:
    graph = tree(
        "resources: [isvc.yaml]\n"
        "patchesJson6902: [{target: {kind: InferenceService}, path: p.yaml}]\n",
        p_yaml=f"- {operation}\n",
    )
    assert containers(graph, "InferenceService")[0]["args"] == args


@pytest.mark.parametrize(
    "patch",
    [
        "[{op: remove, path: /spec/none}]",
        "[{op: replace, path: /spec/predictor/containers/9/image, value: x}]",
        "[{op: add, path: /spec/a/b, value: x}]",
        "[{op: test, path: /metadata/name, value: x}]",
        "[{op: jump, path: /metadata/name}]",
        "[{op: add}]",
    ],
)
def test_what_kustomize_refuses_is_a_gap(tree: Any, patch: str) -> None:
    graph = tree(f"{ALL}patches: [{{target: {{kind: InferenceService}}, patch: '{patch}'}}]\n")
    (isvc,) = graph.of_kind("InferenceService")
    assert [gap.kind for gap in graph.partial(isvc)] == ["fails"]
    assert len(containers(graph, "InferenceService")) == 2


@pytest.mark.parametrize(
    ("kustomization", "kind"),
    [
        ("resources: [isvc.yaml, gone.yaml]", "objects"),
        ("resources: [isvc.yaml, 'https://example.com/x.yaml']", "objects"),
        ("resources: [isvc.yaml, 'github.com/o/r//base?ref=v1']", "objects"),
        ("resources: [isvc.yaml]\nhelmCharts: [{name: c, repo: x}]", "charts"),
        ("resources: [isvc.yaml]\nreplacements: [{path: r.yaml}]", "values"),
        ("resources: [isvc.yaml]\ntransformers: [t.yaml]", "objects"),
        ("resources: [isvc.yaml, isvc.yaml]", "fails"),
        ("resources: [isvc.yaml]\nresource: [x]", "fails"),
        ("resources: [isvc.yaml]\nreplicas: [{name: none, count: 2}]", "fails"),
        ("resources: [isvc.yaml, .]", "fails"),
        ("resources: {a: b}\npatches: x\nimages: [1, [2]]\nlabels: [{}]", None),
    ],
)
def test_what_cannot_be_followed(tree: Any, kustomization: str, kind: str | None) -> None:
    graph = tree(kustomization + "\n")
    gaps = [gap.kind for r in graph.of_kind("InferenceService") for gap in graph.partial(r)]
    assert (kind is None and not gaps) or kind in gaps


def test_names_are_followed_by_built_in_kinds_only(tree: Any) -> None:
    graph = tree(ALL + "namePrefix: p-\nnamespace: team\n")
    assert body(graph, "ConfigMap")["metadata"] == {"name": "p-conf", "namespace": "team"}
    ref = containers(graph)[0]["env"][1]["valueFrom"]["configMapKeyRef"]["name"]
    left = containers(graph, "InferenceService")[0]["env"][0]["valueFrom"]["configMapKeyRef"][
        "name"
    ]
    assert (ref, left) == ("p-conf", "conf")
    found = {
        r.source.kind: graph.resolve(r).answer for r in graph.references if r.kind == "ConfigMap"
    }
    assert found == {"Deployment": "found", "InferenceService": "absent"}


def test_images_reach_custom_resources_and_point_at_the_kustomization(tree: Any) -> None:
    graph = tree(
        ALL + "images:\n- name: vllm/vllm-openai-cpu\n  newTag: v1\n"
        "- {name: 'registry:5000/org/app', newName: o/a, digest: 'sha256:0'}\n"
    )
    assert containers(graph, "InferenceService")[0]["image"] == "vllm/vllm-openai-cpu:v1"
    assert containers(graph)[0]["image"] == "o/a@sha256:0"
    image = graph.of_kind("InferenceService")[0].body.at(
        "spec", "predictor", "containers", 0, "image"
    )
    assert str(image.place) == "kustomization.yaml:4:3"


def test_labels_annotations_and_replicas(tree: Any) -> None:
    graph = tree(
        ALL + "commonLabels: {l: '1'}\ncommonAnnotations: {a: '2'}\nlabels: [{pairs: {m: '3'}}]\n"
        "replicas: [{name: web, count: 3}]\n"
    )
    web = body(graph, "Deployment")
    assert web["spec"]["replicas"] == 3
    assert web["spec"]["selector"]["matchLabels"] == {"l": "1"}
    assert web["spec"]["template"]["metadata"] == {"labels": {"l": "1"}, "annotations": {"a": "2"}}
    assert body(graph, "InferenceService")["metadata"]["labels"] == {"m": "3", "l": "1"}


def test_components_work_on_the_items_of_their_parent(tree: Any) -> None:
    patch = "[{op: add, path: /spec/paused, value: true}]"
    graph = tree(
        ALL + "components: [comp]\nnamePrefix: x-\n",
        comp__kustomization_yaml="apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        f"patches: [{{target: {{kind: Deployment}}, patch: '{patch}'}}]\nresources: [s.yaml]\n",
        comp__s_yaml="apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
    )
    assert body(graph, "Deployment")["spec"]["paused"] is True
    assert graph.of_kind("Secret")[0].name == "x-s"


def test_generators_are_known_by_their_base_name(tree: Any) -> None:
    graph = tree(
        ALL
        + "namespace: team\nconfigMapGenerator:\n- {name: gen, literals: [a=b], files: [x.yaml]}\n"
        "- {name: conf, behavior: merge, literals: [n=1]}\n"
        "secretGenerator: [{name: sec, envs: [.env]}]\n",
        x_yaml=CONFIG.replace("conf", "data-only"),
    )
    assert [r.name for r in graph.of_kind("ConfigMap")] == ["conf"]  # x.yaml is data here
    assert body(graph, "ConfigMap")["data"] == {"k": "v", "n": "1"}
    assert graph.find("ConfigMap", "gen", "team").answer == "found"
    assert graph.find("Secret", "sec", "team").answer == "found"
    made = {r.name: r.body.plain() for e in graph.scopes.emissions for r in e.generated}
    assert made["gen"]["data"]["a"] == "b"
    assert "data-only" in made["gen"]["data"]["x.yaml"]


def test_charts_keep_their_values_and_inherit_the_namespace(tree: Any) -> None:
    graph = tree(
        "resources: [base]\nnamespace: out\n",
        base__kustomization_yaml="helmCharts:\n"
        "- {name: kserve-resources, valuesFile: v.yaml, valuesInline: {b: 2}}\n",
        base__v_yaml="a: 1\n",
    )
    ((chart,),) = [e.charts for e in graph.scopes.emissions]
    assert (chart.namespace, [v.plain() for v in chart.values]) == ("out", [{"a": 1}, {"b": 2}])
