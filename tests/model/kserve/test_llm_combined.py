"""What the controller makes of the merged spec before it acts on it.

Expected values: pkg/controller/v1alpha2/llmisvc/config_merge.go and the CRD @v0.19.0 and v0.20.0.
"""

from __future__ import annotations

from typing import Any

import pytest
from llm_worlds import HEAD, config, graph_of, indented, llm

from kslint.model.kserve import settings
from kslint.model.kserve.llm.configs import child_name
from kslint.model.kserve.llm.service import LLMInferenceService

GATEWAY = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: kserve-ingress-gateway, namespace: kserve, annotations: {%s: "false"}}
spec: {}
"""


def effective(spec: str, rest: str = "", version: str = "0.19") -> Any:
    found = llm(spec, rest, version).effective
    assert found is not None
    return found.plain()


def rules(spec: str, rest: str = "", version: str = "0.19") -> Any:
    return effective(spec, rest, version)["router"]["route"]["http"]["spec"]["rules"]


def headers(found: Any) -> set[str]:
    return {
        header["value"]
        for rule in found
        for match in rule["matches"]
        for header in match.get("headers", ())
    }


def test_a_route_with_hosts_only_matches_everything_and_leads_nowhere() -> None:
    (rule,) = rules("router: {scheduler: {}, route: {http: {spec: {hostnames: [a.io]}}}}")
    assert rule == {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}


def test_the_crd_fills_in_what_a_rule_leaves_out() -> None:
    own = "[{matches: [{headers: [{name: x, value: y1}]}], backendRefs: [{name: b, port: 80}]}]"
    (rule,) = rules(f"router: {{scheduler: {{}}, route: {{http: {{spec: {{rules: {own}}}}}}}}}")
    assert rule["matches"] == [
        {
            "path": {"type": "PathPrefix", "value": "/"},
            "headers": [{"name": "x", "value": "y1", "type": "Exact"}],
        }
    ]
    assert rule["backendRefs"] == [
        {"name": "b", "port": 80, "group": "", "kind": "Service", "weight": 1}
    ]


def backends(found: Any) -> set[tuple[str, str, str]]:
    return {
        (ref["group"], ref["kind"], ref["name"]) for rule in found for ref in rule["backendRefs"]
    }


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ("scheduler: {}", ("inference.networking.k8s.io", "InferencePool", "llm-inference-pool")),
        ("", ("", "Service", "llm-kserve-workload-svc")),
        ("scheduler: {pool: {ref: {name: mine}}}",
         ("inference.networking.k8s.io", "InferencePool", "mine")),
    ],
)  # fmt: skip
def test_the_route_leads_to_what_is_there(scheduler: str, expected: tuple[str, str, str]) -> None:
    found = backends(rules(f"router: {{route: {{}}, {scheduler}}}"))
    assert expected in found
    assert len({name for _, _, name in found}) <= 2  # a rule may go to the Service itself


def test_each_adapter_is_matched_as_the_model_is() -> None:
    spec = "router: {route: {}, scheduler: {}}\n"
    lora = "model: {uri: hf://o/m, lora: {adapters: [{name: b, uri: hf://o/b}, {name: a, uri: hf://o/a}]}}"
    graph = graph_of(HEAD.replace("model: {uri: hf://org/model}", lora) + indented(spec))
    (resource,) = graph.of_kind("LLMInferenceService")
    found = LLMInferenceService(resource, graph, settings.defaults("0.19")).effective
    assert found is not None
    route: Any = found.plain()
    values = headers(route["router"]["route"]["http"]["spec"]["rules"])
    assert {f"publishers/team/models/{name}" for name in ("llm", "a", "b")} <= values


def test_a_gateway_may_switch_the_routing_by_model_off() -> None:
    spec = "router: {route: {}, scheduler: {}}"
    off = GATEWAY % "serving.kserve.io/model-based-routing-enabled"
    assert headers(rules(spec))
    assert not headers(rules(spec, off))


def test_own_gateways_replace_the_settings() -> None:
    refs = "gateway: {refs: [{name: g, namespace: infra, sectionName: https}, {name: h}]}"
    found = effective(f"router: {{route: {{}}, scheduler: {{}}, {refs}}}")
    kind = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    assert found["router"]["route"]["http"]["spec"]["parentRefs"] == [
        {**kind, "name": "g", "namespace": "infra", "sectionName": "https"},
        {**kind, "name": "h"},
    ]


def test_scheduler_and_pool_are_named_for_the_service() -> None:
    found = effective("router: {route: {}, scheduler: {}}")["router"]["scheduler"]
    assert found["template"]["serviceAccountName"] == "llm-epp-sa"
    assert found["pool"]["spec"]["endpointPickerRef"]["kind"] == "Service"
    assert found["pool"]["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == "llm"


def test_the_port_of_the_picker_is_filled_in_from_0_20_on() -> None:
    own = "pool: {spec: {endpointPickerRef: {name: e}, targetPorts: [{number: 1}]}}"
    spec = f"router: {{scheduler: {{{own}}}}}"
    path = ("router", "scheduler", "pool", "spec", "endpointPickerRef", "port", "number")
    new = llm(
        spec, config("kserve-config-llm-scheduler", "kserve", "router: {scheduler: {}}"), "0.20"
    )
    assert new.effective is not None
    assert new.effective.integer(*path) == 9002


def test_long_names_are_cut_and_hashed() -> None:
    assert child_name("a", "-b") == "a-b"
    long = child_name("n" * 60, "-kserve-workload-svc")
    assert len(long) == 63
    assert long.startswith("n" * 11)
    assert long.endswith("-kserve-workload-svc")
    assert len(child_name("n" * 60, "-" + "s" * 40)) == 63
