"""What the API server refuses of Services, scalers and claims; nothing raises."""

from __future__ import annotations

from typing import Any

import pytest
from admission_trees import C, deployment, ids, only, tree
from hypothesis import given, settings
from hypothesis import strategies as st

from kslint.model.kubernetes.admission.claims import claim_failures
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.admission.scalers import scaler_failures
from kslint.model.kubernetes.admission.services import service_failures
from kslint.model.kubernetes.admission.workloads import deployment_failures
from kslint.source.nodes import Map, Origin, made

SERVICES = [
    ("web", "ports: [{port: 80}, {port: 81}]", "ports: [{port: 80}]", "missing-port-name",
     "spec.ports[0].name: Required value"),
    ("web", "ports: [{port: 80, name: a}, {port: 81, name: a}]",
     "ports: [{port: 80, name: a}, {port: 81, name: b}]", "duplicate-port-name",
     'spec.ports[1].name: Duplicate value: "a"'),
    ("web", "ports: []", "clusterIP: None", "no-ports", "spec.ports: Required value"),
    ("web", "ports: [{port: 80, targetPort: Http}]", "ports: [{port: 80, targetPort: http}]",
     "invalid-port-name",
     ('spec.ports[0].targetPort: Invalid value: "Http": must contain only alpha-numeric characters '
     "(a-z, 0-9), and hyphens (-)")),
    ("web", "ports: [{port: 80, targetPort: 70000}]", "ports: [{port: 80, targetPort: 0}]",
     "port-out-of-range",
     "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive"),
    ("web", "ports: [{port: 80, name: a.b}]", "ports: [{port: 80, name: 1-longer-than-15-letters}]",
     "invalid-port-name", 'spec.ports[0].name: Invalid value: "a.b": must not contain dots'),
    ("web", "ports: [{port: 80}], type: Foo", "ports: [{port: 80}], type: NodePort",
     "unsupported-value",
     ('spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", '
     '"LoadBalancer", "NodePort"')),
]  # fmt: skip


@pytest.mark.parametrize(("name", "bad", "good", "code", "message"), SERVICES)
def test_services(name: str, bad: str, good: str, code: str, message: str) -> None:
    text = "kind: Service\nmetadata: {{name: {}}}\nspec: {{{}}}"
    only(service_failures(tree(text.format(name, bad))), code, message)
    assert service_failures(tree(text.format(name, good))) == []


@pytest.mark.parametrize(("name", "valid"), [("a" * 63, True), ("a" * 64, False), ("1a", False)])
def test_service_names_are_dns_1035_labels(name: str, valid: bool) -> None:
    body = tree(f"kind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 1}}]}}")
    assert (service_failures(body) == []) is valid


TARGET = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}"
SCALERS = [
    ("minReplicas: 0, maxReplicas: 1", "minReplicas: 1, maxReplicas: 1", "min-replicas-below-one",
     "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
    ("minReplicas: 1, maxReplicas: 0", "maxReplicas: 1", "max-replicas-below-one",
     "spec.maxReplicas: Invalid value: 0: must be greater than 0"),
    ("minReplicas: 3, maxReplicas: 2", "minReplicas: 2, maxReplicas: 2", "min-over-max-replicas",
     "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"),
    (("maxReplicas: 1, metrics: [{type: Resource, resource: {name: cpu, target: {type: "
     "Utilization, "
     "averageUtilization: 0}}}]"),
     ("maxReplicas: 1, metrics: [{type: Resource, resource: {name: cpu, target: {type: "
      "Utilization, "
     "averageUtilization: 1}}}]"), "metric-target",
     ("spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than "
     "0")),
    (("maxReplicas: 1, metrics: [{type: Resource, resource: {name: memory, target: "
     "{type: AverageValue}}}]"),
     ("maxReplicas: 1, metrics: [{type: Resource, resource: {name: memory, target: "
     "{type: AverageValue, averageValue: 1Gi}}}]"), "no-metric-target",
     ("spec.metrics[0].resource.target.averageUtilization: Required value: must set "
      "either a target "
     "raw value or a target utilization")),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "good", "code", "message"), SCALERS, ids=ids(SCALERS))
def test_scalers(bad: str, good: str, code: str, message: str) -> None:
    head = "kind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: "
    only(scaler_failures(tree(f"{head}{{{TARGET}, {bad}}}")), code, message)
    assert scaler_failures(tree(f"{head}{{{TARGET}, {good}}}")) == []


def test_other_scalers_are_not_judged() -> None:
    body = tree("kind: ScaledObject\nmetadata: {name: A_b}\nspec: {minReplicaCount: 0}")
    assert scaler_failures(body) == []


CLAIMS = [
    ("resources: {requests: {storage: 1}}",
     "accessModes: [ReadWriteMany], resources: {requests: {storage: 1}}", "no-access-mode",
     "spec.accessModes: Required value: at least 1 access mode is required"),
    ("accessModes: [RWO], resources: {requests: {storage: 1}}",
     "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1}}", "unsupported-value",
     ('spec.accessModes: Unsupported value: "RWO": supported values: "ReadOnlyMany", '
     '"ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"')),
    ("accessModes: [ReadWriteOncePod, ReadWriteMany], resources: {requests: {storage: 1}}",
     "accessModes: [ReadWriteOncePod], resources: {requests: {storage: 1}}",
     "read-write-once-pod-mixed",
     "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
    ("accessModes: [ReadWriteOnce]",
     "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1m}}", "no-storage-request",
     "spec.resources[storage]: Required value"),
    ("accessModes: [ReadWriteOnce], resources: {requests: {storage: 0}}",
     "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}", "no-storage-request",
     'spec.resources[storage]: Invalid value: "0": must be greater than zero'),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "good", "code", "message"), CLAIMS, ids=ids(CLAIMS))
def test_claims(bad: str, good: str, code: str, message: str) -> None:
    head = "kind: PersistentVolumeClaim\nmetadata: {name: web}\nspec: "
    only(claim_failures(tree(f"{head}{{{bad}}}")), code, message)
    assert claim_failures(tree(f"{head}{{{good}}}")) == []


def test_an_unqualified_device_is_refused_twice() -> None:
    messages = [f.message for f in deployment_failures(deployment("resources: {limits: {gpu: 1}}"))]
    where = f'{C}.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource'
    assert messages == [f"{where} type or fully qualified", f"{where} for containers"]


def test_a_quantity_that_cannot_be_read_is_said_first() -> None:
    body = deployment("resources: {limits: {cpu: 1core}}", spec="replicas: -1")
    codes = [failure.code for failure in deployment_failures(body)]
    assert codes == ["invalid-quantity", "negative-number"]


def test_the_node_is_the_request_even_if_the_limit_was_injected() -> None:
    body = deployment("resources: {requests: {cpu: 2}, limits: {cpu: 1}}")
    (failure,) = deployment_failures(body)
    requested = body.at("spec", "template", "spec", "containers", 0, "resources", "requests", "cpu")
    assert failure.node is requested


def test_mounts_of_an_invalid_volume_are_not_refused_beside_it() -> None:
    body = deployment("volumeMounts: [{name: a_b, mountPath: /m}]", "volumes: [{name: a_b}]")
    assert [f.code for f in deployment_failures(body)] == ["invalid-volume-name"]


@pytest.mark.parametrize(
    "container",
    [
        'resources: {requests: {cpu: "{{ .Values.cpu }}"}, limits: {cpu: 1}}',
        'imagePullPolicy: "{{ .Values.policy }}"',
        'env: [{name: "{{ x }}", value: "$(B)"}]',
        'volumeMounts: [{name: "{{ x }}", mountPath: /m}]',
        'ports: [{containerPort: "{{ x }}", name: "{{ name }}"}]',
        'livenessProbe: {httpGet: {port: "{{ port }}"}}',
    ],
)
def test_templates_are_not_judged(container: str) -> None:
    assert deployment_failures(deployment(container)) == []


def test_mounts_are_not_judged_where_volumes_are_unknown() -> None:
    mount = "volumeMounts: [{name: v, mountPath: /m}]"
    for volumes in ('volumes: "{{ x }}"', 'volumes: [{name: "{{ x }}"}]'):
        assert deployment_failures(deployment(mount, volumes)) == []


def test_pod_paths_start_where_the_caller_says() -> None:
    pod = tree("containers: [{name: c}]")
    (failure,) = pod_failures(pod, "spec")
    assert failure.message == "spec.containers[0].image: Required value"


BODY: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "a", "labels": {"a": "b"}, "annotations": {"a": "b"}},
    "spec": {
        "replicas": 1,
        "selector": {
            "matchLabels": {"a": "b"},
            "matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
        },
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
        "ports": [{"name": "a", "port": 80, "targetPort": "a"}],
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 1}}}
        ],
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "tolerations": [{"key": "a", "tolerationSeconds": 1}],
                "topologySpreadConstraints": [{"maxSkew": 1, "minDomains": 1}],
                "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
                "initContainers": [{"name": "i", "livenessProbe": {}}],
                "containers": [
                    {
                        "name": "c",
                        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k"}}}],
                        "envFrom": [{"secretRef": {"name": "s"}}],
                        "ports": [{"containerPort": 1, "name": "a"}],
                        "livenessProbe": {"httpGet": {"port": "a"}, "exec": {"command": ["x"]}},
                        "volumeMounts": [{"name": "v", "mountPath": "/m", "subPath": "a"}],
                        "resources": {
                            "limits": {"cpu": 1, "hugepages-2Mi": "2Mi"},
                            "requests": {"cpu": "2"},
                            "claims": [{"name": "a"}],
                        },
                    }
                ],
            },
        },
    },
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "a", "1e999", "-1", "9" * 30, "0%", "{{ x }}", "\ud7ff", "hugepages-x"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "a", "limits", "hugepages-", "/"]), inner)
    ),
    max_leaves=5,
)


def replaced(value: Any, draw: Any) -> Any:
    """The value with something arbitrary at a random place in it."""
    inner = [] if not isinstance(value, (dict, list)) else list(value)
    if not inner or draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        key = draw(st.sampled_from(inner))
        return {**value, key: replaced(value[key], draw)}
    index = draw(st.integers(0, len(value) - 1))
    return [*value[:index], replaced(value[index], draw), *value[index + 1 :]]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_raises_whatever_stands_in_a_field(data: st.DataObject) -> None:
    body = made(replaced(BODY, data.draw), Origin("written", "a test"))
    if not isinstance(body, Map):
        return
    hpa = {**body.entries, "kind": made("HorizontalPodAutoscaler", Origin("written", "a test"))}
    for failures in (
        deployment_failures(body),
        service_failures(body),
        claim_failures(body),
        scaler_failures(body.with_entries(hpa)),
    ):
        assert all(failure.message and failure.code for failure in failures)
