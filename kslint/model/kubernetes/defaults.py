"""What the API server itself adds to a workload: the defaults that decide rollouts and probes.

Source: k8s.io/kubernetes v1.34 pkg/apis/{apps/v1,core/v1,autoscaling/v2}/defaults.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kslint.model.tree import put, put_defaults, put_missing
from kslint.source.nodes import Map, Origin, Seq, made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kslint.source.nodes import JsonValue

APPS_DEFAULTS = "k8s.io/kubernetes pkg/apis/apps/v1/defaults.go v1.34"
CORE_DEFAULTS = "k8s.io/kubernetes pkg/apis/core/v1/defaults.go v1.34"


def api_origin(text: str = "the API server's default", reference: str = APPS_DEFAULTS) -> Origin:
    return Origin("api-server", text, reference)


_DEPLOYMENT_DEFAULTS: dict[str, JsonValue] = {
    "replicas": 1,
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
}


def defaulted_deployment(body: Map) -> Map:
    """A Deployment with the API server's defaults: replicas, strategy, deadlines, probes."""
    origin = api_origin()
    body = put_missing(body, ("spec", "strategy", "type"), made("RollingUpdate", origin))
    if body.string("spec", "strategy", "type") == "RollingUpdate":
        for field in ("maxSurge", "maxUnavailable"):
            path = ("spec", "strategy", "rollingUpdate", field)
            body = put_missing(body, path, made("25%", origin))
    spec = body.get("spec")
    if isinstance(spec, Map):
        body = put(body, ("spec",), put_defaults(spec, _DEPLOYMENT_DEFAULTS, origin))
    pod_spec = body.at("spec", "template", "spec")
    if isinstance(pod_spec, Map):
        body = put(body, ("spec", "template", "spec"), defaulted_pod(pod_spec))
    return body


POD_DEFAULTS: dict[str, JsonValue] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
CONTAINER_DEFAULTS: dict[str, JsonValue] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PORT_DEFAULTS: dict[str, JsonValue] = {"protocol": "TCP"}
_PROBE_DEFAULTS: dict[str, JsonValue] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}


_HTTP_DEFAULTS: dict[str, JsonValue] = {"path": "/", "scheme": "HTTP"}
_MODE: dict[str, JsonValue] = {"defaultMode": 420}
_VOLUME_DEFAULTS: dict[str, dict[str, JsonValue]] = {
    "secret": _MODE,
    "configMap": _MODE,
    "downwardAPI": _MODE,
    "projected": _MODE,
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {
        "cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False,
    },
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}  # fmt: skip
_TOKEN_LIFE: dict[str, JsonValue] = {"expirationSeconds": 3600}
_FIELD_REF: dict[str, JsonValue] = {"apiVersion": "v1"}


def defaulted_pod(pod_spec: Map) -> Map:
    """A pod template's spec with the API server's defaults."""
    origin = api_origin(reference=CORE_DEFAULTS)
    pod_spec = put_defaults(_with_account(pod_spec, origin), POD_DEFAULTS, origin)
    for field, change in (
        ("containers", _defaulted_container),
        ("initContainers", _defaulted_container),
        ("volumes", _defaulted_volume),
    ):
        pod_spec = _each(pod_spec, field, change)
    return pod_spec


def with_port_protocols(pod_spec: Map, origin: Origin) -> Map:
    """A pod spec inside another kind: its CRD has no default but the protocol of ports."""

    def named(container: Map) -> Map:
        return _each(container, "ports", lambda port: put_defaults(port, _PORT_DEFAULTS, origin))

    for field in ("containers", "initContainers"):
        pod_spec = _each(pod_spec, field, named)
    return pod_spec


def _with_account(pod_spec: Map, origin: Origin) -> Map:
    """`serviceAccount` is the old name of serviceAccountName: the one fills in the other.

    Source: k8s.io/kubernetes v1.34 pkg/apis/core/v1/conversion.go.
    """
    new, old = pod_spec.get("serviceAccountName"), pod_spec.get("serviceAccount")
    name = old if new is None or not new.text else new
    if name is None or not name.text:
        return pod_spec
    copied = made(name.text, origin._replace(span=name.place))
    return put(put_missing(pod_spec, ("serviceAccountName",), copied), ("serviceAccount",), copied)


def _each(holder: Map, field: str, change: Callable[[Map], Map]) -> Map:
    """A list of mappings, each of them changed."""
    listed = holder.get(field)
    if not isinstance(listed, Seq) or not listed.children:
        return holder
    children = [change(child) if isinstance(child, Map) else child for child in listed.children]
    return put(holder, (field,), listed.with_children(children))


def _within(holder: Map, defaults: Mapping[str, JsonValue], *path: str) -> Map:
    """Defaults of a block; without the block there are none."""
    block = holder.at(*path)
    if not isinstance(block, Map):
        return holder
    origin = api_origin(reference=CORE_DEFAULTS)
    filled = put_defaults(block, defaults, origin)
    return holder if filled is block else put(holder, path, filled)


def _defaulted_container(container: Map) -> Map:
    origin = api_origin(reference=CORE_DEFAULTS)
    policy = {"imagePullPolicy": pull_policy(container.string("image") or "")}
    container = put_defaults(container, {**policy, **CONTAINER_DEFAULTS}, origin)
    container = _each(container, "ports", lambda port: put_defaults(port, _PORT_DEFAULTS, origin))
    container = _each(
        container, "env", lambda one: _within(one, _FIELD_REF, "valueFrom", "fieldRef")
    )
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(name), Map):
            container = _within(container, _PROBE_DEFAULTS, name)
            container = _within(container, _HTTP_DEFAULTS, name, "httpGet")
            container = _within(container, {"service": ""}, name, "grpc")
    for name in ("postStart", "preStop"):
        container = _within(container, _HTTP_DEFAULTS, "lifecycle", name, "httpGet")
    return container


def pull_policy(image: str) -> str:
    """The policy of an image that has none."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if "@" not in image and tag in ("", "latest") else "IfNotPresent"


def _defaulted_volume(volume: Map) -> Map:
    for source, defaults in _VOLUME_DEFAULTS.items():
        volume = _within(volume, defaults, source)
    reference = volume.string("image", "reference")
    if reference is not None:
        volume = _within(volume, {"pullPolicy": pull_policy(reference)}, "image")
    downward = volume.get("downwardAPI")
    if isinstance(downward, Map):
        volume = put(volume, ("downwardAPI",), _each(downward, "items", _defaulted_item))
    projected = volume.get("projected")
    if isinstance(projected, Map):
        volume = put(volume, ("projected",), _each(projected, "sources", _defaulted_projection))
    return volume


def _defaulted_item(item: Map) -> Map:
    return _within(item, _FIELD_REF, "fieldRef")


def _defaulted_projection(source: Map) -> Map:
    source = _within(source, _TOKEN_LIFE, "serviceAccountToken")
    downward = source.get("downwardAPI")
    if not isinstance(downward, Map):
        return source
    return put(source, ("downwardAPI",), _each(downward, "items", _defaulted_item))


_UP_POLICIES: list[JsonValue] = [
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
]
_DOWN_POLICIES: list[JsonValue] = [{"type": "Percent", "value": 100, "periodSeconds": 15}]


def defaulted_scaler(body: Map) -> Map:
    """A HorizontalPodAutoscaler with the API server's defaults.

    Without metrics it goes by the CPU, whatever was meant.
    Source: k8s.io/kubernetes v1.34 pkg/apis/autoscaling/v2/defaults.go.
    """
    reference = "k8s.io/kubernetes pkg/apis/autoscaling/v2/defaults.go v1.34"
    origin = api_origin(reference=reference)
    body = put_missing(body, ("spec", "minReplicas"), made(1, origin))
    if not body.listed("spec", "metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
        body = put(body, ("spec", "metrics"), made([metric], origin))
    if not isinstance(body.at("spec", "behavior"), Map):
        return body
    for side, policies, more in (
        ("scaleUp", _UP_POLICIES, {"stabilizationWindowSeconds": 0}),
        ("scaleDown", _DOWN_POLICIES, {}),
    ):
        path = ("spec", "behavior", side)
        rules = body.at(*path)
        wanted: dict[str, JsonValue] = {"selectPolicy": "Max", "policies": policies, **more}
        base = (
            rules if isinstance(rules, Map) else put(None, ("selectPolicy",), made("Max", origin))
        )
        body = put(body, path, put_defaults(base, wanted, origin))
    return body
