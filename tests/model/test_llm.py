"""LLMInferenceService: presets, merge, pools, storage and router."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from kslint.graph.graph import ABSENT, FOUND, UNKNOWN, Graph
from kslint.model.kserve import settings
from kslint.model.kserve.admission.llm import llm_config_rejections, llm_rejections
from kslint.model.kserve.llm.configs import SCRIPT, merge_specs, rendered
from kslint.model.kserve.llm.service import LLMInferenceService
from kslint.resources import Resource
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Origin, made

HEAD = """
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: llm, namespace: team}
spec:
  model: {uri: hf://org/model}
"""
CONFIG = """
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: %s, namespace: %s}
spec:
"""
GPU = "{containers: [{name: main, resources: {limits: {nvidia.com/gpu: %s}}}]}"


def graph_of(text: str) -> Graph:
    loaded = Input([], [], [])
    load_source(Source("in.yaml", text.encode()), loaded)
    assert not loaded.troubles, loaded.troubles
    return Graph(loaded)


def llm(spec: str = "", rest: str = "", version: str = "0.19") -> LLMInferenceService:
    graph = graph_of(HEAD + indented(spec) + rest)
    (resource,) = graph.of_kind("LLMInferenceService")
    return LLMInferenceService(resource, graph, settings.defaults(version))


def config(name: str, namespace: str, spec: str) -> str:
    return CONFIG % (name, namespace) + indented(spec)


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").splitlines())


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", ["template"]),
        ("worker: {}\nparallelism: {data: 2, dataLocal: 1}", ["worker-data-parallel"]),
        ("worker: {}\nparallelism: {pipeline: 2}", ["worker-pipeline-parallel"]),
        ("worker: {}", []),
        ("prefill: {}", ["prefill-template", "decode-template"]),
        (
            (
                "prefill: {worker: {}, parallelism: {data: 2, dataLocal: 1}}\n"
                "worker: {}\nparallelism: {pipeline: 2}"
            ),
            ["prefill-worker-data-parallel", "decode-worker-pipeline-parallel"],
        ),
        ("router: {scheduler: {}, route: {}}", ["scheduler", "router-route", "template"]),
        ("router: {scheduler: {pool: {ref: {name: p}}}}", ["template"]),
        ("router: {route: {http: {refs: [{name: r}]}}}", ["template"]),
        ("router: {}", ["template"]),
    ],
)
def test_presets_follow_the_shape(spec: str, expected: list[str]) -> None:
    presets = llm(spec).presets
    assert presets is not None
    assert [p.name for p in presets] == [f"kserve-config-llm-{name}" for name in expected]
    for preset in presets:
        assert preset.shipped is ("pipeline" not in preset.name)
        assert (preset.spec is None) is ("pipeline" in preset.name)


def test_a_baseref_can_change_the_shape() -> None:
    service = llm(
        "baseRefs: [{name: pd}]", config("pd", "kserve", "prefill: {}\nrouter: {scheduler: {}}")
    )
    assert [p.name for p in service.presets or []] == [
        "kserve-config-llm-scheduler",
        "kserve-config-llm-prefill-template",
        "kserve-config-llm-decode-template",
    ]


def test_a_preset_in_the_tree_wins_over_the_shipped_one() -> None:
    own = config(
        "kserve-config-llm-template", "kserve", "template: {containers: [{name: main, image: x}]}"
    )
    service = llm("", own)
    assert service.presets is not None
    assert service.presets[0].answer == FOUND
    (pool,) = service.pools
    assert pool.container is not None
    assert pool.container.string("image") == "x"
    assert pool.serving is None


def test_the_own_namespace_comes_before_kserve() -> None:
    service = llm(
        "baseRefs: [{name: a}]",
        config("a", "kserve", "replicas: 7") + config("a", "team", "replicas: 3"),
    )
    assert service.pools[0].replicas == 3


@pytest.mark.parametrize(
    ("rest", "answer"),
    [
        ("", UNKNOWN),
        (config("b", "team", "{}"), UNKNOWN),
        (config("b", "team", "{}") + config("b", "kserve", "{}"), ABSENT),
        (config("a", "kserve", "{}"), FOUND),
        (config("a", "elsewhere", "{}"), UNKNOWN),
    ],
)
def test_baserefs_are_three_valued(rest: str, answer: str) -> None:
    (ref,) = llm("baseRefs: [{name: a}]", rest).base_refs
    assert ref.answer == answer
    assert not ref.preset


def test_only_presets_that_no_chart_ships_can_be_absent() -> None:
    both = config("x", "team", "{}") + config("x", "kserve", "{}")
    (shipped,) = llm("", both).presets or []
    assert (shipped.answer, shipped.shipped) == (UNKNOWN, True)
    (pipeline,) = llm("worker: {}\nparallelism: {pipeline: 2}", both).presets or []
    assert (pipeline.answer, pipeline.shipped) == (ABSENT, False)


def test_an_unknown_baseref_leaves_everything_else_unknown() -> None:
    service = llm("baseRefs: [{name: a}]")
    assert service.presets is None
    assert service.effective is None
    assert service.total_gpus is None
    (pool,) = service.pools
    assert (pool.pod_spec, pool.replicas, pool.gpus, pool.demand) == (None, None, None, None)


def test_what_the_user_writes_is_known_even_then() -> None:
    service = llm(f"baseRefs: [{{name: a}}]\nreplicas: 2\ntemplate: {GPU % 4}")
    (pool,) = service.pools
    assert (pool.replicas, pool.gpus, pool.total_gpus) == (2, 4, 8)
    assert service.total_gpus is None, "the config may add a prefill pool"


def test_the_effective_pod_is_the_preset_with_the_own_values_over_it() -> None:
    service = llm(
        "template:\n"
        "  containers:\n"
        "  - name: main\n"
        "    image: mine\n"
        "    args: [--x]\n"
        "    env: [{name: HOME, value: /elsewhere}]\n"
        "    startupProbe: {failureThreshold: 0, initialDelaySeconds: 5}\n"
        "    livenessProbe: {timeoutSeconds: 0}\n"
        "  - {name: second, image: other}\n"
    )
    (pool,) = service.pools
    assert pool.pod_spec is not None
    main = pool.container
    assert main is not None
    assert main.string("image") == "mine"
    assert main.at("args") is not None
    assert main.at("args").plain() == ["--x"]  # type: ignore[union-attr]
    env = main.get("env")
    assert env is not None
    values = {item.string("name"): item.string("value") for item in env.elements()}
    assert values["HOME"] == "/elsewhere"
    assert values["VLLM_LOGGING_LEVEL"] == "INFO"
    assert main.integer("startupProbe", "failureThreshold") == 60, "0 is Go's zero"
    assert main.integer("startupProbe", "initialDelaySeconds") == 5
    assert main.integer("livenessProbe", "timeoutSeconds") == 10
    names = [c.string("name") for c in pool.pod_spec.at("containers").elements()]  # type: ignore[union-attr]
    assert sorted(names, key=str) == ["main", "second"]
    assert pool.serving is not None
    assert (pool.serving.port, pool.serving.model) == (8000, "/mnt/models")
    assert main.at("command", 2).text == SCRIPT  # type: ignore[union-attr]


def test_own_args_replace_those_of_a_baseref() -> None:
    base = config("a", "team", "template: {containers: [{name: main, args: [--base, --more]}]}")
    service = llm("baseRefs: [{name: a}]\ntemplate: {containers: [{name: main, args: [-o]}]}", base)
    (pool,) = service.pools
    assert pool.container is not None
    assert pool.container.get("args").plain() == ["-o"]  # type: ignore[union-attr]


def test_a_later_baseref_wins_and_the_own_spec_wins_over_both() -> None:
    rest = config("a", "team", "replicas: 2\nparallelism: {tensor: 2}") + config(
        "b", "team", "replicas: 3"
    )
    (pool,) = llm("baseRefs: [{name: a}, {name: b}]", rest).pools
    assert (pool.replicas, pool.parallelism.tensor) == (3, 2)
    (pool,) = llm("replicas: 0\nbaseRefs: [{name: a}, {name: b}]", rest).pools
    assert pool.replicas == 0, "a pointer to 0 is no zero value"


def test_the_model_name_of_a_baseref_wins_over_the_own_one() -> None:
    assert llm().model_name == "llm"
    service = llm("baseRefs: [{name: a}]", config("a", "team", "model: {uri: '', name: base}"))
    assert service.model_name == "base"
    assert service.effective is not None
    assert service.effective.string("model", "name") == "base"
    assert service.effective.string("model", "uri") == "hf://org/model"


def test_decode_serves_behind_the_sidecar() -> None:
    decode, prefill = llm("prefill: {}").pools
    assert (decode.name, prefill.name) == ("decode", "prefill")
    assert decode.serving is not None
    assert prefill.serving is not None
    assert (decode.serving.port, prefill.serving.port) == (8001, 8000)


def test_templates_of_presets_are_rendered() -> None:
    (pool,) = llm().pools
    assert pool.container is not None
    assert pool.container.string("livenessProbe", "httpGet", "scheme") == "HTTP"
    assert pool.pod_spec is not None
    secrets = [
        volume.string("secret", "secretName")
        for volume in pool.pod_spec.at("volumes").elements()  # type: ignore[union-attr]
        if volume.get("secret") is not None
    ]
    assert secrets == ["llm-kserve-self-signed-certs"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ .ObjectMeta.Name }}-x", "n-x"),
        ("{{ if .GlobalConfig.EnableTLS }}HTTPS{{else}}HTTP{{- end }}", "HTTPS"),
        ("{{ if .GlobalConfig.EnableTLS }}--a{{- end }}", "--a"),
        ("{{ ChildName .ObjectMeta.Name `-y` }}", "n-y"),
        ("{{ .Spec.Model.Name }}", "{{ .Spec.Model.Name }}"),
        ("{{ .Other }}", "{{ .Other }}"),
        ("{{ ChildName .ObjectMeta.Name }}", "{{ ChildName .ObjectMeta.Name }}"),
        ("{% if %}", "{% if %}"),
    ],
)
def test_rendering(text: str, expected: str) -> None:
    node = made({"a": [text]}, Origin("written", "here"))
    values = {".ObjectMeta.Name": "n", ".Spec.Model.Name": None}
    assert rendered(node, values, tls=True).plain() == {"a": [expected]}


@pytest.mark.parametrize(
    ("spec", "pools", "total"),
    [
        (f"replicas: 3\ntemplate: {GPU % 2}", [("main", 3, None, 2, 6)], 6),
        (f"template: {GPU % 1}", [("main", 1, None, 1, 1)], 1),
        ("", [("main", 1, None, 0, 0)], 0),
        (
            f"template: {GPU % 1}\nprefill: {{replicas: 2, template: {GPU % 1}}}",
            [("decode", 1, None, 1, 1), ("prefill", 2, None, 1, 2)],
            3,
        ),
        (
            (
                f"replicas: 2\nparallelism: {{data: 16, dataLocal: 4}}\n"
                f"template: {GPU % 4}\nworker: {GPU % 4}"
            ),
            [("main", 2, 4, 4, 8), ("worker", 6, 4, 4, 24)],
            32,
        ),
        (
            f"parallelism: {{data: 2, dataLocal: 1}}\nworker: {GPU % 1}",
            [("main", 1, 2, 0, 0), ("worker", 1, 2, 1, 1)],
            1,
        ),
        (
            f"scaling: {{minReplicas: 1, maxReplicas: 5, wva: {{hpa: {{}}}}}}\ntemplate: {GPU % 1}",
            [("main", 5, None, 1, 5)],
            5,
        ),
        (f"replicas: 2\ntemplate: {GPU % 'many'}", [("main", 2, None, None, None)], None),
        ("parallelism: {pipeline: 4}", [("main", 1, None, 0, 0)], 0),
    ],
)
def test_pools(
    spec: str,
    pools: list[tuple[str, int, int | None, int | None, int | None]],
    total: int | None,
) -> None:
    service = llm(spec)
    found = [(p.name, p.pods, p.group_size, p.gpus, p.total_gpus) for p in service.pools]
    assert found == pools
    assert service.total_gpus == total


def test_pipeline_workers_have_no_shipped_preset() -> None:
    service = llm(f"worker: {GPU % 2}\nparallelism: {{pipeline: 3}}\ntemplate: {GPU % 2}")
    main, worker = service.pools
    assert main.pod_spec is None
    assert worker.pod_spec is None
    assert (worker.gpus, worker.group_size, worker.pods) == (2, 3, None)
    assert service.total_gpus is None


def test_without_a_leader_template_all_pods_are_workers() -> None:
    own = config(
        "kserve-config-llm-worker-data-parallel", "kserve", "worker: {containers: [{name: main}]}"
    )
    (pool,) = llm(f"worker: {GPU % 1}\nparallelism: {{data: 4, dataLocal: 1}}", own).pools
    assert (pool.name, pool.pods, pool.total_gpus) == ("worker", 4, 4)


def test_home_is_where_the_user_writes() -> None:
    service = llm("template: {containers: []}\nprefill: {replicas: 2}")
    decode, prefill = service.pools
    assert decode.home.get("containers") is not None
    assert prefill.home.integer("replicas") == 2
    assert llm().pools[0].home.get("model") is not None


@pytest.mark.parametrize(
    ("uri", "scheme", "error"),
    [
        ("hf://a/b", "hf", ""),
        ("s3://a/b", "s3", ""),
        ("pvc://claim/path", "pvc", ""),
        ("oci://a/b", "oci", ""),
        ("gs://a/b", "gs", "unsupported schema in model URI: gs://a/b"),
        ("https://a/b", "https", "unsupported schema in model URI: https://a/b"),
        ("/mnt/models", "", "invalid model URI: /mnt/models"),
    ],
)
def test_storage(uri: str, scheme: str, error: str) -> None:
    graph = graph_of(HEAD.replace("hf://org/model", uri))
    service = LLMInferenceService(graph.resources[0], graph, settings.defaults("0.19"))
    storage = service.storage
    assert storage is not None
    assert (storage.scheme, storage.error) == (scheme, error)
    assert (storage.claim is not None) is (scheme == "pvc")
    messages = [f.message for f in llm_rejections(service)]
    assert messages == ([error] if error else [])


def test_storage_without_initializer_takes_any_scheme() -> None:
    graph = graph_of(
        HEAD.replace("hf://org/model", "gs://a/b") + "  storageInitializer: {enabled: false}\n"
    )
    service = LLMInferenceService(graph.resources[0], graph, settings.defaults("0.19"))
    assert service.storage is not None
    assert (service.storage.error, service.storage.downloads) == ("", False)


def test_oci_needs_modelcars() -> None:
    graph = graph_of(HEAD.replace("hf://org/model", "oci://a/b"))
    off = settings.from_data({"storageInitializer": {"enableModelcar": False}}, "0.19")
    storage = LLMInferenceService(graph.resources[0], graph, off).storage
    assert storage is not None
    assert storage.error == "OCI modelcars is not enabled"


def test_the_claim_is_looked_up_in_the_own_namespace() -> None:
    text = HEAD.replace("hf://org/model", "pvc://models/x") + (
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\n"
        "metadata: {name: models, namespace: %s}\n"
    )
    for namespace, answer in (("team", FOUND), ("other", UNKNOWN)):
        graph = graph_of(text % namespace)
        (resource,) = graph.of_kind("LLMInferenceService")
        storage = LLMInferenceService(resource, graph, settings.defaults("0.19")).storage
        assert storage is not None
        assert storage.claim is not None
        assert storage.claim.lookup.answer == answer


def test_router() -> None:
    gateway = (
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
        "metadata: {name: gw, namespace: team}\nspec: {}\n"
    )
    router = llm(
        "router: {scheduler: {}, route: {}, gateway: {refs: [{name: gw}]}}", gateway
    ).router
    assert [(t.name, t.namespace, t.lookup.answer) for t in router.gateways] == [
        ("gw", "team", FOUND)
    ]
    assert router.makes_route
    assert router.default_gateway is None
    assert router.scheduler is not None
    assert router.pool is None
    router = llm("router: {route: {}}").router
    assert router.scheduler is None
    assert router.default_gateway is not None
    assert (router.default_gateway.name, router.default_gateway.namespace) == (
        "kserve-ingress-gateway",
        "kserve",
    )
    router = llm(
        "router: {scheduler: {pool: {ref: {name: p}}, config: {ref: {name: cm}}},"
        " route: {http: {refs: [{name: r}]}}}"
    ).router
    assert router.pool is not None
    assert router.pool.name == "p"
    assert router.config is not None
    assert [t.name for t in router.routes] == ["r"]
    assert not router.makes_route
    assert llm().router.node is None
    router = llm("router: {scheduler: {config: {ref: {name: ''}}}}").router
    assert router.config is None


def test_own_parent_refs_decide_the_gateway() -> None:
    router = llm("router: {route: {http: {spec: {parentRefs: [{name: other}]}}}}").router
    assert router.default_gateway is None


@pytest.mark.parametrize(
    ("written", "namespace"), [("metadata: {name: llm, namespace: team}", "team"),
                               ("metadata: {name: llm}", None)],
)  # fmt: skip
def test_a_namespace_that_nothing_tells_is_not_made_up(written: str, namespace: str | None) -> None:
    text = HEAD.replace("metadata: {name: llm, namespace: team}", written)
    graph = graph_of(text)
    (resource,) = graph.of_kind("LLMInferenceService")
    stored = LLMInferenceService(resource, graph, settings.defaults("0.19")).stored.plain()
    assert isinstance(stored, dict)
    assert isinstance(stored["metadata"], dict)
    assert stored["metadata"].get("namespace", None) == namespace
    assert ("namespace" in stored["metadata"]) is (namespace is not None)


@pytest.mark.parametrize(
    ("gateway", "namespace", "name"),
    [
        ("kserve/kserve-ingress-gateway", "kserve", "kserve-ingress-gateway"),
        ("infra/inference", "infra", "inference"),
        ("inference", "kserve", "inference"),
    ],
)
def test_templates_name_the_configured_gateway(gateway: str, namespace: str, name: str) -> None:
    service = llm()
    origin = Origin("config", "ConfigMap inferenceservice-config")
    service.settings.data["ingress"] = made({"kserveIngressGateway": gateway}, origin)
    values = service.template_values
    assert values[".GlobalConfig.IngressGatewayNamespace"] == namespace
    assert values[".GlobalConfig.IngressGatewayName"] == name


def test_stored_and_stopped() -> None:
    service = llm("template: {nodeSelector: {a: b}}")
    assert service.stored.at("spec", "template", "containers").plain() == []  # type: ignore[union-attr]
    assert service.stored.string("spec", "model", "name") == "llm"
    assert not service.stopped
    graph = graph_of(
        HEAD.replace(
            "namespace: team}", "namespace: team, annotations: {serving.kserve.io/stop: 'True'}}"
        )
    )
    assert LLMInferenceService(graph.resources[0], graph, settings.defaults("0.19")).stopped


def test_versions_without_preset_data_stay_unknown() -> None:
    service = llm("replicas: 2", version="0.16")
    (pool,) = service.pools
    assert (pool.pod_spec, pool.replicas, pool.gpus) == (None, 2, None)


MERGES: list[tuple[object, object, object]] = [
    # The cases of config_merge_test.go @v0.19.0, shortened.
    ({"replicas": 0}, {}, {"replicas": 0}),
    ({"replicas": 1}, {"replicas": None}, {"replicas": 1}),
    (
        {"model": {"uri": "hf://a/b", "lora": {"adapters": [{"uri": "x"}]}}},
        {"model": {"lora": {"adapters": [{"uri": "y"}]}}},
        {"model": {"uri": "hf://a/b", "lora": {"adapters": [{"uri": "y"}]}}},
    ),
    ({"baseRefs": [{"name": "a"}]}, {"baseRefs": [{"name": "b"}]}, {"baseRefs": [{"name": "b"}]}),
    (
        {"template": {"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}},
        {"template": {"containers": [{"name": "b"}], "initContainers": []}},
        {
            "template": {
                "containers": [{"name": "b"}, {"name": "a"}],
                "initContainers": [{"name": "i"}],
            }
        },
    ),
    (
        {"router": {"scheduler": {"pool": {"spec": {"selector": {"matchLabels": {"x": "x"}}}}}}},
        {"router": {"scheduler": {"pool": {"spec": {"selector": {"matchLabels": {"y": "y"}}}}}}},
        {
            "router": {
                "scheduler": {"pool": {"spec": {"selector": {"matchLabels": {"x": "x", "y": "y"}}}}}
            }
        },
    ),
    (
        {"router": {"gateway": {}}},
        {"router": {"route": {}}},
        {"router": {"gateway": {}, "route": {}}},
    ),
    (
        {"template": {"nodeSelector": {"a": "b"}, "hostNetwork": True}},
        {"template": {"nodeSelector": {"gpu": ""}, "hostNetwork": False}},
        {"template": {"nodeSelector": {"a": "b", "gpu": ""}, "hostNetwork": True}},
    ),
    (
        {"parallelism": {"expert": True}},
        {"parallelism": {"expert": False}},
        {"parallelism": {"expert": True}},
    ),
    (
        {"storageInitializer": {"enabled": True}},
        {"storageInitializer": {"enabled": False}},
        {"storageInitializer": {"enabled": False}},
    ),
]


@pytest.mark.parametrize(("base", "override", "expected"), MERGES)
def test_merge_specs(base: object, override: object, expected: object) -> None:
    origin = Origin("written", "here")
    lower, upper = made(base, origin), made(override, origin)
    assert isinstance(lower, Map)
    assert isinstance(upper, Map)
    assert merge_specs(lower, upper).plain() == expected


_KEYS = st.sampled_from(
    [
        "model", "uri", "name", "lora", "adapters", "replicas", "scaling", "minReplicas",
        "maxReplicas", "wva", "hpa", "keda", "parallelism", "tensor", "pipeline", "data",
        "dataLocal", "template", "worker", "prefill", "containers", "initContainers",
        "resources", "limits", "requests", "nvidia.com/gpu", "router", "scheduler", "pool",
        "ref", "refs", "route", "http", "spec", "parentRefs", "gateway", "config", "inline",
        "baseRefs", "command", "args", "advanced", "scalingModifiers",
    ]
)  # fmt: skip
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from(["", "main", "a", "{{ .x }}", "9e9"])
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=30,
)


def read_everything(service: LLMInferenceService) -> None:
    for owner in (service, service.router, *service.pools):
        for name in dir(type(owner)):
            if not name.startswith("_") and not callable(getattr(type(owner), name)):
                getattr(owner, name)
    llm_rejections(service)


@given(_VALUES, _VALUES, st.sampled_from(["v1alpha1", "v1alpha2"]))
@budget(max_examples=150, deadline=None)
def test_nothing_is_raised_on_any_shape(spec: object, base: object, version: str) -> None:
    origin = Origin("written", "here")
    graph = graph_of(config("a", "team", "{}"))
    (held,) = graph.of_kind("LLMInferenceServiceConfig")
    held.body.entries["spec"] = made(base, origin)
    body = made({"apiVersion": f"serving.kserve.io/{version}", "spec": spec}, origin)
    assert isinstance(body, Map)
    resource = Resource(body, "in.yaml")
    llm_config_rejections(resource)
    read_everything(LLMInferenceService(resource, graph, settings.defaults("0.19")))
    if isinstance(spec, dict):
        with_base = made({"spec": {**spec, "baseRefs": [{"name": "a"}]}}, origin)
        assert isinstance(with_base, Map)
        resource = Resource(with_base, "in.yaml")
        read_everything(LLMInferenceService(resource, graph, settings.defaults("0.19")))
