"""Where rules begin and end to speak: the release before and after, the value above and below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import RULE_FOLDERS, findings_in
from test_transformations import found_in

from kslint.running.engine import INTERNAL_ERROR

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
    found = found_in(folder, {"a.yaml": text.encode()})
    assert [f.message for f in found if f.name == INTERNAL_ERROR] == []
    return [f for f in found if f.name == rule]


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


@pytest.mark.parametrize(("tag", "severity"), [("v0.9.1", "warning"), ("v3.2", "error")])
def test_a_private_build_by_the_release_in_its_tag(tmp_path: Path, tag: str, severity: str) -> None:
    text = server(tag, "[{name: VLLM_CPU_OMP_THREADS_BIND, value: all}]")
    text = text.replace("vllm/vllm-openai-cpu", "quay.io/acme/claims-vllm-cpu")
    command = "command: [python, -m, vllm.entrypoints.openai.api_server]\n          args:"
    (finding,) = said(tmp_path, "vllm-omp-bind-all", text.replace("args:", command))
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("image", "count"), [("vllm-openai-cpu", 1), ("vllm-openai", 0), ("vllm", 0)]
)
def test_only_cpu_builds_read_the_binding(tmp_path: Path, image: str, count: int) -> None:
    text = server(env="[{name: VLLM_CPU_OMP_THREADS_BIND, value: all}]")
    text = text.replace("vllm-openai-cpu", image).replace("{cpu: 4,", "{nvidia.com/gpu: 1, cpu: 4,")
    assert len(said(tmp_path, "vllm-omp-bind-all", text)) == count


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
        ("startupProbe: {PORT, failureThreshold: 12, periodSeconds: 0}", 0),
        ("startupProbe: {PORT, failureThreshold: 12, periodSeconds: null}", 0),
        ("startupProbe: {PORT, failureThreshold: 11, periodSeconds: 0}", 1),
        ("startupProbe: {PORT, failureThreshold: 0, periodSeconds: 40}", 0),
        ("startupProbe: {PORT, failureThreshold: 0, periodSeconds: 39}", 1),
        ("startupProbe: {PORT, failureThreshold: 12}\n          livenessProbe: {PORT}", 0),
        ("startupProbe: {}\n          livenessProbe: {PORT}", 1),
        ("livenessProbe: {PORT, failureThreshold: 24}", 0),  # 240 s
        ("livenessProbe: {PORT, failureThreshold: 23, initialDelaySeconds: 9}", 1),
    ],
)
def test_how_long_a_probe_waits(tmp_path: Path, probe: str, count: int) -> None:
    more = probe.replace("PORT", "tcpSocket: {port: 8000}")
    assert len(said(tmp_path, "probe-too-short-for-warmup", server(more=more))) == count


@pytest.mark.parametrize(
    ("args", "path", "port", "count"),
    [
        ("--root-path=/api", "/api/health", "8000", 0),
        ("--root-path=/api/", "/health", "8000", 0),
        ("--root-path=/api", "/v2/health", "8000", 1),
        ("--root-path=$(NODE)", "/v2/health", "8000", 0),
        ("--uds=/x", "/health", "9000", 0),
        ("--port=80", "/health", "8000", 1),
        ("--port=80", "/health", "080", 0),
        ("--port=80", "/health", "'$(PORT)'", 0),
        ("--port=80", "/health", "'{{ .Values.port }}'", 0),
        ("--port=x", "/health", "8000", 0),
    ],
)
def test_where_a_probe_asks(tmp_path: Path, args: str, path: str, port: str, count: int) -> None:
    env = "[{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]"
    probe = f"readinessProbe: {{httpGet: {{path: {path}, port: {port}}}}}"
    text = server(env=env, more=probe, args=f"[--model=/m/q, '{args}']")
    assert len(said(tmp_path, "probe-wrong-endpoint", text)) == count


@pytest.mark.parametrize(("host", "count"), [("", 1), ("host: 10.0.0.1, ", 0)])
def test_a_probe_of_another_host(tmp_path: Path, host: str, count: int) -> None:
    probe = f"readinessProbe: {{httpGet: {{{host}path: /health, port: 9000}}}}"
    assert len(said(tmp_path, "probe-wrong-endpoint", server(more=probe))) == count


def test_a_mapping_in_the_place_of_text_is_no_unquoted_text(tmp_path: Path) -> None:
    text = server(args="[--model=/m/q, {port: 8000}]")
    assert said(tmp_path, "yaml-unquoted-text", text) == []
    assert len(said(tmp_path, "wrong-type", text)) == 1


_ANSWERING = (
    "/ping", "/v1/models", "/v1/models/", "/version", "/load", "/metrics", "/docs", "/openapi.json",
)  # fmt: skip


@pytest.mark.parametrize("path", _ANSWERING)
def test_other_paths_that_vllm_answers(tmp_path: Path, path: str) -> None:
    asked = f"{{httpGet: {{path: {path}, port: 8000}}}}"
    for name in ("readinessProbe", "startupProbe"):
        assert said(tmp_path, "probe-wrong-endpoint", server(more=f"{name}: {asked}")) == []
    found = said(tmp_path, "probe-wrong-endpoint", server(more=f"livenessProbe: {asked}"))
    assert [finding.severity for finding in found] == ([] if path == "/ping" else ["note"])


_REFERRED = "valueFrom: {secretKeyRef: {name: s, key: k}}"


@pytest.mark.parametrize(
    ("args", "env", "header", "count"),
    [
        ("", "", "", 0),
        ("--api-key=x", "", "", 1),
        ("--api-key=", "", "", 0),
        ("--api-key=", "value: x", "", 0),  # the flag wins
        ("--api-key=$(VLLM_API_KEY)", _REFERRED, "", 1),
        ("", "value: x", "", 1),
        ("", "value: ''", "", 0),
        ("", _REFERRED, "", 1),
        ("", "valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}", "", 0),
        ("--api-key=x", "", "httpHeaders: [{name: authorization, value: Bearer x}], ", 0),
    ],
)
def test_probes_of_a_server_that_wants_a_key(
    tmp_path: Path, args: str, env: str, header: str, count: int
) -> None:
    asked = f"{{httpGet: {{{header}path: /v1/models, port: 8000}}}}"
    text = server(
        env=f"[{{name: VLLM_API_KEY, {env}}}]" if env else "[]",
        more=f"readinessProbe: {asked}",
        args=f"[--model=/m/q{args and f', {args!r}'}]",
    )
    found = said(tmp_path, "probe-wrong-endpoint", text)
    assert [finding.severity for finding in found] == ["error"] * count
    assert all("401" in finding.message for finding in found)


@pytest.mark.parametrize(
    ("args", "scheme", "count"),
    [
        ("", "", 0),
        ("", "scheme: HTTP, ", 0),
        ("", "scheme: HTTPS, ", 1),
        ("--ssl-certfile=/tls/tls.crt", "scheme: HTTPS, ", 0),
        ("--ssl-keyfile=/tls/tls.key", "", 1),
        ("--ssl-keyfile=$(KEY)", "scheme: HTTP, ", 1),
        ("--ssl-keyfile=", "", 0),
        ("", "scheme: https, ", 0),  # the API server refuses it
    ],
)
def test_the_scheme_of_a_probe(tmp_path: Path, args: str, scheme: str, count: int) -> None:
    probe = f"readinessProbe: {{httpGet: {{{scheme}path: /health, port: 8000}}}}"
    text = server(more=probe, args=f"[--model=/m/q{args and f', {args!r}'}]")
    assert len(said(tmp_path, "probe-scheme-mismatch", text)) == count


def test_kserve_s_own_server_has_other_paths(tmp_path: Path) -> None:
    probe = "readinessProbe: {httpGet: {path: /v2/health/ready, port: 8080}}"
    text = server(more=probe, args="[--backend=vllm, --model_dir=/m/q]")
    text = text.replace("vllm/vllm-openai-cpu:v0.23.0", "kserve/huggingfaceserver:v0.15.0")
    assert said(tmp_path, "probe-wrong-endpoint", text) == []
    assert len(said(tmp_path, "missing-enforce-eager", text)) == 1


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ("-tp=2", 1), ("-pp=2", 1), ("-dp=2", 1), ("-tp=0", 0), ("-tp=x", 0), ("-dp=x, -tp=2", 0),
        ("--nnodes=2, -tp=2", 0), ("--data-parallel-size-local=1, -dp=2", 0),
        ("--headless, -dp=2", 0),
    ],
)  # fmt: skip
def test_workers_that_each_take_a_kv_cache(tmp_path: Path, flags: str, count: int) -> None:
    env = "[{name: VLLM_CPU_KVCACHE_SPACE, value: '4'}]"
    text = server(env=env, args=f"[--model=/m/q, {flags}]")
    assert len(said(tmp_path, "kvcache-over-memory-limit", text)) == count


@pytest.mark.parametrize(
    ("limit", "count"), [("8Gi", 1), ("0", 0), ("8GiB", 0), ("null", 0), ("8589934593", 0)]
)
def test_memory_limits_that_a_kv_cache_fills(tmp_path: Path, limit: str, count: int) -> None:
    text = server(env="[{name: VLLM_CPU_KVCACHE_SPACE, value: '8'}]")
    text = text.replace("limits: {cpu: 4, memory: 8Gi}", f"limits: {{cpu: 4, memory: {limit}}}")
    assert len(said(tmp_path, "kvcache-over-memory-limit", text)) == count


@pytest.mark.parametrize(
    ("flags", "lists", "message"),
    [
        ("-dp=2", "0|1", ""),
        ("-dp=2", "0|1|2", "3"),
        ("-tp=2, -dp=2", "0|1|2|3", ""),
        ("-tp=2, -dp=2", "0|1|2|3|4", "5"),
        ("-dp=x", "0|1|2", ""),
        ("-tp=x", "0|1|2", ""),
        ("-dp=0", "0|1", "2"),
        ("-tp=2", "0", "1"),
    ],
)
def test_lists_for_each_worker(tmp_path: Path, flags: str, lists: str, message: str) -> None:
    env = f"[{{name: VLLM_CPU_OMP_THREADS_BIND, value: '{lists}'}}]"
    text = server(env=env, args=f"[--model=/m/q, {flags}]")
    found = said(tmp_path, "vllm-omp-bind-invalid", text)
    assert len(found) == bool(message)
    assert all(message in finding.message for finding in found)


@pytest.mark.parametrize(
    ("feature", "count"),
    [
        ("amx", 0), ("amx_bf16", 0), ("avx512_bf16", 0), ("bf16", 0), ("AVX512_BF16", 0),
        ("avx512f", 1), ("", 1),
    ],
)  # fmt: skip
def test_nodes_that_compute_in_bf16(tmp_path: Path, feature: str, count: int) -> None:
    nodes = f"nodes: [{{name: n, count: 1, cpuFeatures: [{feature}]}}]"
    (tmp_path / "kslint.yaml").write_text(f"cluster: {{{nodes}}}\n")
    assert len(said(tmp_path, "cpu-dtype-not-float32", server())) == count


@pytest.mark.parametrize(
    ("limits", "count"),
    [("2", 0), ("1999m", 1), ("1", 1), ("two", 0), ("null", 0)],
)
def test_cores_that_are_enough(tmp_path: Path, limits: str, count: int) -> None:
    text = server().replace("limits: {cpu: 4,", f"limits: {{cpu: {limits},")
    assert len(said(tmp_path, "vllm-cpu-too-few-cores", text)) == count


@pytest.mark.parametrize(
    ("mode", "count"),
    [
        ("420", 0), ("500", 0), ("511", 0), ("0644", 0), ("0o644", 0), ("400", 1), ("440", 1),
        ("640", 1), ("644", 1), ("755", 1), ("777", 1), ("'644'", 0), ("64", 0), ("6440", 0),
        ("264", 0), ("467", 0), ("642", 0),
    ],
)  # fmt: skip
def test_modes_that_were_meant_as_octal(tmp_path: Path, mode: str, count: int) -> None:
    volume = f"{{name: m, configMap: {{name: m, defaultMode: {mode}}}}}"
    text = server().replace("{name: m, persistentVolumeClaim: {claimName: m}}", volume)
    assert len(said(tmp_path, "yaml-octal", text)) == count


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("'60'", "but `60` in quotes is text"),
        ("'60s'", "not the text `60s`"),
        ("60s", "not the text `60s`"),
        ("1.5", "not the number 1.5"),
        ("true", "not the boolean true"),
        ("[60]", "not a list"),
        ("{s: 60}", "not a mapping"),
    ],
)
def test_what_stands_in_the_place_of_an_integer(tmp_path: Path, written: str, words: str) -> None:
    text = server().replace("      containers:", f"      priority: {written}\n      containers:")
    (finding,) = said(tmp_path, "wrong-type", text)
    assert finding.message == f"`spec.template.spec.priority` takes an integer, {words}"


@pytest.mark.parametrize(
    ("rule", "name"),
    [("pvc-missing", "claim `m`"), ("secret-missing", "`key`"), ("runtime-missing", "`own`")],
)
def test_each_kind_of_missing_object_has_its_rule(tmp_path: Path, rule: str, name: str) -> None:
    (tmp_path / "kslint.yaml").write_text("cluster: {complete: true}\n")
    env = "[{name: K, valueFrom: {secretKeyRef: {name: key, key: k}}}]"
    service = """---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris, namespace: m}
spec: {predictor: {model: {modelFormat: {name: sklearn}, runtime: own, storageUri: gs://b/x}}}
"""
    (finding,) = said(tmp_path, rule, server(env=env) + service)
    assert name in finding.message


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
    ("modes", "count"),
    [
        ("ReadWriteOnce", 1), ("ReadWriteOncePod", 1), ("ReadWriteMany", 0), ("ReadOnlyMany", 0),
        ("ReadWriteOnce, ReadOnlyMany", 0), ("", 0),
    ],
)  # fmt: skip
def test_claims_that_two_pods_can_share(tmp_path: Path, modes: str, count: int) -> None:
    text = f"""
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: iris, namespace: m}}
spec:
  predictor:
    canaryTrafficPercent: 10
    model: {{modelFormat: {{name: sklearn}}, storageUri: pvc://cache/x}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: cache, namespace: m}}
spec: {{accessModes: [{modes}], resources: {{requests: {{storage: 1Gi}}}}}}
"""
    assert len(said(tmp_path, "canary-on-rwo-pvc", text)) == count


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ("bad-models-early", "of `models` over 1"),
        ("bad-controller-first", "of `kserve` over 0"),
        ("bad-late-certificates", "of `cert-manager` below 1"),
    ],
)
def test_the_side_of_a_wave_that_helps(case: str, wanted: str) -> None:
    (finding,) = findings_in(RULE_FOLDERS["sync-wave-order"] / case, "sync-wave-order")
    assert wanted in finding.help


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
