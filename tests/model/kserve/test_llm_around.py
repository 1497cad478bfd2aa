"""Storage, routers, templates and versions of LLMInferenceServices; nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from llm_worlds import HEAD, config, graph_of, llm

from kslint.graph.graph import FOUND, UNKNOWN
from kslint.model.kserve import settings
from kslint.model.kserve.admission.llm import llm_config_rejections, llm_rejections
from kslint.model.kserve.llm.configs import merge_specs
from kslint.model.kserve.llm.service import LLMInferenceService
from kslint.resources import Resource
from kslint.source.nodes import Map, Origin, made


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
