"""What the configuration tells of a cluster decides how some rules speak, or whether they do."""

from __future__ import annotations

import pytest
from cases import RULE_FOLDERS, book, inside

from kslint.config import Cluster, Config, Node
from kslint.running import engine
from kslint.source.load import load


def severities(rule: str, case: str, cluster: Cluster) -> list[str]:
    rules = [r for r in book() if r.name == rule]
    with inside(RULE_FOLDERS[rule] / case):
        result = engine.run(load(["."]), rules, Config(cluster=cluster), book())
    return [f.severity for f in result.findings if f.name == rule]


@pytest.mark.parametrize(
    ("egress", "expected"), [("throttled", ["warning"]), ("blocked", ["error"]), ("open", [])]
)
def test_egress_decides_about_downloads(egress: str, expected: list[str]) -> None:
    cluster = Cluster(huggingface=egress)
    assert severities("hf-download-on-throttled-egress", "bad-model", cluster) == expected


def test_a_token_is_fine_where_the_hub_is_open() -> None:
    rule, case = "hf-token-does-not-help", "bad-secret"
    assert severities(rule, case, Cluster()) == ["warning"]
    assert severities(rule, case, Cluster(huggingface="open")) == []


@pytest.mark.parametrize(
    ("features", "expected"),
    [((), ["warning"]), (("avx2", "avx512f"), ["warning"]), (("AMX",), []), (("avx512_bf16",), [])],
)
def test_nodes_with_bfloat16_silence_the_dtype(
    features: tuple[str, ...], expected: list[str]
) -> None:
    cluster = Cluster(nodes=(Node("pool", 2, cpu_features=features),))
    assert severities("cpu-dtype-not-float32", "bad-bfloat16", cluster) == expected
