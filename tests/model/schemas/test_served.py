"""Which release of a family runs, and whether it serves a version."""

from __future__ import annotations

import pytest

from kslint.config import Config
from kslint.graph.graph import Graph
from kslint.model.gitops.releases import installed
from kslint.model.schemas import tables
from kslint.model.schemas.catalogue import Schemas
from kslint.model.schemas.served import unserved
from kslint.source.files import Source
from kslint.source.load import Input, load_source

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: %(chart)s, namespace: argocd}
spec:
  destination: {namespace: x}
  source: {repoURL: https://charts.example.com, chart: %(chart)s, targetRevision: "%(version)s"}
---
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: %(chart)s, namespace: x}
spec: {chart: {spec: {chart: %(chart)s, version: "%(version)s"}}}
---
"""


def graph_of(**files: str) -> Graph:
    loaded = Input([], [], [])
    for name, text in files.items():
        file = "kustomization.yaml" if name == "kustomization" else f"{name}.yaml"
        load_source(Source(file, text.encode()), loaded)
    assert not loaded.troubles
    return Graph(loaded)


@pytest.mark.parametrize(
    ("files", "family", "version", "place"),
    [
        ({"a": APPLICATION % {"chart": "keda", "version": "2.17.1"}}, "keda", (2, 17), 5),
        ({"a": APPLICATION % {"chart": "keda", "version": "v2.17.1"}}, "keda", (2, 17), 5),
        ({"a": APPLICATION % {"chart": "keda", "version": "2.x"}}, "keda", (), None),
        ({"a": APPLICATION % {"chart": "keda", "version": "9.0.0"}}, "keda", (9, 0), None),
        ({"a": APPLICATION % {"chart": "other", "version": "2.17.1"}}, "keda", (), None),
        ({"a": RELEASE % {"chart": "cert-manager", "version": "v1.18.2"}}, "cert-manager",
         (1, 18), 6),
        (
            {"a": RELEASE % {"chart": "keda", "version": "2.17.0"},
             "b": APPLICATION % {"chart": "keda", "version": "2.18.0"}},
            "keda", (), None,
        ),
        (
            {"kustomization": "helmCharts: [{name: kueue, version: 0.13.4}]"},
            "kueue", (0, 13), 7,
        ),
        (
            {"kustomization": "resources: [https://github.com/kubernetes-sigs/gateway-api/releases/"
             "download/v1.3.0/standard-install.yaml]"},
            "gateway-api", (1, 3), 3,
        ),
        (
            {"kustomization": "resources: [https://github.com/knative/serving/releases/download/"
             "knative-v1.15.2/serving-crds.yaml]"},
            "knative-serving", (1, 15), 5,
        ),
        ({}, "keda", (), None),
        ({}, "kubernetes", (1, 34), 3),
        ({}, "kserve", (0, 19), 4),
    ],
)  # fmt: skip
def test_the_release_that_runs(
    files: dict[str, str], family: str, version: tuple[int, ...], place: int | None
) -> None:
    found = installed(family, graph_of(**files), Config(), "0.19")
    assert (found.version, found.place) == (version, place)
    assert found.in_table == (place is not None or not version)


@pytest.mark.parametrize(
    ("version", "place"), [("1.31", 0), ("v1.37.2", 6), ("1.30", None), ("2.0", None)]
)
def test_the_kubernetes_that_is_told(version: str, place: int | None) -> None:
    found = installed("kubernetes", graph_of(), Config(kubernetes_version=version), "0.19")
    assert (found.place, found.told) == (place, True)


@pytest.mark.parametrize(
    ("api_version", "kind", "told", "said"),
    [
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", None, "gone autoscaling/v2"),
        ("keda.sh/v1", "ScaledObject", None, "unknown keda.sh/v1alpha1"),
        ("argoproj.io/v1", "Application", None, "unknown argoproj.io/v1alpha1"),
        ("cert-manager.io/v2", "Certificate", None, None),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.25", None),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "gone autoscaling/v2"),
        ("extensions/v1beta1", "Ingress", None, "gone networking.k8s.io/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", None, "gone "),
        ("resource.k8s.io/v1", "DeviceClass", "1.33", "early resource.k8s.io/v1beta2"),
        ("resource.k8s.io/v1", "DeviceClass", "1.34", None),
        ("v1", "Deployment", None, "unknown apps/v1"),
        ("apps/v3", "Deployment", None, "unknown apps/v1"),
        ("v1", "Sevice", None, "unknown Service"),
        ("v1", "Config", None, None),
        ("apps/v1", "Bogus", None, None),
        ("apps/v1", "Bogus", "1.99", None),
        ("apps/v1", "DeploymentList", None, None),
        ("serving.kserve.io/v1alpha1", "InferenceService", None,
         "unknown serving.kserve.io/v1beta1"),
        ("serving.kubeflow.org/v1alpha2", "InferenceService", None,
         "unknown serving.kserve.io/v1beta1"),
        ("cert-manager.io/v1alpha2", "Certificate", None, "gone cert-manager.io/v1"),
        ("gateway.networking.k8s.io/v1", "Httproute", None, "unknown HTTPRoute"),
        ("example.com/v1", "Deployment", None, None),
    ],
)  # fmt: skip
def test_what_is_served(api_version: str, kind: str, told: str | None, said: str | None) -> None:
    graph = graph_of(a=f"{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}}}")
    config = Config(kubernetes_version=told)
    schemas = Schemas(graph, lambda family: installed(family, graph, config, "0.19"))
    found = unserved(schemas, graph.resources[0])
    assert (found and f"{found.what} {found.instead or found.kind}") == said


def test_numbers() -> None:
    assert tables.numbers("v1.34.2+k3s1") == (1, 34, 2)
    assert tables.numbers("1.2.0-rc.1") == (1, 2, 0)
    assert tables.numbers("main") == ()
