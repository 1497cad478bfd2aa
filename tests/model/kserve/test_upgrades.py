"""Which fact about a release of KServe concerns which object."""

from __future__ import annotations

import pytest
from kserve_worlds import settings_of, world
from llm_worlds import config, graph_of, llm

from kslint.changes import EFFECTS
from kslint.model.kserve import upgrades
from kslint.model.kserve.settings import defaults
from kslint.source.nodes import Map, Origin, made

ORIGIN = Origin("written", "a test")
FACTS = list(upgrades.facts("0.16", "0.20"))
ALL = list(upgrades.facts("0.16", "0.21"))
LLM = {"llm-shorter-probes", "llm-preset-image"}


def concerned(service: object) -> set[str]:
    if hasattr(service, "tls"):
        return {fact.id for fact in FACTS if upgrades.concerns_llm(fact, service)}  # type: ignore[arg-type]
    return {fact.id for fact in FACTS if upgrades.concerns_service(fact, service)}  # type: ignore[arg-type]


def test_facts_come_after_one_version_and_up_to_another() -> None:
    assert {fact.since for fact in FACTS} == {"0.17", "0.20"}
    assert {fact.since for fact in upgrades.facts("0.17", "0.19")} == set()
    assert list(upgrades.facts("0.20", "0.20")) == []


def test_every_fact_has_a_reference_a_condition_and_a_known_effect() -> None:
    conditions = {*upgrades.CONDITIONS}
    for fact in ALL:
        assert fact.kind in EFFECTS
        assert "@v" in fact.reference
        assert fact.about in conditions
    assert len({fact.id for fact in ALL}) == len(ALL)
    assert conditions == {fact.about for fact in ALL}


def test_0_21_gives_canaries_traffic_and_hosts_their_name_back() -> None:
    routed = {"ingress": {"enableGatewayApi": True, "kserveIngressGateway": "a/b"}}
    canary = "name: one\n  canary: [{predictor: {name: two}, trafficPercent: 5}]"
    found = world(ISVC % ("runtime: x", canary), routed, "0.20")
    named = {f.id for f in ALL if f.since == "0.21" and upgrades.concerns_service(f, found)}
    assert named == {"canaries-get-traffic", "host-without-predictor-name"}
    plain = world(ISVC % ("runtime: x", canary), version="0.20")
    assert not any(f.since == "0.21" and upgrades.concerns_service(f, plain) for f in ALL)


def test_the_storage_resources_of_the_chart_reach_0_21() -> None:
    values = made({"kserve": {"storage": {"resources": {}}}}, ORIGIN)
    (fact,) = [fact for fact in ALL if fact.id == "storage-resources-reach"]
    assert upgrades.concerns_chart(fact, "kserve-resources", values)
    assert not upgrades.concerns_chart(fact, "kserve-resources", Map({}))
    assert not upgrades.concerns_chart(fact, "kserve-crd", values)


@pytest.mark.parametrize(
    ("tag", "pin"),
    [
        ("v0.19.0", "0.20.0"),
        ("v0.20.0-gpu", "0.24.0"),
        ("latest", None),
        ("", None),
        ("v9.9", None),
    ],
)
def test_the_vllm_of_huggingfaceserver(tag: str, pin: str | None) -> None:
    assert upgrades.pinned_vllm(tag) == pin


def test_what_a_release_is_built_with() -> None:
    found = {family: version for family, version, _ in upgrades.platform("0.19", "0.20")}
    assert found == {"gateway-api": "1.5.1", "inference-extension": "1.5.0"}
    assert list(upgrades.platform("0.20", "0.20")) == []
    assert list(upgrades.platform("0.20", "0.99")) == []


ISVC = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: b, annotations: {serving.kserve.io/deploymentMode: Standard}}
spec:
  predictor:
    model: {modelFormat: {name: huggingface}, %s}
    %s
"""


def test_multi_node() -> None:
    assert concerned(world(ISVC % ("runtime: x", "workerSpec: {}"))) == {"multi-node-never-settles"}
    assert concerned(world(ISVC % ("runtime: x", ""))) == set()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("storageUri: hf://a/b", {"ca-bundle-everywhere"}),
        ("storageUri: 's3://a/b'", set()),
        ("storageUris: [{uri: 'https://a/b'}]", {"ca-bundle-everywhere"}),
    ],
)
def test_ca_bundles(model: str, expected: set[str]) -> None:
    bundle = {"storageInitializer": {"caBundleConfigMapName": "ca"}}
    assert concerned(world(ISVC % (model, ""), bundle)) == expected
    assert concerned(world(ISVC % (model, ""))) == set()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", LLM),
        ("template: {containers: [{name: main, image: a}]}", LLM - {"llm-preset-image"}),
        (
            "template: {initContainers: [{name: storage-initializer}]}",
            LLM | {"llm-own-initializer"},
        ),
        ("router: {scheduler: {}}", LLM | {"llm-scheduler-larger", "llm-default-plugins"}),
        (
            "router: {scheduler: {config: {inline: {}}}}",
            LLM | {"llm-scheduler-larger", "llm-scheduler-config-rewritten"},
        ),
        ("prefill: {replicas: 1}", LLM | {"llm-sidecar"}),
        ("parallelism: {tensor: 2}", LLM | {"llm-tensor-parallel"}),
        ("router: {route: {}}", LLM | {"llm-routes"}),
        ("router: {route: {http: {refs: [{name: a}]}}}", LLM),
        ("router: {route: {http: {spec: {rules: []}}}}", LLM | {"llm-routes", "llm-empty-rules"}),
    ],
)
def test_llm_services(spec: str, expected: set[str]) -> None:
    assert concerned(llm(spec)) == expected


def test_addresses_without_tls() -> None:
    service = llm()
    service.settings.holder = made({}, ORIGIN)
    service.settings.data["ingress"] = made({"enableLLMInferenceServiceTLS": False}, ORIGIN)
    assert "llm-plain-http" in concerned(service)


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("a", "model: {uri: hf://a/b}", {"llm-config-finalizer"}),
        (
            "kserve-config-llm-router-route",
            "router: {}",
            {"llm-config-finalizer", "llm-routing-annotation"},
        ),
        (
            "kserve-config-llm-router-route",
            'annotations: {serving.kserve.io/model-based-routing-enabled: "true"}',
            {"llm-config-finalizer"},
        ),
    ],
)
def test_configs(name: str, spec: str, expected: set[str]) -> None:
    (resource,) = graph_of(config(name, "team", spec)).of_kind("LLMInferenceServiceConfig")
    assert {fact.id for fact in FACTS if upgrades.concerns_object(fact, resource)} == expected


@pytest.mark.parametrize(
    ("chart", "values", "expected"),
    [
        ("kserve", {}, {"runtimes-left-the-chart"}),
        (
            "kserve-resources",
            {"kserve": {"localmodel": {"enabled": True}}},
            {"runtimes-left-the-chart", "localmodel-left-the-chart"},
        ),
        ("llmisvc-resources", {}, {"llm-charts-renamed"}),
        ("keda", {}, set()),
    ],
)
def test_charts(chart: str, values: object, expected: set[str]) -> None:
    node = made(values, ORIGIN)
    assert {fact.id for fact in FACTS if upgrades.concerns_chart(fact, chart, node)} == expected


def test_a_copy_of_the_defaults_follows_and_what_differs_stays() -> None:
    copied = settings_of(version="0.20")
    copied.copied = True
    copied.data = dict(defaults("0.19").data)
    initializer = copied.data["storageInitializer"]
    assert isinstance(initializer, Map)
    own = made("12Gi", ORIGIN)
    copied.data["storageInitializer"] = initializer.with_entries(
        {**initializer.entries, "memoryLimit": own}
    )
    upgrades.follow(copied, "0.19")
    assert copied.text("storageInitializer", "image").endswith(":v0.20.0")
    assert copied.text("storageInitializer", "memoryLimit") == "12Gi"
    assert copied.data["agent"].plain() == defaults("0.20").data["agent"].plain()


def test_settings_that_are_the_users_own_stay() -> None:
    own = settings_of(version="0.20")
    before = dict(own.data)
    upgrades.follow(own, "0.19")
    assert own.data == before
