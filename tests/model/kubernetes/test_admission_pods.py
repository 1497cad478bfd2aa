"""What the API server refuses of pods and Deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from admission_trees import C, P, check, deployment, ids, tree

from kslint.model.kubernetes.admission.workloads import deployment_failures

if TYPE_CHECKING:
    from kslint.source.nodes import Map

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
QUALIFIED = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
    "'93%', regex used for validation is '[0-9]+%')"
)
QUANTITY = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


RESOURCES = [
    ("requests: {cpu: 2}, limits: {cpu: 1}", "requests: {cpu: 2}, limits: {cpu: 2000m}",
     "request-over-limit",
     f'{C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'),
    ("requests: {memory: 1500Mi}, limits: {memory: 1Gi}",
     "requests: {memory: 1024Mi}, limits: {memory: 1Gi}", "request-over-limit",
     (f'{C}.resources.requests: Invalid value: "1500Mi": must be less than or equal to memory '
     "limit of 1Gi")),
    ("requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 2}",
     "requests: {nvidia.com/gpu: 2}, limits: {nvidia.com/gpu: 2000m}",
     "extended-resource-unequal",
     f'{C}.resources.requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2'),
    ("requests: {nvidia.com/gpu: 1}", "limits: {nvidia.com/gpu: 1}",
     "extended-resource-without-limit",
     f"{C}.resources.limits: Required value: Limit must be set for non overcommitable resources"),
    ("limits: {nvidia.com/gpu: 0.5}", "limits: {nvidia.com/gpu: 1000m}", "fractional-device",
     f'{C}.resources.limits[nvidia.com/gpu]: Invalid value: "500m": must be an integer'),
    ("limits: {cpu: -1}", "limits: {cpu: 0}", "negative-quantity",
     f'{C}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
    ("limits: {storage: 1}", "limits: {ephemeral-storage: 1}", "not-a-container-resource",
     (f'{C}.resources.limits[storage]: Invalid value: "storage": must be a standard resource for '
     "containers")),
    ("limits: {requests.nvidia.com/gpu: 1}", "limits: {nvidia.com/requests: 1}",
     "invalid-resource-name",
     (f'{C}.resources.limits[requests.nvidia.com/gpu]: Invalid value: "requests.nvidia.com/gpu": '
     "doesn't follow extended resource name standard")),
    ("limits: {hugepages-2Mi: 4Mi}", "limits: {hugepages-2Mi: 4Mi, memory: 1Gi}",
     "huge-pages-alone", f"{C}.resources: Forbidden: HugePages require cpu or memory"),
    ("limits: {hugepages-2Mi: 3Mi, cpu: 1}", "limits: {hugepages-2Mi: 6Mi, cpu: 1}",
     "huge-pages-not-a-multiple",
     (f'{C}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer '
     "multiple of hugepages-2Mi")),
    ("limits: {memory: 8gi}", "limits: {memory: 8Gi}", "invalid-quantity", QUANTITY),
    ("limits: {memory: 1 Gi}", "limits: {memory: 1.Gi}", "invalid-quantity", QUANTITY),
    ("limits: {memory: 8K}", "limits: {memory: 8k}", "invalid-quantity",
     "unable to parse quantity's suffix"),
    ("requests: {cpu: 0.0021}, limits: {cpu: 2m}", "requests: {cpu: 0.0019}, limits: {cpu: 2m}",
     "request-over-limit",
     f'{C}.resources.requests: Invalid value: "3m": must be less than or equal to cpu limit of 2m'),
    ("claims: [{name: a}]", "claims: []", "claim-not-in-pod",
     (f'{C}.resources.claims[0]: Not found: "a": must be one of the names in '
     "pod.spec.resourceClaims which is empty")),
]  # fmt: skip

CONTAINER = [
    ("imagePullPolicy: ifnotpresent", "imagePullPolicy: IfNotPresent", "unsupported-value",
     (f'{C}.imagePullPolicy: Unsupported value: "ifnotpresent": supported values: "Always", '
     '"IfNotPresent", "Never"')),
    ("securityContext: {runAsUser: -1}", "securityContext: {runAsUser: 0}", "id-out-of-range",
     (f"{C}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, "
     "inclusive")),
    ("ports: [{containerPort: 80, name: a-name-too-long1}]",
     "ports: [{containerPort: 80, name: a-name-that-fit}]",
     "invalid-port-name",
     f'{C}.ports[0].name: Invalid value: "a-name-too-long1": must be no more than 15 characters'),
    ('ports: [{containerPort: 80, name: "8080"}]', "ports: [{containerPort: 80, name: a8080}]",
     "invalid-port-name",
     f'{C}.ports[0].name: Invalid value: "8080": must contain at least one letter (a-z)'),
    ("ports: [{containerPort: 80, name: a--b}]", "ports: [{containerPort: 80, name: a-b}]",
     "invalid-port-name",
     f'{C}.ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens'),
    ("ports: [{containerPort: 80, name: a}, {containerPort: 81, name: a}]",
     "ports: [{containerPort: 80, name: a}, {containerPort: 80, name: b}]",
     "duplicate-port-name", f'{C}.ports[1].name: Duplicate value: "a"'),
    ("ports: [{name: a}]", "ports: [{containerPort: 1}]", "missing-port",
     f"{C}.ports[0].containerPort: Required value"),
    ("ports: [{containerPort: 65536}]", "ports: [{containerPort: 65535}]", "port-out-of-range",
     f"{C}.ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive"),
    ("ports: [{containerPort: 80, protocol: tcp}]", "ports: [{containerPort: 80, protocol: UDP}]",
     "unsupported-value",
     f'{C}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'),
    ('env: [{name: "A=B"}]', "env: [{name: A-B.c}]", "invalid-env-name",
     (f'{C}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only '
     "of printable ASCII characters other than '='")),
    ("env: [{value: x}]", "env: [{name: A}]", "missing-name", f"{C}.env[0].name: Required value"),
    ("env: [{name: A, value: x, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
     'env: [{name: A, value: "", valueFrom: {secretKeyRef: {name: s, key: k}}}]',
     "env-value-and-source",
     f'{C}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'),
    (("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}, "
     "configMapKeyRef: {name: s, key: k}}}]"),
     "env: [{name: A, valueFrom: {configMapKeyRef: {name: s, key: k}}}]", "env-two-sources",
     (f'{C}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a '
     "time")),
    ("env: [{name: A, valueFrom: {}}]", "env: [{name: A, valueFrom: null}]", "env-without-source",
     (f'{C}.env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, '
     "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`")),
    ("env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]",
     "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: .a}}}]", "missing-key",
     f"{C}.env[0].valueFrom.secretKeyRef.key: Required value"),
    ("env: [{name: A, valueFrom: {secretKeyRef: {name: S_x, key: k}}}]",
     "env: [{name: A, valueFrom: {secretKeyRef: {name: s.x, key: k}}}]", "invalid-reference",
     f'{C}.env[0].valueFrom.secretKeyRef.name: Invalid value: "S_x": {SUBDOMAIN}'),
    ("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: ..a}}}]",
     "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: a..}}}]", "invalid-key",
     f"{C}.env[0].valueFrom.secretKeyRef.key: Invalid value: \"..a\": must not start with '..'"),
    ("envFrom: [{}]", "envFrom: [{secretRef: {name: a}}]", "env-without-source",
     f'{C}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'),
    ("livenessProbe: {periodSeconds: 5}", "livenessProbe: {grpc: {port: 5}}",
     "probe-without-handler", f"{C}.livenessProbe: Required value: must specify a handler type"),
    ("livenessProbe: {httpGet: {port: 80}, tcpSocket: {port: 80}}",
     "livenessProbe: {httpGet: {port: 80}, tcpSocket: null}", "two-probe-handlers",
     f"{C}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"),
    ("startupProbe: {tcpSocket: {port: 1}, successThreshold: 2}",
     "readinessProbe: {tcpSocket: {port: 1}, successThreshold: 2}", "probe-success-threshold",
     f"{C}.startupProbe.successThreshold: Invalid value: 2: must be 1"),
    ("readinessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 9}",
     "livenessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 9}",
     "readiness-grace-period",
     (f"{C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 9: must not be set for "
     "readinessProbes")),
    ("livenessProbe: {tcpSocket: {port: 1}, initialDelaySeconds: -1}",
     "livenessProbe: {tcpSocket: {port: 1}, initialDelaySeconds: 0}", "negative-number",
     (f"{C}.livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal "
     "to 0")),
    ("livenessProbe: {httpGet: {port: 80, scheme: https}}",
     "livenessProbe: {httpGet: {port: 80, scheme: HTTPS}}", "unsupported-value",
     (f'{C}.livenessProbe.httpGet.scheme: Unsupported value: "https": supported values: "HTTP", '
     '"HTTPS"')),
    ("livenessProbe: {httpGet: {path: /health}}", 'livenessProbe: {httpGet: {port: h, path: ""}}',
     "port-out-of-range",
     f"{C}.livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"),
    ("livenessProbe: {exec: {command: []}}", "livenessProbe: {exec: {command: [x]}}",
     "missing-command", f"{C}.livenessProbe.exec.command: Required value"),
    ("volumeMounts: [{name: v, mountPath: /m}]", "volumeMounts: []", "mount-without-volume",
     f'{C}.volumeMounts[0].name: Not found: "v"'),
]  # fmt: skip

MOUNTS = [
    ("[{name: v, mountPath: /m}, {name: v, mountPath: /m}]",
     "[{name: v, mountPath: /m}, {name: v, mountPath: /n}]", "duplicate-mount",
     f'{C}.volumeMounts[1].mountPath: Invalid value: "/m": must be unique'),
    ("[{name: v, mountPath: /m, subPath: /a}]", "[{name: v, mountPath: /m, subPath: a}]",
     "absolute-path",
     f'{C}.volumeMounts.subPath: Invalid value: "/a": must be a relative path'),
    ("[{name: v, mountPath: /m, subPath: a/../b}]", "[{name: v, mountPath: /m, subPath: a..b}]",
     "path-up", f'{C}.volumeMounts.subPath: Invalid value: "a/../b": must not contain \'..\''),
    ("[{name: v, mountPath: /m, subPath: a, subPathExpr: b}]",
     "[{name: v, mountPath: /m, subPathExpr: $(A)/b}]", "two-sub-paths",
     (f'{C}.volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually '
     "exclusive")),
    ("[{name: v}]", "[{name: v, mountPath: /}]", "missing-mount-path",
     f"{C}.volumeMounts[0].mountPath: Required value"),
]  # fmt: skip

POD = [
    ("restartPolicy: Never", "restartPolicy: Always", "restart-policy",
     f'{P}.restartPolicy: Unsupported value: "Never": supported values: "Always"'),
    ("activeDeadlineSeconds: 9", "activeDeadlineSeconds: null", "active-deadline",
     f"{P}.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"),
    ("dnsPolicy: clusterFirst", "dnsPolicy: ClusterFirst", "unsupported-value",
     (f'{P}.dnsPolicy: Unsupported value: "clusterFirst": supported values: '
     '"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"')),
    ("serviceAccountName: a_b", "serviceAccountName: a.b", "invalid-reference",
     f'{P}.serviceAccountName: Invalid value: "a_b": {SUBDOMAIN}'),
    ("nodeSelector: {gpu: a b}", "nodeSelector: {gpu: a.b}", "invalid-label-value",
     f'{P}.nodeSelector: Invalid value: "a b": {VALUE}'),
    ("tolerations: [{key: a, operator: Exists, value: b}]",
     "tolerations: [{key: a, operator: Equal, value: b}]", "toleration-value",
     (f'{P}.tolerations[0].operator: Invalid value: {{"Key":"a","Operator":"Exists","Value":"b",'
      '"Effect":"","TolerationSeconds":null}: value must be empty when `operator` is '
      "'Exists'")),
    ("tolerations: [{value: b}]", "tolerations: [{operator: Exists}]", "toleration-without-key",
     (f'{P}.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is '
     'empty, which means "match all values and all keys"')),
    ("tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 3}]",
     "tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 3}]", "toleration-seconds",
     (f"{P}.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when "
     "`tolerationSeconds` is set")),
    ("tolerations: [{key: a, effect: noSchedule}]", "tolerations: [{key: a, effect: NoSchedule}]",
     "unsupported-value",
     (f'{P}.tolerations[0].effect: Unsupported value: "noSchedule": supported values: '
     '"NoSchedule", "PreferNoSchedule", "NoExecute"')),
    ("topologySpreadConstraints: [{maxSkew: 0, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]",
     "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]",
     "invalid-max-skew",
     f"{P}.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"),
    (("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, minDomains: 1, "
     "whenUnsatisfiable: ScheduleAnyway}]"),
     ("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, minDomains: 1, "
     "whenUnsatisfiable: DoNotSchedule}]"), "min-domains-without-do-not-schedule",
     (f"{P}.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if "
     "whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway")),
    (("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, "
     "{maxSkew: 2, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]"),
     ("topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule}, "
     "{maxSkew: 2, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]"),
     "duplicate-topology-spread",
     (f"{P}.topologySpreadConstraints[0].{{topologyKey, whenUnsatisfiable}}: Duplicate value: "
     '"{a, DoNotSchedule}"')),
    ("volumes: [{name: v}, {name: v}]", "volumes: [{name: v}, {name: w}]", "duplicate-volume",
     f'{P}.volumes[1].name: Duplicate value: "v"'),
    ("volumes: [{name: v, emptyDir: {}, secret: {secretName: s}}]",
     "volumes: [{name: v, emptyDir: null, secret: {secretName: s}}]", "two-volume-sources",
     f"{P}.volumes[0].secret: Forbidden: may not specify more than 1 volume type"),
    ("volumes: [{name: a.b}]", "volumes: [{name: a-b}]", "invalid-volume-name",
     f'{P}.volumes[0].name: Invalid value: "a.b": must not contain dots'),
    ("volumes: [{name: v, persistentVolumeClaim: {}}]",
     "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]", "missing-name",
     f"{P}.volumes[0].persistentVolumeClaim.claimName: Required value"),
    ("volumes: [{name: v, emptyDir: {sizeLimit: -1Gi}}]",
     "volumes: [{name: v, emptyDir: {sizeLimit: 0}}]", "negative-quantity",
     (f"{P}.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource "
     "quantity")),
    ("initContainers: [{name: c, image: i}]", "initContainers: [{name: d, image: i}]",
     "duplicate-container", f'{P}.initContainers[0].name: Duplicate value: "c"'),
    ("initContainers: [{name: d, image: i, livenessProbe: {tcpSocket: {port: 1}}}]",
     ("initContainers: [{name: d, image: i, restartPolicy: Always, "
     "livenessProbe: {tcpSocket: {port: 1}}}]"), "init-container-probe",
     (f"{P}.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without "
     "restartPolicy=Always")),
    ("initContainers: [{name: a_b, image: i}]", "initContainers: [{name: a-b, image: i}]",
     "invalid-container-name", f'{P}.initContainers[0].name: Invalid value: "a_b": {LABEL}'),
    ("initContainers: [{name: d}]", 'initContainers: [{name: d, image: " "}]', "missing-image",
     f"{P}.initContainers[0].image: Required value"),
]  # fmt: skip

SPEC = [
    ("strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}",
     "strategy: {type: Recreate, rollingUpdate: null}", "recreate-with-rolling-update",
     ("spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is "
     "'Recreate'")),
    ("strategy: {type: rollingUpdate}", "strategy: {type: RollingUpdate}", "unsupported-strategy",
     ('spec.strategy: Unsupported value: {"Type":"rollingUpdate","RollingUpdate":null}: supported '
     'values: "Recreate", "RollingUpdate"')),
    ("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}",
     "strategy: {rollingUpdate: {maxUnavailable: 0}}", "no-surge-and-none-unavailable",
     ("spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` "
     "is 0")),
    ('strategy: {rollingUpdate: {maxSurge: "0%", maxUnavailable: 0%}}',
     'strategy: {rollingUpdate: {maxSurge: "0%", maxUnavailable: 1%}}',
     "no-surge-and-none-unavailable",
     ('spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when '
     "`maxSurge` is 0")),
    ("strategy: {rollingUpdate: {maxUnavailable: 101%}}",
     "strategy: {rollingUpdate: {maxUnavailable: 100%, maxSurge: 200%}}", "over-100-percent",
     ('spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than '
     "100%")),
    ('strategy: {rollingUpdate: {maxSurge: "1"}}', "strategy: {rollingUpdate: {maxSurge: 1}}",
     "invalid-percentage",
     f'spec.strategy.rollingUpdate.maxSurge: Invalid value: "1": {PERCENT}'),
    ("replicas: -1", "replicas: 0", "negative-number",
     "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
    ("minReadySeconds: 600", "minReadySeconds: 599", "progress-deadline",
     "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"),
]  # fmt: skip

METADATA = [
    ("name: A", "name: a.b", "invalid-name", f'metadata.name: Invalid value: "A": {SUBDOMAIN}'),
    ("{}", "generateName: a-", "missing-name",
     "metadata.name: Required value: name or generateName is required"),
    ("name: a, namespace: a.b", "name: a, namespace: a-b", "invalid-name",
     'metadata.namespace: Invalid value: "a.b": must not contain dots'),
    (f"name: a, labels: {{a: {'b' * 64}}}", f"name: a, labels: {{a: {'b' * 63}}}",
     "invalid-label-value",
     f'metadata.labels: Invalid value: "{"b" * 64}": must be no more than 63 characters'),
    ('name: a, labels: {"a b": c}', 'name: a, labels: {"a.b/C_d": ""}', "invalid-label-key",
     f'metadata.labels: Invalid value: "a b": {QUALIFIED}'),
    ('name: a, annotations: {"/a": c}', 'name: a, annotations: {"A.b/C": "x y"}',
     "invalid-annotation-key",
     'metadata.annotations: Invalid value: "/a": prefix part must be non-empty'),
    (f"name: a, annotations: {{a: {'b' * 262144}}}", f"name: a, annotations: {{a: {'b' * 262143}}}",
     "annotations-too-long",
     "metadata.annotations: Too long: may not be more than 262144 bytes"),
]  # fmt: skip

SELECTORS = [
    ("selector: {}", "selector: {matchLabels: {a: b}}", "empty-selector",
     "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
    ("selector: {matchLabels: {a: c}}", "selector: {matchLabels: {a: b}}",
     "selector-does-not-match",
     ('spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template '
     "`labels`")),
    ("selector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
     "selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}",
     "selector-does-not-match",
     ('spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template '
     "`labels`")),
    ("replicas: 1", 'selector: {matchLabels: {a: "{{ x }}"}}', "no-selector",
     "spec.selector: Required value"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "good", "code", "message"), RESOURCES, ids=ids(RESOURCES))
def test_resources(bad: str, good: str, code: str, message: str) -> None:
    refused, accepted = (deployment(f"resources: {{{text}}}") for text in (bad, good))
    check(refused, accepted, code, message)


@pytest.mark.parametrize(("bad", "good", "code", "message"), CONTAINER, ids=ids(CONTAINER))
def test_containers(bad: str, good: str, code: str, message: str) -> None:
    check(deployment(bad), deployment(good), code, message)


@pytest.mark.parametrize(("bad", "good", "code", "message"), MOUNTS, ids=ids(MOUNTS))
def test_mounts(bad: str, good: str, code: str, message: str) -> None:
    volumes = "volumes: [{name: v}]"
    refused, accepted = (deployment(f"volumeMounts: {text}", volumes) for text in (bad, good))
    check(refused, accepted, code, message)


@pytest.mark.parametrize(("bad", "good", "code", "message"), POD, ids=ids(POD))
def test_pods(bad: str, good: str, code: str, message: str) -> None:
    check(deployment(pod=bad), deployment(pod=good), code, message)


@pytest.mark.parametrize(("bad", "good", "code", "message"), SPEC, ids=ids(SPEC))
def test_deployment_specs(bad: str, good: str, code: str, message: str) -> None:
    check(deployment(spec=bad), deployment(spec=good), code, message)


def plain_deployment(
    metadata: str = "name: a", spec: str = "selector: {matchLabels: {a: b}}"
) -> Map:
    return tree(
        f"""
kind: Deployment
metadata: {{{metadata.strip("{}") if metadata == "{}" else metadata}}}
spec:
  {spec}
  template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}
"""
    )


@pytest.mark.parametrize(("bad", "good", "code", "message"), METADATA, ids=ids(METADATA))
def test_metadata(bad: str, good: str, code: str, message: str) -> None:
    refused, accepted = plain_deployment(bad), plain_deployment(good)
    found = deployment_failures(refused)
    assert [(f.code, f.message) for f in found] == [(code, message)]
    assert deployment_failures(accepted) == []


@pytest.mark.parametrize(("bad", "good", "code", "message"), SELECTORS, ids=ids(SELECTORS))
def test_selectors(bad: str, good: str, code: str, message: str) -> None:
    check(plain_deployment(spec=bad), plain_deployment(spec=good), code, message)
