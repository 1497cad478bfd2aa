"""Which CRDs an Application brings that are too large for a client-side apply."""

from __future__ import annotations

import pytest

from kslint.graph.graph import Graph
from kslint.model.gitops import argocd, crd
from kslint.model.gitops.crd import charts
from kslint.source.files import Source
from kslint.source.load import Input, load_source

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  source: {%s}
  destination: {server: s, namespace: x}
"""
OURS = "repoURL: 'https://git.example.com/me/platform', path: "


def large(name: str, size: int = 300_000) -> str:
    """A CRD with a schema of so many bytes."""
    return (
        f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"metadata: {{name: {name}}}\nspec: {{versions: [{{name: v1, schema: {{openAPIV3Schema: "
        f"{{type: object, description: {'x' * size}}}}}}}]}}\n"
    )


def definitions(source: str, **files: str) -> list[str]:
    """The names of what is too large, with the other files of the repository at hand."""
    loaded = Input([], [], [])
    for name, text in {"apps/a.yaml": APPLICATION % source, **files}.items():
        load_source(Source(name, text.encode()), loaded)
    assert loaded.troubles == []
    graph = Graph(loaded)
    (application,) = argocd.applications(graph)
    return [definition.name for definition in crd.deployed(application, graph)]


def of_chart(chart: str, revision: str, values: str = "{}", more: str = "") -> list[str]:
    return definitions(
        f"repoURL: 'https://charts.example.com', chart: {chart}, targetRevision: {revision}, "
        f"helm: {{valuesObject: {values}{more}}}"
    )


CHARTS = sorted({name for bundle in charts().values() for name in bundle.get("chart", ())})


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("revision", ["0.0.1", "1.0.0", "v99.0.0", "main", '"*"', '""'])
def test_every_release_of_a_known_chart_has_an_answer(chart: str, revision: str) -> None:
    assert isinstance(of_chart(chart, revision, "{crds: {enabled: false, install: no}}"), list)


PROMETHEUS = "prometheuses.monitoring.coreos.com"


@pytest.mark.parametrize(
    ("revision", "values", "more", "found"),
    [
        ("87.0.0", "{}", "", True),
        ("87.0.0", "{crds: {enabled: false}}", "", False),
        ("87.0.0", "{}", ", skipCrds: true", False),
        ("45.0.0", "{}", "", True),
        ("45.0.0", "{crds: {enabled: false}}", "", True),  # there was no such switch before 48
        ("45.0.0", "{}", ", skipCrds: true", False),
        ("main", "{}", "", True),  # every release that is known has it
    ],
)
def test_a_switch_counts_from_the_release_that_has_it(
    revision: str, values: str, more: str, found: bool
) -> None:
    assert (PROMETHEUS in of_chart("kube-prometheus-stack", revision, values, more)) is found


@pytest.mark.parametrize(
    ("chart", "revision", "values", "one", "found"),
    [
        ("prometheus-operator-crds", "31.0.0", "{}", PROMETHEUS, True),
        ("prometheus-operator-crds", "31.0.0", "{crds: {prometheuses: {enabled: false}}}",
         PROMETHEUS, False),
        ("prometheus-operator-crds", "31.0.0",
         "{crds: {annotations: {argocd.argoproj.io/sync-options: ServerSideApply=true}}}",
         PROMETHEUS, False),
        ("external-secrets", "2.9.0", "{crds: {createClusterSecretStore: false}}",
         "clustersecretstores.external-secrets.io", False),
        ("external-secrets", "2.9.0", "{crds: {createClusterSecretStore: false}}",
         "secretstores.external-secrets.io", True),
    ],
)  # fmt: skip
def test_single_crds_can_be_left_out(
    chart: str, revision: str, values: str, one: str, found: bool
) -> None:
    assert (one in of_chart(chart, revision, values)) is found


CHART_FILE = "apiVersion: v2\nname: c\nversion: 1.0.0\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (OURS + "charts/c", ["widgets.example.org"]),
        (OURS + "charts/c, helm: {skipCrds: true}", []),
        (OURS + "charts/other", []),
    ],
)
def test_a_chart_in_the_repository_brings_its_crds_folder(source: str, found: list[str]) -> None:
    files = {
        "charts/c/Chart.yaml": CHART_FILE,
        "charts/c/crds/widgets.yaml": large("widgets.example.org"),
        "charts/other/Chart.yaml": CHART_FILE,
        "elsewhere/gadgets.yaml": large("gadgets.example.org"),
    }
    assert definitions(source, **files) == found


@pytest.mark.parametrize(
    ("revision", "found"), [("9.4.11", True), ("9.4.12", False), ("9.5.12", False)]
)
def test_a_chart_may_annotate_its_own_crds(revision: str, found: bool) -> None:
    assert bool(of_chart("argo-cd", revision)) is found


def test_small_crds_are_no_matter() -> None:
    for size, found in ((200_000, []), (300_000, ["w.example.org"])):
        assert definitions(OURS + "crds", **{"crds/w.yaml": large("w.example.org", size)}) == found


@pytest.mark.parametrize(
    ("kustomization", "found"),
    [
        ("resources: [widgets.yaml]\n", True),
        (("helmCharts:\n  - {name: kube-prometheus-stack, version: 87.0.0, repo: 'https://x', "
          "includeCRDs: true}\n"), True),
        (("helmCharts:\n  - {name: kube-prometheus-stack, version: 87.0.0, repo: 'https://x'}\n"),
         False),
        (("helmCharts:\n  - {name: kueue, version: 0.18.1, repo: 'https://x', includeCRDs: true}\n"
         "patches:\n  - target: {kind: CustomResourceDefinition}\n    patch: |-\n"
         "      $patch: delete\n      kind: CustomResourceDefinition\n      metadata: {name: x}\n"),
         False),
        ("helmCharts:\n  - {name: kueue, version: 0.18.1, repo: 'https://x', includeCRDs: true}\n",
         True),
    ],
)  # fmt: skip
def test_kustomizations_may_take_out_what_they_bring(kustomization: str, found: bool) -> None:
    files = {"crds/kustomization.yaml": kustomization, "crds/widgets.yaml": large("w.example.org")}
    assert bool(definitions(OURS + "crds", **files)) is found
