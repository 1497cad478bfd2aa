"""The API server's defaults, one by one. Source: pkg/apis/{apps,core}/v1/defaults.go v1.34."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kslint.graph.graph import Graph
from kslint.model.kubernetes.defaults import defaulted_deployment, defaulted_pod, defaulted_scaler
from kslint.model.workload import of_template
from kslint.source.files import Source
from kslint.source.load import Input, load_source
from kslint.source.nodes import Map
from kslint.source.parser import compose

if TYPE_CHECKING:
    from kslint.model.workload import Workload


def body(text: str) -> Map:
    (document,) = compose(Source("x.yaml", b""), text)
    assert isinstance(document.root, Map)
    return document.root


def pod(text: str) -> Any:
    return defaulted_pod(body(text)).plain()


def container(text: str) -> Any:
    return pod(f"containers: [{text}]")["containers"][0]


EVERY_CONTAINER = {
    "imagePullPolicy": "Always",
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
EVERY_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            "{}",
            {
                "replicas": 1,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
                },
            },
        ),
        ("{replicas: 0}", {"replicas": 0}),
        ("{replicas: null}", {"replicas": 1}),
        ("{revisionHistoryLimit: 0, progressDeadlineSeconds: 1200}", {
            "revisionHistoryLimit": 0, "progressDeadlineSeconds": 1200,
        }),
        ("{strategy: {type: Recreate}}", {"strategy": {"type": "Recreate"}}),
        ("{strategy: null}", {"strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
        }}),
        ("{strategy: {rollingUpdate: {maxSurge: 0}}}", {"strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"},
        }}),
        ("{strategy: {type: Gradual}}", {"strategy": {"type": "Gradual"}}),
        ("{strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}}", {
            "strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}},
        }),
    ],
)  # fmt: skip
def test_deployment(spec: str, expected: dict[str, Any]) -> None:
    found: Any = defaulted_deployment(body(f"spec: {spec}")).plain()
    assert {field: found["spec"][field] for field in expected} == expected


def test_a_deployment_without_a_spec_gets_one() -> None:
    assert defaulted_deployment(body("a: 1")).string("spec", "replicas") == "1"


@pytest.mark.parametrize("spec", ["[1]", "x", "{template: []}", "{template: {spec: [1]}}"])
def test_wrong_shapes_raise_nothing(spec: str) -> None:
    assert defaulted_deployment(body(f"spec: {spec}")).string("spec", "replicas") == "1"


def test_pod() -> None:
    assert pod("containers: []") == {"containers": [], **EVERY_POD}
    own = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "dnsPolicy": "Default",
        "securityContext": {"fsGroup": 0},
        "schedulerName": "gang",
    }
    assert pod(yaml.safe_dump(own)) == own


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("a", "Always"),
        ("a:latest", "Always"),
        ("a:1", "IfNotPresent"),
        ("a:latest-cpu", "IfNotPresent"),
        ("host:5000/a", "Always"),
        ("host:5000/a:1", "IfNotPresent"),
        ("host:5000/a:latest", "Always"),
        ("a@sha256:0", "IfNotPresent"),
        ("a:latest@sha256:0", "IfNotPresent"),
        ('""', "Always"),
    ],
)
def test_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    assert container(f"{{image: '{image}'}}" if image[0] != '"' else "{}")["imagePullPolicy"] == (
        policy
    )


def test_container() -> None:
    assert container("{}") == EVERY_CONTAINER
    own = dict.fromkeys(EVERY_CONTAINER, "x")
    assert container(yaml.safe_dump(own, default_flow_style=True).strip()) == own


def test_ports_speak_tcp() -> None:
    found = container("{ports: [{containerPort: 1}, {containerPort: 2, protocol: UDP}, x]}")
    assert found["ports"] == [
        {"containerPort": 1, "protocol": "TCP"}, {"containerPort": 2, "protocol": "UDP"}, "x",
    ]  # fmt: skip


PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


@pytest.mark.parametrize("name", ["livenessProbe", "readinessProbe", "startupProbe"])
@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ("{tcpSocket: {port: 1}}", {"tcpSocket": {"port": 1}, **PROBE}),
        ("{httpGet: {port: 1}}", {"httpGet": {"port": 1, "path": "/", "scheme": "HTTP"}, **PROBE}),
        (
            "{httpGet: {port: 1, scheme: HTTPS}, periodSeconds: 5, failureThreshold: 60}",
            {
                **PROBE,
                "httpGet": {"port": 1, "path": "/", "scheme": "HTTPS"},
                "periodSeconds": 5,
                "failureThreshold": 60,
            },
        ),
        ("{}", PROBE),
        ("null", None),
        ("[]", []),
    ],
)
def test_probes(name: str, probe: str, expected: Any) -> None:
    assert container(f"{{{name}: {probe}}}")[name] == expected


def test_init_containers_have_the_same_defaults() -> None:
    assert pod("initContainers: [{}]")["initContainers"] == [EVERY_CONTAINER]


def test_added_values_say_so() -> None:
    found = defaulted_deployment(body("spec: {template: {spec: {containers: [{image: a}]}}}"))
    for path in (
        ("spec", "replicas"),
        ("spec", "strategy", "rollingUpdate", "maxSurge"),
        ("spec", "template", "spec", "dnsPolicy"),
        ("spec", "template", "spec", "containers", 0, "imagePullPolicy"),
    ):
        node = found.at(*path)
        assert node is not None
        assert node.origin is not None
        assert node.origin.kind == "api-server"
        assert "defaults.go" in node.origin.reference
    image = found.at("spec", "template", "spec", "containers", 0, "image")
    assert image is not None
    assert image.origin is None


def workload(kind: str, text: str) -> Workload | None:
    loaded = Input([], [], [])
    source = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {text}\n"
    load_source(Source("x.yaml", source.encode()), loaded)
    found = of_template(Graph(loaded).of_kind(kind)[0], "team")
    return found[0] if found else None


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"])
def test_every_kind_of_template_is_defaulted(kind: str) -> None:
    inner = "{containers: [{image: 'a:1'}]}"
    found = workload(kind, inner if kind == "Pod" else f"{{template: {{spec: {inner}}}}}")
    assert found is not None
    assert found.pod_spec.string("containers", 0, "imagePullPolicy") == "IfNotPresent"
    assert (found.replicas, found.namespace) == (1 if kind == "Deployment" else None, "team")
    assert (found.rollout is not None) is (kind == "Deployment")


@pytest.mark.parametrize("text", ["null", "[]", "{}", "{template: {}}", "{template: {spec: []}}"])
def test_no_template_no_workload(text: str) -> None:
    assert workload("Deployment", text) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("secret: {secretName: s}", {"secret": {"secretName": "s", "defaultMode": 420}}),
        ("configMap: {name: c, defaultMode: 256}",
         {"configMap": {"name": "c", "defaultMode": 256}}),
        ("hostPath: {path: /m}", {"hostPath": {"path": "/m", "type": ""}}),
        ("emptyDir: {}", {"emptyDir": {}}),
        ("image: {reference: 'm:latest'}",
         {"image": {"reference": "m:latest", "pullPolicy": "Always"}}),
        ("image: {reference: 'm@sha256:0'}",
         {"image": {"reference": "m@sha256:0", "pullPolicy": "IfNotPresent"}}),
        ("downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.name}}]}",
         {"downwardAPI": {"defaultMode": 420, "items": [
             {"path": "p", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}]}}),
        (("projected: {sources: [{serviceAccountToken: {path: t}}, {configMap: {name: c}}, "
         "{downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.name}}]}}]}"),
         {"projected": {"defaultMode": 420, "sources": [
             {"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}},
             {"configMap": {"name": "c"}},
             {"downwardAPI": {"items": [
                 {"path": "p", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}]}},
         ]}}),
    ],
)  # fmt: skip
def test_volumes(source: str, expected: dict[str, Any]) -> None:
    assert pod(f"volumes: [{{name: v, {source}}}]")["volumes"] == [{"name": "v", **expected}]


def test_variables_and_handlers() -> None:
    text = (
        "{env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, "
        "{name: B, value: b}], readinessProbe: {grpc: {port: 1}}, "
        "lifecycle: {preStop: {httpGet: {port: 1}}}}"
    )
    found = container(text)
    field = {"fieldPath": "metadata.name", "apiVersion": "v1"}
    assert found["env"] == [
        {"name": "A", "valueFrom": {"fieldRef": field}},
        {"name": "B", "value": "b"},
    ]
    assert found["readinessProbe"]["grpc"] == {"port": 1, "service": ""}
    assert found["lifecycle"]["preStop"]["httpGet"] == {"port": 1, "path": "/", "scheme": "HTTP"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("serviceAccount: old", "old"),
        ("serviceAccountName: new", "new"),
        ("serviceAccountName: new, serviceAccount: old", "new"),
    ],
)
def test_a_service_account_has_two_names(written: str, name: str) -> None:
    found = pod(f"{{{written}}}")
    assert found["serviceAccountName"] == found["serviceAccount"] == name


@pytest.mark.parametrize("behavior", ["null", "{}", "{scaleUp: {selectPolicy: Min}}"])
def test_a_scaler_without_metrics_goes_by_the_cpu(behavior: str) -> None:
    written = body(f"spec: {{maxReplicas: 2, behavior: {behavior}}}")
    spec: Any = defaulted_scaler(written).plain()["spec"]
    (metric,) = spec["metrics"]
    target = {"type": "Utilization", "averageUtilization": 80}
    assert metric == {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    assert spec["minReplicas"] == 1
    if behavior == "null":
        assert spec["behavior"] is None
        return
    assert spec["behavior"]["scaleDown"]["selectPolicy"] == "Max"
    wanted = "Min" if "Min" in behavior else "Max"
    assert spec["behavior"]["scaleUp"]["selectPolicy"] == wanted
    assert len(spec["behavior"]["scaleUp"]["policies"]) == 2
