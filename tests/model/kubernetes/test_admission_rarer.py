"""More of what the API server says, in the manner of test_validation_kubernetes: rarer fields."""

from __future__ import annotations

import pytest
from admission_trees import C, P, check, deployment, ids, only, tree

from kslint.model.kubernetes.admission.claims import claim_failures
from kslint.model.kubernetes.admission.pods import pod_failures
from kslint.model.kubernetes.admission.scalers import scaler_failures
from kslint.model.kubernetes.admission.services import service_failures
from kslint.model.kubernetes.admission.workloads import deployment_failures

CONTAINER = [
    ('name: ""', "tty: true", "missing-name", f"{C}.name: Required value"),
    ("ports: [{containerPort: 80, hostPort: 70000}]", "ports: [{containerPort: 80, hostPort: 80}]",
     "port-out-of-range",
     f"{C}.ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive"),
    ("ports: [{containerPort: 80, name: a-}]", "ports: [{containerPort: 80, name: a-b}]",
     "invalid-port-name",
     f'{C}.ports[0].name: Invalid value: "a-": must not begin or end with a hyphen'),
    ("env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a/b}}}]",
     "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a.b}}}]", "invalid-key",
     (f'{C}.env[0].valueFrom.configMapKeyRef.key: Invalid value: "a/b": a valid config key must '
      "consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
      "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")),
    ("env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: ..}}}]",
     "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a.}}}]", "invalid-key",
     f"{C}.env[0].valueFrom.configMapKeyRef.key: Invalid value: \"..\": must not be '..'"),
    ('envFrom: [{configMapRef: {name: ""}}]', "envFrom: [{configMapRef: {name: c}}]",
     "missing-name", f"{C}.envFrom[0].configMapRef.name: Required value"),
    ("envFrom: [{configMapRef: {name: a}, secretRef: {name: a}}]",
     "envFrom: [{configMapRef: {name: a}}, {secretRef: {name: a}}]", "env-two-sources",
     (f'{C}.envFrom: Invalid value: "": may not have more than one field specified at a time')),
    ('volumeMounts: [{name: "", mountPath: /m}]', "volumeMounts: null", "missing-name",
     f"{C}.volumeMounts[0].name: Required value"),
    ("livenessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 0}",
     "livenessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 1}", "negative-number",
     (f"{C}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than "
      "0")),
]  # fmt: skip

POD = [
    ('volumes: [{name: ""}]', "volumes: null", "missing-name",
     f"{P}.volumes[0].name: Required value"),
    (("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, minDomains: 0, "
     "whenUnsatisfiable: DoNotSchedule}]"),
     ("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, minDomains: 2, "
     "whenUnsatisfiable: DoNotSchedule}]"), "negative-number",
     (f"{P}.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than "
      "zero")),
    ("tolerations: [{key: a, operator: exists}]", "tolerations: [{key: a, operator: Exists}]",
     "unsupported-value",
     (f'{P}.tolerations[0].operator: Unsupported value: "exists": supported values: "Equal", '
      '"Exists"')),
    ("ephemeralContainers: [{name: e, image: i}]", "ephemeralContainers: []",
     "ephemeral-containers",
     f"{P}.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"),
    (("resourceClaims: [{name: a, resourceClaimName: x}], initContainers: [{name: d, image: i, "
     "resources: "
     '{claims: [{name: ""}]}}]'),
     ("resourceClaims: [{name: a, resourceClaimName: x}], initContainers: [{name: d, image: i, "
     "resources: "
     "{claims: [{name: a}]}}]"), "missing-name",
     f"{P}.initContainers[0].resources.claims[0]: Required value"),
    (("resourceClaims: [{name: a, resourceClaimName: x}], initContainers: [{name: d, image: i, "
     "resources: "
     "{claims: [{name: a}, {name: a}]}}]"),
     ("resourceClaims: [{name: a, resourceClaimName: x}, {name: b, resourceClaimName: y}], "
     "initContainers: [{name: d, image: i, resources: "
     "{claims: [{name: a}, {name: b}]}}]"), "duplicate-claim",
     f'{P}.initContainers[0].resources.claims[1]: Duplicate value: "a"'),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "good", "code", "message"), CONTAINER, ids=ids(CONTAINER))
def test_containers(bad: str, good: str, code: str, message: str) -> None:
    refused = deployment(bad)
    if bad.startswith("name"):
        refused = tree(pod_of("containers: [{name: '', image: img}]"))
    check(refused, deployment(good), code, message)


def pod_of(spec: str) -> str:
    """A Deployment whose pod is written on one line."""
    return (
        "kind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, "
        f"template: {{metadata: {{labels: {{app: web}}}}, spec: {{{spec}}}}}}}"
    )


@pytest.mark.parametrize(("bad", "good", "code", "message"), POD, ids=ids(POD))
def test_pods(bad: str, good: str, code: str, message: str) -> None:
    container = "containers: [{name: c, image: i}]"
    check(tree(pod_of(f"{container}, {bad}")), tree(pod_of(f"{container}, {good}")), code, message)


@pytest.mark.parametrize("containers", ["containers: []", "containers: null", "volumes: []"])
def test_a_pod_needs_containers(containers: str) -> None:
    only(deployment_failures(tree(pod_of(containers))), "no-containers",
         f"{P}.containers: Required value")  # fmt: skip


@pytest.mark.parametrize(
    "pod",
    [
        (
            "containers: [{name: c, image: i}], initContainers: [{name: d, image: i, "
            'restartPolicy: "{{ x }}", livenessProbe: {}}]'
        ),
        "containers: [{name: '{{ x }}', image: i}, {name: '{{ x }}', image: i}]",
        (
            "containers: [{name: c, image: i, env: [{name: A, valueFrom: {configMapKeyRef: "
            "{name: '{{ x }}', key: '{{ y }}'}}}]}]"
        ),
        "containers: [{name: c, image: i, env: [{name: A, valueFrom: {sourceOfTomorrow: {}}}]}]",
        (
            "containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: '{{ x }}'}]}], "
            "volumes: [{name: v}]"
        ),
        "containers: [{name: c, image: i, resources: {limits: {'{{ x }}': 1}}}]",
        "containers: [{name: c, image: i, resources: {claims: [{name: '{{ x }}'}, 1]}}]",
        "containers: [{name: c, image: i}], tolerations: [{key: a, operator: '{{ x }}', value: b}]",
        "containers: [{name: c, image: i}], nodeSelector: {'{{ x }}': '{{ y }}'}",
        (
            "containers: [{name: c, image: i, volumeMounts: [{name: w, mountPath: /w}]}], "
            "volumes: [{name: v}, odd]"
        ),
        "containers: [{name: c, image: i, livenessProbe: {httpGet: odd}}]",
    ],
)
def test_what_cannot_be_read_is_not_judged(pod: str) -> None:
    assert deployment_failures(tree(pod_of(pod))) == []


def test_a_pod_that_is_no_mapping_is_not_judged() -> None:
    odd = tree("spec: [1]").get("spec")
    assert odd is not None
    assert pod_failures(odd, "spec") == []


SELECTORS = [
    ("matchLabels: {a b: c}", "invalid-selector"),
    ("matchLabels: {app: web}, matchExpressions: [{key: app, operator: Exists}]", None),
    ("matchExpressions: [{key: app, operator: DoesNotExist}]", "selector-does-not-match"),
    ("matchExpressions: [{key: app, operator: '{{ x }}'}]", None),
    ("matchExpressions: [{operator: In}]", "invalid-selector"),
]


@pytest.mark.parametrize(("selector", "code"), SELECTORS)
def test_selectors(selector: str, code: str | None) -> None:
    text = pod_of("containers: [{name: c, image: ''}]").replace("matchLabels: {app: web}", selector)
    codes = [failure.code for failure in deployment_failures(tree(text))]
    assert (code in codes) if code else "selector-does-not-match" not in codes
    # behind a selector that cannot be read the pods are not looked at
    assert ("missing-image" in codes) is (code != "invalid-selector")


def test_a_selector_that_is_text_is_not_judged() -> None:
    text = pod_of("containers: [{name: c, image: i}]").replace("{matchLabels: {app: web}}", "odd")
    assert deployment_failures(tree(text)) == []


def test_a_template_without_pods() -> None:
    text = (
        "kind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: "
    )
    met = deployment_failures(tree(text + "{metadata: {labels: {a: b}}}}"))
    assert [failure.code for failure in met] == ["no-containers"]
    assert deployment_failures(tree(text + "odd}"))[0].code == "selector-does-not-match"


def test_the_deadline_is_told_where_it_is_written() -> None:
    text = pod_of("containers: [{name: c, image: i}]").replace(
        "spec: {selector", "spec: {progressDeadlineSeconds: 5, minReadySeconds: 5, selector"
    )
    (failure,) = deployment_failures(tree(text))
    assert failure.code == "progress-deadline"
    assert failure.node.key is not None
    assert failure.node.key.text == "progressDeadlineSeconds"


RESOURCE = "name: cpu, target: {type: Utilization, averageUtilization: 50}"
TYPES = '"ContainerResource", "External", "Object", "Pods", "Resource"'
METRICS = [
    (f'type: "", resource: {{{RESOURCE}}}', "no-metric-source",
     "spec.metrics[0].type: Required value: must specify a metric source type"),
    (f"type: Cpu, resource: {{{RESOURCE}}}", "unsupported-value",
     f'spec.metrics[0].type: Unsupported value: "Cpu": supported values: {TYPES}'),
    (f"type: Pods, resource: {{{RESOURCE}}}", "no-metric-source",
     ("spec.metrics[0].pods: Required value: must populate information for the given metric "
      "source")),
    (f"type: Resource, resource: {{{RESOURCE}}}, external: {{target: {{type: Value, value: 1}}}}",
     "two-metric-sources",
     "spec.metrics[0].external: Forbidden: must populate the given metric source only"),
    ("type: Resource, resource: {target: {type: Utilization, averageUtilization: 50}}",
     "missing-name", "spec.metrics[0].resource.name: Required value: must specify a resource name"),
    ("type: Resource, resource: {name: cpu, target: {averageUtilization: 50}}",
     "no-metric-target",
     "spec.metrics[0].resource.target.type: Required value: must specify a metric target type"),
    ("type: Resource, resource: {name: cpu, target: {type: Percent, averageUtilization: 50}}",
     "unsupported-value",
     ('spec.metrics[0].resource.target.type: Invalid value: "Percent": must be either Utilization, '
      "Value, or AverageValue")),
    ("type: External, external: {metric: {name: q}, target: {type: Value, value: 0}}",
     "metric-target",
     'spec.metrics[0].external.target.value: Invalid value: "0": must be positive'),
    (("type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50, "
     "averageValue: 1}}"), "metric-target",
     ("spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw "
      "value and a target utilization")),
]  # fmt: skip
HEAD = "kind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: "
TARGET = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 2"


@pytest.mark.parametrize(("metric", "code", "message"), METRICS)
def test_metrics(metric: str, code: str, message: str) -> None:
    failures = scaler_failures(tree(f"{HEAD}{{{TARGET}, metrics: [{{{metric}}}]}}"))
    only(failures, code, message)


@pytest.mark.parametrize(
    "metric",
    [
        f"type: Resource, resource: {{{RESOURCE}}}",
        f"type: Resource, resource: {{{RESOURCE}}}, pods: null",
        "type: External, external: {metric: {name: q}, target: {type: Value, value: 1}}",
        "type: Resource, resource: {name: cpu, target: odd}",
        "type: '{{ x }}', resource: {name: '{{ x }}', target: {type: '{{ x }}', averageValue: 1}}",
    ],
)
def test_metrics_that_are_fine(metric: str) -> None:
    assert scaler_failures(tree(f"{HEAD}{{{TARGET}, metrics: [{{{metric}}}]}}")) == []


def test_scaling_to_zero_needs_a_metric_from_outside() -> None:
    message = (
        "spec.metrics: Forbidden: must specify at least one Object or External metric to support "
        "scaling to zero replicas"
    )
    failures = scaler_failures(tree(f"{HEAD}{{{TARGET}, minReplicas: 0}}"))
    only(failures, "min-replicas-below-one", message)
    metric = "{type: External, external: {target: {type: Value, value: 1}}}"
    failures = scaler_failures(tree(f"{HEAD}{{{TARGET}, minReplicas: 0, metrics: [{metric}]}}"))
    assert message not in [failure.message for failure in failures]


def test_a_scaler_names_what_it_scales() -> None:
    failures = scaler_failures(tree(f"{HEAD}{{scaleTargetRef: {{}}, maxReplicas: 2}}"))
    assert [f.message for f in failures] == [
        "spec.scaleTargetRef.kind: Required value",
        "spec.scaleTargetRef.name: Required value",
    ]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("ports: [{port: 80, appProtocol: a b}]", "invalid-app-protocol"),
        ("ports: [{port: 80, appProtocol: kubernetes.io/h2c}]", None),
        ("ports: [{port: '{{ x }}'}]", None),
        ("ports: [{port: 80, appProtocol: a/}]", "invalid-app-protocol"),
    ],
)
def test_service_ports(spec: str, code: str | None) -> None:
    failures = service_failures(tree(f"kind: Service\nmetadata: {{name: web}}\nspec: {{{spec}}}"))
    assert {f.code for f in failures} == ({code} if code else set())


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("storageClassName: A_b, resources: {requests: {storage: 1}}", "invalid-reference"),
        ("storageClassName: fast, resources: {requests: {storage: 1}}", None),
        ("resources: odd", None),
    ],
)
def test_claims(spec: str, code: str | None) -> None:
    head = "kind: PersistentVolumeClaim\nmetadata: {name: web}\nspec: "
    failures = claim_failures(tree(f"{head}{{accessModes: [ReadWriteOnce], {spec}}}"))
    assert {f.code for f in failures} == ({code} if code else set())
