"""Which platform pieces an input shows, and what the user's configuration says over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import book

from kslint.config import Cluster, Config
from kslint.graph.graph import Graph
from kslint.model.gitops.argocd import chart_sources
from kslint.model.kserve.installation import values_are_known
from kslint.model.platform.pieces import CERT_MANAGER, ISTIO, KNATIVE, shows
from kslint.running import engine
from kslint.source.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from kslint.model.platform.pieces import Piece
    from kslint.source.load import Input

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source: {{repoURL: "{url}", {what}: {chart}, targetRevision: v1.0.0{more}}}
  destination: {{namespace: {name}}}
"""


def loaded(folder: Path, files: dict[str, str]) -> Input:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load([str(folder)])


def application(chart: str, url: str = "https://x.example", what: str = "chart") -> str:
    return APPLICATION.format(name="some", url=url, what=what, chart=chart, more="")


def flux(chart: str) -> str:
    return f"apiVersion: a/v2\nkind: HelmRelease\nspec: {{chart: {{spec: {{chart: {chart}}}}}}}\n"


def base(url: str) -> str:
    return f"resources: ['{url}']\n"


@pytest.mark.parametrize(
    ("piece", "file", "text", "expected"),
    [
        (CERT_MANAGER, "a.yaml", application("cert-manager"), True),
        (CERT_MANAGER, "a.yaml", application("trust-manager"), False),
        (CERT_MANAGER, "a.yaml", application("cert-manager-csi-driver"), False),
        (CERT_MANAGER, "a.yaml", application("platform/cert-manager", what="path"), True),
        (CERT_MANAGER, "a.yaml", application("platform/certs", what="path"), False),
        (CERT_MANAGER, "a.yaml", flux("cert-manager"), True),
        (CERT_MANAGER, "a.yaml", flux("keda"), False),
        (CERT_MANAGER, "Chart.yaml", "dependencies: [{name: cert-manager}]\n", True),
        (
            ISTIO,
            "Chart.yaml",
            "dependencies: [{name: base, repository: 'https://istio-release.example/charts'}]\n",
            True,
        ),
        (ISTIO, "Chart.yaml", "dependencies: [{name: podinfo}]\n", False),
        (CERT_MANAGER, "helmfile.yaml", "releases: [{chart: jetstack/cert-manager}]\n", True),
        (
            CERT_MANAGER,
            "a.yaml",
            (
                "apiVersion: helm.cattle.io/v1\nkind: HelmChart\n"
                "spec: {chart: jetstack/cert-manager}\n"
            ),
            True,
        ),
        (
            CERT_MANAGER,
            "a.yaml",
            (
                "apiVersion: operators.coreos.com/v1alpha1\nkind: Subscription\n"
                "spec: {name: openshift-cert-manager-operator}\n"
            ),
            True,
        ),
        (
            CERT_MANAGER,
            "a.yaml",
            (
                "apiVersion: messaging.knative.dev/v1\nkind: Subscription\n"
                "spec: {name: cert-manager}\n"
            ),
            False,
        ),
        (CERT_MANAGER, "values.yaml", "releases: [{chart: jetstack/cert-manager}]\n", False),
        (
            CERT_MANAGER,
            "kustomization.yaml",
            base("https://github.com/cert-manager/cert-manager/releases/download/v1/x.yaml"),
            True,
        ),
        (
            CERT_MANAGER,
            "kustomization.yaml",
            base("https://github.com/cert-manager/cert-manager/releases/download/v1/x.crds.yaml"),
            False,
        ),
        (CERT_MANAGER, "kustomization.yaml", base("https://github.com/a/b/c.yaml"), False),
        (CERT_MANAGER, "a.yaml", "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\n", False),
        (
            CERT_MANAGER,
            "a.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: cert-manager}\n",
            True,
        ),
        (ISTIO, "a.yaml", application("base", "https://istio-release.example/charts"), True),
        (ISTIO, "a.yaml", application("base"), False),
        (ISTIO, "a.yaml", application("cert-manager-istio-csr"), False),
        (ISTIO, "a.yaml", "apiVersion: networking.istio.io/v1\nkind: VirtualService\n", True),
        (
            ISTIO,
            "a.yaml",
            (
                "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
                "spec: {gatewayClassName: istio}\n"
            ),
            True,
        ),
        (
            ISTIO,
            "a.yaml",
            (
                "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\n"
                "spec: {controllerName: istio.io/gateway-controller}\n"
            ),
            True,
        ),
        (
            ISTIO,
            "a.yaml",
            (
                "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
                "spec: {gatewayClassName: envoy}\n"
            ),
            False,
        ),
        (ISTIO, "a.yaml", "apiVersion: a.notistio.io/v1\nkind: VirtualService\n", False),
        (
            ISTIO,
            "a.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {labels: {istio-injection: enabled}}\n",
            True,
        ),
        (
            ISTIO,
            "a.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {labels: {istio-injection: disabled}}\n",
            False,
        ),
        (KNATIVE, "a.yaml", application("knative-eventing"), False),
        (KNATIVE, "a.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\n", True),
        (KNATIVE, "a.yaml", "apiVersion: operator.knative.dev/v1\nkind: KnativeEventing\n", False),
        (KNATIVE, "a.yaml", "apiVersion: operator.knative.dev/v1\nkind: KnativeServing\n", True),
        (
            KNATIVE,
            "a.yaml",
            (
                "apiVersion: operators.coreos.com/v1\nkind: Subscription\n"
                "spec: {name: serverless-operator}\n"
            ),
            True,
        ),
    ],
)
def test_traces(tmp_path: Path, piece: Piece, file: str, text: str, expected: bool) -> None:
    assert shows(Graph(loaded(tmp_path, {file: text})), piece) is expected


@pytest.mark.parametrize(
    ("helm", "files", "expected"),
    [
        ("", {}, True),
        ("{valueFiles: [$v/a.yaml]}", {}, False),
        ("{valueFiles: [$v/a.yaml]}", {"a.yaml": "# nothing\n"}, True),
        ("{valueFiles: [$v/a.yaml, $v/b.yaml]}", {"a.yaml": "a: 1\n"}, False),
        ("{valueFiles: ['$v/values/*.yaml']}", {"values/a.yaml": "a: 1\n"}, True),
        ("{values: 'a: ['}", {}, False),
        ("{values: 'a: 1'}", {}, True),
    ],
)
def test_values_are_known(tmp_path: Path, helm: str, files: dict[str, str], expected: bool) -> None:
    more = f", helm: {helm}" if helm else ""
    text = APPLICATION.format(name="k", url="x.example", what="chart", chart="kserve", more=more)
    graph = Graph(loaded(tmp_path, {**files, "app.yaml": text}))
    (source,) = chart_sources(graph)
    assert values_are_known(graph, source) is expected


GATEWAY = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"


@pytest.mark.parametrize(
    ("rule", "text", "cluster", "count"),
    [
        ("cert-manager-missing", application("kserve"), Cluster(), 1),
        (
            "cert-manager-missing",
            application("kserve"),
            Cluster(provides=frozenset({"cert-manager"})),
            0,
        ),
        ("cert-manager-missing", application("kserve"), Cluster(complete=False), 0),
        ("cert-manager-missing", application("kserve"), Cluster(complete=True), 1),
        ("istio-virtualhost-enabled", application("kserve"), Cluster(), 1),
        (
            "istio-virtualhost-enabled",
            application("kserve"),
            Cluster(provides=frozenset({"istio"})),
            0,
        ),
        ("deployment-mode-not-standard", application("kserve"), Cluster(), 1),
        (
            "deployment-mode-not-standard",
            application("kserve"),
            Cluster(provides=frozenset({"knative"})),
            0,
        ),
        ("gateway-class-mismatch", GATEWAY + "spec: {gatewayClassName: a}\n", Cluster(), 0),
        (
            "gateway-class-mismatch",
            GATEWAY + "spec: {gatewayClassName: a}\n",
            Cluster(gateway_classes=("b",)),
            1,
        ),
        (
            "gateway-class-mismatch",
            GATEWAY + "spec: {gatewayClassName: a}\n",
            Cluster(gateway_classes=("a",)),
            0,
        ),
        *(
            (
                "gateway-class-mismatch",
                f"{GATEWAY}spec: {{gatewayClassName: {name}}}\n---\n{application(chart)}",
                Cluster(gateway_classes=("b",)),
                count,
            )
            for chart, name, count in (
                ("cilium", "cilium", 0),
                ("contour", "contour", 0),
                ("istiod", "istio-waypoint", 0),
                ("base-istio", "istio-remote", 0),
                ("kong", "kong", 0),
                ("nginx-gateway-fabric", "nginx", 0),
                ("traefik", "traefik", 0),
                ("envoy-gateway", "eg", 0),
                ("gateway-helm", "envoy", 0),
                ("kgateway", "kgateway-waypoint", 0),
                ("agentgateway", "agentgateway", 0),
                ("traefik-crds", "traefik", 1),
                ("podinfo", "gke-l7-rilb", 0),
                ("podinfo", "amazon-vpc-lattice", 0),
                ("podinfo", "azure-alb-external", 0),
                ("podinfo", "openshift-default", 0),
                ("podinfo", "traefik", 1),
            )
        ),
        ("cert-manager-crds-disabled", application("cert-manager"), Cluster(), 1),
        (
            "cert-manager-crds-disabled",
            application("cert-manager"),
            Cluster(provides=frozenset({"cert-manager-crds"})),
            0,
        ),
    ],
)
def test_the_user_has_the_last_word(
    tmp_path: Path, rule: str, text: str, cluster: Cluster, count: int
) -> None:
    rules = [each for each in book() if each.name == rule]
    config = Config(cluster=cluster)
    result = engine.run(loaded(tmp_path, {"a.yaml": text}), rules, config, book())
    assert [finding.name for finding in result.findings] == [rule] * count


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspec: [a]\n",
        GATEWAY + "spec: {gatewayClassName: [x]}\n",
        application("[kserve, cert-manager]"),
        application("cert-manager").replace("targetRevision: v1.0.0", "helm: [1], path: [2]"),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inferenceservice-config}\n"
            "data: {ingress: '[]', deploy: '{\"defaultDeploymentMode\": []}'}\n"
        ),
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: []\nspec: {}\n",
        "apiVersion: operators.coreos.com/v1\nkind: Subscription\nspec: x\n",
        "apiVersion: a/v2\nkind: HelmRelease\nspec: {chart: x}\n",
    ],
)
def test_wrong_shapes_break_nothing(tmp_path: Path, text: str) -> None:
    rules = [rule for rule in book() if rule.id.startswith("KS6")]
    result = engine.run(loaded(tmp_path, {"a.yaml": text}), rules, Config(), book())
    assert not [f.message for f in result.findings if f.name == "internal-error"]
