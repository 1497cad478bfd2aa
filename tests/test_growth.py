"""Four times the input takes four times the work, whatever it repeats.

Work is counted in calls, not in seconds: that is the same on every machine. A factor of four in
size may cost a factor of six; what grows with the square would cost sixteen.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from cases import book, loaded

from kslint.config import Config
from kslint.model.model import Model
from kslint.model.platform.layers import families
from kslint.running import engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from kslint.findings import Result

SMALL, LARGE = 60, 240

INFERENCE_SERVICE = """apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: m{0}, namespace: models}}
spec:
  predictor:
    containers:
      - name: kserve-container
        image: vllm/vllm-openai-cpu:v0.20.0
        args: [--model=/mnt/m]
        env: [{{name: S, valueFrom: {{secretKeyRef: {{name: s{0}, key: k}}}}}}]
        volumeMounts: [{{name: m, mountPath: /mnt/m}}]
    volumes: [{{name: m, persistentVolumeClaim: {{claimName: c{0}}}}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: c{0}, namespace: models}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: s{0}, namespace: models}}
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
"""
APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: a{0}, namespace: argocd}}
spec:
  project: default
  destination: {{server: https://kubernetes.default.svc, namespace: models}}
  source: {{repoURL: https://git.example.com/x, path: p/{0}, targetRevision: HEAD}}
"""
CHOOSING = """apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {{name: m, namespace: n{0}}}
spec: {{predictor: {{model: {{modelFormat: {{name: own}}, storageUri: "pvc://a/b"}}}}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {{name: r, namespace: n{0}}}
spec:
  supportedModelFormats: [{{name: own, autoSelect: true}}]
  containers: [{{name: kserve-container, image: a}}]
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: m, namespace: n{0}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec: {{containers: [{{name: m, image: "vllm/vllm-openai-cpu:v0.20.0", args: [--model=/m]}}]}}
---
"""
LIMITED = (
    DEPLOYMENT
    + """apiVersion: v1
kind: ResourceQuota
metadata: {{name: q, namespace: n{0}}}
spec: {{hard: {{pods: 4}}}}
"""
)
SCALED = (
    DEPLOYMENT
    + """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: h, namespace: n{0}}}
spec: {{maxReplicas: 3, scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: m}}}}
"""
)
SELECTING = """\
apiVersion: v1
kind: Service
metadata: {{name: s{0}, namespace: a, labels: {{a: b{0}}}}}
spec: {{selector: {{a: b{0}}}, ports: [{{port: 80, targetPort: x}}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: s{0}, namespace: a}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{a: b{0}}}}}}}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: s{0}, namespace: a}}
spec: {{selector: {{matchLabels: {{a: b{0}}}}}, endpoints: [{{port: http}}]}}
"""
WALLED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: m{0}, namespace: a}}
spec:
  selector: {{matchLabels: {{a: b{0}}}}}
  template:
    metadata: {{labels: {{a: b{0}}}}}
    spec: {{containers: [{{name: m, image: "vllm/vllm-openai-cpu:v0.20.0", args: [--model=/m]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: s{0}, namespace: a}}
spec: {{selector: {{a: b{0}}}, ports: [{{port: 80, targetPort: 8000}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: s{0}, namespace: a}}
spec:
  podSelector: {{matchLabels: {{a: b{0}}}}}
  ingress: [{{from: [{{podSelector: {{matchLabels: {{a: x}}}}}}]}}]
"""
RIVALS = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: s{0}, namespace: a}}
spec:
  scaleTargetRef: {{name: m{0}}}
  triggers:
    - type: prometheus
      metadata: {{serverAddress: "http://p", query: "vllm:num_requests_waiting{{m='{0}'}}"}}
"""
BOUNDED = """\
apiVersion: v1
kind: LimitRange
metadata: {{name: l{0}, namespace: a}}
spec: {{limits: [{{type: Container, max: {{cpu: 8}}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: p{0}, namespace: a}}
spec: {{containers: [{{name: m, image: a, resources: {{limits: {{cpu: 1}}}}}}]}}
"""
MERGED = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  template:
    metadata: {name: "{{k}}"}
    spec:
      destination: {server: x, namespace: "{{k}}"}
      source: {repoURL: x, path: "{{k}}"}
  generators:
  - merge:
      mergeKeys: [k]
      generators:
"""
ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r{0}, namespace: a}}
spec:
  parentRefs: [{{name: gateway}}]
  hostnames: ["r{0}.example.org"]
  rules: [{{backendRefs: [{{name: s{0}, port: 80}}]}}]
"""
NAMED_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{0}}}\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"


def lines(text: str) -> Callable[[int], str]:
    return lambda count: "".join(text.format(i) for i in range(count))


def documents(text: str) -> Callable[[int], str]:
    return lambda count: "---\n".join(text.format(i) for i in range(count))


def in_data(text: str) -> Callable[[int], dict[str, str]]:
    return lambda count: {"a.yaml": CONFIG_MAP + lines(text)(count)}


INPUTS: dict[str, Callable[[int], dict[str, str]]] = {
    "documents": lambda n: {"a.yaml": "a: 1\n---\n" * n},
    "JSON texts": lambda n: {"a.json": '{"a": 1}\n' * n},
    "findings in one object": in_data("  k{0}: 1\n"),
    "duplicate keys": in_data("  k: 1\n"),
    "redefined anchors": in_data("  a{0}: &x v{0}\n  b{0}: *x\n"),
    "merges": in_data("  a{0}: {{a: {0}, <<: {{a: b}}}}\n"),
    "suppressions of lines": in_data("  k{0}: 1 # kslint: ignore[yaml-unquoted-text] why\n"),
    "suppressions of blocks": in_data("  # kslint: ignore[yaml-unquoted-text] why\n  k{0}: 1\n"),
    "comments in a row": lambda n: {"a.yaml": "# kslint: ignore[KS701] why\n" * n + CONFIG_MAP},
    "versions in values": lambda n: {"values.yaml": lines("k{0}: {{tag: 1.10}}\n")(n)},
    "services with all they need": lambda n: {"a.yaml": documents(INFERENCE_SERVICE)(n // 3)},
    "files": lambda n: {f"d{i}/a.yaml": INFERENCE_SERVICE.format(i) for i in range(n // 3)},
    "applications": lambda n: {
        **{f"apps/{i}.yaml": APPLICATION.format(i) for i in range(n // 3)},
        **{f"p/{i}/a.yaml": INFERENCE_SERVICE.format(i) for i in range(n // 3)},
    },
    "runtimes to choose from": lambda n: {
        f"d{i}/a.yaml": CHOOSING.format(i) for i in range(6 * n)
    },
    "quotas": lambda n: {f"d{i}/a.yaml": LIMITED.format(i) for i in range(2 * n)},
    "scalers": lambda n: {f"d{i}/a.yaml": SCALED.format(i) for i in range(2 * n)},
    "selectors of pods": lambda n: {
        "a.yaml": documents(
            DEPLOYMENT.replace("name: m, namespace: n{0}", "name: m{0}, namespace: a")
            .replace("a: b", "a: b{0}") + SELECTING
        )(n // 2)
    },
    "policies and their pods": lambda n: {"a.yaml": documents(WALLED)(n // 3)},
    "scalers of one namespace": lambda n: {"a.yaml": documents(RIVALS)(n // 2)},
    "limit ranges": lambda n: {"a.yaml": documents(BOUNDED)(n)},
    "applications with overrides": lambda n: {
        "b/a.yaml": NAMED_MAP.format(0),
        "b/kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": documents(
            APPLICATION.replace("p/{0},", "b, kustomize: {{namePrefix: x{0}-}},")
        )(n),
    },
    "application sets that merge": lambda n: {
        "a.yaml": MERGED + "".join(
            "      - list: {elements: [" + ", ".join(f"{{k: x{i}}}" for i in range(n)) + "]}\n"
            for _ in range(2)
        )
    },
    "routes": lambda n: {"a.yaml": documents(ROUTE)(n)},
    "names that kustomize follows": lambda n: {
        "a.yaml": documents(INFERENCE_SERVICE)(n // 3),
        "kustomization.yaml": "resources: [a.yaml]\nnamePrefix: x-\nnamespace: q\n",
    },
    "overlays": lambda n: {
        "b/a.yaml": INFERENCE_SERVICE.format(0),
        "b/kustomization.yaml": "resources: [a.yaml]\n",
        **{f"o{i}/kustomization.yaml": f"resources: [../b]\nnamePrefix: x{i}-\n"
           for i in range(n // 3)},
    },
    "targets by name": lambda n: {
        "a.yaml": documents(NAMED_MAP)(n),
        "kustomization.yaml": "resources: [a.yaml]\npatches:\n" + lines(
            "- {{target: {{name: c{0}}}, patch: '[{{op: add, path: /data, value: {{}}}}]'}}\n"
        )(n)
    },
    "generators that merge": lambda n: {
        "b/kustomization.yaml": "configMapGenerator:\n" + lines("- name: c{0}\n")(2 * n),
        "kustomization.yaml": "resources: [b]\nconfigMapGenerator:\n"
        + lines("- {{name: c{0}, behavior: merge}}\n")(2 * n)
    },
    "lists that are merged": lambda n: {
        "a.yaml": POD + "  - name: a\n    env:\n" + lines("    - {{name: A{0}, value: b}}\n")(n),
        "p.yaml": POD + "  - name: a\n    env:\n" + lines("    - {{name: A{0}, value: c}}\n")(n),
        "kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
    },
    "names that many had": lambda n: {
        "b/a.yaml": NAMED_MAP.format(0),
        "b/b.yaml": POD + "  - {name: a, image: b, envFrom: [{configMapRef: {name: c0}}]}\n",
        "b/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
        **{f"o{i}/kustomization.yaml": f"resources: [../b]\nnamePrefix: x{i}-\n"
           for i in range(n // 2)},
        "kustomization.yaml": "resources:\n" + lines("- o{0}\n")(n // 2),
    },
    "containers": lambda n: {
        "a.yaml": POD + lines("  - {{name: a{0}, image: 'vllm/vllm-openai-cpu:v0.20.0'}}\n")(n)
    },
    "arguments": lambda n: {
        "a.yaml": POD + "  - name: a\n    image: vllm/vllm-openai-cpu:v0.20.0\n    args:\n"
        + lines("    - --a{0}=b\n")(n)
    },
    "variables": lambda n: {
        "a.yaml": POD + "  - name: a\n    image: vllm/vllm-openai-cpu:v0.20.0\n    env:\n"
        + lines("    - {{name: A{0}, value: '$(A)'}}\n")(n)
    },
    "quantities": lambda n: {
        "a.yaml": POD + lines("  - {{name: a{0}, resources: {{limits: {{cpu: 1x}}}}}}\n")(n)
    },
    "unknown fields": lambda n: {
        "a.yaml": INFERENCE_SERVICE.format(0).partition("---")[0] + lines("    z{0}: 1\n")(n)
    },
    "broken documents": lambda n: {"a.yaml": "a: [\n---\n" * n},
}  # fmt: skip


def check(files: dict[str, str]) -> Result:
    return engine.run(loaded(files), book(), Config(), book())


def calls(work: Callable[[], object]) -> int:
    """How many functions, ours and built-in ones, some work calls."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", INPUTS)
def test_work_grows_with_the_input(name: str) -> None:
    small, large = INPUTS[name](SMALL), INPUTS[name](LARGE)
    check(small)  # what is read once is read by now
    assert calls(lambda: check(large)) < 6 * calls(lambda: check(small))


def test_layers_look_at_each_object_once() -> None:
    def work(count: int) -> int:
        apps = {f"apps/{i}.yaml": APPLICATION.format(i) for i in range(count)}
        services = {f"p/{i}/a.yaml": INFERENCE_SERVICE.format(i) for i in range(count)}
        model = Model.of(loaded({**apps, **services}), Config())
        return calls(lambda: list(families(model.graph)))

    work(1)
    assert work(LARGE) < 6 * work(SMALL)


def test_variables_that_double_each_other_end() -> None:
    values = "".join(f"    - {{name: A{i + 1}, value: '$(A{i})$(A{i})'}}\n" for i in range(60))
    start = "  - name: a\n    image: vllm/vllm-openai-cpu:v0.20.0\n    env:\n"
    use = "    args: ['--dtype=$(A60)']\n"
    text = POD + start + "    - {name: A0, value: half}\n" + values + use
    names = {finding.name for finding in check({"a.yaml": text}).findings}
    assert "cpu-dtype-not-float32" not in names  # too long to be known
    assert "internal-error" not in names
