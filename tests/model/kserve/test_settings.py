"""KServe's settings from every place the input may show them in, with their origins."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from kslint.graph.graph import Graph
from kslint.model.kserve import settings as module
from kslint.model.kserve.isvc import InferenceService
from kslint.model.kserve.runtimes import stock
from kslint.model.kserve.settings import (
    defaults,
    from_data,
    from_values,
    inferred_version,
    profile_of,
    resolve,
)
from kslint.model.kserve.versions import normal
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map, Origin, made
from kslint.source.parser import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kslint.model.kserve.settings import (
        Settings,
    )
    from kslint.source.nodes import Node

PROFILES = ("0.16", "0.19", "0.20")
with open(
    os.path.join(os.path.dirname(module.__file__), "data", "settings.json"), encoding="utf-8"
) as handle:
    TABLE: dict[str, Any] = json.load(handle)


def graph(**files: str) -> Graph:
    loaded = Input([], [], [])
    for name, text in files.items():
        load_source(Source(name.replace("__", "/") + ".yaml", text.encode()), loaded)
    assert not loaded.troubles
    return Graph(loaded)


def settings(**files: str) -> Settings:
    (found,) = resolve(graph(**files))
    return found


def config_map(data: str) -> str:
    return f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: inferenceservice-config, namespace: kserve}}
data:
{data}"""


def application(
    helm: str = "{}", revision: str = "v0.19.0", chart: str = "kserve-resources", name: str = "k"
) -> str:
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  source:
    repoURL: ghcr.io/kserve/charts
    chart: {chart}
    targetRevision: {revision}
    helm: {helm}
"""


def test_an_empty_input_has_the_charts_defaults() -> None:
    found = settings()
    assert (found.version, found.in_input, found.resource) == ("0.19", False, None)
    cpu = found.get("inferenceService", "resource", "cpuLimit")
    assert cpu is not None
    assert cpu.origin is not None
    assert (cpu.text, cpu.origin.kind, cpu.span) == ("1", "chart", None)
    assert found.place("inferenceService", "resource", "cpuLimit") is None


@pytest.mark.parametrize("profile", PROFILES)
def test_defaults_are_the_table(profile: str) -> None:
    found = defaults(profile)
    assert {key: node.plain() for key, node in found.data.items()} == TABLE[profile]["defaults"]


def cases() -> Iterator[tuple[str, str, str, Any]]:
    for profile in PROFILES:
        for entry in TABLE[profile]["values"]:
            if "template" not in entry:
                yield profile, entry["value"], f"{entry['key']}.{entry['field']}", entry


OTHER = {"string": "other", "quantity": "7", "bool": True, "int": 77, "list": []}


@pytest.mark.parametrize(("profile", "value", "field", "entry"), list(cases()))
def test_every_value_reaches_its_field(profile: str, value: str, field: str, entry: Any) -> None:
    """A values file sets one value: exactly that field changes, has its type and its place."""
    other = OTHER[entry["type"]]
    if other == entry["default"]:
        other = False if other is True else other
    *way, last = value.split(".")
    text = "".join(f"{'  ' * n}{step}:\n" for n, step in enumerate(way))
    text += f"{'  ' * len(way)}{last}: {json.dumps(other)}\n"
    found = settings(values=text, app=application("{valueFiles: [values.yaml]}", f"v{profile}.1"))
    key, *path = field.split(".")
    node = found.get(key, *path)
    assert node is not None
    assert node.plain() == other
    assert type(node.plain()) is type(other)
    assert node.origin is not None
    assert node.origin.kind == "helm"
    assert node.origin.text == f"{value} in the chart's values"
    line, column = len(way) + 1, 2 * len(way) + 1
    assert (
        str(node.origin.span) == f"values.yaml:{line}:{column + len(last) + 2}"
        or str(node.origin.span) == f"values.yaml:{line}:{column}"
    )
    place = found.place(key, *path)
    assert place is not None
    assert str(place.place) == f"values.yaml:{line}:{column}"
    before = {k: n.plain() for k, n in defaults(profile).data.items()}
    after = {k: n.plain() for k, n in found.data.items()}
    assert {k for k in before if before[k] != after[k]} <= {key}


@pytest.mark.parametrize(
    ("profile", "values", "expected"),
    [
        ("0.16", "{agent: {tag: x}}", "kserve/agent:x"),
        ("0.16", "{agent: {image: mine/agent}}", "mine/agent:v0.16.0"),
        ("0.16", "{version: x}", "kserve/agent:v0.16.0"),
        ("0.19", "{version: v0.19.7}", "kserve/agent:v0.19.7"),
        ("0.19", "{version: v0.19.7, agent: {tag: x}}", "kserve/agent:x"),
        ("0.19", "{agent: {tag: ''}}", "kserve/agent:v0.19.0"),
        ("0.20", "{agent: {image: mine/agent}, version: x}", "mine/agent:x"),
    ],
)
def test_images_are_built_of_their_parts(profile: str, values: str, expected: str) -> None:
    found = settings(app=application(f"{{valuesObject: {{kserve: {values}}}}}", f"v{profile}.0"))
    for key in ("agent", "logger", "batcher"):
        assert found.text(key, "image") == expected


def test_a_null_value_is_an_empty_setting() -> None:
    helm = "{valuesObject: {kserve: {inferenceservice: {resources: {limits: {cpu: null}}}}}}"
    assert settings(app=application(helm)).text("inferenceService", "resource", "cpuLimit") == ""


JSON = '{"resource": {"cpuLimit": "3", "memoryLimit": ""}}'


@pytest.mark.parametrize(
    ("scalar", "place"),
    [
        (f"|\n    {JSON}\n", "cm.yaml:6:19"),
        (f"|-\n    {JSON}\n", "cm.yaml:6:19"),
        ('|\n    {\n      "resource": {\n        "cpuLimit": "3"\n      }\n    }\n', "cm.yaml:8:9"),
        (f">-\n    {JSON}\n", "cm.yaml:5:3"),
        (f">\n    {JSON}\n", "cm.yaml:5:3"),
        (f"'{JSON}'\n", "cm.yaml:5:3"),
        (f"{json.dumps(JSON)}\n", "cm.yaml:5:3"),
    ],
)
def test_json_in_any_style_of_scalar(scalar: str, place: str) -> None:
    found = settings(cm=config_map(f"  inferenceService: {scalar}"))
    limit = found.get("inferenceService", "resource", "cpuLimit")
    assert limit is not None
    assert limit.origin is not None
    assert limit.text == "3"
    assert limit.origin.text == "ConfigMap inferenceservice-config, key inferenceService"
    where = found.place("inferenceService", "resource", "cpuLimit")
    assert where is not None
    assert str(where.place) == place
    assert found.text("inferenceService", "resource", "cpuRequest") == ""
    assert found.resource is not None
    assert found.in_input


@pytest.mark.parametrize(
    "data", ["  deploy: '{'\n", "  deploy: ''\n", "  deploy: [1]\n", "  deploy: 5\n", "  - x\n"]
)
def test_what_is_no_json_is_no_setting(data: str) -> None:
    found = settings(cm=config_map(data))
    assert found.text("deploy", "defaultDeploymentMode") == ""
    assert found.in_input


def test_a_config_map_without_data_is_none() -> None:
    assert not settings(cm=config_map("").replace("data:\n", "")).in_input


def test_a_config_map_beats_helm_values() -> None:
    helm = "{valuesObject: {kserve: {controller: {deploymentMode: Knative}}}}"
    data = '  deploy: |\n    {"defaultDeploymentMode": "Standard"}\n'
    for files in (
        {"a": application(helm), "b": config_map(data)},
        {"a": config_map(data), "b": application(helm)},
    ):
        assert settings(**files).text("deploy", "defaultDeploymentMode") == "Standard"


def test_two_installations_are_two_settings() -> None:
    one = application("{valuesObject: {kserve: {controller: {deploymentMode: Standard}}}}")
    two = application("{}", "v0.16.0", name="other")
    found = resolve(graph(a=one, b=two))
    assert [s.text("deploy", "defaultDeploymentMode") for s in found] == ["Standard", "Knative"]
    assert [s.profile for s in found] == ["0.19", "0.16"]


@pytest.mark.parametrize(
    ("file", "mode", "memory"),
    [
        ("one__apps__isvc", "Standard", "1Gi"),
        ("two__isvc", "Knative", "2Gi"),
        ("two__apps__deep__isvc", "Knative", "2Gi"),
        ("isvc", "", "3Gi"),  # what both installations agree on
        ("three__isvc", "", "3Gi"),
    ],
)
def test_the_installation_whose_files_are_nearest_governs(
    file: str, mode: str, memory: str
) -> None:
    def installation(name: str, mode: str, memory: str) -> str:
        return config_map(
            f'  deploy: \'{{"defaultDeploymentMode": "{mode}"}}\'\n'
            f'  agent: \'{{"memoryLimit": "{memory}", "cpuLimit": "3"}}\'\n'
        )

    service = (
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: iris}\n"
    )
    files = {
        "one__kserve__settings": installation("one", "Standard", "1Gi"),
        "two__settings": installation("two", "Knative", "2Gi"),
        file: service,
    }
    found = graph(**files)
    (resource,) = found.of_kind("InferenceService")
    governing = module.governing(resolve(found), resource)
    assert governing.text("deploy", "defaultDeploymentMode") == mode
    assert governing.text("agent", "memoryLimit") == ("" if memory == "3Gi" else memory)
    assert governing.text("agent", "cpuLimit") == "3"


@pytest.mark.parametrize(
    ("revision", "version"),
    [
        ("v0.16.0", "0.16"),
        ("0.16.0", "0.16"),
        ("v0.19.0-rc0", "0.19"),
        ('"0.20"', "0.20"),
        ("v0.20.1+build", "0.20"),
        ("v0.17.3", "0.17"),
        ("main", "0.19"),
        ('"*"', "0.19"),
        ("HEAD", "0.19"),
        ("'{{version}}'", "0.19"),
        ('""', "0.19"),
        ("null", "0.19"),
        ("[]", "0.19"),
    ],
)
def test_version_by_the_charts_revision(revision: str, version: str) -> None:
    assert settings(app=application(revision=revision)).version == version


def controller(image: str) -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: kserve-controller-manager, namespace: kserve}}
spec: {{template: {{spec: {{containers: [{{name: manager, image: {image!r}}}]}}}}}}
"""


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("kserve/kserve-controller:v0.16.0", "0.16"),
        ("docker.io/kserve/kserve-controller:v0.20.0@sha256:0", "0.20"),
        ("host:5000/kserve/kserve-controller:0.16.1", "0.16"),
        ("kserve/kserve-controller:latest", "0.19"),
        ("kserve/kserve-controller", "0.19"),
        ("kserve/agent:v0.16.0", "0.19"),
    ],
)
def test_version_by_the_controllers_image(image: str, version: str) -> None:
    assert settings(deployment=controller(image)).version == version


def test_configuration_decides_the_version() -> None:
    both = graph(
        a=application(revision="v0.16.0"), b=controller("kserve/kserve-controller:v0.16.0")
    )
    assert [s.version for s in resolve(both, "0.20")] == ["0.20"]
    assert [s.version for s in resolve(both)] == ["0.16"]


def test_a_sibling_chart_tells_the_version() -> None:
    text = application(chart="kserve-crd", revision="v0.16.0")
    assert (settings(app=text).version, settings(app=text).in_input) == ("0.16", False)


def test_during_an_upgrade_the_controller_tells_the_version() -> None:
    crds = application(chart="kserve-crd", revision="v0.19.0")
    newer = application(chart="kserve-crd", revision="v0.20.0")
    controlling = application(revision="v0.16.0")
    for texts in ((crds, controlling), (controlling, crds)):
        assert inferred_version(graph(a=texts[0], b=texts[1])) == "0.16"
    for texts in ((crds, newer), (newer, crds)):
        assert inferred_version(graph(a=texts[0], b=texts[1])) == "0.20"


@pytest.mark.parametrize(
    ("version", "profile"),
    [
        ("0.16", "0.16"), ("0.17", "0.17"), ("0.18.2", "0.18"),
        ("0.15.1", "0.15"), ("0.19", "0.19"),
        ("v0.19.4", "0.19"), ("0.20", "0.20"), ("0.21", "0.21"), ("1.0", "0.21"), ("0.9", "0.14"),
        ("nonsense", "0.19"),
    ],
)  # fmt: skip
def test_profiles(version: str, profile: str) -> None:
    assert profile_of(version) == profile


def test_normal_version() -> None:
    assert [normal(t) for t in ("v0.19.0", "0.19", "main", "", "v1", "19.0.1")] == [
        "0.19", "0.19", None, None, None, "19.0",
    ]  # fmt: skip


def test_place_is_the_nearest_block_that_is_written() -> None:
    found = settings(
        values="kserve:\n  inferenceservice:\n    resources:\n      limits:\n        memory: 4Gi\n",
        app=application("{valueFiles: [values.yaml]}"),
    )
    missing = found.place("inferenceService", "resource", "cpuLimit")
    assert missing is not None
    assert missing.place is not None
    assert str(missing.place) == "values.yaml:4:7"
    nowhere = found.place("autoscaler", "scaleUpStabilizationWindowSeconds")
    assert nowhere is not None
    assert nowhere.place is not None
    assert nowhere.place.file == "values.yaml"


def test_from_data_and_flags() -> None:
    found = from_data({"security": {"autoMountServiceAccountToken": True}, "x": "true"}, "0.19")
    assert found.flag("security", "autoMountServiceAccountToken")
    assert found.flag("x")
    assert not found.flag("security", "none")
    assert found.get("none", "none") is None
    assert not found.in_input


@pytest.mark.parametrize("window", ["²", "9" * 5000, "-1", "x", ""])
def test_an_odd_setting_raises_nothing(window: str) -> None:
    """KEDA's windows are text in the ConfigMap; what is no number is no window."""
    text = """apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: a, namespace: b, annotations: {serving.kserve.io/autoscalerClass: keda}}
spec: {predictor: {containers: [{name: kserve-container, image: a}]}}
"""
    resource = graph(a=text).of_kind("InferenceService")[0]
    its = from_data({"autoscaler": {"scaleUpStabilizationWindowSeconds": window}}, "0.19")
    (predictor,) = InferenceService(resource, graph(), its).components
    assert predictor.scaler is not None
    assert predictor.scaler.at("spec", "advanced") is None


def test_values_of_the_wrong_shape_raise_nothing() -> None:
    for text in (
        "[]",
        "x",
        "{kserve: []}",
        "{kserve: {agent: []}}",
        "{kserve: {agent: {image: {}}}}",
    ):
        (document,) = compose(Source("x", b""), text)
        values: Node = document.root
        values = values if isinstance(values, Map) else made({}, Origin("helm", "x"))
        assert isinstance(values, Map)
        assert from_values(values, "0.19").text("agent", "image")


@pytest.mark.parametrize(
    ("version", "tag", "absent", "mode"),
    [
        ("0.14", "v0.14.1", ("service", "serviceClusterIPNone"), "Serverless"),
        ("0.15", "v0.15.2", ("storageInitializer", "uidModelcar"), "Serverless"),
        ("0.17", "v0.17.1", ("ingress", "disableHTTPRouteTimeout"), "Knative"),
        ("0.18", "v0.18.1", ("ingress", "pathTemplateX"), "Knative"),
    ],
)
def test_a_release_may_be_like_another(
    version: str, tag: str, absent: tuple[str, str], mode: str
) -> None:
    found = defaults(version)
    assert found.text("agent", "image") == f"kserve/agent:{tag}"
    assert found.get(*absent) is None
    assert found.text("deploy", "defaultDeploymentMode") == mode
    assert found.data["agent"].origin is not None
    assert tag in found.data["agent"].origin.reference


def test_values_that_came_later_reach_nothing() -> None:
    values = compose_values("kserve: {controller: {gateway: {disableHTTPRouteTimeout: true}}}")
    assert from_values(values, "0.17").get("ingress", "disableHTTPRouteTimeout") is None
    assert from_values(values, "0.18").flag("ingress", "disableHTTPRouteTimeout")


def test_runtimes_of_a_release_that_is_like_another() -> None:
    images = {
        version: {r.name: r.spec.string("containers", 0, "image") for r in stock(version)}
        for version in ("0.14", "0.15", "0.16", "0.17", "0.18", "0.19")
    }
    assert "kserve-huggingfaceserver-multinode" not in images["0.14"]
    assert "kserve-huggingfaceserver-multinode" in images["0.15"]
    assert images["0.17"]["kserve-mlserver"] == "docker.io/seldonio/mlserver:1.5.0"
    assert images["0.18"]["kserve-mlserver"] == images["0.19"]["kserve-mlserver"]
    assert images["0.18"]["kserve-sklearnserver"] == "kserve/sklearnserver:v0.18.1"


def compose_values(text: str) -> Any:
    (document,) = compose(Source("values.yaml", b""), text)
    return document.root
