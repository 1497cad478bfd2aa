"""What KServe's webhook and controller refuse of an InferenceService."""

from __future__ import annotations

from typing import Any

import pytest
from admission_worlds import S, configured, graph_of, names_of, said

from kslint.model.kserve import settings as kserve_settings
from kslint.model.kserve.admission.services import controller_refusals, rejections
from kslint.model.kserve.isvc import InferenceService


def service(spec: str, annotations: str = "", name: str = "m", **given: Any) -> InferenceService:
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: {name}, namespace: ns, annotations: {{{annotations}}}}}
spec: {{{spec}}}
"""
    more = given.pop("more", "")
    graph = graph_of(text + more)
    chosen = given.pop("settings", None) or configured(**given)
    return InferenceService(graph.of_kind("InferenceService")[0], graph, chosen)


MODEL = "model: {modelFormat: {name: sklearn}, storageUri: 's3://b/m'}"
CUSTOM = "containers: [{name: kserve-container, image: i}]"
OF_M = 'the InferenceService "m" is invalid: '
NO_PYTHONPATH = "is not allowed for security reasons"


def predictor(text: str) -> str:
    return f"predictor: {{{text}}}"


def both(text: str) -> str:
    """A predictor and another component."""
    return f"predictor: {{{CUSTOM}}}, {text}"


ROWS = [
    # code, refused spec, accepted spec, annotations of both, message
    ("blocked-variable", predictor("model: {modelFormat: {name: a}, env: [{name: PYTHONPATH}]}"),
     predictor("model: {modelFormat: {name: a}, env: [{name: PYTHONPATHS}]}"), "",
     f'{OF_M}setting PYTHONPATH in container "" {NO_PYTHONPATH}'),
    ("blocked-variable",
     predictor("containers: [{name: x, env: [{name: PYTHONPATH, value: /a}]}]"),
     predictor("containers: [{name: x, env: [{name: PATH, value: /a}]}]"), "",
     f'{OF_M}setting PYTHONPATH in container "kserve-container" {NO_PYTHONPATH}'),
    ("blocked-variable",
     predictor(f"{CUSTOM}, initContainers: [{{name: i, env: [{{name: PYTHONPATH}}]}}]"),
     predictor(f"{CUSTOM}, initContainers: [{{name: i}}]"), "",
     f'{OF_M}setting PYTHONPATH in container "i" {NO_PYTHONPATH}'),
    ("blocked-variable",
     both("explainer: {art: {type: SquareAttack, env: [{name: PYTHONPATH}]}}"),
     both("explainer: {art: {type: SquareAttack}}"), "",
     f'{OF_M}setting PYTHONPATH in container "kserve-container" {NO_PYTHONPATH}'),
    ("storage-uri-on-transformer",
     predictor(f"{MODEL}, containers: [{{name: transformer-container, env: [{{name: STORAGE_URI}}]"
               "}]"),
     predictor(f"{MODEL}, containers: [{{name: transformer-container}}]"), "",
     "storage uri should not be specified in transformer container"),
    ("name-in-model", predictor("model: {modelFormat: {name: a}, name: x}"),
     predictor("model: {modelFormat: {name: a}, name: ''}"), "",
     "the 'name' field is not allowed in standard predictor"),
    ("name-in-model", predictor("sklearn: {name: x}"), predictor("sklearn: {image: x}"), "",
     "the 'name' field is not allowed in standard predictor"),
    ("storage-uri-and-uris", predictor(f"{MODEL}, storageUris: [{{uri: 's3://b/x'}}]"),
     predictor("model: {modelFormat: {name: a}}, storageUris: [{uri: 's3://b/x'}]"), "",
     "Setting both StorageURI and StorageURIs is not supported."),
    ("storage-uri-and-uris",
     both("transformer: {containers: [{env: [{name: STORAGE_URI, value: x}]}], "
          "storageUris: [{uri: x}]}"),
     both("transformer: {containers: [{env: [{name: STORAGE_URI, value: x}]}]}"), "",
     "Setting both StorageURI and StorageURIs is not supported."),
    ("empty-storage-uri", predictor(f"{CUSTOM}, storageUris: [{{uri: ''}}]"),
     predictor(f"{CUSTOM}, storageUris: [{{uri: x}}]"), "", "storage URI cannot be empty"),
    ("storage-path-is-root", predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /}}]"),
     predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /m}}]"), "",
     "storage path cannot be empty"),
    ("storage-path-not-absolute", predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: m}}]"),
     predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /m/n}}]"), "",
     "storage path must be absolute: m"),
    ("storage-path-up", predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /m/../n}}]"),
     predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /m/.n}}]"), "",
     "storage path cannot contain '..' for security reasons: /m/../n"),
    ("no-common-storage-parent",
     predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /a/m}}, {{uri: y, mountPath: /b}}]"),
     predictor(f"{CUSTOM}, storageUris: [{{uri: x, mountPath: /a/m}}, {{uri: y, mountPath: /a}}]"),
     "",
     ("storage paths must have a common parent directory. Current paths: [/a/m /b] have no common "
     "parent beyond root")),
    ("duplicate-claim-path",
     predictor(f"{CUSTOM}, storageUris: [{{uri: x}}, {{uri: y}}, {{uri: 'pvc://c'}}, "
               "{uri: 'pvc://d'}]"),
     # upstream looks at claims only where there are two downloads
     predictor(f"{CUSTOM}, storageUris: [{{uri: x}}, {{uri: 'pvc://c'}}, {{uri: 'pvc://d'}}]"), "",
     "PVC storage paths must be unique"),
    ("exactly-one-implementation", predictor("minReplicas: 1"), predictor(CUSTOM), "",
     ("exactly one of [SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, "
     "LightGBM, Paddle, Model, StorageUris, WorkerSpec, PodSpec] must be specified in "
     "PredictorSpec")),
    ("exactly-one-implementation", predictor(f"{MODEL}, {CUSTOM}"),
     predictor(f"{MODEL}, containers: [{{name: side}}]"), "",
     ("exactly one of [SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, "
     "LightGBM, Paddle, Model, StorageUris, WorkerSpec, PodSpec] must be specified in "
     "PredictorSpec")),
    ("exactly-one-implementation", both("transformer: {minReplicas: 1}"),
     both("transformer: {containers: [{image: i}]}"), "",
     "exactly one of [PodSpec, ComponentExtensionSpec] must be specified in TransformerSpec"),
    ("exactly-one-implementation", both("explainer: {art: {}, containers: [{image: i}]}"),
     both("explainer: {art: {}}"), "",
     "exactly one of [ART, PodSpec, ComponentExtensionSpec] must be specified in ExplainerSpec"),
    ("invalid-protocol", predictor("containers: [{env: [{name: PROTOCOL, value: grpc-v2}]}]"),
     predictor("containers: [{env: [{name: PROTOCOL, value: v2}]}]"), "",
     "invalid protocol v1, v2. Must be one of [grpc-v2]"),
    ("unsupported-storage-uri", both("explainer: {art: {storage: {}, storageUri: 'gs://a'}}"),
     both("explainer: {art: {storage: {}, storageUri: 's3://a'}}"), "",
     ("storageUri, must be one of: [s3://, hdfs://, webhdfs://] or match "
     "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. StorageUri "
     "[gs://a] is not supported")),
    ("unsupported-storage-type", both("explainer: {art: {storage: {parameters: {type: gcs}}}}"),
     both("explainer: {art: {storage: {parameters: {type: hdfs}}}}"), "",
     ("storage.spec.type, must be one of: [s3://, hdfs://, webhdfs://]. storage.spec.type [gcs] is "
     "not supported")),
    ("negative-min-replicas", predictor(f"{CUSTOM}, minReplicas: -1"),
     predictor(f"{CUSTOM}, minReplicas: 0"), "", "'MinReplicas' cannot be less than 0"),
    ("negative-max-replicas", both("transformer: {containers: [{image: i}], maxReplicas: -1}"),
     both("transformer: {containers: [{image: i}], maxReplicas: 0, minReplicas: 3}"), "",
     "'MaxReplicas' cannot be less than 0"),
    ("min-over-max-replicas", predictor(f"{CUSTOM}, minReplicas: 3, maxReplicas: 2"),
     predictor(f"{CUSTOM}, minReplicas: 2, maxReplicas: 2"), "",
     "'MinReplicas' cannot be greater than MaxReplicas"),
    ("negative-concurrency", predictor(f"{CUSTOM}, containerConcurrency: -1"),
     predictor(f"{CUSTOM}, containerConcurrency: 0"), "", "parallelism cannot be less than 0"),
    ("invalid-logger-mode", predictor(f"{CUSTOM}, logger: {{url: x}}"),
     predictor(f"{CUSTOM}, logger: {{mode: all}}"), "", "invalid logger type"),
    ("incomplete-logger-storage",
     predictor(f"{CUSTOM}, logger: {{mode: all, storage: {{path: a, key: b}}}}"),
     predictor(f"{CUSTOM}, logger: {{mode: all, storage: {{path: a, key: b, parameters: {{}}}}}}"),
     "", "invalid logger storage configuration"),
    ("unsupported-scale-metric", predictor(f"{CUSTOM}, scaleMetric: rps"),
     predictor(f"{CUSTOM}, scaleMetric: memory"), f"{S}/autoscalerClass: hpa",
     "[rps] is not a supported metric"),
    ("scale-target-out-of-range", predictor(f"{CUSTOM}, scaleMetric: memory, scaleTarget: 101"),
     predictor(f"{CUSTOM}, scaleMetric: memory, scaleTarget: 100"), f"{S}/autoscalerClass: hpa",
     "the target utilization percentage should be a [1-100] integer"),
    ("scale-target-out-of-range", predictor(f"{CUSTOM}, scaleMetric: memory, scaleTarget: 0"),
     predictor(f"{CUSTOM}, scaleMetric: memory, scaleTarget: 1"), f"{S}/autoscalerClass: hpa",
     "the target memory should be greater than 1 MiB"),
    ("unsupported-metric-type",
     predictor(f"{CUSTOM}, autoScaling: {{metrics: [{{type: External, external: {{}}}}]}}"),
     predictor(f"{CUSTOM}, autoScaling: {{metrics: [{{type: Resource, resource: {{}}}}]}}"),
     f"{S}/autoscalerClass: hpa",
     "invalid HPA metric source type with value [External],valid metric source types are Resource"),
    ("scale-metric-with-keda", predictor(f"{CUSTOM}, scaleMetric: cpu"),
     predictor(f"{CUSTOM}, scaleTarget: 500"), f"{S}/autoscalerClass: keda",
     "ScaleMetric is not supported for KEDA"),
    ("strategy-in-knative-mode", predictor(f"{CUSTOM}, deploymentStrategy: {{type: Recreate}}"),
     predictor(f"{CUSTOM}, deploymentStrategy: null"), f"{S}/deploymentMode: Knative",
     "customizing deploymentStrategy is only supported for raw deployment mode"),
    ("unsupported-scale-metric", predictor(f"{CUSTOM}, scaleMetric: cpu"),
     predictor(f"{CUSTOM}, scaleMetric: concurrency"), f"{S}/deploymentMode: Serverless",
     "[cpu] is not a supported metric"),
    ("scale-target-out-of-range", predictor(f"{CUSTOM}, scaleMetric: rps, scaleTarget: 0"),
     predictor(f"{CUSTOM}, scaleMetric: rps, scaleTarget: 1"), f"{S}/deploymentMode: Knative",
     "the target for rps should be greater than 1"),
    ("unsupported-scale-metric", predictor(f"{CUSTOM}, scaleMetric: rps"),
     predictor(f"{CUSTOM}, scaleMetric: cpu"),
     f"{S}/deploymentMode: Knative, autoscaling.knative.dev/class: hpa.autoscaling.knative.dev",
     "[rps] is not a supported metric"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "bad", "good", "annotations", "message"), ROWS, ids=names_of(ROWS)
)
def test_rejections(code: str, bad: str, good: str, annotations: str, message: str) -> None:
    refused = rejections(service(bad, annotations))
    assert said(refused) == [(code, message)]
    assert {failure.stage for failure in refused} == {"webhook"}
    assert rejections(service(good, annotations)) == []


def cpu(target: str) -> str:
    return f"type: Resource, resource: {{name: cpu, target: {{{target}}}}}"


def memory(target: str) -> str:
    return f"type: Resource, resource: {{name: memory, target: {{{target}}}}}"


KEDA = [
    ("metric-without-source", "type: Resource", cpu("type: Utilization, averageUtilization: 1"),
     "metricSpec.Resource is not set for resource metric source type"),
    ("metric-without-source", "type: PodMetric", cpu("type: Utilization, averageUtilization: 9"),
     "metricSpec.PodMetric is not set for pod metric source type"),
    ("metric-target-type", cpu("type: AverageValue, averageValue: 1"),
     cpu("type: Utilization, averageUtilization: 100"),
     "the cpu target value type should be Utilization"),
    ("metric-target-type", memory("type: Value, value: 1Gi"),
     memory("type: AverageValue, averageValue: 1Gi"),
     "the memory target value type should be AverageValue or Utilization"),
    ("metric-target-too-small", memory("type: AverageValue, averageValue: 1023Ki"),
     memory("type: AverageValue, averageValue: 1024Ki"),
     "the memory target value should be greater than 1 MiB"),
    ("metric-target-missing", cpu("type: Utilization"),
     memory("type: Utilization, averageUtilization: 80"),
     "the AverageUtilization type should be set"),
    ("scale-target-out-of-range", cpu("type: Utilization, averageUtilization: 101"),
     cpu("type: Utilization, averageUtilization: 100"),
     "the target utilization percentage should be a [1-100] integer"),
    ("unsupported-resource-metric", "type: Resource, resource: {name: gpu, target: {type: Value}}",
     cpu("type: Utilization, averageUtilization: 80"), "resource type gpu is not supported"),
    ("empty-query", "type: External, external: {metric: {}, target: {type: Value, value: 1}}",
     "type: External, external: {metric: {query: q}, target: {type: Value, value: 1}}",
     "the query should not be empty"),
    ("no-metric-threshold", "type: PodMetric, podmetric: {metric: {query: q}, target: {type: V}}",
     "type: PodMetric, podmetric: {metric: {query: q}, target: {type: Value, value: 1}}",
     "the target threshold value should not be empty"),
    ("unsupported-metric-type", "type: Object", cpu("type: Utilization, averageUtilization: 80"),
     "unknown KEDA metric type with value [Object].Valid types are Resource,External,PodMetric"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bad", "good", "message"), KEDA, ids=names_of(KEDA))
def test_keda_metrics(code: str, bad: str, good: str, message: str) -> None:
    def scaled(metric: str, scaler: str) -> InferenceService:
        text = predictor(f"{CUSTOM}, autoScaling: {{metrics: [{{{metric}}}]}}")
        return service(text, f"{S}/autoscalerClass: {scaler}")

    assert said(rejections(scaled(bad, "keda"))) == [(code, message)]
    assert rejections(scaled(good, "keda")) == []
    assert rejections(scaled(bad, "external")) == []


MULTI_NODE = [
    ("two-worker-containers", "", "workerSpec: {containers: [{name: a}, {name: b}]}",
     "workerSpec: {containers: [{name: a}]}",
     f"{OF_M}setting multiple containers in workerSpec is not allowed"),
    ("parallel-size-variable", "env: [{name: TENSOR_PARALLEL_SIZE}]", "workerSpec: {}",
     "minReplicas: 1",
     f"{OF_M}setting TENSOR_PARALLEL_SIZE in environment variables is not allowed"),
    ("parallel-size-below-one", "", "workerSpec: {pipelineParallelSize: 0}",
     "workerSpec: {pipelineParallelSize: 1}",
     f"{OF_M}WorkerSpec.PipelineParallelSize cannot be less than 1(0)"),
    ("parallel-size-below-one", "", "workerSpec: {tensorParallelSize: -1}",
     "workerSpec: {tensorParallelSize: 1}",
     f"{OF_M}WorkerSpec.TensorParallelSize cannot be less than 1(-1)"),
    ("unknown-gpu-type", "resources: {limits: {x.com/gpu: 1}}", "workerSpec: {}",
     "minReplicas: 1",
     (f"{OF_M}Unknown GPU resource type. Set 'serving.kserve.io/gpu-resource-types' annotation to "
     "use custom gpu resource type")),
    ("unknown-gpu-type", "",
     "workerSpec: {containers: [{resources: {requests: {nvidia.com/mig-1g.5gb: 1}}}]}",
     "workerSpec: {containers: [{resources: {requests: {nvidia.com/gpu: 1}}}]}",
     (f"{OF_M}Unknown GPU resource type. Set 'serving.kserve.io/gpu-resource-types' annotation to "
     "use custom gpu resource type")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "model", "bad", "good", "message"), MULTI_NODE, ids=names_of(MULTI_NODE)
)
def test_multi_node(code: str, model: str, bad: str, good: str, message: str) -> None:
    def multi_node(text: str) -> InferenceService:
        inner = f"model: {{modelFormat: {{name: a}}, storageUri: 'pvc://c', {model}}}"
        return service(predictor(f"{inner}, {text}"), f"{S}/autoscalerClass: none")

    assert said(rejections(multi_node(bad))) == [(code, message)]
    assert rejections(multi_node(good)) == []


MULTI_NODE_STORAGE = [
    ("multi-node-without-storage", "", "none", (f"{OF_M}StorageURI must be set for multinode "
     "enabled")),
    ("multi-node-storage-scheme", "storageUri: 's3://b'", "none",
     f"{OF_M}Multinode only supports 'pvc' and 'oci' Storage Protocol(s3)"),
    ("multi-node-autoscaler", "storageUri: 'oci://b'", "keda",
     f"{OF_M}Multinode only supports 'none' autoscaler(keda)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "storage", "scaler", "message"), MULTI_NODE_STORAGE, ids=names_of(MULTI_NODE_STORAGE)
)
def test_multi_node_storage(code: str, storage: str, scaler: str, message: str) -> None:
    text = f"model: {{modelFormat: {{name: a}}, {storage}}}"
    worker = service(predictor(f"{text}, workerSpec: {{}}"), f"{S}/autoscalerClass: {scaler}")
    assert said(rejections(worker)) == [(code, message)]
    assert rejections(service(predictor(text), f"{S}/autoscalerClass: {scaler}")) == []


def test_gpu_types_can_be_declared() -> None:
    text = predictor(
        "model: {modelFormat: {name: a}, storageUri: 'pvc://c', resources: {limits: {x/y: 1}}}, "
        "workerSpec: {}"
    )
    none = f"{S}/autoscalerClass: none"
    key = f"{S}/gpu-resource-types"
    assert rejections(service(text, f"""{none}, {key}: '["x/y"]'""")) == []
    listed = configured(multiNode={"customGPUResourceTypeList": ["x/y"]})
    assert rejections(service(text, none, settings=listed)) == []
    (failure,) = rejections(service(text, f"{none}, {key}: x/y"))
    assert failure.message == (
        "invalid GPU format(x/y) for serving.kserve.io/gpu-resource-types annotation: must be a "
        "valid JSON array"
    )


@pytest.mark.parametrize(
    ("name", "valid"),
    [("a", True), ("a-1", True), ("1a", False), ("a.b", False), ("a-", False), ("A", False)],
)
def test_names(name: str, valid: bool) -> None:
    found = rejections(service(predictor(CUSTOM), name=name))
    if valid:
        assert found == []
        return
    assert said(found) == [
        (
            "invalid-name",
            (
                f'the InferenceService "{name}" is invalid: a InferenceService name must consist '
                "of lower case alphanumeric characters or '-', and must start with alphabetical "
                'character. (e.g. "my-name" or "abc-123", regex used for validation is '
                "'[a-z]([-a-z0-9]*[a-z0-9])?')"
            ),
        )
    ]


def test_autoscaler_classes() -> None:
    refused = rejections(service(predictor(CUSTOM), f"{S}/autoscalerClass: HPA"))
    assert said(refused) == [
        ("unknown-autoscaler-class", "[HPA] is not a supported autoscaler class type")
    ]
    assert rejections(service(predictor(CUSTOM), f"{S}/autoscalerClass: external")) == []


def test_the_order_is_the_webhooks() -> None:
    text = predictor("containerConcurrency: -1, storageUris: [{uri: ''}]")
    found = rejections(service(text, f"{S}/autoscalerClass: x", name="1"))
    assert [failure.code for failure in found] == [
        "invalid-name",
        "unknown-autoscaler-class",
        "empty-storage-uri",
        "exactly-one-implementation",
        "negative-concurrency",
    ]


def test_the_second_implementation_is_the_wrong_one() -> None:
    isvc = service("predictor: {containers: [{name: kserve-container}], model: {}}")
    (failure,) = rejections(isvc)
    assert failure.node is isvc.resource.body.at("spec", "predictor", "model")


def test_pythonpath_was_free_before_019() -> None:
    text = predictor("containers: [{env: [{name: PYTHONPATH}]}]")
    assert rejections(service(text, version="0.16")) == []
    assert rejections(service(text, version="0.17")) == []


def test_an_unknown_mode_refuses_nothing() -> None:
    text = predictor(f"{CUSTOM}, deploymentStrategy: {{type: Recreate}}")
    assert rejections(service(text, settings=kserve_settings.defaults("0.19"))) == []
    assert rejections(service(text, mode="Knative")) != []


def test_templates_are_not_judged() -> None:
    text = predictor(f"{CUSTOM}, scaleMetric: '{{{{ m }}}}', minReplicas: '{{{{ n }}}}'")
    annotations = f"{S}/autoscalerClass: '{{{{ c }}}}'"
    assert rejections(service(text, annotations, name="'{{ name }}'")) == []


CONTROLLER = [
    ("storage-uri-and-path",
     predictor("model: {modelFormat: {name: a}, storageUri: 's3://b', storage: {path: p}}"),
     predictor("model: {modelFormat: {name: a}, storageUri: 's3://b', storage: {key: p}}"), "",
     "must provide only one of storageUri and storage.path"),
    ("unknown-autoscaler-class",
     predictor(f"{CUSTOM}, annotations: {{{S}/autoscalerClass: kpa}}"),
     predictor(f"{CUSTOM}, annotations: {{{S}/autoscalerClass: keda}}"), "",
     "fails to create NewRawKubeReconciler for predictor: unknown autoscaler class type: kpa"),
    ("unsupported-deployment-mode",
     predictor(f"{CUSTOM}, annotations: {{{S}/deploymentMode: Serverless}}"),
     predictor(f"{CUSTOM}, annotations: {{{S}/deploymentMode: RawDeployment}}"), "",
     ("fails to create NewRawKubeReconciler for predictor: unsupported deployment mode for "
     "workload: Knative")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "bad", "good", "annotations", "message"), CONTROLLER, ids=names_of(CONTROLLER)
)
def test_controller(code: str, bad: str, good: str, annotations: str, message: str) -> None:
    refused = controller_refusals(service(bad, annotations))
    assert said(refused) == [(code, message)]
    assert {failure.stage for failure in refused} == {"controller"}
    assert controller_refusals(service(good, annotations)) == []


def test_an_unknown_mode_annotation_falls_back_and_then_fails() -> None:
    isvc = service(predictor(CUSTOM), f"{S}/deploymentMode: standard")
    assert isvc.mode.name == "Standard"
    assert [failure.code for failure in controller_refusals(isvc)] == [
        "unsupported-deployment-mode"
    ]


@pytest.mark.parametrize(
    ("uri", "accepted"),
    [
        ("ms://a/b", False),
        ("S3://a/b", False),
        ("/mnt/x", True),
        ("pvc://c/d", True),
        ("hf://a/b", True),
        ("https://a.blob.core.windows.net/b/c", True),
        ("https://a.blob.core.windows.net", False),
        ("{{ scheme }}://x", True),
    ],
)
def test_storage_schemes(uri: str, accepted: bool) -> None:
    listed = "gs://, s3://, pvc://, file://, https://, http://, hdfs://, webhdfs://, oci://, hf://"
    model = predictor(f"model: {{modelFormat: {{name: a}}, storageUri: '{uri}'}}")
    custom = predictor(f"containers: [{{env: [{{name: STORAGE_URI, value: '{uri}'}}]}}]")
    for text in (model, custom):
        found = [failure.message for failure in controller_refusals(service(text))]
        assert found == (
            []
            if accepted
            else [
                (
                    f"StorageURI not supported: storageUri, must be one of: [{listed}] or match "
                    "https://{}.blob.core.windows.net/{}/{} or be an absolute or "
                    "relative local path. "
                    f"StorageUri [{uri}] is not supported"
                )
            ]
        )


@pytest.mark.parametrize(
    ("container", "accepted"),
    [
        ("spec: {supportedUriFormats: [{prefix: 'ms://'}]}", True),
        ("spec: {supportedUriFormats: [{regex: '^m.://'}]}", True),
        ("spec: {supportedUriFormats: [{regex: '('}]}", True),
        ("spec: {supportedUriFormats: [{prefix: 'mm://', regex: '^ms'}]}", False),
        ("spec: {workloadType: localModelDownloadJob, supportedUriFormats: [{prefix: ms}]}", False),
        ("disabled: true, spec: {supportedUriFormats: [{prefix: 'ms://'}]}", False),
    ],
)
def test_storage_containers_of_the_input_count(container: str, accepted: bool) -> None:
    more = f"""
---
{{apiVersion: serving.kserve.io/v1alpha1, kind: ClusterStorageContainer, metadata: {{name: x}},
  {container}}}
"""
    text = predictor("model: {modelFormat: {name: a}, storageUri: 'ms://a'}")
    assert (controller_refusals(service(text, more=more)) == []) is accepted
