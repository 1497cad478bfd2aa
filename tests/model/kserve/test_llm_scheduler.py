"""What becomes of an endpoint picker's configuration (scheduler.go @v0.19.0 and @v0.20.0)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from llm_worlds import llm, objects

from kslint.model.kserve.llm import go_yaml
from kslint.model.kserve.llm.picker_config import Arguments
from kslint.model.kserve.llm.rendering import created, reasons_missing

ROUTED = "router: {route: {}, scheduler: {%s}}\n"


def picker(scheduler: str = "", more: str = "", **rest: str) -> Any:
    found = objects(ROUTED % scheduler + more, **rest)
    return found["Deployment", "llm-kserve-router-scheduler"]["spec"]["template"]


def config(template: Any) -> Any:
    args = template["spec"]["containers"][0]["args"]
    return yaml.safe_load(args[args.index("--config-text") + 1])


def weights(found: Any, profile: int = 0) -> list[tuple[str, int]]:
    plugins = found["schedulingProfiles"][profile]["plugins"]
    return [(plugin["pluginRef"], plugin.get("weight", 0)) for plugin in plugins]


def test_disaggregated_serving_has_two_profiles() -> None:
    found = config(picker(more="prefill: {}"))
    assert weights(found, 0) == [
        ("prefill-filter", 0), ("queue-scorer", 2), ("prefix-cache-scorer", 3),
        ("max-score-picker", 0),
    ]  # fmt: skip
    assert weights(found, 1)[0] == ("decode-filter", 0)
    handler = found["plugins"][-1]
    assert handler["parameters"] == {"deciders": {"prefill": "always-disagg-pd-decider"}}


def test_0_20_scores_by_more() -> None:
    found = config(picker(version="0.20"))
    assert weights(found) == [
        ("queue-scorer", 2), ("kv-cache-utilization-scorer", 2), ("prefix-cache-scorer", 3),
        ("no-hit-lru-scorer", 2), ("max-score-picker", 0),
    ]  # fmt: skip
    lora = "model: {uri: 'hf://o/m', lora: {adapters: [{name: a, uri: 'hf://o/a'}]}}\nprefill: {}"
    found = config(picker(more=lora, version="0.20"))
    assert weights(found, 0)[1] == ("lora-affinity-scorer", 4)
    assert weights(found, 1) == [
        ("decode-filter", 0), ("lora-affinity-scorer", 4), ("active-request-scorer", 2),
        ("prefix-cache-scorer", 3), ("max-score-picker", 0),
    ]  # fmt: skip


def test_0_20_drops_a_tokenizer_that_no_plugin_asks() -> None:
    names = [c["name"] for c in picker(version="0.20")["spec"]["containers"]]
    assert names == ["main"]
    precise = "config: {inline: {kind: K, plugins: [{type: precise-prefix-cache-scorer}]}}"
    names = [c["name"] for c in picker(precise, version="0.20")["spec"]["containers"]]
    assert names == ["main", "tokenizer"]


def test_an_own_configuration_is_told_where_the_tokenizer_listens() -> None:
    inline = "config: {inline: {kind: K, plugins: [{type: precise-prefix-cache-scorer}]}}"
    (plugin,) = config(picker(inline))["plugins"]
    pool = plugin["parameters"]["indexerConfig"]["tokenizersPoolConfig"]
    assert pool == {
        "modelName": "base",
        "uds": {"socketFile": "/tmp/tokenizer/tokenizer-uds.socket"},  # noqa: S108
    }


def test_a_configuration_by_reference_comes_from_its_config_map() -> None:
    rest = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: mine, namespace: team}
data: {epp: "kind: K\\nplugins: []\\n"}
"""
    assert config(picker("config: {ref: {name: mine}}", rest=rest)) == {"kind": "K", "plugins": []}


def test_arguments_of_the_user_are_kept() -> None:
    own = "template: {containers: [{name: main, args: [--config-file, /etc/c.yaml]}]}"
    args = picker(own)["spec"]["containers"][0]["args"]
    assert args == ["--config-file", "/etc/c.yaml"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"threshold": 0}, ("always-disagg-pd-decider", None)),
        ({"threshold": 9}, ("prefix-based-pd-decider", {"nonCachedTokens": 3})),
        ({"deciderPluginName": "own", "threshold": 4}, ("own", None)),
    ],
)
def test_the_threshold_of_the_old_handler_becomes_a_decider(
    given: dict[str, Any], expected: tuple[str, Any]
) -> None:
    text = go_yaml.dump(
        {"kind": "K", "plugins": [{"type": "pd-profile-handler", "parameters": given}]}
    )
    arguments = Arguments(["--config-text", text], "0.7.0")
    arguments.migrated(plugins=False)
    plugins = yaml.safe_load(arguments.words[1])["plugins"]
    handler = plugins[-1]
    assert handler == {
        "type": "disagg-profile-handler",
        "parameters": {"deciders": {"prefill": expected[0]}},
    }
    if expected[0] != "own":
        assert plugins[0]["type"] == expected[0], "it stands before whoever refers to it"
        assert plugins[0].get("parameters") == expected[1]


@pytest.mark.parametrize("threshold", ["nine", [9], {}, float("inf"), True])
def test_a_threshold_that_is_no_number_stays(threshold: object) -> None:
    handler = {"type": "pd-profile-handler", "parameters": {"threshold": threshold}}
    arguments = Arguments(["--config-text", go_yaml.dump({"plugins": [handler]})], "0.7.0")
    arguments.migrated(plugins=False)
    assert "threshold" in arguments.words[1]


def test_an_older_scheduler_keeps_its_names() -> None:
    arguments = Arguments(["--config-text", "kind: K\nplugins:\n- type: pd-profile-handler\n"], "")
    arguments.migrated(plugins=True)
    assert "pd-profile-handler" in arguments.words[1]


def test_flags_that_are_gone_become_a_plugin() -> None:
    words = [
        "--lora-info-metric=a",
        "--cache-info-metric",
        "b",
        "--v=1",
        "--config-text",
        "kind: K\n",
    ]
    arguments = Arguments(words, "0.8.0")
    arguments.migrated(plugins=True)
    assert arguments.words[0] == "--v=1"
    (plugin,) = yaml.safe_load(arguments.words[2])["plugins"]
    assert plugin["type"] == "core-metrics-extractor", "renamed once more by 0.8"
    assert plugin["parameters"]["engineConfigs"] == [
        {"name": "vllm", "loraSpec": "a", "cacheInfoSpec": "b"}
    ]


def test_other_renamings() -> None:
    text = go_yaml.dump(
        {
            "kind": "K",
            "plugins": [
                {"type": "prefill-header-handler", "name": "prefill-header-handler"},
                {"type": "prefix-cache-scorer", "parameters": {"hashBlockSize": 5, "blockSize": 3}},
            ],
            "schedulingProfiles": [{"plugins": [{"pluginRef": "prefill-header-handler"}]}],
        }
    )
    arguments = Arguments(["--configText", text], "0.7.1")
    arguments.with_tokenizer()
    arguments.migrated(plugins=False)
    found = yaml.safe_load(arguments.words[1])
    assert found["plugins"][0] == {
        "type": "disagg-headers-handler",
        "name": "disagg-headers-handler",
    }
    assert found["plugins"][1]["parameters"] == {"blockSize": 3, "blockSizeTokens": 3}
    assert found["schedulingProfiles"] == [{"plugins": [{"pluginRef": "disagg-headers-handler"}]}]
    newer = Arguments(["--config-text", text], "0.9.0")
    newer.migrated(plugins=True)
    assert "parameters" not in yaml.safe_load(newer.words[1])["plugins"][1]


def test_a_tokenizer_stays_beside_a_configuration_without_plugins() -> None:
    rest = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: mine, namespace: team}
data: {own: "kind: K"}
"""
    found = picker("config: {ref: {name: mine, key: own}}", rest=rest, version="0.20")
    assert [c["name"] for c in found["spec"]["containers"]] == ["main", "tokenizer"]


def test_flags_that_are_gone_with_a_file_stop_the_controller() -> None:
    own = "router: {route: {}, scheduler: {template: {containers: [{name: main, args: [%s]}]}}}"
    said = list(reasons_missing(llm(own % "--config-file, /c, --lora-info-metric=a")))
    assert any("llm-kserve-router-scheduler uses deprecated metric flags" in text for text in said)
    assert not list(reasons_missing(llm(own % "--config-file, /c, --v=1")))


def test_the_pool_of_0_20_has_a_protocol() -> None:
    for version, expected in (("0.19", None), ("0.20", "http")):
        found: list[Any] = [body.plain() for body in created(llm(ROUTED % "", version=version))]
        pools = [body for body in found if body["kind"] == "InferencePool"]
        assert [pool["spec"].get("appProtocol") for pool in pools] == [expected, None]
        (service,) = [b for b in found if b["metadata"]["name"] == "llm-kserve-workload-svc"]
        assert "annotations" not in service["metadata"]


def test_long_lines_are_broken_where_go_breaks_them() -> None:
    words = " ".join(["a word and"] * 12)
    text = go_yaml.dump({"plugins": [{"parameters": {"long": words}}]})
    assert text == (
        "plugins:\n- parameters:\n"
        "    long: a word and a word and a word and a word and a word and a word and a word\n"
        "      and a word and a word and a word and a word and a word and\n"
    )
    assert yaml.safe_load(text) == {"plugins": [{"parameters": {"long": words}}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [{"d": True, "c": "42"}, []]}, 'a:\n- c: "42"\n  d: true\n- []\nb: 1\n'),
        ({"a": "tcp://*:5557", "b": "- x", "c": "*x"}, "a: tcp://*:5557\nb: '- x'\nc: '*x'\n"),
        ({"a": "yes", "b": "", "c": None, "d": 0.5}, 'a: "yes"\nb: ""\nc: null\nd: 0.5\n'),
        ({"a": "x\ny\n", "b": "x: y", "c": {}}, "a: |\n  x\n  y\nb: 'x: y'\nc: {}\n"),
        ({"a": [[1, 2], {"x": [3]}]}, "a:\n- - 1\n  - 2\n- x:\n  - 3\n"),
    ],
)
def test_yaml_is_written_as_go_writes_it(value: Any, text: str) -> None:
    assert go_yaml.dump(value) == text
    assert yaml.safe_load(text) == value
