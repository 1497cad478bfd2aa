"""When a look-up may say that something is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kslint.graph.graph import Graph
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

REPO = "https://github.com/org/platform"
CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: there, namespace: ns}\n"
SECRETS = "apiVersion: v1\nkind: Secret\nmetadata: {name: there, namespace: ns}\n"
EXTERNAL = (
    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e, namespace: ns}\n"
    "spec: {target: {name: made}}\n"
)
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: ns}\n"
SPREAD = "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: c}\n"
HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app}\n"
OURS = (
    HEAD
    + f"spec: {{source: {{repoURL: '{REPO}', path: deploy}}, destination: {{namespace: ns}}}}\n"
)


def source(text: str, namespace: str = "ns") -> str:
    spec = f"{{source: {{{text}}}, destination: {{namespace: '{namespace}'}}}}"
    return f"{OURS}---\n{HEAD}spec: {spec}\n"


CHART = "repoURL: 'https://charts.example.com', chart: c"
FOREIGN = "repoURL: 'https://github.com/kserve/kserve', path: config"
ABSENT_PATH = f"repoURL: '{REPO}', path: not/here"
REMOTE = "resources: ['https://x/y.yaml']\n"
BASE = {"deploy/claim.yaml": CLAIM, "deploy/secret.yaml": SECRETS}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def build(files: dict[str, str], **told: Any) -> Graph:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(tmp_path)
        return Graph(load(["."]), **told)

    return build


@pytest.mark.parametrize(
    ("more", "claims", "secrets"),
    [
        ({}, True, True),
        ({"app.yaml": OURS}, True, True),
        ({"app.yaml": source(CHART)}, True, False),
        ({"app.yaml": source(CHART, "other")}, True, True),
        ({"app.yaml": source(CHART, "{{ns}}")}, True, False),
        ({"app.yaml": source(FOREIGN)}, True, False),
        ({"app.yaml": source(ABSENT_PATH)}, False, False),
        ({"app.yaml": source(ABSENT_PATH, "other")}, True, True),
        ({"app.yaml": source(ABSENT_PATH + ", plugin: {}", "{{x}}")}, False, False),
        ({"k/kustomization.yaml": f"{REMOTE}namespace: ns\n"}, False, False),
        ({"k/kustomization.yaml": f"{REMOTE}namespace: no\n"}, True, True),
        ({"k/kustomization.yaml": "resources: ['https://x/crds.yaml']\n"}, True, True),
        ({"k/kustomization.yaml": "resources: [gone.yaml, ../deploy/claim.yaml]\n"}, False, False),
        ({"k/kustomization.yaml": "helmCharts: [{name: c}]\nnamespace: ns\n"}, True, False),
        ({"k/kustomization.yaml": "helmCharts: [{name: c, namespace: no}]\n"}, True, True),
        ({"k/kustomization.yaml": "resources: []\nvars: [1]\nnamespace: ns\n"}, True, True),
        ({"k/kustomization.yaml": "nonsense: 1\nnamespace: ns\n"}, False, False),
        ({"r.yaml": ROLE + "rules: [{resources: [secrets], verbs: [create]}]\n"}, True, False),
        ({"r.yaml": ROLE + "rules: [{resources: [secrets], verbs: [get]}]\n"}, True, True),
        ({"c.yaml": SPREAD}, True, False),
    ],
)  # fmt: skip
def test_evidence(tree: Any, more: dict[str, str], claims: bool, secrets: bool) -> None:
    graph = tree({**BASE, **more})
    assert graph.complete_for("PersistentVolumeClaim", "ns") is claims
    assert graph.complete_for("Secret", "ns") is secrets
    assert graph.find("PersistentVolumeClaim", "gone", "ns").answer == (
        "absent" if claims else "unknown"
    )
    assert graph.find("PersistentVolumeClaim", "there", "ns").answer == "found"


def test_nothing_is_known_of_namespaces_and_kinds_without_evidence(tree: Any) -> None:
    graph = tree(BASE)
    assert graph.find("PersistentVolumeClaim", "gone", "elsewhere").answer == "unknown"
    assert graph.find("PersistentVolumeClaim", "gone", None).answer == "unknown"
    assert graph.find("ConfigMap", "gone", "ns").answer == "unknown"
    assert graph.find("GatewayClass", "gone", "").answer == "unknown"


def test_producers_are_evidence(tree: Any) -> None:
    graph = tree({"e.yaml": EXTERNAL})
    assert graph.find("Secret", "made", "ns").answer == "found"
    assert graph.find("Secret", "other", "ns").answer == "absent"
    graph = tree(
        {"k/kustomization.yaml": "namespace: gen\nsecretGenerator: [{name: s, literals: [a=b]}]\n"}
    )
    assert graph.find("Secret", "s", "gen").answer == "found"
    assert graph.find("Secret", "t", "gen").answer == "absent"


def test_what_kubernetes_makes_itself_is_never_absent(tree: Any) -> None:
    accounts = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: mine, namespace: ns}\n"
    graph = tree({"a.yaml": accounts})
    assert graph.find("ServiceAccount", "other", "ns").answer == "absent"
    assert graph.find("ServiceAccount", "default", "ns").answer == "unknown"


def test_an_object_elsewhere_is_told(tree: Any) -> None:
    graph = tree(BASE)
    found = graph.find("PersistentVolumeClaim", "there", "other")
    assert (found.answer, [r.name for r in found.elsewhere]) == ("unknown", ["there"])


@pytest.mark.parametrize(
    ("told", "here", "there"),
    [
        (None, True, False),
        (True, True, True),
        (False, False, False),
        (frozenset({"other"}), True, True),
        (frozenset({"third"}), True, False),
    ],
)
def test_the_user_decides(tree: Any, told: Any, here: bool, there: bool) -> None:
    graph = tree(BASE, complete=told, provides=frozenset({"cert-manager"}))
    assert graph.complete_for("Secret", "ns") is here
    assert graph.complete_for("Secret", "other") is there
    assert graph.completeness.provides == {"cert-manager"}
