"""What KServe's webhooks refuse of runtimes, graphs and trained models; nothing raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from admission_worlds import ORIGIN, S, configured, graph_of, listed, names_of, said
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.model.kserve.admission.local_models import cache_rejections
from kslint.model.kserve.admission.runtimes import (
    inference_graph_rejections,
    runtime_rejections,
    trained_model_rejections,
)
from kslint.model.kserve.admission.services import controller_refusals, rejections
from kslint.model.kserve.isvc import InferenceService
from kslint.resources import Resource
from kslint.source.nodes import Map, made

if TYPE_CHECKING:
    from kslint.graph.graph import Graph


def runtimes(*specs: str, kind: str = "ServingRuntime") -> Graph:
    head = f"apiVersion: serving.kserve.io/v1alpha1\nkind: {kind}\n"
    return graph_of(
        "\n---\n".join(
            f"{head}metadata: {{name: r{index}, namespace: ns}}\nspec: {{{spec}}}"
            for index, spec in enumerate(specs)
        )
    )


def refusals(graph: Graph, kind: str = "ServingRuntime") -> list[tuple[str, str, str]]:
    return [
        (runtime.name, *pair)
        for runtime in graph.of_kind(kind)
        for pair in said(runtime_rejections(runtime, graph))
    ]


WORKER = "containers: [{name: kserve-container}], workerSpec: {containers: [{name: w}]"
IS_R0 = "the ServingRuntime r0 is invalid: "
RUNTIME = [
    ("two-worker-containers", "workerSpec: {containers: [{name: a}, {name: b}]}",
     "workerSpec: {containers: [{name: a}]}",
     f"{IS_R0}setting multiple containers in workerSpec is not allowed"),
    ("parallel-size-variable",
     ("containers: [{name: kserve-container, env: [{name: PIPELINE_PARALLEL_SIZE}]}], "
     "workerSpec: {}"),
     "containers: [{name: other, env: [{name: PIPELINE_PARALLEL_SIZE}]}], workerSpec: {}",
     f"{IS_R0}setting PIPELINE_PARALLEL_SIZE in environment variables is not allowed"),
    ("unknown-gpu-type",
     "workerSpec: {containers: [{name: worker-container, resources: {limits: {x/y: 1}}}]}",
     ("annotations: {serving.kserve.io/gpu-resource-types: '[\"x/y\"]'}, "
     "workerSpec: {containers: [{name: worker-container, resources: {limits: {x/y: 1}}}]}"),
     f"{IS_R0}unknown GPU resource type in a container(worker-container)"),
    ("parallel-size-below-one", f"{WORKER}, tensorParallelSize: 0}}",
     f"{WORKER}, tensorParallelSize: 1}}",
     f"{IS_R0}the WorkerSpec.TensorParallelSize cannot be less than 1(0)"),
    ("blocked-variable", "containers: [{name: c, env: [{name: PYTHONPATH}]}]",
     "initContainers: [{name: c, env: [{name: PYTHONPATH}]}]",
     ('the ServingRuntime "r0" is invalid: setting PYTHONPATH in container "c" is not allowed for '
     "security reasons")),
    ("blocked-variable", "workerSpec: {containers: [{name: c, env: [{name: PYTHONPATH}]}]}",
     "disabled: true, workerSpec: {containers: [{name: c, env: [{name: PYTHONPATH}]}]}",
     ('the ServingRuntime "r0" is invalid: setting PYTHONPATH in container "c" is not allowed for '
     "security reasons")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bad", "good", "message"), RUNTIME, ids=names_of(RUNTIME))
def test_runtimes(code: str, bad: str, good: str, message: str) -> None:
    assert refusals(runtimes(bad)) == [("r0", code, message)]
    assert refusals(runtimes(good)) == []


def test_the_later_of_two_equal_runtimes_is_refused() -> None:
    graph = runtimes(listed("sklearn", "priority: 1"), listed("SKLearn", "priority: 1"))
    assert refusals(graph) == [
        (
            "r1",
            "same-priority",
            (
                "same priority assigned for the model format SKLearn in the "
                "servingruntimes r0 and r1 "
                "in namespace ns"
            ),
        )
    ]
    graph = runtimes(
        listed("a", "priority: 1"), listed("a", "priority: 1"), kind="ClusterServingRuntime"
    )
    assert [found[2] for found in refusals(graph, "ClusterServingRuntime")] == [
        "same priority assigned for the model format a in the clusterservingruntimes r0 and r1"
    ]


@pytest.mark.parametrize(
    "other",
    [
        listed("a", "priority: 2"),
        listed("b", "priority: 1"),
        listed("a", "version: '1', priority: 1"),
        listed("a", "autoSelect: false, priority: 1"),
        listed("a", "priority: 1", "protocolVersions: [v1]"),
        listed("a", "priority: 1", "multiModel: true, protocolVersions: [v2]"),
        listed("a", "priority: null"),
    ],
)
def test_runtimes_that_do_not_clash(other: str) -> None:
    assert refusals(runtimes(listed("a", "priority: 1"), other)) == []


def test_one_format_has_one_priority() -> None:
    two = (
        "supportedModelFormats: [{name: a, version: '1', autoSelect: true, priority: 1}, "
        "{name: a, version: '2', autoSelect: true, priority: 2}]"
    )
    message = "different priorities assigned for the model format a under the servingruntime r0"
    assert refusals(runtimes(two, "")) == [("r0", "two-priorities", message)]
    assert refusals(runtimes(two.replace("priority: 2", "priority: 1"), "")) == []
    # the first runtime of all is not looked at
    assert refusals(runtimes(two)) == []


def one(kind: str, spec: str, name: str = "g") -> Resource:
    text = f"apiVersion: serving.kserve.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}"
    return graph_of(f"{text}\nspec: {{{spec}}}").of_kind(kind)[0]


def root(text: str) -> str:
    return f"nodes: {{root: {{{text}}}}}"


GRAPHS = [
    ("no-root-node", "nodes: {a: {}}", "nodes: {root: {}}",
     ("root node not found, InferenceGraph needs a node with name 'root' as the root node of the "
     "graph")),
    ("duplicate-step", root("steps: [{name: a, serviceName: s}, {name: a, serviceName: t}]"),
     root("steps: [{name: a, serviceName: s}, {name: b, serviceName: s}]"),
     'Node "root" of InferenceGraph "g" contains more than one step with name "a"'),
    ("step-target", root("steps: [{name: a}]"), root("steps: [{nodeName: a}]"),
     'Step 0 ("a") in node "root" of InferenceGraph "g" does not specify an inference target'),
    ("step-target", root("steps: [{serviceName: a, serviceUrl: b}]"),
     root("steps: [{serviceUrl: b}]"),
     ('Step 0 ("") in node "root" of InferenceGraph "g" specifies more than one of nodeName, '
     "serviceName, serviceUrl")),
    ("missing-weight", root("routerType: Splitter, steps: [{serviceName: a}]"),
     root("routerType: Switch, steps: [{serviceName: a}]"),
     "InferenceGraph[g] Node[root] Route[a] missing the 'Weight'"),
    ("weights-not-100",
     root("routerType: Splitter, steps: [{serviceName: a, weight: 50}, {serviceName: "
     "b, weight: 49}]"),
     root("routerType: Splitter, steps: [{serviceName: a, weight: 50}, {serviceName: "
     "b, weight: 50}]"),
     ("InferenceGraph[g] Node[root] splitter node: the sum of traffic weights for all routing "
     "targets should be 100")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bad", "good", "message"), GRAPHS, ids=names_of(GRAPHS))
def test_inference_graphs(code: str, bad: str, good: str, message: str) -> None:
    found = inference_graph_rejections(one("InferenceGraph", bad))
    assert said(found) == [(code, message)]
    assert inference_graph_rejections(one("InferenceGraph", good)) == []


def test_inference_graph_names() -> None:
    (failure,) = inference_graph_rejections(one("InferenceGraph", root(""), "a.b"))
    assert failure.message.startswith('The InferenceGraph "a.b" is invalid: a InferenceGraph name')


def test_trained_models() -> None:
    good = "model: {storageUri: 'gs://a'}"
    assert trained_model_rejections(one("TrainedModel", good, "my-Name_1")) == []
    (failure,) = trained_model_rejections(one("TrainedModel", good, "a.b"))
    assert failure.message == (
        'the Trained Model "a.b" is invalid: a Trained Model name must consist of alphanumeric '
        "characters, '_', or '-'. (e.g. \"my-Name\" or \"abc_123\", regex used for validation is "
        "'^[a-zA-Z0-9_-]+$')"
    )
    (failure,) = trained_model_rejections(one("TrainedModel", "model: {storageUri: 'hf://a'}", "a"))
    assert failure.message == (
        'the Trained Model "a" storageUri field is invalid. The storage uri must start with one '
        'of the prefixes: s3://, gs://, https://, http://. (the storage uri given is "hf://a")'
    )


ISVC: dict[str, Any] = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {
        "name": "m",
        "annotations": {f"{S}/autoscalerClass": "keda", f"{S}/gpu-resource-types": '["a/b"]'},
    },
    "spec": {
        "predictor": {
            "model": {
                "modelFormat": {"name": "a"},
                "storageUri": "ms://a",
                "storage": {"path": "x"},
                "resources": {"limits": {"a/b": 1}},
                "env": [{"name": "PYTHONPATH"}],
            },
            "containers": [{"name": "kserve-container", "env": [{"name": "PROTOCOL"}]}],
            "workerSpec": {"tensorParallelSize": 1, "containers": [{"name": "w"}]},
            "storageUris": [{"uri": "x", "mountPath": "/a"}, {"uri": "y", "mountPath": "/a"}],
            "logger": {"mode": "all", "storage": {"path": "a"}},
            "minReplicas": 1,
            "scaleTarget": 1,
            "autoScaling": {
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "memory", "target": {"type": "AverageValue"}},
                    },
                    {"type": "External", "external": {"metric": {"query": "q"}}},
                ]
            },
        },
        "transformer": {"containers": [{"env": [{"name": "STORAGE_URI", "value": "x"}]}]},
        "explainer": {"art": {"storage": {"parameters": {"type": "x"}}}},
    },
}
RUNTIME_BODY: dict[str, Any] = {
    "apiVersion": "serving.kserve.io/v1alpha1",
    "kind": "ServingRuntime",
    "metadata": {"name": "r", "namespace": "ns"},
    "spec": {
        "annotations": {f"{S}/gpu-resource-types": '["a/b"]'},
        "protocolVersions": ["v2"],
        "supportedModelFormats": [{"name": "a", "autoSelect": True, "priority": 1}],
        "containers": [{"name": "kserve-container", "resources": {"limits": {"a/b": 1}}}],
        "workerSpec": {"containers": [{"name": "worker-container"}], "tensorParallelSize": 1},
        "nodes": {"root": {"routerType": "Splitter", "steps": [{"name": "a", "weight": 1}]}},
        "model": {"storageUri": "x"},
    },
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "a", "{{ x }}", "[[[", "1e999", "://", "//"])
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "env", "containers", "/"]), inner)
    ),
    max_leaves=5,
)


def replaced(value: Any, draw: Any) -> Any:
    """The value with something arbitrary at a random place in it."""
    inner = list(value) if isinstance(value, (dict, list)) else []
    if not inner or draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        key = draw(st.sampled_from(inner))
        return {**value, key: replaced(value[key], draw)}
    index = draw(st.integers(0, len(value) - 1))
    return [*value[:index], replaced(value[index], draw), *value[index + 1 :]]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_raises_whatever_stands_in_a_field_of_a_service(data: st.DataObject) -> None:
    spec = replaced(ISVC["spec"], data.draw)
    meta = replaced(ISVC["metadata"], data.draw)
    body = made({**ISVC, "spec": spec, "metadata": meta}, ORIGIN)
    assert isinstance(body, Map)
    isvc = InferenceService(Resource(body, "x.yaml"), graph_of(""), configured())
    for failure in (*rejections(isvc), *controller_refusals(isvc)):
        assert failure.message
        assert failure.code


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nothing_raises_whatever_stands_in_a_field_of_another_kind(data: st.DataObject) -> None:
    body = made({**RUNTIME_BODY, "spec": replaced(RUNTIME_BODY["spec"], data.draw)}, ORIGIN)
    assert isinstance(body, Map)
    graph = runtimes(listed("a", "priority: 1"))
    resource = Resource(body, "x.yaml")
    graph.of_kind("ServingRuntime").append(resource)
    for failures in (
        runtime_rejections(resource, graph, configured()),
        inference_graph_rejections(resource),
        trained_model_rejections(resource),
    ):
        assert all(failure.message and failure.code for failure in failures)


def test_a_second_cache_of_one_model() -> None:
    head = "apiVersion: serving.kserve.io/v1alpha1\nkind: LocalModelCache\n"
    texts = [("a", "s3://m/x"), ("b", "s3://m/y"), ("c", "s3://m/x"), ("d", "{{ uri }}"), ("e", "")]
    graph = graph_of(
        "\n---\n".join(
            f"{head}metadata: {{name: {name}}}\nspec: {{sourceModelUri: '{uri}'}}"
            for name, uri in [*texts, ("f", "{{ uri }}")]
        )
    )
    found = [
        (cache.name, *pair)
        for cache in graph.of_kind("LocalModelCache")
        for pair in said(cache_rejections(cache, graph))
    ]
    message = "LocalModelCache a has the same StorageURI s3://m/x"
    assert found == [("c", "same-storage-uri", message)]
