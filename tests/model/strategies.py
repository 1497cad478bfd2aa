"""Hypothesis strategies: Kubernetes and KServe objects as plain data, and YAML texts of them.

`inference_services`, `serving_runtimes`, `deployments` and `settings_data` are valid, or nearly:
what an API server would take or refuse with a message. `spoiled` puts junk anywhere in them.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from kslint.graph.graph import Graph
from kslint.source.files import Source
from kslint.source.load import Input, load_source

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Object = dict[str, Any]

NAMESPACE = "models"
STOCK_RUNTIMES = ("kserve-sklearnserver", "kserve-huggingfaceserver", "kserve-tritonserver")
OWN_RUNTIMES = ("own-a", "own-b")
FORMATS = ("sklearn", "huggingface", "triton", "own")
FRAMEWORKS = ("sklearn", "xgboost", "pytorch", "triton", "onnx", "huggingface", "lightgbm")

names = st.from_regex(r"[a-z]([-a-z0-9]{0,6}[a-z0-9])?", fullmatch=True)
quantities: SearchStrategy[Any] = st.sampled_from(
    [
        "1", "2", "500m", "1500m", "0.5", "1.5", ".5", "2.", "1e3", "12E6", "100k", "1Gi",
        "0.5Gi", "1024Mi", "2000M", "128974848", "1E", "100n", 1, 2, 0.5, 4, "+1",
    ]
)  # fmt: skip
texts = st.sampled_from(
    [
        "a", "1", "true", "y", "null", "a: b", "# no", "é", "日本語", "😀", "--flag=x", "'", '"',
        "a\nb", "a\n", " lead", "trail ", "$(OTHER)", "%", "1:30", "2024-01-01", "0x1f", "1e3", "-",
        "a\\b", "{x}", "[x]", "*x", "&x", "!x", "|", ">", "@x", "`x`", "~", "=", "<<", "\tx",
        "a\u2028b", "a\x85b", "\ufeffx",
    ]
)  # fmt: skip


def _some(required: dict[str, Any], optional: dict[str, Any]) -> SearchStrategy[Object]:
    return st.fixed_dictionaries(required, optional=optional)


resources = _some(
    {},
    {
        side: st.dictionaries(
            st.sampled_from(["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage"]),
            quantities,
            max_size=3,
        )
        for side in ("requests", "limits")
    },
)
handlers = st.one_of(
    st.fixed_dictionaries(
        {"httpGet": _some({"port": st.just(8080)}, {"path": st.just("/health")})}
    ),
    st.just({"tcpSocket": {"port": 8080}}),
    st.just({"exec": {"command": ["true"]}}),
)
probes = st.builds(
    lambda handler, rest: {**handler, **rest},
    handlers,
    _some({}, {f: st.integers(1, 600) for f in ("periodSeconds", "failureThreshold")}),
)


def _name(item: Object) -> str:
    return str(item["name"])


env_vars: SearchStrategy[Object] = st.one_of(
    _some({"name": st.sampled_from(["A", "B", "C", "HF_TOKEN"])}, {"value": texts}),
    st.just({"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "token"}}}),
)
environments = st.lists(env_vars, max_size=4, unique_by=_name)
ports = st.lists(
    _some(
        {"containerPort": st.sampled_from([80, 8080, 8443, 9000])},
        {"name": st.sampled_from(["http1", "h2c", "metrics"]), "protocol": st.just("TCP")},
    ),
    max_size=3,
    unique_by=lambda item: item["containerPort"],
)
volumes = st.lists(
    st.one_of(
        st.just({"name": "cache", "persistentVolumeClaim": {"claimName": "model-cache"}}),
        st.just({"name": "shm", "emptyDir": {"medium": "Memory"}}),
        st.just({"name": "tmp", "emptyDir": {}}),
        st.just({"name": "config", "configMap": {"name": "c"}}),
    ),
    max_size=3,
    unique_by=_name,
)
volume_mounts = st.lists(
    _some(
        {
            "name": st.sampled_from(["cache", "shm", "tmp", "config"]),
            "mountPath": st.sampled_from(["/models", "/data/shm", "/data/", "/mnt/models"]),
        },
        {"readOnly": st.booleans(), "subPath": st.just("x")},
    ),
    max_size=3,
    unique_by=lambda item: item["mountPath"],
)
images = st.sampled_from(
    ["a", "a:1", "a:latest", "registry:5000/a", "a@sha256:" + "0" * 64, "vllm/vllm-openai:v0.23.0"]
)
_CONTAINER: dict[str, SearchStrategy[Any]] = {
    "image": images,
    "args": st.lists(texts, max_size=3),
    "command": st.lists(texts, max_size=2),
    "env": environments,
    "ports": ports,
    "resources": resources,
    "volumeMounts": volume_mounts,
    "readinessProbe": probes,
    "livenessProbe": probes,
    "startupProbe": probes,
    "workingDir": st.just("/w"),
    "imagePullPolicy": st.sampled_from(["Always", "Never"]),
    "securityContext": st.just({"runAsNonRoot": True}),
}


def containers(name: str) -> SearchStrategy[Object]:
    return _some({"name": st.just(name)}, _CONTAINER)


pod_fields: dict[str, SearchStrategy[Any]] = {
    "volumes": volumes,
    "nodeSelector": st.dictionaries(names, texts, max_size=2),
    "tolerations": st.lists(st.just({"key": "gpu", "operator": "Exists"}), max_size=1),
    "serviceAccountName": names,
    "imagePullSecrets": st.lists(st.fixed_dictionaries({"name": names}), max_size=1),
    "restartPolicy": st.just("Always"),
    "terminationGracePeriodSeconds": st.integers(0, 900),
}
pod_specs = _some({"containers": st.tuples(containers("main")).map(list)}, pod_fields)

steps = st.sampled_from([0, 1, 2, "0%", "25%", "100%"])
strategies_ = st.one_of(
    st.just({"type": "Recreate"}),
    st.just({"type": "RollingUpdate"}),
    _some(
        {"type": st.just("RollingUpdate")},
        {"rollingUpdate": _some({}, {"maxSurge": steps, "maxUnavailable": steps})},
    ),
    st.just({"rollingUpdate": {"maxSurge": 1}}),
)
_COMPONENT: dict[str, SearchStrategy[Any]] = {
    "minReplicas": st.integers(0, 4),
    "maxReplicas": st.integers(0, 4),
    "deploymentStrategy": strategies_,
    "annotations": st.dictionaries(st.sampled_from(["x", "y"]), texts, max_size=2),
    "labels": st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["", "1"]), max_size=2),
    "scaleTarget": st.integers(1, 100),
    "scaleMetric": st.sampled_from(["cpu", "memory", "rps", "concurrency"]),
    "containerConcurrency": st.integers(0, 9),
    "canaryTrafficPercent": st.just(10),
    "batcher": st.just({"maxBatchSize": 8}),
    "logger": st.just({"mode": "all", "url": "http://log"}),
    "autoScaling": st.just(
        {
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}
            ]
        }
    ),
}
_WORKERS = st.fixed_dictionaries(
    {"pipelineParallelSize": st.integers(1, 3), "tensorParallelSize": st.integers(1, 3)},
    optional={"containers": st.tuples(containers("worker-container")).map(list)},
)


@st.composite
def custom_predictors(draw: st.DrawFn) -> Object:
    """Containers of the user's own; the server mostly named, and mostly first."""
    server = draw(containers("kserve-container"))
    others = draw(st.lists(st.sampled_from(["side", "proxy"]), max_size=2, unique=True))
    found = [server, *(draw(containers(name)) for name in others)]
    if len(found) > 1 and draw(st.booleans()):
        found.reverse()
    if len(found) == 1 and draw(st.booleans()):
        server["name"] = "web"
    return {"containers": found, **draw(_some({}, {**pod_fields, **_COMPONENT}))}


@st.composite
def model_predictors(draw: st.DrawFn) -> Object:
    """A model with a stock runtime, one of the input, one by selection, or one that is nowhere."""
    runtime = draw(st.sampled_from([*STOCK_RUNTIMES, *OWN_RUNTIMES, "missing", None]))
    optional = {
        "storageUri": st.sampled_from(["pvc://cache/x", "s3://b/x", "hf://a/b", "oci://r/m:1"]),
        "protocolVersion": st.sampled_from(["v1", "v2"]),
        "runtimeVersion": st.just("v9"),
        **_CONTAINER,
    }
    model = {
        "modelFormat": {"name": draw(st.sampled_from(FORMATS))},
        **({} if runtime is None else {"runtime": runtime}),
        **draw(_some({}, optional)),
    }
    fields = {**pod_fields, **_COMPONENT}
    if runtime in OWN_RUNTIMES:
        fields["workerSpec"] = _WORKERS
    return {"model": model, **draw(_some({}, fields))}


@st.composite
def legacy_predictors(draw: st.DrawFn) -> Object:
    """One of the framework keys that the webhook turns into `model`."""
    block = draw(_some({}, {"storageUri": st.just("s3://b/x"), **_CONTAINER}))
    return {draw(st.sampled_from(FRAMEWORKS)): block, **draw(_some({}, _COMPONENT))}


predictors = st.one_of(custom_predictors(), model_predictors(), legacy_predictors())
ANNOTATIONS: dict[str, SearchStrategy[Any]] = {
    "serving.kserve.io/deploymentMode": st.sampled_from(["Standard", "RawDeployment"]),
    "serving.kserve.io/autoscalerClass": st.sampled_from(["hpa", "none", "external", "keda"]),
    "owner": texts,
}


@st.composite
def inference_services(draw: st.DrawFn, predictor: SearchStrategy[Object] = predictors) -> Object:
    metadata: Object = {"name": draw(names), "namespace": NAMESPACE}
    annotations = draw(_some({}, ANNOTATIONS))
    if annotations:
        metadata["annotations"] = annotations
    spec: Object = {"predictor": draw(predictor)}
    if draw(st.integers(0, 3)) == 0:
        spec["transformer"] = {"containers": [draw(containers("front"))], **draw(_replicas)}
    if draw(st.integers(0, 5)) == 0:
        art: Object = {"art": {"type": "SquareAttack", "args": ["--x"]}}
        spec["explainer"] = draw(st.one_of(st.just(art), pod_specs))
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": metadata,
        "spec": spec,
    }


_replicas = _some({}, {"minReplicas": st.integers(0, 3), "maxReplicas": st.integers(0, 3)})


_RUNTIME: dict[str, SearchStrategy[Any]] = {
    "volumes": volumes,
    "nodeSelector": pod_fields["nodeSelector"],
    "multiModel": st.just(False),
    "protocolVersions": st.lists(st.sampled_from(["v1", "v2"]), max_size=2, unique=True),
    "workerSpec": st.fixed_dictionaries(
        {"containers": st.tuples(containers("worker-container")).map(list)}
    ),
}


@st.composite
def serving_runtimes(draw: st.DrawFn, name: str = OWN_RUNTIMES[0]) -> Object:
    cluster = draw(st.booleans())
    kind = "ClusterServingRuntime" if cluster else "ServingRuntime"
    server = {"image": "r:1", **draw(containers("kserve-container"))}
    formats = st.fixed_dictionaries(
        {"name": st.sampled_from(FORMATS), "autoSelect": st.booleans()},
        optional={"priority": st.integers(1, 3), "version": st.just("1")},
    )
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, **({} if cluster else {"namespace": NAMESPACE})},
        "spec": {
            "supportedModelFormats": draw(st.lists(formats, min_size=1, max_size=4)),
            "containers": [server],
            **draw(_some({}, _RUNTIME)),
        },
    }


@st.composite
def deployments(draw: st.DrawFn) -> Object:
    spec = draw(
        _some(
            {},
            {
                "replicas": st.integers(0, 5),
                "strategy": strategies_,
                "progressDeadlineSeconds": st.integers(1, 9999),
                "minReadySeconds": st.integers(0, 60),
            },
        )
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": draw(names), "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": draw(pod_specs)},
            **spec,
        },
    }


settings_data: SearchStrategy[Object] = _some(
    {"deploy": st.just({"defaultDeploymentMode": "Standard"})},
    {
        "inferenceService": st.fixed_dictionaries(
            {
                "resource": _some(
                    {},
                    {
                        field: st.sampled_from(["", "1", "2", "250m", "1Gi"])
                        for field in ("cpuLimit", "cpuRequest", "memoryLimit", "memoryRequest")
                    },
                )
            }
        ),
        "security": st.fixed_dictionaries({"autoMountServiceAccountToken": st.booleans()}),
        "service": st.fixed_dictionaries({"serviceClusterIPNone": st.booleans()}),
        "ingress": st.just(
            {
                "enableGatewayApi": True,
                "kserveIngressGateway": "kserve/gate",
                "ingressGateway": "knative-serving/gate",
                "ingressDomain": "example.com",
            }
        ),
    },
)
"""The keys of ConfigMap inferenceservice-config, each value the JSON below it as plain data."""


def config_map(data: Object) -> Object:
    """ConfigMap inferenceservice-config as the chart renders it: JSON texts."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "inferenceservice-config", "namespace": "kserve"},
        "data": {key: json.dumps(value, indent=1) for key, value in data.items()},
    }


_applications = st.fixed_dictionaries(
    {
        "apiVersion": st.just("argoproj.io/v1alpha1"),
        "kind": st.just("Application"),
        "metadata": st.just({"name": "kserve", "namespace": "argocd"}),
        "spec": st.fixed_dictionaries(
            {
                "source": st.fixed_dictionaries(
                    {
                        "repoURL": st.just("ghcr.io/kserve/charts"),
                        "chart": st.just("kserve-resources"),
                        "targetRevision": st.sampled_from(["v0.16.0", "v0.19.0", "0.20.0", "main"]),
                        "helm": _some(
                            {},
                            {
                                "values": st.just("kserve: {version: v9}"),
                                "valuesObject": st.just({"kserve": {"agent": {"tag": "x"}}}),
                                "valueFiles": st.just(["values.yaml"]),
                                "parameters": st.just([{"name": "kserve.a[0].b", "value": "1"}]),
                            },
                        ),
                    }
                )
            }
        ),
    }
)


@st.composite
def worlds(draw: st.DrawFn) -> list[Object]:
    """One InferenceService with what it may need, all in one input."""
    found: list[Object] = [draw(inference_services())]
    found += [draw(serving_runtimes(name)) for name in OWN_RUNTIMES if draw(st.booleans())]
    if draw(st.booleans()):
        found.append(config_map(draw(settings_data)))
    if draw(st.booleans()):
        found.append(draw(deployments()))
    return found


_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e300]),
    texts,
    st.sampled_from(["", "\x00", "x" * 5000, "9" * 5000, "{{ .Name }}", "{{", "$(A)" * 50]),
    st.text(max_size=5).map(lambda text: text.encode("utf-8", "replace").decode()),
)
_DEEP: list[Any] = [[[[[[[[]]]]]]]]
junk: SearchStrategy[Any] = st.deferred(
    lambda: st.one_of(
        _leaves,
        st.just(_DEEP),
        st.lists(junk, max_size=2),
        st.dictionaries(st.sampled_from("abc"), junk, max_size=2),
    )
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, child in value.items():
            found += _paths(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            found += _paths(child, (*path, index))
    return found


@st.composite
def spoiled(draw: st.DrawFn, objects: SearchStrategy[Object]) -> Object:
    """An object with junk in place of up to four of its parts, whatever they are."""
    body: Object = copy.deepcopy(draw(objects))
    for _ in range(draw(st.integers(1, 4))):
        paths = [path for path in _paths(body) if path not in (("apiVersion",), ("kind",))]
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        holder: Any = body
        for step in way:
            holder = holder[step]
        action = draw(st.integers(0, 3))
        if action == 0 and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(draw(junk)))
        elif action == 1 and isinstance(holder[last], (dict, list)):
            holder[last] = [holder[last]] if isinstance(holder[last], dict) else {"a": holder[last]}
        else:
            holder[last] = copy.deepcopy(draw(junk))
    return body


hostile_worlds: SearchStrategy[list[Object]] = st.tuples(
    spoiled(inference_services()),
    st.one_of(serving_runtimes(), spoiled(serving_runtimes())),
    spoiled(settings_data.map(config_map)),
    spoiled(deployments()),
    spoiled(_applications),
).map(list)


def text_of(body: Any, flow_below: int = 99) -> str:
    """YAML of plain data: block style down to a depth, JSON below it; strings in JSON's quotes."""
    return "".join(f"{line}\n" for line in _block(body, "", flow_below))


def _json(value: Any) -> str:
    """JSON that is YAML too: what YAML takes for a line break, or not at all, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    escaped = [
        char if char.isprintable() else f"\\u{ord(char):04x}" if ord(char) < 65536 else char
        for char in text
    ]
    return "".join(escaped)


def _block(value: Any, indent: str, depth: int) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict) and _is_block(value, depth):
        for key, child in value.items():
            head = f"{indent}{_json(key)}:"
            if _is_block(child, depth - 1):
                lines += [head, *_block(child, indent + "  ", depth - 1)]
            else:
                lines.append(f"{head} {_json(child)}")
    elif _is_block(value, depth):
        for child in value:
            first, *rest = _block(child, indent + "  ", depth - 1)
            lines += [f"{indent}- {first.lstrip(' ')}", *rest]
    else:
        lines.append(indent + _json(value))
    return lines


def _is_block(value: Any, depth: int) -> bool:
    return depth > 0 and isinstance(value, (dict, list)) and bool(value)


def input_of(objects: list[Object], flow_below: int = 99) -> tuple[Source, Input]:
    """One file of all objects, read as kslint reads it."""
    text = "---\n".join(text_of(body, flow_below) for body in objects)
    source = Source("world.yaml", text.encode("utf-8", "replace"))
    loaded = Input([], [], [])
    load_source(source, loaded)
    return source, loaded


def graph_of(objects: list[Object]) -> Graph:
    return Graph(input_of(objects)[1])
