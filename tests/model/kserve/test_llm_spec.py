"""What presets and baseRefs make of an LLMInferenceService, and the pods that come of it."""

from __future__ import annotations

import pytest
from llm_worlds import config, llm

from kslint.graph.graph import ABSENT, FOUND, UNKNOWN
from kslint.model.kserve.llm.configs import SCRIPT, rendered
from kslint.source.nodes import Origin, made

GPU = "{containers: [{name: main, resources: {limits: {nvidia.com/gpu: %s}}}]}"


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
