"""From a message of the cluster to the rule."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cases import ROOT, book
from hypothesis import given
from hypothesis import strategies as st

from kslint.rulebook.symptoms import search

MESSAGES = {
    "cpu-request-over-injected-limit": (
        'Deployment.apps "llama-predictor" is invalid: spec.template.spec.containers[0].resources.'
        'requests: Invalid value: "4": must be less than or equal to cpu limit of 1'
    ),
    "memory-request-over-injected-limit": (
        'requests: Invalid value: "8Gi": must be less than or equal to memory limit of 2Gi'
    ),
    "vllm-omp-bind-all": "ValueError: invalid literal for int() with base 10: 'all'",
    "crd-app-without-server-side-apply": (
        'CustomResourceDefinition.apiextensions.k8s.io "inferenceservices.serving.kserve.io" is '
        "invalid: metadata.annotations: Too long: may not be more than 262144 bytes"
    ),
    "canary-on-rwo-pvc": 'Multi-Attach error for volume "pvc-0d1f" is already used by pod(s)',
    "pvc-missing": 'persistentvolumeclaim "llama-cache" not found',
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_leads_to_its_rule(name: str) -> None:
    assert search(book(), MESSAGES[name])[0].rule.name == name


def test_the_line_that_counts_is_found_in_a_long_log() -> None:
    noise = [f"INFO 11-23 21:0{i % 10} api_server.py:{i}] request {i} served" for i in range(500)]
    log = "\n".join([*noise, MESSAGES["vllm-omp-bind-all"], *noise])
    first = search(book(), log)[0]
    assert first.rule.name == "vllm-omp-bind-all"
    assert first.line == MESSAGES["vllm-omp-bind-all"]


@pytest.mark.parametrize(
    "text", ["", "\n", "hello world, this is a test of nothing", "Killed", "200 OK 200 OK 200 OK"]
)
def test_other_text_leads_nowhere(text: str) -> None:
    assert search(book(), text) == []


@given(st.text(max_size=200))
def test_any_text_can_be_searched_for(text: str) -> None:
    assert all(0 < match.score <= 1.000001 for match in search(book(), text))


def explain(argument: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "kslint", "explain", argument]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False)


def test_explain_prints_the_page_behind_a_message() -> None:
    done = explain(MESSAGES["canary-on-rwo-pvc"])
    assert done.returncode == 0
    assert b"## What happens" in done.stdout


def test_explain_reads_a_log_and_keeps_its_escapes_from_the_terminal() -> None:
    done = explain("-", b"\xff\n\x1b[31m" + MESSAGES["vllm-omp-bind-all"].encode() + b"\x1b[0m\n")
    assert done.returncode == 0
    assert b"vllm-omp-bind-all" in done.stdout
    assert b"\x1b" not in done.stdout


def test_explain_says_so_when_nothing_fits() -> None:
    done = explain("no such thing was ever printed")
    assert done.returncode == 1
    assert not done.stdout
    assert b"No rule's symptom" in done.stderr
