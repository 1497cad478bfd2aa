"""Where rules begin and end to speak: the release before and after, the value above and below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_transformations import found_in

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.findings import Finding


def server(
    version: str = "v0.23.0", env: str = "[]", more: str = "", args: str = "[--model=/m/q]"
) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: q, namespace: m}}
spec:
  selector: {{matchLabels: {{a: b}}}}
  strategy: {{type: Recreate}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec:
      containers:
        - name: s
          image: vllm/vllm-openai-cpu:{version}
          args: {args}
          env: {env}
          resources: {{requests: {{cpu: 4, memory: 8Gi}}, limits: {{cpu: 4, memory: 8Gi}}}}
          volumeMounts: [{{name: m, mountPath: /m}}]
          {more}
      volumes: [{{name: m, persistentVolumeClaim: {{claimName: m}}}}]
"""


def said(folder: Path, rule: str, text: str) -> list[Finding]:
    return [f for f in found_in(folder, {"a.yaml": text.encode()}) if f.name == rule]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v0.12.0", "takes 4 GiB"),
        ("v0.13.0", "sized from the memory of the node"),
        ("v0.23.9", "sized from the memory of the node"),
        ("v0.24.0", "takes most of the memory limit"),
        ("latest", "sized from the memory of the node"),
    ],
)
def test_what_the_kv_cache_takes_by_itself(tmp_path: Path, version: str, words: str) -> None:
    (finding,) = said(tmp_path, "kvcache-space-missing", server(version))
    assert words in finding.message
    assert ("later ones" in finding.message) is (version == "v0.12.0")


@pytest.mark.parametrize(
    ("version", "severity"), [("v0.19.9", "warning"), ("v0.20.0", "error"), ("latest", "error")]
)
def test_when_binding_to_all_was_refused(tmp_path: Path, version: str, severity: str) -> None:
    env = "[{name: VLLM_CPU_OMP_THREADS_BIND, value: all}]"
    (finding,) = said(tmp_path, "vllm-omp-bind-all", server(version, env))
    assert finding.severity == severity
    assert (f"works in vLLM {version[1:]}" in finding.message) is (severity == "warning")


@pytest.mark.parametrize(("version", "count"), [("v0.8.5", 0), ("v0.9.0", 1), ("latest", 1)])
def test_when_eager_mode_was_forced(tmp_path: Path, version: str, count: int) -> None:
    assert len(said(tmp_path, "missing-enforce-eager", server(version))) == count


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/health", 0), ("/health/", 0), ("health", 0), ("/health?full", 0), ("/ready", 1),
        ('"$(HEALTH)"', 0), ('"{{ .Values.path }}"', 0), ("/healthz", 1),
    ],
)  # fmt: skip
def test_paths_that_a_probe_may_ask(tmp_path: Path, path: str, count: int) -> None:
    probe = f"readinessProbe: {{httpGet: {{path: {path}, port: 8000}}}}"
    assert len(said(tmp_path, "probe-wrong-endpoint", server(more=probe))) == count


@pytest.mark.parametrize(
    ("probe", "count"),
    [
        ("startupProbe: {PORT, failureThreshold: 12}", 0),  # 120 s
        ("startupProbe: {PORT, failureThreshold: 11, initialDelaySeconds: 9}", 1),
        ("startupProbe: {PORT, failureThreshold: 11, initialDelaySeconds: 10}", 0),
        ("startupProbe: {PORT, periodSeconds: '{{ x }}'}", 0),
        ("startupProbe: {PORT, failureThreshold: '{{ x }}'}", 0),
        ("startupProbe: {PORT, initialDelaySeconds: '{{ x }}'}", 0),
        ("livenessProbe: {PORT, failureThreshold: 24}", 0),  # 240 s
        ("livenessProbe: {PORT, failureThreshold: 23, initialDelaySeconds: 9}", 1),
    ],
)
def test_how_long_a_probe_waits(tmp_path: Path, probe: str, count: int) -> None:
    more = probe.replace("PORT", "tcpSocket: {port: 8000}")
    assert len(said(tmp_path, "probe-too-short-for-warmup", server(more=more))) == count


@pytest.mark.parametrize(
    ("space", "count"), [("7", 0), ("8", 1), ("7.99", 0), ("9", 1), ("0", 0), ("x", 0)]
)
def test_when_the_kv_cache_is_over_the_limit(tmp_path: Path, space: str, count: int) -> None:
    env = f"[{{name: VLLM_CPU_KVCACHE_SPACE, value: '{space}'}}]"
    assert len(said(tmp_path, "kvcache-over-memory-limit", server(env=env))) == count


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("vllm serve m > /var/log/x --dtype float32", True),
        ("vllm serve m 2>&1 --dtype float32", True),
        ("vllm serve m <<< text --dtype float32", True),
        ("vllm serve m < <(echo a --dtype half) --dtype float32", True),
        ("vllm serve m > --dtype float32", False),
    ],
)
def test_redirections_are_no_arguments(tmp_path: Path, script: str, found: bool) -> None:
    text = server(args="[]").replace("args: []", f"command: [bash, -c, '{script}']")
    assert (said(tmp_path, "cpu-dtype-not-float32", text) == []) is found


@pytest.mark.parametrize(
    ("share", "count"), [("0", 0), ("1", 1), ("99", 1), ("100", 0), ("'{{ x }}'", 0), ("null", 0)]
)
def test_shares_that_split_the_traffic(tmp_path: Path, share: str, count: int) -> None:
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: m}}
spec:
  predictor:
    canaryTrafficPercent: {share}
    model: {{modelFormat: {{name: sklearn}}, storageUri: pvc://cache/x}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: cache, namespace: m}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
"""
    assert len(said(tmp_path, "canary-on-rwo-pvc", text)) == count


@pytest.mark.parametrize(
    ("version", "values", "count"),
    [
        ("v1.15.0", "{crds: {enabled: true}}", 0),
        ("v1.14.9", "{crds: {enabled: true}}", 1),
        ("v1.14.9", "{installCRDs: true}", 0),
        ("v1.15.0", "{installCRDs: true}", 0),
        ("v1.15.0", "{crds: {enabled: false}, installCRDs: true}", 0),
        ("v1.15.0", "{}", 1),
    ],
)
def test_when_cert_manager_renamed_its_switch(
    tmp_path: Path, version: str, values: str, count: int
) -> None:
    text = f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: cert-manager, namespace: argocd}}
spec:
  source:
    repoURL: https://charts.jetstack.io
    chart: cert-manager
    targetRevision: {version}
    helm: {{valuesObject: {values}}}
  destination: {{server: https://kubernetes.default.svc, namespace: cert-manager}}
"""
    assert len(said(tmp_path, "cert-manager-crds-disabled", text)) == count
