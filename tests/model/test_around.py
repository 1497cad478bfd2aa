"""What stands around the servers: scalers, budgets, stores, keys, claims, nodes, projects."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.model import budgets, keys, scaler_rules, stores
from kslint.model.gitops import projects
from kslint.model.model import Model
from kslint.model.sharing import exclusive, spreads
from kslint.source.files import Source
from kslint.source.load import Input, load_source


def model(text: str) -> Model:
    loaded = Input([], [], [])
    load_source(Source("tree.yaml", text.encode()), loaded)
    return Model.of(loaded, Config())


def deployment(pod: str = "", replicas: str = "1", claim: str = "c") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: qwen, namespace: llm}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: qwen}}}}
  template:
    metadata: {{labels: {{app: qwen}}}}
    spec:
      {pod}
      containers: [{{name: a, image: b}}]
      volumes: [{{name: v, persistentVolumeClaim: {{claimName: {claim}}}}}]
---
"""


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ("", True),
        ("nodeName: node-1", False),
        ("nodeSelector: {kubernetes.io/hostname: node-1}", False),
        (("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, "
         "values: [a]}]}]}}}"), False),
        (("affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "[{topologyKey: topology.kubernetes.io/zone}]}}"), True),
    ],
)  # fmt: skip
def test_what_ties_pods_to_one_node(pod: str, expected: bool) -> None:
    built = model(deployment(pod))
    (workload,) = built.workloads
    assert spreads(workload, Config()) is expected


@pytest.mark.parametrize(
    ("claim", "spec", "expected"),
    [
        ("c", "{accessModes: [ReadWriteOnce]}", True),
        ("c", "{accessModes: [ReadWriteOnce, ReadWriteMany]}", False),
        ("c", "{accessModes: [ReadWriteOnce], storageClassName: openebs-hostpath}", False),
        ("c", "{accessModes: [SomethingElse]}", False),
        ("c", "{}", False),
        ("PVC_NAME", "{accessModes: [ReadWriteOnce]}", False),
    ],
)
def test_claims_of_one_node(claim: str, spec: str, expected: bool) -> None:
    text = (
        "apiVersion: v1\nkind: PersistentVolumeClaim\n"
        f"metadata: {{name: {claim}, namespace: llm}}\nspec: {spec}\n"
    )
    built = model(deployment(claim=claim) + text)
    (workload,) = built.workloads
    assert (exclusive(claim, workload, built.graph) is not None) is expected


@pytest.mark.parametrize(
    ("spec", "replicas", "expected"),
    [
        ("{minAvailable: 1, selector: {matchLabels: {app: qwen}}}", "1", True),
        ("{minAvailable: 34%, selector: {matchLabels: {app: qwen}}}", "3", False),
        ("{minAvailable: half, selector: {matchLabels: {app: qwen}}}", "3", False),
        ("{maxUnavailable: 0%, selector: {matchLabels: {app: qwen}}}", "3", True),
        ("{selector: {matchLabels: {app: qwen}}}", "1", False),
        ("{minAvailable: 1, selector: {matchExpressions: []}}", "1", False),
        ("{minAvailable: 1, selector: {matchLabels: {app: other}}}", "1", False),
        ("null", "1", False),
    ],
)
def test_budgets(spec: str, replicas: str, expected: bool) -> None:
    head = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b, namespace: llm}\n"
    graph = model(deployment(replicas=replicas) + f"{head}spec: {spec}\n").graph
    (budget,) = graph.of_kind("PodDisruptionBudget")
    assert (budgets.blocked(budget, graph) is not None) is expected


@pytest.mark.parametrize(
    ("spec", "reasons"),
    [
        ("{triggers: [{type: cpu}]}", ["zero"]),
        ("{minReplicaCount: 0, triggers: [{type: cpu}, {type: memory}]}", ["zero"]),
        ("{triggers: [{type: cpu}], advanced: {scalingModifiers: {formula: a}}}", []),
        ("{minReplicaCount: 101, triggers: [{type: cron}]}", ["bounds"]),
        ("{idleReplicaCount: 0, triggers: [{type: cron}]}", ["idle"]),
        ("{idleReplicaCount: 0, minReplicaCount: 0, triggers: [{type: cron}]}", []),
        ("null", []),
    ],
)
def test_scaled_objects(spec: str, reasons: list[str]) -> None:
    text = (
        f"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: s}}\nspec: {spec}\n"
    )
    (scaler,) = model(text).graph.of_kind("ScaledObject")
    assert [each.reason for each in scaler_rules.refused(scaler)] == reasons


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{kind: Secret, apiVersion: v1, data: {a: eA==}, stringData: {b: x}}", {"a", "b"}),
        ("{kind: Secret, apiVersion: v1, data: {a: eA==}, sops: {}}", None),
        (("{kind: Secret, apiVersion: v1, type: kubernetes.io/service-account-token, "
         "data: {a: eA==}}"), None),
        ("{kind: Secret, apiVersion: v1, data: {'{{ key }}': eA==}}", None),
        ("{kind: Certificate, apiVersion: cert-manager.io/v1}", None),
        (("{kind: ExternalSecret, apiVersion: external-secrets.io/v1, spec: {target: "
         "{creationPolicy: Merge}, data: [{secretKey: a}]}}"), None),
        (("{kind: ExternalSecret, apiVersion: external-secrets.io/v1, spec: {target: {template: "
         "{templateFrom: []}}, data: [{secretKey: a}]}}"), None),
        (("{kind: ExternalSecret, apiVersion: external-secrets.io/v1, spec: {target: {template: "
         "{metadata: {}}}, data: [{secretKey: a}]}}"), {"a"}),
        ("{kind: ExternalSecret, apiVersion: external-secrets.io/v1}", None),
    ],
)  # fmt: skip
def test_the_keys_of_a_secret(body: str, expected: set[str] | None) -> None:
    (maker,) = model(body).graph.resources
    assert keys.keys_of(maker) == expected


def test_a_store_that_is_filled_in_later_is_not_looked_for() -> None:
    text = """
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: e, namespace: llm}
spec: {secretStoreRef: {name: "{{ store }}"}}
"""
    graph = model(text).graph
    assert not [*stores.loose(graph.resources[0], graph)]


PROJECT = """
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: ml, namespace: argocd}
spec:
  sourceRepos: %s
  destinations: %s
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  project: ml
  source: {repoURL: %s, path: a}
  destination: %s
"""
HERE = "[{server: '*', namespace: '*'}]"
LLM = "{server: https://kubernetes.default.svc, namespace: llm}"
GIT = "https://git.example.com/ml/platform.git"


@pytest.mark.parametrize(
    ("repositories", "destinations", "url", "destination", "reasons"),
    [
        ("['*']", HERE, GIT, LLM, []),
        ("['https://git.example.com/ml/*']", HERE, GIT, LLM, []),
        ("['https://git.example.com/*']", HERE, GIT, LLM, ["repository"]),
        ("['*', '!https://git.example.com/ml/*']", HERE, GIT, LLM, ["repository"]),
        ("['git@git.example.com:ml/a']", HERE, "git@git.example.com:ml/a.git", LLM, []),
        ("['{{ repository }}']", HERE, GIT, LLM, []),
        ("['*']", "[]", GIT, LLM, ["destination"]),
        ("['*']", "[{server: '*', namespace: '!kube-system'}]", GIT, LLM, []),
        ("['*']", "[{name: in-cluster, namespace: llm}]", GIT, LLM, []),
        ("['*']", "[{name: gpu, namespace: llm}]", GIT, "{name: cpu, namespace: llm}",
         ["destination"]),
        ("['*']", "[{name: gpu, namespace: llm}]", GIT, "{namespace: llm}", []),
        ("['*']", HERE, "oci://registry.example.com/a", LLM, []),
    ],
)  # fmt: skip
def test_projects(
    repositories: str, destinations: str, url: str, destination: str, reasons: list[str]
) -> None:
    graph = model(PROJECT % (repositories, destinations, url, destination)).graph
    assert [each.reason for each in projects.refused(graph)] == reasons


def test_global_projects_may_permit_more() -> None:
    settings = (
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n"
        "data: {globalProjects: x}\n"
    )
    graph = model(PROJECT % ("[]", "[]", GIT, LLM) + settings).graph
    assert not [*projects.refused(graph)]
