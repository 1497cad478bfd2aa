"""Text without an end: what one value holds a hundred thousand times takes no time to speak of.

A pattern that looks for an end from each of many beginnings takes the square of their number.
"""

from __future__ import annotations

import time

import pytest
from test_hostile import check, names

SERVER = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen, namespace: models}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: vllm/vllm-openai-cpu:v0.20.0
        args: ['--model=/m', '@']
"""
SHELL = SERVER.replace("args: ['--model=/m', '@']", 'command: [sh, -c, "exec vllm serve /m @"]')
MODEL = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen, namespace: models}
spec: {predictor: {model: {modelFormat: {name: sklearn}, storageUri: '@'}}}
"""
SCALER = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: qwen, namespace: models}
spec:
  minReplicaCount: 0
  scaleTargetRef: {name: qwen}
  triggers:
    - {type: prometheus, metadata: {serverAddress: "http://p", query: '@', threshold: "1"}}
"""
RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: qwen, namespace: models}
spec: {groups: [{name: a, rules: [{alert: a, expr: '@'}]}]}
"""
TEMPLATE = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: qwen, namespace: models}
spec:
  secretStoreRef: {name: a, kind: ClusterSecretStore}
  target: {template: {data: {a: '@'}}}
  data: [{secretKey: a, remoteRef: {key: b}}]
"""
ADAPTER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: adapter, namespace: monitoring}
data: {config.yaml: "seriesQuery: vllm@x"}
"""
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  generators: [{list: {elements: [{n: a}]}}]
  template:
    metadata: {name: 'a@'}
    spec: {source: {repoURL: x, path: 'p@'}, destination: {namespace: n}, project: default}
"""

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec: {project: default, source: {repoURL: x, path: '@'}, destination: {namespace: n, server: x}}
"""


@pytest.mark.parametrize(
    ("text", "token"),
    [
        (SERVER, "{{"), (SERVER, "{"), (SERVER, "$("), (SERVER, '{"a": "'), (SERVER, '\\"'),
        (SERVER, '--speculative-config={"a": "\\"'),
        (MODEL, "a"), (MODEL, "https://"), (MODEL, "hf://a/0"),
        (SHELL, ": "), (SHELL, "- "), (SHELL, "serve "),
        (SCALER, "a_"), (SCALER, "a"), (SCALER, "vllm:{{"), (SCALER, "<<"), (SCALER, '\\"'),
        (SCALER, "vector(1"), (RULE, "vllm:a{{"), (RULE, "vllm:<<"), (RULE, 'vllm:\\"'),
        (TEMPLATE, "{{ "), (TEMPLATE, "{{" + " " * 100_000), (ADAPTER, " "), (ADAPTER, "{{"),
        (SET, "{{"), (SET, "{{{"), (APPLICATION, "a/"), (APPLICATION, "</"),
    ],
)  # fmt: skip
def test_what_has_no_end_takes_no_time(text: str, token: str) -> None:
    start = time.process_time()
    found = names(
        check(
            {
                "a.yaml": text.replace(
                    "@", token * ((60_000 if text == SHELL else 100_000) // len(token))
                )
            }
        )
    )
    assert time.process_time() - start < 15
    assert "internal-error" not in found


@pytest.mark.parametrize(
    "text",
    [
        SCALER.replace("@", f"vector({'1' * 5000})"),
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {'0' * 5000}7}}\n",
        f"apiVersion: v1\nkind: Service\nspec: {{ports: [{{port: {'0' * 5000}17}}]}}\n",
    ],
)  # fmt: skip
def test_numbers_without_end_are_read(text: str) -> None:
    """Python refuses to read more than 4300 digits."""
    assert "internal-error" not in names(check({"a.yaml": text}))
