"""Names of vLLM's metrics in queries."""

from __future__ import annotations

import pytest

from kslint.model.engines.vllm import facts, metrics

NOW = ((0, 23, 0),)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sum(vllm:a_b) + rate(vllm_c[1m])", ["vllm:a_b", "vllm_c"]),
        ('{__name__="vllm:a", job="vllm:b"}', ["vllm:a"]),
        ("{__name__=~'vllm:.*'}", []),
        ("sum by (vllm_host) (vllm:a{vllm_host='x', vllm_port!=\"vllm:b\"})", ["vllm:a"]),
        ("vllm_f(x) + kserve_vllm:a + vllm:", []),
        ("prometheus.googleapis.com|vllm:a|gauge", ["vllm:a"]),
        ("prometheus.googleapis.com/vllm:a/histogram", ["vllm:a_bucket"]),
        ("vllm:a{<<.LabelMatchers>>}", ["vllm:a"]),
        ('"vllm:a\\" vllm:b"', []),
    ],
)
def test_samples(query: str, expected: list[str]) -> None:
    assert [sample.name for sample in metrics.samples(query)] == expected


def test_places_of_samples() -> None:
    query = 'x + {__name__="vllm:a", model_name="m"}'
    (sample,), (model,) = metrics.samples(query), metrics.model_names(query)
    assert query[sample.start : sample.end] == sample.name
    assert query[model.start : model.end] == model.name == "m"


@pytest.mark.parametrize(
    ("name", "releases", "expected"),
    [
        ("vllm:num_requests_waiting", NOW, None),
        ("vllm:prompt_tokens_total", NOW, None),
        ("vllm:prompt_tokens_total", ((0, 8, 5),), None),
        ("vllm:iteration_tokens_total_bucket", NOW, None),
        ("vllm:time_to_first_token_seconds_count", NOW, None),
        ("vllm:prompt_tokens_created", NOW, None),
        ("vllm:cache_config_info", NOW, None),
        ("vllm:kv_offload_load_bytes_total", ((0, 24, 0),), None),
        ("vllm:gpu_cache_usage_perc", (), None),
        ("vllm:gpu_cache_usage_perc", ((0, 10, 0), *NOW), None),
        ("vllm:prompt_tokens", NOW, ("suffix", "vllm:prompt_tokens_total", None)),
        (
            "vllm:time_to_first_token_seconds",
            NOW,
            ("suffix", "vllm:time_to_first_token_seconds_bucket", None),
        ),
        ("vllm:gpu_cache_usage_perc", NOW, ("removed", "vllm:kv_cache_usage_perc", (0, 11, 1))),
        ("vllm:num_requests_swapped", NOW, ("removed", "", (0, 8, 3))),
        (
            "vllm:gpu_prefix_cache_hits_total",
            NOW,
            ("removed", "vllm:prefix_cache_hits_total", (0, 11, 0)),
        ),
        (
            "vllm:time_per_output_token_seconds_bucket",
            NOW,
            ("removed", "vllm:inter_token_latency_seconds_bucket", (0, 12, 0)),
        ),
        (
            "vllm:kv_cache_usage_perc",
            ((0, 9, 0),),
            ("new", "", (0, 9, 2)),
        ),
        ("vllm_num_requests_waiting", (), ("underscore", "vllm:num_requests_waiting", None)),
        ("vllm_gpu_cache_usage_perc", NOW, ("underscore", "vllm:kv_cache_usage_perc", None)),
        ("vllm_router_requests", NOW, None),
        ("vllm:healthy_pods_total", NOW, None),
        ("vllm:num_request_waiting", NOW, ("never", "vllm:num_requests_waiting", None)),
        ("vllm:something_else", (), ("never", "", None)),
    ],
)
def test_fault(
    name: str,
    releases: tuple[tuple[int, ...], ...],
    expected: tuple[str, str, tuple[int, ...] | None] | None,
) -> None:
    assert metrics.fault(name, releases) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("vllm:kv_cache_usage_perc", True),
        ('avg by (pod) (vllm:kv_cache_usage_perc{model_name="q-a"})', True),
        ("max(avg_over_time(vllm:kv_cache_usage_perc[5m]))", True),
        ("prometheus.googleapis.com|vllm:kv_cache_usage_perc|gauge", True),
        ("prometheus.googleapis.com|vllm:num_requests_running|gauge", False),
        ("sum(vllm:kv_cache_usage_perc)", False),
        ("vllm:kv_cache_usage_perc * 100", False),
        ("vllm:num_requests_running", False),
        ("vllm:kv_cache_usage_perc > vllm:kv_cache_usage_perc", False),
    ],
)
def test_fractions(query: str, expected: bool) -> None:
    assert metrics.is_share(query) is expected


def test_hidden_metrics_are_not_exported() -> None:
    assert facts.metric("vllm:gpu_cache_usage_perc", (0, 11, 0)) == "gauge"
    assert facts.metric("vllm:gpu_cache_usage_perc", (0, 11, 2)) is None
