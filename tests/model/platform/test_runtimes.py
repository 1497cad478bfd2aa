"""Are KServe's runtimes there, and may something bring others?"""

from __future__ import annotations

import pytest

from kslint.graph.graph import Graph
from kslint.model.platform.runtimes import installed_without_runtimes, may_bring_others
from kslint.source.files import Source
from kslint.source.load import Input, load_source


def graph(*texts: str, provides: frozenset[str] = frozenset()) -> Graph:
    loaded = Input([], [], [])
    for number, text in enumerate(texts):
        name, separator, body = text.partition("\0")
        source = name if separator else f"apps/{number}.yaml"
        load_source(Source(source, (body if separator else text).encode()), loaded)
    return Graph(loaded, None, provides)


def chart(name: str, version: str = "v0.19.0", helm: str = "") -> str:
    return f"""
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source: {{repoURL: 'https://charts.test', chart: {name}, targetRevision: {version}{helm}}}
  destination: {{namespace: kserve}}
"""


KSERVE = chart("kserve-resources")
ON = ", helm: {valuesObject: {kserve: {servingruntime: {enabled: true}}}}"
OUT_OF_SIGHT = ", helm: {valueFiles: [other.yaml]}"


@pytest.mark.parametrize(
    ("texts", "bare"),
    [
        ([KSERVE], True),
        ([], False),
        ([chart("kserve-resources", "v0.17.1")], True),
        ([chart("kserve", "v0.16.0")], False),
        ([chart("kserve-resources", "v0.16.0")], False),
        ([chart("kserve-resources", "latest")], False),
        ([KSERVE, chart("kserve", "v0.16.0")], False),
        ([KSERVE, chart("kserve-runtime-configs")], True),
        ([KSERVE, chart("kserve-runtime-configs", helm=ON)], False),
        ([KSERVE, chart("kserve-runtime-configs", helm=OUT_OF_SIGHT)], False),
        ([KSERVE, chart("cert-manager"), chart("kserve-crd")], True),
        ([KSERVE, chart("acme-models")], False),
    ],
)
def test_an_installation_without_runtimes(texts: list[str], bare: bool) -> None:
    assert bool(installed_without_runtimes(graph(*texts))) is bare


CLUSTER_RUNTIME = """
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: %s}
spec: {containers: []}
"""


def test_what_else_may_bring_them() -> None:
    assert not installed_without_runtimes(graph(KSERVE, provides=frozenset({"our-runtimes"})))
    assert not installed_without_runtimes(graph(KSERVE, CLUSTER_RUNTIME % "kserve-xgbserver"))
    assert installed_without_runtimes(graph(KSERVE, CLUSTER_RUNTIME % "mine"))
    hidden = "Chart.yaml\0{name: a, dependencies: [{name: kserve-runtime-configs}]}"
    assert not installed_without_runtimes(graph(KSERVE, hidden))
    assert not may_bring_others(graph(hidden))


def test_what_is_out_of_sight_may_bring_others() -> None:
    assert not may_bring_others(graph())
    assert not may_bring_others(graph(chart("cert-manager"), chart("kserve-runtime-configs")))
    assert may_bring_others(graph(chart("platform")))
    assert may_bring_others(graph(provides=frozenset({"runtimes"})))
    generated = chart("x").replace("kind: Application", "kind: ApplicationSet")
    spec = generated.partition("spec:\n")[2].replace("chart: x", "path: '{{path}}'")
    template = "spec:\n  generators: [{clusters: {}}]\n  template:\n    spec:\n"
    indented = "".join(f"    {line}\n" for line in spec.splitlines())
    assert may_bring_others(graph(generated.partition("spec:\n")[0] + template + indented))


def test_a_chart_of_ones_own_is_no_stranger() -> None:
    application = chart("kserve").replace("chart: kserve", "path: charts/own")
    own = (
        "charts/own/Chart.yaml\0"
        "{name: own, dependencies: [{name: kserve-resources, version: v0.19.0}]}"
    )
    (release,) = installed_without_runtimes(graph(application, own))
    assert release.chart == "kserve-resources"
