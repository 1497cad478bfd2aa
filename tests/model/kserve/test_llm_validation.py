"""Everything that refuses an LLMInferenceService, with the messages of KServe v0.19.0."""

from __future__ import annotations

import pytest

from kslint.graph.graph import Graph
from kslint.model.kserve import settings
from kslint.model.kserve.admission.kinds import of_llm
from kslint.model.kserve.admission.llm import llm_config_rejections, llm_rejections
from kslint.model.kserve.llm.service import LLMInferenceService
from kslint.source.files import Source
from kslint.source.load import Input, load_source

HEAD = """
apiVersion: serving.kserve.io/%s
kind: LLMInferenceService
metadata: {name: llm, namespace: team}
spec:
"""
WORKER = (
    "when worker is specified, parallelism must be configured for either data parallelism "
    "or pipeline parallelism"
)
HTTP = "spec.router.route.http"
SCALING = "spec.scaling"
CONFIG = "spec.router.scheduler.config"
LORA = "spec.model.lora"


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("in.yaml", text.encode()), loaded)
    assert not loaded.troubles, loaded.troubles
    return Graph(loaded)


def service_of(spec: str, version: str = "v1alpha2", rest: str = "") -> LLMInferenceService:
    if "model:" not in spec:
        spec += "\nmodel: {uri: hf://a/b}"
    body = "".join(f"  {line}\n" for line in spec.strip().splitlines())
    graph = graph_of(HEAD % version + body + rest)
    (resource,) = graph.of_kind("LLMInferenceService")
    return LLMInferenceService(resource, graph, settings.defaults("0.19"))


def failures(spec: str, version: str = "v1alpha2", rest: str = "") -> list[tuple[str, str, str]]:
    """Stage, path and message of each failure."""
    service = service_of(spec, version, rest)
    return [(f.stage, f.code, f.message) for f in llm_rejections(service)]


VALID = [
    "replicas: 1",
    "worker: {}\nparallelism: {data: 4, dataLocal: 2}",
    "worker: {}\nparallelism: {pipeline: 2, tensor: 2}",
    "parallelism: {tensor: 0}",
    "prefill: {worker: {}, parallelism: {pipeline: 1}}",
    "router: {route: {http: {refs: [{name: a}]}}}",
    "router: {route: {http: {refs: [{name: a}]}}, gateway: {refs: [{name: g}]}}",
    "router: {route: {http: {spec: {}}}, gateway: {}}",
    "router: {scheduler: {replicas: 1, config: {inline: {a: 1}}}}",
    "router: {scheduler: {config: {ref: {name: a}}}}",
    "scaling: {maxReplicas: 2, wva: {hpa: {}}}",
    "scaling: {minReplicas: 2, maxReplicas: 2, wva: {variantCost: '0.5', keda: {}}}",
    "scaling: {minReplicas: 1, maxReplicas: 2, wva: {keda: {idleReplicaCount: 0}}}",
    "model: {uri: hf://a/b, lora: {maxRank: 1, adapters: [{name: x, uri: hf://x/y}]}}",
]


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha2"])
@pytest.mark.parametrize("spec", VALID)
def test_valid_services_are_not_refused(spec: str, version: str) -> None:
    assert failures(spec, version) == []


REFUSED = [
    (
        "router: {route: {http: {refs: [{name: a}], spec: {}}}}",
        HTTP,
        (
            f"unsupported configuration: cannot use both custom HTTPRoute refs ('{HTTP}.refs') "
            f"and an inline route spec ('{HTTP}.spec'); choose one"
        ),
    ),
    (
        "router: {route: {http: {refs: [{name: a}]}}, gateway: {}}",
        f"{HTTP}.refs",
        (
            f"unsupported configuration: custom HTTP routes ('{HTTP}.refs') cannot be used with a "
            f"managed gateway ('spec.router.gateway'); either remove '{HTTP}.refs' or set "
            "'spec.router.gateway.refs'"
        ),
    ),
    ("worker: {}", "spec.worker", WORKER),
    ("worker: {}\nparallelism: {tensor: 2}", "spec.worker", WORKER),
    ("prefill: {worker: {}}", "spec.prefill.worker", WORKER),
    (
        "parallelism: {pipeline: 2, data: 2, dataLocal: 1}",
        "spec.parallelism",
        (
            "cannot set both pipeline parallelism and data parallelism (data or dataLocal) "
            "simultaneously"
        ),
    ),
    (
        "parallelism: {data: 2}",
        "spec.parallelism.dataLocal",
        "dataLocal must be set when data is set",
    ),
    (
        "prefill: {parallelism: {dataLocal: 2}}",
        "spec.prefill.parallelism.data",
        "data must be set when dataLocal is set",
    ),
    (
        "parallelism: {pipeline: 0}",
        "spec.parallelism.pipeline",
        "pipeline parallelism must be greater than 0",
    ),
    (
        "parallelism: {data: 0, dataLocal: 1}",
        "spec.parallelism.data",
        "data parallelism must be greater than 0",
    ),
    (
        "parallelism: {data: 1, dataLocal: -1}",
        "spec.parallelism.dataLocal",
        "dataLocal parallelism must be greater than 0",
    ),
    (
        "router: {scheduler: {replicas: 0}}",
        "spec.router.scheduler.replicas",
        "scheduler replicas must be greater than zero",
    ),
    ("router: {scheduler: {config: {}}}", CONFIG, "either inline or ref is required"),
    (
        "router: {scheduler: {config: {inline: {a: 1}, ref: {name: x}}}}",
        CONFIG,
        "both inline and ref are set, either specify inline or ref",
    ),
    (
        "router: {scheduler: {config: {inline: {}}}}",
        f"{CONFIG}.inline",
        "inline configuration is invalid",
    ),
    ("router: {scheduler: {config: {ref: {key: x}}}}", f"{CONFIG}.ref.name", "name is empty"),
    (
        "replicas: 1\nscaling: {maxReplicas: 2, wva: {hpa: {}}}",
        SCALING,
        (
            "scaling and replicas are mutually exclusive; "
            "use scaling for autoscaled deployments or "
            "replicas for static deployments"
        ),
    ),
    (
        "scaling: {minReplicas: 3, maxReplicas: 2, wva: {hpa: {}}}",
        f"{SCALING}.minReplicas",
        "minReplicas (3) cannot exceed maxReplicas (2)",
    ),
    (
        "scaling: {maxReplicas: 2}",
        f"{SCALING}.wva",
        "wva is required when scaling is configured; it provides the autoscaling mechanism",
    ),
    (
        "scaling: {maxReplicas: 2, wva: {hpa: {}, keda: {}}}",
        f"{SCALING}.wva",
        "hpa and keda are mutually exclusive; choose one actuator backend",
    ),
    (
        "scaling: {maxReplicas: 2, wva: {}}",
        f"{SCALING}.wva",
        "either hpa or keda must be specified as the actuator backend",
    ),
    *(
        (
            f"scaling: {{maxReplicas: 2, wva: {{hpa: {{}}, variantCost: '{cost}'}}}}",
            f"{SCALING}.wva.variantCost",
            'variantCost must be a non-negative numeric string (e.g., "10", "10.0", "0.5")',
        )
        for cost in ("-1", "1.", ".5", "1.2.3", "ten", "1e3")
    ),
    (
        "scaling: {maxReplicas: 2, wva: {keda: {advanced: {scalingModifiers: {formula: x}}}}}",
        f"{SCALING}.wva.keda.advanced.scalingModifiers",
        "scalingModifiers must not be set; WVA controls the scaling metric formula and logic",
    ),
    (
        (
            "scaling: {maxReplicas: 2, wva: {keda: {advanced: "
            "{horizontalPodAutoscalerConfig: {name: x}}}}}"
        ),
        f"{SCALING}.wva.keda.advanced.horizontalPodAutoscalerConfig.name",
        "horizontalPodAutoscalerConfig.name must not be set; the controller manages the HPA name",
    ),
    (
        "scaling: {maxReplicas: 2, wva: {keda: {idleReplicaCount: 0}}}",
        f"{SCALING}.minReplicas",
        (
            "minReplicas is required when idleReplicaCount is set; "
            "idleReplicaCount (0) must be less "
            "than minReplicas"
        ),
    ),
    (
        "scaling: {minReplicas: 1, maxReplicas: 2, wva: {keda: {idleReplicaCount: 1}}}",
        f"{SCALING}.wva.keda.idleReplicaCount",
        (
            "idleReplicaCount (1) must be less than minReplicas (1); idleReplicaCount defines the "
            "replica floor when no triggers are active"
        ),
    ),
    (
        (
            "scaling: {maxReplicas: 2, wva: {hpa: {}}}\n"
            "prefill: {scaling: {maxReplicas: 2, wva: {keda: {}}}}"
        ),
        "spec.prefill.scaling.wva",
        (
            "decode and prefill must use the same actuator backend; "
            "decode uses hpa but prefill uses "
            "keda — mixing backends requires two separate metric pipelines and leads to "
            "independent, unsynchronised scaling decisions"
        ),
    ),
]


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha2"])
@pytest.mark.parametrize(("spec", "path", "message"), REFUSED)
def test_refused_by_the_webhook(spec: str, path: str, message: str, version: str) -> None:
    assert failures(spec, version) == [("webhook", path, message)]


@pytest.mark.parametrize(
    ("adapters", "path", "message"),
    [
        ("maxRank: 0", f"{LORA}.maxRank", "maxRank must be at least 1"),
        ("maxAdapters: 0", f"{LORA}.maxAdapters", "maxAdapters must be at least 1"),
        ("maxCpuAdapters: -1", f"{LORA}.maxCpuAdapters", "maxCpuAdapters must be at least 1"),
        (
            "adapters: [{uri: hf://x/y}]",
            f"{LORA}.adapters[0].name",
            "adapter name is required",
        ),
        (
            "adapters: [{name: .., uri: hf://x/y}]",
            f"{LORA}.adapters[0].name",
            'adapter name must not include "." or ".." (path traversal risk)',
        ),
        (
            "adapters: [{name: a, uri: hf://x/y}, {name: a, uri: hf://x/y}]",
            f"{LORA}.adapters[1].name",
            "duplicate name (same as adapters[0])",
        ),
        (
            "adapters: [{name: llm, uri: hf://x/y}]",
            f"{LORA}.adapters[0].name",
            'adapter name must differ from base model name "llm"',
        ),
    ],
)
def test_lora_is_refused_by_v1alpha2_and_by_the_controller_for_v1alpha1(
    adapters: str, path: str, message: str
) -> None:
    spec = f"model: {{uri: hf://a/b, lora: {{{adapters}}}}}"
    assert failures(spec) == [("webhook", path, message)]
    assert failures(spec, "v1alpha1") == [("controller", path, message)]


def test_parent_refs_beside_gateway_refs() -> None:
    def spec(parent: str) -> str:
        return (
            f"router: {{route: {{http: {{spec: {{parentRefs: [{parent}]}}}}}}, "
            "gateway: {refs: [{name: g, namespace: n}]}}"
        )

    start = "unsupported configuration: managed HTTP route spec ('spec.router.route.http.spec') "
    end = (
        "custom gateway refs ('spec.router.gateway.refs'); either remove "
        "'spec.router.gateway.refs' or 'spec.router.route.http.spec.parentRefs'"
    )
    same, other = "{name: g, namespace: n, kind: Gateway}", "{name: g}"
    assert failures(spec(same)) == []
    assert [m for _, _, m in failures(spec(other))] == [
        f"{start}has parentRefs that conflict with {end}"
    ]
    for parent in (same, other):
        assert [m for _, _, m in failures(spec(parent), "v1alpha1")] == [
            f"{start}cannot be used with {end}"
        ]


def test_the_controller_refuses_what_only_the_merge_shows() -> None:
    base = (
        "---\napiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\n"
        "metadata: {name: a, namespace: kserve}\nspec: {replicas: 2}\n"
    )
    (failure,) = failures(
        "baseRefs: [{name: a}]\nscaling: {maxReplicas: 2, wva: {hpa: {}}}", rest=base
    )
    assert failure[:2] == ("controller", "spec.scaling")
    assert failures("baseRefs: [{name: other}]\nscaling: {maxReplicas: 2, wva: {hpa: {}}}") == []


@pytest.mark.parametrize(
    ("uri", "enabled", "message"),
    [
        ("oci://a/b", "true", "oci:// is not supported for LoRA adapters; use hf://, s3://, or "),
        ("gs://a/b", "true", 'unsupported URI scheme "gs://"; supported schemes are hf://, s3:'),
        ("a/b", "true", 'invalid URI "a/b"'),
        ("hf://a/b", "false", "hf:// and s3:// require the storage initializer — set storageIn"),
        ("pvc://a/b", "false", "pvc:// requires a mounted volume — do not set storageInitializ"),
    ],
)
def test_adapters_the_controller_cannot_attach(uri: str, enabled: str, message: str) -> None:
    spec = (
        f"model: {{uri: hf://a/b, lora: {{adapters: [{{name: x, uri: '{uri}'}}]}}}}\n"
        f"storageInitializer: {{enabled: {enabled}}}"
    )
    ((stage, path, said),) = failures(spec)
    assert (stage, path) == ("controller", "spec.model.lora.adapters[0].uri")
    assert said.startswith(f'LoRA adapter "x": {message}')


@pytest.mark.parametrize(
    ("prometheus", "message"),
    [
        (
            "{}",
            (
                "autoscaling-wva-controller-config.prometheus.url is required in "
                "inferenceservice-config when using KEDA"
            ),
        ),
        (
            '{"prometheus": {"url": "http://p", "authModes": "bearer"}}',
            (
                "autoscaling-wva-controller-config.prometheus.authModes and "
                "autoscaling-wva-controller-config.prometheus.triggerAuthName must both be set or "
                "both be empty"
            ),
        ),
        ('{"prometheus": {"url": "http://p"}}', None),
    ],
)
def test_keda_needs_prometheus_in_the_config_map(prometheus: str, message: str | None) -> None:
    service = HEAD % "v1alpha2" + (
        "  model: {uri: hf://a/b}\n  scaling: {maxReplicas: 2, wva: {keda: {}}}\n"
    )
    graph = graph_of(
        service + "---\napiVersion: v1\nkind: ConfigMap\n"
        "metadata: {name: inferenceservice-config, namespace: kserve}\n"
        f"data: {{autoscaling-wva-controller-config: '{prometheus}'}}\n"
    )
    (resource,) = graph.of_kind("LLMInferenceService")
    (found,) = settings.resolve(graph)
    messages = [f.message for f in llm_rejections(LLMInferenceService(resource, graph, found))]
    assert messages == ([message] if message else [])


def test_configs() -> None:
    graph = graph_of(
        "apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\n"
        "metadata: {name: a}\n"
        "spec: {baseRefs: [{name: b}], router: {scheduler: {replicas: 0}}}\n"
        "---\napiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\n"
        "metadata: {name: b}\nspec: {replicas: 1}\n"
    )
    first, second = graph.of_kind("LLMInferenceServiceConfig")
    assert [(f.code, f.message) for f in llm_config_rejections(first)] == [
        (
            "spec.baseRefs",
            (
                "baseRefs is not a permitted field in LLMInferenceServiceConfig, support for "
                "recursive refs has been disabled"
            ),
        ),
        ("spec.router.scheduler.replicas", "scheduler replicas must be greater than zero"),
    ]
    assert llm_config_rejections(second) == []


def test_failures_point_at_what_was_written() -> None:
    graph = graph_of(HEAD % "v1alpha2" + "  parallelism:\n    data: 2\n")
    (resource,) = graph.of_kind("LLMInferenceService")
    (failure,) = llm_rejections(LLMInferenceService(resource, graph, settings.defaults("0.19")))
    assert failure.node.place is not None
    assert failure.node.place.line == 7


ROUTE = "router: {route: {http: {spec: {rules: [%s]}}}}"
POOL = "router: {scheduler: {pool: {spec: {targetPorts: [{number: 1}], endpointPickerRef: %s}}}}"
NO_PORT = (
    'spec.router.scheduler.pool.spec.endpointPickerRef: Invalid value: "object": port is required '
    "when kind is 'Service' or unspecified (defaults to 'Service')"
)
NO_SLASH = (
    f'{HTTP}.spec.rules[0].matches[0].path: Invalid value: "object": value must be an absolute '
    "path and start with '/' when type one of ['Exact', 'PathPrefix']"
)
NO_BACKEND_PORT = (
    f'{HTTP}.spec.rules[0].backendRefs[0]: Invalid value: "object": Must have port for Service '
    "reference"
)


@pytest.mark.parametrize(
    ("spec", "version", "said"),
    [
        (ROUTE % "{backendRefs: [{name: a, port: 80}]}", "v1alpha2", []),
        (ROUTE % "{matches: [{path: {value: /v1}}]}", "v1alpha1", []),
        (
            ROUTE % "{matches: [{path: {value: v1}}], backendRefs: [{name: a}]}",
            "v1alpha1",
            [NO_SLASH, NO_BACKEND_PORT],
        ),
        (POOL % "{name: a, port: {number: 9002}}", "v1alpha2", []),
        (POOL % "{name: a}", "v1alpha1", []),
        (POOL % "{name: a}", "v1alpha2", [NO_PORT]),
    ],
)
def test_rules_of_types_of_other_groups(spec: str, version: str, said: list[str]) -> None:
    prefix = 'LLMInferenceService.serving.kserve.io "llm" is invalid: '
    met = [met.failure for met in of_llm(service_of(spec, version))]
    assert [f.message for f in met if f.stage == "api-server"] == [prefix + one for one in said]
